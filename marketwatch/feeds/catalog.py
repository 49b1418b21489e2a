"""The feeds MarketWatch knows: one row each. A new feed is a protocol, a row here and a test of its server side."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from marketwatch.domain.calendar import VenueRules
from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.secret import Secret
from marketwatch.domain.venues import ALWAYS, INDIA, UNITED_STATES
from marketwatch.feeds.liveness import SilenceLimits
from marketwatch.feeds.reconnect import ReconnectRules
from marketwatch.protocols.base import Channel, ClientProtocol, Control
from marketwatch.protocols.data_provider import address as data_address
from marketwatch.protocols.data_provider import keys as data_keys
from marketwatch.protocols.data_provider.client import DataProviderClient
from marketwatch.protocols.data_provider.messages import read as read_data
from marketwatch.protocols.data_provider.requests import ROWS
from marketwatch.protocols.kite import address as kite_address
from marketwatch.protocols.kite import keys as kite_keys
from marketwatch.protocols.kite.client import KiteClient
from marketwatch.protocols.kite.subscriptions import CONNECTION_LIMIT
from marketwatch.protocols.mapping import address as mapping_address
from marketwatch.protocols.mapping import keys as mapping_keys
from marketwatch.protocols.mapping.client import MappingClient
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
from marketwatch.protocols.stream_service.endpoints import Endpoint


class FeedKind(enum.Enum):
    """Which wire protocol a feed speaks."""

    MASSIVE = "massive"
    POLYGON_LOCAL = "polygon-local"
    ODIN = "odin"
    STREAM_SERVICE = "stream-service"
    KITE = "kite"
    DATA_PROVIDER = "data-provider"
    MAPPING = "mapping"


class FeedAddress(msgspec.Struct, frozen=True):
    """Where a feed is, and how old its data is by design (seconds)."""

    url: str
    delay_s: float = 0.0


class FeedLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What the vendor allows, and how patient we are. None: no limit known.

    The defaults suit a server of one's own, which is soon back. `topics` and `instruments` are those of one
    connection, `connections` those of one key: with both a feed opens as many as it needs. `message_bytes` is the
    longest message taken, None meaning the transport's own limit.
    """

    topics: int | None = None
    instruments: int | None = None
    connections: int = 1
    message_bytes: int | None = None
    silence: SilenceLimits = SilenceLimits()
    reconnect: ReconnectRules = ReconnectRules(first_s=1.0, cap_s=30.0)


def no_headers(key: Secret | None) -> Mapping[str, str]:
    """Return no headers for the upgrade request: the feed takes its key elsewhere, and any other key is not for it."""
    return {}


def bare_address(url: str, key: Secret | None, client_id: str) -> Secret:
    """Return the address as it is: the feed takes its key elsewhere, and names no connections."""
    return Secret(url)


def no_delay(url: str) -> float:
    """Return 0: nothing at the feed's addresses is old by design."""
    return 0.0


def no_refusal(http_status: int, body: bytes) -> Control | None:
    """Know no more about a refused upgrade than its HTTP status says."""
    return None


class ReportStream(msgspec.Struct, frozen=True, kw_only=True):
    """A connection beside that of the prices, on which a server says something else: analysis, alerts, positions.

    `url` makes its address from that of the prices, and raises ConfigurationError when there is none.
    `upgrade_refusal` as in FeedSpec: what it names, above all a server without this stream, is not tried again.
    """

    name: str
    channel: Channel
    protocol: Callable[[Secret | None], ClientProtocol]
    url: Callable[[str], str]
    upgrade_refusal: Callable[[int, bytes], Control | None] = no_refusal


class FeedSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of feed. The defaults are those of a server of one's own, which wants no key.

    `note` says in a few words which it is. `protocol` makes the protocol object of one connection, `headers` those
    of the upgrade request, both from the key; `normalise_url` completes an address the user typed; `connection_url`
    is the one really called, from it, the key and a new name for the connection, and secret because some vendors
    want the key in it. `upgrade_refusal` reads HTTP status and body of a refused upgrade; None where the status
    says all. `is_joined_key`: the key is all of `credential_names`, joined by colons, else the first that is set.
    `default_channels` are asked for when a row asks for none. `feed_key` names an instrument as the feed does
    (None: not its market), `instrument_of` is the way back for a key that no list knows; `currency` is that of its
    prices. `rules` are the hours in which silence is a fault. `has_rest_snapshot`: a web service beside the stream
    states the day and the previous close as Massive's does. `has_daily_login`: the last part of the key is good for
    one day, and the user gets it by signing in; refused, it has ended, which is no fault. `listed_as` names the
    list of instruments whose own tokens are the feed's keys; `key_of_token` makes a key of an exchange's token.
    `report_streams` are opened beside the prices. `currency_of` where instruments differ in theirs. With
    `sends_bars` prices are closes of bars, never ticks. `read_elsewhere` reads a long message in a worker thread;
    its outcome is handed to the protocol instead. `polling_url` makes the web address at which the feed is polled
    where its server refuses the WebSocket. `delay_of` tells how old the data of a completed address are by design.
    `dialects` are ways of speaking in which servers of one's own differ, by name: unless one is chosen, `protocol`
    finds out which it is.
    """

    kind: FeedKind
    label: str
    note: str = ""
    protocol: Callable[[Secret | None], ClientProtocol]
    normalise_url: Callable[[str], str]
    addresses: Mapping[str, FeedAddress]
    channels: tuple[Channel, ...]
    default_channels: tuple[Channel, ...]
    feed_key: Callable[[InstrumentId], str | None]
    instrument_of: Callable[[str], InstrumentId]
    currency: str
    rules: VenueRules
    headers: Callable[[Secret | None], Mapping[str, str]] = no_headers
    credential_names: tuple[str, ...] = ()
    has_rest_snapshot: bool = False
    limits: FeedLimits = FeedLimits()
    connection_url: Callable[[str, Secret | None, str], Secret] = bare_address
    upgrade_refusal: Callable[[int, bytes], Control | None] = no_refusal
    is_joined_key: bool = False
    has_daily_login: bool = False
    listed_as: str = ""
    key_of_token: Callable[[InstrumentId, str], str | None] | None = None
    report_streams: tuple[ReportStream, ...] = ()
    currency_of: Callable[[InstrumentId], str] | None = None
    sends_bars: bool = False
    read_elsewhere: Callable[[bytes], Any] | None = None
    polling_url: Callable[[str], str] | None = None
    delay_of: Callable[[str], float] = no_delay
    dialects: Mapping[str, Callable[[Secret | None], ClientProtocol]] = {}

    def speaking(self, dialect: str) -> FeedSpec:
        """Return the row with a protocol that speaks this dialect; any other word leaves it to the protocol."""
        protocol = self.dialects.get(dialect)
        return self if protocol is None else msgspec.structs.replace(self, protocol=protocol)

    def address_at(self, url: str) -> FeedAddress:
        """Complete an address that the user typed, with the delay that is known of it. Raises ConfigurationError."""
        complete = self.normalise_url(url)
        known = next((one for one in self.addresses.values() if one.url == complete), None)
        return known or FeedAddress(complete, self.delay_of(complete))

    def currency_at(self, instrument_id: InstrumentId) -> str:
        """Return the currency that an instrument is quoted in here, empty when that is not known."""
        return self.currency if self.currency_of is None else self.currency_of(instrument_id)

    @property
    def all_channels(self) -> tuple[Channel, ...]:
        """What the feed can be asked for on any of its connections."""
        return (*self.channels, *(stream.channel for stream in self.report_streams))

    @property
    def credential_words(self) -> str:
        """The environment variables of the key, as one tells a user to set them."""
        return (" and " if self.is_joined_key else " or ").join(self.credential_names)


CATALOG: Mapping[FeedKind, FeedSpec] = {
    FeedKind.MASSIVE: FeedSpec(
        kind=FeedKind.MASSIVE,
        label="Massive",
        note="formerly Polygon.io, US stocks",
        protocol=MassiveClient,
        headers=massive_address.upgrade_headers,
        normalise_url=massive_address.normalise_url,
        delay_of=massive_address.delay_of,
        dialects={
            "native": partial(MassiveClient, dialect="native"),
            "simple": partial(MassiveClient, dialect="simple"),
        },
        addresses={
            "delayed": FeedAddress("wss://delayed.massive.com/stocks", massive_address.DELAY_S),
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
        limits=FeedLimits(reconnect=ReconnectRules(first_s=1.0, cap_s=60.0)),
    ),
    FeedKind.POLYGON_LOCAL: FeedSpec(
        kind=FeedKind.POLYGON_LOCAL,
        label="Local Polygon server",
        note="your own Polygon gateway",
        protocol=PolygonGatewayClient,
        normalise_url=polygon_address.normalise_url,
        connection_url=polygon_address.connection_url,
        addresses={"local": FeedAddress(polygon_address.DEFAULT_URL)},
        channels=(Channel.TRADES, Channel.QUOTES, Channel.SECOND_BARS, Channel.MINUTE_BARS),
        default_channels=(Channel.TRADES, Channel.QUOTES),
        feed_key=massive_keys.feed_key,
        instrument_of=massive_keys.instrument_of,
        currency="USD",
        rules=UNITED_STATES,
    ),
    FeedKind.ODIN: FeedSpec(
        kind=FeedKind.ODIN,
        label="Odin Streamer",
        note="NSE and BSE, India",
        protocol=OdinClient,
        normalise_url=odin_address.normalise_url,
        connection_url=odin_address.connection_url,
        addresses={"local": FeedAddress(odin_address.DEFAULT_URL)},
        channels=(Channel.TRADES,),
        default_channels=(Channel.TRADES,),
        feed_key=odin_keys.feed_key,
        instrument_of=odin_keys.instrument_of,
        currency="INR",
        rules=INDIA,
        limits=FeedLimits(silence=SilenceLimits(mute_s=ZOMBIE_S, mute_most_s=ZOMBIE_S)),  # it notices it itself
    ),
    FeedKind.STREAM_SERVICE: FeedSpec(
        kind=FeedKind.STREAM_SERVICE,
        label="Stream service",
        note="prices, analysis, alerts, portfolio",
        protocol=StreamServiceClient,
        normalise_url=stream_address.normalise_url,
        upgrade_refusal=stream_address.upgrade_refusal,
        addresses={"local": FeedAddress(stream_address.normalise_url(stream_address.DEFAULT_BASE))},
        channels=(Channel.TRADES,),
        default_channels=(Channel.TRADES,),
        feed_key=stream_keys.feed_key,
        instrument_of=stream_keys.instrument_of,
        currency="INR",
        rules=INDIA,
        limits=FeedLimits(silence=SilenceLimits(mute_s=math.inf)),  # acknowledged and silent is its normal state
        report_streams=tuple(
            ReportStream(
                name=endpoint.value,
                channel=endpoint.channel,
                protocol=partial(StreamServiceClient, endpoint=endpoint),
                url=partial(stream_address.endpoint_url, endpoint=endpoint),
                upgrade_refusal=stream_address.missing_endpoint,
            )
            for endpoint in (Endpoint.ANALYSIS, Endpoint.ALERTS, Endpoint.PORTFOLIO)
        ),
    ),
    FeedKind.KITE: FeedSpec(
        kind=FeedKind.KITE,
        label="Kite",
        note="Zerodha, India",
        protocol=KiteClient,
        headers=kite_address.upgrade_headers,
        normalise_url=kite_address.normalise_url,
        connection_url=kite_address.connection_url,
        upgrade_refusal=kite_address.upgrade_refusal,
        addresses={"live": FeedAddress(kite_address.DEFAULT_URL)},
        credential_names=("KITE_API_KEY", "KITE_ACCESS_TOKEN"),
        is_joined_key=True,
        has_daily_login=True,
        listed_as="kite",
        key_of_token=kite_keys.key_of_token,
        channels=(Channel.TRADES, Channel.QUOTES, Channel.DEPTH, Channel.DAY_FIGURES, Channel.LAST_PRICE),
        default_channels=(Channel.TRADES, Channel.QUOTES),
        feed_key=kite_keys.feed_key,
        instrument_of=kite_keys.instrument_of,
        currency="INR",
        rules=INDIA,
        limits=FeedLimits(
            instruments=CONNECTION_LIMIT,
            connections=3,
            silence=SilenceLimits(life_s=7.0, dead_s=10.0, mute_s=120.0),  # it says something every three
            reconnect=ReconnectRules(first_s=2.0, cap_s=60.0),
        ),
    ),
    FeedKind.MAPPING: FeedSpec(
        kind=FeedKind.MAPPING,
        label="Own stream",
        note="any stream of JSON, mapped by you",
        protocol=MappingClient,
        normalise_url=mapping_address.normalise_url,
        addresses={},
        channels=(Channel.TRADES, Channel.QUOTES, Channel.VALUE),
        default_channels=(Channel.TRADES, Channel.QUOTES),
        feed_key=mapping_keys.feed_key,
        instrument_of=mapping_keys.instrument_of,
        currency="",
        rules=ALWAYS,
        limits=FeedLimits(silence=SilenceLimits(mute_s=math.inf)),  # nobody knows how often it has something to say
    ),
    FeedKind.DATA_PROVIDER: FeedSpec(
        kind=FeedKind.DATA_PROVIDER,
        label="Data Provider Server",
        note="bars and history by Socket.IO",
        protocol=partial(DataProviderClient, options=ROWS),
        normalise_url=data_address.normalise_url,
        connection_url=data_address.connection_url,
        polling_url=data_address.polling_url,
        addresses={"local": FeedAddress(data_address.normalise_url(data_address.DEFAULT_URL))},
        channels=(Channel.BARS, Channel.VALUE, Channel.MINUTE_BARS),
        default_channels=(Channel.BARS,),  # with the minutes of whatever has some
        feed_key=data_keys.feed_key,
        instrument_of=data_keys.instrument_of,
        currency="USD",
        currency_of=data_keys.currency_of,
        rules=UNITED_STATES,
        sends_bars=True,
        read_elsewhere=read_data,
        limits=FeedLimits(
            message_bytes=64 * 1024 * 1024,  # a long history of minutes comes in one message
            # It answers, and is silent otherwise; where it is polled, its ping each 25 s is all that shows it lives.
            silence=SilenceLimits(life_s=30.0, dead_s=50.0, useful_s=math.inf, mute_s=math.inf),
        ),
    ),
}
