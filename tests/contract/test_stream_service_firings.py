"""Whatever a server sends and however often the line breaks, a firing is told exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from stream_rig import frame, greeted, topic

from marketwatch.domain.events import ServerAlert
from marketwatch.domain.ids import CASH, FeedId, InstrumentId, Venue
from marketwatch.protocols.stream_service.endpoints import Endpoint
from marketwatch.services.server_alerts import AlertDeed, Deed, ServerAlerts

FEED = FeedId("stream-service")
RELIANCE = InstrumentId(Venue("NSE"), CASH, "RELIANCE")
NAMES = ("price_above", "price_below")

lists = st.fixed_dictionaries({}, optional={name: st.booleans() for name in NAMES})
steps = st.lists(st.one_of(lists, st.sampled_from(["reconnect", "unwatch", "again", "null"])), max_size=30)


class Session:
    """A client and the store behind it, and beside them what anybody could have seen change."""

    def __init__(self) -> None:
        self.fired: list[AlertDeed] = []
        self.store = ServerAlerts(lambda one: None, self.fired.append, lambda: None)
        self.connection = 0
        self.seen: dict[str, bool] = {}
        self.edges = 0
        self.newest: dict[str, bool] = {}
        self.reconnect()

    def reconnect(self) -> None:
        self.client = greeted("RELIANCE", endpoint=Endpoint.ALERTS)
        self.connection += 1

    def unwatch(self) -> None:
        wanted = [topic("RELIANCE", Endpoint.ALERTS)]
        self.store.unwatch(FEED, RELIANCE)
        self.client.unsubscribe(wanted, 1.0)
        self.client.subscribe(wanted, 1.0)

    def say(self, states: dict[str, bool]) -> None:
        """Send a list, and count what changed for whoever remembers everything."""
        self.newest = states
        for name, is_triggered in states.items():
            self.edges += is_triggered and not self.seen.get(name, is_triggered)
            self.seen[name] = is_triggered
        self.receive([{"type": name, "threshold": 2600.0, "triggered": is_on} for name, is_on in states.items()])

    def receive(self, entries: Sequence[dict[str, Any]] | None) -> None:
        events = self.client.receive(frame(price_alerts=entries), 1.0)
        alerts = [event for event in events if isinstance(event, ServerAlert)]
        if alerts:
            self.store.take(FEED, RELIANCE, alerts, connection=self.connection, now_ns=1)


@given(steps)
def test_every_edge_that_could_be_seen_is_told_once(script: list[dict[str, bool] | str]) -> None:
    session = Session()
    for step in script:
        if isinstance(step, dict):
            session.say(step if session.seen else dict.fromkeys(NAMES, False))  # all are known from the beginning
        elif step == "reconnect":
            session.reconnect()
        elif step == "unwatch":
            session.unwatch()
        elif step == "again":
            session.say(session.newest)
        else:
            session.receive(None)
    assert len(session.fired) == session.edges
    assert {deed.deed for deed in session.store.log} <= {Deed.FIRED, Deed.SEEN_LATE}
    assert len({deed.number for deed in session.fired}) == len(session.fired)
