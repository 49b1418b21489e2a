"""The feeds MarketWatch knows: one row each. A new feed is a protocol, a row here and a contract test."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Mapping

import msgspec

from marketwatch.domain.calendar import VenueRules
from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.secret import Secret
from marketwatch.domain.venues import INDIA, UNITED_STATES
from marketwatch.feeds.liveness import SilenceLimits
from marketwatch.feeds.reconnect import ReconnectRules
from marketwatch.protocols.base import Channel, ClientProtocol, Control
from marketwatch.protocols.kite import address as kite_address
from marketwatch.protocols.kite import keys as kite_keys
from marketwatch.protocols.kite.client import KiteClient
from marketwatch.protocols.massive import address as massive_address
from marketwatch.protocols.massive import keys as massive_keys
from marketwatch.protocols.massive.client import MassiveClient
from marketwatch.protocols.odin import address as odin_address
from marketwatch.protocols.odin import keys as odin_keys
from marketwatch.protocols.odin.client import ZOMBIE_S, OdinClient
from marketwatch.protocols.polygon_gateway import address as polygon_address
from marketwatch.protocols.polygon_gateway.client import PolygonGatewayClient
from marketwatch.protocols.stream_service import address as stream_address
from marketwatch.protocols.stream_service import keys as stream_keys
from marketwatch.protocols.stream_service.client import StreamServiceClient


class FeedKind(enum.Enum):
    """Which wire protocol a feed speaks."""

    MASSIVE = "massive"
    POLYGON_LOCAL = "polygon-local"
    ODIN = "odin"
    STREAM_SERVICE = "stream-service"
    KITE = "kite"


class FeedAddress(msgspec.Struct, frozen=True):
    """Where a feed is, and how old its data is by design (seconds)."""

    url: str
    delay_s: float = 0.0


class FeedLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What the vendor allows, and how patient we are. `topics` None: no limit known."""

    topics: int | None = None
    silence: SilenceLimits = SilenceLimits()
    reconnect: ReconnectRules = ReconnectRules()


def bare_address(url: str, key: Secret | None, client_id: str) -> Secret:
    """Return the address as it is: the feed takes its key elsewhere, and names no connections."""
    return Secret(url)


def no_refusal(http_status: int, body: bytes) -> Control | None:
    """Know no more about a refused upgrade than its HTTP status says."""
    return None


class FeedSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of feed.

    `protocol` makes the protocol object of one connection, `headers` those of the upgrade request, both from the key;
    `normalise_url` completes an address the user typed; `connection_url` is the one really called, from it, the key and
    a new name for the connection, and secret because some vendors want the key in it. `upgrade_refusal` reads HTTP
    status and body of a refused upgrade; None where the status says all. `is_joined_key`: the key is all of
    `credential_names`, joined by colons, else the first that is set. `default_channels` are asked for when a row asks
    for none. `feed_key` names an instrument as the feed does (None: not its market), `instrument_of` is the way back
    for a key that no list knows; `currency` is that of its prices. `rules` are the hours in which silence is a fault.
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
    connection_url: Callable[[str, Secret | None, str], Secret] = bare_address
    upgrade_refusal: Callable[[int, bytes], Control | None] = no_refusal
    is_joined_key: bool = False

    @property
    def credential_words(self) -> str:
        """The environment variables of the key, as one tells a user to set them."""
        return (" and " if self.is_joined_key else " or ").join(self.credential_names)


CATALOG: Mapping[FeedKind, FeedSpec] = {
    FeedKind.MASSIVE: FeedSpec(
        kind=FeedKind.MASSIVE,
        label="Massive",
        protocol=MassiveClient,
        headers=massive_address.upgrade_headers,
        normalise_url=massive_address.normalise_url,
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
        feed_key=massive_keys.feed_key,
        instrument_of=massive_keys.instrument_of,
        currency="USD",
        rules=UNITED_STATES,
        has_rest_snapshot=True,
    ),
    FeedKind.POLYGON_LOCAL: FeedSpec(
        kind=FeedKind.POLYGON_LOCAL,
        label="Local Polygon server",
        protocol=PolygonGatewayClient,
        headers=polygon_address.upgrade_headers,
        normalise_url=polygon_address.normalise_url,
        connection_url=polygon_address.connection_url,
        addresses={"local": FeedAddress(polygon_address.DEFAULT_URL)},
        credential_names=(),
        channels=(Channel.TRADES, Channel.QUOTES, Channel.SECOND_BARS, Channel.MINUTE_BARS),
        default_channels=(Channel.TRADES, Channel.QUOTES),
        feed_key=massive_keys.feed_key,
        instrument_of=massive_keys.instrument_of,
        currency="USD",
        rules=UNITED_STATES,
        limits=FeedLimits(reconnect=ReconnectRules(first_s=1.0, cap_s=30.0)),
    ),
    FeedKind.ODIN: FeedSpec(
        kind=FeedKind.ODIN,
        label="Odin Streamer",
        protocol=OdinClient,
        headers=odin_address.upgrade_headers,
        normalise_url=odin_address.normalise_url,
        connection_url=odin_address.connection_url,
        addresses={"local": FeedAddress(odin_address.DEFAULT_URL)},
        credential_names=(),
        channels=(Channel.TRADES,),
        default_channels=(Channel.TRADES,),
        feed_key=odin_keys.feed_key,
        instrument_of=odin_keys.instrument_of,
        currency="INR",
        rules=INDIA,
        limits=FeedLimits(
            silence=SilenceLimits(mute_s=ZOMBIE_S),  # the protocol itself notices it first
            reconnect=ReconnectRules(first_s=1.0, cap_s=30.0),
        ),
    ),
    FeedKind.STREAM_SERVICE: FeedSpec(
        kind=FeedKind.STREAM_SERVICE,
        label="Stream service",
        protocol=StreamServiceClient,
        headers=stream_address.upgrade_headers,
        normalise_url=stream_address.normalise_url,
        connection_url=stream_address.connection_url,
        upgrade_refusal=stream_address.upgrade_refusal,
        addresses={"local": FeedAddress(stream_address.normalise_url(stream_address.DEFAULT_BASE))},
        credential_names=(),
        channels=(Channel.TRADES,),
        default_channels=(Channel.TRADES,),
        feed_key=stream_keys.feed_key,
        instrument_of=stream_keys.instrument_of,
        currency="INR",
        rules=INDIA,
        limits=FeedLimits(
            silence=SilenceLimits(mute_s=math.inf),  # acknowledged and silent is its normal state
            reconnect=ReconnectRules(first_s=1.0, cap_s=30.0),
        ),
    ),
    FeedKind.KITE: FeedSpec(
        kind=FeedKind.KITE,
        label="Kite",
        protocol=KiteClient,
        headers=kite_address.upgrade_headers,
        normalise_url=kite_address.normalise_url,
        connection_url=kite_address.connection_url,
        upgrade_refusal=kite_address.upgrade_refusal,
        addresses={"live": FeedAddress(kite_address.DEFAULT_URL)},
        credential_names=("KITE_API_KEY", "KITE_ACCESS_TOKEN"),
        is_joined_key=True,
        channels=(Channel.TRADES, Channel.QUOTES, Channel.DEPTH, Channel.DAY_FIGURES, Channel.LAST_PRICE),
        default_channels=(Channel.TRADES, Channel.QUOTES),
        feed_key=kite_keys.feed_key,
        instrument_of=kite_keys.instrument_of,
        currency="INR",
        rules=INDIA,
        limits=FeedLimits(
            silence=SilenceLimits(life_s=7.0, dead_s=10.0, mute_s=120.0),  # it says something every three
            reconnect=ReconnectRules(first_s=2.0, cap_s=60.0),
        ),
    ),
}
