"""A real feed: its supervisor and the day statistics that its stream does not carry."""

from __future__ import annotations

import ipaddress
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


class LiveFeed:
    """One feed of the catalogue, at an address of one's own or the vendor's: the real-time one where there are more.

    Raises ConfigurationError when the address cannot be used.
    """

    def __init__(self, core: Core, spec: FeedSpec, url: str | None) -> None:
        self._core = core
        self._spec = spec
        self._address = _vendors_address(spec) if url is None else _address(spec, url)
        self._secret = core.runtime.secret_from_environment(spec.credential_names, is_joined=spec.is_joined_key)
        self.feed_id = FeedId(spec.kind.value)
        self.nature = FeedNature.DELAYED if self._address.delay_s else FeedNature.LIVE
        rest_at = self._address.url if spec.has_rest_snapshot else None
        self._figures = DayFigures(core, self.feed_id, rest_at, self.credentials)

    def credentials(self) -> Secret | None:
        """Return the key of the environment."""
        return self._secret

    def open(self) -> None:
        """Connect."""
        core, spec = self._core, self._spec
        core.hub.add_feed(
            FeedFacts(
                id=self.feed_id,
                label=spec.label,
                nature=self.nature,
                market_clock=LiveMarketClock(core.runtime.clock),
                delay_s=self._address.delay_s,
            )
        )
        self._figures.open()
        settings = FeedSettings(feed_id=self.feed_id, label=spec.label, spec=spec, address=self._address)
        core.feeds.add_feed(settings, self.credentials, session_open=self._is_session_open)
        if spec.credential_names and self._secret is None and not _is_loopback(self._address.url):
            core.notices.add(
                Severity.DECISION,
                f"{spec.label} has no key",
                "none is set in the environment",
                f"Set {spec.credential_words} and start again",
            )

    def _is_session_open(self, wall_ns: int) -> bool | None:
        """Tell whether ticks are to be expected, by the calendar of the market that this feed serves."""
        phase = self._core.calendars.by_rules(self._spec.rules).phase(wall_ns)
        return None if phase is Phase.UNKNOWN else phase is not Phase.CLOSED

    async def close(self) -> None:
        """Disconnect."""
        await self._core.feeds.remove_feed(self.feed_id)
        await self._figures.close()
        self._core.keys.forget(self.feed_id)


def _vendors_address(spec: FeedSpec) -> FeedAddress:
    return spec.addresses.get("realtime") or next(iter(spec.addresses.values()))


def _address(spec: FeedSpec, url: str) -> FeedAddress:
    """Complete an address; one of the vendor's own keeps the delay that is known of it."""
    complete = spec.normalise_url(url)
    known = next((one for one in spec.addresses.values() if one.url == complete), None)
    return known or FeedAddress(complete)


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
