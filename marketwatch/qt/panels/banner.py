"""A message inside a panel: icon, bold cause, plain next step and up to two small buttons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from marketwatch.qt.icons import IconName, IconSet
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role

Tone = Literal["plain", "decision", "error"]

_LOOKS: dict[Tone, tuple[Role, Role, Role]] = {
    "plain": ("panel", "line", "text2"),
    "decision": ("alertTint", "alert", "alert"),
    "error": ("errorTint", "error", "error"),
}
_ICON = 16
_LEFT = 12
_TEXT_LEFT = _LEFT + _ICON + 9
_MOST_BUTTONS = 2


class Banner(QWidget):
    """`error` when something does not work, `decision` when one is needed, `plain` otherwise.

    `buttons_beside` puts the buttons at right instead of below, for wide and low panels.
    `button_clicked` carries the position of the button, 0 or 1.
    """

    button_clicked = Signal(int)

    def __init__(
        self, theme: Theme, icons: IconSet, *, buttons_beside: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icons = icons
        self._tone: Tone = "plain"
        self._icon: IconName = "info"
        self._cause, self._next_step = "", ""
        self._text = QLabel(self)
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.RichText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._buttons = [self._button(position) for position in range(_MOST_BUTTONS)]
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self._place(buttons_beside)
        theme.changed.connect(self._write)

    def _place(self, buttons_beside: bool) -> None:
        layout = QHBoxLayout(self) if buttons_beside else QVBoxLayout(self)
        layout.setContentsMargins(_TEXT_LEFT, 6 if buttons_beside else 9, 12, 6 if buttons_beside else 9)
        layout.setSpacing(6)
        layout.addWidget(self._text, 1)
        row = QHBoxLayout()
        row.setSpacing(6)
        for button in self._buttons:
            row.addWidget(button)
        if not buttons_beside:
            row.addStretch(1)
        layout.addLayout(row)

    def _button(self, position: int) -> QPushButton:
        button = QPushButton(self)
        button.setProperty("small", True)
        button.setFont(self._theme.fonts.text("small"))
        button.clicked.connect(lambda: self.button_clicked.emit(position))
        button.hide()
        return button

    def show_message(
        self, tone: Tone, icon: IconName, cause: str, next_step: str = "", buttons: Sequence[str] = ()
    ) -> None:
        """Say what is the matter; at most two buttons."""
        self._tone, self._icon, self._cause, self._next_step = tone, icon, cause, next_step
        for position, button in enumerate(self._buttons):
            button.setText(buttons[position] if position < len(buttons) else "")
            button.setVisible(position < len(buttons))
        self.setAccessibleName(f"{cause} {next_step}".strip())
        self._write()

    @property
    def sentence(self) -> str:
        """What it says now."""
        return f"{self._cause} {self._next_step}".strip()

    def _write(self) -> None:
        import html  # its table is slow to load, and most runs have nothing to say

        theme = self._theme
        cause = f'<span style="font-weight:500;color:{theme.css("text1")}">{html.escape(self._cause)}</span>'
        rest = f'<span style="color:{theme.css("text2")}">{html.escape(self._next_step)}</span>'
        self._text.setText(f"{cause} {rest}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        ground, outline, ink = _LOOKS[self._tone]
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(self._theme.pen(outline))
            painter.setBrush(self._theme.brush(ground))
            radius = self._theme.radius("control")
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
            icon = self._icons.pixmap(self._icon, ink, _ICON, self.devicePixelRatioF())
            text_top = self._text.y() + max(
                0.0, (self._text.height() - self._text.heightForWidth(self._text.width())) / 2
            )
            painter.drawPixmap(QPointF(_LEFT, text_top), icon)
