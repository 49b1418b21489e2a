from __future__ import annotations

import subprocess
import sys

import pytest

from marketwatch.domain.ids import FeedId
from marketwatch.domain.secret import Secret
from marketwatch.feeds.catalog import CATALOG, FeedKind
from marketwatch.feeds.status import FeedState, FeedStatus


@pytest.mark.parametrize("kind", list(FeedKind))
def test_every_kind_has_a_row_that_can_be_used(kind: FeedKind) -> None:
    spec = CATALOG[kind]
    assert spec.kind is kind
    assert set(spec.default_channels) <= set(spec.channels)
    assert spec.credential_names
    protocol = spec.protocol(Secret("a-key"))
    protocol.connection_made(0.0)
    assert protocol.take_control() == []
    for address in spec.addresses.values():
        assert spec.normalise_url(address.url) == address.url
        assert address.url.startswith("wss://")


def test_massive_knows_its_delay_and_sends_the_key_in_a_header() -> None:
    spec = CATALOG[FeedKind.MASSIVE]
    assert {name: address.delay_s for name, address in spec.addresses.items()} == {"delayed": 900.0, "realtime": 0.0}
    assert spec.headers(Secret("a-key")) == {"Authorization": "Bearer a-key"}
    assert spec.headers(None) == {}


def test_the_supervisor_does_not_load_websockets() -> None:
    """First paint: the transport is imported late."""
    code = "import sys, marketwatch.feeds.supervisor; sys.exit('websockets' in sys.modules)"
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
