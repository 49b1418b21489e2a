"""Column titles of a list: sort arrows, widths, order, and the menu of columns."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QPainter
from PySide6.QtWidgets import QHeaderView, QWidget

from marketwatch.domain.watchlist import SortState
from marketwatch.qt.models.columns import Column
from marketwatch.qt.panels.cell_painter import EDGE_WIDTH, PADDING
from marketwatch.qt.panels.text_measure import TextMeasure
from marketwatch.qt.theme import Theme

_ARROW = 5
_ARROW_ROOM = _ARROW + 3
_LEAST_WIDTH = 28


class WatchlistHeader(QHeaderView):
    """Paints itself. `menu_requested` carries the column key under the pointer and the place on the screen."""

    menu_requested = Signal(str, QPoint)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setViewport(QWidget(self))  # asked for Qt's own, the binding would first make every class of widget
        self._theme = theme
        self._columns: tuple[Column, ...] = ()
        self._sort: SortState | None = None
        self.setSectionsClickable(True)
        self.setSectionsMovable(True)
        self.setFirstSectionMovable(False)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(_LEAST_WIDTH)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.setAccessibleName("Column titles")
        self.setMouseTracking(True)
        self.reload()

    def reload(self) -> None:
        """Take fonts and colours from the theme."""
        self._measure = TextMeasure(self._theme.fonts.text("micro"))
        self.setFixedHeight(self._theme.height("header"))
        self.viewport().update()

    def set_columns(self, columns: tuple[Column, ...]) -> None:
        """Say which columns the sections stand for."""
        self._columns = columns

    def set_sort(self, sort: SortState | None) -> None:
        """Show the arrow of the sorted column."""
        self._sort = sort
        self.viewport().update()

    def sizeHint(self) -> QSize:
        """Return the fixed height of the design."""
        return QSize(super().sizeHint().width(), self._theme.height("header"))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask the panel for the column menu."""
        section = self.logicalIndexAt(event.pos())
        key = self._columns[section].key if 0 <= section < len(self._columns) else ""
        self.menu_requested.emit(key, event.globalPos())

    def paintSection(self, painter: QPainter, rect: QRect, logical_index: int) -> None:
        """Draw one title, its arrow on the inner side."""
        theme = self._theme
        painter.fillRect(rect, theme.colour("panel"))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, theme.colour("line"))
        if logical_index >= len(self._columns):
            return
        column = self._columns[logical_index]
        title = str(self.model().headerData(logical_index, Qt.Orientation.Horizontal) or "")
        is_sorted = self._sort is not None and self._sort.column == column.key
        left, right = self._room(column, rect, is_sorted=is_sorted)
        title = self._fitted(title, right - left)
        width = self._measure.width(title)
        x = right - width if column.is_number else left
        painter.setFont(self._measure.font)
        painter.setPen(theme.colour("text1" if is_sorted else "text3"))
        painter.drawText(QPointF(x, rect.top() + self._measure.base_line(rect.height() - 1)), title)
        if is_sorted and self._sort is not None:
            arrow_x = x - _ARROW_ROOM if column.is_number else x + width + 3
            self._paint_arrow(painter, arrow_x, rect.top() + rect.height() / 2, is_down=self._sort.descending)

    def _room(self, column: Column, rect: QRect, *, is_sorted: bool) -> tuple[float, float]:
        left = rect.left() + PADDING + (EDGE_WIDTH if column.key == "symbol" else 0)
        right = rect.right() + 1 - PADDING
        room = _ARROW_ROOM if is_sorted else 0
        return (left + room, right) if column.is_number else (left, right - room)

    def _fitted(self, title: str, room: float) -> str:
        if self._measure.width(title) <= room:
            return title
        while title and self._measure.width(title + "…") > room:
            title = title[:-1].rstrip()
        return f"{title}…" if title else ""

    def _paint_arrow(self, painter: QPainter, x: float, middle: float, *, is_down: bool) -> None:
        base, tip = (middle - 1.5, middle + 2) if is_down else (middle + 1.5, middle - 2)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.brush("text1"))
        painter.drawPolygon([QPointF(x, base), QPointF(x + _ARROW, base), QPointF(x + _ARROW / 2, tip)])
        painter.restore()
