"""A line to type a name into, where the name stands."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from marketwatch.errors import InstrumentError


class InlineEdit(QLineEdit):
    """Enter takes the text over, Esc and leaving give it up. A refused text stays, with the reason as tooltip."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._on_accept: Callable[[str], object] | None = None
        self._focus_back: QWidget | None = None
        self.hide()

    @property
    def is_open(self) -> bool:
        """Tell whether somebody is typing."""
        return self._on_accept is not None

    def open_at(
        self, place: QRect, name: str, text: str, on_accept: Callable[[str], object], focus_back: QWidget
    ) -> None:
        """Show the line with a text to change; `name` is what a screen reader calls it."""
        self._on_accept = on_accept
        self._focus_back = focus_back
        self.setAccessibleName(name)
        self.setToolTip("")
        self.setText(text)
        self.selectAll()
        self.setGeometry(place)
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take over or give up."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._accept()
        elif event.key() == Qt.Key.Key_Escape:
            self._close()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Give up when the user turns to something else."""
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason and self.is_open:
            self._focus_back = None
            self._close()

    def _accept(self) -> None:
        if self._on_accept is None:
            return
        try:
            self._on_accept(self.text())
        except InstrumentError as error:
            self.setToolTip(str(error))
            self.setAccessibleDescription(str(error))
            self.selectAll()
            return
        self._close()

    def _close(self) -> None:
        self._on_accept = None
        focus_back, self._focus_back = self._focus_back, None
        self.hide()
        if focus_back is not None:
            focus_back.setFocus(Qt.FocusReason.OtherFocusReason)
