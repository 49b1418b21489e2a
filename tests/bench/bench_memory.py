"""Memory: the program without a chart against a bare window, and what one more instrument costs."""

from __future__ import annotations

import gc
import statistics
import time

from harness import Row, at_most
from programs import Place, used_place
from startup_programs import rss_mb

from marketwatch.domain.events import Quote, TradeTick
from marketwatch.domain.ids import CASH, FeedId, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.runtime.clock import LiveMarketClock, SystemClock
from marketwatch.services.feed_route import FeedFacts, FeedNature
from marketwatch.services.market_hub import MarketHub

ROUNDS = 3
INSTRUMENTS = 10_000
_SETTLE_S = 3.0
_FEED = FeedId("bench")


def _rss_after_a_while(place: Place, until: str, *arguments: str) -> float:
    with place.running(until, *arguments) as (process, _):
        time.sleep(_SETTLE_S)
        return rss_mb(process.pid) or 0.0


def _further_instrument_bytes() -> float:
    clock = SystemClock()
    hub = MarketHub(clock)
    hub.add_feed(FeedFacts(id=_FEED, label="b", nature=FeedNature.LIVE, market_clock=LiveMarketClock(clock)))
    instruments = [
        Instrument(id=InstrumentId(Venue("XNAS"), CASH, f"S{number:05d}"), currency="USD")
        for number in range(INSTRUMENTS)
    ]
    gc.collect()
    before = rss_mb() or 0.0
    for instrument in instruments:
        hub.track(instrument, _FEED, instrument.symbol)
    stamp = time.time_ns() // 1_000_000
    for instrument in instruments:
        key = str(instrument.symbol)
        quote = Quote(key=key, stamp=stamp, bid=10.0, bid_size=1, ask=10.1, ask_size=2)
        hub.publish(_FEED, [quote, TradeTick(key=key, stamp=stamp, price=10.0, size=5)])
    hub.drain()
    gc.collect()
    after = rss_mb() or 0.0
    assert hub.snapshot(instruments[-1].id) is not None
    return (after - before) * 2**20 / INSTRUMENTS


def run() -> list[Row]:
    """Measure where the system tells memory by /proc; elsewhere there is nothing to say."""
    if rss_mb() is None:
        return []
    further = _further_instrument_bytes()
    bare, ours, charted = [], [], []
    with used_place() as place:
        profile = ("--profile", str(place.profile))
        for _ in range(ROUNDS):
            bare.append(_rss_after_a_while(place, "painted", "bare"))
            ours.append(_rss_after_a_while(place, "ticked", "ours", *profile, "--without-chart"))
            charted.append(_rss_after_a_while(place, "ticked", "ours", *profile))
    peer = "bare PySide6 window with a table"
    return [
        _against("memory with the simulated market, no chart open", ours, bare, peer, 1.6),
        _against("memory with the simulated market and a chart", charted, bare, peer, None),
        at_most(f"memory of one further instrument of {INSTRUMENTS:,}", further / 1024, "KB", 2),
    ]


def _against(name: str, ours: list[float], bare: list[float], peer: str, limit: float | None) -> Row:
    value = statistics.median(ours)
    ratio = value / statistics.median(bare)
    if limit is None:
        return Row(name=name, value=value, unit="MB", peer=peer, ratio=ratio)
    return at_most(name, value, "MB", limit, peer=peer, ratio=ratio)
