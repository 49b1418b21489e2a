"""A market with a book in it, for tests of the depth panel."""

from __future__ import annotations

import msgspec
from hub_rig import FEED, INFY, HubRig, StandingClock

from marketwatch.domain.events import Depth, DepthLevel, MarketStatistics
from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.snapshot import Snapshot
from marketwatch.feeds.subscriptions import TopicPhase, TopicStatus
from marketwatch.services.feed_route import FeedFacts
from marketwatch.services.presentation import RowState, RowStateKind

NOW_NS = 1_756_977_067_000_000_000
"""14:41:07 in Mumbai on 4 September 2025."""
LIVE = RowState(RowStateKind.LIVE, "", (), "Live", 0.0)
CONFIRMED = TopicStatus(TopicPhase.CONFIRMED, at_ns=NOW_NS)

BIDS = tuple(DepthLevel(*row) for row in ((1362.4, 75.0, 3), (1362.35, 1_250.0, 1), (1362.3, 182_500.0, 180)))
ASKS = tuple(DepthLevel(*row) for row in ((1362.5, 40.0, 2), (1362.55, 90.0, None)))


def depth(at_ns: int = NOW_NS, bids: tuple[DepthLevel, ...] = BIDS, asks: tuple[DepthLevel, ...] = ASKS) -> Depth:
    """Make a book of INFY."""
    return Depth(
        key="INFY", stamp=at_ns // 1_000_000_000, bids=bids, asks=asks,
        bid=bids[0].price if bids else None, bid_size=bids[0].size if bids else None,
        ask=asks[0].price if asks else None, ask_size=asks[0].size if asks else None,
    )  # fmt: skip


class DepthMarket:
    """The source of a depth panel, over a hub that follows INFY; everything else is as the test says."""

    def __init__(self, instrument: Instrument = INFY) -> None:
        self.rig = HubRig(label="Kite")
        self.rig.market = StandingClock(NOW_NS)
        self.instrument = instrument
        self.row = self.rig.hub.track(instrument, FEED, "INFY")
        self.feed: FeedFacts | None = self.rig.facts
        self.state = LIVE
        self.topic: TopicStatus | None = CONFIRMED
        self.now_ns = NOW_NS

    def book(self, at_ns: int = NOW_NS, **sides: tuple[DepthLevel, ...]) -> Snapshot:
        """Let a book come."""
        self.rig.hub.publish(FEED, [depth(at_ns, **sides)])
        return self.row

    def totals(self, bid: float, ask: float) -> Snapshot:
        """State the sums of all orders."""
        statistics = MarketStatistics(key="INFY", stamp=NOW_NS // 10**9, total_bid_size=bid, total_ask_size=ask)
        self.rig.hub.publish(FEED, [statistics])
        return self.row

    def delayed(self, delay_s: float) -> None:
        """Let the feed be behind the market."""
        self.feed = msgspec.structs.replace(self.rig.facts, delay_s=delay_s)

    def snapshot(self, instrument_id: InstrumentId) -> Snapshot | None:
        return self.rig.hub.snapshot(instrument_id)

    def row_state(self, instrument_id: InstrumentId) -> RowState:
        return self.state

    def zone(self, instrument_id: InstrumentId) -> str:
        return "Asia/Kolkata"

    def facts(self, instrument_id: InstrumentId) -> FeedFacts | None:
        return self.feed

    def depth_state(self, instrument_id: InstrumentId) -> TopicStatus | None:
        return self.topic

    def source_ns(self, instrument_id: InstrumentId) -> int:
        return self.now_ns

    def wall_ns(self) -> int:
        return self.now_ns
