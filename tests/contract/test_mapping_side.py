"""A stream of one's own, as its server side: it says the same to everybody, unasked."""

from __future__ import annotations

import json

from kind_sides import AMERICAN, AMERICAN_SAMPLE, Messages, PlainSide, SideKind, SideWorld, Tick, shares
from side_talk import Talk
from tiny_protocol import topic_of

from marketwatch.domain.events import Quote
from marketwatch.feeds.catalog import FeedKind


class MappingSide(PlainSide):
    """One connection."""

    def __init__(self, world: SideWorld, url: str) -> None:
        super().__init__()
        self._has_sample = world.has_sample

    def opened(self, now: float) -> Messages:
        if not self._has_sample:
            return []
        sample = AMERICAN_SAMPLE
        trade = {"s": sample.key, "p": sample.price, "v": 100, "t": sample.at_ms, "bid": 190.54, "ask": "190.57"}
        return [json.dumps({"type": "trade", "data": [trade]})]

    def received(self, message: str | bytes, now: float) -> Messages:
        return []

    def tell(self, tick: Tick, *, asked: bool = True) -> Messages:
        record = {"symbol": tick.key, "price": tick.price, "size": 100, "time": tick.stamp_ns // 1_000_000}
        return [json.dumps(record)]

    def keys(self) -> set[str]:
        return set()


SIDE = SideKind(
    make=MappingSide,
    instruments=shares("US", AMERICAN),
    stranger="ZZZ",
    sample=AMERICAN_SAMPLE,
    unknown="T.NOBODY",
    knows_subscriptions=False,
)


def test_what_it_tells_is_read_and_confirms() -> None:
    talk = Talk(FeedKind.MAPPING, has_sample=False)
    talk.subscribe(topic_of("T.AAPL"), topic_of("T.NOBODY"))
    assert talk.confirmed == set()
    talk.tell("AAPL", 191.0)
    talk.tell("MSFT", 500.0)
    assert talk.confirmed == {"T.AAPL"}
    assert (talk.prices, talk.invalid) == ([("AAPL", 191.0), ("MSFT", 500.0)], [])


def test_what_it_says_at_once_is_read_whoever_wants_it() -> None:
    talk = Talk(FeedKind.MAPPING)
    assert talk.prices == [("AAPL", 190.55)]
    assert [(event.bid, event.ask) for event in talk.events if isinstance(event, Quote)] == [(190.54, 190.57)]
