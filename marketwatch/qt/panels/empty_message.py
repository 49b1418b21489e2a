"""What an empty panel says: what is missing, why, and the next step."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from marketwatch.qt.icons import IconName, IconSet
from marketwatch.qt.panels.painted import repolish, set_text_role
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role

_ICON = 20
_WIDEST_TEXT = 310
_LEAST_TEXT = 120
_MARGIN = 24
_LEAST_MARGIN = 8
_MOST_BUTTONS = 2


class EmptyMessage(QWidget):
    """Icon, bold cause, plain next step and up to two buttons, in the middle of the panel.

    `button_clicked` carries the position of the button; the first one is the primary action.
    """

    button_clicked = Signal(int)

    def __init__(self, theme: Theme, icons: IconSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icons = icons
        self._icon: IconName = "info"
        self._role: Role = "text3"
        self._picture = QLabel(self)
        self._cause = self._label(theme.fonts.text("title", "semibold"))
        self._next_step = self._label(theme.fonts.text("base"))
        set_text_role(self._next_step, "text2")
        self._buttons = [self._button(position) for position in range(_MOST_BUTTONS)]
        self._place()
        theme.changed.connect(self._draw_icon)

    def _label(self, font: QFont) -> QLabel:
        label = QLabel(self)
        label.setFont(font)
        label.setWordWrap(True)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        return label

    def _button(self, position: int) -> QPushButton:
        button = QPushButton(self)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: self.button_clicked.emit(position))
        button.hide()
        return button

    def _place(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_LEAST_MARGIN, _MARGIN, _LEAST_MARGIN, _MARGIN)
        layout.setSpacing(8)
        layout.addStretch(1)
        for widget in (self._picture, self._cause, self._next_step):
            layout.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        row = QHBoxLayout()
        row.setContentsMargins(0, 4, 0, 0)
        row.setSpacing(8)
        row.addStretch(1)
        for button in self._buttons:
            row.addWidget(button)
        row.addStretch(1)
        layout.addLayout(row)
        layout.addStretch(1)

    def show_message(
        self,
        icon: IconName,
        cause: str,
        next_step: str = "",
        buttons: Sequence[str] = (),
        *,
        role: Role = "text3",
        has_primary: bool = True,
    ) -> None:
        """Say why there is nothing to see and what helps; `role` colours the icon."""
        self._icon, self._role = icon, role
        self._cause.setText(cause)
        self._next_step.setText(next_step)
        self._next_step.setVisible(bool(next_step))
        self._fit_texts()
        for position, button in enumerate(self._buttons):
            button.setText(buttons[position] if position < len(buttons) else "")
            button.setVisible(position < len(buttons))
            button.setProperty("kind", "primary" if has_primary and position == 0 else "")
            repolish(button)
        self.setAccessibleName(f"{cause}. {next_step}")
        self._draw_icon()

    def _fit_texts(self) -> None:
        width = max(_LEAST_TEXT, min(_WIDEST_TEXT, self.width() - 2 * _LEAST_MARGIN))
        for label in (self._cause, self._next_step):
            # A layout that centres a wrapped label asks it for one line only. Its least size would hold the height.
            label.setMinimumSize(0, 0)
            label.setFixedSize(width, max(0, label.heightForWidth(width)))  # -1 without a text

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit_texts()
        super().resizeEvent(event)

    @property
    def sentence(self) -> str:
        """What it says now."""
        return f"{self._cause.text()} {self._next_step.text()}".strip()

    def sizeHint(self) -> QSize:
        return QSize(_WIDEST_TEXT + 2 * _MARGIN, 180)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 0)

    def _draw_icon(self) -> None:
        self._picture.setPixmap(self._icons.pixmap(self._icon, self._role, _ICON, self.devicePixelRatioF()))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), self._theme.brush("panel"))
