"""The chart panel: tool row and candle chart of the instrument chosen in a linked list.

Import it late (it brings numpy): after the first paint.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication, QImage, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from marketwatch.domain.bar_interval import BarInterval
from marketwatch.domain.calendar import TradingCalendar
from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.snapshot import Snapshot
from marketwatch.qt import time_text
from marketwatch.qt.charts.canvas import ChartCanvas
from marketwatch.qt.charts.legend import ChartTitle, interval_words
from marketwatch.qt.charts.model import BarFeed, ChartModel
from marketwatch.qt.charts.snapshot_picture import draw_snapshot
from marketwatch.qt.icons import IconSet
from marketwatch.qt.panels.chart_tools import ChartTools
from marketwatch.qt.panels.read_panel import InstrumentPanel
from marketwatch.qt.theme import Theme
from marketwatch.services.presentation import HISTORY

_VIEWS_KEPT = 64


class ChartFacts(msgspec.Struct, frozen=True):
    """What surrounds the bars of one instrument now.

    `source` names the feed with its delay, `state` the row state in words; `tag` is `SIM` or `REPLAY`. `now_ns` is
    market time. `is_live` is False where the last price stands still.
    """

    calendar: TradingCalendar
    now_ns: Callable[[], int | None]
    source: str = ""
    state: str = ""
    tag: str = ""
    is_live: bool = True


class ChartSource(Protocol):
    """Where bars come from: the chart service."""

    def open(self, instrument_id: InstrumentId, interval: BarInterval) -> BarFeed:
        """Begin to follow the bars of one interval."""
        ...

    def close(self, series: Any) -> None:
        """Stop following."""
        ...


class ChartPanel(InstrumentPanel):
    """Shows one instrument at a time. A surface of the flush timer: hidden, it does nothing.

    `shown` tells the symbol and the interval in words for the head of the dock. `facts` is asked again with every
    update, so that a feed that falls silent is named.
    """

    shown = Signal(str, str)
    picture_copied = Signal(str)
    became_live = Signal()

    def __init__(
        self,
        theme: Theme,
        icons: IconSet,
        source: ChartSource,
        facts: Callable[[Instrument], ChartFacts],
        snapshot: Callable[[InstrumentId], Snapshot | None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.canvas = ChartCanvas(theme, self)
        self.tools = ChartTools(theme, icons, self)
        self._theme = theme
        self._source = source
        self._facts_of = facts
        self._snapshot_of = snapshot
        self._interval = BarInterval.M1
        self._feed: BarFeed | None = None
        self._views: dict[tuple[InstrumentId, BarInterval], tuple[float, float]] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tools)
        column.addWidget(self.canvas, 1)
        self.setFocusProxy(self.canvas)
        self.tools.interval_chosen.connect(self.show_interval)
        self.tools.auto_scale_asked.connect(lambda is_auto: self.canvas.set_auto_price(is_auto=is_auto))
        self.tools.picture_asked.connect(self.copy_picture)
        self.canvas.view_changed.connect(self._on_view_changed)
        self.canvas.interval_typed.connect(lambda label: self.show_interval(BarInterval(label)))
        self.tools.intervals.show_choice(self._interval)
        self.show_instrument(None)

    @property
    def interval(self) -> BarInterval:
        """Length of the bars."""
        return self._interval

    # Choosing

    def show_instrument(self, instrument: Instrument | None) -> None:
        """Show another instrument; None empties the chart. The zoom stays, a place scrolled back to is found again."""
        if instrument is not None and self._instrument is not None and instrument.id == self._instrument.id:
            return
        self._leave()
        self._instrument = instrument
        self._enter()

    def show_interval(self, interval: BarInterval) -> None:
        """Show bars of another length."""
        self.tools.intervals.show_choice(interval)
        if interval is not self._interval:
            self._leave()
            self._interval = interval
            self._enter()

    def reload(self) -> None:
        """Open the bars anew: the feed of the instrument is another one now."""
        self._leave()
        self._enter()

    def close_chart(self) -> None:
        """Let go of the bars, for the end of the program."""
        self._leave()
        self._instrument = None
        self.canvas.clear()

    def to_latest(self) -> None:
        """Show the latest bar."""
        self.canvas.to_latest()

    def reset_view(self) -> None:
        """Latest bar, default zoom, automatic scales (Alt+R)."""
        self.canvas.reset_view()

    # Surface of the flush timer

    def is_live(self) -> bool:
        """Tell whether anybody could see it now."""
        return self._feed is not None and super().is_live()

    def refresh(self) -> None:
        """Read bars, last price and state now."""
        instrument = self._instrument
        if instrument is None or self._feed is None:
            return
        facts = self._facts_of(instrument)
        snapshot = self._snapshot_of(instrument.id)
        self.canvas.now_ns = facts.now_ns
        self.canvas.set_title(self._title(instrument, facts))
        self.canvas.show_message(*_empty_words(instrument, facts, snapshot))
        previous_close = None if snapshot is None else snapshot.prev_close
        self.canvas.refresh(self._last_price(snapshot), previous_close, is_live=facts.is_live)

    # Pictures and state

    def copy_picture(self) -> QImage | None:
        """Put a picture with symbol, interval, source, delay and time on the clipboard; None without a chart."""
        instrument = self._instrument
        if instrument is None or self._feed is None:
            return None
        facts = self._facts_of(instrument)
        image = draw_snapshot(self.canvas, self._theme, self._caption(instrument, facts), facts.tag)
        QGuiApplication.clipboard().setImage(image)
        self.picture_copied.emit(f"Picture of {instrument.symbol} {interval_words(self._interval.label)} copied")
        return image

    def restore_interval(self, label: str) -> None:
        """Show the bars of an interval that was kept; a label that is none changes nothing."""
        found = next((interval for interval in BarInterval if interval.label == label), None)
        if found is not None:
            self.show_interval(found)

    # Events

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.became_live.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # The canvas has passed it on: nothing here takes other keys.
        event.ignore()

    # The rest is bookkeeping

    def _enter(self) -> None:
        instrument = self._instrument
        if instrument is None:
            self.canvas.clear()
            self.canvas.show_message("No instrument chosen", "Select a row in a list; its chart appears here.")
            self.shown.emit("", "")
            return
        facts = self._facts_of(instrument)
        self._feed = self._source.open(instrument.id, self._interval)
        self.canvas.now_ns = facts.now_ns
        model = ChartModel(self._feed, self._interval, facts.calendar)
        self.canvas.show_model(model, self._title(instrument, facts))
        view = self._views.get((instrument.id, self._interval))
        if view is not None:
            self.canvas.viewport.restore(view)
        self.refresh()
        self._on_view_changed()
        self.shown.emit(instrument.symbol, interval_words(self._interval.label))

    def _leave(self) -> None:
        if self._feed is None:
            return
        if self._instrument is not None:
            key = (self._instrument.id, self._interval)
            self._views.pop(key, None)
            if not self.canvas.viewport.is_at_end:
                self._views[key] = self.canvas.viewport.state
                if len(self._views) > _VIEWS_KEPT:
                    del self._views[next(iter(self._views))]
        self._source.close(self._feed)
        self._feed = None

    def _title(self, instrument: Instrument, facts: ChartFacts) -> ChartTitle:
        words = interval_words(self._interval.label)
        return ChartTitle(instrument, words, facts.source, facts.state, facts.tag)

    def _last_price(self, snapshot: Snapshot | None) -> float | None:
        if snapshot is not None and snapshot.price is not None:
            return snapshot.price
        picture = self.canvas.picture
        columns = picture.model.columns if picture is not None else None
        if columns is None or not columns.count or columns.is_hole(columns.count - 1):
            return None
        return float(columns.close[columns.count - 1])

    def _caption(self, instrument: Instrument, facts: ChartFacts) -> str:
        zone = facts.calendar.rules.zone
        now_ns = facts.now_ns()
        when = ""
        if now_ns is not None:
            day, clock = time_text.full_day(now_ns, zone), time_text.clock_time(now_ns, zone)
            when = f"{day} {clock} {time_text.zone_name(zone, now_ns)}"
        interval = interval_words(self._interval.label)
        parts = (f"{instrument.symbol} {instrument.tag}", interval, facts.source, facts.state, when)
        return "  ·  ".join(part for part in parts if part)

    def _on_view_changed(self) -> None:
        self.tools.show_auto(is_auto=self.canvas.viewport.manual is None)


def _empty_words(instrument: Instrument, facts: ChartFacts, snapshot: Snapshot | None) -> tuple[str, str]:
    if facts.state.startswith(HISTORY):
        return "No bars", f"The feed has no minutes of {instrument.symbol} for the days chosen in Settings > Feeds."
    if snapshot is None:
        return "No bars yet", f"Bars of {instrument.symbol} appear with the first trade."
    zone, since = facts.calendar.rules.zone, snapshot.origin.seen_from_ns
    when = f"{time_text.short_time(since, zone)} {time_text.zone_name(zone, since)}"
    return "No bars yet", f"No trade of {instrument.symbol} seen since {when}; bars appear with the first trade."
