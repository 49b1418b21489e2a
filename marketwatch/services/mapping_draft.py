"""A mapping while it is being made: the fields of a sample, which of them means what, and the rows that come out."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from marketwatch.domain.events import DayStatistics, MarketEvent, PriceValue, Quote, TradeTick
from marketwatch.errors import ConfigurationError
from marketwatch.protocols.base import Invalid
from marketwatch.protocols.mapping.client import MappingClient
from marketwatch.protocols.mapping.guesses import Field, fields_of, guess, likely_role
from marketwatch.protocols.mapping.mapping import Mapping, read_mapping
from marketwatch.protocols.mapping.messages import MessageReader
from marketwatch.protocols.mapping.records import scalar_words
from marketwatch.protocols.readings import InvalidParts

_NS: Final = 1_000_000_000
_LONGEST_VALUE: Final = 60


class FieldLine(msgspec.Struct, frozen=True):
    """One line of the tree of a sample's fields. `role` is what the user or the guess says, `likely` what it could be.

    An empty path: an object or list, or a name that no mapping can say.
    """

    path: str
    name: str
    value: str
    depth: int
    role: str = ""
    likely: str = ""


class PreviewRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one record gives, as it is shown; `problem` says what could not be used."""

    symbol: str = ""
    price: str = ""
    size: str = ""
    bid: str = ""
    ask: str = ""
    volume: str = ""
    time: str = ""
    problem: str = ""


class MappingDraft:
    """Holds a sample and what is chosen so far. Nothing raises: `problem` says what is missing."""

    def __init__(self, mapping: Mapping | None = None) -> None:
        self.sample = ""
        self.note = ""
        self._message: Any = None
        self._roles: dict[str, str] = {} if mapping is None else mapping.paths
        self._options: dict[str, Any] = {}
        self._is_chosen = mapping is not None
        if mapping is not None:
            self._options = {k: v for k, v in msgspec.structs.asdict(mapping).items() if k not in mapping.paths}

    def take_sample(self, text: str) -> None:
        """Show another message; as long as nothing was chosen, what its fields mean is guessed."""
        self.sample = text
        invalid = InvalidParts()
        messages = MessageReader(invalid).read(text.encode("utf-8", "replace")) if text.strip() else []
        reasons = [part.reason for part in invalid.take()]
        self.note = f"{reasons[0][:1].upper()}{reasons[0][1:]}." if reasons else ""
        self._message = messages[0] if messages else None
        if not self._is_chosen:
            found = None if self._message is None else guess(self._message)
            self._roles = {} if found is None else found.mapping.paths
            if found is not None and found.others:
                also = [f"the {role} could also be {' or '.join(paths)}" for role, paths in found.others.items()]
                self.note = f"{self.note} Guessed; {' and '.join(also)}.".strip()

    def choose(self, path: str, role: str) -> None:
        """Say what a field means; an empty role takes its meaning away."""
        self._is_chosen = True
        self._roles = {each: held for each, held in self._roles.items() if held != path and each != role}
        if role:
            self._roles[role] = path
        if role == "type" and not self._options.get("types"):
            self._options["types"] = tuple(line.value for line in self.lines() if line.path == path)
        if "type" not in self._roles:
            self._options["types"] = ()

    def set_option(self, name: str, value: Any) -> None:
        """Set what is no path, such as `subscribe` or `time_unit`."""
        self._options[name] = value

    def option(self, name: str) -> Any:
        """Return what is no path; None when it was never set."""
        return self._options.get(name)

    @property
    def roles(self) -> dict[str, str]:
        """The paths that are chosen or guessed, by role."""
        return dict(self._roles)

    def role_of(self, path: str) -> str:
        """Return what a field means, empty for nothing."""
        return next((role for role, held in self._roles.items() if held == path and path), "")

    def mapping(self) -> Mapping:
        """Return the mapping as it is now. Raises ConfigurationError."""
        return read_mapping({**self._options, **self._roles})

    @property
    def problem(self) -> str:
        """Why there is no mapping yet, empty when there is one."""
        try:
            self.mapping()
        except ConfigurationError as error:
            return f"{error.cause[:1].upper()}{error.cause[1:]}."
        return ""

    def lines(self) -> list[FieldLine]:
        """Return the fields of the sample as lines; chosen ones that the sample does not have stand at the end."""
        lines = [] if self._message is None else list(self._lines(fields_of(self._message), 0))
        known = {line.path for line in lines}
        lines += [
            FieldLine(path, path, "not in this message", 0, role)
            for role, path in self._roles.items()
            if path not in known
        ]
        return lines

    def _lines(self, fields: Iterable[Field], depth: int) -> Iterator[FieldLine]:
        for field in fields:
            value = "" if field.children else _value_words(field.value)
            yield FieldLine(field.path, field.name, value, depth, self.role_of(field.path), likely_role(field))
            yield from self._lines(field.children, depth + 1)

    def preview(self, frames: Sequence[bytes] | None = None) -> list[PreviewRow]:
        """Return the rows that frames give, the sample when none are given; without a mapping there are none."""
        try:
            client = MappingClient(mapping=self.mapping())
        except ConfigurationError:
            return []
        client.connection_made(0.0)
        client.take_control()
        rows: list[PreviewRow] = []
        own = [self.sample.encode("utf-8", "replace")] if self.sample.strip() else []
        for frame in own if frames is None else frames:
            rows += rows_of(client.receive(frame, 0.0))
            rows += [_problem_row(part) for part in client.take_control() if isinstance(part, Invalid)]
        return rows


def can_be_mapped(text: str) -> bool:
    """Tell whether a message seems to hold a symbol and a price."""
    messages = MessageReader(InvalidParts()).read(text.encode("utf-8", "replace"))
    return any(guess(message) is not None for message in messages)


def rows_of(events: Iterable[MarketEvent]) -> list[PreviewRow]:
    """Join what was said together of a symbol into rows."""
    rows: list[PreviewRow] = []
    for event in events:
        part = _part(event)
        before = rows[-1] if rows else None
        if (
            before is not None
            and before.symbol == part["symbol"]
            and not any(getattr(before, name) for name in part if name not in ("symbol", "time"))
        ):
            rows[-1] = msgspec.structs.replace(before, **{name: text for name, text in part.items() if text})
        else:
            rows.append(PreviewRow(**part))
    return rows


def _part(event: MarketEvent) -> dict[str, str]:
    part = {"symbol": event.key}
    at_ns = event.event_ns
    match event:
        case TradeTick():
            part |= {"price": number_words(event.price), "size": number_words(event.size)}
        case PriceValue():
            part["price"] = number_words(event.value)
        case Quote():
            part |= {"bid": _quoted(event.bid, event.bid_size), "ask": _quoted(event.ask, event.ask_size)}
        case DayStatistics():
            part["volume"] = number_words(event.day_volume)
            at_ns = None  # it is that of the price that follows
    part["time"] = "" if at_ns is None else time_words(at_ns)
    return part


def number_words(value: float | None) -> str:
    """Write a figure with all its digits and none more."""
    if value is None:
        return ""
    text = f"{Decimal(repr(value)):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def time_words(at_ns: int) -> str:
    """Write an instant to the millisecond, in UTC."""
    at = datetime.datetime.fromtimestamp(at_ns // _NS, datetime.UTC)
    return f"{at:%Y-%m-%d %H:%M:%S}.{at_ns % _NS // 1_000_000:03} UTC"


def _quoted(price: float | None, size: float | None) -> str:
    text = number_words(price)
    return f"{text} × {number_words(size)}" if size is not None else text


def _problem_row(part: Invalid) -> PreviewRow:
    times = f" ({part.count} times)" if part.count > 1 else ""
    return PreviewRow(problem=f"{part.reason[:1].upper()}{part.reason[1:]}{times}.")


def _value_words(value: Any) -> str:
    if isinstance(value, dict | list):
        return "nothing in it" if not value else "…"
    text = scalar_words(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
