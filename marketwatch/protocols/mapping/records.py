"""Turns messages into market events by a mapping."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from marketwatch.domain.events import DayStatistics, MarketEvent, PriceValue, Quote, TradeTick
from marketwatch.protocols.mapping.mapping import Mapping
from marketwatch.protocols.mapping.messages import number, symbol, time_ns
from marketwatch.protocols.mapping.paths import MISSING, Path, find, parse_path
from marketwatch.protocols.readings import InvalidParts

KeyOf = Callable[[str], str]
"""Gives the feed key of a symbol as the stream writes it; empty when it could mean several."""

NOTHING_MAPPED: Final = "none of the mapped fields is in the message"
_PRICES: Final = frozenset({"price", "bid", "ask"})


class RecordReader:
    """Reads the messages of one connection. What cannot be used is noted, and the rest kept."""

    def __init__(self, mapping: Mapping, invalid: InvalidParts) -> None:
        self.mapping = mapping
        self._invalid = invalid
        self._paths: dict[str, Path] = {
            role: path for role, text in mapping.paths.items() if (path := parse_path(text)) is not None
        }
        self._list = next((path.records for path in self._paths.values() if path.records is not None), None)

    def read(self, message: Any, key_of: KeyOf) -> list[MarketEvent]:
        """Return the events of a message in order."""
        if self._list is None:
            return self._record(message, message, key_of)
        records = find(message, self._list)
        if not isinstance(records, list):
            self._invalid.note(f"there is no list at “{'.'.join(self._list)}”", message)
            return []
        return [event for record in records for event in self._record(message, record, key_of)]

    def _record(self, message: Any, record: Any, key_of: KeyOf) -> list[MarketEvent]:
        found = {role: self._at(path, message, record) for role, path in self._paths.items()}
        present = {role: value for role, value in found.items() if value is not MISSING}
        if "type" in self._paths and scalar_words(present.get("type")) not in self.mapping.types:
            return []
        if not present.keys() - {"symbol", "time", "type"}:
            self._invalid.note(NOTHING_MAPPED, message)
            return []
        name = self.mapping.constant_symbol or symbol(present.get("symbol"))
        if not name:
            self._invalid.note(f"no symbol at “{self.mapping.symbol}”", message)
            return []
        key = key_of(name)
        return self._events(key, present) if key else []

    def _events(self, key: str, found: dict[str, Any]) -> list[MarketEvent]:
        stamp = self._stamp(found)
        figures = {role: self._figure(role, found) for role in found.keys() - {"symbol", "time", "type"}}
        price, size, volume = figures.get("price"), figures.get("size"), figures.get("volume")
        events: list[MarketEvent] = []
        if volume is not None:
            events.append(DayStatistics(key=key, stamp=None if stamp is None else stamp + 1, day_volume=volume))
        if price is not None and size:
            events.append(TradeTick(key=key, stamp=stamp, price=price, size=size))
        elif price is not None:
            events.append(PriceValue(key=key, stamp=stamp, value=price))
        bid, ask = figures.get("bid"), figures.get("ask")
        if bid is not None or ask is not None:
            bid_size = None if bid is None else figures.get("bid_size")
            ask_size = None if ask is None else figures.get("ask_size")
            events.append(Quote(key=key, stamp=stamp, bid=bid, bid_size=bid_size, ask=ask, ask_size=ask_size))
        return events

    def _figure(self, role: str, found: dict[str, Any]) -> float | None:
        value = found[role]
        where = f"{role.replace('_', ' ')} at “{getattr(self.mapping, role)}”"
        if value is None and role != "price":
            return None  # said to be unknown
        read = number(value)
        if read is None:
            self._invalid.note(f"the {where} is {'empty' if value is None else 'not a number'}", value)
        elif read < 0 or (read == 0 and role == "price"):
            self._invalid.note(f"the {where} is not above zero", value)
        elif role in _PRICES:
            return read / self.mapping.price_divisor or None
        else:
            return read
        return None

    def _stamp(self, found: dict[str, Any]) -> int | None:
        value = found.get("time")
        stamp = time_ns(value, self.mapping.time_unit, self.mapping.utc_offset)
        if stamp is None and value is not None:
            self._invalid.note(f"the time at “{self.mapping.time}” is none of this century", value)
        return stamp

    def _at(self, path: Path, message: Any, record: Any) -> Any:
        return find(message if path.records is None else record, path.steps)


def scalar_words(value: Any) -> str:
    """Write a value that is no object or list as JSON does, a text without quotes."""
    return value if isinstance(value, str) else "" if isinstance(value, dict | list) else json.dumps(value)
