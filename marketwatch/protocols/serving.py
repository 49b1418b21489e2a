"""What the server side of a protocol tells the gateway that owns the connection."""

from __future__ import annotations

import msgspec

from marketwatch.protocols.base import Topic


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
