"""What the server side of a connection wants from its gateway; shared by the dialects whose topics are bare keys."""

from __future__ import annotations

import msgspec


class ServerEvent(msgspec.Struct, frozen=True):
    """Something the connection wants from its gateway."""


class KeysSubscribed(ServerEvent, frozen=True):
    """The client now wants these keys too."""

    keys: tuple[str, ...]


class KeysUnsubscribed(ServerEvent, frozen=True):
    """The client no longer wants these keys."""

    keys: tuple[str, ...]


class CloseConnection(ServerEvent, frozen=True):
    """Send what `data_to_send` holds, then close with this code and reason."""

    code: int
    reason: str
