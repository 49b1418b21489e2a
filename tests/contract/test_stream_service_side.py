"""The stream service's side: each of its four endpoints is a connection of its own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
from kind_sides import INDIAN, INDIAN_MS, Messages, PlainSide, Sample, SideKind, SideWorld, Tick, shares
from side_talk import Talk
from tiny_protocol import topic_of

from marketwatch.domain.events import AnalysisReport, MarketEvent, ServerAlert, ServerPosition
from marketwatch.feeds.catalog import FeedKind
from marketwatch.protocols.serving import ClientSubscribed
from marketwatch.protocols.stream_service.encoding import (
    PriceFigures,
    alerts_data,
    analysis_data,
    position_data,
    price_data,
)
from marketwatch.protocols.stream_service.endpoints import Endpoint
from marketwatch.protocols.stream_service.server import StreamServiceServer

_SAMPLE_VOLUME, _SAMPLE_CLOSE = 8_053_013, 811.95


class StreamSide(PlainSide):
    """One connection of one endpoint. Beside prices it says what its world states, to whoever subscribes as well."""

    def __init__(self, world: SideWorld, url: str) -> None:
        super().__init__()
        self._world = world
        self._endpoint = next(one for one in Endpoint if one.path == urlsplit(url).path)
        known = {SIDE.sample.key} if world.has_sample else set(INDIAN)
        self._server = StreamServiceServer(self._endpoint, known.__contains__, world.now_ms)

    def opened(self, now: float) -> Messages:
        self._server.connection_made()
        return self._out()

    def received(self, message: str | bytes, now: float) -> Messages:
        self._server.receive(message)
        return self._out()

    def tell(self, tick: Tick, *, asked: bool = True) -> Messages:
        if self._endpoint is not Endpoint.MAIN or (asked and not self._server.wants(tick.key)):
            return []
        volume, prev_close = (_SAMPLE_VOLUME, _SAMPLE_CLOSE) if self._world.has_sample else (0, 100.0)
        figures = PriceFigures(price=tick.price, volume=volume + 100 * tick.number, prev_close=prev_close)
        return [self._server.data_frame(tick.key, price_data(figures), tick.stamp_ns // 1_000_000)]

    def report(self, key: str) -> Messages:
        stated = self._world.stated.get((self._endpoint.channel, key))
        if stated is None or not self._server.wants(key):
            return []
        message = self._server.data_frame(key, _report_data(self._endpoint, list(stated)), self._world.now_ms())
        self._world.written[message] = (self._endpoint.channel, key, stated)
        return [message]

    def keys(self) -> set[str]:
        return set(self._server.symbols)

    def crowd_out(self) -> Messages:
        self._server.refuse_connection()
        return self._out()

    def _out(self) -> Messages:
        out, events = self._server.data_to_send(), self._server.take_events()
        self._note(events)
        newcomers = [topic.key for event in events if isinstance(event, ClientSubscribed) for topic in event.topics]
        return [*out, *(frame for key in newcomers for frame in (*self._sample(key), *self.report(key)))]

    def _sample(self, key: str) -> Messages:
        if not self._world.has_sample or self._endpoint is not Endpoint.MAIN:
            return []
        figures = PriceFigures(price=SIDE.sample.price, volume=_SAMPLE_VOLUME, prev_close=_SAMPLE_CLOSE)
        return [self._server.data_frame(key, price_data(figures), INDIAN_MS)]


def _report_data(endpoint: Endpoint, stated: list[Any]) -> dict[str, Any]:
    match endpoint:
        case Endpoint.ALERTS:
            return alerts_data(stated)
        case Endpoint.ANALYSIS:
            return analysis_data(stated[0])
    return position_data(stated[0])


SIDE = SideKind(
    make=StreamSide,
    instruments=shares("NSE", INDIAN),
    stranger="ZZZ",
    sample=Sample(key="SBIN", symbol="SBIN", price=807.75, volume="80.53\u202fL", at_ms=INDIAN_MS),
    unknown="T.NOBODY",
)


def test_what_it_tells_is_read() -> None:
    talk = Talk(FeedKind.STREAM_SERVICE)
    talk.subscribe(topic_of("T.SBIN"), topic_of("T.NOBODY"))
    assert talk.confirmed == {"T.SBIN"}
    talk.tell("SBIN", 808.1)
    talk.tell("TCS", 3_000.0)
    assert (talk.prices, talk.invalid) == ([("SBIN", 807.75), ("SBIN", 808.1)], [])
    assert talk.side.keys() == {"SBIN"}


@pytest.mark.parametrize(
    ("endpoint", "stated"),
    [
        (Endpoint.ANALYSIS, AnalysisReport(key="SBIN", rsi=62.4)),
        (Endpoint.ALERTS, ServerAlert(key="SBIN", group="price", condition="price_above", threshold=820.0)),
        (Endpoint.PORTFOLIO, ServerPosition(key="SBIN", quantity=Decimal(120))),
    ],
)
def test_what_it_states_beside_prices_reaches_whoever_subscribes(endpoint: Endpoint, stated: MarketEvent) -> None:
    talk = Talk(FeedKind.STREAM_SERVICE, url=f"wss://host.example{endpoint.path}")
    talk.world.stated[endpoint.channel, "SBIN"] = (stated,)
    talk.report("SBIN")
    assert talk.events == []  # nobody asked
    talk.subscribe(topic_of(f"{endpoint.channel.value}.SBIN"))
    event, before = talk.events[0], len(talk.events)
    talk.report("SBIN")
    assert len(talk.events) - before == (endpoint is not Endpoint.ALERTS)  # no alert has changed
    for name in ("rsi", "threshold", "quantity"):
        assert getattr(event, name, None) == getattr(stated, name, None)
