"""The catalog as the settings show it, and configured feeds as supervisors want them."""

from __future__ import annotations

import datetime as dt
import json

import msgspec
import pytest
from data_provider_rig import GREETED, JOINED, OPENED

from marketwatch.app.feed_kinds import (
    bar_options,
    check_address,
    joined_key,
    kind_views,
    resolve,
    secret_fields,
    spec_of,
)
from marketwatch.domain.feed_config import BarOptions, FeedConfig, ReconnectPolicy
from marketwatch.domain.ids import FeedId
from marketwatch.domain.secret import Secret
from marketwatch.errors import ConfigurationError
from marketwatch.feeds.catalog import CATALOG, FeedKind
from marketwatch.protocols.base import Channel, ClientProtocol, Topic
from marketwatch.protocols.data_provider.requests import ROWS
from marketwatch.protocols.mapping.mapping import Mapping
from marketwatch.protocols.massive.client import MassiveClient

MASSIVE = CATALOG[FeedKind.MASSIVE]
NOON = int(dt.datetime(2025, 7, 10, 12, tzinfo=dt.UTC).timestamp()) * 10**9
CONFIG = FeedConfig(id=FeedId("massive-2"), kind="massive", name="Mine", variant="delayed")


def test_every_kind_of_the_catalog_can_be_shown() -> None:
    views = kind_views()
    assert [view.kind for view in views] == [kind.value for kind in CATALOG]
    massive = next(view for view in views if view.kind == "massive")
    assert [(one.name, one.label, one.delay_s) for one in massive.variants] == [
        ("delayed", "Delayed 15 min", 900.0),
        ("realtime", "Real time", 0.0),
    ]
    assert massive.channels == (("T", "Trades"), ("Q", "Quotes"), ("A", "Second bars"), ("AM", "Minute bars"))
    assert massive.default_channels == ("T", "Q")
    bars = next(view for view in views if view.kind == "data-provider")
    assert bars.channels == (("BARS", "Daily and minute bars"), ("AM", "Minute bars only"))
    assert massive.secrets == (("key", "API key"),)
    assert secret_fields(MASSIVE) == (("key", "API key", ("MASSIVE_API_KEY", "POLYGON_API_KEY")),)


def test_a_key_of_several_parts_is_whole_or_none() -> None:
    joined = msgspec.structs.replace(MASSIVE, credential_names=("X_API_KEY", "X_TOKEN"), is_joined_key=True)
    assert [code for code, *_ in secret_fields(joined)] == ["x_api_key", "x_token"]
    parts = {"x_api_key": Secret("one")}
    assert joined_key(joined, parts.get) is None
    parts["x_token"] = Secret("two")
    assert joined_key(joined, parts.get) == Secret("one:two")
    assert joined_key(MASSIVE, {"key": Secret("one")}.get) == Secret("one")
    assert joined_key(msgspec.structs.replace(MASSIVE, credential_names=()), parts.get) is None


def test_a_feed_by_default() -> None:
    settings = resolve(CONFIG)
    assert (settings.feed_id, settings.label) == ("massive-2", "Mine")
    assert (settings.address.url, settings.address.delay_s) == ("wss://delayed.massive.com/stocks", 900.0)
    assert settings.spec.default_channels == (Channel.TRADES, Channel.QUOTES)
    assert settings.spec.limits.reconnect.attempts is None


def test_a_feed_as_the_user_wants_it() -> None:
    config = msgspec.structs.replace(
        CONFIG,
        variant="own",
        own_address="ws://127.0.0.1:9000",
        channels=("AM", "T"),
        reconnect=ReconnectPolicy.FIVE_ATTEMPTS,
    )
    settings = resolve(config)
    assert (settings.address.url, settings.address.delay_s) == ("ws://127.0.0.1:9000/stocks", 0.0)
    assert settings.spec.default_channels == (Channel.TRADES, Channel.MINUTE_BARS)
    rules = settings.spec.limits.reconnect
    assert (rules.first_s, rules.cap_s, rules.attempts) == (1.0, 30.0, 5)


@pytest.mark.parametrize(
    ("dialect", "spoken"), [("", "auto"), ("native", "native"), ("simple", "simple"), ("x", "auto")]
)
def test_only_a_server_of_ones_own_speaks_the_dialect_that_was_chosen(dialect: str, spoken: str) -> None:
    for variant, expected in (("own", spoken), ("realtime", "auto")):
        config = msgspec.structs.replace(CONFIG, variant=variant, own_address="ws://127.0.0.1:9", dialect=dialect)
        protocol = resolve(config).spec.protocol(None)
        assert isinstance(protocol, MassiveClient)
        assert protocol.dialect == expected


def test_an_own_address_that_is_the_vendors_keeps_its_delay() -> None:
    config = msgspec.structs.replace(CONFIG, variant="own", own_address="wss://delayed.massive.com")
    assert resolve(config).address.delay_s == 900.0


@pytest.mark.parametrize(
    "change", [{"kind": "telepathy"}, {"variant": "own"}, {"variant": "own", "own_address": "http://x"}]
)
def test_what_cannot_be_used_is_said(change: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError):
        resolve(msgspec.structs.replace(CONFIG, **change))


def test_a_kind_is_found_by_its_word() -> None:
    assert spec_of(CONFIG) is MASSIVE


@pytest.mark.parametrize(
    ("address", "has_key", "word", "is_warning"),
    [
        ("wss://socket.massive.com/stocks", True, "", False),
        ("ws://127.0.0.1:9000", True, "", False),
        ("ws://localhost/stocks", True, "", False),
        ("ws://192.168.1.5:9000", True, "unencrypted", False),
        ("ws://192.168.1.5:9000", False, "Not encrypted", True),
        ("http://x", False, "ws://", False),
        ("wss://user:pw@x", False, "user", False),
        ("wss://[", False, "", False),
    ],
)
def test_addresses_are_judged_in_words(address: str, has_key: bool, word: str, is_warning: bool) -> None:
    words, warns = check_address(MASSIVE, address, has_key)
    assert word in words
    assert warns is is_warning
    assert bool(words) is bool(word or address == "wss://[")


def test_the_protocol_of_an_own_stream_follows_its_mapping() -> None:
    mappings = {"Desk": Mapping(symbol="s", price="p"), "New": Mapping(symbol="sym", price="price")}
    own = FeedConfig(
        id=FeedId("mapping"), kind="mapping", name="Desk", variant="own", own_address="ws://127.0.0.1:9", mapping="Desk"
    )

    def find(name: str) -> Mapping:
        if name not in mappings:
            raise ConfigurationError(name, "gone")
        return mappings[name]

    def prices() -> int:
        client = settings.spec.protocol(None)
        return len(client.receive(b'{"s":"A","p":1}{"sym":"A","price":2}', 0.0))

    settings = resolve(own, find)
    assert (settings.address.url, prices()) == ("ws://127.0.0.1:9", 1)
    mappings["Desk"] = Mapping(symbol="x", price="y")  # saved anew: the next connection reads by it
    assert prices() == 0
    with pytest.raises(ConfigurationError, match="gone"):
        resolve(msgspec.structs.replace(own, mapping="lost"), find)
    settings = resolve(msgspec.structs.replace(own, mapping=""), find)
    assert prices() == 1
    (view,) = [view for view in kind_views() if view.has_mapping]
    assert (view.kind, view.variants, view.secrets) == ("mapping", (), ())
    assert view.channels == (("T", "Trades"), ("Q", "Quotes"))


def test_bars_are_asked_for_as_the_user_wants() -> None:
    assert bar_options(BarOptions(), NOON) == ROWS
    options = bar_options(BarOptions(local_only=False, minutes=20, single_timeout_s=45, batch_timeout_s=300), NOON)
    assert (options.local_only, options.single_timeout_s, options.batch_timeout_s) == (False, 45.0, 300.0)
    assert (options.minutes.limit, options.minutes.again_limit) == (20, 20)
    assert (options.bars, options.refresh_s, options.has_minutes) == (ROWS.bars, ROWS.refresh_s, True)
    assert [view.kind for view in kind_views() if view.has_bars] == ["data-provider"]


def test_days_that_are_not_over_are_asked_for_as_ever_until_they_are() -> None:
    first, today = dt.date(2025, 6, 2), dt.date(2025, 7, 10)
    options = bar_options(BarOptions(first=first, last=today, minutes=20), NOON)
    assert (options.first, options.last, options.refresh_s) == (first, today, 60.0)
    assert (options.bars, options.minutes.limit, options.minutes.again_limit) == (ROWS.bars, 20, 20)
    assert options.refresh_for_s == 24 * 3_600, "until midnight in the last zone on earth"
    assert bar_options(BarOptions(first=first), NOON).refresh_for_s is None


@pytest.mark.parametrize(
    ("last", "days", "minutes", "is_batched"),
    [
        (dt.date(2025, 7, 8), 3 + 5, 3 * 1_440 + 20, True),
        (dt.date(2025, 6, 30), 11 + 5, 11 * 1_440 + 20, True),
        (dt.date(2015, 1, 2), 3_843 + 5, 200_000, True),
        (dt.date(2000, 1, 3), 9_321 + 5, 200_000, False),
    ],
)
def test_the_more_rows_are_asked_for_the_longer_ago_the_last_day_is(
    last: dt.date, days: int, minutes: int, is_batched: bool
) -> None:
    options = bar_options(BarOptions(last=last, minutes=20), NOON)
    assert (options.bars.limit, options.bars.is_batched, options.bars.is_row) == (days, is_batched, True)
    assert (options.minutes.limit, options.minutes.again_limit, options.minutes.stated) == (minutes, None, 20)
    assert options.refresh_for_s is not None
    assert options.refresh_for_s <= 0


def test_what_is_asked_for_follows_the_clock_at_every_connection() -> None:
    bars = BarOptions(last=dt.date(2025, 7, 10))
    config = FeedConfig(id=FeedId("data-provider"), kind="data-provider", name="Bars", variant="local", bars=bars)
    now = [NOON]
    settings = resolve(config, None, lambda: now[0])
    assert settings.history_to == dt.date(2025, 7, 10)
    assert _limit_asked_for(settings.spec.protocol(None)) == 5
    now[0] += 9 * 86_400 * 10**9
    assert _limit_asked_for(settings.spec.protocol(None)) == 10 + 5
    odin = FeedConfig(id=FeedId("odin"), kind="odin", name="Odin", variant="local", bars=bars)
    assert resolve(odin).history_to is None, "it sends no bars"


def _limit_asked_for(client: ClientProtocol) -> int:
    client.connection_made(0.0)
    client.subscribe([Topic(Channel.BARS, "SPY")], 0.0)
    for frame in (OPENED, GREETED, JOINED):
        client.receive(frame, 0.0)
    asked = client.data_to_send()[-1]
    assert isinstance(asked, str)
    return int(json.loads(asked[2:])[1]["limit"])


def test_the_options_reach_the_protocol_of_a_server_of_bars() -> None:
    bars = BarOptions(local_only=False, minutes=20)
    config = FeedConfig(id=FeedId("data-provider"), kind="data-provider", name="Bars", variant="local", bars=bars)
    client = resolve(config).spec.protocol(None)
    client.connection_made(0.0)
    client.subscribe([Topic(Channel.MINUTE_BARS, "SPY")], 0.0)
    for frame in (OPENED, GREETED, JOINED):
        client.receive(frame, 0.0)
    asked = client.data_to_send()[-1]
    assert isinstance(asked, str)
    payload = json.loads(asked[2:])[1]
    assert (payload["ticker"], payload["limit"], payload["local_only"]) == ("SPY", 20, False)


def test_the_stream_service_offers_its_four_endpoints_as_channels() -> None:
    view = next(view for view in kind_views() if view.kind == "stream-service")
    assert view.channels == (
        ("T", "Prices"),
        ("ANALYSIS", "Analysis"),
        ("ALERTS", "Alerts"),
        ("PORTFOLIO", "Portfolio"),
    )
    assert view.default_channels == ("T", "ANALYSIS", "ALERTS", "PORTFOLIO")


@pytest.mark.parametrize(
    ("codes", "prices", "reports"),
    [
        ((), (Channel.TRADES,), (Channel.ANALYSIS, Channel.ALERTS, Channel.PORTFOLIO)),
        (("T",), (Channel.TRADES,), ()),
        (("T", "ALERTS"), (Channel.TRADES,), (Channel.ALERTS,)),
        (("PORTFOLIO", "ANALYSIS"), (), (Channel.ANALYSIS, Channel.PORTFOLIO)),
        (("nothing known",), (Channel.TRADES,), ()),
    ],
)
def test_the_channels_choose_the_endpoints(
    codes: tuple[str, ...], prices: tuple[Channel, ...], reports: tuple[Channel, ...]
) -> None:
    config = FeedConfig(
        id=FeedId("stream-service"), kind="stream-service", name="Mine", variant="local", channels=codes
    )  # fmt: skip
    spec = resolve(config).spec
    assert spec.default_channels == prices
    assert tuple(stream.channel for stream in spec.report_streams) == reports
