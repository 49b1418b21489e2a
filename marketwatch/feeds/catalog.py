"""The feeds MarketWatch knows: one row each. A new feed is a protocol, a row here and a contract test."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping

import msgspec

from marketwatch.domain.calendar import VenueRules
from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.secret import Secret
from marketwatch.domain.venues import UNITED_STATES
from marketwatch.feeds.liveness import SilenceLimits
from marketwatch.feeds.reconnect import ReconnectRules
from marketwatch.protocols.base import Channel, ClientProtocol
from marketwatch.protocols.massive.address import normalise_url, upgrade_headers
from marketwatch.protocols.massive.client import MassiveClient
from marketwatch.protocols.massive.keys import feed_key, instrument_of


class FeedKind(enum.Enum):
    """Which wire protocol a feed speaks."""

    MASSIVE = "massive"


class FeedAddress(msgspec.Struct, frozen=True):
    """Where a feed is, and how old its data is by design (seconds)."""

    url: str
    delay_s: float = 0.0


class FeedLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What the vendor allows, and how patient we are. `topics` None: no limit known."""

    topics: int | None = None
    silence: SilenceLimits = SilenceLimits()
    reconnect: ReconnectRules = ReconnectRules()


class FeedSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of feed.

    `protocol` makes the protocol object of one connection, `headers` those of the upgrade request, both from the key;
    `normalise_url` completes an address the user typed. `default_channels` are asked for when a row asks for none.
    `feed_key` names an instrument as the feed does (None: not its market), `instrument_of` is the way back for a key
    that no list knows; `currency` is that of its prices. `rules` are the hours in which silence is a fault.
    `has_rest_snapshot`: a web service beside the stream states the day and the previous close as Massive's does.
    """

    kind: FeedKind
    label: str
    protocol: Callable[[Secret | None], ClientProtocol]
    headers: Callable[[Secret | None], Mapping[str, str]]
    normalise_url: Callable[[str], str]
    addresses: Mapping[str, FeedAddress]
    credential_names: tuple[str, ...]
    channels: tuple[Channel, ...]
    default_channels: tuple[Channel, ...]
    feed_key: Callable[[InstrumentId], str | None]
    instrument_of: Callable[[str], InstrumentId]
    currency: str
    rules: VenueRules
    has_rest_snapshot: bool = False
    limits: FeedLimits = FeedLimits()


CATALOG: Mapping[FeedKind, FeedSpec] = {
    FeedKind.MASSIVE: FeedSpec(
        kind=FeedKind.MASSIVE,
        label="Massive",
        protocol=MassiveClient,
        headers=upgrade_headers,
        normalise_url=normalise_url,
        addresses={
            "delayed": FeedAddress("wss://delayed.massive.com/stocks", delay_s=900.0),
            "realtime": FeedAddress("wss://socket.massive.com/stocks"),
        },
        credential_names=("MASSIVE_API_KEY", "POLYGON_API_KEY"),
        channels=(
            Channel.TRADES,
            Channel.QUOTES,
            Channel.SECOND_BARS,
            Channel.MINUTE_BARS,
            Channel.LIMITS,
            Channel.FAIR_VALUE,
            Channel.VALUE,
        ),
        default_channels=(Channel.TRADES, Channel.QUOTES),
        feed_key=feed_key,
        instrument_of=instrument_of,
        currency="USD",
        rules=UNITED_STATES,
        has_rest_snapshot=True,
    ),
}
