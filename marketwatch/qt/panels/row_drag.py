"""Dragging a row of a list to another place, while the list shows its own order."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QApplication, QTableView

from marketwatch.qt.theme import Theme

_LINE = 2
_SCROLL_ZONE = 16


class RowDrag:
    """Follows the pointer from the press to the drop; the line between two rows shows where the row would go."""

    def __init__(self, view: QTableView) -> None:
        self._view = view
        self._source = -1
        self._start = QPoint()
        self._gap = -1

    @property
    def is_active(self) -> bool:
        """Tell whether a row is being dragged."""
        return self._gap >= 0

    def arm(self, start: QPoint, position: int) -> None:
        """The pointer was pressed on a row."""
        self._source = position
        self._start = start
        self._gap = -1

    def follow(self, point: QPoint) -> bool:
        """The pointer moved with the button down; tell whether that is a drag."""
        if self._source < 0:
            return False
        if not self.is_active and (point - self._start).manhattanLength() < QApplication.startDragDistance():
            return True
        self._scroll(point)
        self._gap = self._gap_at(point)
        return True

    def finish(self) -> tuple[int, int] | None:
        """The button was released; return source and target position, None when nothing moves."""
        source, gap = self._source, self._gap
        self._source = self._gap = -1
        if source < 0 or gap < 0:
            return None
        target = gap - 1 if gap > source else gap
        return None if target == source else (source, target)

    def cancel(self) -> bool:
        """Give the drag up; tell whether there was one."""
        was_active = self.is_active
        self._source = self._gap = -1
        return was_active

    def paint(self, painter: QPainter, theme: Theme) -> None:
        """Draw the line where the row would go."""
        if not self.is_active:
            return
        view = self._view
        count = view.model().rowCount()
        if self._gap < count:
            y = view.rowViewportPosition(self._gap)
        else:
            y = view.rowViewportPosition(count - 1) + view.rowHeight(count - 1)
        painter.fillRect(0, max(0, y - _LINE // 2), view.viewport().width(), _LINE, theme.colour("focus"))

    def _gap_at(self, point: QPoint) -> int:
        position = self._view.rowAt(point.y())
        if position < 0:
            return 0 if point.y() < 0 else self._view.model().rowCount()
        middle = self._view.rowViewportPosition(position) + self._view.rowHeight(position) / 2
        return position + 1 if point.y() > middle else position

    def _scroll(self, point: QPoint) -> None:
        bar = self._view.verticalScrollBar()
        if point.y() < _SCROLL_ZONE:
            bar.setValue(bar.value() - _SCROLL_ZONE)
        elif point.y() > self._view.viewport().height() - _SCROLL_ZONE:
            bar.setValue(bar.value() + _SCROLL_ZONE)
