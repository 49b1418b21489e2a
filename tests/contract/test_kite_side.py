"""Kite's ticker as its server side: the key comes with the upgrade, the first packet confirms."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from kind_sides import INDIAN, INDIAN_MS, NS, RIGHT_KEY, Messages, PlainSide, Sample, SideKind, SideWorld, Tick, shares
from side_talk import Talk
from tiny_protocol import topic_of

from marketwatch.domain.events import Depth, DepthLevel, MarketEvent, MarketStatistics, Quote, TradeTick
from marketwatch.feeds.catalog import FeedKind
from marketwatch.protocols.kite.book import KiteBook
from marketwatch.protocols.kite.server import HEARTBEAT_S, KiteServer, check_upgrade
from marketwatch.runtime.retry import HandshakeRejected

SBIN_TOKEN = "779521"
SBIN_BIDS = ((807.7, 50.0, 3), (807.65, 1_250.0, 12), (807.6, 900.0, 4), (807.55, 10.0, 1), (807.5, 5.0, 1))
SBIN_ASKS = ((807.8, 75.0, 2), (807.85, 640.0, 9), (807.9, 320.0, 5))


class KiteWorld(SideWorld):
    """One book of the newest figures for all connections."""

    def __init__(self, now_ms: Callable[[], int], has_sample: bool = False) -> None:
        super().__init__(now_ms, has_sample)
        self.book = KiteBook()
        for event in sample_events() if has_sample else ():
            self.book.take(event)


class KiteSide(PlainSide):
    """One connection."""

    every_s: float | None = HEARTBEAT_S

    def __init__(self, world: KiteWorld, url: str) -> None:
        super().__init__()
        right = tuple(RIGHT_KEY.split(":"))
        refusal = check_upgrade(urlsplit(url).query, lambda *given: given == right)
        if refusal is not None:
            raise HandshakeRejected(refusal.http_status, {"content-type": "application/json"}, refusal.body)
        self._book = world.book
        self._server = KiteServer(world.book)

    def opened(self, now: float) -> Messages:
        self._server.connection_made(now)
        return self._server.data_to_send()

    def received(self, message: str | bytes, now: float) -> Messages:
        self._server.receive(message)
        return self._server.data_to_send()

    def passed(self, now: float) -> Messages:
        self._server.deadline_passed(now)
        return self._server.data_to_send()

    def tell(self, tick: Tick, *, asked: bool = True) -> Messages:
        trade = TradeTick(key=tick.key, stamp=tick.stamp_ns // NS, price=tick.price, size=100.0)
        if asked:
            self._book.take(trade)
            self._server.note(trade)
            self._server.flush()
            return self._server.data_to_send()
        other = KiteBook()
        other.take(trade)
        stranger = KiteServer(other)
        stranger.receive(json.dumps({"a": "subscribe", "v": [int(tick.key)]}))
        return stranger.data_to_send()

    def keys(self) -> set[str]:
        return {topic.key for topic in self._server.topics}


def sample_events() -> list[MarketEvent]:
    """Return the newest figures of the sample, with the five best bids and fewer asks."""
    at_s = INDIAN_MS // 1000
    return [
        MarketStatistics(
            key=SBIN_TOKEN,
            prev_close=811.95,
            day_volume=8_052_913.0,
            day_vwap=809.5,
            total_bid_size=1_234_567.0,
            total_ask_size=411_522.0,
        ),
        TradeTick(key=SBIN_TOKEN, stamp=at_s, price=807.75, size=100.0),
        Depth(
            key=SBIN_TOKEN,
            stamp=at_s,
            bid=807.7,
            bid_size=50.0,
            ask=807.8,
            ask_size=75.0,
            bids=tuple(DepthLevel(*level) for level in SBIN_BIDS),
            asks=tuple(DepthLevel(*level) for level in SBIN_ASKS),
        ),
    ]


SIDE = SideKind(
    make=KiteSide,
    world=KiteWorld,
    instruments=shares("NSE", INDIAN),
    stranger="11536129",
    sample=Sample(
        key=SBIN_TOKEN,
        symbol="SBIN",
        price=807.75,
        volume="80.53\u202fL",
        at_ms=INDIAN_MS,
        quote=(807.7, 807.8),
    ),
    unknown="T.99999999",
    is_binary=True,
    crowded="HTTP 429",
)


def test_what_it_tells_is_read() -> None:
    talk = Talk(FeedKind.KITE)
    talk.subscribe(topic_of(f"T.{SBIN_TOKEN}"), topic_of(f"Q.{SBIN_TOKEN}"), topic_of("T.738561"))
    assert talk.confirmed == {f"T.{SBIN_TOKEN}", f"Q.{SBIN_TOKEN}"}
    assert [(event.bid, event.ask) for event in talk.events if isinstance(event, Quote)] == [(807.7, 807.8)]
    talk.tell(SBIN_TOKEN, 808.1)
    talk.tell("2953217", 3_000.0)
    assert (talk.prices, talk.invalid) == ([(SBIN_TOKEN, 807.75), (SBIN_TOKEN, 808.1)], [])
    assert talk.side.keys() == {SBIN_TOKEN, "738561"}


@pytest.mark.parametrize(("query", "status"), [("api_key=a&access_token=b", 403), ("api_key=a", 400), ("", 400)])
def test_another_key_is_not_let_in(query: str, status: int) -> None:
    _, connect = SIDE.start(lambda: INDIAN_MS)
    with pytest.raises(HandshakeRejected) as caught:
        connect(f"wss://host.example/?{query}")
    assert caught.value.status == status
