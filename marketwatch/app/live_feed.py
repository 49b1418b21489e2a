"""A real feed: its supervisor and the day statistics that its stream does not carry."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from marketwatch.app.core import Core
from marketwatch.app.day_figures import DayFigures
from marketwatch.domain.calendar import Phase
from marketwatch.domain.ids import FeedId
from marketwatch.domain.secret import Secret
from marketwatch.feeds.catalog import FeedAddress, FeedSpec
from marketwatch.feeds.surroundings import FeedSettings
from marketwatch.runtime.clock import LiveMarketClock
from marketwatch.services.feed_route import FeedFacts, FeedNature
from marketwatch.services.notices import Severity
from marketwatch.services.proxy_words import is_loopback


class LiveFeed:
    """One feed while it is open. `credentials` is asked for the key at every connection."""

    def __init__(self, core: Core, settings: FeedSettings, credentials: Callable[[], Secret | None]) -> None:
        self._core = core
        self._settings = settings
        self._credentials = credentials
        self._figures = DayFigures(core, settings.feed_id, _rest_at(settings), credentials)

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
        core = self._core
        self._tell_facts()
        core.keys.set_rule(self.feed_id, self._settings.spec.feed_key)
        self._figures.open()
        core.feeds.add_feed(self._settings, self._credentials, session_open=self._is_session_open)

    async def readdress(self, settings: FeedSettings) -> None:
        """Go to another address; rows and figures stay."""
        self._settings = settings
        self._tell_facts()
        await self._figures.readdress(_rest_at(settings))
        self._core.feeds.rename(self.feed_id, settings.label)
        self._core.feeds.replace(self.feed_id, settings.address)

    def rename(self, settings: FeedSettings) -> None:
        """Go by another name; the connection stays."""
        self._settings = settings
        self._tell_facts()
        self._core.feeds.rename(self.feed_id, settings.label)

    def renew_key(self) -> None:
        """Connect again with the key that is valid now."""
        self._core.feeds.credentials_changed(self.feed_id)

    async def close(self) -> None:
        """Disconnect; its instruments go to the next feed that has them."""
        await self._core.feeds.remove_feed(self.feed_id)
        await self._figures.close()
        self._core.keys.forget(self.feed_id)

    def _tell_facts(self) -> None:
        self._core.hub.add_feed(
            FeedFacts(
                id=self.feed_id,
                label=self._settings.label,
                nature=self.nature,
                market_clock=LiveMarketClock(self._core.runtime.clock),
                delay_s=self._settings.address.delay_s,
            )
        )

    def _is_session_open(self, wall_ns: int) -> bool | None:
        """Tell whether ticks are to be expected, by the calendar of the market that this feed serves."""
        phase = self._core.calendars.by_rules(self._settings.spec.rules).phase(wall_ns)
        return None if phase is Phase.UNKNOWN else phase is not Phase.CLOSED


def feed_of_environment(core: Core, spec: FeedSpec, url: str | None) -> LiveFeed:
    """Make the feed of the command line: at an address of one's own or the vendor's, with the key of the environment.

    Where the vendor has more addresses it is the real-time one. Raises ConfigurationError when the address cannot be
    used; a missing key is noticed.
    """
    address = _vendors_address(spec) if url is None else _address(spec, url)
    secret = core.runtime.secret_from_environment(spec.credential_names, is_joined=spec.is_joined_key)
    if secret is None and needs_key(spec, address):
        core.notices.add(
            Severity.DECISION,
            f"{spec.label} has no key",
            "none is set in the environment",
            f"Set {spec.credential_words} and start again",
        )
    settings = FeedSettings(feed_id=FeedId(spec.kind.value), label=spec.label, spec=spec, address=address)
    return LiveFeed(core, settings, lambda: secret)


def needs_key(spec: FeedSpec, address: FeedAddress) -> bool:
    """Tell whether a feed can do nothing without a key; a server on this computer may want none."""
    return bool(spec.credential_names) and not is_loopback(urlsplit(address.url).hostname or "")


def _rest_at(settings: FeedSettings) -> str | None:
    return settings.address.url if settings.spec.has_rest_snapshot else None


def _vendors_address(spec: FeedSpec) -> FeedAddress:
    return spec.addresses.get("realtime") or next(iter(spec.addresses.values()))


def _address(spec: FeedSpec, url: str) -> FeedAddress:
    """Complete an address; one of the vendor's own keeps the delay that is known of it."""
    complete = spec.normalise_url(url)
    known = next((one for one in spec.addresses.values() if one.url == complete), None)
    return known or FeedAddress(complete)
