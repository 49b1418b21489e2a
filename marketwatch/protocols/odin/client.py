"""Client side of Odin Streamer's `/enhanced-stream`, for one connection.

The real server promises to restore subscriptions by client id and breaks connections that rely on it, so everything
wanted is asked for after every greeting, and a connection that was made a zombie by a takeover is given up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec

from marketwatch.domain.events import MarketEvent
from marketwatch.domain.secret import Secret
from marketwatch.errors import ProtocolError, RateLimited
from marketwatch.protocols.base import Channel, Confirmed, Notice, Refused, Released, Topic, Unconfirmed
from marketwatch.protocols.client_side import ClientSide
from marketwatch.protocols.deadlines import soonest
from marketwatch.protocols.odin.keys import token_key, venue_of
from marketwatch.protocols.odin.messages import DATA_DECODER, DataFrame, LiveFrame, PeriodicFrame, read_frame, request
from marketwatch.protocols.odin.shares import Names, ShareReader, under_other_key
from marketwatch.protocols.odin.subscriptions import ANSWER_S, UNKNOWN, Subscriptions, names_in, read_answer
from marketwatch.protocols.readings import Element, Unusable, split_objects, text

GREETING_S: Final = 10.0
PING_S: Final = 25.0
STATUS_EVERY: Final = 5
"""So many pings until the state of the market is asked for again."""
ZOMBIE_S: Final = 150.0
"""Silence in which even the frames of every two minutes are missing."""
ZOMBIE_WAIT_S: Final = 1.5
"""Time for the server to forget a connection before the next."""
RESTORES: Final = "subscription_restore"
_MISSED_PINGS: Final = 2
_FRAME_TYPES: Final[dict[str, type[LiveFrame] | type[PeriodicFrame]]] = {
    "market_data": LiveFrame,
    "live_market_data": LiveFrame,
    "periodic_52week_data": PeriodicFrame,
}


class OdinClient(ClientSide):
    """Speaks to one server; satisfies `protocols.base.ClientProtocol`. This service knows no key."""

    def __init__(self, key: Secret | None = None) -> None:
        super().__init__(key)
        self._is_greeted = False
        self._has_heard = False
        self._greeting_by: float | None = None
        self._held_by: float | None = None
        self._ping_at: float | None = None
        self._pings = 0
        self._unanswered = 0
        self._is_open: bool | None = None
        self._has_periodic = False
        self._data_at = 0.0
        self._zombie_reason = ""
        self._names = Names()
        self._reader = ShareReader(self._names, self._invalid)
        self._topics = Subscriptions()
        self._delivered: set[str] = set()
        self._ending: dict[str, list[Topic]] = {}

    @property
    def is_market_open(self) -> bool | None:
        """What the server said last about its market, which knows neither weekends nor holidays; None: nothing yet."""
        return self._is_open

    def connection_made(self, now: float) -> None:
        """The transport is open: await the greeting."""
        self._greeting_by = now + GREETING_S
        self._data_at = now

    def receive(self, data: bytes, now: float) -> Sequence[MarketEvent]:
        """Take one message and return its market events in order."""
        self._has_heard = True
        self._unanswered = 0
        try:
            frame: DataFrame = DATA_DECODER.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._receive_leniently(data, now)
        return self._take_data(frame, now)

    def subscribe(self, topics: Iterable[Topic], now: float) -> None:
        """Ask for topics; before the greeting they are kept and sent after it."""
        new = [topic for topic in dict.fromkeys(topics) if topic not in self._topics.wanted]
        items: dict[str, None] = {}
        for topic in new:
            if topic.channel is not Channel.TRADES:
                self._control.append(Refused(topic, "this server sends prices of trades only"))
            elif not self._topics.add(topic):
                self._control.append(Refused(topic, "write it like NSE:RELIANCE, or NSE:#2885 for a token"))
            else:
                items[self._topics.wanted[topic].item] = None
        if self._is_greeted and self._held_by is None:
            self._ask("subscribe", list(items), now)

    def unsubscribe(self, topics: Iterable[Topic], now: float) -> None:
        """Ask for the end of topics. A share that another wanted topic names ends without a word to the server."""
        items: dict[str, None] = {}
        for topic in dict.fromkeys(topics):
            key = self._topics.remove(topic)
            if key is None:
                continue
            if self._is_greeted and not self._is_shared(topic, key.item):
                items[key.item] = None
                self._ending.setdefault(key.item, []).append(topic)
            else:
                self._control.append(Released(topic))
        self._ask("unsubscribe", list(items), now)

    def next_deadline(self) -> float | None:
        """Monotonic second at which `deadline_passed` wants a call."""
        if self._zombie_reason:
            return 0.0
        zombie_at = self._data_at + ZOMBIE_S if self._is_watched() else None
        return soonest(self._greeting_by, self._held_by, self._ping_at, self._topics.next_deadline(), zombie_at)

    def deadline_passed(self, now: float) -> None:
        """Ping, and report what was not answered.

        Raises ProtocolError when the server does not greet or answer, RateLimited when it serves others instead of us.
        """
        if self._is_watched() and now >= self._data_at + ZOMBIE_S:
            self._zombie_reason = "it answers, but sends no data"
        if self._zombie_reason:
            raise RateLimited(
                "The server", self._zombie_reason, "MarketWatch connects again by itself", retry_after_s=ZOMBIE_WAIT_S
            )
        if self._greeting_by is not None and now >= self._greeting_by:
            if not self._has_heard:
                raise ProtocolError("The server", f"it sent no greeting within {GREETING_S:.0f} s")
            self._greeted(now)
        if self._held_by is not None and now >= self._held_by:
            self._held_by = None
            self._ask("subscribe", self._topics.items(), now)
        if self._ping_at is not None and now >= self._ping_at:
            self._ping(now)
        self._control.extend(Unconfirmed(topic) for topic in self._topics.expire(now))

    # --- data --------------------------------------------------------------------------------------------------

    def _receive_leniently(self, data: bytes, now: float) -> Sequence[MarketEvent]:
        try:
            elements = split_objects(data)
        except Unusable as error:
            self._invalid.note(str(error), data)
            return []
        events: list[MarketEvent] = []
        for element in elements:
            kind = element.get("type")
            build = _FRAME_TYPES.get(kind) if isinstance(kind, str) else None
            if build is None:
                self._take_message(element, kind, now)
                continue
            frame = read_frame(element, build)
            if frame is None:
                self._invalid.note("a frame without data", element)
            else:
                events.extend(self._take_data(frame, now))
        return events

    def _take_data(self, frame: DataFrame, now: float) -> Sequence[MarketEvent]:
        self._data_at = now
        if isinstance(frame, PeriodicFrame):
            self._has_periodic = True
        try:
            key, events = self._reader.read(frame, self._topics.keys)
        except Unusable as error:
            self._invalid.note(str(error), f"{frame.symbol} {frame.token} {frame.exchange}")
            return []
        self._settle_venue(key)
        alias = Topic(Channel.TRADES, self._reader.alias(key))
        if alias not in self._topics.wanted:
            return events
        others = under_other_key(events, alias.key)
        return [*events, *others] if Topic(Channel.TRADES, key) in self._topics.wanted else others

    def _settle_venue(self, key: str) -> None:
        """Let data decide which exchange a symbol means here: the server has each symbol once."""
        if key in self._delivered:
            return
        self._delivered.add(key)
        topic = Topic(Channel.TRADES, key)
        if topic in self._topics.wanted:
            self._confirm(topic)
        venue, _, symbol = key.partition(":")
        for other in self._topics.topics_of(symbol):
            if other.key not in self._delivered:
                self._refuse(other, f"this server has {symbol} at {venue} only")

    # --- messages ----------------------------------------------------------------------------------------------

    def _take_message(self, element: Element, kind: object, now: float) -> None:
        if not isinstance(kind, str):
            self._invalid.note("a message without a type", element)
            return
        handle = _HANDLERS.get(kind)
        if handle is None:
            return  # older and newer builds know more types than concern us
        data = element.get("data")
        handle(self, element, data if isinstance(data, dict) else {}, now)

    def _on_welcome(self, element: Element, data: Element, now: float) -> None:
        held = data.get("subscribed_stocks")
        count = len(held) if isinstance(held, list) else held if isinstance(held, int) else 0
        features = data.get("features")
        restores = isinstance(features, list) and RESTORES in features
        self._note_market(data, is_news=False)
        if self._is_greeted:
            return
        if count and not restores:
            self._zombie_reason = "it gave us what is left of an older connection, which gets no data"
            self._control.append(Notice(f"The server fails: {self._zombie_reason}"))
            return
        if count:
            self._held_by = now + ANSWER_S
            self._out.append(request("get_subscriptions"))
        self._greeted(now)

    def _greeted(self, now: float) -> None:
        self._is_greeted = True
        self._greeting_by = None
        self._ping_at = now + PING_S
        self._data_at = now
        self._note_ready()
        if self._held_by is None:
            self._ask("subscribe", self._topics.items(), now)

    def _on_response(self, element: Element, data: Element, now: float) -> None:
        if data.get("action") == "unsubscribe" or "unsubscribed_stocks" in data:
            self._on_unsubscribed(data, now)
            return
        subscribed, failed = data.get("subscribed_stocks"), data.get("failed_stocks")
        asked = self._topics.answered("subscribe", [*names_in(subscribed), *names_in(failed)])
        items = asked.items if asked is not None else self._topics.items()
        answer = read_answer(items, subscribed, failed)
        for item, (symbol, exchange) in answer.accepted.items():
            self._accepted(item, symbol, exchange, now)
        if asked is None:
            return  # unasked for: what it leaves out was not refused
        for item, reason in answer.failed.items():
            self._refuse_item(item, reason)
        if answer.unsure:
            self._topics.unsure.update(dict.fromkeys(answer.unsure, now + ANSWER_S))
            self._out.append(request("get_subscriptions"))

    def _accepted(self, item: str, symbol: str, exchange: str, now: float) -> None:
        venue = venue_of(exchange)
        if venue is not None and item.isdecimal():
            self._names.learn(venue, symbol, item)
        misread = False
        for topic in self._topics.topics_of(item):
            if venue is None or self._topics.wanted[topic].venue == venue:
                self._confirm(topic)
            else:
                misread = True
                self._refuse(topic, f"this server means {symbol} at {venue} by {item}")
        if misread and not any(topic in self._topics.confirmed for topic in self._topics.topics_of(item)):
            self._ask("unsubscribe", [item], now)

    def _confirm(self, topic: Topic) -> None:
        if topic not in self._topics.confirmed:
            self._topics.confirmed.add(topic)
            self._topics.refused.discard(topic)
            self._control.append(Confirmed(topic))

    def _refuse(self, topic: Topic, reason: str) -> None:
        self._topics.confirmed.discard(topic)
        self._topics.refused.add(topic)
        self._control.append(Refused(topic, reason))

    def _refuse_item(self, item: str, reason: str) -> None:
        for topic in self._topics.topics_of(item):
            self._refuse(topic, reason)

    def _on_unsubscribed(self, data: Element, now: float) -> None:
        names = names_in(data.get("unsubscribed_stocks"))
        asked = self._topics.answered("unsubscribe", names)
        if asked is None:
            return
        for item in asked.items:
            ended = self._ending.pop(item, [])
            self._control.extend(Released(topic) for topic in ended if topic not in self._topics.wanted)
        # The server counts shares, not names: what ended under one name may be wanted under another.
        named = {each.rpartition(" (")[0] or each for each in names}
        again = [
            key.item
            for topic, key in self._topics.wanted.items()
            if topic not in self._topics.refused
            and (key.item in named or (key.is_token and self._names.symbol(key.venue, key.item) in named | {""}))
        ]
        if named:
            self._ask("subscribe", list(dict.fromkeys(again)), now)

    def _on_subscriptions(self, element: Element, data: Element, now: float) -> None:
        tokens = set(names_in(data.get("subscribed_tokens")))
        if self._held_by is not None:
            self._held_by = None
            self._ask("unsubscribe", sorted(tokens.difference(self._topics.items())), now)
            self._ask("subscribe", self._topics.items(), now)
            return
        unsure = list(self._topics.unsure)
        self._topics.unsure.clear()
        for item in unsure:
            if item in tokens:
                self._accepted(item, "", "", now)
            else:
                self._refuse_item(item, UNKNOWN)

    def _on_market(self, element: Element, data: Element, now: float) -> None:
        kind = element.get("type")
        if kind in ("market_opened", "market_closed"):
            data = {"market_open": kind == "market_opened"}
        self._note_market(data, is_news=kind != "market_status", told=text(element.get("message")), now=now)

    def _note_market(self, data: Element, *, is_news: bool, told: str = "", now: float | None = None) -> None:
        is_open = data.get("market_open")
        if not isinstance(is_open, bool):
            return
        if is_news and is_open is not self._is_open:
            self._control.append(Notice(told or f"The server's market is now {'open' if is_open else 'closed'}"))
        if is_open and self._is_open is not True and now is not None:
            self._data_at = now  # the silence that counts begins now
        self._is_open = is_open

    def _on_error(self, element: Element, data: Element, now: float) -> None:
        self._control.append(Notice(text(element.get("message")) or "the server reports an error"))

    def _on_pong(self, element: Element, data: Element, now: float) -> None:
        """A sign of life like any other message; it may come unasked."""

    # --- small things ------------------------------------------------------------------------------------------

    def _ask(self, action: str, items: list[str], now: float) -> None:
        for portion in self._topics.chunks(action, items, now):
            self._out.append(request(action, portion))

    def _ping(self, now: float) -> None:
        if self._unanswered >= _MISSED_PINGS:
            raise ProtocolError("The server", "it no longer answers", "MarketWatch connects again by itself")
        self._unanswered += 1
        self._pings += 1
        self._ping_at = now + PING_S
        self._out.append(request("ping"))
        if self._pings % STATUS_EVERY == 0:
            self._out.append(request("market_status"))

    def _is_watched(self) -> bool:
        """Tell whether silence means a zombie: data, or the frames of every two minutes, ought to come."""
        return bool(self._topics.confirmed) and (self._has_periodic or self._is_open is True)

    def _is_shared(self, topic: Topic, item: str) -> bool:
        """Tell whether another wanted topic is of the same share, as far as the names are known."""
        if any(other not in self._topics.refused for other in self._topics.topics_of(item)):
            return True
        venue, _, wanted_as = topic.key.partition(":")
        place = venue_of(venue)
        if place is None:
            return False
        if item.isdecimal():
            symbol = self._names.symbol(place, item)
            return bool(symbol) and Topic(Channel.TRADES, f"{venue}:{symbol}") in self._topics.wanted
        token = self._names.token(place, wanted_as.upper())
        return bool(token) and Topic(Channel.TRADES, token_key(place, token)) in self._topics.wanted


_HANDLERS: Final[dict[str, Callable[[OdinClient, Element, dict[str, Any], float], None]]] = {
    "welcome": OdinClient._on_welcome,
    "subscription_response": OdinClient._on_response,
    "subscriptions": OdinClient._on_subscriptions,
    "market_status": OdinClient._on_market,
    "market_opened": OdinClient._on_market,
    "market_closed": OdinClient._on_market,
    "pong": OdinClient._on_pong,
    "error": OdinClient._on_error,
}
