"""A band in the colour of decisions: an icon, a bold cause, and what follows from it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from marketwatch.qt.icons import IconSet
from marketwatch.qt.panels.framed import Framed
from marketwatch.qt.panels.painted import set_text_role
from marketwatch.qt.theme import Theme


class WarningBand(Framed):
    """Hidden while there is nothing to say."""

    def __init__(self, theme: Theme, icons: IconSet, parent: QWidget | None = None) -> None:
        super().__init__(theme, "alert", parent)
        self.cause = QLabel(self)
        self.rest = QLabel(self)
        self.cause.setFont(theme.fonts.text("base", "semibold"))
        icon = QToolButton(self)
        icon.setProperty("small", True)
        icon.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        icon.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        icons.keep(icon, "warning", "alert", 16)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.cause, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.rest, 1)
        for label in (self.cause, self.rest):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.rest.setWordWrap(True)
        self.rest.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.rest.setFont(theme.fonts.text("base"))
        set_text_role(self.rest, "text2")
        self.hold_layout(row, 8)
        self.hide()

    def show_words(self, words: str) -> None:
        """Show a warning: its first sentence is the cause; nothing hides the band."""
        cause, stop, rest = words.partition(". ")
        self.cause.setText(f"{cause}." if stop else cause)
        self.rest.setText(rest)
        self.setAccessibleName(words)
        self.setVisible(bool(words))

    def text(self) -> str:
        """Return what it says."""
        return self.accessibleName()
