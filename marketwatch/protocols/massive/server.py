"""Server side of Massive's WebSocket protocol, for one connection; native and simple dialect."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from typing import Final

import msgspec

from marketwatch.domain.events import (
    FairValue,
    MarketEvent,
    PriceLimits,
    PriceValue,
    Quote,
    SecondBar,
    TradeTick,
    VendorBar,
)
from marketwatch.protocols.base import Channel, Topic
from marketwatch.protocols.massive.encoding import frames
from marketwatch.protocols.massive.messages import Action, Status, encode
from marketwatch.protocols.massive.subscriptions import parse_topic
from marketwatch.protocols.serving import ClientAuthenticated as ClientAuthenticated
from marketwatch.protocols.serving import ClientSubscribed as ClientSubscribed
from marketwatch.protocols.serving import ClientUnsubscribed as ClientUnsubscribed
from marketwatch.protocols.serving import CloseConnection as CloseConnection
from marketwatch.protocols.serving import ServerEvent as ServerEvent
from marketwatch.protocols.serving import ServerSide

POLICY_VIOLATION: Final = 1008
"""Close code of a connection that broke a rule."""
_MAX_TOPICS: Final = 20_000
_ECHO_LENGTH: Final = 64

_REQUEST: Final = msgspec.json.Decoder(Action)

_CHANNEL_OF: Final[tuple[tuple[type[MarketEvent], Channel], ...]] = (
    (TradeTick, Channel.TRADES),
    (Quote, Channel.QUOTES),
    (SecondBar, Channel.SECOND_BARS),
    (VendorBar, Channel.MINUTE_BARS),
    (PriceLimits, Channel.LIMITS),
    (FairValue, Channel.FAIR_VALUE),
    (PriceValue, Channel.VALUE),
)


class WireDialect(enum.Enum):
    """How a client is spoken to: arrays of native events, or bare simple objects."""

    NATIVE = "native"
    SIMPLE = "simple"


class _Everything(frozenset[str]):
    """The set of all keys, for a wildcard."""

    def __contains__(self, key: object) -> bool:
        return True


_EVERYTHING: Final = _Everything()
_NOTHING: Final[frozenset[str]] = frozenset()


class MassiveServer(ServerSide[bytes]):
    """Serves one client: greets, checks its key, keeps its subscriptions and knows which events it wants.

    `accepts_key` decides about a key, and with None about having none. A key in the upgrade's bearer header
    (`bearer`) is as good as an `auth` message; subscriptions sent ahead of the key wait for it.
    """

    def __init__(self, accepts_key: Callable[[str | None], bool], *, bearer: str | None = None) -> None:
        super().__init__()
        self._accepts_key = accepts_key
        self._bearer = bearer
        self._dialect: WireDialect | None = None
        self._is_authenticated = False
        self._is_closing = False
        self._topics: dict[Topic, None] = {}
        self._waiting: list[Action] = []
        self._wanted_keys: dict[type[MarketEvent], AbstractSet[str]] = {}

    @property
    def dialect(self) -> WireDialect:
        """The dialect chosen by the first subscription, native before."""
        return self._dialect or WireDialect.NATIVE

    @property
    def is_authenticated(self) -> bool:
        """Whether the client may have data."""
        return self._is_authenticated

    @property
    def topics(self) -> tuple[Topic, ...]:
        """What the client is subscribed to, in the order asked."""
        return tuple(self._topics)

    def connection_made(self) -> None:
        """Greet the client. Every client gets the greeting: the official one waits for it."""
        self._say("connected", "Connected Successfully")
        if self._accepts_key(self._bearer):
            self._authenticate()

    def receive(self, data: bytes | str) -> None:
        """Take one message of the client. Never raises: nonsense is answered with an error status."""
        if self._is_closing:
            return
        try:
            request = _REQUEST.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, UnicodeEncodeError, RecursionError):
            self._say("error", "The request is not understood.")
            return
        match request.action:
            case "auth":
                self._check_key(request.params or "")
            case "subscribe" | "unsubscribe":
                self._take_request(request)
            case _:
                self._say("error", f"Unknown action: {_echo(request.action)}")

    def wants(self, event: MarketEvent) -> bool:
        """Tell whether the client is subscribed to an event."""
        keys = self._wanted_keys.get(type(event))
        if keys is None:
            keys = self._keys_wanted_of(type(event))
        return keys is _EVERYTHING or event.key in keys

    def data_to_send(self) -> list[bytes]:
        """Hand over and forget the status messages to send: arrays, or bare objects in the simple dialect."""
        taken = super().data_to_send()
        return taken if self._dialect is WireDialect.SIMPLE else list(frames(taken))

    def refuse_connection(self) -> None:
        """Tell the client that too many connections are open, and close."""
        self._close("max_connections", "Maximum number of connections exceeded.")

    def drop_slow_consumer(self) -> None:
        """Tell the client that it reads too slowly, and close."""
        self._close("slow_consumer", "The client reads too slowly.")

    def disconnect(self, reason: str) -> None:
        """Tell the client that the server drops it, and close."""
        self._close("force_disconnect", reason)

    def authentication_timed_out(self) -> None:
        """Tell a client that gave no key in time, and close. Does nothing once it is authenticated."""
        if not self._is_authenticated:
            self._close("auth_timeout", "No authentication request received.")

    def _say(self, status: str, message: str) -> None:
        self._out.append(encode(Status(status, message)))

    def _close(self, status: str, message: str) -> None:
        if self._is_closing:
            return
        self._is_closing = True
        self._say(status, message)
        self._events.append(CloseConnection(POLICY_VIOLATION, message))

    def _check_key(self, key: str) -> None:
        if self._is_authenticated or self._accepts_key(key):
            self._say("auth_success", "authenticated")
            self._authenticate()
        else:
            self._close("auth_failed", "authentication failed")

    def _authenticate(self) -> None:
        if not self._is_authenticated:
            self._is_authenticated = True
            self._events.append(ClientAuthenticated())
        waiting, self._waiting = self._waiting, []
        for request in waiting:
            self._apply(request)

    def _take_request(self, request: Action) -> None:
        if self._dialect is None:
            self._dialect = WireDialect.NATIVE if request.tickers is None else WireDialect.SIMPLE
        if self._is_authenticated:
            self._apply(request)
        elif len(self._waiting) >= _MAX_TOPICS:
            self._close("force_disconnect", "Too many requests before authentication.")
        else:
            self._waiting.append(request)
            self._say("auth_required", "Authenticate first; the request waits for it.")

    def _apply(self, request: Action) -> None:
        is_subscription = request.action == "subscribe"
        topics = [topic for topic in self._named_topics(request) if self._apply_topic(topic, is_subscription)]
        self._wanted_keys.clear()
        self._tell(ClientSubscribed if is_subscription else ClientUnsubscribed, topics)

    def _named_topics(self, request: Action) -> Iterable[Topic]:
        if request.tickers is not None:
            yield from (Topic(Channel.TRADES, ticker) for ticker in request.tickers if ticker)
        for parameter in filter(None, (request.params or "").split(",")):
            topic = parse_topic(parameter)
            if topic is None:
                self._say("error", f"Unknown subscription: {_echo(parameter)}")
            else:
                yield topic

    def _apply_topic(self, topic: Topic, is_subscription: bool) -> bool:
        """Hold or drop one topic and acknowledge it; tell whether that changed anything."""
        was_held = topic in self._topics
        if is_subscription and not was_held and len(self._topics) >= _MAX_TOPICS:
            self._say("error", f"Too many subscriptions: {_echo(str(topic))}")
            return False
        if is_subscription:
            self._topics[topic] = None
        else:
            self._topics.pop(topic, None)
        if self._dialect is not WireDialect.SIMPLE:
            self._say("success", f"{'' if is_subscription else 'un'}subscribed to: {topic}")
        return was_held is not is_subscription

    def _keys_wanted_of(self, event_type: type[MarketEvent]) -> AbstractSet[str]:
        channel = next((channel for base, channel in _CHANNEL_OF if issubclass(event_type, base)), None)
        keys: AbstractSet[str] = frozenset(topic.key for topic in self._topics if topic.channel is channel) or _NOTHING
        if "*" in keys:
            keys = _EVERYTHING
        self._wanted_keys[event_type] = keys
        return keys


def _echo(text: str) -> str:
    """Quote a client's words in an answer, cut short."""
    return text[:_ECHO_LENGTH]
