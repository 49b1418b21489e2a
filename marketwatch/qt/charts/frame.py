"""Geometry of one picture of the chart: where every bar and price falls, in device px."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRect

from marketwatch.qt.charts.columns import FloatArray
from marketwatch.qt.charts.viewport import PriceScale, Viewport

TIME_AXIS_PX = 22
PRICE_AXIS_PX = 70
LEGEND_PX = 46
_FOOT_PX = 10
_VOLUME_HEAD_PX = 20
_BODY_SHARE = 0.68
_LEAST_CANDLES_PX = 84
_LEAST_PRICE_PX = LEGEND_PX + _LEAST_CANDLES_PX + _FOOT_PX
_FAR = 30_000

Pixels = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Layout:
    """Parts of the chart in logical px."""

    width: int
    height: int
    axis_px: int
    volume_px: int

    @property
    def plot_width(self) -> int:
        """Width of the panes."""
        return max(1, self.width - self.axis_px)

    @property
    def price_height(self) -> int:
        """Height of the price pane."""
        return max(1, self.height - TIME_AXIS_PX - self.volume_height)

    @property
    def volume_height(self) -> int:
        """Height of the volume pane: as chosen, less where the price pane would get too small, then none."""
        left = self.height - TIME_AXIS_PX - _LEAST_PRICE_PX
        return min(self.volume_px, left) if left >= _VOLUME_HEAD_PX * 2 else 0

    @property
    def axis_top(self) -> int:
        """Top of the time axis, the foot of the lowest pane."""
        return self.price_height + self.volume_height

    @property
    def price_pane(self) -> QRect:
        """Pane of the candles."""
        return QRect(0, 0, self.plot_width, self.price_height)

    @property
    def price_axis(self) -> QRect:
        """Axis of prices and volumes at the right."""
        return QRect(self.plot_width, 0, self.axis_px, self.axis_top)

    @property
    def time_axis(self) -> QRect:
        """Axis of time below."""
        return QRect(0, self.axis_top, self.width, TIME_AXIS_PX)


@dataclass(frozen=True, slots=True)
class Slot:
    """Widths of one candle in device px: its pitch, its body, and the line it is drawn with."""

    pitch: float
    body: int
    line: int

    @classmethod
    def of(cls, pitch: float, ratio: float) -> Slot:
        """Return the widths for a pitch; body and line are both odd or both even, so that wicks stand in the middle."""
        line = min(max(1, round(ratio)), max(1, int(pitch * _BODY_SHARE)))
        if pitch < 2 * line:
            return cls(pitch, line, line)
        wanted = pitch * _BODY_SHARE
        body = max(2 * line, int(wanted))
        if body > 2 * line and (body - line) % 2:
            body += 1 if body + 1 <= pitch - 1.5 * line else -1
        return cls(pitch, body, line)


class Frame:
    """One picture's mapping from bars, prices and volumes to device px."""

    def __init__(self, layout: Layout, ratio: float, viewport: Viewport, scale: PriceScale, volume_peak: float) -> None:
        self.layout = layout
        self.ratio = ratio
        self.line = max(1, round(ratio))
        self.scale = scale
        self.pitch = viewport.pitch * ratio
        self.right = viewport.right
        self.plot_width = round(layout.plot_width * ratio)
        self.price_bottom = round(layout.price_height * ratio)
        self.bottom = round(layout.axis_top * ratio)
        room = max(8.0, layout.price_height - _legend_room(layout) - _FOOT_PX) * ratio
        self._top = _legend_room(layout) * ratio
        self._per_price = room / (scale.high - scale.low)
        self.volume_room = max(0.0, (layout.volume_height - _VOLUME_HEAD_PX) * ratio)
        self._per_volume = self.volume_room / volume_peak if volume_peak > 0 else 0.0
        self.volume_peak = volume_peak

    def x(self, position: float) -> float:
        """Return the px of a bar position."""
        return self.plot_width - (self.right - position) * self.pitch

    def centre(self, row: int) -> int:
        """Return the px column in the middle of a bar, where its wick and the crosshair stand."""
        slot = Slot.of(self.pitch, self.ratio)
        left = self.x(row) + (self.pitch - slot.body) / 2
        return int(left // 1) + (slot.body - slot.line) // 2

    def lefts(self, first: int, last: int, group: int, slot: Slot) -> Pixels:
        """Return the left px of the bodies of candles `first` to `last`, each of `group` bars."""
        positions = np.arange(first, last, dtype=np.float64) * group
        edges = self.plot_width - (self.right - positions) * self.pitch + (slot.pitch - slot.body) / 2
        return np.floor(edges).astype(np.int64)

    def y(self, price: float) -> float:
        """Return the px of a price."""
        return self._top + (self.scale.high - price) * self._per_price

    def ys(self, prices: FloatArray) -> Pixels:
        """Return the px rows of known prices."""
        rows = np.rint(self._top + (self.scale.high - prices) * self._per_price)
        return np.clip(rows, -_FAR, _FAR).astype(np.int64)

    def price_at(self, y: float) -> float:
        """Return the price at a px."""
        return self.scale.high - (y - self._top) / self._per_price

    def volume_y(self, volume: float) -> float:
        """Return the px of a volume."""
        return self.bottom - volume * self._per_volume

    def volume_ys(self, volumes: FloatArray) -> Pixels:
        """Return the px rows of volumes; any volume above nothing shows."""
        heights = np.rint(volumes * self._per_volume)
        heights = np.where((volumes > 0) & (heights < 1), 1, heights)
        return (self.bottom - heights).astype(np.int64)

    def volume_at(self, y: float) -> float:
        """Return the volume at a px."""
        return (self.bottom - y) / self._per_volume if self._per_volume else 0.0


def _legend_room(layout: Layout) -> int:
    """Return what the legend takes from the price pane: all it needs, so that it covers no candle."""
    return LEGEND_PX if layout.price_height >= 2 * LEGEND_PX else 8
