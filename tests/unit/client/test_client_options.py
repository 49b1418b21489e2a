from __future__ import annotations

import subprocess
import sys

import pytest

from marketwatch.client import FeedClient, options
from marketwatch.domain.ids import CASH, InstrumentId, Venue
from marketwatch.domain.secret import Secret
from marketwatch.errors import (
    AuthenticationRefused,
    ConfigurationError,
    ConnectionFailed,
    MarketWatchError,
    UnknownInstrument,
)
from marketwatch.feeds.catalog import CATALOG, FeedKind
from marketwatch.feeds.reconnect import ReconnectRules
from marketwatch.protocols.base import Channel
from marketwatch.protocols.massive.client import MassiveClient

SPEC = CATALOG[FeedKind.MASSIVE]
KEY = "a-very-secret-key"


@pytest.mark.parametrize("kind", list(CATALOG))
def test_every_kind_of_the_catalog_has_a_client(kind: FeedKind) -> None:
    url = None if CATALOG[kind].addresses else "ws://127.0.0.1:9"
    made = [repr(FeedClient(one, url=url, key=KEY)) for one in (kind, kind.value)]
    assert made == [f"<FeedClient {kind.value}, idle>"] * 2


@pytest.mark.parametrize(
    ("kind", "url", "given", "words"),
    [
        ("massiv", None, {}, "Feed kind massiv.*Choose from.*massive"),
        ("massive", "http://x", {}, "begin with ws"),
        ("massive", "ws://x?apiKey=1", {}, "carries"),
        ("massive", None, {"address": "tomorrow"}, "Choose from delayed, realtime"),
        ("massive", None, {"queue": 5}, "Option queue.*Choose from.*queue_size"),
        ("massive", None, {"queue_size": 0}, "queue_size"),
        ("massive", None, {"queue_size": "many"}, "queue_size.*'many' is not what it takes.*Its kind is int"),
        ("massive", None, {"reconnect": 5}, "Option reconnect.*Its kind is ReconnectRules"),
        ("massive", None, {"proxy": 5}, "Option proxy"),
        ("massive", None, {"on_error": "print"}, "Option on_error.*Give a function"),
        ("mapping", "ws://x", {"mapping": 5}, "Option mapping"),
        ("massive", 5, {}, "address. 5 is not a text"),
        ("massive", None, {"mapping": {"symbol": "s", "price": "p"}}, "a protocol of its own"),
        ("mapping", None, {}, "no usual address.*Give one"),
        ("mapping", "ws://x?token=1", {}, "carries"),
        ("mapping", "ws://x", {"mapping": {"symbol": "s"}}, "which field is the price"),
        ("mapping", "ws://x", {"mapping": "no/such.json"}, "no such file"),
    ],
)
def test_what_cannot_be_used_is_said_at_once(kind: str, url: str | None, given: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        FeedClient(kind, url=url, key=KEY, **given)  # type: ignore[arg-type]


def test_addresses_keep_the_delay_that_is_known_of_them() -> None:
    assert options.address_of(SPEC, None, None).delay_s == 0.0
    assert options.address_of(SPEC, None, "delayed").delay_s == 900.0
    assert options.address_of(SPEC, "wss://delayed.massive.com", None).delay_s == 900.0
    assert options.address_of(SPEC, "ws://127.0.0.1:9", None).url == "ws://127.0.0.1:9/stocks"


def test_a_server_of_massives_kind_may_be_said_to_speak_a_dialect() -> None:
    for dialect in ("native", "simple"):
        protocol = options.spec_of("massive", {"dialect": dialect}).protocol(None)
        assert isinstance(protocol, MassiveClient)
        assert protocol.dialect == dialect
    for kind, words in (("massive", "Choose from native, simple"), ("odin", "Leave it out")):
        with pytest.raises(ConfigurationError, match=words):
            FeedClient(kind, dialect="telepathy")


def test_the_key_comes_from_the_argument_or_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert options.secret_of(SPEC, None) is None
    monkeypatch.setenv("POLYGON_API_KEY", " second ")
    assert options.secret_of(SPEC, None) == Secret("second")
    monkeypatch.setenv("MASSIVE_API_KEY", "first")
    assert options.secret_of(SPEC, None) == Secret("first")
    assert options.secret_of(SPEC, "mine") == Secret("mine")
    assert options.secret_of(SPEC, Secret("mine")) == Secret("mine")
    assert options.secret_of(SPEC, "") is None


def test_a_joined_key_needs_all_its_parts_and_shows_none(monkeypatch: pytest.MonkeyPatch) -> None:
    kite = CATALOG[FeedKind.KITE]
    monkeypatch.setenv("KITE_API_KEY", "canary-one")
    assert options.secret_of(kite, None) is None
    monkeypatch.setenv("KITE_ACCESS_TOKEN", "canary-two")
    assert options.secret_of(kite, None) == Secret("canary-one:canary-two")
    assert FeedClient("kite")._redact("canary-two, canary-one") == "***, ***"


async def test_a_missing_key_names_the_variables_of_its_feed() -> None:
    with pytest.raises(AuthenticationRefused, match="set KITE_API_KEY and KITE_ACCESS_TOKEN"):
        await FeedClient("kite").connect()


def test_the_rules_of_reconnecting_can_be_replaced() -> None:
    rules = ReconnectRules(attempts=5, cap_s=30.0)
    spec = options.spec_of("massive", {"reconnect": rules})
    assert spec.limits.reconnect is rules
    assert spec.limits.silence == SPEC.limits.silence
    assert options.spec_of(FeedKind.MASSIVE, {}) is SPEC


def test_symbols_and_channels_are_taken_one_or_many_by_name_or_identity() -> None:
    apple = InstrumentId(Venue("XNAS"), CASH, "AAPL")
    assert options.topics_of(SPEC, "AAPL", "T") == options.topics_of(SPEC, [apple], [Channel.TRADES])
    assert {str(topic) for topic in options.topics_of(SPEC, ["AAPL", "MSFT"], None)} == {
        "T.AAPL",
        "Q.AAPL",
        "T.MSFT",
        "Q.MSFT",
    }


@pytest.mark.parametrize(
    ("symbols", "channels", "error"),
    [
        (["AAPL"], ["X"], ConfigurationError),
        ([], ["T"], ConfigurationError),
        (["AAPL"], [], ConfigurationError),
        ([" "], ["T"], UnknownInstrument),
        (None, ["T"], ConfigurationError),
        ([3.5], ["T"], ConfigurationError),
        ([True], ["T"], ConfigurationError),
        (["AAPL"], [5], ConfigurationError),
        (InstrumentId(Venue("NSE"), CASH, "SBIN"), None, UnknownInstrument),
    ],
)
async def test_a_bad_subscription_changes_nothing(
    symbols: list[str], channels: list[str], error: type[MarketWatchError]
) -> None:
    client = FeedClient("massive", key=KEY)
    with pytest.raises(error):
        await client.subscribe(symbols, channels)
    assert client.get_status()["subscriptions"] == {}


@pytest.mark.parametrize(
    ("kind", "written", "key"),
    [
        ("odin", "SBIN", "NSE:SBIN"),
        ("odin", "2885", "NSE:#2885"),
        ("odin", 2885, "NSE:#2885"),
        ("odin", "BSE:SBIN", "BSE:SBIN"),
        ("kite", "SBIN", "779521"),
        ("kite", "NSE:RELIANCE", "738561"),
        ("kite", 738561, "738561"),
        ("kite", "12073986", "12073986"),
        ("stream-service", "RELIANCE-EQ", "RELIANCE"),
        ("massive", "BRK.A", "BRK.A"),
        ("massive", "*", "*"),
        ("data-provider", "^GSPC", "^GSPC"),
    ],
)
def test_symbols_are_written_as_in_the_guide_of_the_feed(kind: str, written: str | int, key: str) -> None:
    spec = options.spec_of(kind, {})
    assert options.names_of(spec, written) == options.names_of(spec, [f" {written} "]) == {key: str(written)}


async def test_a_symbol_kite_has_no_number_for_is_refused_at_once() -> None:
    client = FeedClient("kite", key="an-api-key:an-access-token")
    with pytest.raises(UnknownInstrument, match=r"“M&M”.*Kite has no name for it.*Give the number"):
        await client.subscribe("M&M")
    assert client.get_status()["subscriptions"] == {}


async def test_the_status_names_symbols_as_they_were_written() -> None:
    client = FeedClient("odin")
    await client.subscribe(["SBIN", "2885"])
    assert client.get_status()["subscriptions"] == {"SBIN": ["T"], "2885": ["T"]}
    await client.unsubscribe("2885")
    assert client.get_status()["subscriptions"] == {"SBIN": ["T"]}


async def test_what_cannot_be_called_or_is_no_key_is_said_at_once() -> None:
    with pytest.raises(ConfigurationError, match="it is not a text"):
        FeedClient("massive", key=123)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="'print' cannot be called"):
        await FeedClient("odin").subscribe("SBIN", "T", "print")  # type: ignore[arg-type]


async def test_without_a_key_the_vendor_is_not_even_asked() -> None:
    with pytest.raises(AuthenticationRefused, match="set MASSIVE_API_KEY or POLYGON_API_KEY"):
        await FeedClient("massive").connect()


async def test_reading_needs_a_connection_and_ending_does_not() -> None:
    client = FeedClient("massive", key=KEY)
    with pytest.raises(ConnectionFailed, match="not connected"):
        await client.listen()
    with pytest.raises(ConnectionFailed, match="not connected"):
        aiter(client)
    await client.disconnect()


def test_the_key_is_not_in_what_one_sees_of_a_client() -> None:
    client = FeedClient("massive", key=KEY)
    assert KEY not in repr(client) + str(client) + str(client.get_status()) + str(client.status) + repr(vars(client))


def test_importing_the_client_loads_nothing_slow() -> None:
    code = (
        "import sys, marketwatch.client; "
        "sys.exit(', '.join({'websockets', 'aiohttp', 'pandas', 'numpy', 'duckdb', 'PySide6'} & set(sys.modules)) or 0)"
    )
    outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (outcome.returncode, outcome.stderr.strip()) == (0, "")


def test_frames_say_when_pandas_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"pandas is not installed.*marketwatch\[frames\]"):
        FeedClient("massive", key=KEY).frames()
