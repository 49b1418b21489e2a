"""The line of a feed whose vendor wants a login every day: whether it was done, and the button that begins it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from marketwatch.qt.models.feed_settings_model import SignInView
from marketwatch.qt.panels.painted import set_text_role
from marketwatch.qt.theme import Theme

_NOT_YET = SignInView("Not signed in")


class SignInField(QWidget):
    """`requested` tells that the user wants to sign in. Without stored key and secret the button waits for them."""

    requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = QLabel(self)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setFont(theme.fonts.text("base"))
        self.words.setWordWrap(True)
        self.button = QPushButton("Sign in…", self)
        self.button.setAutoDefault(False)
        self.button.setAccessibleName("Sign in")
        self.button.clicked.connect(self.requested)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        line.addWidget(self.words, 1)
        line.addWidget(self.button)
        self.show_view(_NOT_YET)

    def show_view(self, view: SignInView | None) -> None:
        """Say whether the user is signed in for today."""
        shown = view or _NOT_YET
        self.words.setText(shown.words)
        set_text_role(self.words, "text2" if shown.is_signed_in else "alert")
        self.button.setText("Sign in again…" if shown.is_signed_in else "Sign in…")
        self.button.setAccessibleDescription(shown.words)

    def allow(self, *, is_allowed: bool) -> None:
        """Let the button be pressed, or not yet."""
        self.button.setEnabled(is_allowed)
