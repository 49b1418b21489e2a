"""The line under a list: columns and order at left, the limit used at right, and now and then a note."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from marketwatch.qt.panels.painted import set_text_role
from marketwatch.qt.theme import Theme

_NOTE_MS = 10_000


class WatchlistFooter(QWidget):
    """22 px high whatever it says. A note stands at the place of the limit and offers one action."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._on_action: Callable[[], object] | None = None
        self._text = ""
        self._right = self._label()
        self._right.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._note = self._label()
        set_text_role(self._note, "text1")
        self._action = QPushButton(self)
        self._action.setProperty("kind", "link")
        self._action.setFlat(True)
        self._action.setCursor(Qt.CursorShape.PointingHandCursor)
        self._action.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._action.clicked.connect(self._on_clicked)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide_note)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 1, 8, 0)
        layout.setSpacing(8)
        layout.addStretch(1)
        layout.addWidget(self._note)
        layout.addWidget(self._action)
        layout.addWidget(self._right)
        theme.changed.connect(self._dress)
        self._dress()
        self.hide_note()

    @property
    def note_text(self) -> str:
        """The note on display, empty when there is none."""
        return "" if self._note.isHidden() else self._note.text()

    @property
    def text(self) -> str:
        """What stands at the left."""
        return self._text

    def set_text(self, text: str, tooltip: str = "") -> None:
        """Say which columns and order the list shows."""
        self._text = text
        self.setToolTip(tooltip)
        self.setAccessibleName(text)
        self.update()

    @property
    def limit_text(self) -> str:
        """What stands at the right."""
        return self._right.text()

    def set_limit(self, text: str, tip: str = "") -> None:
        """Say how much of a limit is used, such as `13 of 3,000 instruments, Odin Streamer`; `tip` has all of it."""
        self._right.setText(text)
        self._right.setToolTip(tip)
        self._right.setAccessibleDescription(tip)

    def show_note(self, text: str, action: str, on_action: Callable[[], object], *, stays: bool = False) -> None:
        """Show a note with one action; it goes by itself unless it `stays` until `hide_note`."""
        self._note.setText(text)
        self._action.setText(action)
        self._action.setAccessibleName(f"{action}: {text}")
        self._on_action = on_action
        for widget in (self._note, self._action):
            widget.show()
        self._right.hide()
        if stays:
            self._timer.stop()
        else:
            self._timer.start(_NOTE_MS)

    def hide_note(self) -> None:
        """Take the note away."""
        self._timer.stop()
        self._on_action = None
        self._note.hide()
        self._action.hide()
        self._right.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ground and the line above."""
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), self._theme.colour("panel"))
            painter.fillRect(0, 0, self.width(), 1, self._theme.colour("line"))
            painter.setFont(self._right.font())
            painter.setPen(self._theme.colour("text3"))
            others = [one.x() for one in (self._note, self._action, self._right) if one.isVisible()]
            room = min(others, default=self.width()) - 16
            metrics = self._theme.fonts.metrics(self._right.font())
            text = metrics.elidedText(self._text, Qt.TextElideMode.ElideRight, room)
            painter.drawText(8, 1, room, self.height() - 1, int(Qt.AlignmentFlag.AlignVCenter), text)

    def _label(self) -> QLabel:
        label = QLabel(self)
        label.setFont(self._theme.fonts.numbers("micro"))
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setMinimumWidth(0)
        set_text_role(label, "text3")
        return label

    def _dress(self) -> None:
        self.setFixedHeight(self._theme.height("paneTitle"))
        self._action.setFont(self._theme.fonts.text("micro", "medium"))
        # The global sheet gives buttons a height that this line does not have.
        self._action.setStyleSheet(
            f"QPushButton {{ color: {self._theme.css('accent')}; background: transparent; border: 0; padding: 0 4px;"
            f" min-height: 16px; }} QPushButton:focus {{ border: 1px solid {self._theme.css('focus')}; }}"
        )
        self.update()

    def _on_clicked(self) -> None:
        action = self._on_action
        self.hide_note()
        if action is not None:
            action()
