"""Forgiving readings of JSON, shared by the protocols of servers whose messages cannot be trusted."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, tzinfo
from typing import Any, Final, TypeAlias

import msgspec

from marketwatch.domain.secret import MASK, Secret
from marketwatch.protocols.base import Invalid

Element: TypeAlias = dict[str, Any]

SAMPLE_LENGTH: Final = 120
_LONGEST_NAME: Final = 64
_SHORTEST_SECRET: Final = 4
_REPLACEMENT: Final = "\ufffd"
_OLDEST_MS: Final = 946_684_800_000  # 2000-01-01: before it lies nothing but zero times and mistakes
_LATEST_MS: Final = 4_102_444_800_000
_SECONDS_BELOW: Final = 100_000_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PARSER: Final = json.JSONDecoder()


class Unusable(ValueError):
    """Part of a message whose meaning is not plain. The text says why and quotes nothing."""


def split_objects(data: bytes) -> list[Element]:
    """Return the objects of a message: one, several behind one another, or the elements of an array.

    Survives byte order marks, bytes that are not UTF-8 and the tokens NaN and Infinity. Raises Unusable.
    """
    text = data.decode("utf-8", "replace").removeprefix("\ufeff").strip()
    if not text:
        raise Unusable("the message is empty")
    values: list[Any] = []
    position = 0
    while position < len(text):
        try:
            value, position = _PARSER.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            raise Unusable("the message is not JSON") from error
        values.extend(value) if isinstance(value, list) else values.append(value)
        while position < len(text) and text[position].isspace():
            position += 1
    if not all(isinstance(value, dict) for value in values):
        raise Unusable("the message is not an object")
    return values


def number(value: object) -> float | None:
    """Return a finite number, also from a text such as `2,500.50`; None for anything else."""
    if isinstance(value, str):
        value = value.replace(",", "").replace("_", "?").strip()
    elif isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        read = float(value)
    except (ValueError, OverflowError):
        return None
    return read if math.isfinite(read) else None


def positive(value: object) -> float | None:
    """Return a number above zero, None for anything else: these servers write 0 for what they do not know."""
    read = number(value)
    return read if read is not None and read > 0 else None


def name(value: object) -> str:
    """Return a symbol or token, also from a whole number; empty when it cannot be one."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**19:
        value = str(value)
    if not isinstance(value, str):
        return ""
    text = value.strip()
    is_plain = len(text) <= _LONGEST_NAME and text.isprintable() and _REPLACEMENT not in text
    return text.upper() if is_plain else ""


def text(value: object) -> str:
    """Return a text in one line, cut short; empty when it is none."""
    return " ".join(value.split())[:SAMPLE_LENGTH] if isinstance(value, str) else ""


def flag(value: object) -> bool:
    """Return whether a value means yes: true, 1, or a word for it."""
    if isinstance(value, str):
        return value.strip().lower() in {"true", "yes", "1"}
    return value is True or (isinstance(value, int | float) and value == 1)


def stamp_ms(value: object, zone: tzinfo | None = None) -> int | None:
    """Return an instant in ms UTC from seconds, milliseconds or an ISO 8601 text; None when it cannot be one.

    A text that names no zone is read in `zone`, None being that of this computer. Zero times are None.
    """
    instant = _text_ms(value, zone) if isinstance(value, str) else _number_ms(value)
    return instant if instant is not None and _OLDEST_MS <= instant <= _LATEST_MS else None


def _number_ms(value: object) -> int | None:
    read = number(value)
    if read is None:
        return None
    return round(read * 1_000) if abs(read) < _SECONDS_BELOW else round(read)


def _text_ms(value: str, zone: tzinfo | None) -> int | None:
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return _number_ms(value)
    try:
        aware = moment if moment.tzinfo else moment.replace(tzinfo=zone) if zone else moment.astimezone()
        elapsed = aware - _EPOCH
    except (ValueError, OverflowError, OSError):
        return None
    return (elapsed.days * 86_400 + elapsed.seconds) * 1_000 + elapsed.microseconds // 1_000


def without_key(text: str, key: Secret | None) -> str:
    """Return a text with the key masked, whose parts are joined by colons. A short part could be any word."""
    for part in key.reveal().split(":") if key else ():
        if len(part) >= _SHORTEST_SECRET:
            text = text.replace(part, MASK)
    return text


class InvalidParts(dict[str, Invalid]):
    """Collects unusable parts per reason, with the first sample: a frame of nonsense stays a handful of controls.

    No sample shows the key.
    """

    def __init__(self, key: Secret | None = None) -> None:
        super().__init__()
        self._key = key

    def note(self, reason: str, sample: object = "", count: int = 1) -> None:
        """Count parts that could not be used."""
        known = self.get(reason)
        if known is not None:
            self[reason] = msgspec.structs.replace(known, count=known.count + count)
            return
        if isinstance(sample, bytes | msgspec.Raw):
            sample = bytes(memoryview(sample)[: 4 * SAMPLE_LENGTH]).decode("utf-8", "replace")
        shown = sample if isinstance(sample, str) else repr(sample)
        self[reason] = Invalid(reason, without_key(shown, self._key)[:SAMPLE_LENGTH], count)

    def take(self) -> list[Invalid]:
        """Hand over and forget what was collected."""
        taken = list(self.values())
        self.clear()
        return taken
