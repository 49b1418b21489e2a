"""Server side of the local Polygon server, for one connection; right where the real one is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from marketwatch.domain.events import MarketEvent, Quote, SecondBar, TradeTick, VendorBar
from marketwatch.protocols.base import Channel, Topic
from marketwatch.protocols.polygon_gateway.encoding import encode_event
from marketwatch.protocols.polygon_gateway.messages import CHANNELS, ENCODER
from marketwatch.protocols.serving import ClientAuthenticated, ClientSubscribed, ClientUnsubscribed, ServerSide

_MAX_TOPICS: Final = 20_000
_ECHO_LENGTH: Final = 64
_CHANNEL_NAMES: Final = {channel.value: channel for channel in CHANNELS}
_CHANNEL_OF: Final[tuple[tuple[type[MarketEvent], Channel], ...]] = (
    (TradeTick, Channel.TRADES),
    (Quote, Channel.QUOTES),
    (SecondBar, Channel.SECOND_BARS),
    (VendorBar, Channel.MINUTE_BARS),
)


class PolygonGatewayServer(ServerSide[bytes]):
    """Serves one client. It wants no key.

    Unlike the real server it stops what is ended, sends nothing twice, and answers nonsense with an error where the
    real one hangs up. `timestamp` gives the server's time as this protocol writes it: local, without an offset.
    """

    def __init__(self, client_id: str, timestamp: Callable[[], str]) -> None:
        super().__init__()
        self._client_id = client_id
        self._timestamp = timestamp
        self._topics: dict[Topic, None] = {}

    @property
    def topics(self) -> tuple[Topic, ...]:
        """What the client is subscribed to, in the order asked."""
        return tuple(self._topics)

    def connection_made(self) -> None:
        """Greet the client."""
        self._events.append(ClientAuthenticated())
        self._say(
            {
                "type": "connected",
                "message": "Connected to Polygon data stream",
                "client_id": self._client_id,
                "timestamp": self._timestamp(),
            }
        )

    def receive(self, data: bytes | str) -> None:
        """Take one message of the client. Never raises: nonsense is answered with an error."""
        try:
            request = json.loads(data)
        except (ValueError, RecursionError):
            request = None
        if not isinstance(request, dict):
            self._refuse("The request is not a JSON object")
            return
        match request.get("action"):
            case "subscribe":
                self._subscribe(request)
            case "unsubscribe":
                self._unsubscribe(request)
            case "ping":
                self._say({"type": "pong", "timestamp": self._timestamp()})
            case action:
                self._refuse(f"Unknown action: {str(action)[:_ECHO_LENGTH]}")

    def wants(self, event: MarketEvent) -> bool:
        """Tell whether the client is subscribed to an event."""
        channel = next((channel for base, channel in _CHANNEL_OF if isinstance(event, base)), None)
        return channel is not None and Topic(channel, event.key) in self._topics

    def encode(self, event: MarketEvent) -> bytes | None:
        """Return the message of an event, None for what this server does not carry."""
        return encode_event(event, self._timestamp())

    def _subscribe(self, request: Mapping[str, Any]) -> None:
        symbols, channels = self._named(request, default=(Channel.TRADES,))
        if not symbols or not channels:
            return
        wanted = [Topic(channel, symbol) for symbol in symbols for channel in channels]
        added = tuple(topic for topic in wanted if topic not in self._topics)
        if len(self._topics) + len(added) > _MAX_TOPICS:
            self._refuse("Too many subscriptions")
            return
        self._topics.update(dict.fromkeys(added))
        self._tell(ClientSubscribed, added)
        self._say(
            {
                "type": "subscribed",
                "symbols": symbols,
                "channels": [channel.value for channel in channels],
                "subscription_id": f"client_{self._client_id}",
            }
        )

    def _unsubscribe(self, request: Mapping[str, Any]) -> None:
        symbols, channels = self._named(request, default=CHANNELS)
        if not symbols or not channels:
            return
        named = [Topic(channel, symbol) for symbol in symbols for channel in channels]
        ended = tuple(topic for topic in named if topic in self._topics)
        for topic in ended:
            del self._topics[topic]
        self._tell(ClientUnsubscribed, ended)
        self._say({"type": "unsubscribed", "symbols": symbols})

    def _named(self, request: Mapping[str, Any], default: tuple[Channel, ...]) -> tuple[list[str], tuple[Channel, ...]]:
        """Return the symbols and channels of a request, empty after telling the client what is wrong with them."""
        symbols, names = request.get("symbols"), request.get("channels")
        if not isinstance(symbols, list) or not symbols or not all(isinstance(s, str) and s for s in symbols):
            self._refuse("No symbols provided")
            return [], ()
        names = [channel.value for channel in default] if names is None else names
        unknown = [name for name in names if name not in _CHANNEL_NAMES] if _are_texts(names) else [names]
        if unknown:
            self._refuse(f"Unknown channel: {str(unknown[0])[:_ECHO_LENGTH]}")
            return [], ()
        return list(dict.fromkeys(symbols)), tuple(dict.fromkeys(_CHANNEL_NAMES[name] for name in names))

    def _refuse(self, message: str) -> None:
        self._say({"type": "error", "message": message})

    def _say(self, answer: Mapping[str, Any]) -> None:
        self._out.append(ENCODER.encode(answer))


def _are_texts(names: object) -> bool:
    return isinstance(names, list) and bool(names) and all(isinstance(name, str) for name in names)
