"""The keys of a list (USERS.md 3.7): each becomes a signal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence

if TYPE_CHECKING:
    from marketwatch.qt.panels.watchlist_view import WatchlistView

_TYPING_PAUSE_MS = 300
_Key = Qt.Key
_PLAIN = Qt.KeyboardModifier.NoModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_CONTROL = Qt.KeyboardModifier.ControlModifier
_ALT = Qt.KeyboardModifier.AltModifier
_KEYPAD = Qt.KeyboardModifier.KeypadModifier


class ListKeys(QObject):
    """Turns key presses into requests.

    C alone asks for the chart; as the first of several letters typed in one go it begins a search.
    """

    search_requested = Signal(str)
    list_requested = Signal(int)
    list_step_requested = Signal(int)
    move_requested = Signal(int)
    remove_requested = Signal()
    rename_requested = Signal()
    copy_requested = Signal()
    paste_requested = Signal()
    undo_requested = Signal()
    redo_requested = Signal()

    def __init__(self, view: WatchlistView) -> None:
        super().__init__(view)
        self._view = view
        self._typed = ""
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_TYPING_PAUSE_MS)
        self._pause.timeout.connect(self._on_pause)

    def handle(self, event: QKeyEvent) -> bool:
        """Answer a key; tell whether it was one of ours."""
        modifiers = event.modifiers() & ~_KEYPAD
        if event.matches(QKeySequence.StandardKey.Undo):
            self.undo_requested.emit()
        elif event.matches(QKeySequence.StandardKey.Redo) or (modifiers == _CONTROL and event.key() == _Key.Key_Y):
            self.redo_requested.emit()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy_requested.emit()
        elif event.matches(QKeySequence.StandardKey.Paste):
            self.paste_requested.emit()
        elif modifiers in (_PLAIN, _SHIFT):
            return self._handle_plain(event, is_shifted=modifiers == _SHIFT)
        else:
            return self._handle_combined(event, modifiers)
        return True

    def _handle_combined(self, event: QKeyEvent, modifiers: Qt.KeyboardModifier) -> bool:
        key = event.key()
        if modifiers & _CONTROL and key in (_Key.Key_Tab, _Key.Key_Backtab):
            self.list_step_requested.emit(-1 if modifiers & _SHIFT or key == _Key.Key_Backtab else 1)
        elif modifiers == _ALT and key in (_Key.Key_Up, _Key.Key_Down):
            self.move_requested.emit(-1 if key == _Key.Key_Up else 1)
        else:
            return False
        return True

    def _handle_plain(self, event: QKeyEvent, *, is_shifted: bool) -> bool:
        key = event.key()
        if self._handle_named(key, is_shifted=is_shifted):
            return True
        text = event.text()
        if not is_shifted and len(text) == 1 and text in "123456789":
            self.list_requested.emit(int(text) - 1)
            return True
        if text.isalpha() or (self._typed and text.isprintable() and text):
            self._type(text)
            return True
        return False

    def _handle_named(self, key: int, *, is_shifted: bool) -> bool:
        if key in (_Key.Key_Return, _Key.Key_Enter):
            self._view.request_chart()
        elif key == _Key.Key_Delete:
            self.remove_requested.emit()
        elif key == _Key.Key_F2:
            self.rename_requested.emit()
        elif key == _Key.Key_Space:
            self.step_instrument(-1 if is_shifted else 1)
        elif key in (_Key.Key_Home, _Key.Key_End) and not is_shifted:
            count = len(self._view.watch_model.rows)
            self._view.select_position(0 if key == _Key.Key_Home else count - 1)
        else:
            return False
        return True

    def step_instrument(self, step: int) -> None:
        """Make the next or previous instrument current; headings are passed over."""
        rows = self._view.watch_model.rows
        position = self._view.currentIndex().row() + step
        while 0 <= position < len(rows) and rows[position].instrument_id is None:
            position += step
        self._view.select_position(position)

    def _type(self, text: str) -> None:
        self._typed += text
        if self._typed.casefold() == "c":
            self._pause.start()
            return
        self._pause.stop()
        typed, self._typed = self._typed, ""
        self.search_requested.emit(typed)

    def _on_pause(self) -> None:
        self._typed = ""
        self._view.request_chart()
