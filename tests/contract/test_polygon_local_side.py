"""The local Polygon server's side: no key, one name per connection, and a yes to whatever is asked."""

from __future__ import annotations

from urllib.parse import urlsplit

from contract.test_massive_side import sample_events
from kind_sides import AMERICAN, AMERICAN_SAMPLE, Messages, PlainSide, SideKind, SideWorld, Tick, shares
from side_talk import Talk
from tiny_protocol import topic_of

from marketwatch.domain.events import MarketEvent, Quote
from marketwatch.feeds.catalog import FeedKind
from marketwatch.protocols.polygon_gateway.server import PolygonGatewayServer
from marketwatch.protocols.serving import ClientSubscribed


class PolygonSide(PlainSide):
    """One connection."""

    def __init__(self, world: SideWorld, url: str) -> None:
        super().__init__()
        self._has_sample = world.has_sample
        self._server = PolygonGatewayServer(urlsplit(url).path.rpartition("/")[2], lambda: "2025-06-27T15:00:00.000000")

    def opened(self, now: float) -> Messages:
        self._server.connection_made()
        return self._out()

    def received(self, message: str | bytes, now: float) -> Messages:
        self._server.receive(message)
        return self._out()

    def tell(self, tick: Tick, *, asked: bool = True) -> Messages:
        return self._written([tick.trade], asked=asked)

    def keys(self) -> set[str]:
        return {topic.key for topic in self._server.topics}

    def _written(self, events: list[MarketEvent], *, asked: bool = True) -> Messages:
        written = [self._server.encode(event) for event in events if self._server.wants(event) or not asked]
        return [data for data in written if data is not None]

    def _out(self) -> Messages:
        events, out = self._server.take_events(), self._server.data_to_send()
        if self._has_sample and any(isinstance(event, ClientSubscribed) for event in events):
            return [*out, *self._written(sample_events())]
        return out


SIDE = SideKind(
    make=PolygonSide,
    instruments=shares("XNAS", AMERICAN),
    stranger="ZZZ",
    sample=AMERICAN_SAMPLE,
    unknown=None,  # a row of it says that no first tick came
)


def test_what_it_tells_is_read() -> None:
    talk = Talk(FeedKind.POLYGON_LOCAL)
    talk.subscribe(topic_of("T.AAPL"), topic_of("Q.AAPL"), topic_of("T.NOBODY"))
    assert talk.confirmed == {"T.AAPL", "Q.AAPL", "T.NOBODY"}
    assert [(event.bid, event.ask) for event in talk.events if isinstance(event, Quote)] == [(190.54, 190.57)]
    talk.tell("AAPL", 191.0)
    talk.tell("MSFT", 500.0)
    assert (talk.prices, talk.invalid) == ([("AAPL", 190.55), ("AAPL", 191.0)], [])
    assert talk.side.keys() == {"AAPL", "NOBODY"}
