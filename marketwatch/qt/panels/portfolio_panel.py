"""The portfolio as a server states it: positions, totals, and what the totals leave out."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Signal
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QStackedLayout,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from marketwatch.qt.formatting import CUT
from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.keyed_rows import KEYED_ROLE, KeyedRowsModel
from marketwatch.qt.models.portfolio_rows import COLUMNS, MoneyCell, PortfolioView, PositionRow
from marketwatch.qt.panels.empty_message import EmptyMessage
from marketwatch.qt.panels.painted import base_line, set_text_role
from marketwatch.qt.panels.plain_table import dress_table
from marketwatch.qt.panels.read_panel import ReadPanel
from marketwatch.qt.panels.report_lines import (
    PADDING,
    Index,
    draw_text,
    paint_ground,
    small_label,
    stand_on_panel,
    struck,
)
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role

_LEAST_NAME = 96
_HIDDEN_FIRST = (5, 2, 4)
"""Which columns go where there is no room for all figures: no figure is cut."""
_ARROWS = {1: "▲ ", -1: "▼ "}


class _Table(QTableView):
    """Tells when its room has changed, by a scroll bar too."""

    resized = Signal()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()


class PortfolioPanel(ReadPanel):
    """Shows what `read` says. Hidden, it does nothing; `titled` tells its title for its head."""

    titled = Signal(str)

    def __init__(
        self, theme: Theme, icons: IconSet, read: Callable[[], PortfolioView], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._read = read
        self._title = ""
        self.setMinimumSize(240, 80)
        stand_on_panel(self)
        self.model: KeyedRowsModel[PositionRow] = KeyedRowsModel(COLUMNS, self)
        self._empty = EmptyMessage(theme, icons, self)
        self.table = _Table(self)
        self.table.resized.connect(self._fit)
        dress_table(self.table, theme, self.model, "Server portfolio", theme.height("compact"))
        self.table.setItemDelegate(_MoneyDelegate(theme, self.table))
        self.stated = small_label(theme, "text3", self)
        self.notes = small_label(theme, "alert", self)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._list_page())
        self.setFocusProxy(self.table)
        self.refresh()

    def _list_page(self) -> QWidget:
        page = QWidget(self)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.notes)
        layout.addWidget(self.stated)
        return page

    @property
    def message(self) -> str:
        """Why it is empty, an empty text when it is not."""
        return self._empty.sentence if self._stack.currentIndex() == 0 else ""

    def refresh(self) -> None:
        """Read everything now; what is the same is not touched."""
        view = self._read()
        if view.title != self._title:
            self._title = view.title
            self.setAccessibleName(view.title)
            self.table.setAccessibleName(view.title)
            self.titled.emit(view.title)
        if view.message is not None:
            self._empty.show_message("briefcase", view.message.cause, view.message.next_step, role=view.message.role)
        self._stack.setCurrentIndex(0 if view.message is not None else 1)
        self.model.show_rows(view.rows)
        self.stated.setText(view.stated)
        set_text_role(self.stated, view.stated_role)
        self.notes.setText(view.notes)
        self.notes.setVisible(bool(view.notes))
        self._fit()

    @property
    def title(self) -> str:
        """What the panel is called."""
        return self._title

    def _fit(self) -> None:
        """Give each figure the width of its widest, and the rest to the names; without room some columns go."""
        theme, table = self._theme, self.table
        metrics = theme.fonts.metrics(theme.fonts.numbers("base", "semibold"))
        arrows = metrics.horizontalAdvance(_ARROWS[1]) if theme.uses_arrows else 0.0
        widths = []
        for number, column in enumerate(COLUMNS):
            texts = [column.title, *(self.model.index(row, number).data() for row in range(self.model.rowCount()))]
            widths.append(int(max(metrics.horizontalAdvance(text) for text in texts) + arrows) + 2 * PADDING + 6)
        room = table.viewport().width()
        shown = set(range(len(COLUMNS)))
        widths[0] = _LEAST_NAME
        for number in _HIDDEN_FIRST:
            if sum(widths[one] for one in shown) > room:
                shown.discard(number)
        widths[0] = max(_LEAST_NAME, room - sum(widths[one] for one in shown if one))
        for number, width in enumerate(widths):
            table.setColumnHidden(number, number not in shown)
            if number in shown and table.columnWidth(number) != width:
                table.setColumnWidth(number, width)

    def sizeHint(self) -> QSize:
        return QSize(662, 240)


class _MoneyDelegate(QStyledItemDelegate):
    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: PositionRow | None = index.data(KEYED_ROLE)
        if row is None:
            return
        theme, rect = self._theme, option.rect
        paint_ground(painter, theme, option, "zebra" if row.is_total else None)
        if row.is_total:
            painter.fillRect(rect.left(), rect.top(), rect.width(), 1, theme.brush("lineStrong"))
        painter.save()
        painter.setClipRect(QRectF(rect))
        if index.column() == 0:
            self._paint_name(painter, option, row)
        else:
            self._paint_figure(painter, option, row, row.cells[index.column()])
        painter.restore()

    def _paint_name(self, painter: QPainter, option: QStyleOptionViewItem, row: PositionRow) -> None:
        theme, fonts, rect = self._theme, self._theme.fonts, option.rect
        font = fonts.numbers("base", "semibold" if row.is_total else "medium")
        y = rect.top() + base_line(theme, font, rect.height())
        x = draw_text(painter, theme, row.cells[0].text, font, "text1", rect.left() + PADDING + 3, y)
        if row.tag:
            draw_text(painter, theme, row.tag, fonts.numbers("tag"), "text3", x + 6, y)

    def _paint_figure(
        self, painter: QPainter, option: QStyleOptionViewItem, row: PositionRow, cell: MoneyCell
    ) -> None:  # fmt: skip
        theme, rect = self._theme, option.rect
        font = theme.fonts.numbers("base", "semibold" if row.is_total else "regular")
        text, role = cell.text, cell.role
        if cell.direction is not None:
            role = theme.direction(cell.direction)
            text = f"{_ARROWS.get(cell.direction, '')}{text}" if theme.uses_arrows else text
        room = rect.width() - 2 * PADDING
        if theme.fonts.metrics(font).horizontalAdvance(text) > room:
            text = CUT
        x = rect.right() + 1 - PADDING - theme.fonts.metrics(font).horizontalAdvance(text)
        shown: Role = "text3" if cell.is_struck else role
        y = rect.top() + base_line(theme, font, rect.height())
        draw_text(painter, theme, text, struck(font) if cell.is_struck else font, shown, x, y)
        if cell.is_struck or cell.is_doubted:
            painter.fillRect(rect.left() + 1, rect.top() + 4, 2, rect.height() - 8, theme.brush("error"))
