"""Many rectangles or lines in one painter call, in device px.

Qt's C++ interface takes an address and a count; PySide passes both on, which saves building thousands of Python
objects. That is checked once by drawing; where it fails, lists of objects are handed over instead.
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt
import shiboken6
from PySide6.QtCore import QLineF, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

_START = 512


def can_pass_arrays() -> bool:
    """Tell whether painter calls by address work with this PySide; found out once."""
    return _probe()


@functools.cache
def _probe() -> bool:
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.black)
    try:
        with QPainter(image) as painter:
            batch = RectBatch(by_address=True)
            batch.add(*(np.array([value]) for value in (2, 2, 4, 4)))
            batch.draw(painter, QColor(Qt.GlobalColor.white))
            lines = LineBatch(by_address=True)
            lines.polyline(np.array([0.0, 7.0]), np.array([7.0, 7.0]))
            lines.draw(painter, QPen(Qt.GlobalColor.white))
    except (TypeError, AttributeError):
        return False
    lit = [(x, y) for y in range(7) for x in range(8) if image.pixelColor(x, y).lightness() > 0]
    return lit == [(x, y) for y in (2, 3) for x in (2, 3)] and image.pixelColor(3, 7).lightness() > 0


class RectBatch:
    """Filled rectangles of one colour, kept as the 32-bit corners of QRect."""

    def __init__(self, *, by_address: bool | None = None) -> None:
        self._by_address = can_pass_arrays() if by_address is None else by_address
        self._corners: npt.NDArray[np.int32] = np.empty((_START, 4), dtype=np.int32)
        self.count = 0

    def clear(self) -> None:
        """Forget the rectangles, keep the space."""
        self.count = 0

    def add(
        self,
        left: npt.NDArray[np.integer],
        top: npt.NDArray[np.integer],
        right: npt.NDArray[np.integer],
        bottom: npt.NDArray[np.integer],
    ) -> None:
        """Add rectangles from `left`, `top` up to, not including, `right`, `bottom`; empty ones draw nothing."""
        end = self.count + len(left)
        if end > len(self._corners):
            larger = np.empty((max(end, 2 * len(self._corners)), 4), dtype=np.int32)
            larger[: self.count] = self._corners[: self.count]
            self._corners = larger
        rows = self._corners[self.count : end]
        rows[:, 0], rows[:, 1] = left, top
        # QRect keeps its last pixel, not the one after it.
        rows[:, 2], rows[:, 3] = right, bottom
        rows[:, 2:] -= 1
        self.count = end

    def draw(self, painter: QPainter, colour: QColor) -> None:
        """Fill all rectangles."""
        if not self.count:
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        if self._by_address:
            first = shiboken6.wrapInstance(self._corners.ctypes.data, QRect)
            painter.drawRects(first, self.count)  # type: ignore[call-overload]
        else:
            rows = self._corners[: self.count].tolist()
            painter.drawRects([QRect(x, y, right - x + 1, bottom - y + 1) for x, y, right, bottom in rows])


class LineBatch:
    """Straight lines of one pen."""

    def __init__(self, *, by_address: bool | None = None) -> None:
        self._by_address = can_pass_arrays() if by_address is None else by_address
        self._ends: npt.NDArray[np.float64] = np.empty((0, 4))

    def polyline(self, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> None:
        """Hold the lines that join the points; a NaN breaks the line."""
        ends = np.column_stack((x[:-1], y[:-1], x[1:], y[1:]))
        known = ~np.isnan(ends).any(axis=1)
        self._ends = np.ascontiguousarray(ends if known.all() else ends[known])

    def draw(self, painter: QPainter, pen: QPen) -> None:
        """Draw all lines."""
        count = len(self._ends)
        if not count:
            return
        painter.setPen(pen)
        if self._by_address:
            first = shiboken6.wrapInstance(self._ends.ctypes.data, QLineF)
            painter.drawLines(first, count)  # type: ignore[call-overload]
        else:
            painter.drawLines([QLineF(*ends) for ends in self._ends.tolist()])
