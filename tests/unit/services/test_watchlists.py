from __future__ import annotations

from collections import Counter

import pytest

from marketwatch.domain.ids import CASH, InstrumentId, Venue
from marketwatch.domain.watchlist import SectionHeading, SortState, WatchlistRecord
from marketwatch.errors import DuplicateInstrument, InstrumentError
from marketwatch.services.watchlists import WatchlistService


def an_id(symbol: str) -> InstrumentId:
    return InstrumentId(Venue("NSE"), CASH, symbol)


A, B, C = (an_id(symbol) for symbol in "ABC")


class Feeds:
    """Counts what is acquired."""

    def __init__(self) -> None:
        self.held: Counter[InstrumentId] = Counter()
        self.calls = 0

    def acquire(self, instrument_id: InstrumentId) -> None:
        self.calls += 1
        self.held[instrument_id] += 1

    def release(self, instrument_id: InstrumentId) -> None:
        self.calls += 1
        self.held[instrument_id] -= 1
        if not self.held[instrument_id]:
            del self.held[instrument_id]


class Screen:
    """Counts what a panel would hear."""

    def __init__(self, service: WatchlistService) -> None:
        self.lists = 0
        self.currents = 0
        service.add_observer(self)

    def lists_changed(self) -> None:
        self.lists += 1

    def current_changed(self) -> None:
        self.currents += 1


@pytest.fixture
def feeds() -> Feeds:
    return Feeds()


@pytest.fixture
def service(feeds: Feeds) -> WatchlistService:
    records = [
        WatchlistRecord(id="two", name="Two", position=1, entries=("NSE:EQ:B",)),
        WatchlistRecord(id="one", name="One", position=0, entries=("NSE:EQ:A", "# Banks", "NSE:EQ:B")),
    ]
    return WatchlistService(feeds, records, "one")


def names(service: WatchlistService) -> list[str]:
    return [one.name for one in service.lists]


def test_lists_come_back_in_their_order_with_the_chosen_one(service: WatchlistService) -> None:
    assert names(service) == ["One", "Two"]
    assert service.current.name == "One"


def test_without_any_list_there_is_an_empty_one(feeds: Feeds) -> None:
    service = WatchlistService(feeds)
    assert len(service.lists) == 1
    assert len(service.current) == 0


def test_an_instrument_in_two_lists_is_subscribed_once(service: WatchlistService, feeds: Feeds) -> None:
    assert feeds.held == {A: 1, B: 1}
    service.remove_entries("two", [0])
    assert feeds.held == {A: 1, B: 1}
    service.remove_entries("one", [2])
    assert feeds.held == {A: 1}
    service.undo()
    assert feeds.held == {A: 1, B: 1}


def test_removing_a_list_releases_and_undo_acquires_again(service: WatchlistService, feeds: Feeds) -> None:
    service.add(C, "two")
    service.remove_list("two")
    assert feeds.held == {A: 1, B: 1}
    assert service.undo() == "Removed list Two"
    assert feeds.held == {A: 1, B: 1, C: 1}
    assert names(service) == ["One", "Two"]
    assert service.current.name == "Two"


def test_moving_touches_no_subscription(service: WatchlistService, feeds: Feeds) -> None:
    before = feeds.calls
    service.move_entry("one", 0, 2)
    service.set_sort("one", SortState("volume"))
    assert feeds.calls == before


def test_add_move_and_remove_can_be_undone_and_done_again(service: WatchlistService) -> None:
    service.add(C)
    service.move_entry("one", 3, 0)
    text = service.remove_entries("one", [1, 2])
    assert text == "Removed 2 rows"
    assert service.current.instruments() == [C, B]
    assert [service.undo(), service.undo(), service.undo(), service.undo()] == [
        "Removed 2 rows", "Moved C", "Added C", "",
    ]  # fmt: skip
    assert list(service.current.entries) == [A, SectionHeading("Banks"), B]
    assert [service.redo(), service.redo(), service.redo(), service.redo()][-1] == ""
    assert service.current.instruments() == [C, B]


def test_a_new_action_ends_what_could_be_done_again(service: WatchlistService) -> None:
    service.add(C)
    service.undo()
    service.add_heading("Tech")
    assert service.redo_text == ""
    assert service.undo_text == "Added heading Tech"


def test_a_refused_addition_leaves_nothing_to_undo(service: WatchlistService) -> None:
    with pytest.raises(DuplicateInstrument):
        service.add(A)
    assert service.undo_text == ""


def test_the_last_list_is_emptied_and_stays(feeds: Feeds) -> None:
    service = WatchlistService(feeds, [WatchlistRecord(id="one", name="One", entries=("NSE:EQ:A",))])
    service.remove_list("one")
    assert names(service) == ["One"]
    assert not feeds.held
    service.undo()
    assert service.current.instruments() == [A]


def test_names_are_unique(service: WatchlistService) -> None:
    assert service.create_list("Two").name == "Two 2"
    with pytest.raises(InstrumentError, match="already a list"):
        service.rename_list("one", "Two")
    service.rename_list("one", "One")


def test_switching_goes_around_and_ignores_what_is_not_there(service: WatchlistService) -> None:
    screen = Screen(service)
    service.switch_by(1)
    service.switch_by(1)
    assert service.current.name == "One"
    service.switch_to(7)
    service.switch_to(0)
    assert screen.currents == 2


def test_observers_hear_of_lengths_names_and_order(service: WatchlistService) -> None:
    screen = Screen(service)
    service.add(C)
    service.rename_list("one", "Uno")
    service.move_list(0, 1)
    assert screen.lists == 3
    assert names(service) == ["Two", "Uno"]


def test_a_vanished_list_is_refused_in_words(service: WatchlistService) -> None:
    with pytest.raises(InstrumentError, match="gone"):
        service.add(C, "nowhere")


def test_only_what_changed_is_stored(service: WatchlistService) -> None:
    told: list[None] = []
    service.on_unsaved = lambda: told.append(None)
    assert service.take_unsaved() == ([], [])
    service.add(C, "two")
    records, deleted = service.take_unsaved()
    assert [(one.id, one.position, one.entries) for one in records] == [("two", 1, ("NSE:EQ:B", "NSE:EQ:C"))]
    assert deleted == []
    assert told
    service.remove_list("two")
    assert service.take_unsaved() == ([], ["two"])
    service.undo()
    records, deleted = service.take_unsaved()
    assert [one.id for one in records] == ["two"]
    assert deleted == []


def test_several_are_added_in_order_as_one_step(feeds: Feeds) -> None:
    service = WatchlistService(feeds)
    service.add(B)
    assert service.add_several([A, B, C, A]) == "Added 2 symbols"
    assert service.current.instruments() == [B, A, C]
    assert (feeds.held[A], feeds.held[C]) == (1, 1)
    assert service.undo() == "Added 2 symbols"
    assert service.current.instruments() == [B]
    assert dict(feeds.held) == {B: 1}
    assert service.redo() == "Added 2 symbols"
    assert service.current.instruments() == [B, A, C]
    assert service.add_several([A]) == ""
    assert service.undo_text == "Added 2 symbols"


def test_taking_several_back_leaves_what_went_by_other_ways_alone(feeds: Feeds) -> None:
    service = WatchlistService(feeds)
    service.add_several([A, B])
    service.current.remove([0])
    service.undo()
    assert service.current.instruments() == []
    with pytest.raises(InstrumentError):
        service.add_several([A], "gone")
