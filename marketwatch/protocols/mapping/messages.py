"""Takes a frame apart into messages, and a field into what it means; survives everything a server may send."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any, Final

from marketwatch.protocols import readings
from marketwatch.protocols.readings import InvalidParts

_GROUPED: Final = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d{1,2}(,\d{2})*,\d{3})(\.\d*)?")
_DIGITS: Final = re.compile(r"\d{9,}(\.\d*)?")
_LONGEST: Final = 64
_UNITS: Final = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
_MAGNITUDES: Final = ((10**11, "s"), (10**14, "ms"), (10**17, "us"))
_FROM_NS: Final = 946_684_800 * 10**9  # the year 2000
_TO_NS: Final = 4_102_444_800 * 10**9
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class MessageReader:
    """Reads frames: one message, several behind one another or one per line, or the elements of an array."""

    def __init__(self, invalid: InvalidParts) -> None:
        self._invalid = invalid
        self._decoder = json.JSONDecoder(object_pairs_hook=self._object)

    def read(self, data: bytes) -> list[Any]:
        """Return the messages of a frame, objects or lists; what cannot be used is noted."""
        text = data.decode("utf-8", "replace").removeprefix("\ufeff").strip()
        if not text:
            self._invalid.note("the message is empty")
            return []
        values = self._values(text)
        if values is None:
            lines = [line for line in text.splitlines() if line.strip()]
            found = [self._values(line.strip()) for line in lines] if len(lines) > 1 else [None]
            for _ in range(found.count(None)):
                self._invalid.note("the message is a web page" if text[0] == "<" else "the message is not JSON", data)
            values = [value for some in found for value in some or ()]
        return [value for value in values if self._is_message(value)]

    def _values(self, text: str) -> list[Any] | None:
        values: list[Any] = []
        position = 0
        while position < len(text):
            try:
                value, position = self._decoder.raw_decode(text, position)
            except (ValueError, RecursionError):
                return None
            is_batch = isinstance(value, list) and value and all(isinstance(one, dict | list) for one in value)
            values.extend(value) if is_batch else values.append(value)
            while position < len(text) and text[position].isspace():
                position += 1
        return values

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            self._invalid.note("a field is there twice: the last one was taken", pairs)
        return made

    def _is_message(self, value: Any) -> bool:
        is_usable = isinstance(value, dict | list) and bool(value)
        if not is_usable:
            self._invalid.note("the message is neither an object nor a list with something in it", value)
        return is_usable


def number(value: object) -> float | None:
    """Return a finite number, also from a text with thousands separators; `1.234,5` and `12,5` are none."""
    if isinstance(value, str) and "," in value and not _GROUPED.fullmatch(value.strip()):
        return None
    return readings.number(value)


def symbol(value: object) -> str:
    """Return a symbol as it is written, also a whole number; empty when it cannot be one."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**19:
        return str(value)
    text = value.strip() if isinstance(value, str) else ""
    return text if len(text) <= _LONGEST and text.isprintable() and "\ufffd" not in text else ""


def time_ns(value: object, unit: str = "auto", utc_offset: str = "") -> int | None:
    """Return an instant in ns UTC; None when it is none, or lies outside of this century."""
    if isinstance(value, str):
        is_number = unit in _UNITS or (unit == "auto" and _DIGITS.fullmatch(value.strip()))
        instant = _of_number(_whole(value.strip()), unit) if is_number else _of_text(value.strip(), utc_offset)
    else:
        instant = None if unit == "iso" else _of_number(_whole(value), unit)
    return instant if instant is not None and _FROM_NS <= instant <= _TO_NS else None


def _whole(value: object) -> float | None:
    """Return a number; a whole one stays exact."""
    if isinstance(value, str) and value.isdecimal() and len(value) < 25:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else readings.number(value)


def _of_number(value: float | None, unit: str) -> int | None:
    if value is None or abs(value) > 10**20:
        return None
    if unit == "auto":
        unit = next((name for below, name in _MAGNITUDES if abs(value) < below), "ns")
    return round(value * _UNITS[unit])


def _of_text(text: str, utc_offset: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = datetime.fromisoformat(f"{moment.isoformat()}{utc_offset or '+00:00'}")
        elapsed = moment - _EPOCH
    except (ValueError, OverflowError):
        return None
    return (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000_000 + elapsed.microseconds * 1_000
