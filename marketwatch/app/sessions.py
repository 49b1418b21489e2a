"""What the window shows: the simulated market, a recorded session, or real feeds. One of them at a time."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from marketwatch.app.core import Core
from marketwatch.app.demo import demo_instruments
from marketwatch.domain.feed_config import FeedConfig
from marketwatch.domain.ids import FeedId
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.venues import INDIA, UNITED_STATES
from marketwatch.errors import ConfigurationError
from marketwatch.services.feed_route import FeedNature
from marketwatch.services.notices import Severity

if TYPE_CHECKING:
    from marketwatch.app.configured_feeds import ConfiguredFeeds, Credentials
    from marketwatch.app.live_feed import LiveFeed
    from marketwatch.app.local_market import LocalMarket
    from marketwatch.app.replay_control import ReplayControl
    from marketwatch.feeds.catalog import FeedKind, FeedSpec
    from marketwatch.feeds.recorded.recording import Recording, RecordingFacts
    from marketwatch.feeds.simulated.market import SimulatedMarket

SIMULATED = FeedId("simulated")
REPLAY = FeedId("replay")


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """What the screen needs to know of the open session. `bar` is the sentence of its permanent bar, empty for none.

    No instruments: the user's own lists are shown as they are.
    """

    nature: FeedNature
    feed_id: FeedId
    list_name: str
    instruments: tuple[Instrument, ...]
    bar_title: str = ""
    bar: str = ""
    zone: str = "America/New_York"
    clock_note: str = ""


class Sessions:
    """Opens and closes what the window shows. `view` is None while nothing is open.

    Whoever opens something else holds `turn` meanwhile: opening takes a while, and there is one window.
    What a session is made of is imported when it is opened: the first paint need not wait for it.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._market: LocalMarket | None = None
        self._live: LiveFeed | None = None
        self._configured: ConfiguredFeeds | None = None
        self._recording: Recording | None = None
        self.replay: ReplayControl | None = None
        self.view: SessionView | None = None
        self.turn = asyncio.Lock()

    @property
    def feed_ids(self) -> tuple[FeedId, ...]:
        """The open feeds, the first first."""
        if self._configured is not None:
            return self._configured.feed_ids
        return () if self.view is None else (self.view.feed_id,)

    @property
    def is_configured(self) -> bool:
        """Whether the feeds of the settings are open."""
        return self._configured is not None

    @property
    def follows_settings(self) -> bool:
        """Whether a change of the settings may change what is open: not a replay or the feed of the command line."""
        return self.is_configured or (self.view is not None and self.view.feed_id == SIMULATED)

    async def open_simulated(self) -> SessionView:
        """Show the simulated market."""
        await self.close()
        core = self._core
        source = await core.runtime.pool.run("prepare the simulated market", lambda: _make_simulated(core))
        from marketwatch.app.local_market import LocalFeed, LocalMarket

        feed = LocalFeed(
            feed_id=SIMULATED, label="Simulator", nature=FeedNature.SIMULATED, market_clock=source, has_day_figures=True
        )
        self._market = LocalMarket(core, source, feed)
        await self._market.open()
        self.view = SessionView(
            nature=FeedNature.SIMULATED,
            feed_id=SIMULATED,
            list_name="Demo list",
            instruments=tuple(self._market.instruments.values()),
            bar_title="SIMULATED DATA",
            bar="Every price in this window is invented. Connect a feed to see the market.",
            clock_note="demo time",
        )
        _say_how_to_see_real_prices(core)
        return self.view

    async def open_replay(
        self, path: Path, *, speed: float | None = 1.0, start_at: str | None = None, closes: Path | None = None
    ) -> SessionView:
        """Show a recorded session; `closes` are daily bars that give the closes before it. Raises RecordingError."""
        from marketwatch.app.local_market import LocalFeed, LocalMarket
        from marketwatch.app.recorded_instruments import resolve_hints
        from marketwatch.app.replay_control import ReplayControl
        from marketwatch.feeds.playback import Playback
        from marketwatch.feeds.recorded.recording import open_recording
        from marketwatch.feeds.recorded.session_time import exchange_zone, time_of_day_ns
        from marketwatch.feeds.recorded.source import RecordedSource

        recording = await open_recording(path)
        try:
            facts = recording.describe()
            start_ns = time_of_day_ns(facts, start_at) if start_at else None
            stated = {} if closes is None else await self._previous_closes(closes, facts)
        except BaseException:
            await recording.close()
            raise
        await self.close()
        core = self._core
        self._recording = recording
        playback = Playback(
            recording, clock=core.runtime.clock, speed=speed, start_at_ns=start_ns, hold=True, stays=True
        )
        source = RecordedSource(playback, resolve_hints(facts.instruments, core.directory), stated)
        feed = LocalFeed(
            feed_id=REPLAY,
            label="Replay",
            nature=FeedNature.REPLAY,
            market_clock=playback,
            has_day_figures=bool(stated),
        )
        self._market = LocalMarket(core, source, feed)
        await self._market.open()
        self.replay = ReplayControl(core, self._market, playback)
        zone = exchange_zone(facts)
        self.view = SessionView(
            nature=FeedNature.REPLAY,
            feed_id=REPLAY,
            list_name=f"Replay {_date_words(facts.start_ns, zone.key)}",
            instruments=tuple(self._market.instruments.values()),
            bar_title="REPLAY",
            bar=f"A recorded session, {_day_words(facts.start_ns, zone.key)}. Nothing here is happening now.",
            zone=zone.key,
            clock_note="replay",
        )
        return self.view

    async def _previous_closes(self, path: Path, facts: RecordingFacts) -> dict[str, float]:
        from marketwatch.feeds.recorded.closes import previous_closes
        from marketwatch.feeds.recorded.session_time import exchange_zone

        session = datetime.datetime.fromtimestamp(facts.start_ns // 1_000_000_000, exchange_zone(facts)).date()
        work = partial(previous_closes, path, session, facts.symbols)
        return await self._core.runtime.pool.run("read the closes before the session", work)

    async def open_feed(
        self, kind: str, url: str | None, watch: Sequence[str], mapping: Path | None = None
    ) -> SessionView:
        """Show a real feed, at an address or at its vendor's; `mapping` is the file of a stream of one's own.

        Raises ConfigurationError.
        """
        from marketwatch.app.live_feed import feed_of_environment
        from marketwatch.app.mapping_files import read_file
        from marketwatch.feeds.catalog import CATALOG
        from marketwatch.protocols.mapping.client import MappingClient

        spec = CATALOG[_kind(kind)]
        if mapping is not None:
            read = await self._core.runtime.pool.run("read a mapping", lambda: read_file(mapping))
            spec = msgspec.structs.replace(spec, protocol=partial(MappingClient, mapping=read))
        live = feed_of_environment(self._core, spec, url)
        await self.close()
        self._live = live
        live.open()
        instruments = self._watched(live.feed_id, spec, watch)
        self.view = SessionView(
            nature=live.nature,
            feed_id=live.feed_id,
            list_name="Watched",
            instruments=instruments,
            zone=spec.rules.zone,
        )
        return self.view

    async def open_configured(
        self, feeds: Sequence[FeedConfig], credentials: Credentials, entered: Collection[FeedId] = ()
    ) -> SessionView | None:
        """Show the feeds of the settings that are ready; where they are shown already, change what differs.

        `entered` are feeds whose key was typed anew. Returns None, and leaves everything as it is, when no feed is
        ready.
        """
        from marketwatch.app.configured_feeds import ConfiguredFeeds, ready_feeds

        ready = ready_feeds(feeds, credentials, self._core.mappings.find)
        if not ready:
            return None
        if self._configured is None:
            await self.close()
            self._configured = ConfiguredFeeds(self._core, credentials)
        await self._configured.apply(ready, entered)
        first = self._configured.live(ready[0].id)
        self.view = SessionView(
            nature=first.nature, feed_id=first.feed_id, list_name="", instruments=(), zone=first.zone
        )
        return self.view

    async def close(self) -> None:
        """Close what is open."""
        replay, self.view, self.replay = self.replay, None, None
        if replay is not None:
            await replay.close()
        if self._live is not None:
            await self._live.close()
            self._live = None
        if self._configured is not None:
            configured, self._configured = self._configured, None
            await configured.close()
        if self._market is not None:
            await self._market.close()
            self._market = None
        if self._recording is not None:
            await self._recording.close()
            self._recording = None

    def _watched(self, feed_id: FeedId, spec: FeedSpec, texts: Sequence[str]) -> tuple[Instrument, ...]:
        """Resolve what the command line asked for, and say what was refused."""
        from marketwatch.app.watch_texts import watched

        core = self._core
        found = watched(core.directory, spec, texts, feed_key=partial(core.keys.feed_key, feed_id))
        for remark in found.remarks:
            core.notices.add(remark.severity, remark.thing, remark.cause, remark.next_step)
        return found.instruments


def _say_how_to_see_real_prices(core: Core) -> None:
    core.notices.add(
        Severity.INFO,
        "These prices are simulated",
        "No feed is connected",
        "For real ones, add a feed in Settings > Feeds, or open a recorded day with File > Open recording",
    )


def _kind(text: str) -> FeedKind:
    from marketwatch.feeds.catalog import FeedKind

    try:
        return FeedKind(text)
    except ValueError:
        known = ", ".join(kind.value for kind in FeedKind)
        raise ConfigurationError(f"There is no feed “{text}”", "", f"Choose one of: {known}") from None


def _make_simulated(core: Core) -> SimulatedMarket:
    import marketwatch.app.local_market  # noqa: F401 - here it does not hold the loop up
    from marketwatch.feeds.simulated.market import SimulatedMarket

    calendars = [core.calendars.by_rules(rules) for rules in (UNITED_STATES, INDIA)]
    return SimulatedMarket(
        demo_instruments(core.directory),
        core.runtime.clock,
        is_trading_day=lambda date: all(one.day_on(date).hours_ns is not None for one in calendars),
    )


def _day_words(instant_ns: int, zone: str) -> str:
    day = datetime.datetime.fromtimestamp(instant_ns // 1_000_000_000, ZoneInfo(zone))
    return f"{day:%A} {day.day} {day:%B %Y}"


def _date_words(instant_ns: int, zone: str) -> str:
    day = datetime.datetime.fromtimestamp(instant_ns // 1_000_000_000, ZoneInfo(zone))
    return f"{day.day} {day:%b %Y}"
