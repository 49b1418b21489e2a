"""What stands in an empty list: what is missing and the next step."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from marketwatch.qt.panels.painted import set_text_role
from marketwatch.qt.theme import Theme


class ListMessage(QWidget):
    """Takes the place of the rows while there are none."""

    add_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.button = QPushButton("Add a symbol", self)
        self.button.setToolTip("Ctrl+K")
        self.button.clicked.connect(self.add_requested)
        title = QLabel("This list is empty", self)
        title.setFont(theme.fonts.text("title", "semibold"))
        hint = QLabel("Type a symbol or a name, or press Ctrl+K.\nWhat you removed comes back with Ctrl+Z.", self)
        hint.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        set_text_role(title, "text1")
        set_text_role(hint, "text2")
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        layout.addStretch(2)
        for widget in (title, hint, self.button):
            layout.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)
        theme.changed.connect(self.update)

    def take_focus(self) -> None:
        """Give the keyboard to the next step."""
        self.button.setFocus(Qt.FocusReason.OtherFocusReason)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ground."""
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), self._theme.colour("panel"))
