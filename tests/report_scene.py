"""Instruments, an instant and connections, as the panels of reports meet them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from marketwatch.domain.ids import CASH, FeedId, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.feeds.status import FeedState
from marketwatch.protocols.base import Channel
from marketwatch.services.report_feeds import StreamState

ZONE = "Asia/Kolkata"
FEED = FeedId("stream-service")
NOW_NS = 1_756_977_067_000_000_000  # 14:41:07 in Mumbai
SECOND_NS = 1_000_000_000
SBIN, TCS, AAPL = (
    Instrument(id=InstrumentId(Venue(venue), CASH, symbol), currency=currency, tick_size=Decimal("0.05"), name=name)
    for venue, symbol, currency, name in (
        ("NSE", "SBIN", "INR", "State Bank of India"),
        ("NSE", "TCS", "INR", "Tata Consultancy Services"),
        ("XNAS", "AAPL", "USD", "Apple"),
    )
)
KNOWN = {one.id: one for one in (SBIN, TCS, AAPL)}


def state(state: FeedState = FeedState.LIVE, **more: Any) -> StreamState:
    facts: dict[str, Any] = {"feed_id": FEED, "feed_label": "My service", "name": "analysis", **more}
    return StreamState(channel=Channel.ANALYSIS, state=state, **facts)


DOWN = state(
    FeedState.BACKING_OFF, since_ns=NOW_NS - 60 * SECOND_NS, reason="the connection broke", retry_in_s=4.2
)  # fmt: skip
