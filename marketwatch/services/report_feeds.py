"""Feeds of reports: the connections on which servers say something beside prices. They never serve a price.

Each is asked for every instrument that somebody uses and that it has a name for, whatever feed gives its price. What
comes goes to the reports, not to snapshots.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from marketwatch.domain.events import AnalysisReport, MarketEvent, ServerAlert, ServerPosition
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.domain.secret import Secret
from marketwatch.errors import ConfigurationError
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.feeds.subscriptions import TopicStatus
from marketwatch.feeds.surroundings import FeedSettings, SessionOpen, Surroundings
from marketwatch.protocols.base import Channel, Topic
from marketwatch.services.server_reports import ServerReports

if TYPE_CHECKING:
    from marketwatch.feeds.catalog import ReportStream
    from marketwatch.feeds.supervisor import FeedSupervisor

_STAGGER_S = 0.25
_REPORT: dict[Channel, type[MarketEvent]] = {
    Channel.ANALYSIS: AnalysisReport,
    Channel.ALERTS: ServerAlert,
    Channel.PORTFOLIO: ServerPosition,
}
_SEEING = frozenset({FeedState.LIVE, FeedState.STALE})
_STARTING = frozenset({FeedState.CONNECTING, FeedState.AUTHENTICATING})


class StreamState(msgspec.Struct, frozen=True, kw_only=True):
    """How one connection of reports is. `feed_label` names its feed, `name` what it brings.

    `is_missing`: the server does not have it, which is no fault. `since_ns` is when the connection came, or was lost,
    `connection` its number: what came by another one may have changed since.
    """

    feed_id: FeedId
    feed_label: str
    name: str
    channel: Channel
    state: FeedState
    since_ns: int | None = None
    reason: str = ""
    retry_in_s: float | None = None
    wanted: int = 0
    confirmed: int = 0
    refused: int = 0
    is_missing: bool = False
    connection: int = 0
    message_count: int = 0
    messages_per_s: float = 0.0

    @property
    def is_seeing(self) -> bool:
        """Whether the connection is up: what the server says now would arrive."""
        return self.state in _SEEING


class _Stream:
    """One connection of a feed. Without a supervisor its address could not be made."""

    __slots__ = ("connection", "is_blind", "is_up", "reason", "rows", "since_ns", "spec", "supervisor")

    def __init__(self, spec: ReportStream) -> None:
        self.spec = spec
        self.supervisor: FeedSupervisor | None = None
        self.reason = ""
        self.connection = 0
        self.is_up = False
        self.since_ns: int | None = None
        self.is_blind = False
        self.rows: dict[str, InstrumentId] = {}


class _Feed:
    __slots__ = ("credentials", "main_generation", "session_open", "settings", "streams")

    def __init__(
        self, settings: FeedSettings, credentials: Callable[[], Secret | None], session_open: SessionOpen | None
    ) -> None:
        self.settings = settings
        self.credentials = credentials
        self.session_open = session_open
        self.main_generation = 0
        self.streams = [_Stream(spec) for spec in settings.spec.report_streams]


class ReportFeeds:
    """Owner of the supervisors of report streams. Lives in the loop's thread.

    `feeds_changed` and `states_changed` hold who is told that feeds came or went, and how the connections are.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        reports: ServerReports,
        instruments: Iterable[InstrumentId] = (),
        *,
        on_notice: Callable[[FeedId, str], None] | None = None,
    ) -> None:
        self.reports = reports
        self.feeds_changed: list[Callable[[], None]] = []
        self.states_changed: list[Callable[[], None]] = []
        self._around = surroundings
        self._on_notice = on_notice
        self._instruments = dict.fromkeys(instruments)
        self._feeds: dict[FeedId, _Feed] = {}
        self._labels: dict[FeedId, str] = {}
        self._connections = 0
        self._is_running = False

    # --- feeds

    def add_feed(
        self,
        settings: FeedSettings,
        credentials: Callable[[], Secret | None],
        *,
        session_open: SessionOpen | None = None,
    ) -> None:
        """Open the report streams of a feed, as far as its settings name some."""
        feed = self._feeds[settings.feed_id] = _Feed(settings, credentials, session_open)
        self._labels[settings.feed_id] = settings.label
        for stream in feed.streams:
            self._build(feed, stream)
        if self._is_running:
            self._start(feed)
        self._tell(self.feeds_changed)

    async def remove_feed(self, feed_id: FeedId) -> None:
        """End the streams of a feed."""
        feed = self._feeds.pop(feed_id, None)
        if feed is None:
            return
        self.reports.unwatch(feed_id)
        self._tell(self.feeds_changed)
        await self._stop_all(feed.streams)

    def replace(self, settings: FeedSettings) -> None:
        """Go to another server at once; what the old one said is forgotten."""
        feed = self._feeds[settings.feed_id]
        feed.settings = settings
        self._labels[settings.feed_id] = settings.label
        self.reports.forget(settings.feed_id)
        for stream in feed.streams:
            stream.is_up = stream.is_blind = False
            stream.since_ns = None
            self._readdress(feed, stream)
        self._tell(self.states_changed)

    def _readdress(self, feed: _Feed, stream: _Stream) -> None:
        from marketwatch.feeds.report_streams import stream_settings

        supervisor = stream.supervisor
        if supervisor is None:
            made = self._build(feed, stream)
            if made is not None and self._is_running:
                made.start()
            return
        try:
            supervisor.replace(stream_settings(feed.settings, stream.spec).address)
        except ConfigurationError as error:
            stream.reason, stream.supervisor = error.cause, None
            self._around.tasks.start(f"end {stream.spec.name}", _end(supervisor))

    async def reform(self, settings: FeedSettings) -> None:
        """Take other streams, reconnect rules and name for a feed; connections that stay are not touched."""
        feed = self._feeds[settings.feed_id]
        feed.settings = settings
        self._labels[settings.feed_id] = settings.label
        wanted = [spec.channel for spec in settings.spec.report_streams]
        ended = [stream for stream in feed.streams if stream.spec.channel not in wanted]
        feed.streams = [stream for stream in feed.streams if stream not in ended]
        for stream in feed.streams:
            self._reform(feed, stream)
        held = [stream.spec.channel for stream in feed.streams]
        for spec in settings.spec.report_streams:
            if spec.channel not in held:
                feed.streams.append(_Stream(spec))
                made = self._build(feed, feed.streams[-1])
                if made is not None and self._is_running:
                    made.start()
        for stream in ended:
            self.reports.end(settings.feed_id, stream.spec.channel)
        self._tell(self.feeds_changed)
        await self._stop_all(ended)

    def credentials_changed(self, feed_id: FeedId) -> None:
        """Let the streams of a feed connect with its new key at once."""
        for supervisor in self._supervisors(feed_id):
            supervisor.credentials_changed()

    def retry_now(self, feed_id: FeedId) -> None:
        """End every wait of a feed's streams: the user asks."""
        for supervisor in self._supervisors(feed_id):
            supervisor.retry_now()

    def reconnect_all(self) -> None:
        """Replace every connection, whatever it claims: the machine slept."""
        for feed_id in self._feeds:
            for supervisor in self._supervisors(feed_id):
                supervisor.reconnect()

    def start(self) -> None:
        """Connect everything, one after the other."""
        self._is_running = True
        for feed in self._feeds.values():
            self._start(feed)

    async def stop(self) -> None:
        """End everything, together."""
        self._is_running = False
        await self._stop_all([stream for feed in self._feeds.values() for stream in feed.streams])

    @property
    def feed_ids(self) -> tuple[FeedId, ...]:
        """The feeds that have report streams."""
        return tuple(self._feeds)

    def label(self, feed_id: FeedId) -> str:
        """Return what a feed is called, or was when it was open."""
        return self._labels.get(feed_id, feed_id)

    def zone(self) -> str:
        """Return the time zone of the market that the first feed reports of."""
        feed = next(iter(self._feeds.values()), None)
        return "UTC" if feed is None else feed.settings.spec.rules.zone

    def states(self, channel: Channel | None = None) -> list[StreamState]:
        """Return how the connections are, all or those that bring one kind of report."""
        return [
            self._state(feed, stream)
            for feed in self._feeds.values()
            for stream in feed.streams
            if channel in (None, stream.spec.channel)
        ]

    def topic_state(self, feed_id: FeedId, instrument_id: InstrumentId, channel: Channel) -> TopicStatus | None:
        """Return how far the wish for reports of an instrument has come, None when nothing was asked."""
        feed = self._feeds.get(feed_id)
        for stream in [] if feed is None else feed.streams:
            if stream.spec.channel is channel and stream.supervisor is not None:
                key = next((key for key, held in stream.rows.items() if held == instrument_id), None)
                return None if key is None else stream.supervisor.topic_state(Topic(channel, key))
        return None

    # --- instruments

    def watch(self, instrument_id: InstrumentId) -> None:
        """Ask for the reports of an instrument from now on."""
        if instrument_id not in self._instruments:
            self._instruments[instrument_id] = None
            for feed in self._feeds.values():
                for stream in feed.streams:
                    self._want(feed, stream, instrument_id)
                    if stream.spec.channel is Channel.ALERTS and stream.is_up:
                        self.reports.alerts.expect(feed.settings.feed_id, instrument_id)

    def unwatch(self, instrument_id: InstrumentId) -> None:
        """Ask no more: nobody uses the instrument."""
        self._instruments.pop(instrument_id, None)
        for feed_id, feed in self._feeds.items():
            for stream in feed.streams:
                for key in [key for key, held in stream.rows.items() if held == instrument_id]:
                    del stream.rows[key]
                    if stream.supervisor is not None:
                        stream.supervisor.unwant([Topic(stream.spec.channel, key)])
            self.reports.unwatch(feed_id, instrument_id)

    # --- what others tell

    def on_feed_status(self, status: FeedStatus) -> None:
        """Ask a server that came back once more for what it did not have: it may be another version of it."""
        feed = self._feeds.get(status.feed_id)
        if feed is None or status.state is not FeedState.LIVE or status.generation == feed.main_generation:
            return
        is_return, feed.main_generation = bool(feed.main_generation), status.generation
        for supervisor in self._supervisors(status.feed_id) if is_return else ():
            if supervisor.status().state is FeedState.REFUSED:
                supervisor.retry_now()

    # --- inside

    def _supervisors(self, feed_id: FeedId) -> list[FeedSupervisor]:
        feed = self._feeds.get(feed_id)
        streams = [] if feed is None else feed.streams
        return [stream.supervisor for stream in streams if stream.supervisor is not None]

    def _build(self, feed: _Feed, stream: _Stream) -> FeedSupervisor | None:
        from marketwatch.feeds.report_streams import stream_settings
        from marketwatch.feeds.supervisor import FeedSupervisor

        try:
            settings = stream_settings(feed.settings, stream.spec)
        except ConfigurationError as error:
            stream.reason = error.cause
            return None
        feed_id = feed.settings.feed_id
        stream.reason = ""
        stream.rows.clear()
        stream.supervisor = FeedSupervisor(
            settings,
            self._around,
            credentials=feed.credentials,
            sink=lambda events: self._take(feed, stream, events),
            on_status=lambda status: self._on_status(feed, stream, status),
            on_topic=lambda _topic, _status: self._tell(self.states_changed),
            on_notice=None if self._on_notice is None else lambda text: self._notice(feed_id, text),
            session_open=feed.session_open,
        )
        for instrument_id in self._instruments:
            self._want(feed, stream, instrument_id)
        return stream.supervisor

    def _want(self, feed: _Feed, stream: _Stream, instrument_id: InstrumentId) -> None:
        key = feed.settings.spec.feed_key(instrument_id)
        if key is None or stream.supervisor is None or key in stream.rows:
            return
        stream.rows[key] = instrument_id
        stream.supervisor.want([Topic(stream.spec.channel, key)])

    def _start(self, feed: _Feed) -> None:
        for place, supervisor in enumerate(self._supervisors(feed.settings.feed_id)):
            # Not all at the same moment: a small server has four connections to make.
            self._around.scheduler.call_later(_STAGGER_S * (place + 1), partial(self._start_if_kept, supervisor))

    def _start_if_kept(self, supervisor: FeedSupervisor) -> None:
        if self._is_running and any(supervisor in self._supervisors(feed_id) for feed_id in self._feeds):
            supervisor.start()

    def _reform(self, feed: _Feed, stream: _Stream) -> None:
        from marketwatch.feeds.report_streams import stream_settings

        if stream.supervisor is not None:
            with contextlib.suppress(ConfigurationError):  # another address is told by `replace`
                stream.supervisor.reform(stream_settings(feed.settings, stream.spec))

    async def _stop_all(self, streams: Sequence[_Stream]) -> None:
        await asyncio.gather(*(stream.supervisor.stop() for stream in streams if stream.supervisor is not None))

    def _take(self, feed: _Feed, stream: _Stream, events: Sequence[MarketEvent]) -> None:
        by_row: dict[InstrumentId, list[MarketEvent]] = {}
        for event in events:
            instrument_id = stream.rows.get(event.key)
            # What belongs to another connection may be older than what that one says: it is not heard here.
            if instrument_id is not None and isinstance(event, _REPORT[stream.spec.channel]):
                by_row.setdefault(instrument_id, []).append(event)
        now_ns = self._around.clock.now_ns()
        for instrument_id, own in by_row.items():
            self.reports.take(
                feed.settings.feed_id, instrument_id, own, connection=stream.connection, now_ns=now_ns,
                connected_ns=stream.since_ns if stream.is_up else None,
            )  # fmt: skip

    def _on_status(self, feed: _Feed, stream: _Stream, status: FeedStatus) -> None:
        if status.state is FeedState.AUTHENTICATING:
            self._connections += 1
            stream.connection = self._connections
        if status.state is not FeedState.IDLE:
            self._note_sight(feed, stream, status)
        self._tell(self.states_changed)

    def _note_sight(self, feed: _Feed, stream: _Stream, status: FeedStatus) -> None:
        """Remember since when a connection is up or down; log once that alerts cannot be seen, or can again."""
        is_up, now_ns, feed_id = status.state in _SEEING, self._around.clock.now_ns(), feed.settings.feed_id
        if is_up is stream.is_up:
            if stream.since_ns is None and status.state not in _STARTING:
                stream.since_ns = now_ns
            return
        was_blind, stream.is_blind = stream.is_blind, not is_up
        stream.is_up, stream.since_ns = is_up, now_ns
        is_told = (
            stream.spec.channel is Channel.ALERTS and self._feeds.get(feed_id) is feed and (was_blind or not is_up)
        )
        if is_told:
            detail = "" if is_up else status.reason or "the connection ended"
            self.reports.alerts.note_sight(feed_id, is_blind=not is_up, now_ns=now_ns, detail=detail)

    def _state(self, feed: _Feed, stream: _Stream) -> StreamState:
        settings, spec, supervisor = feed.settings, stream.spec, stream.supervisor
        if supervisor is None:
            return StreamState(
                feed_id=settings.feed_id, feed_label=settings.label, name=spec.name, channel=spec.channel,
                state=FeedState.REFUSED, reason=stream.reason, is_missing=True,
            )  # fmt: skip
        status = supervisor.status()
        return StreamState(
            feed_id=settings.feed_id,
            feed_label=settings.label,
            name=spec.name,
            channel=spec.channel,
            state=status.state,
            since_ns=stream.since_ns,
            reason=status.reason,
            retry_in_s=status.retry_in_s,
            wanted=status.wanted,
            confirmed=status.subscriptions,
            refused=status.refused_topics,
            message_count=status.message_count,
            messages_per_s=status.messages_per_s if status.state in _SEEING else 0.0,
            is_missing=status.state is FeedState.REFUSED and isinstance(supervisor.last_error, ConfigurationError),
            connection=stream.connection,
        )

    def _notice(self, feed_id: FeedId, text: str) -> None:
        if self._on_notice is not None:
            self._on_notice(feed_id, text)

    def _tell(self, listeners: Sequence[Callable[[], None]]) -> None:
        for listener in tuple(listeners):
            listener()


async def _end(supervisor: FeedSupervisor) -> None:
    await supervisor.stop()
