"""What changed between two masters of one source. Pure."""

from __future__ import annotations

import datetime as dt
import enum
import itertools
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from marketwatch.instruments.masters.listing import Listing

_MOST_CHANGES: Final = 10_000


class ChangeKind(enum.Enum):
    """What happened to an instrument or to a token."""

    DELISTED = "delisted"
    RENUMBERED = "token changed"
    RENAMED = "renamed"
    REUSED = "token used again"


class MasterChange(msgspec.Struct, frozen=True):
    """One change, in words that people read: identity or identity and token, before and after."""

    kind: ChangeKind
    before: str
    after: str = ""


def changes_between(before: Sequence[Listing], after: Sequence[Listing], today: dt.date) -> list[MasterChange]:
    """Return what users of the older list should know; new instruments and contracts that ended are no news."""
    return list(itertools.islice(_changes(before, after, today), _MOST_CHANGES))


def _changes(before: Sequence[Listing], after: Sequence[Listing], today: dt.date) -> Iterator[MasterChange]:
    now = {listing.id: listing for listing in after}
    by_token = {(each.id.venue, each.id.segment, each.token): each for each in after if each.token}
    for old in before:
        same = now.get(old.id)
        successor = by_token.get((old.id.venue, old.id.segment, old.token)) if old.token else None
        if successor is not None and successor.id == old.id:
            successor = None
        has_ended = old.is_expired(today)
        if same is not None and same.token != old.token:
            yield MasterChange(ChangeKind.RENUMBERED, f"{old.id} {old.token}", f"{same.id} {same.token}")
        if successor is not None and has_ended:
            yield MasterChange(ChangeKind.REUSED, f"{old.id} {old.token}", str(successor.id))
        elif same is None and successor is not None:
            yield MasterChange(ChangeKind.RENAMED, str(old.id), str(successor.id))
        elif same is None and not has_ended:
            yield MasterChange(ChangeKind.DELISTED, str(old.id))
