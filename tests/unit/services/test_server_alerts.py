"""A firing of a server's alert is told once: not lost, not doubled, whatever the connection does."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from marketwatch.domain.events import ServerAlert
from marketwatch.domain.ids import CASH, FeedId, InstrumentId, Venue
from marketwatch.services.server_alerts import MOST_DEEDS, AlertDeed, Deed, PriceThen, ServerAlerts

FEED, OTHER = FeedId("stream"), FeedId("other")
SBIN, TCS = (InstrumentId(Venue("NSE"), CASH, symbol) for symbol in ("SBIN", "TCS"))
STAMP_MS = 1_756_971_590_198


def alert(threshold: float = 820.0, *, is_triggered: bool = False, **more: object) -> ServerAlert:
    facts = {"group": "price", "condition": "price_above", "stamp": STAMP_MS, **more}
    return ServerAlert(key="SBIN", threshold=threshold, is_triggered=is_triggered, **facts)  # type: ignore[arg-type]


class Desk:
    """A store with ears; time moves one second with each message."""

    def __init__(self) -> None:
        self.fired: list[AlertDeed] = []
        self.changes = 0
        self.now_ns = 0
        self.alerts = ServerAlerts(lambda one: PriceThen(807.75, "Feed"), self.fired.append, self.note)

    def note(self) -> None:
        self.changes += 1

    def take(
        self,
        *alerts: ServerAlert,
        connection: int = 1,
        instrument: InstrumentId = SBIN,
        feed: FeedId = FEED,
        connected_ns: int | None = None,
    ) -> None:
        self.now_ns += 1_000_000_000
        self.alerts.take(feed, instrument, alerts, connection=connection, now_ns=self.now_ns, connected_ns=connected_ns)

    def deeds(self) -> Sequence[Deed]:
        return [deed.deed for deed in self.alerts.log]

    def states(self) -> dict[float | None, bool]:
        return {record.key.threshold: record.is_triggered for record in self.alerts}


def desk_of(*alerts: ServerAlert, connections: bool = False) -> Desk:
    """A run that heard these, one after the other, each on a connection of its own if so wished."""
    made = Desk()
    for number, one in enumerate(alerts):
        made.take(one, connection=number if connections else 1)
    return made


def next_run(before: Desk) -> Desk:
    """The run after that: it knows what was stored."""
    made = Desk()
    told = {key: one for key, one in before.alerts.told.take_changes().items() if one is not None}
    made.alerts.told.restore(told)
    made.alerts.told._changes.update(told)  # so that the run after it knows them too
    return made


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_an_armed_alert_that_triggers_fires_once_with_time_and_price(desk: Desk) -> None:
    desk.take(alert())
    desk.take(alert(is_triggered=True, has_fired=True))
    desk.take(alert(is_triggered=True))
    (fired,) = desk.fired
    assert (fired.deed, fired.time_ns, fired.stated_ns) == (Deed.FIRED, 2_000_000_000, STAMP_MS * 1_000_000)
    assert fired.price == PriceThen(807.75, "Feed")
    (record,) = desk.alerts
    assert (record.is_triggered, record.since_ns, record.firing) == (True, 2_000_000_000, fired.number)


def test_a_state_sent_again_after_a_reconnect_does_not_fire_again(desk: Desk) -> None:
    desk.take(alert())
    desk.take(alert(is_triggered=True, has_fired=True))
    for connection in (2, 3, 4):
        desk.take(alert(is_triggered=True), connection=connection)
    assert desk.deeds() == [Deed.FIRED]
    assert len(desk.fired) == 1


def test_what_fired_while_we_were_away_is_told_late_and_once(desk: Desk) -> None:
    desk.take(alert())
    desk.take(alert(is_triggered=True), connection=2)
    desk.take(alert(is_triggered=True), connection=3)
    (fired,) = desk.fired
    assert (fired.deed, fired.detail, fired.time_ns) == (Deed.SEEN_LATE, "fired while disconnected", 2_000_000_000)


def test_what_fired_while_the_program_was_off_is_told_once_as_past(desk: Desk) -> None:
    for connection in (1, 1, 2, 3):
        desk.take(alert(is_triggered=True), connection=connection)
    (told,) = desk.fired
    assert (told.deed, told.detail) == (Deed.SEEN_LATE, "fired while MarketWatch was not connected")
    assert (told.is_past, told.time_ns, told.stated_ns) == (True, 1_000_000_000, STAMP_MS * 1_000_000)
    assert desk.states() == {820.0: True}
    desk.alerts.acknowledge(told.number)
    desk.take(alert(is_triggered=True), connection=4)
    assert (desk.alerts.unacknowledged(), len(desk.fired)) == ([], 1)


def test_what_an_earlier_run_told_is_listed_and_not_told_again(desk: Desk) -> None:
    again = next_run(desk_of(alert(is_triggered=True)))
    again.take(alert(is_triggered=True))
    assert (again.deeds(), again.fired, again.states()) == ([Deed.ALREADY], [], {820.0: True})
    third = next_run(again)
    third.take(alert(is_triggered=True))
    assert third.fired == []


def test_an_alert_that_fired_live_is_not_told_as_past_by_the_next_run(desk: Desk) -> None:
    again = next_run(desk_of(alert(), alert(is_triggered=True, has_fired=True)))
    again.take(alert(is_triggered=True))
    assert again.deeds() == [Deed.ALREADY]


def test_an_alert_that_was_armed_again_before_the_end_is_told_by_the_next_run(desk: Desk) -> None:
    again = next_run(desk_of(alert(), alert(is_triggered=True, has_fired=True), alert()))
    again.take(alert(is_triggered=True))
    assert [deed.detail for deed in again.fired] == ["fired while MarketWatch was not connected"]


def test_another_alert_of_the_instrument_is_told_though_one_was_known(desk: Desk) -> None:
    again = next_run(desk_of(alert(is_triggered=True)))
    again.take(alert(is_triggered=True), alert(900.0, is_triggered=True))
    assert [(deed.deed, deed.key and deed.key.threshold) for deed in again.alerts.log] == [
        (Deed.ALREADY, 820.0),
        (Deed.SEEN_LATE, 900.0),
    ]


def test_a_new_alert_in_the_place_of_a_known_one_is_told(desk: Desk) -> None:
    again = next_run(desk_of(alert(is_triggered=True)))
    again.take(alert(830.0, is_triggered=True))
    assert [deed.key and deed.key.threshold for deed in again.fired] == [830.0]
    assert [key.threshold for key in again.alerts.told] == [830.0]


def test_an_alert_whose_threshold_the_server_moves_is_known_wherever_it_moved_meanwhile(desk: Desk) -> None:
    before = desk_of(alert(820.0), alert(821.0, is_triggered=True), alert(822.0, is_triggered=True), connections=True)
    assert [(deed.deed, deed.key and deed.key.threshold) for deed in before.alerts.log] == [(Deed.SEEN_LATE, 821.0)]
    again = next_run(before)
    again.take(alert(830.0, is_triggered=True))
    assert (again.deeds(), again.fired) == ([Deed.ALREADY], [])
    third = next_run(again)
    third.take(alert(840.0, is_triggered=True), alert(850.0, is_triggered=True))  # which of them is it?
    assert len(third.fired) == 2


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(30, "fired while MarketWatch was not connected"), (31, "nobody here knows when it fired")],
)
def test_a_first_list_long_after_the_connection_came_may_tell_of_this_moment(
    desk: Desk, seconds: int, words: str
) -> None:
    desk.now_ns = seconds * 1_000_000_000
    desk.take(alert(is_triggered=True), connected_ns=1_000_000_000)
    assert [(one.deed, one.detail) for one in desk.fired] == [(Deed.SEEN_LATE, words)]


def test_an_instrument_added_while_the_connection_is_there_says_so(desk: Desk) -> None:
    desk.take(alert())
    desk.alerts.expect(FEED, SBIN)
    desk.alerts.expect(FEED, TCS)
    desk.alerts.expect(OTHER, TCS)
    desk.alerts.unwatch(OTHER, TCS)
    desk.take(alert(is_triggered=True), instrument=TCS, feed=OTHER)
    desk.fired.clear()
    desk.take(alert(is_triggered=True), instrument=TCS)
    desk.take(alert(is_triggered=True), connection=2)
    assert [deed.detail for deed in desk.fired] == ["fired while it was not followed", "fired while disconnected"]


def test_an_alert_that_comes_new_and_triggered_while_we_listen_fires(desk: Desk) -> None:
    desk.take(alert(900.0))
    desk.take(alert(is_triggered=True, has_fired=True))
    assert desk.deeds() == [Deed.FIRED]


def test_an_alert_made_and_triggered_while_we_were_away_is_told_late(desk: Desk) -> None:
    desk.take(alert(900.0))
    desk.take(alert(900.0), alert(is_triggered=True), connection=2)
    assert desk.deeds() == [Deed.SEEN_LATE]


def test_an_alert_that_is_armed_again_fires_again(desk: Desk) -> None:
    for is_triggered in (False, True, False, True):
        desk.take(alert(is_triggered=is_triggered))
    assert desk.deeds() == [Deed.FIRED, Deed.FIRED]
    assert [deed.time_ns for deed in desk.fired] == [2_000_000_000, 4_000_000_000]


def test_a_threshold_that_moves_is_the_same_alert(desk: Desk) -> None:
    desk.take(alert(820.0))
    for threshold, connection in ((821.0, 1), (822.0, 2), (823.0, 2)):
        withdrawn = alert(threshold - 1, is_withdrawn=True)
        desk.take(
            *([withdrawn] if connection == 1 or threshold == 823.0 else []), alert(threshold), connection=connection
        )
        assert desk.states() == {threshold: False}
    desk.take(alert(823.0, is_withdrawn=True), alert(824.0, is_triggered=True), connection=2)
    desk.take(alert(824.0, is_triggered=True, is_withdrawn=True), alert(825.0, is_triggered=True), connection=2)
    desk.take(alert(826.0, is_triggered=True), connection=3)
    assert desk.deeds() == [Deed.FIRED]
    assert desk.states() == {826.0: True}


def test_where_an_alert_moved_away_another_one_fires(desk: Desk) -> None:
    desk.take(alert(820.0))
    desk.take(alert(820.0, is_triggered=True))
    desk.take(alert(820.0, is_triggered=True, is_withdrawn=True), alert(901.0, is_triggered=True))
    desk.take(alert(901.0, is_triggered=True, is_withdrawn=True))
    desk.take(alert(820.0, is_triggered=True, has_fired=True))
    assert desk.deeds() == [Deed.FIRED, Deed.FIRED]


def test_one_that_left_the_list_fired_and_comes_back_as_it_was_does_not_fire_again(desk: Desk) -> None:
    desk.take(alert())
    desk.take(alert(is_triggered=True, has_fired=True))
    for connection in (1, 2):
        desk.take(alert(is_triggered=True, is_withdrawn=True), connection=connection)
        assert desk.states() == {}
        desk.take(alert(is_triggered=True, has_fired=True), connection=connection)
    desk.take(alert(900.0), connection=3)  # after a reconnect it is not in the first list, but in the second
    desk.take(alert(is_triggered=True, has_fired=True), connection=3)
    assert desk.deeds() == [Deed.FIRED]
    desk.take(alert(), connection=3)
    desk.take(alert(is_triggered=True, has_fired=True), connection=3)
    assert desk.deeds() == [Deed.FIRED, Deed.FIRED]


def test_firings_wait_however_long_the_log_has_become(desk: Desk) -> None:
    desk.take(alert())
    desk.take(alert(is_triggered=True))
    for _ in range(MOST_DEEDS):
        desk.alerts.note_sight(FEED, is_blind=True, now_ns=5)
    (waiting,) = desk.alerts.unacknowledged()
    desk.alerts.acknowledge(waiting.number)
    assert desk.alerts.unacknowledged() == []


def test_alerts_of_two_symbols_and_two_feeds_are_apart(desk: Desk) -> None:
    for feed in (FEED, OTHER):
        for instrument in (SBIN, TCS):
            desk.take(alert(), instrument=instrument, feed=feed)
    desk.take(alert(is_triggered=True), instrument=TCS, feed=OTHER)
    (fired,) = desk.fired
    assert fired.key is not None
    assert (fired.key.feed_id, fired.key.instrument_id) == (OTHER, TCS)


def test_an_instrument_watched_again_tells_late_what_fired_meanwhile(desk: Desk) -> None:
    desk.take(alert())
    desk.alerts.unwatch(FEED, SBIN)
    assert list(desk.alerts) == []
    desk.take(alert(is_triggered=True))
    assert [(deed.deed, deed.detail) for deed in desk.fired] == [(Deed.SEEN_LATE, "fired while it was not followed")]
    desk.alerts.unwatch(FEED)
    desk.take(alert(is_triggered=True))
    assert len(desk.fired) == 1


def test_another_server_begins_anew(desk: Desk) -> None:
    desk.take(alert())
    desk.take(alert(is_triggered=True))
    desk.alerts.forget(FEED)
    assert list(desk.alerts.told) == []
    desk.take(alert(is_triggered=True), connection=2)
    assert desk.deeds() == [Deed.FIRED, Deed.SEEN_LATE]


def test_a_firing_waits_until_it_is_acknowledged(desk: Desk) -> None:
    desk.take(alert())
    desk.take(alert(is_triggered=True))
    (deed,) = desk.alerts.unacknowledged()
    before = desk.changes
    desk.alerts.acknowledge(deed.number)
    assert desk.alerts.unacknowledged() == []
    assert desk.changes == before + 1
    desk.alerts.acknowledge(deed.number)
    assert desk.changes == before + 1


def test_blindness_is_logged_without_a_firing(desk: Desk) -> None:
    desk.alerts.note_sight(FEED, is_blind=True, now_ns=5, detail="the connection broke")
    desk.alerts.note_sight(FEED, is_blind=False, now_ns=9)
    assert [(deed.deed, deed.time_ns, deed.detail) for deed in desk.alerts.log] == [
        (Deed.BLIND, 5, "the connection broke"),
        (Deed.SIGHTED, 9, ""),
    ]
    assert desk.fired == []


def test_a_list_that_is_empty_after_a_connection_takes_the_alerts_of_its_group_away() -> None:
    desk = desk_of(alert(), alert(900.0))
    desk.take(alert(5_000_000.0, group="volume", condition="volume_spike"))
    desk.take(alert(None, condition="", is_withdrawn=True), connection=2)  # type: ignore[arg-type]
    assert list(desk.states()) == [5_000_000.0]
    assert desk.fired == []
