"""The clock of one market in the status bar: its time, its session and when that changes."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QPointF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from marketwatch.domain.calendar import Phase, TradingCalendar
from marketwatch.qt import formatting, time_text
from marketwatch.qt.panels.painted import TextRun, base_line, draw_runs, runs_width
from marketwatch.qt.theme import Theme

_HEIGHT = 20
_PADDING = 6
_NS = 1_000_000_000
_REST_S = 3600

_PHASE_WORDS = {
    Phase.CLOSED: "closed",
    Phase.PRE: "pre-market",
    Phase.REGULAR: "open",
    Phase.POST: "after hours",
    Phase.UNKNOWN: "session not known",
}


class ClockView(msgspec.Struct, frozen=True):
    """What a clock says: market, time with zone, and what is going on there.

    `is_at_rest`: closed for more than an hour to come. Then it shows no seconds and need not be written each second.
    """

    market: str
    time: str
    session: str
    is_at_rest: bool = False


def clock_view(market: str, calendar: TradingCalendar, now_ns: int, *, note: str = "") -> ClockView:
    """Describe a market at an instant; `note` (`demo time`, `replay`) says when that is not now."""
    zone = calendar.rules.zone
    phase = calendar.phase(now_ns)
    words = _PHASE_WORDS[phase]
    changes_ns = calendar.next_change(now_ns)
    left_s = None if changes_ns is None else (changes_ns - now_ns) / _NS
    is_at_rest = phase is Phase.CLOSED and not note and (left_s is None or left_s > _REST_S)
    if left_s is not None and phase is not Phase.UNKNOWN:
        left = formatting.duration(left_s) if is_at_rest else formatting.time_left(left_s)
        words += f", {_next_words(calendar, phase)} in {left}"
    time = time_text.short_time(now_ns, zone) if is_at_rest else time_text.clock_time(now_ns, zone)
    when = ", ".join(part for part in (f"{time} {time_text.zone_name(zone, now_ns)}", note) if part)
    return ClockView(market, when, words, is_at_rest)


def _next_words(calendar: TradingCalendar, phase: Phase) -> str:
    hours = calendar.rules.hours
    if phase is Phase.REGULAR:
        return "closes"
    if phase is Phase.POST:
        return "ends"
    if phase is Phase.CLOSED and hours.pre != hours.opens:
        return "pre-market"
    return "opens"


class MarketClock(QWidget):
    """Shows a ClockView; its width only ever grows. Without room for the session only the time is shown."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._view: ClockView | None = None
        self._width = 0
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_HEIGHT)
        theme.changed.connect(self.update)

    @property
    def view(self) -> ClockView | None:
        """What it says now."""
        return self._view

    def set_view(self, view: ClockView) -> None:
        """Say something else; repaints only when it differs."""
        if view == self._view:
            return
        self._view = view
        self.setAccessibleName(f"{view.market} {view.time}, {view.session}")
        self.setToolTip(f"{view.market} {view.time}, {view.session}")
        runs = self._runs(view)
        self.setMinimumWidth(self._needed(runs[:2]))
        width = self._needed(runs)
        if width > self._width:
            self._width = width
            self.setMaximumWidth(width)
        self.updateGeometry()
        self.update()

    def _needed(self, runs: list[TextRun]) -> int:
        return int(2 * _PADDING + runs_width(self._theme, runs, 0)) + 1

    def _runs(self, view: ClockView) -> list[TextRun]:
        fonts = self._theme.fonts
        plain = fonts.numbers("small")
        return [
            (f"{view.market} ", plain, "text2"),
            (view.time, fonts.numbers("small", "medium"), "text1"),
            (f"  {view.session}", plain, "text2"),
        ]

    def sizeHint(self) -> QSize:
        return QSize(self._width, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._view is None:
            return
        with QPainter(self) as painter:
            runs = self._runs(self._view)
            if self._needed(runs) > self.width():
                runs = runs[:2]
            y = base_line(self._theme, runs[0][1], self.height())
            left = self.width() - _PADDING - runs_width(self._theme, runs, 0)
            draw_runs(painter, self._theme, QPointF(left, y), runs, 0)
