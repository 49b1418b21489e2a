"""What one Kite connection wants per instrument, what it asked for, and what nobody has answered yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from marketwatch.protocols.base import Channel, Topic
from marketwatch.protocols.deadlines import Deadlines
from marketwatch.protocols.kite.requests import MODE_OF_CHANNEL, Mode, parse_token

CONNECTION_LIMIT: Final = 3_000
"""Instruments that Kite allows on one connection."""
ANSWER_S: Final = 10.0
"""Time for the first packet: Kite acknowledges nothing else, and sends it even while the market is closed."""
_ANSWERED_BY: Final = {Channel.QUOTES: Mode.FULL, Channel.DEPTH: Mode.FULL, Channel.DAY_FIGURES: Mode.QUOTE}


class Changes(msgspec.Struct, frozen=True):
    """What must be said so that Kite sends what is wanted. `confirmed`: topics whose data come already."""

    subscribe: list[int]
    unsubscribe: list[int]
    modes: dict[Mode, list[int]]
    confirmed: list[Topic]


class Subscriptions:
    """Channels per token in the order wanted; what exceeds the limit waits until there is room."""

    def __init__(self, limit: int = CONNECTION_LIMIT) -> None:
        self._limit = limit
        self._channels: dict[int, dict[Channel, bool]] = {}  # with whether an answer is or was awaited
        self._asked: dict[int, Mode] = {}
        self._seen: dict[int, Mode] = {}  # of which mode packets have come; Kite does not answer twice
        self._waiting: dict[int, None] = {}
        self._unanswered: dict[int, dict[Channel, None]] = {}
        self._awaited: Deadlines[Topic] = Deadlines()

    def add(self, topic: Topic) -> str | None:
        """Want a topic; return in words why it cannot be had, None when it can."""
        token = parse_token(topic.key)
        if token is None:
            return "Kite wants an instrument token, a number"
        if topic.channel not in MODE_OF_CHANNEL:
            return "Kite does not send this kind of data"
        self._channels.setdefault(token, {}).setdefault(topic.channel, False)
        if token in self._asked:
            return None
        self._waiting[token] = None
        if len(self._asked) + len(self._waiting) <= self._limit:
            return None
        return f"Kite allows {self._limit} instruments on one connection"

    def remove(self, topic: Topic) -> bool:
        """Want a topic no longer; tell whether it was wanted."""
        token = parse_token(topic.key)
        channels = self._channels.get(token) if token is not None else None
        if token is None or channels is None or topic.channel not in channels:
            return False
        del channels[topic.channel]
        self._answer(token, topic.channel)
        if not channels:
            del self._channels[token]
            self._waiting.pop(token, None)
        return True

    def changes(self, tokens: Iterable[int], now: float) -> Changes:
        """Return what to say about these tokens, and about those that now have room; it counts as said at `now`."""
        changes = Changes([], [], {}, [])
        touched = dict.fromkeys(tokens)
        for token in touched:
            if token in self._asked and token not in self._channels:
                del self._asked[token]
                self._seen.pop(token, None)
                changes.unsubscribe.append(token)
        admitted = self._admit()
        changes.subscribe.extend(admitted)
        for token in (*touched, *admitted):
            mode = self._mode(token)
            before = self._asked.get(token)
            if mode is None or before is None:
                continue
            if mode is not before:
                self._asked[token] = mode
                changes.modes.setdefault(mode, []).append(token)
                if mode < self._seen.get(token, mode):
                    self._seen[token] = mode
            changes.confirmed.extend(self._await(token, now))
        return changes

    def answered(self, token: int, mode: Mode) -> Iterator[Topic]:
        """Yield the topics that a packet of this mode confirms for the first time."""
        asked = self._asked.get(token)
        if asked is not None:  # a late packet of what was given up, or of a higher mode, says nothing of the next one
            self._seen[token] = min(asked, max(mode, self._seen.get(token, mode)))
        for channel in list(self._unanswered.get(token, ())):
            if mode >= _ANSWERED_BY.get(channel, Mode.LTP):
                self._answer(token, channel)
                yield Topic(channel, str(token))

    @property
    def has_unanswered(self) -> bool:
        """Tell whether any topic has not been answered by a packet."""
        return bool(self._unanswered)

    def only_unanswered(self) -> list[Topic]:
        """Return the topics of the one instrument that awaits an answer, none when there are several."""
        keys = {topic.key for topic in self._awaited}
        return list(self._awaited) if len(keys) == 1 else []

    def refuse(self, topic: Topic) -> None:
        """Await an answer to this topic no longer."""
        token = parse_token(topic.key)
        if token is not None:
            self._answer(token, topic.channel)

    def next_deadline(self) -> float | None:
        """Return when the oldest unanswered request expires."""
        return self._awaited.next_deadline()

    def expire(self, now: float) -> list[Topic]:
        """Return the topics without an answer in time. A late packet still confirms them."""
        return self._awaited.expire(now)

    def _admit(self) -> list[int]:
        admitted: list[int] = []
        for token in list(self._waiting):
            if len(self._asked) >= self._limit:
                break
            del self._waiting[token]
            self._asked[token] = Mode.QUOTE
            admitted.append(token)
        return admitted

    def _mode(self, token: int) -> Mode | None:
        channels = self._channels.get(token)
        return max(MODE_OF_CHANNEL[channel] for channel in channels) if channels else None

    def _await(self, token: int, now: float) -> Iterator[Topic]:
        """Await an answer to what is new; yield what needs none, because its packets come already."""
        channels, seen = self._channels[token], self._seen.get(token)
        for channel in [channel for channel, is_awaited in channels.items() if not is_awaited]:
            channels[channel] = True
            if seen is not None and seen >= _ANSWERED_BY.get(channel, Mode.LTP):
                yield Topic(channel, str(token))
                continue
            self._unanswered.setdefault(token, {})[channel] = None
            self._awaited.begin(Topic(channel, str(token)), now + ANSWER_S)

    def _answer(self, token: int, channel: Channel) -> None:
        channels = self._unanswered.get(token)
        if channels is not None:
            channels.pop(channel, None)
            if not channels:
                del self._unanswered[token]
        self._awaited.pop(Topic(channel, str(token)), None)
