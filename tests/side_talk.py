"""A conversation between the client of a kind and its side, without sockets: what is told, and what is read."""

from __future__ import annotations

from kind_sides import RIGHT_KEY, Messages, Tick, side_of

from marketwatch.domain.events import MarketEvent, PriceValue, TradeTick, VendorBar
from marketwatch.domain.secret import Secret
from marketwatch.feeds.catalog import CATALOG, FeedKind
from marketwatch.protocols.base import Confirmed, Control, Invalid, Topic


class Talk:
    """A client that has just connected. `url` is the address called, that of the prices without one."""

    def __init__(self, kind: FeedKind, *, has_sample: bool = True, url: str | None = None) -> None:
        spec = CATALOG[kind]
        self.kind = side_of(kind)
        self.events: list[MarketEvent] = []
        self.controls: list[Control] = []
        key = Secret(RIGHT_KEY) if spec.credential_names else None
        where = spec.connection_url(url or spec.normalise_url("wss://host.example"), key, "a-name").reveal()
        self.world, connect = self.kind.start(lambda: self.kind.sample.at_ms, has_sample=has_sample)
        self.side = connect(where)
        streams = {
            stream.url(spec.normalise_url("wss://host.example")): stream.protocol for stream in spec.report_streams
        }
        self._client = streams.get(url or "", spec.protocol)(key)
        self._ticks = 0
        self._client.connection_made(0.0)
        self._take(self.side.opened(0.0))

    def subscribe(self, *topics: Topic) -> None:
        """Ask for topics."""
        self._client.subscribe(topics, 0.0)
        self._answer()

    def tell(self, key: str, price: float, *, asked: bool = True) -> None:
        """Let the server tell of a share."""
        self._ticks += 1
        tick = Tick(key, price, self.kind.sample.at_ms * 1_000_000, self._ticks)
        self._take(self.side.tell(tick, asked=asked))

    def report(self, key: str) -> None:
        """Let the server say what it has to say beside prices."""
        self._take(self.side.report(key))

    @property
    def confirmed(self) -> set[str]:
        """What the server has confirmed."""
        return {str(control.topic) for control in self.controls if isinstance(control, Confirmed)}

    @property
    def invalid(self) -> list[str]:
        """Why something was not used."""
        return [control.reason for control in self.controls if isinstance(control, Invalid)]

    @property
    def prices(self) -> list[tuple[str, float]]:
        """The prices that were read, in order: traded, stated, or closes of bars."""
        return [(event.key, price) for event in self.events if (price := price_of(event)) is not None]

    def _answer(self) -> None:
        while out := self._client.data_to_send():
            for message in out:
                self._take(self.side.received(message, 0.0))

    def _take(self, messages: Messages) -> None:
        for message in messages:
            data = message.encode() if isinstance(message, str) else message
            self.events.extend(self._client.receive(data, 0.0))
            self.controls.extend(self._client.take_control())
        self._answer()


def price_of(event: MarketEvent) -> float | None:
    """Return the price of an event, None for one without."""
    match event:
        case TradeTick(price=price) | PriceValue(value=price) | VendorBar(close=price):
            return price
    return None
