"""Draws what stands still between ticks: grid, sessions, extended hours, holes and the time axis."""

from __future__ import annotations

import math

from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from marketwatch.qt import formatting
from marketwatch.qt.charts.frame import TIME_AXIS_PX, Frame
from marketwatch.qt.charts.legend import BarReader
from marketwatch.qt.charts.model import ChartModel
from marketwatch.qt.charts.text_ruler import TextRuler
from marketwatch.qt.charts.time_ticks import TimeTick, shaded_spans
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import FontWeight, Role

LABEL_GAP_PX = 76.0
_BASELINE_PX = 15
_LEAST_TEXT_GAP = 10.0
_CLEAR_PX = 7.0
_AXIS_INSET = 6.0
_VOLUME_MARK_SHARE = 0.75
_HATCH_PX = 7

DASHES: dict[str, list[float]] = {
    "session": [3.0, 3.0],
    "crosshair": [4.0, 3.0],
    "previous": [1.0, 3.0],
    "last": [2.0, 2.0],
}


def dashed_pen(colour: QColor, kind: str, width: int) -> QPen:
    """Return a pen for one of the dashed lines, measured in its own width."""
    pen = QPen(colour, width, Qt.PenStyle.CustomDashLine, Qt.PenCapStyle.FlatCap)
    pen.setDashPattern(DASHES[kind])
    return pen


class BackdropPainter:
    """Paints the ground of the chart in device px; texts in logical px."""

    def __init__(self, model: ChartModel, theme: Theme, ruler: TextRuler) -> None:
        self._model = model
        self._theme = theme
        self._ruler = ruler
        self._ticks: list[TimeTick] = []
        self._ticks_for: tuple[object, ...] = ()
        self.written: list[tuple[float, float]] = []
        self.marks: list[QRectF] = []

    def time_ticks(self, frame: Frame, first: int, last: int) -> list[TimeTick]:
        """Return the labels of the time axis; kept while the range stays."""
        key = (first, last, frame.pitch, self._model.columns.count)
        if key != self._ticks_for:
            self._ticks_for = key
            pitch = frame.pitch / frame.ratio
            self._ticks = self._model.ticks.choose(first, last, pitch, self._model.interval.ns, LABEL_GAP_PX)
        return self._ticks

    def paint_ground(self, painter: QPainter, frame: Frame, first: int, last: int, prices: list[float]) -> None:
        """Draw all that lies below the candles."""
        self._shade(painter, frame, first, last)
        self._grid(painter, frame, first, last, prices)
        self._holes(painter, frame, first, last)

    def paint_frame(self, painter: QPainter, frame: Frame) -> None:
        """Draw the lines between panes and axes."""
        layout, line = frame.layout, frame.line
        colour = self._theme.colour("line")
        width = round(layout.width * frame.ratio)
        painter.fillRect(QRect(frame.plot_width, 0, line, frame.bottom), colour)
        painter.fillRect(QRect(0, frame.bottom, width, line), colour)
        if layout.volume_height:
            painter.fillRect(QRect(0, frame.price_bottom, width, line), colour)

    def paint_times(self, painter: QPainter, frame: Frame, first: int, last: int) -> None:
        """Write the time axis in logical px; a session's date goes before a time that would touch it.

        `written` keeps (left, right) of every text.
        """
        self.written = []
        ticks = sorted(self.time_ticks(frame, first, last), key=lambda tick: not tick.is_start)
        for tick in ticks:
            weight: FontWeight = "medium" if tick.is_start else "regular"
            width = self._ruler.width(tick.text, "small", weight)
            middle = (frame.centre(tick.row) + frame.line / 2) / frame.ratio
            left = min(max(middle - width / 2, 2.0), frame.layout.plot_width - width - 2.0)
            right = left + width
            if abs(left + width / 2 - middle) > width or self._touches(left, right):
                continue
            self.written.append((left, right))
            role: Role = "text1" if tick.is_start else "axis"
            painter.setFont(self._theme.fonts.numbers("small", weight))
            painter.setPen(self._theme.pen(role))
            painter.drawText(QPointF(left, frame.layout.height - TIME_AXIS_PX + _BASELINE_PX), tick.text)

    def paint_prices(self, painter: QPainter, frame: Frame, reader: BarReader, prices: list[float]) -> None:
        """Write the price axis and one volume in logical px; `marks` keeps where each text stands."""
        layout = frame.layout
        font = self._theme.fonts.numbers("small")
        painter.setFont(font)
        painter.setPen(self._theme.pen("axis"))
        rise = self._theme.fonts.metrics(font).capHeight() / 2
        texts = [(frame.y(price) / frame.ratio, reader.price(price)) for price in prices]
        texts = [(y, text) for y, text in texts if _CLEAR_PX < y < layout.price_height - _CLEAR_PX]
        volume = volume_mark(frame.volume_peak) if frame.volume_room else 0.0
        if volume:
            texts.append((frame.volume_y(volume) / frame.ratio, formatting.volume(volume, reader.currency)))
        self.marks = []
        for y, text in texts:
            width = self._ruler.width(text, "small")
            left = layout.width - _AXIS_INSET - width
            self.marks.append(QRectF(left, y - _CLEAR_PX, width, 2 * _CLEAR_PX))
            painter.drawText(QPointF(left, y + rise), text)

    def _touches(self, left: float, right: float) -> bool:
        return any(left < end + _LEAST_TEXT_GAP and right + _LEAST_TEXT_GAP > start for start, end in self.written)

    def _shade(self, painter: QPainter, frame: Frame, first: int, last: int) -> None:
        model = self._model
        if not model.calendar.rules.has_extended:
            return
        colour = self._theme.colour("extShade")
        for begin, end in shaded_spans(model.columns, model.sessions, model.hours, first, last, frame.pitch):
            left, right = max(0, round(frame.x(begin))), min(frame.plot_width, round(frame.x(end)))
            painter.fillRect(QRect(left, 0, right - left, frame.bottom), colour)

    def _grid(self, painter: QPainter, frame: Frame, first: int, last: int, prices: list[float]) -> None:
        colour, line = self._theme.colour("grid"), frame.line
        for price in prices:
            painter.fillRect(QRect(0, round(frame.y(price)), frame.plot_width, line), colour)
        starts: list[int] = []
        for tick in self.time_ticks(frame, first, last):
            if tick.is_start:
                starts.append(tick.row)
            else:
                painter.fillRect(QRect(frame.centre(tick.row), 0, line, frame.bottom), colour)
        painter.setPen(dashed_pen(self._theme.colour("separator"), "session", line))
        half = line / 2
        for row in starts:
            x = round(frame.x(row)) + half
            painter.drawLine(QLineF(x, 0, x, frame.bottom))

    def _holes(self, painter: QPainter, frame: Frame, first: int, last: int) -> None:
        for begin, end in self._model.hole_rows:
            if end <= first or begin >= last:
                continue
            left, right = max(0, round(frame.x(begin))), min(frame.plot_width, round(frame.x(end)))
            self._hatch(painter, QRect(left, 0, max(frame.line, right - left), frame.price_bottom), frame)

    def _hatch(self, painter: QPainter, rect: QRect, frame: Frame) -> None:
        """Draw diagonals whose place depends on the chart, not on the hole, so that they do not crawl while panning."""
        step = round(_HATCH_PX * frame.ratio)
        height = rect.height()
        painter.save()
        painter.setClipRect(rect, Qt.ClipOperation.IntersectClip)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.colour("gapHatch"), 1.25 * frame.ratio))
        start = (rect.left() - height) // step * step
        painter.drawLines([QLineF(x, height, x + height, 0) for x in range(start, rect.right() + step, step)])
        painter.restore()


def volume_mark(peak: float) -> float:
    """Return the round volume to name on the axis, at about three quarters of the highest; 0 without volume."""
    if peak <= 0:
        return 0.0
    wanted = peak * _VOLUME_MARK_SHARE
    scale = 10.0 ** math.floor(math.log10(wanted))
    return math.floor(wanted / scale) * scale
