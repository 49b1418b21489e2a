"""The Odin client against a server with the documented faults of the real one: its defences hold."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from faulty_odin import FaultyConnection, FaultyOdin
from odin_rig import STAMP_MS, frame, prices, topic

from marketwatch.domain.events import MarketEvent
from marketwatch.errors import RateLimited
from marketwatch.protocols.base import Confirmed, Control, Invalid, Refused
from marketwatch.protocols.odin.client import ZOMBIE_S, OdinClient


class Session:
    """A client and its connection, moved by hand."""

    def __init__(self, server: FaultyOdin, client_id: str, *keys: str) -> None:
        self.client = OdinClient()
        self.connection: FaultyConnection = server.connect(client_id)
        self.events: list[MarketEvent] = []
        self.control: list[Control] = []
        self.client.connection_made(0.0)
        self.client.subscribe([topic(key) for key in keys], 0.0)
        self.move(0.0)

    def move(self, now: float) -> Sequence[MarketEvent]:
        """Carry messages to and fro until both are silent; return the new events."""
        before = len(self.events)
        while True:
            came = self.connection.take()
            for data in came:
                self.events.extend(self.client.receive(data, now))
            self.control.extend(self.client.take_control())
            out = self.client.data_to_send()
            for request in out:
                self.connection.receive(request)
            if not came and not out:
                return self.events[before:]

    def wait(self, until: float) -> None:
        """Let time pass, with all deadlines kept."""
        while (deadline := self.client.next_deadline()) is not None and deadline <= until:
            self.client.deadline_passed(deadline)
            self.move(deadline)


@pytest.fixture
def server() -> FaultyOdin:
    return FaultyOdin({"SBIN": "3045", "RELIANCE": "2885", "TCS": "11536"})


def test_a_zombie_of_a_takeover_is_recognised_by_its_greeting_and_left(server: FaultyOdin) -> None:
    first = Session(server, "same", "NSE:SBIN")
    assert first.control[-1] == Confirmed(topic("NSE:SBIN"))
    zombie = Session(server, "same", "NSE:SBIN")
    server.broadcast("SBIN", frame())
    assert zombie.move(1.0) == []
    assert zombie.connection.tokens == {"3045"}  # nothing was asked for: it would not have helped
    with pytest.raises(RateLimited, match="older connection") as caught:
        zombie.wait(1.0)
    assert caught.value.retry_after_s >= 1.0
    server.lost(zombie.connection)

    third = Session(server, "same", "NSE:SBIN")
    server.broadcast("SBIN", frame())
    assert prices(third.move(3.0)) == [807.75]


def test_a_zombie_without_subscriptions_is_recognised_by_its_silence(server: FaultyOdin) -> None:
    Session(server, "same")
    zombie = Session(server, "same", "NSE:SBIN")
    assert zombie.control[-1] == Confirmed(topic("NSE:SBIN"))  # it answers like any other
    for at in range(10, 150, 10):
        server.broadcast("SBIN", frame())
        assert zombie.move(float(at)) == []
        zombie.wait(float(at))
    with pytest.raises(RateLimited, match="sends no data"):
        zombie.wait(ZOMBIE_S)


def test_a_connection_with_a_name_of_its_own_is_never_a_zombie(server: FaultyOdin) -> None:
    Session(server, "client_1", "NSE:SBIN")
    fresh = Session(server, "client_2", "NSE:SBIN")
    server.broadcast("SBIN", frame())
    assert prices(fresh.move(1.0)) == [807.75]


def test_tokens_that_the_server_passes_over_are_refused(server: FaultyOdin) -> None:
    session = Session(server, "me", "NSE:#99999", "NSE:#2885", "NSE:NOSUCH")
    assert session.control[2:] == [
        Refused(topic("NSE:NOSUCH"), "the server does not know it"),
        Refused(topic("NSE:#99999"), "the server does not know it"),
        Confirmed(topic("NSE:#2885")),
    ]


def test_18_no_request_of_ours_makes_the_server_hang_up(server: FaultyOdin) -> None:
    session = Session(server, "me", "NSE:#2885", "NSE:SBIN", "NSE:#99999", "BSE:TCS")
    session.client.unsubscribe([topic("NSE:SBIN"), topic("NSE:#2885")], 1.0)
    session.move(1.0)
    session.wait(130.0)
    assert not session.connection.is_cut
    session.connection.receive('{"action":"subscribe","stocks":[2885]}')
    assert session.connection.is_cut


def test_prices_of_zero_never_become_a_price(server: FaultyOdin) -> None:
    session = Session(server, "me", "NSE:SBIN")
    zeros = dict.fromkeys(("ltp", "open", "high", "low", "close", "prev_close", "volume"), 0)
    server.broadcast("SBIN", frame(**zeros, week_52_high=0, week_52_low=0))
    assert session.move(1.0) == []
    server.broadcast("SBIN", frame())
    assert prices(session.move(1.1)) == [807.75]
    server.broadcast("SBIN", frame(**zeros, timestamp=STAMP_MS + 9))
    assert prices(session.move(1.2)) == []
    server.broadcast("SBIN", frame(ltp=808.0, volume=8053113, timestamp=STAMP_MS + 10))
    assert [getattr(event, "size", None) for event in session.move(1.3)][-1] == 100.0


def test_frames_of_the_wrong_share_are_dropped_and_counted(server: FaultyOdin) -> None:
    session = Session(server, "me", "NSE:SBIN", "NSE:TCS")
    server.broadcast("SBIN", frame())
    session.move(1.0)
    tcs = {"ltp": 3100.0, "high": 3150.0, "low": 3050.0}
    server.broadcast("SBIN", frame(token="11536", **tcs))
    server.broadcast("SBIN", frame(_symbol="TCS", **tcs))
    assert session.move(1.1) == []
    assert [control.count for control in session.control if isinstance(control, Invalid)] == [1, 1]
    server.broadcast("TCS", frame(symbol="TCS", token="11536", **tcs))
    assert {event.key for event in session.move(1.2)} == {"NSE:TCS"}
