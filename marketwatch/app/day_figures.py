"""Brings one feed's day statistics to the hub: when a row joins, and again after every new connection."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence

from marketwatch.app.core import Core
from marketwatch.domain.events import DayStatistics
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.domain.secret import Secret
from marketwatch.errors import FeedError
from marketwatch.feeds.http import HttpClient
from marketwatch.feeds.reference import ReferenceFetcher, rest_base
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.services.notices import Severity


class DayFigures:
    """Owns the fetcher of one feed and its web client. Without a REST service beside the stream it fetches nothing.

    A feed that streams the whole day to every new connection (`is_whole_day_streamed`) begins anew with each: only
    its previous closes are taken, and the hub forgets the day when the connection is lost.
    """

    def __init__(
        self,
        core: Core,
        feed_id: FeedId,
        stream_url: str | None,
        credentials: Callable[[], Secret | None],
        *,
        is_whole_day_streamed: bool = False,
    ) -> None:
        self._core = core
        self._feed_id = feed_id
        self._is_whole_day_streamed = is_whole_day_streamed
        self._keys: dict[InstrumentId, str] = {}
        self._generation: int | None = None
        self._http = HttpClient(core.runtime.pool, _make_tls, proxy=core.proxy)
        self._credentials = credentials
        self._fetcher = self._make_fetcher(stream_url)

    def _make_fetcher(self, stream_url: str | None) -> ReferenceFetcher | None:
        base = None if stream_url is None else rest_base(stream_url)
        if base is None:
            return None
        runtime = self._core.runtime
        return ReferenceFetcher(
            base,
            self._http,
            self._credentials,
            self._take,
            clock=runtime.clock,
            start_task=runtime.tasks.start,
            on_refused=self._refused,
        )

    async def readdress(self, stream_url: str | None) -> None:
        """Fetch from beside another stream, from its first connection on; call before the feed goes there."""
        before, self._fetcher = self._fetcher, self._make_fetcher(stream_url)
        if before is not None:
            await before.stop()

    def open(self) -> None:
        """Begin to follow the feed; call before the feed is added."""
        self._core.assigned.append(self._on_followed)
        self._core.warmed.append(self._on_followed)
        self._core.status_changed.append(self._on_status)

    async def close(self) -> None:
        """Stop following and fetching."""
        self._core.assigned.remove(self._on_followed)
        self._core.warmed.remove(self._on_followed)
        self._core.status_changed.remove(self._on_status)
        if self._fetcher is not None:
            await self._fetcher.stop()
        await self._http.close()

    def _on_followed(self, instrument_id: InstrumentId, feed_id: FeedId | None, key: str) -> None:
        """Take in which feed serves an instrument, or follows it beside the one that does."""
        if feed_id == self._feed_id:
            is_new = self._keys.get(instrument_id) != key
            self._keys[instrument_id] = key
            if is_new and self._generation is not None and self._fetcher is not None:
                self._fetcher.request([key])
        elif self._core.feeds.subscription_at(instrument_id, self._feed_id) is None:
            self._keys.pop(instrument_id, None)

    def _on_status(self, status: FeedStatus) -> None:
        if status.feed_id != self._feed_id or status.generation == self._generation:
            return
        if status.state is FeedState.CONNECTING and self._is_whole_day_streamed and self._generation is not None:
            self._core.hub.reset(self._feed_id)
        if status.state is FeedState.LIVE:
            self._generation = status.generation
            if self._fetcher is not None:
                self._fetcher.request(self._keys.values())

    def _take(self, statistics: Sequence[DayStatistics]) -> None:
        if self._is_whole_day_streamed:
            statistics = [DayStatistics(key=one.key, stamp=one.stamp, prev_close=one.prev_close) for one in statistics]
        self._core.hub.publish(self._feed_id, statistics)

    def _refused(self, error: FeedError) -> None:
        self._core.notices.add(
            Severity.INFO,
            f"{self._core.hub.facts(self._feed_id).label}: no previous close and day figures",
            error.cause,
            "Changes are shown once the feed states them",
        )


def _make_tls() -> ssl.SSLContext:
    from marketwatch.feeds.transport import make_tls_context

    return make_tls_context()
