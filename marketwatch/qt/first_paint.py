"""Tells when a window has been painted for the first time: what is slow to load waits for that."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

_LONGEST_MS = 1500


class FirstPaint(QObject):
    """Calls `then` once, when everything in `window` has been painted and shown.

    A window that nobody can see (minimised, on another desktop) is never painted: then the call comes after 1.5 s.
    """

    def __init__(self, window: QWidget, then: Callable[[], None]) -> None:
        super().__init__(window)
        self._window = window
        self._then = then
        self._deadline = QTimer(self)
        self._deadline.setSingleShot(True)
        self._deadline.timeout.connect(self._finish)
        self._deadline.start(_LONGEST_MS)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # The panels are painted after their window, before the loop comes round again.
        if event.type() == QEvent.Type.Paint:
            self._deadline.start(0)
        return False

    def _finish(self) -> None:
        self._window.removeEventFilter(self)
        self._then()
