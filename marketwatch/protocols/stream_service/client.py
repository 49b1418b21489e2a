"""Client side of one endpoint of the stream service, for one connection.

An acknowledged subscription that stays silent is this service's normal state: it is asked for once more, and never a
reason to connect again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from typing import Final

import msgspec

from marketwatch.domain.events import MarketEvent
from marketwatch.domain.secret import Secret
from marketwatch.errors import ProtocolError
from marketwatch.protocols.base import Confirmed, Notice, Refused, Released, Topic, Unconfirmed
from marketwatch.protocols.client_side import ClientSide
from marketwatch.protocols.deadlines import Deadlines, soonest
from marketwatch.protocols.readings import Element, Unusable, name, split_objects, stamp_ms, text
from marketwatch.protocols.stream_service.endpoints import Endpoint
from marketwatch.protocols.stream_service.keys import canonical
from marketwatch.protocols.stream_service.prices import PriceReader
from marketwatch.protocols.stream_service.reports import AlertReader, read_analysis, read_position

GREETING_S: Final = 2.0
"""Silence after which everything is asked for without a greeting."""
ANSWER_S: Final = 10.0
PING_S: Final = 20.0
QUIET_S: Final = 30.0
"""Silence of one symbol after which it is asked for once more."""
PACE: Final = 50
"""So many requests at a time, and then a pause."""
PAUSE_S: Final = 0.1
_MISSED_PINGS: Final = 2
_UNKNOWN_SYMBOL: Final = "unknown symbol:"
_SHAPES: Final = (
    (Endpoint.MAIN, frozenset({"price"})),
    (Endpoint.ANALYSIS, frozenset({"technical_indicators", "patterns", "risk_metrics"})),
    (Endpoint.ALERTS, frozenset({"price_alerts", "volume_alerts", "breakout_alerts"})),
    (Endpoint.PORTFOLIO, frozenset({"position", "pnl"})),
)


class _Request(msgspec.Struct, omit_defaults=True):
    type: str
    symbol: str | None = None


class StreamServiceClient(ClientSide):
    """Speaks to one endpoint; satisfies `protocols.base.ClientProtocol`.

    This service knows no key. Its times name no zone: they are read in `zone`, None being that of this computer.
    """

    def __init__(
        self, key: Secret | None = None, endpoint: Endpoint = Endpoint.MAIN, zone: tzinfo | None = None
    ) -> None:
        super().__init__(key)
        self._endpoint = endpoint
        self._zone = zone
        self._is_greeted = False
        self._greeting_by: float | None = None
        self._ping_at: float | None = None
        self._unanswered = 0
        self._wanted: dict[str, Topic] = {}
        self._ended: dict[str, Topic] = {}
        self._awaited: Deadlines[str] = Deadlines()
        self._quiet: Deadlines[str] = Deadlines()
        self._confirmed: set[str] = set()
        self._queue: deque[_Request] = deque()
        self._pace_at: float | None = None
        self._prices = PriceReader(self._invalid)
        self._alerts = AlertReader(self._invalid)

    def connection_made(self, now: float) -> None:
        """The transport is open: await the greeting, but not for long."""
        self._greeting_by = now + GREETING_S

    def receive(self, data: bytes, now: float) -> Sequence[MarketEvent]:
        """Take one message and return its market events in order."""
        self._unanswered = 0
        try:
            elements = split_objects(data)
        except Unusable as error:
            self._invalid.note(str(error), data)
            return []
        events: list[MarketEvent] = []
        for element in elements:
            kind = element.get("type")
            if kind == "data":
                events.extend(self._take_data(element))
            elif isinstance(kind, str):
                handle = _HANDLERS.get(kind)
                if handle is not None:  # sibling services send types that do not concern us
                    handle(self, element, now)
            else:
                self._invalid.note("a message without a type", element)
        return events

    def subscribe(self, topics: Iterable[Topic], now: float) -> None:
        """Ask for topics; before the greeting they are kept and sent after it."""
        for topic in topics:
            symbol = canonical(topic.key)
            if topic.channel is not self._endpoint.channel:
                reason = f"this endpoint serves {self._endpoint.channel.name.lower()} only"
                self._control.append(Refused(topic, reason))
            elif not symbol or symbol == "*":
                self._control.append(Refused(topic, "this service wants every symbol by its name"))
            elif symbol not in self._wanted:
                self._wanted[symbol] = topic
                self._ended.pop(symbol, None)
                self._alerts.forget(symbol)
                if self._is_greeted:
                    self._enqueue("subscribe", symbol)
        self._flush(now)

    def unsubscribe(self, topics: Iterable[Topic], now: float) -> None:
        """Ask for the end of topics."""
        for topic in topics:
            symbol = canonical(topic.key)
            if self._wanted.get(symbol) != topic:
                continue
            del self._wanted[symbol]
            self._confirmed.discard(symbol)
            self._awaited.pop(symbol, None)
            self._quiet.pop(symbol, None)
            if self._is_greeted:
                self._ended[symbol] = topic
                self._enqueue("unsubscribe", symbol)
            else:
                self._control.append(Released(topic))
        self._flush(now)

    def next_deadline(self) -> float | None:
        """Monotonic second at which `deadline_passed` wants a call."""
        answer_by, word_by = self._awaited.next_deadline(), self._quiet.next_deadline()
        return soonest(self._greeting_by, self._ping_at, self._pace_at, answer_by, word_by)

    def deadline_passed(self, now: float) -> None:
        """Begin without a greeting, ping, go on asking, and report what was not answered.

        Raises ProtocolError when the server no longer answers.
        """
        if self._greeting_by is not None and now >= self._greeting_by:
            self._greeted(now)
        if self._ping_at is not None and now >= self._ping_at:
            self._ping(now)
        for symbol in self._awaited.expire(now):
            self._control.append(Unconfirmed(self._wanted[symbol]))
        for symbol in self._quiet.expire(now):
            self._enqueue("subscribe", symbol)
        if self._pace_at is not None and now >= self._pace_at:
            self._pace_at = None
        self._flush(now)

    # --- data --------------------------------------------------------------------------------------------------

    def _take_data(self, element: Element) -> Sequence[MarketEvent]:
        key = canonical(name(element.get("symbol")))
        data = element.get("data")
        if isinstance(data, dict) and isinstance(data.get("data"), dict) and _shape(data) is None:
            data = data["data"]
        if not key or not isinstance(data, dict):
            self._invalid.note("a frame without a symbol" if not key else "a frame without data", element)
            return []
        self._quiet.pop(key, None)
        topic = self._wanted.get(key) or self._ended.get(key)
        return self._read(topic.key if topic is not None else key, data, element)

    def _read(self, key: str, data: Element, element: Element) -> Sequence[MarketEvent]:
        stamp = stamp_ms(element.get("timestamp"), self._zone)
        match _shape(data):
            case Endpoint.MAIN:
                return self._prices.read(key, data, stamp)
            case Endpoint.ANALYSIS:
                return [read_analysis(key, data, stamp)]
            case Endpoint.ALERTS:
                return self._alerts.read(key, data, stamp)
            case Endpoint.PORTFOLIO:
                return [read_position(key, data, stamp)]
        if data:
            self._invalid.note("data of an unknown shape", data)
        return []

    # --- messages ----------------------------------------------------------------------------------------------

    def _on_connection(self, element: Element, now: float) -> None:
        self._greeted(now)

    def _greeted(self, now: float) -> None:
        self._greeting_by = None
        if self._is_greeted:
            return
        self._is_greeted = True
        self._ping_at = now + PING_S
        self._note_ready()
        for symbol in self._wanted:
            self._enqueue("subscribe", symbol)
        self._flush(now)

    def _on_subscription(self, element: Element, now: float) -> None:
        symbol = canonical(name(element.get("symbol")))
        if element.get("status") == "unsubscribed":
            topic = self._ended.pop(symbol, None)
            if topic is not None:
                self._control.append(Released(topic))
            return
        self._awaited.pop(symbol, None)
        topic = self._wanted.get(symbol)
        if topic is not None and symbol not in self._confirmed:
            self._confirmed.add(symbol)
            self._control.append(Confirmed(topic))
            self._quiet[symbol] = now + QUIET_S

    def _on_error(self, element: Element, now: float) -> None:
        message = text(element.get("message"))
        if message.lower().startswith(_UNKNOWN_SYMBOL):
            symbol = canonical(message[len(_UNKNOWN_SYMBOL) :])
            topic = self._wanted.get(symbol)
            if topic is not None:
                self._awaited.pop(symbol, None)
                self._control.append(Refused(topic, message))
                return
        self._control.append(Notice(message or "the server reports an error"))

    def _on_sign_of_life(self, element: Element, now: float) -> None:
        """Pong or acknowledged heartbeat: a sign of life like any other message; it may come unasked."""

    # --- sending -----------------------------------------------------------------------------------------------

    def _enqueue(self, kind: str, symbol: str) -> None:
        self._queue.append(_Request(kind, symbol))

    def _flush(self, now: float) -> None:
        """Send what waits, a portion at a time: the server answers one after the other."""
        if self._pace_at is not None or not self._queue:
            return
        for _ in range(min(PACE, len(self._queue))):
            request = self._queue.popleft()
            symbol = request.symbol or ""
            if (request.type == "subscribe") is not (symbol in self._wanted):
                continue  # taken back while it waited
            if request.type == "subscribe" and symbol not in self._confirmed:
                self._awaited.begin(symbol, now + ANSWER_S)
            self._out.append(msgspec.json.encode(request).decode())
        if self._queue:
            self._pace_at = now + PAUSE_S

    def _ping(self, now: float) -> None:
        if self._unanswered >= _MISSED_PINGS:
            raise ProtocolError("The server", "it no longer answers", "MarketWatch connects again by itself")
        self._unanswered += 1
        self._ping_at = now + PING_S
        self._out.append(msgspec.json.encode(_Request("ping")).decode())


def _shape(data: Element) -> Endpoint | None:
    """Return the endpoint whose data this is: servers send each other's shapes."""
    return next((endpoint for endpoint, fields in _SHAPES if not fields.isdisjoint(data)), None)


_HANDLERS: Final[dict[str, Callable[[StreamServiceClient, Element, float], None]]] = {
    "connection": StreamServiceClient._on_connection,
    "subscription": StreamServiceClient._on_subscription,
    "heartbeat": StreamServiceClient._on_sign_of_life,
    "pong": StreamServiceClient._on_sign_of_life,
    "error": StreamServiceClient._on_error,
}
