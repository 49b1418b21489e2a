"""A market of our own - simulated or recorded - served by our gateway on loopback and read by the real client."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec

from marketwatch.app.core import Core
from marketwatch.app.day_figures import DayFigures
from marketwatch.app.feed_keys import table_rule
from marketwatch.domain.ids import FeedId
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.secret import Secret
from marketwatch.feeds.catalog import CATALOG, FeedAddress, FeedKind
from marketwatch.feeds.spread import Supervisor
from marketwatch.feeds.surroundings import FeedSettings
from marketwatch.protocols.base import Channel
from marketwatch.runtime.clock import MarketClock
from marketwatch.services.feed_route import FeedFacts, FeedNature

if TYPE_CHECKING:
    from marketwatch.gateway.server import GatewayServer
    from marketwatch.gateway.source import MarketSource


_CHANNELS = (Channel.TRADES, Channel.QUOTES, Channel.LIMITS)


class LocalFeed(msgspec.Struct, frozen=True, kw_only=True):
    """How a local market is presented. `has_day_figures`: it states a previous close by REST."""

    feed_id: FeedId
    label: str
    nature: FeedNature
    market_clock: MarketClock
    has_day_figures: bool = False


class LocalMarket:
    """Owns the gateway of one source and the feed that reads it. Only our own client knows its key."""

    def __init__(self, core: Core, source: MarketSource, feed: LocalFeed) -> None:
        self._core = core
        self._source = source
        self.feed = feed
        self._key = Secret(secrets.token_urlsafe(32))
        core.runtime.redactor.register(self._key)
        self._server: GatewayServer | None = None
        self._playing: asyncio.Task[None] | None = None
        self._figures: DayFigures | None = None

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """The instruments by their feed keys."""
        return self._source.instruments()

    @property
    def supervisor(self) -> Supervisor:
        """The connection to the gateway."""
        return self._core.feeds.supervisor(self.feed.feed_id)

    @property
    def url(self) -> str:
        """Where the gateway listens."""
        return "" if self._server is None else self._server.url

    def credentials(self) -> Secret:
        """Return the key that the gateway accepts."""
        return self._key

    async def open(self) -> None:
        """Start serving and connect. Raises ConfigurationError when no port can be opened."""
        core, feed = self._core, self.feed
        make = await core.runtime.pool.run("load the gateway", _gateway_class)
        self._server = make(self._source, accepts_key=lambda key: key is not None and self._key.matches(key))
        await self._server.start()
        self._playing = core.runtime.tasks.start(f"gateway {feed.feed_id}", self._server.play())
        core.hub.add_feed(
            FeedFacts(id=feed.feed_id, label=feed.label, nature=feed.nature, market_clock=feed.market_clock)
        )
        core.keys.set_rule(feed.feed_id, table_rule({one.id: key for key, one in self.instruments.items()}))
        settings = FeedSettings(
            feed_id=feed.feed_id,
            label=feed.label,
            spec=msgspec.structs.replace(CATALOG[FeedKind.MASSIVE], default_channels=_CHANNELS),
            address=FeedAddress(self._server.url),
            measures_lag=False,
            is_pinged=False,
        )
        if feed.has_day_figures:
            self._figures = DayFigures(
                core, feed.feed_id, self._server.url, self.credentials, is_whole_day_streamed=True
            )
            self._figures.open()
        # A paused or finished session is silent and well: no silence is a fault here.
        core.feeds.add_feed(settings, self.credentials, session_open=lambda _wall_ns: False)

    async def close(self) -> None:
        """Disconnect and stop serving."""
        if self._server is None:
            return
        await self._core.feeds.remove_feed(self.feed.feed_id)
        if self._figures is not None:
            await self._figures.close()
            self._figures = None
        self._core.keys.forget(self.feed.feed_id)
        if self._playing is not None and not self._playing.done():
            self._playing.cancel()
            await asyncio.wait([self._playing])
        await self._server.stop()
        self._server = None


def _gateway_class() -> Callable[..., GatewayServer]:
    from marketwatch.gateway.server import GatewayServer

    return GatewayServer
