"""The list of notices, with the chosen one spelled out below."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QHeaderView,
    QStackedLayout,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from marketwatch.qt.icons import IconName, IconSet
from marketwatch.qt.models.notices_model import NOTICE_ROLE, NoticeColumn, NoticesModel
from marketwatch.qt.panels.banner import Banner, Tone
from marketwatch.qt.panels.empty_message import EmptyMessage
from marketwatch.qt.panels.painted import TextRun, base_line
from marketwatch.qt.panels.plain_table import dress_table
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role
from marketwatch.services.notices import Notice, Severity, in_sentences

Index = QModelIndex | QPersistentModelIndex

_PADDING = 5
_KIND_ROLES: dict[Severity, Role] = {Severity.INFO: "text2", Severity.DECISION: "alert", Severity.ERROR: "error"}
_TONES: dict[Severity, tuple[Tone, IconName]] = {
    Severity.INFO: ("plain", "info"),
    Severity.DECISION: ("decision", "info"),
    Severity.ERROR: ("error", "warning"),
}


class NoticesPanel(QWidget):
    """Shows a NoticesModel. `action_requested` carries the command of a notice's button and its number."""

    action_requested = Signal(str, int)

    def __init__(self, theme: Theme, icons: IconSet, model: NoticesModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._model = model
        self.setAccessibleName("Notices")
        self.setMinimumSize(200, 60)
        self._empty = EmptyMessage(theme, icons, self)
        self._empty.show_message("info", "Nothing to report", "Problems and their next steps are listed here.")
        self._table = self._make_table()
        self._detail = Banner(theme, icons, buttons_beside=True, parent=self)
        self._detail.hide()
        self._detail.button_clicked.connect(self._on_button)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._list_page())
        model.rowsInserted.connect(self._on_rows_changed)
        model.rowsRemoved.connect(self._on_rows_changed)
        model.dataChanged.connect(self._show_detail)
        self._table.selectionModel().currentRowChanged.connect(self._show_detail)
        self._on_rows_changed()

    def _make_table(self) -> QTableView:
        table = QTableView(self)
        dress_table(table, self._theme, self._model, "Notices", self._theme.height("compact"))
        table.setItemDelegate(_NoticeDelegate(self._theme, table))
        self._divide(table.horizontalHeader())
        return table

    def _divide(self, header: QHeaderView) -> None:
        fonts = self._theme.fonts
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(NoticeColumn.DETAIL, QHeaderView.ResizeMode.Stretch)
        metrics = fonts.metrics(fonts.numbers("base"))
        header.resizeSection(NoticeColumn.TIME, int(metrics.horizontalAdvance("00:00:00")) + 2 * _PADDING + 8)
        header.resizeSection(NoticeColumn.KIND, int(metrics.horizontalAdvance("problem")) + 2 * _PADDING + 8)

    def _list_page(self) -> QWidget:
        page = QWidget(self)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._table, 1)
        layout.addWidget(self._detail)
        page.setFocusProxy(self._table)
        self.setFocusProxy(self._table)
        return page

    @property
    def table(self) -> QTableView:
        """The list."""
        return self._table

    @property
    def detail_text(self) -> str:
        """What is spelled out below the list, an empty text without a choice."""
        return "" if self._detail.isHidden() else self._detail.sentence

    def sizeHint(self) -> QSize:
        return QSize(340, 152)

    def _on_rows_changed(self) -> None:
        self._stack.setCurrentIndex(1 if self._model.rowCount() else 0)
        self._show_detail()

    def _current(self) -> Notice | None:
        return self._model.notice(self._table.currentIndex().row())

    def _show_detail(self) -> None:
        notice = self._current()
        self._detail.setVisible(notice is not None)
        if notice is None:
            return
        tone, icon = _TONES[notice.severity]
        head = in_sentences(notice.thing, notice.cause)
        times = f"{notice.count} times within a minute" if notice.count > 1 else ""
        step = in_sentences(notice.next_step, times)
        self._detail.show_message(tone, icon, head, step, (notice.action.label,) if notice.action else ())

    def _on_button(self, _position: int) -> None:
        notice = self._current()
        if notice is not None and notice.action is not None:
            self.action_requested.emit(notice.action.command, notice.number)


class _NoticeDelegate(QStyledItemDelegate):
    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        notice = index.data(NOTICE_ROLE)
        if notice is None:
            return
        from PySide6.QtWidgets import QStyle  # making its hundreds of enum members waits until a notice is painted

        theme, rect = self._theme, option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            has_focus = bool(option.state & QStyle.StateFlag.State_Active) and option.widget.hasFocus()
            painter.fillRect(rect, theme.brush("selection" if has_focus else "selectionIdle"))
        column = index.column()
        if column == NoticeColumn.DETAIL:
            self._paint_detail(painter, rect, notice)
            return
        role: Role = "text3" if column == NoticeColumn.TIME else _KIND_ROLES[notice.severity]
        font = theme.fonts.numbers("base")
        painter.setFont(font)
        painter.setPen(theme.pen(role))
        at = QPointF(rect.left() + _PADDING, rect.top() + base_line(theme, font, rect.height()))
        painter.drawText(at, index.data())

    def _paint_detail(self, painter: QPainter, rect: QRect, notice: Notice) -> None:
        theme, fonts = self._theme, self._theme.fonts
        rest = in_sentences(notice.cause, notice.next_step)
        pieces: list[TextRun] = [
            (notice.thing, fonts.numbers("base", "medium"), "text1"),
            (rest, fonts.numbers("base"), "text2"),
        ]
        if notice.count > 1:
            pieces.insert(1, (f"{notice.count} times", fonts.numbers("base"), "text3"))
        x, right = rect.left() + float(_PADDING), rect.right() - _PADDING
        y = rect.top() + base_line(theme, pieces[0][1], rect.height())
        painter.save()
        painter.setClipRect(QRectF(rect))
        for text, font, role in pieces:
            if not text or x >= right:
                continue
            metrics = fonts.metrics(font)
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, right - x)
            painter.setFont(font)
            painter.setPen(theme.pen(role))
            painter.drawText(QPointF(x, y), shown)
            x += metrics.horizontalAdvance(shown) + 8
        painter.restore()
