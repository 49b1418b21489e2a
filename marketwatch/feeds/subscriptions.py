"""What is wanted from a feed and what the feed has confirmed. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterable

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

    `is_entitlement`: it was refused because the account may not have this data.
    """

    phase: TopicPhase
    reason: str = ""
    at_ns: int | None = None
    is_entitlement: bool = False


class Difference(msgspec.Struct, frozen=True):
    """Wanted against confirmed: what is missing, what comes although nobody wants it, what was refused."""

    missing: tuple[Topic, ...]
    surplus: tuple[Topic, ...]
    refused: tuple[Topic, ...]


_WAITING = TopicStatus(TopicPhase.WAITING)
_OVER_LIMIT = TopicStatus(TopicPhase.OVER_LIMIT)
_UNWANTED = TopicStatus(TopicPhase.UNWANTED)


class Subscriptions:
    """Reference-counted wishes in the order they came; the first `limit` of them are served."""

    def __init__(self, limit: int | None = None) -> None:
        self._limit = limit
        self._counts: dict[Topic, int] = {}
        self._states: dict[Topic, TopicStatus] = {}

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
        return self._count(TopicPhase.CONFIRMED)

    @property
    def refused_count(self) -> int:
        """How many wanted topics the feed has refused."""
        return self._count(TopicPhase.REFUSED)

    @property
    def active_count(self) -> int:
        """How many topics were asked for on this connection and not refused."""
        return sum(1 for state in self._states.values() if state.phase is not TopicPhase.REFUSED)

    def is_wanted(self, topic: Topic) -> bool:
        """Tell whether somebody wants `topic`."""
        return topic in self._counts

    def served(self) -> tuple[Topic, ...]:
        """Return the topics to ask for: all wanted ones within the limit."""
        return tuple(self._counts)[: self._limit]

    def want(self, topics: Iterable[Topic]) -> None:
        """Count one more user of each topic."""
        for topic in topics:
            self._counts[topic] = self._counts.get(topic, 0) + 1

    def unwant(self, topics: Iterable[Topic]) -> None:
        """Count one user less; the last one takes the topic away. Unknown topics are ignored."""
        for topic in topics:
            count = self._counts.get(topic, 0)
            if count > 1:
                self._counts[topic] = count - 1
            elif count:
                del self._counts[topic]
                state = self._states.get(topic)
                if state is not None and state.phase is TopicPhase.REFUSED:
                    del self._states[topic]  # wanted again, it is asked for again

    def to_ask(self) -> list[Topic]:
        """Return what is to be served and was not asked for on this connection."""
        return [topic for topic in self.served() if topic not in self._states]

    def to_end(self) -> list[Topic]:
        """Return what was asked for on this connection and is not to be served any more."""
        served = set(self.served())
        return [topic for topic in self._states if topic not in served]

    def note_asked(self, topics: Iterable[Topic], now_ns: int) -> None:
        """Remember that topics were asked for."""
        for topic in topics:
            self._states[topic] = TopicStatus(TopicPhase.ASKED, at_ns=now_ns)

    def note_ended(self, topics: Iterable[Topic]) -> None:
        """Remember that the end of topics was asked for, or acknowledged."""
        for topic in topics:
            self._states.pop(topic, None)

    def note(
        self, topic: Topic, phase: TopicPhase, now_ns: int, reason: str = "", *, is_entitlement: bool = False
    ) -> None:
        """Remember the feed's answer about `topic`. A late answer to something given up is kept as surplus."""
        self._states[topic] = TopicStatus(phase, reason, now_ns, is_entitlement)

    def connection_lost(self) -> None:
        """Forget all answers; the whole wanted set is to be asked again."""
        self._states.clear()

    def difference(self) -> Difference:
        """Compare what is wanted with what the feed has confirmed."""
        phases = {topic: state.phase for topic, state in self._states.items()}
        confirmed = {topic for topic, phase in phases.items() if phase is TopicPhase.CONFIRMED}
        return Difference(
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
        is_served = self._limit is None or len(self._counts) <= self._limit or topic in self.served()
        return _WAITING if is_served else _OVER_LIMIT

    def _count(self, phase: TopicPhase) -> int:
        return sum(1 for topic, state in self._states.items() if state.phase is phase and topic in self._counts)
