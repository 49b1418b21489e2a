"""What another edition of an instrument list changed, in words; and telling of rows in the user's lists it concerns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from marketwatch.domain.ids import InstrumentId
from marketwatch.services.notices import NoticeLog, Severity

if TYPE_CHECKING:
    from marketwatch.instruments.masters.changes import MasterChange
    from marketwatch.instruments.masters.store import Replacement
    from marketwatch.services.watchlists import WatchlistService

_MOST_NOTICES: Final = 5
_MOST_NAMED: Final = 6
_WORDS: Final = {  # by the value of ChangeKind; what matters most comes first
    "token changed": ("changed token", "changed token"),
    "token used again": ("token used again", "tokens used again"),
    "renamed": ("renamed", "renamed"),
    "delisted": ("gone", "gone"),
    "new": ("new", "new"),
}


def count_words(counts: Mapping[str, int]) -> str:
    """Say how many rows changed how: `12 changed token, 3 gone, 40 new`; empty when nothing did."""
    told = [f"{counts[kind]:,} {words[counts[kind] != 1]}" for kind, words in _WORDS.items() if counts.get(kind)]
    return ", ".join(told)


def watched_names(lists: WatchlistService) -> dict[str, tuple[str, ...]]:
    """Return the names of the user's lists that each instrument stands in, by its identity as text."""
    found: dict[str, tuple[str, ...]] = {}
    for watchlist in lists.lists:
        for instrument_id in watchlist.instruments():
            key = str(instrument_id)
            found[key] = (*found.get(key, ()), watchlist.name)
    return found


def concerned(changes: Sequence[MasterChange], watched: Mapping[str, Sequence[str]]) -> list[MasterChange]:
    """Return the changes of instruments that stand in a list of the user's."""
    return [change for change in changes if change.before and change.whose in watched]


def tell_watched_changes(replaced: Replacement, lists: WatchlistService, notices: NoticeLog) -> None:
    """Add a notice for every row of the user's lists that the newer edition knows differently."""
    watched = watched_names(lists)
    found = concerned(replaced.changes, watched)
    if len(found) > _MOST_NOTICES:
        named = ", ".join(InstrumentId.parse(change.whose).symbol for change in found[:_MOST_NAMED])
        more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
        notices.add(
            Severity.DECISION,
            f"{len(found)} rows of your lists are different in {replaced.summary.label}’s new list",
            f"{named}{more}",
            "Settings > Look-up, Show changes, has them all",
        )
        return
    for change in found:
        names = ", ".join(watched[change.whose])
        notices.add(Severity.DECISION, *change_sentences(change, replaced.summary.label, names))


def change_sentences(change: MasterChange, label: str, names: str) -> tuple[str, str, str]:
    """Return thing, cause and next step of a change to an instrument that stands in the lists `names`."""
    one = InstrumentId.parse(change.whose)
    thing = f"{one.symbol} ({one.venue}) in {names}"
    now = change.after.rpartition(" ")[2]
    return {
        "token changed": (
            f"{thing} has another token",
            f"{change.number or 'none'} before, {now or 'none'} now in {label}’s list",
            "Feeds that ask by number ask for the new one from now on",
        ),
        "renamed": (
            f"{thing} has another symbol",
            f"{label}’s list has its token as {change.after} now",
            "Add it under the new symbol; the old row may get no more prices",
        ),
        "token used again": (
            f"{thing} has ended",
            f"its token {change.number} stands for {change.after} now",
            "Remove the row, or add the contract that follows",
        ),
        "delisted": (
            f"{thing} is gone from {label}’s list",
            "it was delisted, renamed or moved to another series",
            "Look it up in Settings > Look-up",
        ),
    }[change.kind.value]
