"""Brings a sorted list into its newest order: at most once a second, and never under the pointer."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal

RESORT_MS = 1_000


class ResortTimer(QObject):
    """`touch` it whenever values change. While `is_held` says so it only tells that the order is old."""

    order_became_old = Signal()
    order_is_new = Signal()

    def __init__(
        self,
        is_sorted: Callable[[], bool],
        is_held: Callable[[], bool],
        is_old: Callable[[], bool],
        resort: Callable[[], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._is_sorted = is_sorted
        self._is_held = is_held
        self._is_old = is_old
        self._resort = resort
        self._is_told = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.CoarseTimer)
        self._timer.timeout.connect(self._on_timeout)

    def touch(self) -> None:
        """Values changed."""
        if not self._timer.isActive() and self._is_sorted():
            self._timer.start(RESORT_MS)

    def release(self) -> None:
        """Nothing holds the rows any more: an old order is brought up to date."""
        if self._is_told:
            self.sort_now()

    def sort_now(self) -> None:
        """Bring the rows into the newest order, whatever holds them: the user asked."""
        self._timer.stop()
        self._resort()
        self._tell_new()

    def stop(self) -> None:
        """Forget what is due, for example because the list is hidden or in its own order."""
        self._timer.stop()
        self._tell_new()

    def _on_timeout(self) -> None:
        if not self._is_sorted():
            self._tell_new()
        elif not self._is_held():
            self._resort()
            self._tell_new()
        elif self._is_old():
            if not self._is_told:
                self._is_told = True
                self.order_became_old.emit()
        else:
            self._tell_new()

    def _tell_new(self) -> None:
        if self._is_told:
            self._is_told = False
            self.order_is_new.emit()
