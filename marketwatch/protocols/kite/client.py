"""Client side of Kite's ticker, for one connection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from marketwatch.domain.events import MarketEvent
from marketwatch.domain.secret import Secret
from marketwatch.protocols.base import AuthenticationFailed, Confirmed, Notice, Refused, Released, Topic, Unconfirmed
from marketwatch.protocols.client_side import ClientSide
from marketwatch.protocols.kite.packets import (
    SEGMENT_NAMES,
    FullPacket,
    IndexPacket,
    LtpPacket,
    Packet,
    segment_of,
    split,
)
from marketwatch.protocols.kite.requests import Mode, ServerText, parse_token, read_server_text, write_requests
from marketwatch.protocols.kite.subscriptions import Subscriptions
from marketwatch.protocols.kite.ticks import TickReader
from marketwatch.protocols.readings import without_key

EXPIRED: Final = "Kite's access token is not valid any more: log in to Kite again"
_PRINTABLE: Final = range(0x20, 0x7F)
_MARK: Final = b"\xef\xbb\xbf"
_SHORTEST_TEXT: Final = 2
_UNREMARKABLE: Final = frozenset({"order", "instruments_meta", "app_code"})


class KiteClient(ClientSide):
    """Speaks to one ticker; satisfies `protocols.base.ClientProtocol`. Keys are instrument tokens in decimal.

    The upgrade request carries the key (see `address`), so an open connection is an authenticated one. Kite
    acknowledges nothing: an instrument's first packet confirms its topics.
    """

    def __init__(self, key: Secret | None = None) -> None:
        super().__init__(key)
        self._key = key
        self._is_open = False
        self._topics = Subscriptions()
        self._reader = TickReader()
        self._odd_segments: set[int] = set()
        self._touched: dict[int, None] = {}

    def connection_made(self, now: float) -> None:
        """The transport is open: ask for everything wanted."""
        self._is_open = True
        self._note_ready()
        self._ask(now)

    def receive(self, data: bytes, now: float) -> Sequence[MarketEvent]:
        """Take one message, ticks or text, and return its market events in order."""
        if len(data) >= _SHORTEST_TEXT and (data[0] in _PRINTABLE or data.startswith(_MARK)):
            self._take_text(data)
            return []
        packets, damages = split(data)
        for damage in damages:
            self._invalid.note(damage.reason, damage.sample)
        for packet in packets:
            self._look_at(packet)
        return self._reader.read(packets)

    def subscribe(self, topics: Iterable[Topic], now: float) -> None:
        """Ask for topics; before the connection is open they are kept and sent then."""
        for topic in topics:
            refusal = self._topics.add(topic)
            if refusal is not None:
                self._control.append(Refused(topic, refusal))
            self._touch(topic)
        self._ask(now)

    def unsubscribe(self, topics: Iterable[Topic], now: float) -> None:
        """Ask for the end of topics. Kite does not acknowledge that either."""
        for topic in topics:
            if self._topics.remove(topic):
                self._control.append(Released(topic))
                self._touch(topic)
        self._ask(now)

    def next_deadline(self) -> float | None:
        """Monotonic second at which `deadline_passed` wants a call."""
        return self._topics.next_deadline()

    def deadline_passed(self, now: float) -> None:
        """Report the topics of which no packet came in time."""
        self._control.extend(Unconfirmed(topic) for topic in self._topics.expire(now))

    def _touch(self, topic: Topic) -> None:
        token = parse_token(topic.key)
        if token is not None:
            self._touched[token] = None

    def _ask(self, now: float) -> None:
        if not self._is_open:
            return
        touched, self._touched = self._touched, {}
        changes = self._topics.changes(touched, now)
        for token in changes.unsubscribe:
            self._reader.forget(token)
        self._out.extend(write_requests("unsubscribe", changes.unsubscribe))
        self._out.extend(write_requests("subscribe", changes.subscribe))
        for mode, tokens in changes.modes.items():
            self._out.extend(write_requests("mode", tokens, mode))
        self._control.extend(Confirmed(topic) for topic in changes.confirmed)

    def _look_at(self, packet: Packet) -> None:
        segment = segment_of(packet.token)
        if segment not in SEGMENT_NAMES and segment not in self._odd_segments:
            self._odd_segments.add(segment)
            self._control.append(
                Notice(
                    f"Instrument token {packet.token} is of a market segment that is not documented ({segment}); "
                    "its prices are read in hundredths"
                )
            )
        if self._topics.has_unanswered:
            self._control.extend(Confirmed(topic) for topic in self._topics.answered(packet.token, _mode_of(packet)))

    def _take_text(self, data: bytes) -> None:
        text = read_server_text(data.removeprefix(_MARK))
        if text is None:
            self._invalid.note("a text that is no message of Kite", data)
        elif text.type == "error":
            self._take_error(text)
        elif text.type == "message":
            self._control.append(Notice(without_key(text.words, self._key)))
        elif text.type not in _UNREMARKABLE:
            self._invalid.note("a text of unknown type", text.type)

    def _take_error(self, text: ServerText) -> None:
        words = without_key(text.words, self._key) or "Kite reported an error without a reason"
        if text.error_type == "TokenException" or "TokenException" in words:
            self._control.append(AuthenticationFailed(f"{EXPIRED} ({words})" if text.words else EXPIRED, True))
            return
        topics = self._topics.only_unanswered()
        for topic in topics:
            self._topics.refuse(topic)
            self._control.append(Refused(topic, words, text.error_type == "PermissionException"))
        if not topics:
            self._control.append(Notice(words))


def _mode_of(packet: Packet) -> Mode:
    if isinstance(packet, LtpPacket):
        return Mode.LTP
    if isinstance(packet, FullPacket) or (isinstance(packet, IndexPacket) and packet.stamp is not None):
        return Mode.FULL
    return Mode.QUOTE
