"""The one event loop: asyncio on top of Qt. The only importer of qasync."""

from __future__ import annotations

import asyncio
import collections
import math
import os
import signal
from collections.abc import Callable

os.environ.setdefault("QT_API", "pyside6")  # qasync otherwise tries other bindings first

from PySide6.QtCore import QObject, Qt, QTimer, QTimerEvent
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

_LONGEST_MS = 2**31 - 1  # a Qt timer is a signed 32-bit number of milliseconds (24.8 days)


class _PreciseTimers(QObject):
    """Replaces qasync's timers, which are coarse (5 % early or late) and one Qt timer per `call_soon`.

    Delays round up, so that nothing fires early; everything that is due at once shares one zero timer.
    """

    def __init__(self) -> None:
        super().__init__()
        self._later: dict[int, asyncio.Handle] = {}
        self._soon: collections.deque[asyncio.Handle] = collections.deque()
        self._soon_timer = 0

    def add_callback(self, handle: asyncio.Handle, delay: float = 0) -> asyncio.Handle:
        if delay <= 0:
            self._soon.append(handle)
            if not self._soon_timer:
                self._soon_timer = self.startTimer(0)
        else:
            milliseconds = min(math.ceil(delay * 1000), _LONGEST_MS)
            self._later[self.startTimer(milliseconds, Qt.TimerType.PreciseTimer)] = handle
        return handle

    def timerEvent(self, event: QTimerEvent) -> None:
        timer = event.timerId()
        if timer == self._soon_timer:
            self._run_soon()
            return
        self.killTimer(timer)
        handle = self._later.pop(timer, None)
        if handle is not None and not handle.cancelled():
            handle._run()

    def _run_soon(self) -> None:
        # Only what was waiting when we began: callbacks that add callbacks must not starve the screen.
        for _ in range(len(self._soon)):
            handle = self._soon.popleft()
            if not handle.cancelled():
                handle._run()
        if not self._soon and self._soon_timer:
            self.killTimer(self._soon_timer)
            self._soon_timer = 0

    def stop(self) -> None:
        for timer in (*self._later, self._soon_timer):
            if timer:
                self.killTimer(timer)
        self._later.clear()
        self._soon.clear()
        self._soon_timer = 0

    def set_debug(self, enabled: bool) -> None:
        """Called by the loop; these timers have no debug output."""


class MarketLoop(QEventLoop):  # type: ignore[misc]  # qasync has no type information
    """asyncio on the Qt event loop, with precise timers."""

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._timer = _PreciseTimers()

    def when_asked_to_quit(self, callback: Callable[[], None]) -> QTimer | None:
        """Call `callback` on SIGINT and SIGTERM.

        Where the loop cannot watch signals (Windows) a 200 ms timer gives Python the chance to notice them; the
        timer is returned and belongs to the caller.
        """
        try:
            for number in (signal.SIGINT, signal.SIGTERM):
                self.add_signal_handler(number, callback)
        except NotImplementedError:
            signal.signal(signal.SIGINT, lambda *_: callback())
            ticker = QTimer()
            ticker.start(200)
            return ticker
        return None
