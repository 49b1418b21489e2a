"""What a source of events needs of the place it delivers to. The gateway satisfies this structurally."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from marketwatch.domain.events import MarketEvent


class EventSink(Protocol):
    """Takes events in order and hands them to whoever listens."""

    async def deliver(self, events: Sequence[MarketEvent]) -> None:
        """Take events and return when there is room for more: nothing is dropped for a listener that makes progress."""
        ...

    def offer(self, events: Sequence[MarketEvent]) -> None:
        """Take events without waiting: a listener that has fallen too far behind is let go."""
        ...

    async def wait_for_subscriber(self) -> None:
        """Return when somebody listens."""
        ...

    def new_day(self) -> None:
        """Forget the day's figures: what follows belongs to the next trading day."""
        ...

    async def rewind(self) -> None:
        """Forget everything delivered so far and let the listeners go: what follows starts again at the beginning."""
        ...
