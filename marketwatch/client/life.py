"""One life of a client, from connect to disconnect: its tasks, its threads, its supervisor."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

import msgspec

from marketwatch.client.options import ClientOptions
from marketwatch.domain.calendar import Phase
from marketwatch.domain.events import MarketEvent
from marketwatch.domain.secret import Secret
from marketwatch.domain.venues import Calendars
from marketwatch.errors import EntitlementRefused, FeedError, MarketWatchError
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.feeds.subscriptions import TopicPhase, TopicStatus
from marketwatch.feeds.supervisor import FeedSupervisor
from marketwatch.feeds.surroundings import FeedSettings, Surroundings
from marketwatch.instruments.calendars import apply_exceptions, read_all
from marketwatch.protocols.base import Topic
from marketwatch.runtime.clock import SystemClock
from marketwatch.runtime.clock_jump import ClockJumpDetector
from marketwatch.runtime.executors import WorkerPool
from marketwatch.runtime.resources import resource_path
from marketwatch.runtime.scheduler import LoopScheduler
from marketwatch.runtime.tasks import FailureHandler, TaskOwner

_log = logging.getLogger(__name__)

_STOP_TASKS_S = 1.0
_STOP_WORK_S = 1.0


class LifeEvents(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a life tells: of market events, of its end (None: asked for), and of what the feed refused."""

    events: Callable[[Sequence[MarketEvent]], None]
    ended: Callable[[MarketWatchError | None], None]
    refused: Callable[[FeedError], None]
    failed: FailureHandler


class Life:
    """Owner of everything that runs while a client is connected. Never used twice."""

    def __init__(
        self,
        settings: FeedSettings,
        options: ClientOptions,
        *,
        secret: Secret | None,
        tell: LifeEvents,
        redact: Callable[[str], str],
    ) -> None:
        from marketwatch.feeds.transport import TransportOptions, WebSocketTransport  # slow to import

        self._label = settings.label
        self._tell = tell
        self._redact = redact
        self._rules = settings.spec.rules
        self._calendars = Calendars()
        self._outcome: asyncio.Future[MarketWatchError | None] = asyncio.get_running_loop().create_future()
        self._end: asyncio.Future[MarketWatchError | None] = asyncio.get_running_loop().create_future()
        self._closed: asyncio.Event | None = None
        clock = options.get("clock") or SystemClock()
        self.scheduler = options.get("scheduler") or LoopScheduler()
        self.tasks = TaskOwner(tell.failed)
        self.pool = WorkerPool("feed client", tell.failed)
        transport = WebSocketTransport(clock, self.pool, TransportOptions(proxy=options.get("proxy", "system")))
        self.supervisor = FeedSupervisor(
            settings,
            Surroundings(
                transport=transport,
                clock=clock,
                scheduler=self.scheduler,
                tasks=self.tasks,
                on_failure=tell.failed,
                redact=redact,
            ),
            credentials=lambda: secret,
            sink=tell.events,
            on_status=self._on_status,
            on_topic=self._on_topic,
            session_open=self._is_session_open,
        )
        self._jumps = ClockJumpDetector(clock, self.scheduler, lambda jump: self.supervisor.reconnect())

    async def open(self) -> None:
        """Connect and wait until the key is accepted; raises what the first attempt failed of."""
        self._jumps.start()
        apply_exceptions(
            self._calendars, await self.pool.run("calendars", lambda: read_all(resource_path("calendars")))
        )
        self.supervisor.start()
        await self.opened()

    async def opened(self) -> None:
        """Wait for the outcome of the first attempt; raises its error."""
        error = await asyncio.shield(self._outcome)
        if error is not None:
            raise error.with_traceback(None)  # several may wait for it

    async def ended(self) -> None:
        """Wait for the end; raises what ended the feed, returns when `close` did."""
        error = await asyncio.shield(self._end)
        if error is not None:
            raise error.with_traceback(None)  # several may wait for it

    @property
    def is_closing(self) -> bool:
        """Whether the end has begun."""
        return self._closed is not None

    async def close(self) -> None:
        """End everything; whoever calls later waits for the same end. A callback may call it."""
        if self._closed is not None:
            await self._closed.wait()
            await self.tasks.stop(_STOP_TASKS_S)  # the callback that closed
            return
        self._closed = asyncio.Event()
        try:
            self._finish(None)
            self._jumps.stop()
            left = await self.supervisor.stop()
            left += await self.tasks.stop(_STOP_TASKS_S)
            left += await self.pool.stop(_STOP_WORK_S)
            if left:
                _log.warning("%s: would not end in time: %s", self._label, ", ".join(left))
        finally:
            self._closed.set()

    @property
    def error(self) -> MarketWatchError | None:
        """What ended the feed, None while it has not ended or when it was asked to."""
        return self._end.result() if self._end.done() else None

    def forgive(self) -> None:
        """Go on after a refusal of data: something else is asked for now."""
        if isinstance(self.error, EntitlementRefused) and self.supervisor.status().state is not FeedState.REFUSED:
            self._end = asyncio.get_running_loop().create_future()

    def _finish(self, error: MarketWatchError | None) -> None:
        if error is not None:  # a server may have echoed the key
            error.cause = self._redact(error.cause)
            error.args = tuple(self._redact(str(part)) for part in error.args)
        for future in (self._outcome, self._end):
            if not future.done():
                future.set_result(error)
        self._tell.ended(error)

    def _on_status(self, status: FeedStatus) -> None:
        if status.authenticated and not self._outcome.done():
            self._outcome.set_result(None)
        error = self.supervisor.last_error
        if status.state is FeedState.REFUSED or (status.state is FeedState.BACKING_OFF and not self._outcome.done()):
            self._finish(error)

    def _on_topic(self, topic: Topic, status: TopicStatus) -> None:
        if status.phase is not TopicPhase.REFUSED:
            return
        kind = EntitlementRefused if status.is_entitlement else FeedError
        error = kind(self._label, f"{topic} was refused: {status.reason or 'no reason given'}")
        self._tell.refused(error)
        known = self.supervisor.status()
        if isinstance(error, EntitlementRefused) and known.refused_topics == known.wanted:
            self._finish(error)

    def _is_session_open(self, wall_ns: int) -> bool | None:
        phase = self._calendars.by_rules(self._rules).phase(wall_ns)
        return None if phase is Phase.UNKNOWN else phase is not Phase.CLOSED
