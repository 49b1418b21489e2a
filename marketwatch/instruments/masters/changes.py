"""What changed between two masters of one source. Pure."""

from __future__ import annotations

import datetime as dt
import enum
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from marketwatch.instruments.masters.listing import Listing

MOST_CHANGES: Final = 10_000


class ChangeKind(enum.Enum):
    """What happened to an instrument or to a token."""

    DELISTED = "delisted"
    RENUMBERED = "token changed"
    RENAMED = "renamed"
    REUSED = "token used again"
    ADDED = "new"


class MasterChange(msgspec.Struct, frozen=True):
    """One change, in words that people read: identity or identity and token, before and after.

    What is new has nothing before.
    """

    kind: ChangeKind
    before: str
    after: str = ""

    @property
    def whose(self) -> str:
        """The identity that the older list had; for a new instrument its own."""
        if self.kind in (ChangeKind.RENUMBERED, ChangeKind.REUSED):
            return self.before.rpartition(" ")[0]  # a symbol may hold blanks, a token none
        return self.before or self.after

    @property
    def number(self) -> str:
        """The token that the older list had, where that is told."""
        is_told = self.kind in (ChangeKind.RENUMBERED, ChangeKind.REUSED)
        return self.before.rpartition(" ")[2] if is_told else ""


class Known(NamedTuple):
    """What the older list said of an instrument, as far as it is compared; `expiry` as in ISO 8601."""

    venue: str
    segment: str
    symbol: str
    token: str
    expiry: str | None

    @property
    def name(self) -> str:
        """The identity in words."""
        return f"{self.venue}:{self.segment}:{self.symbol}"


class Changes(msgspec.Struct, frozen=True):
    """The first ten thousand changes, what matters most first; `counts` counts all of them."""

    told: tuple[MasterChange, ...] = ()
    counts: dict[str, int] = {}

    def without(self, *kinds: ChangeKind) -> Changes:
        """Return this without changes of these kinds."""
        names = {kind.value for kind in kinds}
        told = tuple(change for change in self.told if change.kind not in kinds)
        return Changes(told, {name: count for name, count in self.counts.items() if name not in names})


def changes_between(before: Iterable[Known], after: Sequence[Listing], today: dt.date) -> Changes:
    """Return what users of the older list should know; contracts that ended are no news."""
    now: dict[tuple[str, str, str, str], None] = {}
    for listing in after:
        one = listing.instrument.id
        now[one.venue, one.segment, one.symbol, listing.token] = None
    gone: list[Known] = []
    for known in before:
        key = known[:4]
        if key in now:
            del now[key]  # what is left in the end was not known so
        else:
            gone.append(Known._make(known))
    renumbered = {key[:3]: key[3] for key in now}
    by_token = {(key[0], key[1], key[3]): ":".join(key[:3]) for key in now if key[3]}
    told: list[MasterChange] = []
    for old in gone:
        successor = by_token.pop((old.venue, old.segment, old.token), None) if old.token else None
        token = renumbered.pop(old[:3], None)
        told += _changes(old, token, successor, today)
    successors = {change.after for change in told if change.kind in (ChangeKind.RENAMED, ChangeKind.REUSED)}
    names = map(":".join, renumbered)
    told += [MasterChange(ChangeKind.ADDED, "", name) for name in names if name not in successors]
    return Changes(tuple(told[:MOST_CHANGES]), dict(Counter(change.kind.value for change in told)))


def _changes(old: Known, token: str | None, successor: str | None, today: dt.date) -> Iterator[MasterChange]:
    """Say what became of an instrument of the older list; `token` is its own now, None when it is gone."""
    has_ended = old.expiry is not None and old.expiry < today.isoformat()
    if token is not None:
        yield MasterChange(ChangeKind.RENUMBERED, f"{old.name} {old.token}", f"{old.name} {token}")
    if successor is not None and has_ended:
        yield MasterChange(ChangeKind.REUSED, f"{old.name} {old.token}", successor)
    elif token is None and successor is not None:
        yield MasterChange(ChangeKind.RENAMED, old.name, successor)
    elif token is None and not has_ended:
        yield MasterChange(ChangeKind.DELISTED, old.name)
