from __future__ import annotations

import subprocess
import sys

import pytest

from marketwatch.domain.ids import FeedId
from marketwatch.domain.secret import Secret
from marketwatch.feeds.catalog import CATALOG, FeedKind
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.protocols.base import Authenticated, Connected


@pytest.mark.parametrize("kind", list(FeedKind))
def test_every_kind_has_a_row_that_can_be_used(kind: FeedKind) -> None:
    spec = CATALOG[kind]
    assert spec.kind is kind
    assert set(spec.default_channels) <= set(spec.channels)
    protocol = spec.protocol(Secret("a-key:a-token"))
    protocol.connection_made(0.0)
    assert {type(control) for control in protocol.take_control()} <= {Connected, Authenticated}
    assert bool(spec.addresses) is (kind is not FeedKind.MAPPING)  # nobody knows where a stream of one's own is
    for address in spec.addresses.values():
        assert spec.normalise_url(address.url) == address.url
        assert address.url.startswith("wss://" if spec.credential_names else "ws://localhost:")


@pytest.mark.parametrize("kind", list(FeedKind))
def test_an_instrument_that_no_list_knows_has_a_key_of_the_kind(kind: FeedKind) -> None:
    spec = CATALOG[kind]
    symbol = "SBIN" if spec.currency == "INR" else "AAPL"
    instrument_id = spec.instrument_of(symbol)
    key = spec.feed_key(instrument_id)
    assert key is not None
    assert spec.instrument_of(key) == instrument_id


@pytest.mark.parametrize(
    ("url", "delay_s"),
    [
        ("wss://delayed.massive.com", 900.0),
        ("wss://Delayed.Massive.com/stocks", 900.0),
        ("wss://delayed.massive.com:443/options", 900.0),
        ("wss://delayed.polygon.io/stocks", 900.0),
        ("wss://delayed-business.massive.com/stocks", 900.0),
        ("wss://socket.massive.com/stocks", 0.0),
        ("wss://socket.polygon.io", 0.0),
        ("wss://delayed.example/stocks", 0.0),
        ("wss://delayed.massive.com.example/stocks", 0.0),
        ("ws://127.0.0.1:9000/delayed", 0.0),
    ],
)
def test_every_delayed_host_of_the_vendor_is_known_as_one(url: str, delay_s: float) -> None:
    """A price of one is fifteen minutes old, whether the address was chosen or typed, in its old or its new name."""
    assert CATALOG[FeedKind.MASSIVE].address_at(url).delay_s == delay_s


@pytest.mark.parametrize("kind", [kind for kind in FeedKind if kind is not FeedKind.MASSIVE])
def test_no_other_feed_is_late_by_design(kind: FeedKind) -> None:
    assert CATALOG[kind].address_at("wss://delayed.massive.com/x").delay_s == 0.0


@pytest.mark.parametrize("kind", list(FeedKind))
def test_only_the_address_that_is_really_called_may_hold_the_key(kind: FeedKind) -> None:
    spec, key = CATALOG[kind], Secret("an-api-key:a-token")
    for address in spec.addresses.values():
        called = spec.connection_url(address.url, key, "a-name")
        assert called.reveal().startswith(address.url)
        assert str(called) == repr(called) == "***"
        if "a-token" in called.reveal():
            assert called.reveal() == f"{address.url}?api_key=an-api-key&access_token=a-token"
            assert kind is FeedKind.KITE


@pytest.mark.parametrize("kind", [kind for kind, spec in CATALOG.items() if not spec.credential_names])
def test_a_server_of_ones_own_is_shown_no_key_and_is_soon_tried_again(kind: FeedKind) -> None:
    spec = CATALOG[kind]
    assert spec.headers(Secret("another-feeds-key")) == {}
    assert (spec.limits.reconnect.first_s, spec.limits.reconnect.cap_s) == (1.0, 30.0)


def test_two_variables_are_one_key_where_both_are_needed() -> None:
    assert CATALOG[FeedKind.MASSIVE].credential_words == "MASSIVE_API_KEY or POLYGON_API_KEY"
    assert CATALOG[FeedKind.KITE].credential_words == "KITE_API_KEY and KITE_ACCESS_TOKEN"


def test_massive_knows_its_delay_and_sends_the_key_in_a_header() -> None:
    spec = CATALOG[FeedKind.MASSIVE]
    assert {name: address.delay_s for name, address in spec.addresses.items()} == {"delayed": 900.0, "realtime": 0.0}
    assert spec.headers(Secret("a-key")) == {"Authorization": "Bearer a-key"}
    assert spec.headers(None) == {}


def test_the_supervisor_does_not_load_websockets() -> None:
    """First paint: the transport is imported late."""
    code = "import sys, marketwatch.feeds.spread; sys.exit('websockets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_guide_fields_are_there() -> None:
    status = FeedStatus(feed_id=FeedId("x"), label="X", state=FeedState.LIVE, connected=True, message_count=5)
    assert status.guide_fields() == {
        "connected": True,
        "authenticated": False,
        "running": False,
        "subscriptions": 0,
        "message_count": 5,
        "last_message_time": None,
        "uptime": None,
        "reconnect_attempts": 0,
    }
