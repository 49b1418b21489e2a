"""Kite's text messages: what a client asks for and what a server says besides ticks."""

from __future__ import annotations

import enum
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from marketwatch.protocols.base import Channel
from marketwatch.protocols.kite.packets import LARGEST_TOKEN

TOKENS_PER_REQUEST: Final = 200
_LONGEST_REASON: Final = 300


class Mode(enum.IntEnum):
    """How much comes of an instrument; a higher one holds everything of the lower."""

    LTP = 1
    QUOTE = 2
    FULL = 3

    @property
    def word(self) -> str:
        """The name on the wire."""
        return self.name.lower()


MODE_OF_CHANNEL: Final[Mapping[Channel, Mode]] = {
    Channel.LAST_PRICE: Mode.LTP,
    Channel.DAY_FIGURES: Mode.QUOTE,
    Channel.TRADES: Mode.FULL,  # the lower modes do not say when a trade happened
    Channel.QUOTES: Mode.FULL,
    Channel.DEPTH: Mode.FULL,
}
CHANNELS_OF_MODE: Final[Mapping[Mode, tuple[Channel, ...]]] = {
    Mode.LTP: (Channel.LAST_PRICE,),
    Mode.QUOTE: (Channel.TRADES, Channel.DAY_FIGURES),
    Mode.FULL: (Channel.TRADES, Channel.QUOTES, Channel.DAY_FIGURES, Channel.DEPTH),
}


class Request(msgspec.Struct, frozen=True):
    """A client's request. `mode` is that of a mode request; a subscription begins in mode quote."""

    action: str
    tokens: tuple[int, ...]
    mode: Mode | None = None


def parse_token(key: str) -> int | None:
    """Return the instrument token a feed key stands for, None when it is none."""
    if not (key.isascii() and key.isdigit() and len(key) <= 10):
        return None
    token = int(key)
    return token if 0 < token <= LARGEST_TOKEN and str(token) == key else None


def write_requests(action: str, tokens: Iterable[int], mode: Mode | None = None) -> Iterator[str]:
    """Yield the texts of a request, each for as many tokens as Kite takes at once."""
    rest = list(tokens)
    for start in range(0, len(rest), TOKENS_PER_REQUEST):
        chunk = rest[start : start + TOKENS_PER_REQUEST]
        value: list[Any] = chunk if mode is None else [mode.word, chunk]
        yield json.dumps({"a": action, "v": value}, separators=(",", ":"))


def read_request(data: bytes | str) -> Request | None:
    """Return a client's request, None when it is not understood: tokens as texts are not."""
    match _object(data):
        case {"a": "subscribe" | "unsubscribe" as action, "v": list(tokens)} if _are_tokens(tokens):
            return Request(action, tuple(tokens))
        case {"a": "mode", "v": [str(word), list(tokens)]} if _are_tokens(tokens) and word.upper() in Mode.__members__:
            return Request("mode", tuple(tokens), Mode[word.upper()])
        case _:
            return None


class ServerText(msgspec.Struct, frozen=True):
    """A server's text message. `words` is what it says, `error_type` Kite's name of an error."""

    type: str
    words: str = ""
    error_type: str = ""


def read_server_text(data: bytes) -> ServerText | None:
    """Return what a server's text says, None when it is no JSON object with a type or an error."""
    message = _object(data)
    if message is None:
        return None
    kind, words = message.get("type"), message.get("data", message.get("message"))
    if kind is None and message.get("status") == "error":
        kind = "error"
    if not isinstance(kind, str):
        return None
    error_type = message.get("error_type")
    if isinstance(words, dict) and error_type is None:
        error_type = words.get("error_type")
        words = words.get("message", words)
    text = words if isinstance(words, str) else "" if words is None else json.dumps(words)
    return ServerText(kind, text[:_LONGEST_REASON], error_type if isinstance(error_type, str) else "")


def write_error(reason: str) -> str:
    """Return the text with which a server refuses a request."""
    return json.dumps({"type": "error", "id": "", "data": reason}, separators=(",", ":"))


def write_instruments_meta(count: int, etag: str) -> str:
    """Return the text that tells a client at once which list of instruments is valid."""
    return json.dumps({"type": "instruments_meta", "data": {"count": count, "etag": etag}}, separators=(",", ":"))


def _are_tokens(values: list[Any]) -> bool:
    return all(type(value) is int and 0 < value <= LARGEST_TOKEN for value in values)


def _object(data: bytes | str) -> dict[str, Any] | None:
    try:
        message = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None
