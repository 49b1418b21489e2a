"""Which server a feed of the command line calls, and when it asks for a key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from marketwatch.app.core import Core, Runtime
from marketwatch.app.live_feed import feed_of_environment
from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.secret import Secret
from marketwatch.errors import ConfigurationError, KeyMissing
from marketwatch.feeds.catalog import CATALOG, FeedAddress, FeedKind
from marketwatch.feeds.status import FeedState, KeyTrouble
from marketwatch.feeds.surroundings import FeedSettings


@pytest_asyncio.fixture
async def core() -> AsyncIterator[Core]:
    made = Core(Runtime())
    yield made
    await made.stop()
    assert await made.runtime.stop() == []


async def opened(core: Core, kind: FeedKind, url: str | None, monkeypatch: pytest.MonkeyPatch) -> FeedAddress:
    """Open a feed without connecting, and return where it would have gone."""
    asked: list[FeedSettings] = []
    add_feed = core.feeds.add_feed

    def note(settings: FeedSettings, credentials: Callable[[], Secret | None], **hours: Any) -> None:
        asked.append(settings)
        add_feed(settings, credentials, **hours)

    monkeypatch.setattr(core.feeds, "add_feed", note)
    feed = feed_of_environment(core, CATALOG[kind], url)
    feed.open()
    await feed.close()
    return asked[0].address


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        (FeedKind.MASSIVE, "wss://socket.massive.com/stocks"),
        (FeedKind.POLYGON_LOCAL, "ws://localhost:8200/ws"),
        (FeedKind.ODIN, "ws://localhost:8080/enhanced-stream"),
        (FeedKind.STREAM_SERVICE, "ws://localhost:8081/ws/stream"),
        (FeedKind.KITE, "wss://ws.kite.trade"),
    ],
)
async def test_without_an_address_the_usual_one_is_called(
    kind: FeedKind, url: str, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await opened(core, kind, None, monkeypatch) == FeedAddress(url)


async def test_a_stream_of_ones_own_has_no_usual_address(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match=r"no usual address\. Give one with --url"):
        await opened(core, FeedKind.MAPPING, None, monkeypatch)
    address = await opened(core, FeedKind.MAPPING, " ws://127.0.0.1:9000/x ", monkeypatch)
    assert address == FeedAddress("ws://127.0.0.1:9000/x")


@pytest.mark.parametrize(
    ("kind", "url", "advice"),
    [
        (FeedKind.MASSIVE, "wss://feed.example/", "Set MASSIVE_API_KEY or POLYGON_API_KEY and start again"),
        (FeedKind.KITE, "wss://feed.example/", "Set KITE_API_KEY and KITE_ACCESS_TOKEN and start again"),
        (FeedKind.KITE, "ws://127.0.0.1:9000/", None),
        (FeedKind.POLYGON_LOCAL, "ws://192.0.2.1:8200", None),
        (FeedKind.ODIN, "ws://192.0.2.1:8080", None),
        (FeedKind.STREAM_SERVICE, "ws://192.0.2.1:8081", None),
    ],
)
async def test_a_key_is_asked_for_where_one_is_needed(
    kind: FeedKind, url: str, advice: str | None, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    await opened(core, kind, url, monkeypatch)
    said = [notice.next_step for notice in core.notices if "not encrypted" not in notice.sentence]
    assert said == ([] if advice is None else [advice])


async def test_half_a_key_is_none(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KITE_API_KEY", "canary-key")
    with pytest.raises(KeyMissing):
        feed_of_environment(core, CATALOG[FeedKind.KITE], None).credentials()
    monkeypatch.setenv("KITE_ACCESS_TOKEN", "canary-token")
    secret = feed_of_environment(core, CATALOG[FeedKind.KITE], None).credentials()
    assert secret is not None
    assert secret.reveal() == "canary-key:canary-token"


async def test_without_its_key_a_feed_asks_nothing_of_its_vendor(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    connected: list[str] = []
    monkeypatch.setattr(core.feeds.surroundings.transport, "connect", lambda url, *_, **__: connected.append(url))
    feed = feed_of_environment(core, CATALOG[FeedKind.MASSIVE], None)
    feed.open()
    aapl = InstrumentId.parse("XNAS:EQ:AAPL")
    core.feeds.acquire(aapl)
    core.feeds.start()
    await asyncio.sleep(0.01)
    (status,) = core.feeds.statuses()
    assert (status.state, status.key_trouble, connected) == (FeedState.REFUSED, KeyTrouble.MISSING, [])
    assert "MASSIVE_API_KEY" in status.next_step
    await feed.close()


async def test_of_two_instruments_with_one_name_at_a_stream_the_first_is_served(core: Core) -> None:
    feed = feed_of_environment(core, CATALOG[FeedKind.MAPPING], "ws://127.0.0.1:9")
    feed.open()
    both = [InstrumentId.parse(text) for text in ("NSE:EQ:SBIN", "BSE:EQ:SBIN")]
    for one in both:
        core.feeds.acquire(one)
    found = [core.feeds.subscription(one) for one in both]
    assert [(one.feed_id, one.key) for one in found if one is not None] == [("mapping", "SBIN"), (None, "")]
    core.feeds.release(both[0])
    core.feeds.release(both[1])
    core.feeds.acquire(both[1])
    served = core.feeds.subscription(both[1])
    assert served is not None
    assert served.feed_id == "mapping"
    await feed.close()


@pytest.mark.parametrize(
    ("url", "warns"),
    [("ws://192.0.2.1:8080/enhanced-stream", True), ("wss://192.0.2.1/x", False), ("ws://127.0.0.1:8080/x", False)],
)
async def test_an_open_connection_to_another_computer_is_told(
    url: str, warns: bool, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    await opened(core, FeedKind.ODIN, url, monkeypatch)
    told = ["The connection to Odin Streamer is not encrypted" in notice.sentence for notice in core.notices]
    assert any(told) is warns
