"""Where a figure is inside a message: names joined by dots, `data[].p` for field p of every record of the list data."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

RECORDS: Final = "[]"
MISSING: Final = object()
_DOT: Final = re.compile(r"(?<!\\)\.")


class Path(msgspec.Struct, frozen=True):
    """A path in parts. `records` leads to the list of records, None when there is none; `steps` go on from there."""

    records: tuple[str, ...] | None
    steps: tuple[str, ...]


def parse_path(text: str) -> Path | None:
    """Read a path; None when it is none. A dot inside a name is written with a backslash before it."""
    outer, mark, inner = text.partition(RECORDS)
    if RECORDS in inner or (mark and not outer) or (mark and inner and not inner.startswith(".")):
        return None
    records = _steps(outer) if mark else None
    steps = (() if not inner else _steps(inner[1:])) if mark else _steps(outer)
    return None if "" in (*steps, *(records or ())) else Path(records, steps)


def find(value: Any, steps: tuple[str, ...]) -> Any:
    """Follow steps into objects by name and into lists by number; MISSING where there is nothing."""
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step, MISSING)
        elif isinstance(value, list) and step.isdecimal() and len(step) < 6 and int(step) < len(value):
            value = value[int(step)]
        else:
            return MISSING
    return value


def joined(prefix: str, name: str) -> str:
    """Return the path of a name below another path; empty when no path can say it."""
    if not name or "\\" in name or RECORDS in name:
        return ""
    escaped = name.replace(".", "\\.")
    return f"{prefix}.{escaped}" if prefix else escaped


def _steps(text: str) -> tuple[str, ...]:
    return tuple(step.replace("\\.", ".") for step in _DOT.split(text))
