"""The watchlist under load: 10,000 instruments, 50 rows x 15 columns in view, 100,000 ticks a second at 60 Hz.

Ticks go through the real hub. Half of them hit the visible rows, the worst case. The peer is what a beginner
writes: a QTableWidget whose items are set for every tick.
"""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import functools
import random
import time
from collections.abc import Callable, Sequence
from decimal import Decimal

from harness import Row
from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication, QTableWidget, QTableWidgetItem

from marketwatch.domain.events import MarketEvent, Quote, TradeTick
from marketwatch.domain.ids import CASH, FeedId, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.snapshot import Snapshot
from marketwatch.domain.watchlist import Watchlist
from marketwatch.qt.flush_timer import FlushTimer
from marketwatch.qt.models.columns import COLUMN_SETS
from marketwatch.qt.models.watchlist_model import WatchlistModel
from marketwatch.qt.paint_meter import PaintMeter
from marketwatch.qt.panels.watchlist_view import WatchlistView
from marketwatch.qt.theme import STYLE_ARGUMENTS, Theme
from marketwatch.runtime.clock import LiveMarketClock, SystemClock
from marketwatch.services.feed_route import FeedFacts, FeedNature
from marketwatch.services.market_hub import MarketHub
from marketwatch.services.presentation import RowState, RowStateKind

INSTRUMENTS = 10_000
VISIBLE = 50
TICKS_PER_S = 100_000
RATE_HZ = 60
SECONDS = 3.0
_FEED = FeedId("bench")
_SLICE_MS = 4
_HOT_SHARE = 0.5
_PEER_TICKS_PER_S = 10_000
_LIVE_COLUMNS = (2, 3, 4, 5, 6, 7, 9, 11, 12)


class HubSource:
    """Rows straight from the hub, all of them live."""

    def __init__(self, hub: MarketHub) -> None:
        self._hub = hub
        self._live = RowState(primary=RowStateKind.LIVE, word="", tags=(), explanation="", age_s=None)

    def instrument(self, instrument_id: InstrumentId) -> Instrument:
        """Return the facts the hub tracks."""
        snapshot = self._hub.snapshot(instrument_id)
        return Instrument(id=instrument_id) if snapshot is None else snapshot.instrument

    def snapshot(self, instrument_id: InstrumentId) -> Snapshot | None:
        """Return the live snapshot."""
        return self._hub.snapshot(instrument_id)

    def row_state(self, instrument_id: InstrumentId) -> RowState:
        """Return live, always."""
        return self._live

    def zone(self, instrument_id: InstrumentId) -> str:
        """Return the zone of the venue."""
        return "America/New_York"


def _instruments() -> list[Instrument]:
    return [
        Instrument(id=InstrumentId(Venue("XNAS"), CASH, f"S{number:05d}"), currency="USD", tick_size=Decimal("0.01"))
        for number in range(INSTRUMENTS)
    ]


class Market:
    """A hub with 10,000 instruments and a pump that publishes ticks in real time."""

    def __init__(self, ticks_per_s: int = TICKS_PER_S) -> None:
        self._ticks_per_s = ticks_per_s
        clock = SystemClock()
        self.hub = MarketHub(clock)
        self.hub.add_feed(_facts(clock))
        self.instruments = _instruments()
        for instrument in self.instruments:
            self.hub.track(instrument, _FEED, instrument.symbol)
        self.ticks = _make_ticks(tuple(instrument.symbol for instrument in self.instruments))
        self.published = 0
        self.slices_ns: list[int] = []
        self._started = 0.0
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._pump)

    def start(self) -> None:
        """Begin to publish."""
        self._started = time.perf_counter()
        self.published = 0
        self._timer.start(_SLICE_MS)

    def stop(self) -> None:
        """Publish no more."""
        self._timer.stop()

    def _pump(self) -> None:
        due = int((time.perf_counter() - self._started) * self._ticks_per_s) - self.published
        if due > 0:
            self.slices_ns.append(time.monotonic_ns())
            self.hub.publish(_FEED, self.take(due))

    def take(self, count: int) -> Sequence[MarketEvent]:
        """Hand out the next ticks."""
        first, self.published = self.published, self.published + count
        return self.ticks[first : self.published]


@functools.cache
def _make_ticks(symbols: tuple[str, ...]) -> list[MarketEvent]:
    """Make enough ticks for one run: 70 % quotes, 30 % trades, half of them for the first rows."""
    rng = random.Random(11)
    prices = [rng.uniform(20, 900) for _ in symbols]
    started_us = time.time_ns() // 1_000
    events: list[MarketEvent] = []
    for count in range(int(TICKS_PER_S * (SECONDS + 1.5))):
        number = int(rng.random() * (VISIBLE if rng.random() < _HOT_SHARE else len(symbols)))
        price = prices[number] = round(prices[number] + rng.choice((-0.01, 0.0, 0.01)), 2)
        stamp, key = started_us + count * 10, symbols[number]
        if rng.random() < 0.7:
            events.append(Quote(key=key, stamp=stamp, bid=price - 0.01, bid_size=1, ask=price + 0.01, ask_size=2))
        else:
            events.append(TradeTick(key=key, stamp=stamp, price=price, size=100))
    return events


class TickMeter(PaintMeter):
    """Measures the age of every slice of ticks when the frame that shows it is painted."""

    def __init__(self, market: Market) -> None:
        super().__init__()
        self._market = market
        self._drained: list[int] = []

    def drain(self) -> list[Snapshot]:
        """Drain the hub and note what the next frame will show."""
        self._drained += self._market.slices_ns
        self._market.slices_ns.clear()
        return self._market.hub.drain()

    def note_paint(self, started_ns: int, oldest_received_ns: int | None) -> None:
        """Take the age of each slice instead of the oldest one's."""
        super().note_paint(started_ns, None)
        now = self.now_ns()
        for received_ns in self._drained:
            self.latencies.add(now - received_ns)
        self._drained.clear()


def _facts(clock: SystemClock) -> FeedFacts:
    return FeedFacts(id=_FEED, label="Bench", delay_s=0, nature=FeedNature.LIVE, market_clock=LiveMarketClock(clock))


def _spin(seconds: float) -> float:
    """Run the event loop for some seconds and return the CPU share it took."""
    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    wall, cpu = time.perf_counter(), time.process_time()
    loop.exec()
    return (time.process_time() - cpu) / (time.perf_counter() - wall)


def _generator_share(ticks_per_s: int) -> float:
    """CPU share of generator and hub alone, with a drain at the display rate."""
    market = Market(ticks_per_s)
    drain = QTimer()
    drain.timeout.connect(market.hub.drain)
    drain.start(1000 // RATE_HZ)
    market.start()
    _spin(0.5)
    share = _spin(SECONDS)
    market.stop()
    drain.stop()
    return share


def _ours(theme: Theme, ticks_per_s: int) -> tuple[float, float, PaintMeter]:
    """Return CPU share net of the generator, frames per second, and the meter."""
    generator = _generator_share(ticks_per_s)
    market = Market(ticks_per_s)
    watchlist = Watchlist("bench", "Bench")
    watchlist.insert(0, [instrument.id for instrument in market.instruments])
    model = WatchlistModel(HubSource(market.hub))
    model.set_watchlist(watchlist)
    model.set_columns(COLUMN_SETS["intraday"].columns)
    meter = TickMeter(market)
    view = WatchlistView(theme, model, meter=meter)
    row_height = theme.height("compact")
    view.resize(1240, VISIBLE * row_height + theme.height("header"))
    flush = FlushTimer(meter.drain, RATE_HZ)
    flush.add_surface(view)
    market.hub.on_dirty = flush.wake
    view.show()
    market.start()
    _spin(0.7)
    meter.paints.clear()
    meter.latencies.clear()
    share = _spin(SECONDS)
    market.stop()
    frames = meter.paints.total_count / SECONDS
    flush.remove_surface(view)
    view.hide()
    view.deleteLater()
    return max(0.0, share - generator), frames, meter


class NaiveTable(QTableWidget):
    """Sets every live cell of the row anew for every tick, as widget-per-cell monitors do."""

    def __init__(self, market: Market) -> None:
        super().__init__(INSTRUMENTS, 15)
        self.paints = 0
        self.applied = 0
        self._rows = {instrument.symbol: row for row, instrument in enumerate(market.instruments)}

    def apply(self, events: Sequence[MarketEvent]) -> None:
        """Write every tick into its row."""
        for event in events:
            row = self._rows[event.key]
            price = event.price if isinstance(event, TradeTick) else event.bid if isinstance(event, Quote) else None
            for column in _LIVE_COLUMNS:
                self.setItem(row, column, QTableWidgetItem(f"{price:,.2f}"))
            self.applied += 1

    def paintEvent(self, event: object) -> None:
        """Count frames."""
        self.paints += 1
        super().paintEvent(event)  # type: ignore[arg-type]


def _naive(ticks_per_s: int) -> tuple[float, float, float]:
    """Return CPU share, frames per second and share of the ticks applied at this rate."""
    market = Market()
    table = NaiveTable(market)
    table.resize(1240, VISIBLE * 24 + 24)
    table.verticalHeader().setDefaultSectionSize(24)
    table.show()
    started = time.perf_counter()
    made = 0

    def pump() -> None:
        nonlocal made
        due = min(int((time.perf_counter() - started) * ticks_per_s) - made, ticks_per_s // 50)
        if due > 0:
            made += due
            table.apply(market.take(due))

    timer = QTimer()
    timer.timeout.connect(pump)
    timer.start(_SLICE_MS)
    _spin(0.5)
    table.paints, table.applied = 0, 0
    share = _spin(SECONDS)
    timer.stop()
    frames, applied = table.paints / SECONDS, table.applied / (SECONDS * ticks_per_s)
    table.hide()
    table.deleteLater()
    return share, frames, applied


def _row(name: str, value: float, unit: str, budget: str, holds: Callable[[float], bool], peer: str = "") -> Row:
    return Row(name=name, value=value, unit=unit, budget=budget, holds=holds(value), peer=peer)


def run() -> list[Row]:
    """Measure and compare."""
    app = QApplication.instance() or QApplication(["bench", *STYLE_ARGUMENTS])
    theme = Theme()
    if isinstance(app, QApplication):
        theme.install(app)
    net, frames, meter = _ours(theme, TICKS_PER_S)
    calm_net, _, _ = _ours(theme, _PEER_TICKS_PER_S)
    naive_share, naive_frames, _ = _naive(_PEER_TICKS_PER_S)
    _, broken_frames, broken_applied = _naive(TICKS_PER_S)
    paint = meter.paints.percentile_ms(99) or 0.0
    latency = meter.latencies.percentile_ms(99) or 0.0
    what = "watchlist, 10,000 instruments, 50 x 15, 100,000 ticks/s"
    naive = f"QTableWidget at 100,000 ticks/s: {broken_frames:.0f} fps, {broken_applied:.0%} of ticks applied"
    ratio = naive_share / calm_net if calm_net else None
    return [
        _row(f"{what}: frames", frames, "fps", ">= 60", lambda value: value >= 59, naive),
        _row(f"{what}: paint p99", paint, "ms", "<= 4", lambda value: value <= 4),
        _row(f"{what}: tick to paint p99", latency, "ms", "<= 18", lambda value: value <= 18),
        _row(f"{what}: CPU net of generator", net * 100, "% of a core", "<= 20", lambda value: value <= 20),
        Row(
            name="watchlist, 10,000 ticks/s, all 15 columns at 60 Hz: net CPU, how many times less than the peer",
            value=calm_net * 100,
            unit="% of a core",
            peer=f"QTableWidget, 9 cells set per tick: {naive_share * 100:.0f} %, {naive_frames:.0f} fps",
            budget=">= 5 x",
            ratio=ratio,
            holds=None if ratio is None else ratio >= 5,
        ),
    ]


if __name__ == "__main__":
    for line in run():
        print(line)
