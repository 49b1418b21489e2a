"""Words in a cell that do something when clicked: the first in an outline like a button, the others plain."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QPainter

from marketwatch.qt.panels.text_measure import TextMeasure
from marketwatch.qt.theme import Theme

_HEIGHT = 22
_PADDING = 8
_GAP = 4


class CellActions:
    """Measures, draws and finds them; they end at the right edge of their cell."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self.reload()

    def reload(self) -> None:
        """Take the font from the theme."""
        self._measure = TextMeasure(self._theme.fonts.text("small", "medium"))

    def width(self, actions: Sequence[str]) -> float:
        """Return the room that they take."""
        return sum((self._width_of(action) + _GAP for action in actions), 0.0)

    def at(self, actions: Sequence[str], rect: QRect, x: float) -> str:
        """Return the one that stands there, nothing between them."""
        return next((action for action, box in self._boxes(actions, rect) if box.left() <= x <= box.right()), "")

    def paint(self, painter: QPainter, actions: Sequence[str], rect: QRect) -> None:
        """Draw them."""
        theme = self._theme
        painter.setFont(self._measure.font)
        for number, (action, box) in enumerate(self._boxes(actions, rect)):
            if not number:
                painter.setPen(theme.pen("control"))
                painter.setBrush(theme.brush("raised"))
                painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
            painter.setPen(theme.pen("text1" if not number else "text2"))
            base = box.top() + self._measure.base_line(_HEIGHT)
            painter.drawText(QPointF(box.left() + _PADDING, base), action)

    def _boxes(self, actions: Sequence[str], rect: QRect) -> list[tuple[str, QRectF]]:
        left = rect.right() + 1 - self.width(actions)
        top = rect.top() + (rect.height() - _HEIGHT) // 2
        boxes = []
        for action in actions:
            width = self._width_of(action)
            boxes.append((action, QRectF(round(left), top, width, _HEIGHT)))
            left += width + _GAP
        return boxes

    def _width_of(self, action: str) -> int:
        return round(self._measure.width(action)) + 2 * _PADDING
