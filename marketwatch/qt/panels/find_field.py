"""A field to search with: a magnifier at the left, and a button that empties it while there is text."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLineEdit, QToolButton, QWidget

from marketwatch.qt.icons import IconSet
from marketwatch.qt.theme import Theme

_ICON = 16
_ROOM = 24


class FindField(QLineEdit):
    """`hint` stands in it while it is empty, `name` is what a screen reader says."""

    def __init__(self, theme: Theme, icons: IconSet, hint: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(hint)
        self.setAccessibleName(name)
        self.setTextMargins(_ICON + 4, 0, _ROOM, 0)
        self._glass = self._button()
        self._glass.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        icons.keep(self._glass, "search", "text2", _ICON)
        self.clear_button = self._button()
        self.clear_button.setAccessibleName("Empty the field")
        self.clear_button.setToolTip("Empty the field")
        icons.keep(self.clear_button, "close", "text2", 14)
        self.clear_button.clicked.connect(self.clear)
        self.textChanged.connect(lambda text: self.clear_button.setVisible(bool(text)))
        self.clear_button.hide()

    def _button(self) -> QToolButton:
        button = QToolButton(self)
        button.setProperty("small", True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setCursor(Qt.CursorShape.ArrowCursor)
        button.setIconSize(QSize(_ICON, _ICON))
        button.setFixedSize(_ROOM - 2, _ROOM - 2)
        return button

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        top = (self.height() - self._glass.height()) // 2
        self._glass.move(4, top)
        self.clear_button.move(self.width() - self.clear_button.width() - 4, top)
