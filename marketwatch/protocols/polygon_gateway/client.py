"""Client side of the local Polygon server, for one connection."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from marketwatch.domain.events import MarketEvent, Quote, SecondBar, TradeTick, VendorBar
from marketwatch.domain.secret import Secret
from marketwatch.errors import ProtocolError
from marketwatch.protocols.base import Channel, Confirmed, Notice, Refused, Released, Topic, Unconfirmed
from marketwatch.protocols.client_side import ClientSide
from marketwatch.protocols.deadlines import soonest
from marketwatch.protocols.massive.lenient import Unusable, interpret
from marketwatch.protocols.massive.messages import Status
from marketwatch.protocols.massive.subscriptions import Subscriptions
from marketwatch.protocols.polygon_gateway.bars import BarKinds
from marketwatch.protocols.polygon_gateway.messages import CHANNELS, ENCODER, FAST_DECODER, as_massive, kind_of
from marketwatch.protocols.polygon_gateway.repeats import RepeatFilter

GREETING_S: Final = 10.0
PING_S: Final = 30.0
_MISSES: Final = 2
_SYMBOLS_PER_REQUEST: Final = 200
_EVENT_OF: Final = {"trade": "T", "quote": "Q"}


class PolygonGatewayClient(ClientSide):
    """Speaks to one local server; satisfies `protocols.base.ClientProtocol`. The server wants no key.

    The server forgets nothing that was ever asked: it goes on sending what was ended, sends everything once more for
    each further request, and sends what other clients asked for. So whatever is not wanted or came before is dropped
    here, and a symbol is never asked for twice.
    """

    def __init__(self, key: Secret | None = None) -> None:
        super().__init__(key)
        self._is_ready = False
        self._deadline: float | None = None
        self._misses = 0
        self._topics = Subscriptions()
        self._keys: dict[Channel, dict[str, str]] = {channel: {} for channel in CHANNELS}
        self._repeats = RepeatFilter()
        self._kinds = BarKinds()

    def connection_made(self, now: float) -> None:
        """The transport is open: await the greeting for a while, but do without it if need be."""
        self._deadline = now + GREETING_S

    def receive(self, data: bytes, now: float) -> Sequence[MarketEvent]:
        """Take one message and return its market events in order."""
        self._misses = 0
        if not self._is_ready:
            self._become_ready(now)
        try:
            event: MarketEvent = FAST_DECODER.decode(data).data
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return [wanted for event in self._receive_leniently(data) if (wanted := self._wanted(event)) is not None]
        wanted = self._wanted(event)
        return [] if wanted is None else [wanted]

    def subscribe(self, topics: Iterable[Topic], now: float) -> None:
        """Ask for topics; before the greeting they are kept and sent after it."""
        possible: list[Topic] = []
        for topic in topics:
            refusal = _refusal(topic)
            if refusal is None:
                possible.append(topic)
            else:
                self._control.append(Refused(topic, refusal))
        to_ask = self._topics.add(possible)
        self._learn_keys()
        if self._is_ready:
            self._ask(to_ask, now)

    def unsubscribe(self, topics: Iterable[Topic], now: float) -> None:
        """End topics, at once and whatever the server does; it is told when nothing is wanted of a symbol any more."""
        ended, _ = self._topics.remove(topics)
        self._learn_keys()
        self._control.extend(Released(topic) for topic in ended)
        still_wanted = {topic.key for topic in self._topics.wanted}
        gone = list(dict.fromkeys(topic.key for topic in ended if topic.key not in still_wanted))
        if self._is_ready:
            for symbols in _chunks(gone):
                self._say({"action": "unsubscribe", "symbols": symbols})

    def next_deadline(self) -> float | None:
        """Monotonic second at which `deadline_passed` wants a call."""
        return soonest(self._deadline, self._topics.next_deadline())

    def deadline_passed(self, now: float) -> None:
        """Begin without a greeting, ping, or report what was not acknowledged.

        Raises ProtocolError when the server is silent although it was pinged twice.
        """
        if self._deadline is not None and now >= self._deadline:
            if not self._is_ready:
                self._become_ready(now)
            elif self._misses >= _MISSES:
                raise ProtocolError("The server", f"it did not answer {_MISSES} pings")
            else:
                self._misses += 1
                self._deadline = now + PING_S
                self._say({"action": "ping"})
        self._control.extend(Unconfirmed(topic) for topic in self._topics.expire(now))

    def _become_ready(self, now: float) -> None:
        self._is_ready = True
        self._deadline = now + PING_S
        self._note_ready()
        self._ask(self._topics.everything(), now)

    def _ask(self, topics: list[Topic], now: float) -> None:
        """Ask with one request per set of channels: a second request for a symbol would double its messages."""
        channels_of: dict[str, list[str]] = {}
        for topic in topics:
            channels_of.setdefault(topic.key, []).append(topic.channel.value)
        symbols_of: dict[tuple[str, ...], list[str]] = {}
        for symbol, channels in channels_of.items():
            symbols_of.setdefault(tuple(sorted(channels, key=_ORDER.index)), []).append(symbol)
        for channel_set, symbols in symbols_of.items():
            for chunk in _chunks(symbols):
                self._say({"action": "subscribe", "symbols": chunk, "channels": list(channel_set)})
        self._topics.asked(topics, now)

    def _say(self, request: Mapping[str, Any]) -> None:
        self._out.append(ENCODER.encode(request).decode())

    def _learn_keys(self) -> None:
        """Note the wanted symbols as they are written and in capitals: the server may change the case."""
        for keys in self._keys.values():
            keys.clear()
        for topic in self._topics.wanted:
            self._keys[topic.channel].setdefault(topic.key.upper(), topic.key)
        for topic in self._topics.wanted:
            self._keys[topic.channel][topic.key] = topic.key

    def _wanted(self, event: MarketEvent) -> MarketEvent | None:
        """Return an event under the key it is wanted by, None when it is not wanted or came before."""
        keys = self._keys[_channel_of(event)]
        key = keys.get(event.key) or keys.get(event.key.upper())
        if key is None or self._repeats.is_repeat(event):
            return None
        return event if key == event.key else msgspec.structs.replace(event, key=key)

    def _receive_leniently(self, data: bytes) -> Iterator[MarketEvent]:
        try:
            message = json.loads(data.decode("utf-8", "replace").removeprefix("\ufeff"))
        except (ValueError, RecursionError):
            self._invalid.note("the message is not JSON", data)
            return
        for part in message if isinstance(message, list) else [message]:
            try:
                event = self._read(part)
            except Unusable as error:
                self._invalid.note(str(error), part)
            else:
                if event is not None:
                    yield event

    def _read(self, message: object) -> MarketEvent | None:
        if not isinstance(message, dict):
            raise Unusable("the message is not an object")
        match message.get("type"):
            case "market_data":
                return self._market_data(message.get("data"))
            case "connected" | "pong" | "unsubscribed":
                return None
            case "subscribed":
                self._acknowledged(message)
                return None
            case "error":
                self._refused(message.get("message"))
                return None
            case None if "ev" in message:
                return self._upstream(message)
            case _:
                raise Unusable("a message of unknown type")

    def _market_data(self, data: object) -> MarketEvent | None:
        if not isinstance(data, dict):
            raise Unusable("market data without an object")
        kind = kind_of(data)
        if kind is None:
            raise Unusable("market data of unknown type")
        if kind != "aggregate":
            return self._upstream(as_massive(data, kind, _EVENT_OF[kind]))
        bar = self._upstream(as_massive(data, kind, Channel.MINUTE_BARS.value))
        if not isinstance(bar, VendorBar) or self._bar_channel(data, bar) is Channel.MINUTE_BARS:
            return bar
        return self._upstream(as_massive(data, kind, Channel.SECOND_BARS.value))

    def _bar_channel(self, data: Mapping[str, Any], bar: VendorBar) -> Channel:
        said = data.get("channel")
        if said in (Channel.SECOND_BARS.value, Channel.MINUTE_BARS.value):
            return Channel(said)
        symbol = bar.key.upper()
        wanted = [channel for channel in (Channel.SECOND_BARS, Channel.MINUTE_BARS) if symbol in self._keys[channel]]
        return self._kinds.channel(symbol, bar.stamp, wants_only=wanted[0] if len(wanted) == 1 else None)

    def _upstream(self, element: Mapping[str, Any]) -> MarketEvent | None:
        """Read an element in Massive's form, renamed here or leaked through by the server."""
        meaning = interpret(element)
        if isinstance(meaning, Status):
            self._control.append(Notice(": ".join(part for part in (meaning.status, meaning.message) if part)))
            return None
        return meaning if isinstance(meaning, TradeTick | Quote | VendorBar) else None

    def _acknowledged(self, message: Mapping[str, Any]) -> None:
        symbols, channels = message.get("symbols"), message.get("channels")
        if not isinstance(symbols, list) or not isinstance(channels, list):
            raise Unusable("an acknowledgement without symbols or channels")
        for channel in CHANNELS:
            keys = self._keys[channel] if channel.value in channels else {}
            for symbol in symbols:
                key = keys.get(symbol) or keys.get(symbol.upper()) if isinstance(symbol, str) else None
                if key is not None:
                    self._control.extend(Confirmed(topic) for topic in self._topics.confirm(Topic(channel, key)))

    def _refused(self, message: object) -> None:
        reason = message if isinstance(message, str) and message else "the server reported an error without a reason"
        only = self._topics.only_awaited()
        if only is None:
            self._control.append(Notice(reason))
        else:
            self._topics.settle(only)
            self._control.append(Refused(only, reason))


_ORDER: Final = [channel.value for channel in CHANNELS]


def _channel_of(event: MarketEvent) -> Channel:
    if isinstance(event, TradeTick):
        return Channel.TRADES
    if isinstance(event, Quote):
        return Channel.QUOTES
    return Channel.SECOND_BARS if isinstance(event, SecondBar) else Channel.MINUTE_BARS


def _refusal(topic: Topic) -> str | None:
    """Say why a topic must not even be asked for: the server closes the connection over it."""
    if topic.channel not in CHANNELS:
        return "this server sends trades, quotes and bars only"
    if topic.key == "*" or not topic.key.strip():
        return "this server wants a symbol"
    return None


def _chunks(symbols: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(symbols), _SYMBOLS_PER_REQUEST):
        yield symbols[start : start + _SYMBOLS_PER_REQUEST]
