from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketwatch.domain.ids import CASH, InstrumentId, Venue
from marketwatch.domain.watchlist import (
    NAME_LIMIT,
    ColumnLayout,
    Entry,
    SectionHeading,
    SortState,
    Watchlist,
    WatchlistRecord,
    clean_name,
    entry_from_text,
    entry_to_text,
)
from marketwatch.errors import DuplicateInstrument, InstrumentError


def an_id(symbol: str, venue: str = "NSE") -> InstrumentId:
    return InstrumentId(Venue(venue), CASH, symbol)


A, B, C, D = (an_id(symbol) for symbol in "ABCD")
BANKS = SectionHeading("Banks")


class Mirror:
    """Rebuilds the list from its events alone, and checks that each announcement comes before its change."""

    def __init__(self, watchlist: Watchlist) -> None:
        self.watchlist = watchlist
        self.rows: list[Entry] = list(watchlist.entries)
        self.announced: tuple[object, ...] = ()
        self.changes = 0
        watchlist.add_observer(self)

    def inserting(self, index: int, count: int) -> None:
        assert self.rows == list(self.watchlist.entries)
        self.announced = ("insert", index, count)

    def inserted(self, index: int, count: int) -> None:
        assert self.announced == ("insert", index, count)
        self.rows[index:index] = self.watchlist.entries[index : index + count]

    def removing(self, index: int, count: int) -> None:
        assert self.rows == list(self.watchlist.entries)
        self.announced = ("remove", index, count)

    def removed(self, index: int, count: int) -> None:
        assert self.announced == ("remove", index, count)
        del self.rows[index : index + count]

    def moving(self, source: int, target: int) -> None:
        self.announced = ("move", source, target)

    def moved(self, source: int, target: int) -> None:
        assert self.announced == ("move", source, target)
        self.rows.insert(target, self.rows.pop(source))

    def changed(self) -> None:
        self.changes += 1


def a_list(*entries: Entry) -> Watchlist:
    watchlist = Watchlist("one", "One")
    watchlist.insert(0, entries)
    return watchlist


def test_an_instrument_stands_at_most_once() -> None:
    watchlist = a_list(A, B)
    with pytest.raises(DuplicateInstrument, match="A is already in One"):
        watchlist.add(A)
    with pytest.raises(DuplicateInstrument):
        watchlist.insert(0, [C, C])
    assert list(watchlist.entries) == [A, B]
    assert C not in watchlist


def test_the_same_symbol_of_two_venues_is_two_instruments() -> None:
    watchlist = a_list(A)
    watchlist.add(an_id("A", "BSE"))
    assert watchlist.instrument_count == 2


def test_headings_may_repeat_and_are_no_instruments() -> None:
    watchlist = a_list(BANKS, A, BANKS)
    assert len(watchlist) == 3
    assert watchlist.instruments() == [A]


def test_remove_and_restore_bring_every_entry_back_to_its_place() -> None:
    watchlist = a_list(A, BANKS, B, C, D)
    taken = watchlist.remove([4, 0, 2, 2, 99])
    assert list(watchlist.entries) == [BANKS, C]
    assert A not in watchlist
    watchlist.restore(taken)
    assert list(watchlist.entries) == [A, BANKS, B, C, D]


def test_restore_leaves_what_was_added_again_meanwhile() -> None:
    watchlist = a_list(A, B)
    taken = watchlist.remove([0])
    watchlist.add(A)
    watchlist.restore(taken)
    assert list(watchlist.entries) == [B, A]


def test_move_stops_at_the_ends() -> None:
    watchlist = a_list(A, B, C)
    watchlist.move(0, 99)
    assert list(watchlist.entries) == [B, C, A]
    watchlist.move(2, -5)
    assert list(watchlist.entries) == [A, B, C]


def test_names_are_one_trimmed_line_of_bounded_length() -> None:
    assert clean_name("  NSE \n core ") == "NSE core"
    assert len(clean_name("x" * 10_000)) == NAME_LIMIT
    with pytest.raises(InstrumentError):
        clean_name(" \n ")


def test_layout_sort_and_names_are_told_once_and_only_when_new() -> None:
    watchlist = a_list(A)
    mirror = Mirror(watchlist)
    watchlist.set_sort(SortState("last_price", descending=True))
    watchlist.set_sort(SortState("last_price", descending=True))
    watchlist.set_layout(ColumnLayout(set_name="compact"))
    watchlist.set_layout(ColumnLayout(set_name="compact"))
    watchlist.rename("Two")
    assert mirror.changes == 3


def test_only_headings_are_renamed_in_place() -> None:
    watchlist = a_list(BANKS, A)
    watchlist.rename_heading(0, "Lenders")
    assert watchlist.entries[0] == SectionHeading("Lenders")
    with pytest.raises(InstrumentError):
        watchlist.rename_heading(1, "No")


def test_a_record_brings_everything_back() -> None:
    watchlist = a_list(BANKS, A, B)
    watchlist.set_sort(SortState("volume"))
    watchlist.set_layout(ColumnLayout("intraday", ("symbol", "bid"), {"bid": 90}))
    again = Watchlist.from_record(watchlist.to_record(3))
    assert again.to_record(3) == watchlist.to_record(3)
    assert list(again.entries) == [BANKS, A, B]


def test_damaged_records_lose_only_what_is_damaged() -> None:
    entries = ("NSE:EQ:A", "rubbish", "# Banks", "NSE:EQ:A", "NSE:EQ:B", "::")
    record = WatchlistRecord(id="x", name="  ", entries=entries)
    watchlist = Watchlist.from_record(record)
    assert watchlist.name == "List"
    assert list(watchlist.entries) == [A, BANKS, B]


@given(st.text(min_size=1).filter(str.strip))
def test_entries_survive_their_text(title: str) -> None:
    for entry in (SectionHeading(title), an_id(title)):
        assert entry_from_text(entry_to_text(entry)) == entry


@given(st.lists(st.tuples(st.sampled_from("irm"), st.integers(0, 12), st.integers(0, 12)), max_size=40))
def test_observers_can_rebuild_any_sequence_of_changes(steps: list[tuple[str, int, int]]) -> None:
    watchlist = a_list(A, BANKS, B)
    mirror = Mirror(watchlist)
    for number, (what, first, second) in enumerate(steps):
        if what == "i":
            watchlist.insert(first, [an_id(f"N{number}"), SectionHeading(f"H{number}")])
        elif what == "r":
            watchlist.remove([first, second])
        elif first < len(watchlist):
            watchlist.move(first, second)
        assert mirror.rows == list(watchlist.entries)
        assert sorted(watchlist.instruments()) == sorted(watchlist._members)
