"""What dragging, turning the wheel and double clicking do to the view. Knows no painting."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPointF, Qt

from marketwatch.qt.charts.frame import Frame, Layout
from marketwatch.qt.charts.viewport import PriceScale, Viewport

WHEEL_NOTCH = 120
_ZOOM_PER_NOTCH = 1.15
_STRETCH_PX = 200.0
_GRAB_PX = 3
LEAST_VOLUME_PX = 40


class Zone(enum.Enum):
    """Parts of the chart that answer to the mouse in their own way."""

    PLOT = Qt.CursorShape.CrossCursor
    PRICE_AXIS = Qt.CursorShape.SizeVerCursor
    TIME_AXIS = Qt.CursorShape.SizeHorCursor
    DIVIDER = Qt.CursorShape.SplitVCursor


def zone_at(layout: Layout, point: QPointF) -> Zone:
    """Return the part under a point in logical px."""
    if layout.volume_height and abs(point.y() - layout.price_height) <= _GRAB_PX:
        return Zone.DIVIDER
    if point.y() >= layout.axis_top:
        return Zone.TIME_AXIS
    return Zone.PRICE_AXIS if point.x() >= layout.plot_width else Zone.PLOT


@dataclass(slots=True)
class _Drag:
    zone: Zone
    start: QPointF
    last: QPointF
    scale: PriceScale
    per_px: float
    volume_px: int


class Gestures:
    """Turns mouse movements into changes of the viewport."""

    def __init__(self, viewport: Viewport, set_volume_px: Callable[[int], None]) -> None:
        self._viewport = viewport
        self._set_volume_px = set_volume_px
        self._drag: _Drag | None = None

    @property
    def is_dragging(self) -> bool:
        """Tell whether a button is held."""
        return self._drag is not None

    def press(self, point: QPointF, frame: Frame) -> None:
        """Begin a drag."""
        scale = frame.scale
        per_px = abs(frame.price_at(1.0) - frame.price_at(0.0)) * frame.ratio
        zone = zone_at(frame.layout, point)
        self._drag = _Drag(zone, QPointF(point), QPointF(point), scale, per_px, frame.layout.volume_height)

    def release(self) -> None:
        """End a drag."""
        self._drag = None

    def move(self, point: QPointF) -> None:
        """Go on with a drag: the plot pans, an axis stretches, the divider moves."""
        drag = self._drag
        if drag is None:
            return
        step, total = point - drag.last, point - drag.start
        drag.last = QPointF(point)
        viewport = self._viewport
        if drag.zone is Zone.PLOT:
            if step.x():
                viewport.pan(step.x())
            if viewport.manual is not None and step.y():
                viewport.set_manual(viewport.manual.moved(step.y() * drag.per_px))
        elif drag.zone is Zone.TIME_AXIS:
            viewport.zoom_time(math.exp(-step.x() / _STRETCH_PX), viewport.width)
        elif drag.zone is Zone.PRICE_AXIS:
            viewport.set_manual(drag.scale.stretched(math.exp(total.y() / _STRETCH_PX)))
        else:
            self._set_volume_px(max(LEAST_VOLUME_PX, round(drag.volume_px - total.y())))

    def double_click(self, point: QPointF, layout: Layout) -> None:
        """Restore the automatic scale of the axis under the pointer."""
        zone = zone_at(layout, point)
        if zone is Zone.PRICE_AXIS:
            self._viewport.auto_price()
        elif zone is Zone.TIME_AXIS:
            self._viewport.auto_time()

    def wheel(self, point: QPointF, frame: Frame, across: float, up: float) -> None:
        """Zoom time about the pointer, stretch prices over their axis, pan with a sideways wheel."""
        if abs(across) > abs(up):
            self._viewport.pan(across)
            return
        factor = _ZOOM_PER_NOTCH ** (up / WHEEL_NOTCH)
        if zone_at(frame.layout, point) is Zone.PRICE_AXIS:
            self._viewport.set_manual(frame.scale.stretched(1 / factor))
        else:
            self._viewport.zoom_time(factor, min(max(point.x(), 0.0), self._viewport.width))
