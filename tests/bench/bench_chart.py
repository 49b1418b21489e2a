"""The candle chart from 1,000 to 1,000,000 bars: whole frames at 1600 x 900 with axes, volumes and legend.

Peers draw candles only: pyqtgraph's example item, finplot, and a pyqtgraph plot with nothing in it. Frames are
painted synchronously; ratios are of CPU time, taken alternately.
"""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import itertools
import statistics
import sys
import time
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from typing import Protocol

import numpy as np
from harness import Paired, Row, at_least, paired
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QApplication

from marketwatch.domain.bar_interval import BarInterval
from marketwatch.domain.bars import BarSeries
from marketwatch.domain.ids import CASH, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.venues import Calendars
from marketwatch.qt.charts.candles import CandlePainter
from marketwatch.qt.charts.canvas import ChartCanvas
from marketwatch.qt.charts.legend import ChartTitle
from marketwatch.qt.charts.model import ChartModel
from marketwatch.qt.theme import Theme

COUNTS = (1_000, 10_000, 100_000, 1_000_000)
START_NS = 1_381_239_000 * 1_000_000_000
SIZE = (1600, 900)
IN_VIEW = 200
FRAMES = 300
EXAMPLE, EMPTY = "pyqtgraph example item", "empty pyqtgraph plot"
FINPLOT, FINPLOT_KEPT = "finplot, drawn anew", "finplot, panned inside its picture"
_ALL_BUDGETS = {
    (EXAMPLE, 10_000): 4.0,
    (FINPLOT, 10_000): 1.5,
    (EXAMPLE, 1_000_000): 250.0,
    (FINPLOT, 1_000_000): 15.0,
}
_TICK_BUDGETS = {(FINPLOT, 1_000_000): 20.0}
# Rounds, and frames in each: a single frame measures cold caches more than painting.
_EFFORT = {1_000: (5, 20), 10_000: (5, 10), 100_000: (3, 4), 1_000_000: (1, 2)}
_MS = 1e3
_INSTRUMENT = Instrument(
    id=InstrumentId(Venue("XNYS"), CASH, "BENCH"), name="Benchmark", currency="USD", tick_size=Decimal("0.01")
)


Bars = np.ndarray[tuple[int, int], np.dtype[np.float64]]


class Peer(Protocol):
    """Another chart of the same bars."""

    def show_rows(self, first: float, last: float) -> None:
        """Bring rows into view and paint."""
        ...

    def tick(self, price: float) -> None:
        """Change the last bar and paint."""
        ...

    def close(self) -> None:
        """Free everything."""
        ...


class _Feed:
    """A BarFeed over a series."""

    def __init__(self, series: BarSeries) -> None:
        self.columns = series
        self._cursor = series.cursor()

    def take_change(self) -> int | None:
        """Return the first changed bar."""
        first_ns = self._cursor.take()
        return None if first_ns is None else bisect_left(self.columns.opens_ns, first_ns)

    def gaps(self) -> Sequence[tuple[int, int]]:
        """Return none."""
        return ()


def make_bars(count: int) -> Bars:
    """Return a random walk: rows of open, high, low, close, volume."""
    random = np.random.default_rng(7)
    close = 50_000 + np.cumsum(random.normal(0, 0.5, count))
    opened = np.concatenate(([50_000.0], close[:-1]))
    high = np.maximum(opened, close) + random.random(count)
    low = np.minimum(opened, close) - random.random(count)
    return np.column_stack((opened, high, low, close, random.integers(100, 10_000, count).astype(float)))


class Ours:
    """Our chart over the same bars."""

    def __init__(self, theme: Theme, bars: Bars) -> None:
        count = len(bars)
        series = self.series = BarSeries(BarInterval.M1, 2 * count)
        series.opens_ns = array("q", (START_NS + np.arange(count) * BarInterval.M1.ns).tolist())
        for place, name in enumerate(("open", "high", "low", "close", "volume")):
            setattr(series, name, array("d", bars[:, place].tolist()))
        series.count, series.source = array("q", [1]) * count, array("b", [0]) * count
        series.first_ns, series.last_ns = array("q", series.opens_ns), array("q", series.opens_ns)
        self.model = ChartModel(_Feed(series), BarInterval.M1, Calendars().of(_INSTRUMENT.id))
        self.canvas = ChartCanvas(theme)
        self.canvas.resize(*SIZE)
        self.canvas.now_ns = lambda: series.opens_ns[-1] + 10**9
        self.canvas.show_model(self.model, ChartTitle(_INSTRUMENT, "1 min", "Benchmark", "live", "SIM"))
        self.canvas.show()
        self._count = count

    def show_rows(self, first: float, last: float) -> None:
        """Bring rows into view and paint."""
        viewport = self.canvas.viewport
        viewport.pitch = viewport.width / (last - first)
        viewport.right = last
        viewport.version += 1
        self.canvas.repaint()

    def tick(self, price: float) -> None:
        """Trade in the last bar, update and paint what changed."""
        self.series.add_trade(price, 1.0, self.series.opens_ns[-1] + 5)
        self.canvas.refresh(price, None)
        QCoreApplication.sendPostedEvents(self.canvas, QEvent.Type.UpdateRequest.value)

    def paint_item(self) -> Callable[[], None]:
        """Return the painting of the candles alone, all bars in view."""
        picture = self.canvas.picture
        assert picture is not None
        self.show_rows(0, self._count)
        frame = picture.frame(self.canvas.layout_px(), 1.0)
        candles = CandlePainter(self.model.columns, self.model.pyramid, self.canvas._theme)
        pixmap = QPixmap(*SIZE)

        def paint() -> None:
            painter = QPainter(pixmap)
            candles.paint_closed(painter, frame, 0, self._count)
            painter.end()

        return paint

    def close(self) -> None:
        """Free everything."""
        self.canvas.close()
        self.canvas.deleteLater()


def _frame_times(work: Callable[[int], None]) -> tuple[float, float]:
    """Return median and 99th percentile of one frame in ms of CPU time."""
    times = []
    for turn in range(FRAMES):
        started = time.process_time()
        work(turn)
        times.append((time.process_time() - started) * _MS)
    return statistics.median(times), statistics.quantiles(times, n=100)[98]


def _label(count: int) -> str:
    return f"{count:,} bars"


def _own_rows(ours: Ours, count: int) -> list[Row]:
    view = min(IN_VIEW, count)
    middle = count // 2

    def pan(turn: int) -> None:
        start = min(middle + turn % 97, count - view)
        ours.show_rows(start, start + view)

    def zoom(turn: int) -> None:
        span = view + (count - view) * (turn % 60) / 60
        ours.show_rows(max(0.0, count - span), count)

    rows = []
    for name, work in (("pan", pan), ("zoom", zoom)):
        median, worst = _frame_times(work)
        rows.append(Row(name=f"chart {name}, {_label(count)}, p99 of a frame (median {median:.1f})", value=worst,
                        unit="ms", budget="<= 8 ms", holds=worst <= 8))  # fmt: skip
    ours.canvas.reset_view()
    base = float(ours.series.close[-1])
    median, worst = _frame_times(lambda turn: ours.tick(base + turn % 2 * 0.01))
    rows.append(Row(name=f"chart tick in the last bar, {_label(count)} (p99 {worst:.1f})", value=median, unit="ms",
                    budget="<= 1 ms", holds=median <= 1))  # fmt: skip
    return rows


def _item_rows(items: dict[int, Callable[[], None]]) -> list[Row]:
    small, large = items[COUNTS[0]], items[COUNTS[-1]]
    result = paired(lambda: [large() for _ in range(100)], lambda: [small() for _ in range(100)])
    item_ms = result.ours_s * 10
    return [
        Row(name=f"candle item alone, {_label(COUNTS[-1])}", value=item_ms, unit="ms", budget="<= 1 ms",
            holds=item_ms <= 1),
        Row(name="candle item, time against 1,000 bars", value=result.ours_s / result.peer_s, unit="x",
            budget="<= 2 x", peer="own item at 1,000 bars", holds=result.ours_s / result.peer_s <= 2),
    ]  # fmt: skip


def _measure_peer(peer: Peer, name: str, ours: Ours, count: int, price: float) -> list[Row]:
    rounds, repeats = _EFFORT[count]
    turn = itertools.count()

    def all_in_view(chart: Ours | Peer) -> None:
        for _ in range(repeats):
            chart.show_rows(next(turn) % 5 * count / 100, count)

    def tick(chart: Ours | Peer) -> None:
        for _ in range(repeats):
            chart.tick(price + next(turn) % 2 * 0.01)

    result = paired(partial(all_in_view, ours), partial(all_in_view, peer), rounds)
    place = _label(count)
    rows = [_against(name, f"chart, all of {place} in view", result, repeats, _ALL_BUDGETS.get((name, count)))]
    if name in (EXAMPLE, FINPLOT):
        ours.canvas.reset_view()
        peer.show_rows(count - IN_VIEW, count)
        result = paired(partial(tick, ours), partial(tick, peer), rounds)
        budget = _TICK_BUDGETS.get((name, count))
        rows.append(_against(name, f"chart, tick in the last of {place}", result, repeats, budget))
    return rows


def _against(peer: str, name: str, result: Paired, repeats: int, budget: float | None) -> Row:
    value = result.ours_s * _MS / repeats
    if budget is not None:
        return at_least(name, result, peer=peer, budget=budget, value=value, unit="ms")
    return Row(name=name, value=value, unit="ms", peer=peer, ratio=result.times_faster)


def _peers(bars: Bars) -> Iterator[tuple[str, Callable[[], Peer]]]:
    from chart_peers import CandlestickItem, FinplotPeer, PlotPeer, has_finplot

    yield EXAMPLE, lambda: PlotPeer(bars.copy(), CandlestickItem(bars.copy()))
    yield EMPTY, lambda: PlotPeer(bars, None)
    if has_finplot():
        yield FINPLOT, lambda: FinplotPeer(bars.copy(), is_cached=False)
        yield FINPLOT_KEPT, lambda: FinplotPeer(bars.copy(), is_cached=True)


def run() -> list[Row]:
    """Measure frames, ticks and the item by itself, then the peers."""
    app = QApplication.instance() or QApplication(sys.argv[:1])
    theme = Theme("dark")
    assert isinstance(app, QApplication)
    theme.install(app)
    rows: list[Row] = []
    peer_rows: list[Row] = []
    items: dict[int, Callable[[], None]] = {}
    for count in COUNTS:
        bars = make_bars(count)
        ours = Ours(theme, bars)
        app.processEvents()
        rows += _own_rows(ours, count)
        items[count] = ours.paint_item()
        for name, make in _peers(bars):
            peer = make()
            app.processEvents()
            peer_rows += _measure_peer(peer, name, ours, count, float(bars[-1, 3]))
            peer.close()
            app.processEvents()
        ours.canvas.hide()
    return [*rows, *_item_rows(items), *peer_rows]
