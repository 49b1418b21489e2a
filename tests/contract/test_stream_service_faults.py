"""The stream service's client against the documented faults of the real service: its defences hold."""

from __future__ import annotations

import pytest
from faulty_stream_service import FaultyStreamService
from stream_rig import IST, prices, topic

from marketwatch.domain.events import DayStatistics, MarketEvent, TradeTick
from marketwatch.protocols.base import Confirmed, Control, Invalid
from marketwatch.protocols.stream_service.client import StreamServiceClient


class Session:
    """A client and the faulty service, moved by hand."""

    def __init__(self, *symbols: str) -> None:
        self.service = FaultyStreamService()
        self.client = StreamServiceClient(zone=IST)
        self.control: list[Control] = []
        self.client.connection_made(0.0)
        self.client.subscribe([topic(symbol) for symbol in symbols], 0.0)
        self.move()

    def move(self, now: float = 0.0) -> list[MarketEvent]:
        """Carry messages to and fro until both are silent; return the new events."""
        events: list[MarketEvent] = []
        while True:
            came = self.service.take()
            for data in came:
                events.extend(self.client.receive(data, now))
            self.control.extend(self.client.take_control())
            out = self.client.data_to_send()
            for request in out:
                self.service.receive(request)
            if not came and not out:
                return events

    def reasons(self) -> list[tuple[str, int]]:
        return [(control.reason, control.count) for control in self.control if isinstance(control, Invalid)]


@pytest.fixture
def session() -> Session:
    return Session("RELIANCE", "TCS")


def test_acknowledged_and_silent_is_asked_for_once_more_and_kept(session: Session) -> None:
    assert session.control[2:] == [Confirmed(topic("RELIANCE")), Confirmed(topic("TCS"))]
    while (deadline := session.client.next_deadline()) is not None and deadline < 3_600.0:
        session.client.deadline_passed(deadline)
        assert session.move(deadline) == []
    assert session.service.symbols == ["RELIANCE", "TCS", "RELIANCE", "TCS"]
    assert not session.service.is_cut


def test_frames_of_zeros_never_become_a_price(session: Session) -> None:
    session.service.zeros("RELIANCE")
    session.service.data("RELIANCE", price=2500.5, volume=1000, change=25.5)
    session.service.zeros("RELIANCE")
    session.service.data("RELIANCE", price=2501.0, volume=1250, change=26.0)
    events = session.move()
    assert prices(events) == [2500.5, 2501.0]
    assert [event.size for event in events if isinstance(event, TradeTick)] == [250.0]
    assert session.reasons() == []


def test_figures_of_another_symbol_are_recognised_when_they_are_the_same(session: Session) -> None:
    session.service.data("RELIANCE", price=2500.5, volume=1000, change=25.5)
    session.service.overwritten(price=2500.5, volume=1000, change=25.5)
    session.service.data("TCS", price=2900.0, volume=700, change=-3.0)
    session.service.data("RELIANCE", price=2501.0, volume=1100, change=26.0)
    session.service.overwritten(price=2501.0, volume=1100, change=26.0)
    events = session.move()
    assert prices([event for event in events if event.key == "TCS"]) == [2900.0]
    assert prices([event for event in events if event.key == "RELIANCE"]) == [2500.5, 2501.0]
    assert session.reasons() == [("the same figures as those of another symbol", 2)]


def test_figures_of_another_symbol_are_recognised_by_a_jump_of_more_than_half(session: Session) -> None:
    session.service.data("TCS", price=3100.0)
    session.service.overwritten(price=250.0)
    session.service.data("TCS", price=3101.0)
    session.service.overwritten(price=9000.0)
    session.service.data("TCS", price=3102.0)
    assert prices(session.move()) == [3100.0, 3101.0, 3102.0]
    assert session.reasons() == [("the price jumped by more than half", 2)]


def test_figures_of_another_symbol_are_recognised_by_their_previous_close(session: Session) -> None:
    session.service.data("TCS", price=2900.0, volume=700, change=-3.0)
    session.service.overwritten(price=2500.5, volume=1000, change=25.5)
    session.service.data("TCS", price=2901.0, volume=710, change=-2.0)
    events = session.move()
    assert prices(events) == [2900.0, 2901.0]
    assert [event.size for event in events if isinstance(event, TradeTick)] == [10.0]
    assert session.reasons() == [("another previous close than before on the same day", 1)]


def test_a_new_level_that_lasts_is_believed(session: Session) -> None:
    session.service.data("TCS", price=3100.0, volume=10)
    for step in range(6):
        session.service.data("TCS", price=310.0 + step, volume=500 + step)
    events = session.move()
    assert prices(events) == [3100.0, 314.0, 315.0]  # a split, or the first frame was the wrong one
    assert [event.size for event in events if isinstance(event, TradeTick)] == [1.0]


def test_made_up_numbers_are_marked_and_not_mended(session: Session) -> None:
    sent = [session.service.mock("RELIANCE") for _ in range(50)]
    events = session.move()
    assert prices(events) == [figures["price"] for figures in sent]
    for event in events:
        if isinstance(event, DayStatistics) and event.day_high is not None and event.day_low is not None:
            assert event.day_low <= event.day_high
    counts = dict.fromkeys(("change and change_percent disagree", "open, high, low and price contradict each other"), 0)
    for reason, count in session.reasons():
        counts[reason] += count
    contradictory = [f for f in sent if f["high"] < max(f["price"], f["open"]) or f["low"] > min(f["price"], f["open"])]
    assert counts["open, high, low and price contradict each other"] >= len(contradictory) > 20
    assert counts["change and change_percent disagree"] > 20


def test_nothing_we_send_makes_the_service_hang_up(session: Session) -> None:
    session.client.unsubscribe([topic("TCS")], 1.0)
    session.move(1.0)
    session.client.deadline_passed(20.0)
    session.move(20.0)
    assert not session.service.is_cut
    session.service.receive("[]")
    assert session.service.is_cut
