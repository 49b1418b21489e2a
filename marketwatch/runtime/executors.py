"""Small pools of named worker threads for what may not run in the loop: disk, DNS, keyring, pandas."""

from __future__ import annotations

import asyncio
import concurrent.futures
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from marketwatch.runtime.tasks import FailureHandler

T = TypeVar("T")

_Job = tuple["concurrent.futures.Future[Any]", str, Callable[[], Any]]


class WorkerPool:
    """At most `size` threads, started when first needed.

    The threads are daemons on purpose: a look-up that hangs in the system must not keep the program from ending,
    as the pools of the standard library would.
    """

    def __init__(self, name: str, on_failure: FailureHandler, *, size: int = 2) -> None:
        self._name = name
        self._on_failure = on_failure
        self._size = size
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._ended: list[concurrent.futures.Future[None]] = []  # one per thread
        self._running: dict[int, str] = {}
        self._idle = 0
        self._lock = threading.Lock()
        self._is_stopping = False

    async def run(self, label: str, work: Callable[[], T], *, timeout_s: float | None = None) -> T:
        """Return what `work()` returns in a worker thread, or raise what it raises.

        Raises TimeoutError when that takes longer than `timeout_s`; the thread then finishes for nobody.
        Raises RuntimeError after `stop`.
        """
        async with asyncio.timeout(timeout_s):
            return await asyncio.wrap_future(self._submit(label, work))

    def start(self, label: str, work: Callable[[], object]) -> None:
        """Do `work()` for its effect; a failure reaches the failure handler. Raises RuntimeError after `stop`."""
        future = self._submit(label, work)

        def on_done(done: concurrent.futures.Future[Any]) -> None:
            error = None if done.cancelled() else done.exception()
            if error is not None:
                self._on_failure(f"{self._name}: {label}", error)

        future.add_done_callback(on_done)

    async def stop(self, timeout_s: float) -> list[str]:
        """Accept nothing more, drop what waits, and let what runs finish for at most `timeout_s` seconds.

        Returns the labels of the work that still runs.
        """
        self.refuse()
        if self._ended:
            await asyncio.wait([asyncio.wrap_future(ended) for ended in self._ended], timeout=timeout_s)
        return self.survivors()

    def refuse(self) -> None:
        """Accept nothing more and drop what waits; threads end after their present work."""
        with self._lock:
            if self._is_stopping:
                return
            self._is_stopping = True
        while True:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is not None:
                job[0].cancel()
        for _ in self._ended:
            self._jobs.put(None)

    def survivors(self) -> list[str]:
        """Return the labels of the work that runs now."""
        with self._lock:
            return sorted(self._running.values())

    def _submit(self, label: str, work: Callable[[], T]) -> concurrent.futures.Future[T]:
        future: concurrent.futures.Future[T] = concurrent.futures.Future()
        with self._lock:
            if self._is_stopping:
                raise RuntimeError(f"{self._name}: {label!r} refused: the program is stopping")
            self._jobs.put((future, label, work))
            if self._idle < self._jobs.qsize() and len(self._ended) < self._size:
                self._add_thread()
        return future

    def _add_thread(self) -> None:
        ended: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._ended.append(ended)
        name = f"{self._name} {len(self._ended)}"
        threading.Thread(target=self._work, args=(ended,), name=name, daemon=True).start()

    def _work(self, ended: concurrent.futures.Future[None]) -> None:
        while True:
            with self._lock:
                self._idle += 1
            job = self._jobs.get()
            with self._lock:
                self._idle -= 1
            if job is None:
                ended.set_result(None)
                return
            self._do(*job)
            del job  # or the last answer would live until the next work arrives

    def _do(self, future: concurrent.futures.Future[Any], label: str, work: Callable[[], Any]) -> None:
        if not future.set_running_or_notify_cancel():
            return
        thread_id = threading.get_ident()
        with self._lock:
            self._running[thread_id] = label
        try:
            outcome = work()
        except BaseException as error:  # noqa: BLE001 - boundary: the one who waits gets it
            future.set_exception(error)
        else:
            future.set_result(outcome)
        finally:
            with self._lock:
                del self._running[thread_id]
