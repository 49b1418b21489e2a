"""Shows a table of cells: every number whole, the widest text shortened, columns that find no room left out."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from marketwatch.qt.models.cell_table import CELL_ROLE, Cell, CellTableModel
from marketwatch.qt.panels.cell_actions import CellActions
from marketwatch.qt.panels.painted import draw_focus
from marketwatch.qt.panels.plain_table import dress_table
from marketwatch.qt.panels.tags import TagPainter
from marketwatch.qt.panels.text_measure import TextMeasure
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role

ROW = 28
_PADDING = 7
_BOX = 13
_BOX_ROOM = 24
_Index = QModelIndex | QPersistentModelIndex


class CellTable(QTableView):
    """Arrow keys choose a row. `row_chosen` carries the current row, `activated_row` that of Enter or a double click,
    `check_asked` the row whose box was clicked or toggled with Space, `delete_asked` that of the Delete key,
    `refresh_asked` that of F5. `action_asked` carries a row and which of its actions was clicked.
    """

    row_chosen = Signal(int)
    activated_row = Signal(int)
    check_asked = Signal(int)
    delete_asked = Signal(int)
    refresh_asked = Signal(int)
    action_asked = Signal(int, str)

    def __init__(self, theme: Theme, model: CellTableModel, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.cells = model
        self._delegate = _CellDelegate(theme, self)
        dress_table(self, theme, model, name, ROW, theme.fonts.text("micro"))
        self.setItemDelegate(self._delegate)
        model.modelReset.connect(self.fit)
        model.dataChanged.connect(lambda *_: self.fit())
        self.doubleClicked.connect(self._on_double_click)
        self.setMouseTracking(True)
        theme.changed.connect(self._reload)

    def _reload(self) -> None:
        self._delegate.reload()
        self.horizontalHeader().setFont(self._theme.fonts.text("micro"))
        self.fit()
        self.viewport().update()

    @property
    def row(self) -> int:
        """The current row, -1 for none."""
        return self.currentIndex().row()

    def choose(self, row: int) -> None:
        """Make a row current."""
        if 0 <= row < len(self.cells.rows):
            self.setCurrentIndex(self.cells.index(row, 0))

    def fit_height(self, most: int, least: int = 1) -> None:
        """Be as high as the rows there are, within limits."""
        rows = max(least, min(most, len(self.cells.rows)))
        self.setFixedHeight(rows * ROW + self.horizontalHeader().height() + 1)

    def grow_height(self, least: int, most: int) -> None:
        """Be as high as there is room for, within so many rows."""
        header = self.horizontalHeader().height()
        self.setMinimumHeight(least * ROW + header + 1)
        self.setMaximumHeight(most * ROW + header + 1)

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return QSize(hint.width(), min(hint.height(), self.minimumHeight() or hint.height()))

    def fit(self) -> None:
        """Give the columns their widths; what has no room is hidden, the highest rank first."""
        columns = self.cells.columns
        wanted = [self._wanted(number) for number in range(len(columns))]
        room = self.viewport().width()
        shown = set(range(len(columns)))
        while sum(wanted[number] for number in shown) > room:
            rank = max((columns[number].rank for number in shown), default=0)
            if not rank:
                break
            shown -= {number for number in shown if columns[number].rank == rank}
        spare = room - sum(wanted[number] for number in shown)
        wide = next((number for number in shown if columns[number].stretches), max(shown, default=0))
        for number, column in enumerate(columns):
            self.setColumnHidden(number, number not in shown)
            extra = spare if number == wide else 0
            self.setColumnWidth(number, max(column.least, wanted[number] + extra))

    def hidden_titles(self) -> list[str]:
        """Return the titles of the columns that found no room."""
        return [column.title for number, column in enumerate(self.cells.columns) if self.isColumnHidden(number)]

    def _wanted(self, number: int) -> int:
        column = self.cells.columns[number]
        if column.stretches:
            return column.least
        widest = self._delegate.header_width(column.title)
        for row in range(len(self.cells.rows)):
            widest = max(widest, self._delegate.cell_width(self.cells.cell(row, number)))
        if number == 0 and any(row.is_checked is not None for row in self.cells.rows):
            widest += _BOX_ROOM
        return max(column.least, min(column.most, int(widest) + 2 * _PADDING + 1))

    def currentChanged(self, current: _Index, previous: _Index) -> None:
        super().currentChanged(current, previous)
        if current.row() != previous.row():
            self.row_chosen.emit(current.row())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.activated_row.emit(self.row)
        elif event.key() == Qt.Key.Key_Space and self.row >= 0:
            self.check_asked.emit(self.row)
        elif event.key() == Qt.Key.Key_Delete and self.row >= 0:
            self.delete_asked.emit(self.row)
        elif event.key() == Qt.Key.Key_F5 and self.row >= 0:
            self.refresh_asked.emit(self.row)
        elif event.text().isalnum() and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            event.ignore()  # the dialog's: Qt would look for a row that begins so
        else:
            super().keyPressEvent(event)

    def action_at(self, place: QPoint) -> tuple[int, str]:
        """Return the row and the action at a place of the viewport; the action is empty where there is none."""
        index = self.indexAt(place)
        actions = self.cells.cell(index.row(), index.column()).actions if index.isValid() else ()
        if not actions:
            return index.row(), ""
        return index.row(), self._delegate.actions.at(actions, _action_rect(self.visualRect(index)), place.x())

    def _on_double_click(self, index: _Index) -> None:
        if not self.cells.cell(index.row(), index.column()).actions:
            self.activated_row.emit(index.row())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        is_over = bool(self.action_at(event.position().toPoint())[1])
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if is_over else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        super().mouseReleaseEvent(event)
        row, action = self.action_at(event.position().toPoint())
        if action and event.button() == Qt.MouseButton.LeftButton:
            self.action_asked.emit(row, action)
            return
        is_box = index.isValid() and index.column() == 0 and event.position().x() < _BOX_ROOM + _PADDING
        if is_box and self.cells.rows[index.row()].is_checked is not None:
            self.check_asked.emit(index.row())


class _CellDelegate(QStyledItemDelegate):
    """Paints a cell: box, text with the letters searched for, tags."""

    def __init__(self, theme: Theme, view: CellTable) -> None:
        super().__init__(view)
        self._theme = theme
        self._view = view
        self.reload()

    def reload(self) -> None:
        """Take fonts from the theme."""
        fonts = self._theme.fonts
        self._plain = TextMeasure(fonts.numbers("base"))
        self._strong = TextMeasure(fonts.numbers("base", "medium"))
        self._mono = TextMeasure(fonts.mono("small"))
        self._title = TextMeasure(fonts.text("micro"))
        self._tags = TagPainter(self._theme)
        self.actions = CellActions(self._theme)

    def header_width(self, title: str) -> float:
        """Measure a title."""
        return self._title.width(title) + 4

    def cell_width(self, cell: Cell) -> float:
        """Measure a cell."""
        if cell.actions:
            return self.actions.width(cell.actions)
        tags = self._tags.width(cell.tags) + 4 if cell.tags else 0.0
        return self._measure(cell).width(cell.text) + tags

    def _measure(self, cell: Cell) -> TextMeasure:
        return self._mono if cell.is_mono else self._strong if cell.is_strong else self._plain

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(0, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        theme, rect = self._theme, QRect(option.rect)
        cell: Cell = index.data(CELL_ROLE)
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        has_focus = self._view.hasFocus()
        painter.save()
        ground: Role = "panel" if not is_selected else "selection" if has_focus else "selectionIdle"
        painter.fillRect(rect, theme.brush(ground))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, theme.colour("line"))
        left = rect.left() + _PADDING
        row = self._view.cells.rows[index.row()]
        if index.column() == 0 and row.is_checked is not None:
            self._paint_box(painter, rect, is_on=row.is_checked, is_enabled=row.can_check)
            left += _BOX_ROOM
        if cell.actions:
            self.actions.paint(painter, cell.actions, _action_rect(rect))
        self._paint_cell(painter, cell, rect, left, is_right=self._view.cells.columns[index.column()].is_right)
        if is_selected and has_focus:
            self._paint_focus(painter, rect, index)
        painter.restore()

    def _paint_focus(self, painter: QPainter, rect: QRect, index: _Index) -> None:
        """Draw the part of the row's outline that lies in this cell."""
        width = self._view.viewport().width()
        painter.setClipRect(rect)
        draw_focus(painter, self._theme, QRectF(0, rect.top(), width, rect.height() - 1), 2)

    def _paint_cell(self, painter: QPainter, cell: Cell, rect: QRect, left: int, *, is_right: bool) -> None:
        measure = self._measure(cell)
        tags = self._tags.width(cell.tags) if cell.tags else 0.0
        room = rect.right() - _PADDING - left - tags + 1
        text = elided(measure, cell.text, room)
        x = float(left)
        if is_right:
            x = rect.right() + 1 - _PADDING - measure.width(text) - tags
        base = rect.top() + measure.base_line(ROW)
        end = self._paint_marked(painter, measure, cell, text, QPointF(x, base))
        if cell.tags:
            self._tags.paint(painter, cell.tags, end + 5 if text else x, rect.top(), ROW)

    def _paint_marked(self, painter: QPainter, measure: TextMeasure, cell: Cell, text: str, at: QPointF) -> float:
        painter.setFont(measure.font)
        x, done = at.x(), 0
        for start, end in (*cell.marks, (len(text), len(text))):
            pieces: tuple[tuple[str, Role], ...] = ((text[done:start], cell.role), (text[start:end], "alert"))
            for piece, role in pieces:
                if piece:
                    painter.setPen(self._theme.colour(role))
                    painter.drawText(QPointF(x, at.y()), piece)
                    x += measure.width(piece)
            done = max(done, end)
        return x

    def _paint_box(self, painter: QPainter, rect: QRect, *, is_on: bool, is_enabled: bool) -> None:
        theme = self._theme
        box = QRectF(rect.left() + _PADDING + 0.5, rect.top() + (ROW - _BOX) // 2 + 0.5, _BOX, _BOX)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.pen("accentFill" if is_on else "control" if is_enabled else "line"))
        painter.setBrush(theme.brush("accentFill" if is_on else "sunken"))
        painter.drawRoundedRect(box, 3, 3)
        if is_on:
            painter.setPen(theme.pen("onAccent"))
            painter.drawPolyline(
                [box.topLeft() + QPointF(3, 6.5), box.topLeft() + QPointF(5.5, 9), box.topLeft() + QPointF(10, 4)]
            )
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def editorEvent(self, event: QEvent, model: object, option: QStyleOptionViewItem, index: _Index) -> bool:
        return False  # boxes are asked for by the view, which knows the keys too


def _action_rect(cell: QRect) -> QRect:
    return cell.adjusted(0, 0, -_PADDING, 0)


def elided(measure: TextMeasure, text: str, room: float) -> str:
    """Shorten a text with an ellipsis so that it fits."""
    if measure.width(text) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if measure.width(text[:middle].rstrip() + "…") <= room:
            low = middle
        else:
            high = middle - 1
    return f"{text[:low].rstrip()}…" if low else ""
