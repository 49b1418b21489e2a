"""A hub with one feed under a clock that stands still, for tests of the hub, charts and row states."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from fake_time import FakeTime

from marketwatch.domain.events import MarketEvent, Quote, TradeTick
from marketwatch.domain.ids import CASH, FeedId, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.snapshot import Snapshot
from marketwatch.services.market_hub import FeedFacts, FeedNature, MarketHub

FEED = FeedId("feed")
IBM = Instrument(id=InstrumentId(Venue("XNYS"), CASH, "IBM"), currency="USD")
INFY = Instrument(id=InstrumentId(Venue("NSE"), CASH, "INFY"), currency="INR")


def new_york(text: str) -> int:
    """Return ns UTC of a time on 2025-06-27 (`09:30`) or of a full ISO time in New York."""
    full = text if "T" in text else f"2025-06-27T{text}"
    return int(dt.datetime.fromisoformat(full).replace(tzinfo=ZoneInfo("America/New_York")).timestamp() * 1e9)


class StandingClock:
    """Market time that moves when a test says so."""

    def __init__(self, ns: int) -> None:
        self.ns = ns

    def now_ns(self, venue: Venue) -> int:
        return self.ns


class HubRig:
    """A hub that follows IBM from 09:00 on Friday 2025-06-27, New York time."""

    def __init__(self, **facts: Any) -> None:
        self.time = FakeTime()
        self.market = StandingClock(new_york("09:00"))
        self.hub = MarketHub(self.time)
        known: dict[str, Any] = {"label": "Feed", "nature": FeedNature.LIVE, **facts}
        self.facts = FeedFacts(id=FEED, market_clock=self.market, **known)
        self.hub.add_feed(self.facts)
        self.ibm = self.hub.track(IBM, FEED, "IBM")

    def publish(self, *events: MarketEvent) -> Snapshot:
        """Hand events to the hub as one message."""
        self.hub.publish(FEED, events)
        return self.ibm


def trade(when: str | int, price: float, size: float = 100, key: str = "IBM", **more: Any) -> TradeTick:
    """Make a trade stamped in milliseconds, as Massive does."""
    ns = new_york(when) if isinstance(when, str) else when
    return TradeTick(key=key, stamp=ns // 1_000_000, price=price, size=size, **more)


def quote(when: str, bid: float | None, ask: float | None, key: str = "IBM") -> Quote:
    """Make a quote."""
    return Quote(key=key, stamp=new_york(when) // 1_000_000, bid=bid, bid_size=1, ask=ask, ask_size=2)
