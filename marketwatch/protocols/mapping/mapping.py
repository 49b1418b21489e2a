"""Which fields of a stream's messages mean what, and the small file in which that is kept."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from typing import Any, Final, Literal

import msgspec

from marketwatch.errors import ConfigurationError
from marketwatch.protocols.mapping.paths import RECORDS, parse_path

VERSION: Final = 1
ABOUT: Final = (
    "A mapping of MarketWatch: each key says where a message holds a figure. "
    "Names are joined by dots; [] follows the name of the list of records."
)
ROLES: Final = ("symbol", "price", "size", "time", "bid", "ask", "bid_size", "ask_size", "volume", "type")
"""The fields of a mapping that are paths."""
_THING: Final = "The mapping"


class Mapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a stream's messages hold symbol, price and the rest; an empty path is not there. Made, it can be used.

    `size` is of one trade, `volume` of the day. Only messages whose field `type` is one of `types` are taken.
    `time_unit` auto tells units by magnitude; `utc_offset`, such as `+05:30`, is of times that name no zone.
    Prices are divided by `price_divisor`: 100 for prices in cents. `constant_symbol` is that of every message.
    `subscribe` and `unsubscribe` are messages in which `{symbol}` is one symbol, and `{symbols}` all of them: as a
    JSON list, or joined by commas within quotes. Raises ConfigurationError when the parts do not fit together.
    """

    name: str = ""
    symbol: str = ""
    price: str = ""
    size: str = ""
    time: str = ""
    bid: str = ""
    ask: str = ""
    bid_size: str = ""
    ask_size: str = ""
    volume: str = ""
    type: str = ""
    types: tuple[str, ...] = ()
    time_unit: Literal["auto", "s", "ms", "us", "ns", "iso"] = "auto"
    utc_offset: str = ""
    price_divisor: float = 1.0
    constant_symbol: str = ""
    subscribe: str = ""
    unsubscribe: str = ""

    def __post_init__(self) -> None:
        problem = next((words for words in (_missing(self), _bad_paths(self), _bad_options(self)) if words), "")
        if problem:
            raise ConfigurationError(f"{_THING} “{self.name}”" if self.name else _THING, problem, _NEXT)

    @property
    def paths(self) -> dict[str, str]:
        """The paths that are there, by role."""
        return {role: path for role in ROLES if (path := getattr(self, role))}


def read_mapping(data: bytes | str | AnyMapping[str, Any]) -> Mapping:
    """Read the content of a mapping's file, or the same as a dict. Raises ConfigurationError in words."""
    try:
        content = dict(data) if isinstance(data, AnyMapping) else msgspec.json.decode(data, type=dict[str, Any])
        content.pop("about", None)
        version = content.pop("version", VERSION)
        if isinstance(version, int) and version > VERSION:
            raise ConfigurationError(_THING, "it was written by a newer version", "Update MarketWatch")
        if version != VERSION or isinstance(version, bool):
            raise ConfigurationError(_THING, "its version is not a number this program knows", _NEXT)
        return msgspec.convert(content, Mapping)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigurationError(_THING, f"it cannot be read: {error}", _NEXT) from error


def write_mapping(mapping: Mapping) -> bytes:
    """Return the content of a mapping's file: JSON that a person can read and edit."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(Mapping)}
    given = {name: value for name, value in msgspec.structs.asdict(mapping).items() if value != defaults[name]}
    return msgspec.json.format(msgspec.json.encode({"version": VERSION, "about": ABOUT, **given}), indent=2) + b"\n"


_NEXT: Final = f"Choose the fields again in Settings > Feeds, or write its keys: {', '.join(ROLES)}"


def _missing(mapping: Mapping) -> str:
    if not mapping.symbol and not mapping.constant_symbol:
        return "it does not say which field is the symbol"
    if not mapping.price and not (mapping.bid or mapping.ask):
        return "it does not say which field is the price, nor bid or ask"
    return "types are named, but not the field they are in" if bool(mapping.types) is not bool(mapping.type) else ""


def _bad_paths(mapping: Mapping) -> str:
    lists = set()
    for role, text in mapping.paths.items():
        path = parse_path(text)
        if path is None:
            return f"“{text}” for {role} is not a path such as price, data.price or data{RECORDS}.price"
        if path.records is not None:
            lists.add(path.records)
    return "its fields are in more than one list of records" if len(lists) > 1 else ""


def _bad_options(mapping: Mapping) -> str:
    if not 0 < mapping.price_divisor < float("inf"):
        return "price_divisor is not a number above zero"
    offset = mapping.utc_offset
    is_offset = len(offset) == 6 and offset[0] in "+-" and offset[3] == ":" and (offset[1:3] + offset[4:]).isdecimal()
    if offset and not (is_offset and int(offset[1:3]) < 24 and int(offset[4:]) < 60):
        return f"utc_offset “{offset}” is not of the form +05:30"
    return ""
