"""A frameless dialog over the window: head with a title, room for the page, foot with a hint and buttons."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from marketwatch.qt.icons import IconSet
from marketwatch.qt.panels.painted import plain_label
from marketwatch.qt.theme import Theme

_HEAD = 40
_FOOT = 52
_MARGIN = 24
_RIM = 2


class Sheet(QDialog):
    """Put the page into `body`, buttons into the foot with `add_button`. Show it with `open_sized`."""

    def __init__(self, theme: Theme, icons: IconSet, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self._theme = theme
        self.setWindowTitle(title)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.title = QLabel(title, self)
        self.title.setFont(theme.fonts.text("title", "semibold"))
        self.close_button = QToolButton(self)
        self.close_button.setAccessibleName("Close")
        self.close_button.setToolTip("Close (Esc)")
        icons.keep(self.close_button, "close", "text2", 16)
        self.close_button.clicked.connect(self.reject)
        self.hint = plain_label(theme.fonts.text("small"), self, "text3")
        self.body = QWidget(self)
        self._foot = QHBoxLayout()
        self._foot.setContentsMargins(16, 0, 16, 0)
        self._foot.setSpacing(8)
        self._foot.addWidget(self.hint, 1)
        self._place()
        theme.changed.connect(self.update)

    def _place(self) -> None:
        head = QWidget(self)
        head.setFixedHeight(_HEAD)
        row = QHBoxLayout(head)
        row.setContentsMargins(16, 0, 6, 0)
        row.addWidget(self.title, 1)
        row.addWidget(self.close_button)
        foot = QWidget(self)
        foot.setFixedHeight(_FOOT)
        foot.setLayout(self._foot)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(self.body, 1)
        column.addWidget(foot)

    def add_button(self, text: str, kind: str = "") -> QPushButton:
        """Put a button at the right of the foot; `kind` is `primary`, `plain` or nothing."""
        button = QPushButton(text, self)
        button.setProperty("kind", kind)
        button.setAutoDefault(False)
        self._foot.addWidget(button)
        return button

    def open_sized(self, size: QSize) -> None:
        """Show the dialog over its parent, as large as wanted or as there is room."""
        parent = self.parentWidget()
        room = size if parent is None else _room_over(parent.window())
        self.resize(_fitting(size.width(), room.width()), _fitting(size.height(), room.height()))
        if parent is not None:
            self.move(parent.window().geometry().center() - self.rect().center())
        self.open()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        button = self.focusWidget()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(button, QPushButton):
            button.click()
            return
        super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.position().y() < _HEAD and event.button() == Qt.MouseButton.LeftButton:
            self.windowHandle().startSystemMove()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, bottom = self._theme, self.height() - _FOOT - 1
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), theme.brush("panel"))
            painter.fillRect(0, 0, self.width(), _HEAD, theme.brush("raised"))
            painter.fillRect(0, bottom, self.width(), _FOOT + 1, theme.brush("raised"))
            painter.fillRect(0, _HEAD, self.width(), 1, theme.brush("line"))
            painter.fillRect(0, bottom, self.width(), 1, theme.brush("line"))
            painter.setPen(theme.pen("lineStrong"))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))


def _room_over(window: QWidget) -> QSize:
    """Return the size of a window, kept below the screen's: what fills it is put above everything, alerts as well."""
    return window.size().boundedTo(window.screen().geometry().size() - QSize(0, _RIM))


def _fitting(wanted: int, room: int) -> int:
    return min(wanted, room if room < 1000 else room - 2 * _MARGIN)
