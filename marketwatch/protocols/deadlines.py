"""What is due when, in monotonic seconds."""

from __future__ import annotations

from typing import TypeVar

ThingT = TypeVar("ThingT")


class Deadlines(dict[ThingT, float]):
    """Things awaited, with the second until which. All have the same patience: the first begun is the first due."""

    def begin(self, thing: ThingT, until: float) -> None:
        """Await a thing, or await it anew."""
        self.pop(thing, None)
        self[thing] = until

    def next_deadline(self) -> float | None:
        """Return when the first thing is overdue, None while nothing is awaited."""
        return next(iter(self.values()), None)

    def expire(self, now: float) -> list[ThingT]:
        """Hand over what is overdue, and await it no longer."""
        late = [thing for thing, until in self.items() if until <= now]
        for thing in late:
            del self[thing]
        return late


def soonest(*marks: float | None) -> float | None:
    """Return the first of several deadlines, of which None is none."""
    first = None
    for mark in marks:
        if mark is not None and (first is None or mark < first):
            first = mark
    return first
