"""What a server's status means, for both generations of the service."""

from __future__ import annotations

import enum
import re
from typing import Final

from marketwatch.protocols.massive.messages import Status


class StatusKind(enum.Enum):
    """What a status asks of the client."""

    GREETING = enum.auto()
    AUTHENTICATED = enum.auto()
    KEY_REFUSED = enum.auto()
    KEY_MISSING = enum.auto()
    TOO_LATE = enum.auto()
    SUBSCRIBED = enum.auto()
    UNSUBSCRIBED = enum.auto()
    CONNECTION_LIMIT = enum.auto()
    NOT_ENTITLED = enum.auto()
    SLOW_CONSUMER = enum.auto()
    CLOSING = enum.auto()
    ERROR = enum.auto()
    OTHER = enum.auto()


_BY_STATUS: Final = {
    "connected": StatusKind.GREETING,
    "auth_success": StatusKind.AUTHENTICATED,
    "auth_failed": StatusKind.KEY_REFUSED,
    "auth_timeout": StatusKind.TOO_LATE,
    "auth_required": StatusKind.KEY_MISSING,
    "max_connections": StatusKind.CONNECTION_LIMIT,
    "slow_consumer": StatusKind.SLOW_CONSUMER,
    "force_disconnect": StatusKind.CLOSING,
}
_ACKNOWLEDGEMENT: Final = re.compile(r"(un)?subscribed to:\s*(.*)", re.IGNORECASE | re.DOTALL)
_SEPARATORS: Final = re.compile(r"[\s,;]+")


def kind_of(status: Status) -> StatusKind:
    """Say what a status means; the message decides where old and new servers use one word differently."""
    known = _BY_STATUS.get(status.status)
    if known is not None:
        return known
    if _says(status, "not authorized"):
        return StatusKind.NOT_ENTITLED
    if status.status == "success":
        return _success(status.message)
    if status.status == "error":
        return _error(status)
    return StatusKind.OTHER


def _says(status: Status, words: str) -> bool:
    return any(words in text.lower().replace("_", " ") for text in (status.status, status.message))


def _success(message: str) -> StatusKind:
    match = _ACKNOWLEDGEMENT.search(message)
    if match is not None:
        return StatusKind.UNSUBSCRIBED if match[1] else StatusKind.SUBSCRIBED
    if "authenticated" in message.lower():
        return StatusKind.AUTHENTICATED
    return StatusKind.GREETING if "connected" in message.lower() else StatusKind.OTHER


def _error(status: Status) -> StatusKind:
    if _says(status, "authentication failed"):
        return StatusKind.KEY_REFUSED
    if _says(status, "connections exceeded"):
        return StatusKind.CONNECTION_LIMIT
    return StatusKind.ERROR


def named_parameters(message: str) -> list[str]:
    """Return the words that may be subscription parameters, such as `T.MSFT` of `subscribed to: T.MSFT`."""
    match = _ACKNOWLEDGEMENT.search(message)
    words = _SEPARATORS.split(match[2] if match is not None else message)
    return [word.strip("'\"()[]") for word in words if "." in word]
