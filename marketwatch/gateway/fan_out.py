"""Hands every event to the clients that asked for it, encoded once per dialect."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from marketwatch.domain.events import MarketEvent
from marketwatch.gateway.outbox import Outbox

Encode = Callable[[MarketEvent], bytes | None]
"""Returns the wire form of an event, None when the dialect has none."""

Targets = tuple[tuple[Encode, tuple[Outbox, ...]], ...]
"""Who gets an event: per dialect its encoder and the outboxes of its clients."""


class Listener(Protocol):
    """A client, as the fan-out sees it."""

    @property
    def outbox(self) -> Outbox:
        """Where its events go."""
        ...

    @property
    def encode(self) -> Encode:
        """The encoder of its dialect; clients of one dialect share one."""
        ...

    def wants(self, event: MarketEvent) -> bool:
        """Tell whether it subscribed to events of this type and key."""
        ...


class FanOut:
    """Routes from (type, key) of events to listeners, worked out on first use and again after any change."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._routes: dict[type[MarketEvent], dict[str, Targets]] = defaultdict(dict)
        self.delivered = 0

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """Everybody who listens."""
        return tuple(self._listeners)

    def add(self, listener: Listener) -> None:
        """Let a client in."""
        self._listeners.append(listener)
        self.changed()

    def remove(self, listener: Listener) -> None:
        """Let a client out; one that is out already may stay so."""
        if listener in self._listeners:
            self._listeners.remove(listener)
            self.changed()

    def changed(self) -> None:
        """Note that somebody's subscriptions changed."""
        self._routes.clear()

    def publish(self, events: Iterable[MarketEvent]) -> None:
        """Queue events at their listeners."""
        touched: set[Outbox] = set()
        routes = self._routes
        for event in events:
            kind = type(event)
            targets = routes[kind].get(event.key)
            if targets is None:
                targets = self._resolve(event)
            for encode, outboxes in targets:
                data = encode(event)
                if data is None:
                    continue
                for outbox in outboxes:
                    outbox.add(data)
                touched.update(outboxes)
                self.delivered += len(outboxes)
        for outbox in touched:
            outbox.wake()

    def _resolve(self, event: MarketEvent) -> Targets:
        by_dialect: dict[Encode, list[Outbox]] = {}
        for listener in self._listeners:
            if listener.wants(event):
                by_dialect.setdefault(listener.encode, []).append(listener.outbox)
        targets = tuple((encode, tuple(outboxes)) for encode, outboxes in by_dialect.items())
        self._routes[type(event)][event.key] = targets
        return targets


async def wait_for_room(listeners: Sequence[Listener]) -> None:
    """Return when every listener has room: a stuck one is let go by its own sender, which makes room."""
    for listener in listeners:
        if not listener.outbox.has_room:
            await listener.outbox.wait_for_room()
