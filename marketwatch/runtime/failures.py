"""The one door for exceptions nobody expected: logged, counted, told to the user once a minute at most."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

import msgspec

from marketwatch.errors import MarketWatchError
from marketwatch.runtime.clock import Clock

_log = logging.getLogger(__name__)
_NS = 1_000_000_000
_KEPT_KEYS = 256

_Key = tuple[str, str, str]


class Failure(msgspec.Struct, frozen=True):
    """One unexpected exception, in words without secrets. `repeats` counts the ones kept quiet since the last."""

    where: str
    error: str
    text: str
    place: str
    at_ns: int
    repeats: int = 0


class Failures:
    """Takes exceptions from any thread; tells the listeners in the loop's thread once `install_loop` was called."""

    def __init__(self, clock: Clock, *, redact: Callable[[str], str] = str, interval_s: float = 60.0) -> None:
        self._clock = clock
        self._redact = redact
        self._interval_ns = int(interval_s * _NS)
        self._lock = threading.Lock()
        self._told: dict[_Key, tuple[int, int]] = {}  # key -> (when told, how many kept quiet since)
        self._counts: Counter[str] = Counter()
        self._listeners: list[Callable[[Failure], None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._loop_thread = 0
        self._hooks: tuple[Any, Any, Any] | None = None

    @property
    def total(self) -> int:
        """How many failures were reported, the quiet ones included."""
        return sum(self._counts.values())

    @property
    def counts(self) -> Mapping[str, int]:
        """How many failures per place in the program's words."""
        return dict(self._counts)

    def report(self, where: str, error: BaseException) -> None:
        """Log, count and tell `error`; the same one again within a minute is only counted."""
        place = _place(error)
        key = (where, type(error).__name__, place)
        now_ns = self._clock.monotonic_ns()
        with self._lock:
            self._counts[where] += 1
            told_ns, quiet = self._told.pop(key, (None, 0))
            is_news = told_ns is None or now_ns - told_ns >= self._interval_ns
            # Popped and set again, so that the dict stays in order of use and the oldest can go.
            self._told[key] = (now_ns, 0) if told_ns is None or is_news else (told_ns, quiet + 1)
            while len(self._told) > _KEPT_KEYS:
                del self._told[next(iter(self._told))]
        if is_news:
            self._publish(where, error, place, quiet)

    def add_listener(self, listener: Callable[[Failure], None]) -> Callable[[], None]:
        """Tell `listener` of failures worth a note; returns a function that ends this."""
        self._listeners.append(listener)

        def remove() -> None:
            with contextlib.suppress(ValueError):
                self._listeners.remove(listener)

        return remove

    def install(self) -> None:
        """Catch what reaches the interpreter: main thread and Qt slots, other threads, finalisers."""
        if self._hooks is None:
            self._hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
            sys.excepthook = self._on_exception
            threading.excepthook = self._on_thread_exception
            sys.unraisablehook = self._on_unraisable

    def install_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Catch what reaches `loop`, and tell listeners there; call in the loop's thread."""
        self._loop = loop
        self._loop_thread = threading.get_ident()
        loop.set_exception_handler(self._on_loop_exception)

    def uninstall(self) -> None:
        """Give all hooks back."""
        if self._hooks is not None:
            sys.excepthook, threading.excepthook, sys.unraisablehook = self._hooks
            self._hooks = None
        if self._loop is not None:
            self._loop.set_exception_handler(None)
            self._loop = None

    def _publish(self, where: str, error: BaseException, place: str, quiet: int) -> None:
        _log.error("%s: unexpected %s at %s", where, type(error).__name__, place, exc_info=error)
        text = str(error) if isinstance(error, MarketWatchError) else f"{type(error).__name__}: {error}"
        failure = Failure(where, type(error).__name__, self._redact(text), place, self._clock.now_ns(), quiet)
        loop = self._loop
        if loop is None or threading.get_ident() == self._loop_thread:
            self._tell(failure)
            return
        with contextlib.suppress(RuntimeError):  # the loop is closed: the log has it
            loop.call_soon_threadsafe(self._tell, failure)

    def _tell(self, failure: Failure) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(failure)
            except Exception:  # noqa: BLE001 - boundary: the door itself must not fall
                _log.exception("a listener for failures failed")

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt | SystemExit):
            sys.__excepthook__(kind, error, trace)
            return
        self.report("main thread", error.with_traceback(trace))

    def _on_thread_exception(self, arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is None or issubclass(arguments.exc_type, SystemExit):
            return
        name = arguments.thread.name if arguments.thread is not None else "unknown"
        self.report(f"thread {name}", arguments.exc_value)

    def _on_unraisable(self, arguments: sys.UnraisableHookArgs) -> None:
        if arguments.exc_value is not None:
            self.report(arguments.err_msg or "while an object was cleaned up", arguments.exc_value)

    def _on_loop_exception(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        message = str(context.get("message", "event loop"))
        error = context.get("exception")
        self.report(message, error if isinstance(error, BaseException) else RuntimeError(message))


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "unknown place"
    last = frames[-1]
    return f"{last.filename.replace(chr(92), '/').rsplit('/', 1)[-1]}:{last.lineno} {last.name}"
