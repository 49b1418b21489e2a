"""Framing of Socket.IO 5 over Engine.IO 4: one packet per WebSocket frame; `polling` has the bodies of HTTP.

Written here, small: the packet classes of python-socketio and python-engineio come with the whole of asyncio, aiohttp
and requests, which protocols must not know. The tests compare this module with them.
"""

from __future__ import annotations

import enum
import json
from typing import Any, Final

import msgspec

from marketwatch.protocols.readings import Unusable

_LONGEST_NUMBER: Final = 15
_ENCODER: Final = msgspec.json.Encoder()


class EngineKind(enum.Enum):
    """First character of an Engine.IO frame."""

    OPEN = "0"
    CLOSE = "1"
    PING = "2"
    PONG = "3"
    MESSAGE = "4"
    UPGRADE = "5"
    NOOP = "6"


class SocketKind(enum.Enum):
    """First character of a Socket.IO packet, which is the body of an Engine.IO message."""

    CONNECT = "0"
    DISCONNECT = "1"
    EVENT = "2"
    ACK = "3"
    CONNECT_ERROR = "4"
    BINARY_EVENT = "5"
    BINARY_ACK = "6"


class EnginePacket(msgspec.Struct, frozen=True):
    """One frame."""

    kind: EngineKind
    body: str = ""


class SocketPacket(msgspec.Struct, frozen=True):
    """One packet. `data` is the JSON text as it came, empty for none; `attachments` says how many frames follow."""

    kind: SocketKind
    data: str = ""
    namespace: str = "/"
    ack_id: int | None = None
    attachments: int = 0


def read_frame(frame: bytes | str) -> EnginePacket:
    """Read one frame. Raises Unusable for an empty one and for one of no known type."""
    text = frame.decode("utf-8", "replace") if isinstance(frame, bytes) else frame
    try:
        return EnginePacket(EngineKind(text[:1]), text[1:])
    except ValueError as error:
        raise Unusable("a frame of unknown type" if text else "an empty frame") from error


def read_packet(body: str) -> SocketPacket:
    """Read the body of a message. Raises Unusable when it is no packet."""
    try:
        kind = SocketKind(body[:1])
    except ValueError as error:
        raise Unusable("a packet of unknown type") from error
    rest, attachments, namespace = body[1:], 0, "/"
    if kind in (SocketKind.BINARY_EVENT, SocketKind.BINARY_ACK):
        count, dash, rest = rest.partition("-")
        if not dash or not _is_number(count):
            raise Unusable("a binary packet without a count")
        attachments = int(count)
    if rest.startswith("/"):
        namespace, _, rest = rest.partition(",")
        namespace = namespace.partition("?")[0]
    data = rest.lstrip("0123456789")
    number = rest[: len(rest) - len(data)]
    if number and not _is_number(number):
        raise Unusable("a packet with an endless number")
    return SocketPacket(kind, data, namespace, int(number) if number else None, attachments)


def write_frame(kind: EngineKind, body: str = "") -> str:
    """Return a frame."""
    return kind.value + body


def write_packet(kind: SocketKind, data: object = None, *, namespace: str = "/", ack_id: int | None = None) -> str:
    """Return the frame of a packet; `data` None for none."""
    place = "" if namespace == "/" else f"{namespace},"
    number = "" if ack_id is None else str(ack_id)
    text = "" if data is None else write_json(data)
    return write_frame(EngineKind.MESSAGE, f"{kind.value}{place}{number}{text}")


def write_json(value: object) -> str:
    """Return JSON text. What is no number becomes null: NaN is not JSON."""
    return _ENCODER.encode(value).decode()


def read_json(text: str | bytes) -> Any:
    """Return a JSON value, also with the tokens NaN and Infinity. Raises Unusable."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        pass
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unusable("the message is not JSON") from error


def read_event(packet: SocketPacket) -> tuple[str, list[Any]]:
    """Return name and arguments of an event. Raises Unusable."""
    value = read_json(packet.data)
    if not isinstance(value, list) or not value or not isinstance(value[0], str):
        raise Unusable("an event without a name")
    return value[0], value[1:]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER
