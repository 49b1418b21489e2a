"""Puts one picture of the chart together: a finished part kept as a pixmap, and what moves on top of it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPixmap, QRegion

from marketwatch.qt.charts.backdrop import BackdropPainter
from marketwatch.qt.charts.candles import CandlePainter
from marketwatch.qt.charts.frame import Frame, Layout
from marketwatch.qt.charts.legend import BarReader, ChartTitle, title_segments
from marketwatch.qt.charts.model import ChartModel
from marketwatch.qt.charts.overlay import LEGEND_LINE_PX, Crosshair, OverlayPainter, PriceLines, last_price_rect
from marketwatch.qt.charts.price_ticks import price_ticks
from marketwatch.qt.charts.text_ruler import TextRuler
from marketwatch.qt.charts.viewport import PriceScale, Viewport
from marketwatch.qt.theme import Theme

_TICK_PX = 46
_LEGEND_TOP = 5
_VOLUME_LEGEND_TOP = 3
_PEAK_STEP = 1.05
_STRIP_PX = 4


@dataclass(slots=True)
class Shown:
    """What the picture shows besides bars."""

    title: ChartTitle
    lines: PriceLines
    crosshair: Crosshair | None = None
    is_forming: bool = False


class ChartPicture:
    """Draws one model through one viewport.

    Panning, zooming and new bars draw the kept part anew; ticks of the last bar and the crosshair do not.
    """

    def __init__(self, model: ChartModel, shown: Shown, viewport: Viewport, theme: Theme) -> None:
        self.model = model
        self.shown = shown
        self.reader = BarReader(model, shown.title.instrument)
        self.closed_version = 0
        self.rebuilds = 0
        self._viewport = viewport
        self._theme = theme
        self._candles = CandlePainter(model.columns, model.pyramid, theme)
        ruler = TextRuler(theme.fonts)
        self._backdrop = BackdropPainter(model, theme, ruler)
        self._overlay = OverlayPainter(theme, ruler)
        tick_size = shown.title.instrument.tick_size
        self._least_step = float(tick_size) if tick_size else 0.01
        self._kept = QPixmap()
        self._kept_for: tuple[object, ...] = ()

    def frame(self, layout: Layout, ratio: float) -> Frame:
        """Return the geometry for the current view and data."""
        first, last = self._viewport.visible_rows()
        scale = self._viewport.manual or self._auto_scale(first, last)
        peak = self.model.pyramid.volume_peak(first, last)
        if peak > 0:
            # In steps, or every tick of the busiest bar would move all the others.
            peak = _PEAK_STEP ** math.ceil(math.log(peak, _PEAK_STEP))
        return Frame(layout, ratio, self._viewport, scale, peak)

    def row(self) -> int:
        """Return the bar that the legend speaks of: under the crosshair, else the last."""
        last = self.model.columns.count - 1
        crosshair = self.shown.crosshair
        return last if crosshair is None else min(crosshair.row, last)

    def paint(self, painter: QPainter, frame: Frame, region: QRegion) -> None:
        """Draw the parts of the chart that lie in `region`, logical px."""
        layout, shown = frame.layout, self.shown
        kept = self._kept_part(frame)
        for rect in cast("Iterable[QRect]", region):
            # One rectangle at a time: Qt copies whole lines then, and goes the long way for a clip of many parts.
            painter.setClipRect(rect)
            painter.drawPixmap(0, 0, kept)
        painter.setClipping(False)
        painter.save()
        painter.scale(1 / frame.ratio, 1 / frame.ratio)
        self._clip(painter, frame, 0, frame.price_bottom)
        self._candles.paint_newest(painter, frame, is_forming=shown.is_forming)
        self._clip(painter, frame, frame.price_bottom + frame.line, frame.bottom)
        self._candles.paint_newest_volume(painter, frame)
        painter.setClipping(False)
        self._overlay.paint_lines(painter, frame, shown.lines, shown.crosshair)
        painter.restore()
        if region.intersects(layout.price_axis):
            marks = self._backdrop.marks
            self._overlay.paint_price_axis(painter, frame, self.reader, shown.lines, shown.crosshair, marks)
        if shown.crosshair is not None and region.intersects(layout.time_axis):
            written = self._backdrop.written
            self._overlay.paint_time_label(painter, frame, self.reader, shown.crosshair.row, written)
        # Each legend line by itself: a tick changes the figures, not the title.
        if region.intersects(self._title_rect(layout)):
            self.paint_title(painter, layout.plot_width)
        if region.intersects(self._figures_rect(layout)):
            self._paint_figures(painter, layout)
        if layout.volume_height and region.intersects(self._volume_head_rect(layout)):
            self._paint_volume_legend(painter, layout)

    def paint_title(self, painter: QPainter, width: float) -> None:
        """Write who the chart is about; all there is to write without bars."""
        lines = self._overlay.legend_lines([title_segments(self.shown.title)], width)
        self._overlay.paint_legend(painter, _LEGEND_TOP, lines)

    def last_bar_region(self, frame: Frame, old_lines: PriceLines) -> QRegion:
        """Return what a tick in the last bar changes, in logical px."""
        layout = frame.layout
        first, last = self._candles.last_candle(frame)
        left = int(frame.x(first - 1) / frame.ratio) - _STRIP_PX
        right = int(frame.x(last) / frame.ratio) + _STRIP_PX
        region = QRegion(QRect(left, 0, right - left, layout.axis_top)).united(layout.price_axis)
        for price in (old_lines.last, self.shown.lines.last):
            if price is not None:
                region = region.united(last_price_rect(frame, price))
        if self.row() == self.model.columns.count - 1:
            region = region.united(self._figures_rect(layout)).united(self._volume_head_rect(layout))
        return region

    def _auto_scale(self, first: int, last: int) -> PriceScale:
        found = self.model.pyramid.price_range(first, last)
        if found is None:
            found = self.model.pyramid.price_range(0, self.model.columns.count) or (0.0, 1.0)
        low, high = found
        least = max(self._least_step * 4, abs(high) * 1e-6)
        if high - low < least:
            middle = (low + high) / 2
            return PriceScale(middle - least / 2, middle + least / 2)
        return PriceScale(low, high)

    def _price_ticks(self, frame: Frame) -> list[float]:
        low, high = frame.price_at(frame.price_bottom), frame.price_at(0)
        return price_ticks(low, high, max(2, frame.layout.price_height // _TICK_PX), self._least_step)

    def is_kept_good(self, frame: Frame) -> bool:
        """Tell whether the kept part of the picture still stands, so that only the last bar need be drawn."""
        return self._key(frame) == self._kept_for

    def _key(self, frame: Frame) -> tuple[object, ...]:
        return (
            frame.layout, frame.ratio, self._theme.generation, self._viewport.version, self.closed_version,
            frame.scale.low, frame.scale.high, frame.volume_peak,
        )  # fmt: skip

    def _kept_part(self, frame: Frame) -> QPixmap:
        key = self._key(frame)
        if key != self._kept_for:
            self._kept_for = key
            self._draw_kept_part(frame)
            self.rebuilds += 1
        return self._kept

    def _draw_kept_part(self, frame: Frame) -> None:
        layout, prices = frame.layout, self._price_ticks(frame)
        size = QSize(math.ceil(layout.width * frame.ratio), math.ceil(layout.height * frame.ratio))
        if self._kept.size() != size:
            self._kept = QPixmap(size)
        self._kept.setDevicePixelRatio(1.0)
        self._kept.fill(self._theme.colour("panel"))
        first, last = self._viewport.visible_rows()
        with QPainter(self._kept) as painter:
            self._backdrop.paint_ground(painter, frame, first, last, prices)
            self._clip(painter, frame, frame.price_bottom, frame.bottom)
            self._candles.paint_volumes(painter, frame, first, last)
            self._clip(painter, frame, 0, frame.price_bottom)
            self._candles.paint_closed(painter, frame, first, last)
            painter.setClipping(False)
            self._backdrop.paint_frame(painter, frame)
            painter.scale(frame.ratio, frame.ratio)
            self._backdrop.paint_times(painter, frame, first, last)
            self._backdrop.paint_prices(painter, frame, self.reader, prices)
        self._kept.setDevicePixelRatio(frame.ratio)

    def _clip(self, painter: QPainter, frame: Frame, top: int, bottom: int) -> None:
        painter.setClipRect(QRect(0, top, frame.plot_width, bottom - top), Qt.ClipOperation.ReplaceClip)

    def _title_rect(self, layout: Layout) -> QRect:
        return QRect(0, 0, layout.plot_width, _LEGEND_TOP + LEGEND_LINE_PX)

    def _figures_rect(self, layout: Layout) -> QRect:
        return QRect(0, _LEGEND_TOP + LEGEND_LINE_PX, layout.plot_width, LEGEND_LINE_PX)

    def _volume_head_rect(self, layout: Layout) -> QRect:
        return QRect(0, layout.price_height + _VOLUME_LEGEND_TOP, layout.plot_width, LEGEND_LINE_PX)

    def _paint_figures(self, painter: QPainter, layout: Layout) -> None:
        row = self.row()
        forming = self.shown.is_forming and row == self.model.columns.count - 1
        lines = self._overlay.legend_lines([self.reader.segments(row, is_forming=forming)], layout.plot_width)
        self._overlay.paint_legend(painter, _LEGEND_TOP + LEGEND_LINE_PX, lines)

    def _paint_volume_legend(self, painter: QPainter, layout: Layout) -> None:
        lines = self._overlay.legend_lines([self.reader.volume_segments(self.row())], layout.plot_width)
        self._overlay.paint_legend(painter, layout.price_height + _VOLUME_LEGEND_TOP, lines)


def paint_message(painter: QPainter, theme: Theme, box: QRect, title: str, detail: str) -> None:
    """Write in the middle of a chart what is missing, why, and what comes next."""
    area = QRectF(box).adjusted(24, 0, -24, 0)
    middle = area.center().y()
    painter.setFont(theme.fonts.text("control", "semibold"))
    painter.setPen(theme.pen("text1"))
    flags = int(Qt.AlignmentFlag.AlignHCenter) | int(Qt.TextFlag.TextWordWrap)
    painter.drawText(QRectF(area.topLeft() + QPointF(0, middle - 24), area.size()), flags, title)
    painter.setFont(theme.fonts.text("base"))
    painter.setPen(theme.pen("text2"))
    painter.drawText(QRectF(area.topLeft() + QPointF(0, middle), area.size()), flags, detail)
