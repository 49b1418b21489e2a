"""Kite's ticks in the market hub: a row shows the vendor's figures, and its volume is counted once."""

from __future__ import annotations

from fake_time import FakeTime
from hub_rig import FEED, INFY, StandingClock

from marketwatch.domain.events import Depth, MarketEvent
from marketwatch.domain.snapshot import Snapshot
from marketwatch.protocols.kite.client import KiteClient
from marketwatch.protocols.kite.packets import FullPacket, QuotePacket, encode, frame
from marketwatch.services.market_hub import FeedFacts, FeedNature, MarketHub

TOKEN = 408065
OPENED = 1_751_255_100  # Monday 2025-06-30 09:15 in India
BOOK = (5, 157_340, 1, *(0,) * 12, 172, 157_370, 3, *(0,) * 12)


class Rig:
    """A hub that follows one instrument through the client side of Kite's ticker."""

    def __init__(self) -> None:
        self.market = StandingClock(OPENED * 10**9)
        self.hub = MarketHub(FakeTime(OPENED * 10**9))
        self.hub.add_feed(FeedFacts(id=FEED, label="Kite", nature=FeedNature.LIVE, market_clock=self.market))
        self.row = self.hub.track(INFY, FEED, str(TOKEN))
        self.client = KiteClient()

    def full(self, price: int, volume: int, second: int, *, high: int = 157_500, close: int = 156_780) -> Snapshot:
        at = OPENED + second
        packet = FullPacket(
            TOKEN, price, 7, 157_037, volume, 256_443, 363_009, 156_915, high, 156_105, close, at, 0, 0, 0, at, BOOK
        )
        return self.take(encode(packet))

    def quote(self, price: int, volume: int) -> Snapshot:
        packet = QuotePacket(TOKEN, price, 1, 157_033, volume, 9, 8, 156_915, 157_500, 156_105, 156_780)
        return self.take(encode(packet))

    def take(self, packet: bytes) -> Snapshot:
        self.hub.publish(FEED, self.client.receive(frame([packet]), 0.0))
        return self.row


def test_full_packets_fill_the_row() -> None:
    rig = Rig()
    seen: list[MarketEvent] = []
    rig.hub.add_sink(INFY.id, lambda _, event: seen.append(event))
    row = rig.full(157_370, 1_192_471, 5_187)
    assert (row.last_price, row.prev_close, row.day_open) == (1573.7, 1567.8, 1569.15)
    assert (row.day_high, row.day_low, row.volume) == (1575.0, 1561.05, 1_192_471.0)
    assert (row.bid, row.bid_size, row.ask, row.ask_size) == (1573.4, 5.0, 1573.7, 172.0)
    assert row.last_trade_ns == (OPENED + 5_187) * 10**9
    (depth,) = [event for event in seen if isinstance(event, Depth)]
    assert [(level.price, level.size, level.orders) for level in depth.asks] == [(1573.7, 172.0, 3)]


def test_volume_is_the_vendors_whatever_the_packets_share() -> None:
    rig = Rig()
    for second, volume in ((1, 100), (1, 130), (2, 170), (2, 170), (2, 190), (61, 250), (3_000, 251), (3_000, 300)):
        row = rig.full(157_000 + volume, volume, second)
        assert row.volume == volume
    bars = rig.hub.bars(INFY.id)
    assert bars is not None
    assert sum(bars[1].volume) == 200.0  # the first packet is a baseline


def test_the_next_day_starts_afresh() -> None:
    rig = Rig()
    rig.full(157_370, 1_000, 22_000)
    row = rig.full(158_000, 50, 86_400, high=158_000, close=157_370)
    assert (row.last_price, row.prev_close, row.volume, row.day_high) == (1580.0, 1573.7, 50.0, 1580.0)
    assert rig.full(158_010, 80, 86_401, high=158_010, close=157_370).volume == 80.0


def test_quote_packets_have_no_time_and_count_all_the_same() -> None:
    rig = Rig()
    row = rig.quote(157_315, 1_000)
    assert (row.last_price, row.last_trade_ns) == (1573.15, None)
    row = rig.quote(157_320, 1_040)
    assert (row.last_price, row.volume, row.prev_close) == (1573.2, 1_040.0, 1567.8)
    assert rig.quote(157_325, 1_050).volume == 1_050.0
