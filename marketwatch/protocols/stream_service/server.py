"""Server side of one endpoint of the stream service, for one connection.

Other than the real service it answers what that one passes over in silence, and no input costs the connection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from marketwatch.protocols.base import Topic
from marketwatch.protocols.serving import ClientSubscribed, ClientUnsubscribed, CloseConnection, ServerSide
from marketwatch.protocols.stream_service.encoding import message
from marketwatch.protocols.stream_service.endpoints import Endpoint
from marketwatch.protocols.stream_service.keys import canonical

TRY_AGAIN_LATER: Final = 1013
"""Close code of a connection too many."""
ALLOWED_ORIGINS: Final = ("http://localhost:3000", "http://localhost:8080", "http://localhost:8081")
_MOST_SYMBOLS: Final = 20_000
_ECHO_LENGTH: Final = 64


class _Request(msgspec.Struct, frozen=True):
    type: str = ""
    symbol: str | None = None
    data_types: list[str] | None = None


_REQUEST: Final = msgspec.json.Decoder(_Request)


def is_origin_allowed(origin: str | None, allowed: tuple[str, ...] = ALLOWED_ORIGINS) -> bool:
    """Tell whether an upgrade may proceed (else 403): programs send no Origin, pages must be of an allowed one."""
    return origin is None or origin.rstrip("/") in allowed


class StreamServiceServer(ServerSide[bytes]):
    """Serves one client of one endpoint. `is_known` decides about symbols, `now_ms` is the wall clock."""

    def __init__(self, endpoint: Endpoint, is_known: Callable[[str], bool], now_ms: Callable[[], int]) -> None:
        super().__init__()
        self._endpoint = endpoint
        self._is_known = is_known
        self._now_ms = now_ms
        self._symbols: dict[str, None] = {}
        self._is_closing = False

    @property
    def symbols(self) -> tuple[str, ...]:
        """What the client is subscribed to, in the order asked."""
        return tuple(self._symbols)

    def connection_made(self) -> None:
        """Greet the client."""
        self._say(
            "connection",
            status="connected",
            description=self._endpoint.description,
            data_types=self._endpoint.data_types,
            message=f"WebSocket connection established successfully on {self._endpoint.value} endpoint",
        )

    def receive(self, data: bytes | str) -> None:
        """Take one message of the client. Never raises: nonsense is answered with an error."""
        if self._is_closing:
            return
        try:
            request = _REQUEST.decode(data)
        except msgspec.ValidationError:
            self._error("Invalid request: an object with text members is expected")
            return
        except (msgspec.DecodeError, UnicodeDecodeError, UnicodeEncodeError, RecursionError):
            self._error("Invalid JSON format")
            return
        match request.type:
            case "subscribe" | "unsubscribe":
                self._take_request(request)
            case "heartbeat":
                self._say("heartbeat", status="ack")
            case "ping":
                self._say("pong")
            case _:
                self._error(f"Unknown message type: {request.type[:_ECHO_LENGTH]}")

    def wants(self, symbol: str) -> bool:
        """Tell whether the client is subscribed to a symbol."""
        return symbol in self._symbols

    def data_frame(self, symbol: str, data: dict[str, Any], now_ms: int) -> bytes:
        """Return a data frame; `data` is of the shape that `encoding` makes for this endpoint."""
        return message("data", self._endpoint, now_ms, symbol=symbol, data=data)

    def refuse_connection(self) -> None:
        """Close: too many connections are open."""
        self._is_closing = True
        self._events.append(CloseConnection(TRY_AGAIN_LATER, "Too many connections"))

    def _take_request(self, request: _Request) -> None:
        symbol = canonical(request.symbol or "")
        if not symbol:
            self._error("Symbol is required")
        elif request.type == "unsubscribe":
            self._unsubscribe(symbol)
        elif not self._is_known(symbol):
            self._error(f"Unknown symbol: {symbol[:_ECHO_LENGTH]}")
        elif symbol not in self._symbols and len(self._symbols) >= _MOST_SYMBOLS:
            self._error(f"Too many subscriptions: {symbol[:_ECHO_LENGTH]}")
        else:
            self._subscribe(symbol, request.data_types)

    def _subscribe(self, symbol: str, data_types: list[str] | None) -> None:
        kinds = list(self._endpoint.data_types) if data_types is None else data_types
        self._say("subscription", status="subscribed", symbol=symbol, data_types=kinds)
        if symbol not in self._symbols:
            self._symbols[symbol] = None
            self._events.append(ClientSubscribed((Topic(self._endpoint.channel, symbol),)))

    def _unsubscribe(self, symbol: str) -> None:
        self._say("subscription", status="unsubscribed", symbol=symbol)
        if symbol in self._symbols:
            del self._symbols[symbol]
            self._events.append(ClientUnsubscribed((Topic(self._endpoint.channel, symbol),)))

    def _error(self, text: str) -> None:
        self._say("error", message=text)

    def _say(self, kind: str, **members: Any) -> None:
        self._out.append(message(kind, self._endpoint, self._now_ms(), **members))
