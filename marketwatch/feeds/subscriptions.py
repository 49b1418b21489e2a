"""What is wanted from a feed and what the feed has confirmed. Pure."""

from __future__ import annotations

import enum
import itertools
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from marketwatch.protocols.base import Topic


class TopicPhase(enum.Enum):
    """How far a wish has come on the present connection."""

    UNWANTED = "not wanted"
    WAITING = "waits for the connection"
    OVER_LIMIT = "more than this feed allows"
    ASKED = "asked"
    CONFIRMED = "confirmed"
    UNCONFIRMED = "not confirmed in time"
    REFUSED = "refused"


class TopicStatus(msgspec.Struct, frozen=True):
    """State of one topic; `reason` is the server's text of a refusal, `at_ns` the wall clock of the last change.

    `is_entitlement`: it was refused because the account may not have this data. `connection` is the number of the
    connection that carries it, where the feed may have several.
    """

    phase: TopicPhase
    reason: str = ""
    at_ns: int | None = None
    is_entitlement: bool = False
    connection: int | None = None


class Difference(msgspec.Struct, frozen=True):
    """Wanted against confirmed: what is missing, what comes although nobody wants it, what was refused."""

    wanted: tuple[Topic, ...]
    confirmed: tuple[Topic, ...]
    missing: tuple[Topic, ...]
    surplus: tuple[Topic, ...]
    refused: tuple[Topic, ...]


_WAITING = TopicStatus(TopicPhase.WAITING)
_OVER_LIMIT = TopicStatus(TopicPhase.OVER_LIMIT)
_UNWANTED = TopicStatus(TopicPhase.UNWANTED)


class Subscriptions:
    """Reference-counted wishes in the order they came; the first ones within the limits are served.

    `topics` and `instruments` are how many of each one connection takes, None where no limit is known.
    """

    def __init__(self, topics: int | None = None, instruments: int | None = None) -> None:
        self._most_topics = topics
        self._most_instruments = instruments
        self._counts: dict[Topic, int] = {}
        self._keys: Counter[str] = Counter()
        self._states: dict[Topic, TopicStatus] = {}
        self._served: dict[Topic, None] | None = None
        self._suspects: dict[Topic, None] | None = None  # what may have to be asked for or ended; None: anything

    def set_limits(self, *, topics: int | None, instruments: int | None) -> None:
        """Serve more or fewer from now on."""
        self._most_topics, self._most_instruments = topics, instruments
        self._served = self._suspects = None

    @property
    def wanted(self) -> tuple[Topic, ...]:
        """All topics somebody wants, oldest first."""
        return tuple(self._counts)

    @property
    def wanted_count(self) -> int:
        """How many topics are wanted."""
        return len(self._counts)

    @property
    def confirmed_count(self) -> int:
        """How many topics the feed has confirmed."""
        return self.count(TopicPhase.CONFIRMED)

    @property
    def refused_count(self) -> int:
        """How many wanted topics the feed has refused."""
        return self.count(TopicPhase.REFUSED)

    @property
    def over_limit_count(self) -> int:
        """How many wanted topics are not asked for because of a limit."""
        return len(self._counts) - len(self._serve())

    @property
    def instrument_count(self) -> int:
        """How many instruments are wanted, whatever of each."""
        return len(self._keys)

    @property
    def active_count(self) -> int:
        """How many topics were asked for on this connection and not refused."""
        return sum(1 for state in self._states.values() if state.phase is not TopicPhase.REFUSED)

    def is_wanted(self, topic: Topic) -> bool:
        """Tell whether somebody wants `topic`."""
        return topic in self._counts

    def served(self) -> tuple[Topic, ...]:
        """Return the topics to ask for: all wanted ones within the limits."""
        return tuple(self._serve())

    @property
    def _fits(self) -> bool:
        """Whether everything that is wanted is within the limits."""
        return (self._most_topics is None or len(self._counts) <= self._most_topics) and (
            self._most_instruments is None or len(self._keys) <= self._most_instruments
        )

    def _serve(self) -> Mapping[Topic, int | None]:
        """Return the same, in order and found fast; only beyond the limits it is worked out anew after each change."""
        if self._fits:
            return self._counts
        if self._served is None:
            topics: Iterable[Topic] = self._counts
            if self._most_instruments is not None and len(self._keys) > self._most_instruments:
                keys = set(itertools.islice(self._keys, self._most_instruments))
                topics = (topic for topic in self._counts if topic.key in keys)
            self._served = dict.fromkeys(itertools.islice(topics, self._most_topics))
        return self._served

    def want(self, topics: Iterable[Topic]) -> None:
        """Count one more user of each topic."""
        for topic in topics:
            count = self._counts.get(topic, 0)
            self._counts[topic] = count + 1
            if not count:
                self._keys[topic.key] += 1
                self._served = None
                self._suspect(topic)

    def unwant(self, topics: Iterable[Topic]) -> None:
        """Count one user less; the last one takes the topic away. Unknown topics are ignored."""
        for topic in topics:
            count = self._counts.get(topic, 0)
            if count > 1:
                self._counts[topic] = count - 1
            elif count:
                self._remove(topic)

    def _remove(self, topic: Topic) -> None:
        del self._counts[topic]
        self._served = None
        self._suspect(topic)
        self._keys[topic.key] -= 1
        if not self._keys[topic.key]:
            del self._keys[topic.key]
        state = self._states.get(topic)
        if state is not None and state.phase is TopicPhase.REFUSED:
            del self._states[topic]  # wanted again, it is asked for again

    def to_ask(self) -> list[Topic]:
        """Return what is to be served and was not asked for on this connection."""
        return [topic for topic in self._mismatched() if topic not in self._states]

    def to_end(self) -> list[Topic]:
        """Return what was asked for on this connection and is not to be served any more."""
        return [topic for topic in self._mismatched() if topic in self._states]

    def _mismatched(self) -> list[Topic]:
        """Return what is served and not asked for, or the other way round: among thousands mostly one or none."""
        served, states = self._serve(), self._states
        if self._suspects is not None and self._fits:
            found = [topic for topic in self._suspects if (topic in served) is not (topic in states)]
        else:
            found = [topic for topic in served if topic not in states]
            found += [topic for topic in states if topic not in served]
        self._suspects = dict.fromkeys(found) if self._fits else None
        return found

    def _suspect(self, topic: Topic) -> None:
        if self._suspects is not None:
            self._suspects[topic] = None

    def note_asked(self, topics: Iterable[Topic], now_ns: int) -> None:
        """Remember that topics were asked for."""
        for topic in topics:
            self._states[topic] = TopicStatus(TopicPhase.ASKED, at_ns=now_ns)
            self._suspect(topic)

    def note_ended(self, topics: Iterable[Topic]) -> None:
        """Remember that the end of topics was asked for, or acknowledged."""
        for topic in topics:
            self._states.pop(topic, None)
            self._suspect(topic)

    def note(
        self, topic: Topic, phase: TopicPhase, now_ns: int, reason: str = "", *, is_entitlement: bool = False
    ) -> None:
        """Remember the feed's answer about `topic`. A late answer to something given up is kept as surplus."""
        self._states[topic] = TopicStatus(phase, reason, now_ns, is_entitlement)
        self._suspect(topic)

    def unanswered(self) -> list[Topic]:
        """Return the wanted topics that were asked for on this connection and neither confirmed nor refused."""
        open_phases = (TopicPhase.ASKED, TopicPhase.UNCONFIRMED)
        return [topic for topic, state in self._states.items() if state.phase in open_phases and topic in self._counts]

    def figures(self) -> dict[str, Any]:
        """Return the counts by their names in the status of a feed."""
        return {
            "subscriptions": self.confirmed_count,
            "wanted": self.wanted_count,
            "refused_topics": self.refused_count,
            "unconfirmed_topics": self.count(TopicPhase.UNCONFIRMED),
            "topics_over_limit": self.over_limit_count,
            "instruments": self.instrument_count,
            "instruments_allowed": self._most_instruments,
        }

    def connection_lost(self) -> None:
        """Forget all answers; the whole wanted set is to be asked again."""
        self._states.clear()
        self._suspects = None

    def difference(self) -> Difference:
        """Compare what is wanted with what the feed has confirmed."""
        phases = {topic: state.phase for topic, state in self._states.items()}
        confirmed = {topic: None for topic, phase in phases.items() if phase is TopicPhase.CONFIRMED}
        return Difference(
            wanted=tuple(self._counts),
            confirmed=tuple(confirmed),
            missing=tuple(topic for topic in self._counts if topic not in confirmed),
            surplus=tuple(topic for topic in confirmed if topic not in self._counts),
            refused=tuple(topic for topic in self._counts if phases.get(topic) is TopicPhase.REFUSED),
        )

    def state(self, topic: Topic) -> TopicStatus:
        """Return how far the wish for `topic` has come."""
        if topic not in self._counts:
            return _UNWANTED
        state = self._states.get(topic)
        if state is not None:
            return state
        return _WAITING if topic in self._serve() else _OVER_LIMIT

    def count(self, phase: TopicPhase) -> int:
        """Return how many wanted topics are in a phase on this connection."""
        return sum(1 for topic, state in self._states.items() if state.phase is phase and topic in self._counts)
