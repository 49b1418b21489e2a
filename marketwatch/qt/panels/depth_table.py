"""The levels of a book as a table, with a bar behind each level as long as its size."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from marketwatch.qt.formatting import CUT
from marketwatch.qt.models.depth_model import BAR_ROLE, PRICES, SHORT_ROLE, SIZES, BookColumn, DepthModel
from marketwatch.qt.panels.cell_pictures import paint_edge
from marketwatch.qt.panels.painted import draw_focus
from marketwatch.qt.panels.plain_table import dress_table
from marketwatch.qt.panels.row_looks import LOOKS
from marketwatch.qt.panels.text_measure import TextMeasure
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role
from marketwatch.services.presentation import RowStateKind

Index = QModelIndex | QPersistentModelIndex

_PADDING = 5
_BAR_INSET = 2
_ORDERS_SHARE = 0.35  # of what the prices leave; the sizes get the rest
_FIVE_ROWS = 5
_ORDERS = (BookColumn.BID_ORDERS, BookColumn.ASK_ORDERS)


class DepthTable(QTableView):
    """Arrow keys choose a level. Call `fit` when prices may have become wider."""

    def __init__(self, theme: Theme, model: DepthModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._book = model
        self._delegate = _LevelDelegate(theme, model, self)
        dress_table(self, theme, model, "Levels of the book", theme.height("compact"))
        self.horizontalHeader().setMinimumSectionSize(20)
        self.setItemDelegate(self._delegate)
        model.modelReset.connect(self.fit)
        theme.changed.connect(self._delegate.reload)
        self.setMinimumHeight(theme.height("header") + _FIVE_ROWS * theme.height("compact"))

    @property
    def shown(self) -> dict[tuple[int, int], str]:
        """The texts as they were painted last, by row and column."""
        return self._delegate.shown

    def fit(self) -> None:
        """Give the prices the width they need, and orders and sizes what is left; both sides are alike.

        Where there is no room for both, orders are left to the tooltip. The table is as high as its levels, so that
        the sums follow the last one.
        """
        rows = max(self._book.rowCount(), _FIVE_ROWS)
        self.setMaximumHeight(self.horizontalHeader().height() + rows * self._theme.height("compact"))
        half = self.viewport().width() // 2
        price = min(half, self._delegate.widest(PRICES) + 2 * _PADDING)
        title = self.horizontalHeader().fontMetrics().horizontalAdvance("Orders") + 2 * _PADDING + 2
        orders = max(title, round((half - price) * _ORDERS_SHARE))
        if half - price - orders < self._delegate.widest(SIZES) + 2 * _PADDING:
            orders = 0
        for column in _ORDERS:
            if self.isColumnHidden(column) is not (orders == 0):
                self.setColumnHidden(column, orders == 0)
        widths = (orders, half - price - orders, price)
        for column, width in zip(BookColumn, (*widths, *reversed(widths)), strict=True):
            if width and self.columnWidth(column) != width:
                self.setColumnWidth(column, width)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def sizeHint(self) -> QSize:
        return QSize(340, self.minimumHeight())


class _LevelDelegate(QStyledItemDelegate):
    def __init__(self, theme: Theme, model: DepthModel, parent: DepthTable) -> None:
        super().__init__(parent)
        self._theme = theme
        self._model = model
        self._table = parent
        self.shown: dict[tuple[int, int], str] = {}
        self.reload()

    def reload(self) -> None:
        self._plain = TextMeasure(self._theme.fonts.numbers("base"))
        self._strong = TextMeasure(self._theme.fonts.numbers("base", "medium"))

    def widest(self, columns: tuple[BookColumn, ...]) -> int:
        """Measure the widest figure of some columns, the short form where there is one."""
        model = self._model
        cells = [model.index(row, column) for row in range(model.rowCount()) for column in columns]
        return round(max((self._least_width(cell) for cell in cells), default=0.0) + 0.5)

    def _least_width(self, index: Index) -> float:
        texts = (self._model.data(index), self._model.data(index, SHORT_ROLE))
        return min(self._strong.width(text) for text in texts if text is not None)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(40, self._theme.height("compact"))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        view = self._model.view
        if view is None:
            return
        theme, rect, column = self._theme, option.rect, BookColumn(index.column())
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        has_focus = self._table.hasFocus()
        ground: Role = "staleTint" if view.is_faulty else "panel"
        if is_selected:
            ground = "selection" if has_focus else "selectionIdle"
        painter.fillRect(rect, theme.brush(ground))
        self._paint_bar(painter, rect, index, column, is_live=view.is_live)
        if column is BookColumn.ASK:
            painter.fillRect(rect.left(), rect.top(), 1, rect.height(), theme.brush("lineStrong"))
        self._paint_text(painter, rect, index, column, view.role)
        if view.is_faulty and rect.left() <= 0:
            paint_edge(painter, theme, LOOKS[RowStateKind.STALE], rect.left(), rect.top(), rect.height())
        if is_selected and has_focus and column >= BookColumn.ASK_SIZE:
            row = QRectF(0, rect.top(), self._table.viewport().width(), rect.height())
            painter.save()
            draw_focus(painter, theme, row, 0)
            painter.restore()

    def _paint_bar(self, painter: QPainter, rect: QRect, index: Index, column: BookColumn, *, is_live: bool) -> None:
        """Draw this cell's part of the bar, which begins in the middle of the row."""
        share = self._model.data(index, BAR_ROLE)
        if not share:
            return
        middle = self._table.columnViewportPosition(BookColumn.ASK)
        length = max(1, round(share * middle))
        left, right = (middle - length, middle) if column.is_bid else (middle, middle + length)
        part = QRect(left, rect.top() + _BAR_INSET, right - left, rect.height() - 2 * _BAR_INSET).intersected(rect)
        role: Role = "line"
        if is_live:
            role = "gainFlash" if column.is_bid else "lossFlash"
        painter.fillRect(part, self._theme.brush(role))

    def _paint_text(self, painter: QPainter, rect: QRect, index: Index, column: BookColumn, role: Role) -> None:
        measure = self._strong if column in PRICES else self._plain
        room = rect.width() - 2 * _PADDING + 2
        text = self._model.data(index) or ""
        if measure.width(text) > room and column in SIZES:
            text = self._model.data(index, SHORT_ROLE) or text
        if measure.width(text) > room:
            text = CUT
        self.shown[index.row(), column] = text
        if column not in (*PRICES, *SIZES) and role == "text1":
            role = "text2"
        painter.setFont(measure.font)
        painter.setPen(self._theme.pen(role))
        x = rect.right() + 1 - _PADDING - measure.width(text)
        painter.drawText(QPointF(x, rect.top() + measure.base_line(rect.height())), text)
