"""The owner of one feed's connection: connects, subscribes, watches, reconnects, ends."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from marketwatch.domain.events import MarketEvent
from marketwatch.domain.secret import Secret
from marketwatch.errors import ConnectionFailed, MarketWatchError, SignedOut
from marketwatch.feeds.complaints import error_of, key_trouble_of, keyless_refusal, upgrade_error_of
from marketwatch.feeds.connection import Connection
from marketwatch.feeds.link import Link, LinkSettings
from marketwatch.feeds.liveness import Silence
from marketwatch.feeds.meters import FeedMeters
from marketwatch.feeds.opening import open_connection
from marketwatch.feeds.reconnect import ConnectionLimited, ReconnectPlan
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.feeds.subscriptions import Difference, Subscriptions, TopicStatus
from marketwatch.feeds.surroundings import FeedSettings, SessionOpen, Surroundings
from marketwatch.feeds.topic_keeper import TopicKeeper
from marketwatch.protocols import base
from marketwatch.protocols.base import Control, Topic
from marketwatch.runtime.retry import HandshakeRejected, Verdict, judge
from marketwatch.runtime.scheduler import wait_until
from marketwatch.runtime.tasks import stop_tasks

if TYPE_CHECKING:
    from marketwatch.feeds.catalog import FeedAddress

_log = logging.getLogger(__name__)
_NS = 1_000_000_000
_REVIVE_S = 5.0
_STOP_S = 2.3  # the goodbye of the transport takes 2 s at most

_CONNECTED = frozenset({FeedState.AUTHENTICATING, FeedState.LIVE, FeedState.STALE})
_AUTHENTICATED = frozenset({FeedState.LIVE, FeedState.STALE})


class FeedSupervisor:
    """Keeps one feed connected while it runs, and the wanted topics subscribed. Lives in the loop's thread.

    Events go synchronously to `sink`; the other callbacks tell what changed. All are guarded: what they raise is
    counted and reported, and never ends the connection. `credentials` raises SignedOut while the user has to sign in
    first: then nothing is asked of the server.
    """

    def __init__(
        self,
        settings: FeedSettings,
        surroundings: Surroundings,
        *,
        credentials: Callable[[], Secret | None],
        sink: Callable[[Sequence[MarketEvent]], None],
        on_status: Callable[[FeedStatus], None] | None = None,
        on_topic: Callable[[Topic, TopicStatus], None] | None = None,
        on_notice: Callable[[str], None] | None = None,
        session_open: SessionOpen | None = None,
    ) -> None:
        self._settings = settings
        self._address = settings.address
        self._around = surroundings
        self._credentials = credentials
        self._sink = sink
        self._on_status = on_status
        self._on_topic = on_topic
        self._on_notice = on_notice
        self._session_open = session_open
        limits = settings.spec.limits
        self._topics = Subscriptions(limits.topics, limits.instruments)
        self._keeper = TopicKeeper(self._topics, surroundings, self._tell_topic)
        self._plan = ReconnectPlan(limits.reconnect, surroundings.draw)
        self._meters = FeedMeters(delay_s=self._address.delay_s, measures_lag=settings.measures_lag)
        self._mute_s = limits.silence.mute_s
        self._state = FeedState.IDLE
        self._error: MarketWatchError | None = None
        self._since_ns: int | None = None
        self._connected_at: float | None = None
        self._retry_at: float | None = None
        self._attempts = 0
        self._stalls = 0
        self._generation = 0
        self._run_number = 0
        self._has_key = False
        self._is_running = False
        self._client_id = secrets.token_hex(8)
        self._wake = asyncio.Event()
        self._runs: set[asyncio.Task[None]] = set()
        self._link: Link | None = None

    # --- commands ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Connect, and stay connected until `stop`."""
        if not self._is_running:
            self._is_running = True
            self._begin()

    async def stop(self) -> list[str]:
        """Say goodbye and end; takes 2.3 s at most whatever the network does. Returns the names of tasks left over."""
        self._is_running = False
        left = await stop_tasks([task for task in self._runs if not task.done()], _STOP_S)
        self._generation += 1
        self._link = None
        self._topics.connection_lost()
        self._enter(FeedState.IDLE)
        return left

    def want(self, topics: Iterable[Topic]) -> None:
        """Count one more user of each topic, and subscribe those that are new."""
        self._topics.want(topics)
        self._keeper.subscribe(self._link)

    def unwant(self, topics: Iterable[Topic]) -> None:
        """Count one user less of each topic, and end those nobody uses."""
        self._topics.unwant(topics)
        self._keeper.subscribe(self._link)

    def retry_now(self) -> None:
        """End the present wait, also after a refusal: the user asks."""
        self._wake.set()
        self._revive()

    def credentials_changed(self) -> None:
        """Connect again with the key that is valid now."""
        self._plan.forget()
        self._restart()

    def replace(self, address: FeedAddress) -> None:
        """Leave the present server and connect to `address` at once."""
        self._address = address
        self._meters.set_delay(address.delay_s)
        self._plan.forget()
        self._restart()

    def reform(self, settings: FeedSettings) -> None:
        """Take other limits, reconnect rules and name, without touching the connection; topics are wanted as ever."""
        was_exhausted = self._plan.is_exhausted
        before, self._settings = self._settings, settings
        self._plan.rules = settings.spec.limits.reconnect
        self._topics.set_limits(topics=settings.spec.limits.topics, instruments=settings.spec.limits.instruments)
        if settings.spec.limits.silence != before.spec.limits.silence:
            self._mute_s = settings.spec.limits.silence.mute_s
            if self._link is not None:
                self._link.allow_silence(self._mute_s)
        if was_exhausted and not self._plan.is_exhausted:
            self._wake.set()  # it had given up, and is to go on now
        self._keeper.subscribe(self._link)
        self._publish()

    def reconnect(self) -> None:
        """Replace the connection, whatever it claims: the machine slept or the network changed.

        A refused feed stays refused, a signed-out one signed out.
        """
        if not self._state.waits_for_user:
            self._restart()

    # --- what others may know ----------------------------------------------------------------------------------

    def status(self) -> FeedStatus:
        """Return the present status."""
        now = self._now()
        error = self._error
        return FeedStatus(
            feed_id=self._settings.feed_id,
            label=self._settings.label,
            state=self._state,
            connected=self._state in _CONNECTED,
            authenticated=self._state in _AUTHENTICATED,
            running=self._is_running,
            **self._topics.figures(),
            **self._meters.figures(),
            since_ns=self._since_ns,
            uptime_s=None if self._connected_at is None else now - self._connected_at,
            reconnect_attempts=max(0, self._attempts - 1),
            generation=self._generation,
            stall_count=self._stalls,
            delay_s=self._address.delay_s,
            retry_in_s=None if self._retry_at is None else max(0.0, self._retry_at - now),
            key_trouble=key_trouble_of(error) if self._state is FeedState.REFUSED else None,
            signed_out_since=error.since if isinstance(error, SignedOut) else "",
            reason=self.reason,
            next_step=error.next_step if error is not None else "",
        )

    @property
    def state(self) -> FeedState:
        """The present state; `status` has all there is to know."""
        return self._state

    @property
    def reason(self) -> str:
        """Why it is so, without secrets; empty when all is well."""
        return self._around.redact(self._error.cause) if self._error is not None else ""

    @property
    def last_error(self) -> MarketWatchError | None:
        """Why the present state is not what one would wish, None when all is well; `status` has its words."""
        return self._error

    @property
    def last_invalid(self) -> tuple[str, str] | None:
        """Why the newest unusable part of a message was unusable, and a short sample of it; for diagnostics."""
        return self._meters.last_invalid

    def topic_state(self, topic: Topic) -> TopicStatus:
        """Return how far the wish for `topic` has come."""
        return self._topics.state(topic)

    def difference(self) -> Difference:
        """Compare what is wanted with what the feed has confirmed."""
        return self._topics.difference()

    # --- the loop of attempts ----------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._run_number += 1
        task = self._around.tasks.start(f"feed {self._settings.feed_id}", self._run(self._run_number))
        self._runs.add(task)
        task.add_done_callback(self._on_run_done)

    def _on_run_done(self, task: asyncio.Task[None]) -> None:
        self._runs.discard(task)
        if task.cancelled() or task.exception() is None or not self._is_running:
            return
        # A bug of ours, which the owner of tasks has reported: the feed must not stay dead until the next start.
        error = ConnectionFailed(self._settings.label, "its supervisor failed", "See the log")
        self._enter(FeedState.BACKING_OFF, error, _REVIVE_S)
        self._around.scheduler.call_later(_REVIVE_S, self._revive)

    def _revive(self) -> None:
        if self._is_running and not self._runs:
            self._begin()

    def _restart(self) -> None:
        if not self._is_running:
            return
        self._generation += 1  # whatever the old connection still brings is not heard, and it is cut, not closed
        for task in self._runs:
            task.cancel()
        self._link = None
        self._topics.connection_lost()
        self._begin()

    async def _run(self, number: int) -> None:
        while True:
            while (wait_s := self._plan.cap_wait_s(self._now())) > 0:
                self._wake.clear()
                error = ConnectionFailed(self._settings.label, "too many attempts within a minute")
                self._enter(FeedState.BACKING_OFF, error, wait_s)
                await wait_until(self._wake, wait_s, self._around.scheduler)
            verdict = await self._attempt()
            if number != self._run_number:
                return
            self._wake.clear()
            if verdict.is_fatal:
                is_signed_out = isinstance(verdict.error, SignedOut)
                self._enter(FeedState.SIGNED_OUT if is_signed_out else FeedState.REFUSED, verdict.error)
                await self._wake.wait()
            elif self._plan.is_exhausted:
                self._enter(FeedState.REFUSED, self._given_up(verdict.error))
                await self._wake.wait()
                self._plan.forget()
            else:
                is_limited = isinstance(verdict.error, ConnectionLimited)
                delay_s = self._plan.delay_s(self._now(), min_wait_s=verdict.min_wait_s, is_limited=is_limited)
                self._enter(FeedState.BACKING_OFF, verdict.error, delay_s)
                await wait_until(self._wake, delay_s, self._around.scheduler)

    def _given_up(self, error: MarketWatchError) -> ConnectionFailed:
        count = self._settings.spec.limits.reconnect.attempts
        return ConnectionFailed(self._settings.label, f"{count} attempts failed, at last: {error.cause}", "Retry now")

    async def _attempt(self) -> Verdict:
        self._generation += 1
        generation = self._generation
        self._attempts += 1
        self._plan.note_attempt(self._now())
        link: Link | None = None
        try:
            self._enter(FeedState.CONNECTING)
            link = await self._open(generation)
            self._link = link
            self._connected_at = self._now()
            self._enter(FeedState.AUTHENTICATING)
            self._keeper.subscribe(self._link)
            await link.run()
        except Exception as error:  # noqa: BLE001 - boundary: every failure of a connection is judged, none ends the feed
            verdict = judge(error, self._settings.label, self._around.clock.now_ns())
            if verdict.is_unexpected:
                self._around.on_failure(f"feed {self._settings.label}", error)
        else:
            verdict = Verdict(ConnectionFailed(self._settings.label, "the connection ended"))
        finally:
            if generation == self._generation:
                self._close_books(link)
        return verdict

    async def _open(self, generation: int) -> Link:
        spec, key, around = self._settings.spec, self._credentials(), self._around
        self._has_key = bool(key)
        protocol = spec.protocol(key)
        connection = await self._connect(key, generation)
        settings = LinkSettings(
            name=self._settings.label,
            generation=generation,
            limits=spec.limits.silence,
            mute_s=self._mute_s,
            is_pinged=self._settings.is_pinged,
            read_elsewhere=spec.read_elsewhere,
        )
        return Link(
            settings,
            connection,
            protocol,
            self,
            meters=self._meters,
            clock=around.clock,
            scheduler=around.scheduler,
            tasks=around.tasks,
            on_failure=around.on_failure,
            pool=around.pool,
        )

    async def _connect(self, key: Secret | None, generation: int) -> Connection:
        spec = self._settings.spec
        client_id = f"{self._client_id}-{generation}"  # servers mix up connections that share a name
        try:
            return await open_connection(self._around.transport, spec, self._address.url, key, client_id)
        except HandshakeRejected as rejected:
            control = spec.upgrade_refusal(rejected.status, rejected.body) or keyless_refusal(rejected.status, spec)
            label, has_key = self._settings.label, self._has_key
            error = None if control is None else upgrade_error_of(control, label, spec, has_key=has_key)
            if error is None:
                raise
            raise error from rejected

    def _close_books(self, link: Link | None) -> None:
        self._link = None
        self._connected_at = None
        self._topics.connection_lost()
        if link is not None:
            alive = link.liveness
            delivered = alive.first_useful is not None
            self._plan.note_end(lived_s=alive.lived_s(), data_s=alive.good_span_s(), delivered=delivered)
            if delivered:
                self._mute_s = self._settings.spec.limits.silence.mute_s

    # --- what a link tells (LinkOwner) -------------------------------------------------------------------------

    def is_current(self, generation: int) -> bool:
        """Tell whether this generation is the one to be heard."""
        return generation == self._generation

    def link_events(self, events: Sequence[MarketEvent]) -> None:
        """Hand events to the sink, whatever it does with them."""
        try:
            self._sink(events)
        except Exception as error:  # noqa: BLE001 - boundary: a failing consumer must not cost the connection
            self._meters.sink_failures += 1
            self._around.on_failure(f"{self._settings.label}: taking market events", error)

    def link_control(self, control: Control) -> None:
        """Act on what the protocol learnt; raises what must end the connection."""
        handle = _HANDLERS.get(type(control))
        if handle is not None:
            handle(self, control)
        else:
            self._keeper.take(control)

    def link_silence(self, silence: Silence) -> None:
        """Mark the feed stale, or live again."""
        if silence in (Silence.DEAD, Silence.MUTE):
            self._stalls += 1
            _log.warning("%s: %s", self._settings.feed_id, silence.value)
        if silence is Silence.MUTE:
            self._mute_s = min(self._mute_s * 2, self._settings.spec.limits.silence.mute_cap_s)
        if self._state in _AUTHENTICATED:
            is_fine = silence is Silence.FINE
            error = None if is_fine else ConnectionFailed(self._settings.label, silence.value)
            self._enter(FeedState.LIVE if is_fine else FeedState.STALE, error)

    def link_report(self) -> None:
        """Publish the rates."""
        self._publish()

    def link_situation(self) -> tuple[bool | None, bool]:
        """Return whether the session is open, and whether data is expected."""
        expects_data = self._state in _AUTHENTICATED and self._topics.active_count > 0
        if self._session_open is None:
            return None, expects_data
        try:
            return self._session_open(self._around.clock.now_ns()), expects_data
        except Exception as error:  # noqa: BLE001 - boundary: a failing calendar must not cost the connection
            self._around.on_failure(f"{self._settings.label}: asking whether the session is open", error)
            return None, expects_data

    # --- control handlers --------------------------------------------------------------------------------------

    def _on_authenticated(self, control: base.Authenticated) -> None:
        if self._state is FeedState.AUTHENTICATING:
            self._enter(FeedState.LIVE)

    def _on_refused(self, control: base.Refused) -> None:
        if control.topic is None:
            self._tell_notice(control.reason)
        self._keeper.take(control)

    def _on_complaint(self, control: Control) -> None:
        error = error_of(control, self._settings.label, self._settings.spec, has_key=self._has_key)
        if error is not None:
            raise error

    def _on_server_notice(self, control: base.Notice) -> None:
        self._tell_notice(control.text)

    def _on_invalid(self, control: base.Invalid) -> None:
        self._meters.note_invalid(control.reason, self._around.redact(control.sample), control.count)

    # --- small things ------------------------------------------------------------------------------------------

    def _now(self) -> float:
        return self._around.clock.monotonic_ns() / _NS

    def _tell_topic(self, topic: Topic, status: TopicStatus) -> None:
        if self._on_topic is not None:
            self._guarded(self._on_topic, topic, status)

    def _tell_notice(self, text: str) -> None:
        if self._on_notice is not None and text:
            self._guarded(self._on_notice, self._around.redact(text))

    def _enter(self, state: FeedState, error: MarketWatchError | None = None, wait_s: float | None = None) -> None:
        if state is not self._state:
            self._since_ns = self._around.clock.now_ns()
            cause = f" ({self._around.redact(error.cause)})" if error else ""
            _log.info("%s: %s%s", self._settings.feed_id, state.value, cause)
        self._state = state
        self._error = error
        self._retry_at = None if wait_s is None else self._now() + wait_s
        self._publish()

    def _publish(self) -> None:
        if self._on_status is not None:
            self._guarded(self._on_status, self.status())

    def _guarded(self, callback: Callable[..., None], *arguments: object) -> None:
        try:
            callback(*arguments)
        except Exception as error:  # noqa: BLE001 - boundary: a failing listener must not cost the connection
            self._around.on_failure(f"{self._settings.label}: telling a listener", error)


_HANDLERS: dict[type[Control], Callable[[FeedSupervisor, Any], None]] = {
    base.Authenticated: FeedSupervisor._on_authenticated,
    base.AuthenticationFailed: FeedSupervisor._on_complaint,
    base.Refused: FeedSupervisor._on_refused,
    base.ConnectionLimit: FeedSupervisor._on_complaint,
    base.ServerClosing: FeedSupervisor._on_complaint,
    base.Notice: FeedSupervisor._on_server_notice,
    base.Invalid: FeedSupervisor._on_invalid,
}
