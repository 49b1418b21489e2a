"""Client side of Massive's WebSocket protocol, for one connection."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import msgspec

from marketwatch.domain.events import MarketEvent
from marketwatch.domain.secret import Secret
from marketwatch.errors import ProtocolError
from marketwatch.protocols.base import (
    Authenticated,
    AuthenticationFailed,
    Channel,
    Confirmed,
    Connected,
    ConnectionLimit,
    Notice,
    Refused,
    Released,
    ServerClosing,
    Topic,
    Unconfirmed,
)
from marketwatch.protocols.client_side import ClientSide
from marketwatch.protocols.deadlines import soonest
from marketwatch.protocols.massive.duplicates import RepeatFilter
from marketwatch.protocols.massive.lenient import Unusable, interpret, split_frame
from marketwatch.protocols.massive.messages import FRAME_DECODER, Action, SimpleTick, Status, WireEvent, encode
from marketwatch.protocols.massive.simple import SimpleReader
from marketwatch.protocols.massive.statuses import StatusKind, kind_of, named_parameters
from marketwatch.protocols.massive.subscriptions import Subscriptions, parameters, parse_topic

Dialect: TypeAlias = Literal["auto", "native", "simple"]

FALL_BACK_S = 2.0
"""Silence after which a server in dialect `auto` counts as simple."""
ANSWER_S = 10.0
"""Time for the greeting and for the answer to the key."""


class _Stage(enum.Enum):
    OPENING = enum.auto()
    AUTHENTICATING = enum.auto()
    READY = enum.auto()
    ENDED = enum.auto()


class MassiveClient(ClientSide):
    """Speaks to one server, native or simple; satisfies `protocols.base.ClientProtocol`.

    In dialect `auto` the server's greeting chooses: the array of the real service, or silence and anything else for
    the simple dialect. Never are both spoken to one server.
    """

    def __init__(self, key: Secret | None = None, dialect: Dialect = "auto") -> None:
        super().__init__(key)
        self._key = key
        self._dialect: Dialect = dialect
        self._stage = _Stage.OPENING
        self._deadline: float | None = None
        self._topics = Subscriptions()
        self._repeats = RepeatFilter()
        self._simple = SimpleReader()
        self._has_sent_again = False
        self._has_fallen_back = False
        self._has_asked = False

    @property
    def dialect(self) -> Dialect:
        """The dialect in use; `auto` until the server has shown which it speaks."""
        return self._dialect

    def connection_made(self, now: float) -> None:
        """The transport is open: await the greeting, or begin at once with a simple server."""
        self._deadline = now + (ANSWER_S if self._dialect == "native" else FALL_BACK_S)
        if self._dialect == "simple":
            self._speak_simple(now)

    def receive(self, data: bytes, now: float) -> Sequence[MarketEvent]:
        """Take one message and return its market events in order."""
        try:
            events = FRAME_DECODER.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._receive_leniently(data, now)
        return self._repeats.without_repeats(events)

    def subscribe(self, topics: Iterable[Topic], now: float) -> None:
        """Ask for topics; before the key is accepted they are kept and sent after it."""
        topics = list(topics)
        to_ask = self._topics.add(topics)
        if self._stage is not _Stage.READY:
            return
        self._ask(to_ask, now)
        for topic in topics:
            if self._topics.is_covered(topic) and Topic(topic.channel, "*") in self._topics.confirmed:
                self._topics.confirmed.add(topic)
                self._control.append(Confirmed(topic))

    def unsubscribe(self, topics: Iterable[Topic], now: float) -> None:
        """Ask for the end of topics. One that a wildcard still brings ends without a word to the server."""
        topics = list(topics)
        to_end, to_ask_again = self._topics.remove(topics)
        if self._stage is not _Stage.READY:
            return
        self._control.extend(Released(topic) for topic in topics if self._topics.is_covered(topic))
        self._send("unsubscribe", to_end)
        if self._dialect == "simple":
            self._control.extend(Released(topic) for topic in to_end)
        self._ask(to_ask_again, now)

    def next_deadline(self) -> float | None:
        """Monotonic second at which `deadline_passed` wants a call."""
        return soonest(self._deadline, self._topics.next_deadline())

    def deadline_passed(self, now: float) -> None:
        """Fall back to the simple dialect, or report what was not acknowledged.

        Raises ProtocolError when the server neither greets nor answers the key.
        """
        if self._deadline is not None and now >= self._deadline:
            self._deadline = None
            if self._dialect == "auto":
                self._has_fallen_back = True
                self._speak_simple(now)
            elif self._stage is _Stage.OPENING:
                raise ProtocolError("The server", f"it sent no greeting within {ANSWER_S:.0f} s")
            else:
                raise ProtocolError("The server", f"it did not answer the key within {ANSWER_S:.0f} s")
        self._control.extend(Unconfirmed(topic) for topic in self._topics.expire(now))

    def _receive_leniently(self, data: bytes, now: float) -> Sequence[MarketEvent]:
        try:
            elements = split_frame(data)
        except Unusable as error:
            self._invalid.note(str(error), data)
            return []
        native: list[WireEvent] = []
        simple: list[MarketEvent] = []
        for element in elements:
            try:
                meaning = interpret(element)
            except Unusable as error:
                self._invalid.note(str(error), element)
                continue
            if isinstance(meaning, Status):
                self._take_status(meaning, now)
            elif isinstance(meaning, SimpleTick):
                self._note_simple_data(now)
                simple.extend(self._simple.events(meaning))
            elif meaning is not None:
                native.append(meaning)
        events: Sequence[MarketEvent] = self._repeats.without_repeats(native)
        return [*events, *simple] if simple else events

    def _note_simple_data(self, now: float) -> None:
        if self._dialect == "auto" and self._stage is _Stage.OPENING:
            self._speak_simple(now)

    def _speak_simple(self, now: float) -> None:
        self._dialect = "simple"
        self._control.append(Connected())
        self._become_ready(now)

    def _become_ready(self, now: float) -> None:
        self._stage = _Stage.READY
        self._deadline = None
        self._control.append(Authenticated())
        self._ask(self._topics.everything(), now)

    def _take_status(self, status: Status, now: float) -> None:
        message = status.message.strip()
        match kind_of(status):
            case StatusKind.GREETING:
                self._greeted(now)
            case StatusKind.AUTHENTICATED:
                self._accepted(now)
            case StatusKind.KEY_MISSING:
                self._key_missing(message, now)
            case StatusKind.SUBSCRIBED | StatusKind.UNSUBSCRIBED as kind:
                self._acknowledged(message, kind is StatusKind.SUBSCRIBED)
            case StatusKind.NOT_ENTITLED | StatusKind.ERROR as kind:
                self._refused(message or status.status, kind is StatusKind.NOT_ENTITLED)
            case StatusKind.OTHER:
                self._unclear(status.status, message, now)
            case kind:
                self._ended(kind, message or status.status)

    def _unclear(self, status: str, message: str, now: float) -> None:
        """Take a status without telling words: a bare success answers whatever was awaited."""
        if status == "success" and self._stage is _Stage.OPENING:
            self._greeted(now)
        elif status == "success" and self._stage is _Stage.AUTHENTICATING:
            self._accepted(now)
        else:
            self._control.append(Notice(": ".join(part for part in (status, message) if part)))

    def _greeted(self, now: float) -> None:
        if self._has_fallen_back and self._has_asked:
            self._control.append(Notice("The server greeted late. Choose the native dialect for it."))
            return
        if self._has_fallen_back:
            self._has_fallen_back = False
            self._dialect, self._stage = "auto", _Stage.OPENING
        if self._dialect == "simple" or self._stage is not _Stage.OPENING:
            return
        self._dialect = "native"
        self._control.append(Connected())
        self._send_key(now)

    def _send_key(self, now: float) -> None:
        self._stage = _Stage.AUTHENTICATING
        self._deadline = now + ANSWER_S
        self._out.append(encode(Action("auth", params=self._key.reveal() if self._key else "")).decode())

    def _accepted(self, now: float) -> None:
        if self._stage is _Stage.OPENING and self._dialect != "simple":
            self._dialect = "native"
            self._control.append(Connected())
        if self._stage in (_Stage.OPENING, _Stage.AUTHENTICATING):
            self._become_ready(now)

    def _key_missing(self, message: str, now: float) -> None:
        """Send the key again, once: some servers forget it. All subscriptions follow its acceptance."""
        if self._dialect == "simple" or self._has_sent_again:
            self._ended(StatusKind.KEY_REFUSED, message or "the server asks for a key")
            return
        self._has_sent_again = True
        self._topics.forget_answers()
        self._send_key(now)

    def _acknowledged(self, message: str, is_subscribed: bool) -> None:
        for text in named_parameters(message):
            topic = parse_topic(text)
            if topic is None:
                self._control.append(Notice(message))
            elif is_subscribed:
                self._control.extend(Confirmed(confirmed) for confirmed in self._topics.confirm(topic))
            elif topic not in self._topics.wanted:
                self._control.append(Released(topic))

    def _refused(self, reason: str, is_entitlement: bool) -> None:
        if is_entitlement and self._stage is _Stage.AUTHENTICATING:
            self._ended(StatusKind.KEY_REFUSED, reason)
            return
        topics = self._topics.named_in(named_parameters(reason))
        only = self._topics.only_awaited()
        if not topics and only is not None:
            topics = [only]
        for topic in topics:
            self._topics.settle(topic)
            self._control.append(Refused(topic, reason, is_entitlement))
        if not topics:
            self._control.append(Refused(None, reason, True) if is_entitlement else Notice(reason))

    def _ended(self, kind: StatusKind, reason: str) -> None:
        self._stage = _Stage.ENDED
        self._deadline = None
        self._topics.forget_answers()
        if kind is StatusKind.KEY_REFUSED:
            self._control.append(AuthenticationFailed(reason))
        elif kind is StatusKind.CONNECTION_LIMIT:
            self._control.append(ConnectionLimit(reason))
        else:
            self._control.append(ServerClosing(reason, slow_consumer=kind is StatusKind.SLOW_CONSUMER))

    def _ask(self, topics: list[Topic], now: float) -> None:
        if self._dialect != "simple":
            self._send("subscribe", topics)
            self._topics.asked(topics, now)
            return
        trades = [topic for topic in topics if topic.channel is Channel.TRADES]
        self._send("subscribe", trades)
        for topic in topics:
            if topic.channel is Channel.TRADES:  # this dialect acknowledges nothing
                self._control.extend(Confirmed(confirmed) for confirmed in self._topics.confirm(topic))
            else:
                self._control.append(Refused(topic, "this server sends prices of trades only"))

    def _send(self, action: str, topics: list[Topic]) -> None:
        if self._dialect == "simple":
            tickers = [topic.key for topic in topics if topic.channel is Channel.TRADES]
            if tickers:
                self._has_asked = True
                self._out.append(encode(Action(action, tickers=tickers)).decode())
            return
        self._out.extend(encode(Action(action, params=text)).decode() for text in parameters(topics))
