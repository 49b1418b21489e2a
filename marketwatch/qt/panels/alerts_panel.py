"""The alerts panel: what is watched, nearest first, and today's log; firings wait until they are acknowledged."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QStackedLayout,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.alert_rows import AlertRow, LogRow
from marketwatch.qt.models.keyed_rows import KEYED_ROLE, KeyedRowsModel
from marketwatch.qt.models.stream_words import PanelMessage
from marketwatch.qt.panels.banner import Banner
from marketwatch.qt.panels.dock_head import DockHead, HeadTab
from marketwatch.qt.panels.empty_message import EmptyMessage
from marketwatch.qt.panels.painted import base_line
from marketwatch.qt.panels.plain_table import dress_table
from marketwatch.qt.panels.read_panel import ReadPanel
from marketwatch.qt.panels.report_lines import (
    PADDING,
    Index,
    draw_text,
    paint_ground,
    small_label,
    stand_on_panel,
)
from marketwatch.qt.theme import Theme

_ROW = 37
_GAP = 6


class AlertsView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the panel shows. `blind` says which alerts cannot be seen now, `log_zone` in which zone times are."""

    message: PanelMessage
    rows: Sequence[AlertRow] = ()
    log: Sequence[LogRow] = ()
    blind: PanelMessage | None = None
    summary: str = ""
    log_zone: str = ""


class _Column(msgspec.Struct, frozen=True):
    title: str
    is_right: bool = False


class _Table(QTableView):
    """Enter and Space use the current row, C asks for its chart."""

    row_used = Signal(int)
    chart_asked = Signal(int)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.currentIndex().row()
        if row >= 0 and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.row_used.emit(row)
        elif row >= 0 and event.key() == Qt.Key.Key_C and not event.modifiers():
            self.chart_asked.emit(row)
        else:
            super().keyPressEvent(event)


class AlertsPanel(ReadPanel):
    """Shows what `read` says. Hidden, it does nothing but count.

    `acknowledge_requested` carries the number of a firing, `chart_requested` the key of an alert's row.
    """

    acknowledge_requested = Signal(int)
    chart_requested = Signal(object)

    def __init__(
        self, theme: Theme, icons: IconSet, head: DockHead, read: Callable[[], AlertsView],
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._theme = theme
        self._head = head
        self._read = read
        self.setMinimumSize(200, 80)
        self.setAccessibleName("Alerts")
        stand_on_panel(self)
        self.model: KeyedRowsModel[AlertRow] = KeyedRowsModel((_Column("Alert"),), self)
        self._log_columns = (_Column("Time"), _Column("What"), _Column("Detail"))
        self.log_model: KeyedRowsModel[LogRow] = KeyedRowsModel(self._log_columns, self)
        self._empty = EmptyMessage(theme, icons, self)
        self._no_log = EmptyMessage(theme, icons, self)
        self._no_log.show_message(
            "bell", "Nothing fired today", "What fires, and when alerts cannot be seen, is listed here."
        )
        self.banner = Banner(theme, icons, parent=self)
        self.banner.hide()
        self.table = self._make_table()
        self.log_table = self._make_log_table()
        self.acknowledge = QPushButton("Acknowledge", self)
        self.acknowledge.setProperty("small", True)
        self.acknowledge.clicked.connect(self._on_acknowledge)
        self.summary = small_label(theme, "text3", self)
        self.summary.setWordWrap(False)
        self._pages = QStackedLayout()
        for page in (self._empty, self.table, self._no_log, self.log_table):
            self._pages.addWidget(page)
        self._place()
        head.tab_chosen.connect(self._on_tab)
        self.table.selectionModel().currentRowChanged.connect(self._show_button)
        self.log_table.selectionModel().currentRowChanged.connect(self._show_button)
        self.setFocusProxy(self.table)
        self.refresh()

    def _make_table(self) -> _Table:
        table = _Table(self)
        dress_table(table, self._theme, self.model, "Alerts", _ROW)
        table.horizontalHeader().hide()
        table.horizontalHeader().setStretchLastSection(True)
        table.setItemDelegate(_AlertDelegate(self._theme, table))
        table.row_used.connect(lambda _row: self._on_acknowledge())
        table.doubleClicked.connect(lambda index: self._ask_chart(index.row()))
        table.chart_asked.connect(self._ask_chart)
        return table

    def _make_log_table(self) -> _Table:
        table = _Table(self)
        dress_table(table, self._theme, self.log_model, "Alerts, log of today", self._theme.height("compact"))
        table.setItemDelegate(_LogDelegate(self._theme, table))
        table.row_used.connect(lambda _row: self._on_acknowledge())
        header, fonts = table.horizontalHeader(), self._theme.fonts
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        metrics = fonts.metrics(fonts.numbers("base"))
        header.resizeSection(0, int(metrics.horizontalAdvance("00:00:00")) + 2 * PADDING + 8)
        header.resizeSection(1, int(metrics.horizontalAdvance("sees again")) + 2 * PADDING + 8)
        return table

    def _place(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.banner)
        layout.addLayout(self._pages, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(0, 2, 6, 2)
        foot.addWidget(self.summary, 1)
        foot.addWidget(self.acknowledge)
        layout.addLayout(foot)

    @property
    def message(self) -> str:
        """Why it is empty, an empty text when it is not."""
        current = self._pages.currentWidget()
        return current.sentence if isinstance(current, EmptyMessage) else ""

    def show_log(self, *, is_shown: bool = True) -> None:
        """Show the log, or the alerts again."""
        self._head.tabs.setCurrentIndex(1 if is_shown else 0)

    def refresh(self) -> None:
        """Read everything now; what is the same is not touched."""
        view = self._read()
        self.model.show_rows(self._held(view.rows) if self.table.underMouse() else view.rows)
        self.log_model.show_rows(view.log)
        self._empty.show_message("bell", view.message.cause, view.message.next_step, role=view.message.role)
        if view.blind is not None:
            self.banner.show_message("error", "warning", view.blind.cause, view.blind.next_step)
        self.banner.setVisible(view.blind is not None and bool(view.rows))
        self.summary.setText(view.summary if view.rows else "")
        counts = (str(len(view.rows)) if view.rows else "", str(len(view.log)) if view.log else "")
        tabs = [HeadTab("Alerts", counts[0]), HeadTab("Log today", counts[1])]
        self._head.set_tabs(tabs, max(0, self._head.tabs.currentIndex()))
        if view.log_zone:
            self._log_columns = (_Column(f"Time {view.log_zone}"), *self._log_columns[1:])
            self.log_model.set_columns(self._log_columns)
        self._show_page()

    def _held(self, rows: Sequence[AlertRow]) -> list[AlertRow]:
        """Keep the order while the pointer is over the list: no row moves under it."""
        places = {row.key: self.model.place_of(row.key) for row in rows}
        last = self.model.rowCount()
        return sorted(rows, key=lambda row: places[row.key] if places[row.key] >= 0 else last)

    def _on_tab(self, _index: int) -> None:
        self._show_page()

    def _show_page(self) -> None:
        is_log = self._head.tabs.currentIndex() == 1
        page = (3 if self.log_model.rowCount() else 2) if is_log else (1 if self.model.rowCount() else 0)
        self._pages.setCurrentIndex(page)
        self.setFocusProxy(self.log_table if is_log else self.table)
        self._show_button()

    # --- acknowledging

    def _number(self) -> int | None:
        """Return the firing that the button is about: of the chosen row, else the only ones there are."""
        is_log = self._head.tabs.currentIndex() == 1
        table, model = (self.log_table, self.log_model) if is_log else (self.table, self.model)
        row = model.row(table.currentIndex().row())
        if row is not None and row.number is not None:
            return row.number
        waiting = [one.number for one in map(self.model.row, range(self.model.rowCount())) if one is not None]
        return next((number for number in waiting if number is not None), None)

    def _show_button(self) -> None:
        self.acknowledge.setVisible(self._number() is not None)

    def _on_acknowledge(self) -> None:
        number = self._number()
        if number is not None:
            self.acknowledge_requested.emit(number)

    def _ask_chart(self, place: int) -> None:
        row = self.model.row(place)
        if row is not None:
            self.chart_requested.emit(row.key)

    def sizeHint(self) -> QSize:
        return QSize(340, 273)


class _AlertDelegate(QStyledItemDelegate):
    """Two lines: symbol, condition and distance; origin and state below."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: AlertRow | None = index.data(KEYED_ROLE)
        if row is None:
            return
        theme, fonts, rect = self._theme, self._theme.fonts, option.rect
        paint_ground(painter, theme, option, "alertTint" if row.number is not None else None)
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, theme.brush("line"))
        medium, base, small = fonts.numbers("base", "medium"), fonts.numbers("base"), fonts.numbers("small")
        left, right = float(rect.left() + PADDING + 3), float(rect.right() - PADDING)
        upper, lower = rect.top() + 15.0, rect.top() + 30.0
        painter.save()
        painter.setClipRect(QRectF(rect))
        width = fonts.metrics(base).horizontalAdvance(row.distance)
        draw_text(painter, theme, row.distance, base, "text1", right - width, upper)
        x = draw_text(painter, theme, row.symbol, medium, "text1", left, upper) + _GAP
        words = fonts.metrics(base).elidedText(
            row.condition, Qt.TextElideMode.ElideRight, max(0.0, right - width - _GAP - x)
        )
        draw_text(painter, theme, words, base, "text1", x, upper)
        width = fonts.metrics(small).horizontalAdvance(row.state)
        draw_text(painter, theme, row.state, small, row.state_role, right - width, lower)
        detail = fonts.metrics(small).elidedText(
            row.detail, Qt.TextElideMode.ElideRight, max(0.0, right - width - _GAP - left)
        )
        draw_text(painter, theme, detail, small, "text2", left, lower)
        painter.restore()


class _LogDelegate(QStyledItemDelegate):
    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: LogRow | None = index.data(KEYED_ROLE)
        if row is None:
            return
        theme, rect = self._theme, option.rect
        paint_ground(painter, theme, option, "alertTint" if row.number is not None else None)
        font = theme.fonts.numbers("base")
        column = index.column()
        role = ("text3", row.what_role, "text1")[column]
        text = row.texts[column]
        if column == 2:
            room = rect.width() - 2 * PADDING
            text = theme.fonts.metrics(font).elidedText(text, Qt.TextElideMode.ElideRight, room)
        y = rect.top() + base_line(theme, font, rect.height())
        draw_text(painter, theme, text, font, role, rect.left() + PADDING, y)
