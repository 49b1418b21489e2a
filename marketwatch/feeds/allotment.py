"""Which of a feed's connections carries which instrument. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from marketwatch.protocols.base import Topic

Shares = dict[int, list[Topic]]
"""Topics by the connection that they concern, counted from 0."""


class WaitingCount(NamedTuple):
    """How much is wanted for which there is no room."""

    topics: int
    instruments: int


class Allotment:
    """Reference-counted wishes, each instrument on one connection for as long as anybody wants anything of it.

    A new one goes to the first connection in use that has room, and another is taken into use only when there is none.
    What finds no room at all waits, in the order it came.
    """

    def __init__(self, instruments: int, connections: int) -> None:
        self._most = instruments
        self._counts: dict[Topic, int] = {}
        self._topics: dict[str, list[Topic]] = {}
        self._places: dict[str, int] = {}
        self._carried: list[dict[str, None]] = [{} for _ in range(connections)]
        self._waiting: dict[str, None] = {}
        self._used = {0}

    @property
    def capacity(self) -> int:
        """How many instruments all connections take together."""
        return self._most * len(self._carried)

    @property
    def used(self) -> tuple[int, ...]:
        """The connections in use, in order; the first is from the beginning."""
        return tuple(sorted(self._used))

    @property
    def waiting(self) -> tuple[Topic, ...]:
        """The topics of the instruments for which there is no room, oldest first."""
        return tuple(topic for key in self._waiting for topic in self._topics[key])

    @property
    def waiting_count(self) -> WaitingCount:
        """How many there are of these."""
        return WaitingCount(sum(len(self._topics[key]) for key in self._waiting), len(self._waiting))

    def place(self, key: str) -> int | None:
        """Return which connection carries an instrument, None when none does."""
        return self._places.get(key)

    def is_wanted(self, topic: Topic) -> bool:
        """Tell whether somebody wants `topic`."""
        return topic in self._counts

    def carried(self, number: int) -> Collection[str]:
        """Return the instruments on a connection, oldest first."""
        return self._carried[number].keys()

    def want(self, topics: Iterable[Topic]) -> Shares:
        """Count one more user of each topic; return what is new, where there is room for it."""
        new: Shares = {}
        for topic in topics:
            count = self._counts.get(topic, 0)
            self._counts[topic] = count + 1
            if not count:
                self._topics.setdefault(topic.key, []).append(topic)
                place = self._places.get(topic.key)
                place = self._settle(topic.key) if place is None else place
                if place is not None:
                    new.setdefault(place, []).append(topic)
        return new

    def unwant(self, topics: Iterable[Topic]) -> tuple[Shares, Shares]:
        """Count one user less of each topic; return what nobody wants any more, and what got its room."""
        gone: Shares = {}
        for topic in topics:
            count = self._counts.get(topic, 0)
            if count > 1:
                self._counts[topic] = count - 1
            elif count:
                self._remove(topic, gone)
        return gone, self._admit()

    def retire(self, number: int) -> bool:
        """Take a connection out of use; False when it is not, when it carries something, or when it is the only one."""
        if number not in self._used or self._carried[number] or len(self._used) == 1:
            return False
        self._used.remove(number)
        return True

    def _settle(self, key: str) -> int | None:
        """Find a place for an instrument, None when there is none and it waits."""
        with_room = [number for number, keys in enumerate(self._carried) if len(keys) < self._most]
        place = min(with_room, key=lambda number: (number not in self._used, number), default=None)
        if place is None:
            self._waiting[key] = None
        else:
            self._used.add(place)
            self._places[key] = place
            self._carried[place][key] = None
        return place

    def _remove(self, topic: Topic, gone: Shares) -> None:
        key = topic.key
        del self._counts[topic]
        self._topics[key].remove(topic)
        place = self._places.get(key)
        if place is not None:
            gone.setdefault(place, []).append(topic)
        if not self._topics[key]:
            del self._topics[key]
            self._waiting.pop(key, None)
            if place is not None:
                del self._places[key]
                del self._carried[place][key]

    def _admit(self) -> Shares:
        new: Shares = {}
        while self._waiting and any(len(keys) < self._most for keys in self._carried):
            key = next(iter(self._waiting))
            del self._waiting[key]
            place = self._settle(key)
            if place is not None:
                new.setdefault(place, []).extend(self._topics[key])
        return new
