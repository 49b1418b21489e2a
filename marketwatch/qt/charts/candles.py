"""Draws candles and volumes of the visible range in a few painter calls, in device px."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from marketwatch.qt.charts.columns import BarColumns, FloatArray
from marketwatch.qt.charts.frame import Frame, Slot
from marketwatch.qt.charts.primitives import LineBatch, RectBatch
from marketwatch.qt.charts.pyramid import FACTOR, BarPyramid
from marketwatch.qt.theme import Theme

AVERAGE_BARS = 20
_FORMING_OPACITY = 0.45
_FORMING_DASHES = (2.0, 1.5)


class CandlePainter:
    """Paints candles, volumes and the average of the volume.

    Up candles are hollow and down candles solid, so that direction survives without colour.
    """

    def __init__(self, columns: BarColumns, pyramid: BarPyramid, theme: Theme) -> None:
        self._columns = columns
        self._pyramid = pyramid
        self._theme = theme
        self._up_lines, self._up_fills = RectBatch(), RectBatch()
        self._down_lines, self._down_fills = RectBatch(), RectBatch()
        self._average = LineBatch()

    def level(self, frame: Frame) -> int:
        """Return the level of the pyramid that this picture draws."""
        return self._pyramid.level_for(frame.pitch)

    def last_candle(self, frame: Frame) -> tuple[int, int]:
        """Return first row and end of the candle that holds the last bar: it is drawn apart from the others."""
        group = FACTOR ** self.level(frame)
        return (self._columns.count - 1) // group * group, self._columns.count

    def paint_closed(self, painter: QPainter, frame: Frame, first: int, last: int) -> None:
        """Draw the candles of rows `first` to `last` (exclusive), the newest candle left out."""
        level = self.level(frame)
        group = FACTOR**level
        newest = self.last_candle(frame)[0] // group
        self._paint(painter, frame, level, first // group, min(-(-last // group), newest))

    def paint_volumes(self, painter: QPainter, frame: Frame, first: int, last: int) -> None:
        """Draw the volumes that belong to `paint_closed` and the average line up to them."""
        level = self.level(frame)
        group = FACTOR**level
        newest = self.last_candle(frame)[0] // group
        start, end = first // group, min(-(-last // group), newest)
        self._paint_volumes(painter, frame, level, start, end)
        self._paint_average(painter, frame, group, start, end)

    def paint_newest(self, painter: QPainter, frame: Frame, *, is_forming: bool) -> None:
        """Draw the newest candle; a forming one has a dashed outline and a fainter fill."""
        if not self._columns.count:
            return
        level = self.level(frame)
        newest = self.last_candle(frame)[0] // FACTOR**level
        slot = Slot.of(frame.pitch * FACTOR**level, frame.ratio)
        if is_forming and slot.body > 2 * slot.line:
            self._paint_forming(painter, frame, newest, slot)
        else:
            self._paint(painter, frame, level, newest, newest + 1)

    def paint_newest_volume(self, painter: QPainter, frame: Frame) -> None:
        """Draw the volume of the newest candle and the end of the average line."""
        if not self._columns.count:
            return
        level = self.level(frame)
        newest = self.last_candle(frame)[0] // FACTOR**level
        self._paint_volumes(painter, frame, level, newest, newest + 1)
        self._paint_average(painter, frame, FACTOR**level, max(0, newest - 1), newest + 1)

    def _paint(self, painter: QPainter, frame: Frame, level: int, first: int, last: int) -> None:
        if last <= first:
            return
        opens, highs, lows, closes, _ = self._pyramid.candles(level, first, last)
        group = FACTOR**level
        slot = Slot.of(frame.pitch * group, frame.ratio)
        left = frame.lefts(first, last, group, slot)
        known = ~np.isnan(closes)
        if not known.all():
            opens, highs, lows, closes = opens[known], highs[known], lows[known], closes[known]
            left = left[known]
        up = closes >= opens
        for lines, fills, chosen in (
            (self._up_lines, self._up_fills, up),
            (self._down_lines, self._down_fills, ~up),
        ):
            lines.clear()
            fills.clear()
            _add(lines, fills, frame, slot, left[chosen], opens[chosen], highs[chosen], lows[chosen], closes[chosen])
        colour = self._theme.colour
        self._up_lines.draw(painter, colour("candleUpOutline"))
        self._up_fills.draw(painter, colour("candleUpFill"))
        self._down_lines.draw(painter, colour("candleDownOutline"))
        self._down_fills.draw(painter, colour("candleDownFill"))

    def _paint_forming(self, painter: QPainter, frame: Frame, row: int, slot: Slot) -> None:
        columns = self._columns
        opened, closed = float(columns.open[row]), float(columns.close[row])
        if math.isnan(closed):
            return
        high, low, top, bottom = frame.ys(
            np.array([columns.high[row], columns.low[row], max(opened, closed), min(opened, closed)])
        ).tolist()
        bottom = max(bottom, top + slot.line)
        left = int(frame.lefts(row, row + 1, 1, slot)[0])
        middle = left + (slot.body - slot.line) // 2
        outline, fill = self._forming_colours(closed >= opened)
        painter.fillRect(QRect(middle, high, slot.line, top - high), outline)
        painter.fillRect(QRect(middle, bottom, slot.line, low - bottom), outline)
        painter.fillRect(QRect(left, top, slot.body, bottom - top), fill)
        pen = QPen(outline, slot.line)
        pen.setDashPattern(_FORMING_DASHES)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        half = slot.line // 2
        painter.drawRect(left + half, top + half, slot.body - slot.line, max(bottom - top - slot.line, 1))

    def _forming_colours(self, is_up: bool) -> tuple[QColor, QColor]:
        outline = self._theme.colour("candleUpOutline" if is_up else "candleDownOutline")
        fill = QColor(self._theme.colour("candleUpFill" if is_up else "candleDownFill"))
        fill.setAlphaF(_FORMING_OPACITY)
        return outline, fill

    def _paint_volumes(self, painter: QPainter, frame: Frame, level: int, first: int, last: int) -> None:
        if last <= first or not frame.volume_room:
            return
        opens, _, _, closes, volumes = self._pyramid.candles(level, first, last)
        group = FACTOR**level
        slot = Slot.of(frame.pitch * group, frame.ratio)
        left = frame.lefts(first, last, group, slot)
        top = frame.volume_ys(volumes)
        down = closes < opens
        for batch, chosen, colour in (
            (self._up_lines, ~down, self._theme.colour("volumeUp")),
            (self._down_lines, down, self._theme.colour("volumeDown")),
        ):
            batch.clear()
            start = left[chosen]
            batch.add(start, top[chosen], start + slot.body, np.full(len(start), frame.bottom))
            batch.draw(painter, colour)

    def _paint_average(self, painter: QPainter, frame: Frame, group: int, first: int, last: int) -> None:
        """Draw the mean volume of the 20 bars that end with the last bar of each candle."""
        if last - first < 2 or not frame.volume_room or not frame.volume_peak:
            return
        candles = np.arange(first, last, dtype=np.int64)
        ends = np.minimum((candles + 1) * group, self._columns.count)
        means = self._columns.average_volumes(ends, AVERAGE_BARS)
        x = frame.plot_width - (frame.right - (candles.astype(np.float64) + 0.5) * group) * frame.pitch
        self._average.polyline(x, frame.bottom - means * (frame.volume_room / frame.volume_peak))
        pen = QPen(self._theme.colour("series2"), frame.line)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._average.draw(painter, pen)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def _add(
    lines: RectBatch,
    fills: RectBatch,
    frame: Frame,
    slot: Slot,
    left: np.ndarray[tuple[int], np.dtype[np.int64]],
    opens: FloatArray,
    highs: FloatArray,
    lows: FloatArray,
    closes: FloatArray,
) -> None:
    """Add outlines (wick and body) and the insides of candles that all go one way."""
    high, low = frame.ys(highs), frame.ys(lows)
    top = frame.ys(np.maximum(opens, closes))
    bottom = np.maximum(frame.ys(np.minimum(opens, closes)), top + slot.line)
    wick = left + (slot.body - slot.line) // 2
    lines.add(wick, high, wick + slot.line, np.maximum(low, bottom))
    if slot.body == slot.line:
        return
    lines.add(left, top, left + slot.body, bottom)
    if slot.body > 2 * slot.line:
        right = left + slot.body - slot.line
        fills.add(left + slot.line, top + slot.line, right, np.maximum(bottom - slot.line, top + slot.line))
