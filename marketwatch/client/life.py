"""One life of a client, from connect to disconnect: its tasks, its threads, its supervisor."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence

import msgspec

from marketwatch.client.options import ClientOptions
from marketwatch.domain.calendar import Phase
from marketwatch.domain.events import MarketEvent
from marketwatch.domain.secret import Secret
from marketwatch.domain.venues import Calendars
from marketwatch.errors import ConfigurationError, EntitlementRefused, FeedError, MarketWatchError
from marketwatch.feeds.report_streams import stream_settings
from marketwatch.feeds.spread import Supervisor, supervise
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.feeds.subscriptions import TopicPhase, TopicStatus
from marketwatch.feeds.surroundings import FeedSettings, Surroundings
from marketwatch.instruments.calendars import apply_exceptions, read_all
from marketwatch.protocols.base import Channel, Topic
from marketwatch.runtime.clock import SystemClock
from marketwatch.runtime.clock_jump import ClockJumpDetector
from marketwatch.runtime.executors import WorkerPool
from marketwatch.runtime.resources import resource_path
from marketwatch.runtime.scheduler import LoopScheduler
from marketwatch.runtime.tasks import FailureHandler, TaskOwner

_log = logging.getLogger(__name__)

_STOP_TASKS_S = 1.0
_STOP_WORK_S = 1.0
_COUNTS = ("subscriptions", "wanted", "refused_topics", "message_count", "event_count", "invalid_count")


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
        self._around = Surroundings(
            transport=transport,
            clock=clock,
            scheduler=self.scheduler,
            tasks=self.tasks,
            on_failure=tell.failed,
            redact=redact,
            pool=self.pool,
        )
        self._settings = settings
        self._secret = secret
        self._is_open = False
        self.supervisor = self._new_supervisor(settings, self._on_status)
        self._sides: dict[Channel, Supervisor] = {}
        self._jumps = ClockJumpDetector(clock, self.scheduler, lambda jump: self._reconnect())

    def _new_supervisor(self, settings: FeedSettings, on_status: Callable[[FeedStatus], None]) -> Supervisor:
        return supervise(
            settings,
            self._around,
            credentials=lambda: self._secret,
            sink=self._tell.events,
            on_status=on_status,
            on_topic=self._on_topic,
            session_open=self._is_session_open,
        )

    async def open(self) -> None:
        """Connect and wait until the key is accepted; raises what the first attempt failed of."""
        self._jumps.start()
        apply_exceptions(
            self._calendars, await self.pool.run("calendars", lambda: read_all(resource_path("calendars")))
        )
        self._is_open = True
        for supervisor in self._supervisors():
            supervisor.start()
        await self.opened()

    # --- what is wanted

    def want(self, topics: Iterable[Topic]) -> None:
        """Ask for topics, each on the connection that brings its channel."""
        for channel, some in _by_channel(topics).items():
            self._of(channel).want(some)

    def unwant(self, topics: Iterable[Topic]) -> None:
        """Ask for topics no more."""
        for channel, some in _by_channel(topics).items():
            self._of(channel).unwant(some)

    def status(self) -> FeedStatus:
        """Return the status of the connection of the prices, with the counts of all connections."""
        known, sides = self.supervisor.status(), [side.status() for side in self._sides.values()]
        return msgspec.structs.replace(
            known,
            **{name: getattr(known, name) + sum(getattr(side, name) for side in sides) for name in _COUNTS},
            last_message_ns=max(
                (one.last_message_ns for one in (known, *sides) if one.last_message_ns is not None), default=None
            ),
        )

    def _of(self, channel: Channel) -> Supervisor:
        stream = next((one for one in self._settings.spec.report_streams if one.channel is channel), None)
        if stream is None:
            return self.supervisor
        side = self._sides.get(channel)
        if side is None:
            made = self._new_supervisor(stream_settings(self._settings, stream), lambda status: self._on_side(channel))
            side = self._sides[channel] = made
            if self._is_open and not self.is_closing:
                side.start()
        return side

    def _supervisors(self) -> list[Supervisor]:
        return [self.supervisor, *self._sides.values()]

    def _reconnect(self) -> None:
        for supervisor in self._supervisors():
            supervisor.reconnect()

    # --- the outcome

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
            ends = await asyncio.gather(*(supervisor.stop() for supervisor in self._supervisors()))
            left = [name for names in ends for name in names]
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
        if isinstance(self.error, EntitlementRefused) and not self.supervisor.status().state.waits_for_user:
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
        if status.state.waits_for_user or (status.state is FeedState.BACKING_OFF and not self._outcome.done()):
            self._finish(error)

    def _on_side(self, channel: Channel) -> None:
        """Tell of a connection that the server refuses for good; the others go on."""
        side = self._sides[channel]
        error = side.last_error
        if isinstance(error, FeedError | ConfigurationError) and side.status().state.waits_for_user:
            self._tell.refused(FeedError(error.thing, error.cause, error.next_step))

    def _on_topic(self, topic: Topic, status: TopicStatus) -> None:
        if status.phase is not TopicPhase.REFUSED:
            return
        kind = EntitlementRefused if status.is_entitlement else FeedError
        error = kind(self._label, f"{topic} was refused: {status.reason or 'no reason given'}")
        self._tell.refused(error)
        known = self.status()
        if isinstance(error, EntitlementRefused) and known.refused_topics == known.wanted:
            self._finish(error)

    def _is_session_open(self, wall_ns: int) -> bool | None:
        phase = self._calendars.by_rules(self._rules).phase(wall_ns)
        return None if phase is Phase.UNKNOWN else phase is not Phase.CLOSED


def _by_channel(topics: Iterable[Topic]) -> dict[Channel, list[Topic]]:
    found: dict[Channel, list[Topic]] = {}
    for topic in topics:
        found.setdefault(topic.channel, []).append(topic)
    return found
