"""What the gateway needs of a source of market data, and what it offers the source in return."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from marketwatch.domain.events import DayStatistics, MarketEvent
from marketwatch.domain.instrument import Instrument
from marketwatch.protocols.base import Channel


class EventSink(Protocol):
    """Where a source delivers: the gateway's fan-out."""

    async def deliver(self, events: Sequence[MarketEvent]) -> None:
        """Take events and return when every client that makes progress has room for more."""
        ...

    def offer(self, events: Sequence[MarketEvent]) -> None:
        """Take events without waiting: a client whose queue is full is let go."""
        ...

    async def wait_for_subscriber(self) -> None:
        """Return when a client has subscribed."""
        ...

    async def rewind(self) -> None:
        """Forget the day and let every client go: what follows starts again at the beginning."""
        ...

    def new_day(self) -> None:
        """Forget the day's figures: what follows belongs to the next trading day."""
        ...


class MarketSource(Protocol):
    """A simulated market or a recorded session."""

    def instruments(self) -> Mapping[str, Instrument]:
        """Return every instrument by the key under which clients subscribe to it."""
        ...

    def statistics(self, key: str) -> DayStatistics | None:
        """Return the figures of the day and of the session before, None when the source knows only its events."""
        ...

    def backlog(self, key: str, channel: Channel) -> Iterable[MarketEvent]:
        """Return what a client that subscribes now has missed of the day; empty when it is to see only what follows.

        It is read later, piece by piece, and must not hold what is delivered after this call.
        """
        ...

    async def play(self, sink: EventSink) -> None:
        """Deliver events until the source ends or is cancelled."""
        ...
