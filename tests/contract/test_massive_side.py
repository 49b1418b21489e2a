"""Massive's server side: the key comes in a message."""

from __future__ import annotations

from kind_sides import AMERICAN, AMERICAN_SAMPLE, RIGHT_KEY, Messages, PlainSide, SideKind, SideWorld, Tick, shares
from side_talk import Talk
from tiny_protocol import topic_of

from marketwatch.domain.events import MarketEvent, Quote
from marketwatch.feeds.catalog import FeedKind
from marketwatch.protocols.massive.encoding import encode_event, frames
from marketwatch.protocols.massive.server import MassiveServer
from marketwatch.protocols.serving import ClientSubscribed


class MassiveSide(PlainSide):
    """One connection."""

    def __init__(self, world: SideWorld, url: str) -> None:
        super().__init__()
        self._has_sample = world.has_sample
        self._server = MassiveServer(lambda key: key == RIGHT_KEY)

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

    def crowd_out(self) -> Messages:
        self._server.refuse_connection()
        return self._out()

    def _written(self, events: list[MarketEvent], *, asked: bool = True) -> Messages:
        elements = [encode_event(event) for event in events if self._server.wants(event) or not asked]
        return list(frames([element for element in elements if element is not None]))

    def _out(self) -> Messages:
        events, out = self._server.take_events(), self._server.data_to_send()
        self._note(events)
        if self._has_sample and any(isinstance(event, ClientSubscribed) for event in events):
            return [*out, *self._written(sample_events())]
        return out


def sample_events() -> list[MarketEvent]:
    """Return the newest trade and quote of the sample."""
    sample = AMERICAN_SAMPLE
    tick = Tick(sample.key, sample.price, sample.at_ms * 1_000_000, 1)
    quote = Quote(key=sample.key, stamp=sample.at_ms, bid=190.54, bid_size=300.0, ask=190.57, ask_size=200.0)
    return [tick.trade, quote]


SIDE = SideKind(
    make=MassiveSide,
    instruments=shares("XNAS", AMERICAN),
    stranger="ZZZ",
    sample=AMERICAN_SAMPLE,
    unknown=None,  # it acknowledges whatever it is asked for
)


def test_what_it_tells_is_read() -> None:
    talk = Talk(FeedKind.MASSIVE)
    talk.subscribe(topic_of("T.AAPL"), topic_of("Q.AAPL"))
    assert talk.confirmed == {"T.AAPL", "Q.AAPL"}
    assert [(event.bid, event.ask) for event in talk.events if isinstance(event, Quote)] == [(190.54, 190.57)]
    talk.tell("AAPL", 191.0)
    talk.tell("MSFT", 500.0)
    assert (talk.prices, talk.invalid) == ([("AAPL", 190.55), ("AAPL", 191.0)], [])
    assert talk.side.keys() == {"AAPL"}
