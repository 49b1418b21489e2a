"""Of which alerts the user was told: bounded, per place, and stored no oftener than needed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from marketwatch.domain.ids import CASH, FeedId, InstrumentId, Venue
from marketwatch.errors import StorageError
from marketwatch.services.told_alert_saver import PAUSE_S, SAVE_DELAY_S, ToldAlertSaver
from marketwatch.services.told_alerts import MOST_TOLD, AlertKey, Told, ToldAlerts

FEED, OTHER = FeedId("stream"), FeedId("other")
SBIN = InstrumentId(Venue("NSE"), CASH, "SBIN")


def key(threshold: float | None, feed: FeedId = FEED, condition: str = "price_above") -> AlertKey:
    return AlertKey(feed, SBIN, "price", condition, threshold)


def test_the_oldest_go_when_there_are_too_many() -> None:
    told = ToldAlerts()
    for number in range(MOST_TOLD + 2):
        told.add(key(number), number)
    assert len(told) == MOST_TOLD
    assert (key(0) in told, key(1) in told, key(2) in told) == (False, False, True)
    changes = told.take_changes()
    assert (changes[key(1)], changes[key(2)]) == (None, Told(2))


def test_what_is_as_it_was_is_no_change() -> None:
    told = ToldAlerts()
    told.add(key(1), 5)
    told.take_changes()
    told.add(key(1), 9)
    told.discard(key(2))
    assert told.take_changes() == {}
    told.add(key(1), 9, moves=True)
    assert told.take_changes() == {key(1): Told(5, moves=True)}


def test_two_that_are_gone_are_no_move() -> None:
    told = ToldAlerts()
    told.restore({key(820): Told(1, moves=True), key(821): Told(2, moves=True)})
    told.begin((FEED, SBIN), [key(830)])
    assert list(told) == []


def test_a_list_of_another_kind_says_nothing_of_these() -> None:
    told = ToldAlerts()
    told.restore({key(820): Told(1)})
    told.begin((FEED, SBIN), [AlertKey(FEED, SBIN, "volume", "volume_spike", 2e6)])
    told.begin((OTHER, SBIN), [key(900, OTHER)])
    assert list(told) == [key(820)]


def test_a_feed_is_forgotten_alone() -> None:
    told = ToldAlerts()
    told.restore({key(1): Told(1), key(1, OTHER): Told(2)})
    told.forget(FEED)
    assert list(told) == [key(1, OTHER)]


class Store:
    """Remembers what it was given; fails on demand."""

    def __init__(self, rows: Mapping[str, tuple[int, bool]] | None = None) -> None:
        self.rows = dict(rows or {})
        self.saved: list[dict[str, tuple[int, bool] | None]] = []
        self.is_broken = False

    async def load(self) -> dict[str, tuple[int, bool]]:
        return self.rows

    async def save(self, changes: Mapping[str, tuple[int, bool] | None]) -> None:
        if self.is_broken:
            raise StorageError("The list", "the disk is full")
        self.saved.append(dict(changes))
        for text, row in changes.items():
            if row is None:
                self.rows.pop(text, None)
            else:
                self.rows[text] = row


class Saving:
    """A saver whose tasks run when the test lets them; `during` happens while it sleeps."""

    def __init__(self, store: Store, address: str = "") -> None:
        self.told = ToldAlerts()
        self.slept: list[float] = []
        self.tasks: list[object] = []
        self.during: list[AlertKey] = []
        self.saver = ToldAlertSaver(
            self.told, store, lambda name, task: self.tasks.append(task), self.sleep, address=address
        )

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if seconds == PAUSE_S and self.during:
            self.told.add(self.during.pop(), 9)

    async def run(self) -> None:
        while self.tasks:
            await self.tasks.pop()  # type: ignore[misc]


async def test_what_was_told_comes_back_and_nonsense_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    store = Store()
    first = Saving(store)
    first.told.add(key(820.05), 7)
    first.told.add(key(None, condition="range_break"), 8, moves=True)
    first.saver.start()
    await first.run()
    store.rows["{nonsense"] = (1, False)
    store.rows["what is this"] = (1, False)
    second = Saving(store)
    await second.saver.load()
    assert list(second.told) == [key(820.05), key(None, condition="range_break")]
    assert second.told.take_changes() == {}
    assert "an alert that was told cannot be read" in caplog.text
    caplog.clear()


async def test_a_server_that_is_tried_out_is_no_server_of_the_feeds() -> None:
    store = Store()
    for number, address in enumerate(("", "ws://one", "ws://two")):
        saving = Saving(store, address)
        saving.told.add(key(number), 5)
        saving.saver.start()
        await saving.run()
    for number, address in enumerate(("", "ws://one", "ws://two")):
        saving = Saving(store, address)
        await saving.saver.load()
        assert list(saving.told) == [key(number)]
    assert not any("ws://" in text for text in store.rows)


async def test_changes_are_stored_together_and_with_pauses() -> None:
    store = Store()
    saving = Saving(store)
    saving.saver.start()
    saving.told.add(key(1), 5)
    saving.told.add(key(2), 6)
    saving.told.discard(key(1))
    saving.during.append(key(3))
    await saving.run()
    assert [sorted(one.values(), key=str) for one in store.saved] == [[(6, False), None], [(9, False)]]
    assert saving.slept == [SAVE_DELAY_S, PAUSE_S, PAUSE_S]


async def test_before_it_is_on_screen_and_after_the_end_nothing_is_stored() -> None:
    store = Store()
    saving = Saving(store)
    saving.told.add(key(1), 5)
    assert not await saving.saver.flush()
    saving.saver.start()
    await saving.saver.stop()
    assert len(store.saved) == 1
    saving.told.add(key(2), 6)  # told to nobody: the window is gone
    await saving.run()
    assert len(store.saved) == 1


async def test_a_store_that_fails_costs_nothing_but_a_second_telling(caplog: pytest.LogCaptureFixture) -> None:
    store = Store()
    store.is_broken = True
    saving = Saving(store)
    saving.saver.start()
    saving.told.add(key(1), 5)
    await saving.run()
    assert key(1) in saving.told
    assert "were not stored" in caplog.text
    caplog.clear()
    store.is_broken = False
    saving.told.add(key(2), 6)
    await saving.run()
    assert len(store.rows) == 1
