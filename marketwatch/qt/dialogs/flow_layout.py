"""A layout that puts widgets side by side and begins a new line where the width ends."""

from __future__ import annotations

from PySide6.QtCore import QMargins, QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class FlowLayout(QLayout):
    """Every widget keeps its own size; nothing is cut.

    With `grows` the first widget also takes what its line leaves free, so that the others end at the right.
    """

    def __init__(self, parent: QWidget, gap: int, line_gap: int, *, grows: bool = False) -> None:
        super().__init__(parent)
        self._gap = gap
        self._line_gap = line_gap
        self._grows = grows
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(QMargins(0, 5, 0, 5))

    def clear(self) -> None:
        """Take all widgets out and delete them."""
        while self._items:
            widget = self._items.pop().widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.invalidate()

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), is_real=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, is_real=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        margins = self.contentsMargins()
        return size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom())

    def _arrange(self, rect: QRect, *, is_real: bool) -> int:
        margins = self.contentsMargins()
        top = rect.y() + margins.top()
        for number, line in enumerate(self._lines(rect.width())):
            top += self._line_gap if number else 0
            height = max(size.height() for _, size in line)
            x = rect.x()
            spare = rect.width() - sum(size.width() for _, size in line) - self._gap * (len(line) - 1)
            for at, (item, size) in enumerate(line):
                width = size.width() + (max(0, spare) if self._grows and number == at == 0 else 0)
                if is_real:
                    place = QPoint(x, top + (height - size.height()) // 2)
                    item.setGeometry(QRect(place, QSize(width, size.height())))
                x += width + self._gap
            top += height
        return top + margins.bottom() - rect.y()

    def _lines(self, width: int) -> list[list[tuple[QLayoutItem, QSize]]]:
        lines: list[list[tuple[QLayoutItem, QSize]]] = []
        used = 0
        for item in self._items:
            if item.isEmpty():  # hidden
                continue
            size = item.sizeHint()
            if not lines or used + self._gap + size.width() > width:
                lines.append([])
                used = -self._gap
            lines[-1].append((item, size))
            used += self._gap + size.width()
        return lines
