"""The feeds of Settings > Feeds while they run: every change reaches them at once, and no row is lost by it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial

from marketwatch.app.core import Core
from marketwatch.app.feed_kinds import MappingOf, resolve
from marketwatch.app.live_feed import LiveFeed, needs_key
from marketwatch.domain.feed_config import FeedConfig
from marketwatch.domain.ids import FeedId
from marketwatch.domain.secret import Secret
from marketwatch.errors import ConfigurationError, SignedOut
from marketwatch.services.feed_changes import Deed, FeedChange, plan_changes

Credentials = Callable[[FeedId], Callable[[], Secret | None]]
"""Gives what a supervisor asks for the key of a feed; that raises SignedOut where only the daily login is missing."""


def what_is_missing(
    config: FeedConfig, credentials: Credentials, mapping_of: MappingOf | None = None
) -> ConfigurationError | None:
    """Return why a feed cannot be opened yet, None when it can."""
    try:
        settings = resolve(config, mapping_of)
    except ConfigurationError as error:
        return error
    try:
        has_key = credentials(config.id)() is not None
    except SignedOut:
        return None  # it opens, and says so
    if needs_key(settings.spec, settings.address) and not has_key:
        return ConfigurationError(config.name, "it has no key yet", "Enter one in Settings > Feeds")
    return None


def ready_feeds(
    feeds: Iterable[FeedConfig], credentials: Credentials, mapping_of: MappingOf | None = None
) -> tuple[FeedConfig, ...]:
    """Return the enabled feeds that can be opened, in order."""
    return tuple(one for one in feeds if one.enabled and what_is_missing(one, credentials, mapping_of) is None)


class ConfiguredFeeds:
    """Owner of the open feeds. `apply` is called by one task at a time, with feeds that are ready."""

    def __init__(self, core: Core, credentials: Credentials) -> None:
        self._core = core
        self._credentials = credentials
        self._resolve = partial(resolve, mapping_of=core.mappings.find, wall_ns=core.runtime.clock.now_ns)
        self._feeds: tuple[FeedConfig, ...] = ()
        self._live: dict[FeedId, LiveFeed] = {}
        self._keys: dict[FeedId, Secret | None] = {}

    @property
    def feed_ids(self) -> tuple[FeedId, ...]:
        """The open feeds, in the user's order."""
        return tuple(config.id for config in self._feeds if config.id in self._live)

    def live(self, feed_id: FeedId) -> LiveFeed:
        """Return an open feed."""
        return self._live[feed_id]

    async def apply(self, feeds: Sequence[FeedConfig], entered: Collection[FeedId] = ()) -> None:
        """Make these feeds the open ones; an instrument is served by the first that has it.

        The key of an `entered` feed was typed anew: one that does not work now tries it, even if it is the same.
        """
        before, self._feeds = self._feeds, tuple(feeds)
        new_keys = [one for one in self._live if self._has_new_key(one) or (one in entered and not self._works(one))]
        for change in plan_changes(before, feeds, new_keys):
            await self._do(change)
        self._core.feeds.set_order([config.id for config in feeds])

    async def close(self) -> None:
        """Close all feeds, together."""
        live, self._feeds, self._live = self._live, (), {}
        await asyncio.gather(*(feed.close() for feed in live.values()))

    async def _do(self, change: FeedChange) -> None:
        config = change.config
        match change.deed:
            case Deed.END:
                await self._end(config.id)
            case Deed.BEGIN:
                self._begin(config)
            case Deed.REBUILD:
                await self._end(config.id)
                self._begin(config)
            case Deed.READDRESS:
                await self._live[config.id].readdress(self._resolve(config))
            case Deed.NEW_KEY:
                await self._live[config.id].reform(self._resolve(config))
                self._live[config.id].renew_key()
            case Deed.REFORM:
                await self._live[config.id].reform(self._resolve(config))
        if config.id in self._live:
            self._keys[config.id] = self._key(config.id)

    def _key(self, feed_id: FeedId) -> Secret | None:
        try:
            return self._credentials(feed_id)()
        except SignedOut:
            return None

    def _has_new_key(self, feed_id: FeedId) -> bool:
        return self._key(feed_id) != self._keys.get(feed_id)

    def _works(self, feed_id: FeedId) -> bool:
        return self._core.feeds.supervisor(feed_id).status().authenticated

    def _begin(self, config: FeedConfig) -> None:
        feed = LiveFeed(self._core, self._resolve(config), self._credentials(config.id))
        feed.open()
        self._live[config.id] = feed

    async def _end(self, feed_id: FeedId) -> None:
        await self._live.pop(feed_id).close()
        self._keys.pop(feed_id, None)
