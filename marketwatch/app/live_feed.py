"""A real feed: its supervisor and the day statistics that its stream does not carry."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn
from urllib.parse import urlsplit

from marketwatch.app.core import Core
from marketwatch.app.day_figures import DayFigures
from marketwatch.app.feed_hours import FeedHours
from marketwatch.app.feed_keys import KeyOf, listed_rule
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.domain.secret import Secret
from marketwatch.domain.wanted_sessions import WantedSessions
from marketwatch.errors import ConfigurationError, KeyMissing
from marketwatch.feeds.catalog import FeedAddress, FeedSpec
from marketwatch.feeds.server_names import is_loopback
from marketwatch.feeds.surroundings import FeedSettings
from marketwatch.runtime.clock import LiveMarketClock
from marketwatch.services.feed_route import FeedFacts, FeedNature
from marketwatch.services.notices import Severity


class LiveFeed:
    """One feed while it is open. `credentials` is asked for the key at every connection."""

    def __init__(self, core: Core, settings: FeedSettings, credentials: Callable[[], Secret | None]) -> None:
        self._core = core
        self._settings = settings
        self._credentials = credentials
        self._figures = DayFigures(core, settings.feed_id, _rest_at(settings), credentials)
        self._hours = FeedHours(core, settings.feed_id, settings.spec.rules)

    @property
    def feed_id(self) -> FeedId:
        """Which feed it is."""
        return self._settings.feed_id

    @property
    def nature(self) -> FeedNature:
        """How real its figures are."""
        return FeedNature.DELAYED if self._settings.address.delay_s else FeedNature.LIVE

    @property
    def zone(self) -> str:
        """Where its market is."""
        return self._settings.spec.rules.zone

    def credentials(self) -> Secret | None:
        """Return the key that the next connection would use."""
        return self._credentials()

    def open(self) -> None:
        """Connect; instruments that no feed serves are asked of it."""
        self._tell_facts()
        self._set_rule()
        self._warn_of_open_address()
        self._figures.open()
        self._hours.open()
        is_open = self._hours.is_open
        self._core.feeds.add_feed(self._settings, self._credentials, session_open=is_open, keys_open=is_open)
        self._open_reports()

    def _set_rule(self) -> None:
        spec = self._settings.spec
        self._core.keys.set_rule(self.feed_id, _key_rule(self._core, spec))

    def _open_reports(self) -> None:
        if self._settings.spec.report_streams:
            self._core.reports.add_feed(self._settings, self._credentials, session_open=self._hours.is_open)

    async def readdress(self, settings: FeedSettings) -> None:
        """Connect anew, by these settings; rows and figures stay."""
        await self.reform(settings)
        await self._figures.readdress(_rest_at(settings))
        self._warn_of_open_address()
        self._core.feeds.replace(self.feed_id, settings.address)
        if settings.spec.report_streams:
            self._core.reports.replace(settings)

    async def reform(self, settings: FeedSettings) -> None:
        """Take over name, channels and reconnect rules; connection, rows and figures stay."""
        before, self._settings = self._settings, settings
        self._tell_facts()
        self._set_rule()
        self._core.feeds.reform(settings)
        self._core.feeds.keys_changed(self.feed_id)  # without prices it has no instruments
        if not before.spec.report_streams:
            self._open_reports()
        elif settings.spec.report_streams:
            await self._core.reports.reform(settings)
        else:
            await self._core.reports.remove_feed(self.feed_id)

    def renew_key(self) -> None:
        """Connect again with the key that is valid now."""
        self._core.feeds.credentials_changed(self.feed_id)
        if self._settings.spec.report_streams:
            self._core.reports.credentials_changed(self.feed_id)

    async def close(self) -> None:
        """Disconnect; its instruments go to the next feed that has them."""
        if self._settings.spec.report_streams:
            await self._core.reports.remove_feed(self.feed_id)
        await self._core.feeds.remove_feed(self.feed_id)
        self._hours.close()
        await self._figures.close()
        self._core.keys.forget(self.feed_id)

    def _warn_of_open_address(self) -> None:
        parts = urlsplit(self._settings.address.url)
        if parts.scheme in ("wss", "https") or is_loopback(parts.hostname or ""):
            return
        self._core.notices.add(
            Severity.DECISION,
            f"The connection to {self._settings.label} is not encrypted",
            "anyone on the way can read and change what comes",
            "Use wss:// if the server offers it",
        )

    def _tell_facts(self) -> None:
        self._hours.want(self._settings.sessions)
        self._core.hub.add_feed(
            FeedFacts(
                id=self.feed_id,
                label=self._settings.label,
                nature=self.nature,
                market_clock=LiveMarketClock(self._core.runtime.clock),
                delay_s=self._settings.address.delay_s,
                sends_bars=self._settings.spec.sends_bars,
                history_to=self._settings.history_to,
                sessions=self._wanted_sessions(),
            )
        )

    def _wanted_sessions(self) -> WantedSessions | None:
        wanted = self._settings.sessions
        calendar = self._core.calendars.by_rules(self._settings.spec.rules)
        return WantedSessions(wanted, calendar) if wanted else None


def feed_of_environment(core: Core, spec: FeedSpec, url: str | None) -> LiveFeed:
    """Make the feed of the command line: at an address of one's own or the vendor's, with the key of the environment.

    Where the vendor has more addresses it is the real-time one. Raises ConfigurationError when the address cannot be
    used; a missing key is noticed.
    """
    address = _vendors_address(spec) if url is None else spec.address_at(url)
    secret = core.runtime.secret_from_environment(spec.credential_names, is_joined=spec.is_joined_key)
    missing = None
    if secret is None and needs_key(spec, address):
        step = f"Set {spec.credential_words} and start again"
        core.notices.add(Severity.DECISION, f"{spec.label} has no key", "none is set in the environment", step)
        missing = KeyMissing(spec.label, "none is set in the environment", step)
    settings = FeedSettings(feed_id=FeedId(spec.kind.value), label=spec.label, spec=spec, address=address)
    return LiveFeed(core, settings, lambda: secret if missing is None else _raise(missing))


def _raise(error: KeyMissing) -> NoReturn:
    raise error


def needs_key(spec: FeedSpec, address: FeedAddress) -> bool:
    """Tell whether a feed can do nothing without a key; a server on this computer may want none."""
    return bool(spec.credential_names) and not is_loopback(urlsplit(address.url).hostname or "")


def _key_rule(core: Core, spec: FeedSpec) -> KeyOf:
    if not spec.default_channels:
        return _no_prices
    return listed_rule(core.directory, spec) if spec.listed_as else spec.feed_key


def _no_prices(instrument_id: InstrumentId) -> None:
    """Have no key for any instrument: others give the prices."""


def _rest_at(settings: FeedSettings) -> str | None:
    return settings.address.url if settings.spec.has_rest_snapshot else None


def _vendors_address(spec: FeedSpec) -> FeedAddress:
    if not spec.addresses:
        raise ConfigurationError(spec.label, "it has no usual address", "Give one with --url")
    return spec.addresses.get("realtime") or next(iter(spec.addresses.values()))
