"""One connection from open to end: a reader, a writer, and the deadlines. Never used twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from marketwatch.domain.events import MarketEvent
from marketwatch.errors import ConnectionFailed, ProtocolError
from marketwatch.feeds.connection import Connection
from marketwatch.feeds.liveness import Liveness, Silence, SilenceLimits
from marketwatch.feeds.meters import FeedMeters
from marketwatch.protocols.base import ClientProtocol, Control
from marketwatch.runtime.clock import Clock
from marketwatch.runtime.executors import WorkerPool
from marketwatch.runtime.scheduler import Scheduler, wait_until
from marketwatch.runtime.tasks import FailureHandler, TaskOwner, stop_tasks

_NS = 1_000_000_000
_SLICE_NS = 3_500_000
_SEND_LIMIT_S = 10.0
_REPORT_S = 1.0
_END_LIMIT_S = 0.5
_LONG_BYTES = 65_536


class LinkOwner(Protocol):
    """What a link tells and asks its supervisor."""

    def link_control(self, control: Control) -> None:
        """Take something the protocol learnt besides market data; what it raises ends the connection."""
        ...

    def link_events(self, events: Sequence[MarketEvent]) -> None:
        """Take market events. Must not raise."""
        ...

    def link_silence(self, silence: Silence) -> None:
        """Take the judgement about silence whenever it changes."""
        ...

    def link_report(self) -> None:
        """Called about once a second while messages arrive, and once after they stopped."""
        ...

    def link_situation(self) -> tuple[bool | None, bool]:
        """Return whether the session is open (None: not known), and whether data is expected."""
        ...

    def is_current(self, generation: int) -> bool:
        """Tell whether this generation is the one to be heard."""
        ...


class LinkSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a link is told at its birth."""

    name: str
    generation: int
    limits: SilenceLimits
    mute_s: float
    is_pinged: bool = True
    read_elsewhere: Callable[[bytes], Any] | None = None


class Link:
    """Moves messages between a connection and a protocol until either fails."""

    def __init__(
        self,
        settings: LinkSettings,
        connection: Connection,
        protocol: ClientProtocol,
        owner: LinkOwner,
        *,
        meters: FeedMeters,
        clock: Clock,
        scheduler: Scheduler,
        tasks: TaskOwner,
        on_failure: FailureHandler,
        pool: WorkerPool | None = None,
        ticks: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._protocol = protocol
        self._owner = owner
        self._meters = meters
        self._clock = clock
        self._scheduler = scheduler
        self._tasks = tasks
        self._on_failure = on_failure
        self._pool = pool
        self._ticks = ticks
        self.liveness = Liveness(settings.limits, self._now(), mute_s=settings.mute_s)
        self._silence = Silence.FINE
        self._wake = asyncio.Event()
        self._to_send: list[str | bytes] = []
        self._can_send = asyncio.Event()
        self._send_began: float | None = None
        self._error: Exception | None = None
        self._is_quiet = True
        self._report_at: float | None = None

    @property
    def protocol(self) -> ClientProtocol:
        """The protocol of this connection."""
        return self._protocol

    async def run(self) -> None:
        """Work until the connection ends; raises what ended it. Cancelled, it says goodbye first."""
        name = f"{self._settings.name} #{self._settings.generation}"
        self._protocol.connection_made(self._now())
        aides = [self._tasks.start(f"{name} reader", self._read()), self._tasks.start(f"{name} writer", self._write())]
        is_asked_to_end = False
        try:
            self.pump()
            await self._mind()
        except asyncio.CancelledError:
            is_asked_to_end = True
            raise
        finally:
            try:
                await stop_tasks(list(aides), _END_LIMIT_S)
                await self._finish(is_asked_to_end)
            finally:
                self._connection.abort()  # whatever interrupted the goodbye, no socket stays open

    def pump(self) -> None:
        """Take what the protocol wants to say, to us and to the server."""
        controls = self._protocol.take_control()
        if controls:
            self._wake.set()  # deadlines and expectations may have changed
        for control in controls:
            self._owner.link_control(control)
        out = self._protocol.data_to_send()
        if out:
            self._to_send.extend(out)
            self._can_send.set()

    def prod(self) -> None:
        """Pump from outside after a command, and look at the deadlines again."""
        try:
            self.pump()
        except Exception as error:  # noqa: BLE001 - boundary: ends the connection and is judged there
            self._end(error)
        self._wake.set()

    def allow_silence(self, mute_s: float) -> None:
        """Let silence last this long from now on before the connection counts as mute."""
        self.liveness.allow(mute_s)
        self._wake.set()

    def _now(self) -> float:
        return self._clock.monotonic_ns() / _NS

    def _end(self, error: Exception) -> None:
        if self._error is None:
            self._error = error
        self._wake.set()

    async def _finish(self, is_asked_to_end: bool) -> None:
        if is_asked_to_end and self._error is None and self._owner.is_current(self._settings.generation):
            await self._connection.close()
            return
        self._connection.abort()
        await self._connection.wait_closed()

    # --- reading -----------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        connection, ticks = self._connection, self._ticks
        slice_began = ticks()
        try:
            while True:
                has_more = connection.pending > 0
                data = await connection.receive()
                if len(data) > _LONG_BYTES:
                    data = await self._read_elsewhere(data)
                if not has_more:
                    slice_began = ticks()  # we waited, and the loop had its turn
                self._take(data)
                # Taking a message that is already here does not give up the loop: in a burst the screen must have
                # its turn every few milliseconds.
                if connection.pending and ticks() - slice_began > _SLICE_NS:
                    await asyncio.sleep(0)
                    slice_began = ticks()
        except Exception as error:  # noqa: BLE001 - boundary: whatever it is, it ends this connection and is judged
            self._end(error)

    async def _read_elsewhere(self, data: bytes) -> Any:
        """Read a long message in a worker thread, where its protocol can: the loop goes on meanwhile."""
        read = self._settings.read_elsewhere
        if read is None or self._pool is None:
            return data
        return await self._pool.run("read a long message", lambda: read(data))

    def _take(self, data: Any) -> None:
        if self._error is not None or not self._owner.is_current(self._settings.generation):
            self._meters.late_count += 1
            return
        now_ns, wall_ns = self._clock.monotonic_ns(), self._clock.now_ns()
        now = now_ns / _NS
        if self._is_quiet or self._silence is not Silence.FINE:
            self._stir(now_ns)
        self._meters.frame(wall_ns, now_ns - self._connection.arrived_ns, now_ns)
        events = self._decode(data, now)
        if events:
            self.liveness.useful(now)
            self._meters.events(len(events), events[-1], wall_ns)
            self._owner.link_events(events)
        else:
            self.liveness.life(now)
        self.pump()

    def _decode(self, data: Any, now: float) -> Sequence[MarketEvent]:
        try:
            return self._protocol.receive(data, now)
        except ProtocolError:
            raise
        except Exception as error:  # noqa: BLE001 - boundary: one message must not cost the connection
            self._meters.invalid_count += 1
            self._on_failure(f"{self._settings.name}: reading a message", error)
            return ()

    def _stir(self, now_ns: int) -> None:
        self._is_quiet = False
        if self._report_at is None:
            self._report_at = now_ns / _NS + _REPORT_S
            self._meters.mark(now_ns)
        self._wake.set()

    # --- writing -----------------------------------------------------------------------------------------------

    async def _write(self) -> None:
        try:
            while True:
                await self._can_send.wait()
                self._can_send.clear()
                batch, self._to_send = self._to_send, []
                for message in batch:
                    self._send_began = self._now()
                    self._wake.set()
                    await self._connection.send(message)
                self._send_began = None
        except Exception as error:  # noqa: BLE001 - boundary: whatever it is, it ends this connection and is judged
            self._end(error)

    # --- deadlines ---------------------------------------------------------------------------------------------

    async def _mind(self) -> None:
        while True:
            self._wake.clear()
            if self._error is not None:
                raise self._error
            now = self._now()
            self._check(now)
            await wait_until(self._wake, self._next_check(now) - now, self._scheduler)

    def _check(self, now: float) -> None:
        deadline = self._protocol.next_deadline()
        if deadline is not None and now >= deadline:
            self._protocol.deadline_passed(now)
        self.pump()
        if self._send_began is not None and now - self._send_began >= _SEND_LIMIT_S:
            raise ConnectionFailed(self._settings.name, "the server does not read what we send", "")
        self._judge_silence(now)
        if self._report_at is not None and now >= self._report_at:
            self._report(now)

    def _judge_silence(self, now: float) -> None:
        pong_ns = self._connection.pong_ns
        if pong_ns is not None:
            self.liveness.life(pong_ns / _NS)
        session_open, expects_data = self._owner.link_situation()
        silence = self.liveness.judge(
            now, session_open=session_open, expects_data=expects_data, is_pinged=self._settings.is_pinged
        )
        if silence is not self._silence:
            self._silence = silence
            self._owner.link_silence(silence)
        if silence in (Silence.DEAD, Silence.MUTE):
            raise ConnectionFailed(self._settings.name, silence.value, "MarketWatch connects again by itself")

    def _report(self, now: float) -> None:
        has_news = self._meters.tick(self._clock.monotonic_ns())
        # Nothing came for a second: one last report with rates of zero, then none until something comes.
        self._report_at = now + _REPORT_S if has_news else None
        self._is_quiet = not has_news
        self._owner.link_report()

    def _next_check(self, now: float) -> float:
        marks = [self.liveness.next_check(now)]
        deadline = self._protocol.next_deadline()
        if deadline is not None:
            marks.append(deadline)
        if self._send_began is not None:
            marks.append(self._send_began + _SEND_LIMIT_S)
        if self._report_at is not None:
            marks.append(self._report_at)
        return min(marks)
