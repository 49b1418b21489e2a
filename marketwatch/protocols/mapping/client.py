"""Client side of a stream of one's own, for one connection. It knows no key, no greeting and no acknowledgement."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from marketwatch.domain.events import MarketEvent, Quote
from marketwatch.domain.secret import Secret
from marketwatch.protocols.base import Channel, Confirmed, Notice, Refused, Released, Topic, Unconfirmed
from marketwatch.protocols.client_side import ClientSide
from marketwatch.protocols.deadlines import Deadlines
from marketwatch.protocols.mapping.guesses import guess, tells_of_orders
from marketwatch.protocols.mapping.mapping import Mapping
from marketwatch.protocols.mapping.messages import MessageReader
from marketwatch.protocols.mapping.records import RecordReader

ANSWER_S: Final = 10.0
"""A symbol of which nothing came for so long counts as not confirmed; its first message confirms it all the same."""
PORTION: Final = 200
"""So many symbols are named in one message."""
OF_ORDERS: Final = "a message of the order book or of candles, which only a mapping can make use of"
NO_GUESS: Final = "no symbol and price are to be found in the message: map its fields in Settings > Feeds"
_ALL: Final = "*"
_MOST_GUESSES: Final = 200
_ONLY_QUOTES: Final = {Channel.QUOTES}


class MappingClient(ClientSide):
    """Reads a stream as `mapping` says, else as its messages suggest; satisfies `protocols.base.ClientProtocol`.

    A topic is confirmed by the first event of its symbol. Symbols are matched as written, then in any case.
    """

    def __init__(self, key: Secret | None = None, mapping: Mapping | None = None) -> None:
        super().__init__(key)
        self._is_guessed = mapping is None
        self._guesses_left = _MOST_GUESSES
        self._messages = MessageReader(self._invalid)
        self._records = None if mapping is None else RecordReader(mapping, self._invalid)
        self._is_open = False
        self._topics: dict[str, set[Topic]] = {}
        self._folded: dict[str, list[str]] = {}
        self._awaited: Deadlines[Topic] = Deadlines()
        self._confirmed: set[str] = set()

    def connection_made(self, now: float) -> None:
        """The transport is open: there is nothing else to wait for."""
        self._is_open = True
        self._note_ready()
        self._ask("subscribe", list(self._topics))
        self._awaited.update(dict.fromkeys(self._awaited, now + ANSWER_S))

    def receive(self, data: bytes, now: float) -> Sequence[MarketEvent]:
        """Take one frame and return its market events in order."""
        events: list[MarketEvent] = []
        for message in self._messages.read(data):
            events += self._read(message)
        if events:
            for key in {_ALL, *(event.key for event in events)} - self._confirmed:
                self._confirm(key)
        return [event for event in events if self._is_asked(event)]

    def subscribe(self, topics: Iterable[Topic], now: float) -> None:
        """Expect topics, and ask for them if the mapping says how."""
        fresh: list[str] = []
        for topic in topics:
            if not topic.key.strip():
                self._control.append(Refused(topic, "it names no symbol"))
                continue
            if topic.key not in self._topics:
                self._topics[topic.key] = set()
                self._folded.setdefault(topic.key.casefold(), []).append(topic.key)
                fresh.append(topic.key)
            self._topics[topic.key].add(topic)
            if topic.key in self._confirmed:
                self._control.append(Confirmed(topic))
            else:
                self._awaited.begin(topic, now + ANSWER_S)
        if self._is_open:
            self._ask("subscribe", fresh)

    def unsubscribe(self, topics: Iterable[Topic], now: float) -> None:
        """Expect topics no longer."""
        ended: list[str] = []
        for topic in topics:
            held = self._topics.get(topic.key, set())
            if topic not in held:
                continue
            held.remove(topic)
            self._awaited.pop(topic, None)
            self._control.append(Released(topic))
            if not held:
                del self._topics[topic.key]
                self._folded[topic.key.casefold()].remove(topic.key)
                self._confirmed.discard(topic.key)
                ended.append(topic.key)
        if self._is_open:
            self._ask("unsubscribe", ended)

    def next_deadline(self) -> float | None:
        """Monotonic second at which `deadline_passed` wants a call."""
        return self._awaited.next_deadline() if self._is_open else None

    def deadline_passed(self, now: float) -> None:
        """Report the topics of which nothing has come."""
        self._control.extend(Unconfirmed(topic) for topic in self._awaited.expire(now))

    # --- inside

    def _read(self, message: Any) -> list[MarketEvent]:
        if self._is_guessed and tells_of_orders(message):
            self._invalid.note(OF_ORDERS, message)
            return []
        if self._records is None and not self._guess(message):
            self._invalid.note(NO_GUESS, message)
            return []
        assert self._records is not None  # noqa: S101 - for mypy: the guess has set it
        events = self._records.read(message, self._key_of)
        if not events and self._is_guessed and self._guess(message):
            self._invalid.take()
            events = self._records.read(message, self._key_of)
        return events

    def _guess(self, message: Any) -> bool:
        """Guess what a message holds, and add it to what was guessed before; tell whether that was something new."""
        if not self._guesses_left:
            return False
        self._guesses_left -= 1
        found = guess(message)
        if found is None:
            return False
        if self._records is not None:
            known = self._records.mapping
            more = {role: path for role, path in found.mapping.paths.items() if role not in known.paths}
            if found.mapping.symbol != known.symbol or not more.keys() & {"price", "bid", "ask"}:
                return False
            found = msgspec.structs.replace(found, mapping=msgspec.structs.replace(known, **more))
        self._records = RecordReader(found.mapping, self._invalid)
        self._control.append(Notice(found.words()))
        return True

    def _key_of(self, symbol: str) -> str:
        """Return the wanted key that a symbol of the stream stands for, else the symbol itself."""
        if symbol in self._topics:
            return symbol
        similar = self._folded.get(symbol.casefold(), [])
        if len(similar) > 1:
            self._invalid.note(f"“{symbol}” could be {' or '.join(similar)}")
            return ""
        return similar[0] if similar else symbol

    def _is_asked(self, event: MarketEvent) -> bool:
        """Tell whether the channels asked for a symbol include an event; of others everything is handed on."""
        topics = self._topics.get(event.key) or self._topics.get(_ALL) or set()
        channels = {topic.channel for topic in topics}
        return not channels or (Channel.QUOTES in channels if isinstance(event, Quote) else channels != _ONLY_QUOTES)

    def _confirm(self, key: str) -> None:
        topics = self._topics.get(key)
        if topics is None:
            return
        self._confirmed.add(key)
        for topic in topics:
            self._awaited.pop(topic, None)
            self._control.append(Confirmed(topic))

    def _ask(self, what: str, symbols: list[str]) -> None:
        template = "" if self._records is None else getattr(self._records.mapping, what)
        if template and symbols:
            self._out.extend(requests(template, [symbol for symbol in symbols if symbol != _ALL]))


def requests(template: str, symbols: Sequence[str]) -> list[str]:
    """Fill symbols into a message that asks for them; without a place for them it is sent as it is, once."""
    if "{symbol}" in template:
        return [template.replace("{symbol}", json.dumps(symbol)[1:-1]) for symbol in symbols]
    if "{symbols}" not in template:
        return [template]
    portions = [symbols[start : start + PORTION] for start in range(0, len(symbols), PORTION)]
    return [
        template.replace('"{symbols}"', json.dumps(",".join(portion))).replace("{symbols}", json.dumps(list(portion)))
        for portion in portions
    ]
