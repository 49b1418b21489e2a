"""What the server side of a protocol tells the gateway that owns the connection."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

import msgspec

from marketwatch.protocols.base import Topic

MessageT = TypeVar("MessageT", bound=str | bytes)


class ServerEvent(msgspec.Struct, frozen=True):
    """Something the connection wants from its gateway."""


class ClientAuthenticated(ServerEvent, frozen=True):
    """The client gave an acceptable key, or none is needed."""


class ClientSubscribed(ServerEvent, frozen=True):
    """The client now wants these topics too."""

    topics: tuple[Topic, ...]


class ClientUnsubscribed(ServerEvent, frozen=True):
    """The client no longer wants these topics."""

    topics: tuple[Topic, ...]


class CloseConnection(ServerEvent, frozen=True):
    """Send what `data_to_send` holds, then close with this code and reason."""

    code: int
    reason: str


class ServerSide(Generic[MessageT]):
    """Base of a server protocol: it appends messages to `_out` and events to `_events`."""

    def __init__(self) -> None:
        self._out: list[MessageT] = []
        self._events: list[ServerEvent] = []

    def data_to_send(self) -> list[MessageT]:
        """Hand over and forget the messages to send."""
        taken, self._out = self._out, []
        return taken

    def take_events(self) -> list[ServerEvent]:
        """Hand over and forget what the gateway should know or do."""
        taken, self._events = self._events, []
        return taken

    def _tell(self, event: type[ClientSubscribed | ClientUnsubscribed], topics: Iterable[Topic]) -> None:
        """Tell the gateway of topics, if there are any."""
        named = tuple(topics)
        if named:
            self._events.append(event(named))
