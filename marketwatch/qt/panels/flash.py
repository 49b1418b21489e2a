"""Flashes of changed prices: one shared timer that repaints only what is still fading."""

from __future__ import annotations

import enum
import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer

from marketwatch.qt.models.watchlist_row import WatchRow
from marketwatch.qt.theme import Theme

_NS_PER_MS = 1_000_000
_FRAME_MS = 40
_STEPS = 8
ARROW_NS = 1_500 * _NS_PER_MS


class FlashMode(enum.Enum):
    """What a changed price does."""

    FLASH = "flash"
    ARROW = "arrow"
    NONE = "none"


class FlashClock(QObject):
    """Knows which rows are fading and how strong each flash still is."""

    def __init__(
        self,
        theme: Theme,
        repaint: Callable[[WatchRow], None],
        parent: QObject | None = None,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        super().__init__(parent)
        self.mode = FlashMode.FLASH
        self._repaint = repaint
        self._now_ns = monotonic_ns
        self._hold_ns = theme.motion_ms("flashHoldMs") * _NS_PER_MS
        self._fade_ns = theme.motion_ms("flashFadeMs") * _NS_PER_MS
        self._fading: dict[WatchRow, None] = {}
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.CoarseTimer)
        self._timer.setInterval(_FRAME_MS)
        self._timer.timeout.connect(self._step)

    @property
    def is_running(self) -> bool:
        """Tell whether something is fading."""
        return self._timer.isActive()

    def start(self, row: WatchRow) -> None:
        """A flash of this row has begun."""
        if self.mode is FlashMode.NONE:
            return
        self._fading[row] = None
        if not self._timer.isActive():
            self._timer.start()

    def stop(self) -> None:
        """Forget all flashes, for example because nobody can see them."""
        self._fading.clear()
        self._timer.stop()

    def strength(self, row: WatchRow) -> int:
        """Return how strong the flash of a row is, 0 (none) to `_STEPS` (full)."""
        if not row.flash_direction or self.mode is not FlashMode.FLASH:
            return 0
        age = self._now_ns() - row.flash_start_ns
        if age <= self._hold_ns:
            return _STEPS
        left = self._hold_ns + self._fade_ns - age
        return 0 if left <= 0 else 1 + left * (_STEPS - 1) // self._fade_ns

    def has_arrow(self, row: WatchRow) -> bool:
        """Tell whether an arrow stands beside the price now."""
        if self.mode is not FlashMode.ARROW or not row.flash_direction:
            return False
        return self._now_ns() - row.flash_start_ns < ARROW_NS

    def _step(self) -> None:
        now = self._now_ns()
        is_fade = self.mode is FlashMode.FLASH
        lasts = self._hold_ns + self._fade_ns if is_fade else ARROW_NS
        for row in list(self._fading):
            age = now - row.flash_start_ns
            if age >= lasts:
                del self._fading[row]
                row.flash_direction = 0
                self._repaint(row)
            elif is_fade and age > self._hold_ns:
                self._repaint(row)
        if not self._fading:
            self._timer.stop()


STEPS = _STEPS
