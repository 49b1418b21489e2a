"""Drops what a vendor sends twice."""

from __future__ import annotations

from collections import deque
from typing import Final, TypeAlias

from marketwatch.domain.events import MarketEvent
from marketwatch.protocols.massive.messages import WireEvent, WireTrade

REMEMBERED: Final = 4_096
"""Events among which a repeat is recognised."""

_Identity: TypeAlias = tuple[type, str, int | None, int | None]


class RepeatFilter:
    """Recognises trades and quotes by symbol, sequence number and time; those without a number always pass.

    A number above the latest of its symbol is new: that is all the work as long as a feed counts upwards, gaps
    included. Anything else is looked up among the latest events, because a number that is not above may also be
    late, or of a count that started again, as it does every day.
    """

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._trade_numbers: dict[str, int] = {}
        self._quote_numbers: dict[str, int] = {}
        self._frames: deque[list[WireEvent]] = deque()
        self._event_count = 0
        self._not_indexed = 0
        self._recent: set[_Identity] = set()
        self._older: set[_Identity] = set()

    def without_repeats(self, events: list[WireEvent]) -> list[WireEvent]:
        """Return the events not seen before, in order: the very list when there is no repeat."""
        trades, quotes = self._trade_numbers, self._quote_numbers
        number: int | None = None
        doubtful: set[int] | None = None
        for event in events:
            number = event.sequence
            if number is None:
                continue
            latest = trades if type(event) is WireTrade else quotes
            key = event.key
            if number > latest.get(key, -1):
                latest[key] = number
            elif doubtful is None:
                doubtful = {id(event)}
            else:
                doubtful.add(id(event))
        if doubtful is not None:
            events = self._decide(events, doubtful)
        if number is not None or doubtful is not None or self._frames:
            self._remember(events)
        return events

    def _decide(self, events: list[WireEvent], doubtful: set[int]) -> list[WireEvent]:
        """Drop the doubtful events that are known, or that stand elsewhere in the same frame."""
        self._index_frames()
        seen = {_identity(event) for event in events if id(event) not in doubtful}
        kept: list[WireEvent] = []
        for event in events:
            if id(event) in doubtful:
                identity = _identity(event)
                if identity in seen or identity in self._recent or identity in self._older:
                    continue
                seen.add(identity)
                self._follow(event)
            kept.append(event)
        return kept

    def _follow(self, event: WireEvent) -> None:
        """Count on from a lower number that is new: most likely the count started again."""
        if event.sequence is not None:
            latest = self._trade_numbers if type(event) is WireTrade else self._quote_numbers
            latest[event.key] = event.sequence

    def _remember(self, events: list[WireEvent]) -> None:
        self._frames.append(events)
        self._not_indexed += 1
        self._event_count += len(events)
        while self._event_count > self._remembered and len(self._frames) > 1:
            self._event_count -= len(self._frames.popleft())
        self._not_indexed = min(self._not_indexed, len(self._frames))

    def _index_frames(self) -> None:
        """Enter the frames that arrived since the last doubt."""
        for position in range(len(self._frames) - self._not_indexed, len(self._frames)):
            self._recent.update(_identity(event) for event in self._frames[position])
        self._not_indexed = 0
        if len(self._recent) > self._remembered:
            self._older, self._recent = self._recent, set()


def _identity(event: MarketEvent) -> _Identity:
    return type(event), event.key, getattr(event, "sequence", None), event.stamp
