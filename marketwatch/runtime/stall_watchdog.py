"""Records when the loop stood still for longer than a limit, and what it was doing."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from types import FrameType

import msgspec

_NS = 1_000_000_000
_DEPTH = 12
_KEPT = 20


class Stall(msgspec.Struct, frozen=True):
    """One stall: when it ended (monotonic ns), how long it lasted at least, and the stack, innermost last."""

    ended_ns: int
    duration_s: float
    stack: tuple[str, ...]


class StallWatchdog:
    """A beat in the loop and a thread that looks at it.

    The beat is quick while `poke` is called now and then (data arrives, the user acts) and slow when nothing
    happens, so that an idle program sleeps. Works on every asyncio loop, qasync included.
    """

    def __init__(
        self,
        *,
        limit_s: float = 0.05,
        beat_s: float = 0.02,
        idle_beat_s: float = 30.0,
        active_s: float = 2.0,
        on_stall: Callable[[Stall], None] | None = None,
    ) -> None:
        self._limit_s = limit_s
        self._beat_s = beat_s
        self._idle_beat_s = idle_beat_s
        self._active_ns = int(active_s * _NS)
        self._on_stall = on_stall
        self.stalls: deque[Stall] = deque(maxlen=_KEPT)
        self.count = 0
        self.longest_s = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._handle: asyncio.TimerHandle | None = None
        self._thread: threading.Thread | None = None
        self._thread_id = 0
        self._changed = threading.Event()
        self._is_stopping = False
        self._poked_ns = 0
        self._due_ns = 0
        self._sample: tuple[str, ...] = ()

    def start(self) -> None:
        """Begin to watch the running loop; call in its thread."""
        if self._thread is not None:
            return
        self._loop = asyncio.get_running_loop()
        self._thread_id = threading.get_ident()
        self._is_stopping = False
        self._poked_ns = time.monotonic_ns()
        self._arm(self._loop, self._beat_s)
        self._thread = threading.Thread(target=self._watch, name="stall watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the beat and the thread; the record stays."""
        self._is_stopping = True
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self._changed.set()
        if self._thread is not None:
            self._thread.join(1.0)
            self._thread = None

    def poke(self) -> None:
        """Say that something is going on, so that stalls are looked for closely; cheap. The loop's thread only."""
        self._poked_ns = time.monotonic_ns()
        if self._loop is not None and self._handle is not None and self._due_ns - self._poked_ns > self._beat_s * _NS:
            self._handle.cancel()
            self._arm(self._loop, self._beat_s)
            self._changed.set()

    def _arm(self, loop: asyncio.AbstractEventLoop, delay_s: float) -> None:
        self._due_ns = time.monotonic_ns() + int(delay_s * _NS)
        self._handle = loop.call_later(delay_s, self._beat, loop)

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        now_ns = time.monotonic_ns()
        late_s = (now_ns - self._due_ns) / _NS
        sample, self._sample = self._sample, ()
        is_active = now_ns - self._poked_ns < self._active_ns
        self._arm(loop, self._beat_s if is_active else self._idle_beat_s)
        if late_s > self._limit_s and not self._is_stopping:
            self._record(Stall(now_ns, late_s, sample))

    def _record(self, stall: Stall) -> None:
        self.count += 1
        self.longest_s = max(self.longest_s, stall.duration_s)
        self.stalls.append(stall)
        if self._on_stall is not None:
            self._on_stall(stall)

    def _watch(self) -> None:
        while not self._is_stopping:
            due_ns = self._due_ns
            wait_s = (due_ns - time.monotonic_ns()) / _NS + self._limit_s
            if wait_s > 0:
                self._changed.wait(wait_s)
                self._changed.clear()
                continue
            if not self._sample:
                sample = self._take_sample()
                if due_ns == self._due_ns:  # otherwise the beat came meanwhile and the sample shows nothing
                    self._sample = sample
            self._changed.wait(self._limit_s)
            self._changed.clear()

    def _take_sample(self) -> tuple[str, ...]:
        frame: FrameType | None = sys._current_frames().get(self._thread_id)
        if frame is None:
            return ()
        summary = traceback.StackSummary.extract(
            ((part, part.f_lineno) for part in _innermost(frame)), lookup_lines=False
        )
        return tuple(f"{_base_name(part.filename)}:{part.lineno} {part.name}" for part in summary)


def _base_name(path: str) -> str:
    return path.replace("\\", "/").rsplit("/", 1)[-1]


def _innermost(frame: FrameType) -> list[FrameType]:
    frames: list[FrameType] = []
    part: FrameType | None = frame
    while part is not None and len(frames) < _DEPTH:
        frames.append(part)
        part = part.f_back
    return frames[::-1]
