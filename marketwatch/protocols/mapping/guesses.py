"""Which field of an unknown message probably means what: by well-known names, if the value can be that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from marketwatch.protocols.mapping.mapping import Mapping
from marketwatch.protocols.mapping.messages import number, symbol, time_ns
from marketwatch.protocols.mapping.paths import RECORDS, joined

NAMES: Final = {
    "symbol": "symbol sym ticker tradingsymbol instrument productid instid instrumentid pair market code contract "
    "security stock s S instrumenttoken token name",
    "price": "price lastprice lasttradedprice tradeprice last ltp lp px p rate value close c",
    "size": "size qty quantity lastsize lastqty lastquantity lasttradedquantity tradesize ltq amount sz s Q q v",
    "time": "time timestamp ts datetime tradetime exchangetimestamp lasttradetime eventtime sipts date t T E",
    "bid": "bid bidprice bestbid bestbidprice bidpx bp bid1 b",
    "ask": "ask askprice bestask bestaskprice askpx offer offerprice ap ask1 a",
    "bid_size": "bidsize bidqty bidquantity bestbidsize bestbidqty bidsz bidvolume bs B",
    "ask_size": "asksize askqty askquantity bestasksize bestaskqty asksz askvolume offersize as A",
    "volume": "dayvolume totalvolume volumetraded cumulativevolume tradedvolume volume",
}
"""The best-known name first. Those of one or two letters are read as they are, others in any case and spelling."""
_RANKS: Final = {role: {name: rank for rank, name in enumerate(names.split())} for role, names in NAMES.items()}
_TOKENS: Final = frozenset({"token", "instrumenttoken"})
_CLOSES: Final = frozenset({"close", "c"})
_WEAK: Final = frozenset({"name", "market", "code", "stock", "security", "rate", "value", "close", "c"})
_KINDS: Final = ("type", "e", "ev", "event", "table", "topic", "channel", "stream", "feed", "method")
_NO_TRADES: Final = ("book", "depth", "level2", "l2", "order", "kline", "candle")
_DEEPEST: Final = 8
_MOST_FIELDS: Final = 400
_LONGEST_LIST: Final = 10


class Field(msgspec.Struct, frozen=True):
    """One field of a message. `path` is empty for one that no mapping can name; `children` are what is in it."""

    path: str
    name: str
    value: Any
    children: tuple[Field, ...] = ()


class Guess(msgspec.Struct, frozen=True):
    """A mapping that a message suggests, and further fields that could have been its symbol or price."""

    mapping: Mapping
    others: dict[str, tuple[str, ...]] = {}

    def words(self) -> str:
        """Say what was guessed."""
        taken = ", ".join(f"{role.replace('_', ' ')} “{path}”" for role, path in self.mapping.paths.items())
        also = [f"the {role} could also be {' or '.join(f'“{one}”' for one in o)}" for role, o in self.others.items()]
        return "; ".join([f"Its fields were guessed from a message: {taken}", *also])


def fields_of(message: Any) -> tuple[Field, ...]:
    """Return the fields of a message as a tree. A list of objects is shown by its first, as `data[]`."""
    return tuple(_fields(message, "", False, [_MOST_FIELDS]))


def guess(message: Any) -> Guess | None:
    """Guess what the fields of a message mean; None when there is no symbol, or neither price nor bid and ask."""
    if tells_of_orders(message):
        return None
    leaves = [field for field in _leaves(fields_of(message)) if field.path]
    lists = dict.fromkeys(_list_of(field) for field in leaves)
    for records in sorted(lists, key=bool):  # what lies outside of any list first
        found = _guess([field for field in leaves if _list_of(field) in ("", records)], records)
        if found is not None:
            return found
    return None


def tells_of_orders(message: Any) -> bool:
    """Tell whether a message calls itself one of the order book or of candles: its prices are no trades."""
    inside = message.get("data") if isinstance(message, dict) else None
    named = [part.get(name) for part in (message, inside) if isinstance(part, dict) for name in _KINDS]
    words = [value.lower().replace("bookticker", "") for value in named if isinstance(value, str)]
    return any(mark in word for word in words for mark in _NO_TRADES)


def _fields(value: Any, path: str, is_record: bool, left: list[int], depth: int = 0) -> Iterator[Field]:
    if isinstance(value, dict):
        entries = [(name, inner, joined(path, name)) for name, inner in value.items()]
    else:
        entries = [(str(place), inner, joined(path, str(place))) for place, inner in enumerate(value[:_LONGEST_LIST])]
    for name, inner, inner_path in entries:
        left[0] -= 1
        if left[0] < 0:
            return
        if not isinstance(inner, dict | list) or depth >= _DEEPEST:
            yield Field(inner_path, name, inner)
        elif isinstance(inner, list) and inner and isinstance(inner[0], dict) and not is_record and inner_path:
            inside = _fields(inner[0], f"{inner_path}{RECORDS}", True, left, depth + 1)
            yield Field("", f"{name}{RECORDS}", None, tuple(inside))
        else:
            yield Field(
                "", name, None if inner else inner, tuple(_fields(inner, inner_path, is_record, left, depth + 1))
            )


def _leaves(fields: tuple[Field, ...]) -> Iterator[Field]:
    for field in fields:
        if field.children:
            yield from _leaves(field.children)
        else:
            yield field


def _list_of(field: Field) -> str:
    outer, mark, _ = field.path.partition(RECORDS)
    return outer if mark else ""


def _guess(leaves: list[Field], records: str) -> Guess | None:
    by_role = {role: _ranked(role, leaves, records) for role in NAMES}
    quote = _quote(by_role)
    low, high = _range(leaves)
    price_fields = [field for field in by_role["price"] if _fits(field, quote, low, high)]
    if not by_role["symbol"] or not (price_fields or quote):
        return None
    taken = {"symbol": by_role["symbol"][0], **{role: field for role, field in quote.items() if field is not None}}
    if price_fields:
        taken["price"] = price_fields[0]
        is_close = _rank_name(price_fields[0].name) in _CLOSES
        is_bar = low is not None and high is not None
        if not is_bar:  # beside open, high and low a size is mostly that of the bar
            _take(taken, "size", by_role)
        if not is_close:
            _take(taken, "volume", by_role)
    _take(taken, "time", by_role)
    mapping = msgspec.convert({role: field.path for role, field in taken.items()}, Mapping)
    also = {"symbol": _rivals(by_role["symbol"]), "price": _rivals(price_fields)}
    return Guess(mapping, {role: paths for role, paths in also.items() if paths})


def _rivals(fields: list[Field]) -> tuple[str, ...]:
    """Return the fields beside the first that are as well known as it is."""
    parents = [field.path.rpartition(".")[0] for field in fields]
    return tuple(
        field.path
        for field, parent in list(zip(fields, parents, strict=True))[1:]
        if parent == parents[0] and _rank_name(field.name) not in _WEAK
    )


def _take(taken: dict[str, Field], role: str, by_role: dict[str, list[Field]]) -> None:
    free = [field for field in by_role[role] if field not in taken.values()]
    if free:
        taken[role] = free[0]


def _rank_name(name: str) -> str:
    return name if len(name) <= 2 else name.replace("_", "").replace("-", "").lower()


def _ranked(role: str, leaves: list[Field], records: str) -> list[Field]:
    """Return the fields that can have a role: best-known name first, then those of the list, then the shallower."""
    ranks = _RANKS[role]
    fitting = [field for field in leaves if _rank_name(field.name) in ranks and can_be(role, field)]
    return sorted(
        fitting,
        key=lambda field: (ranks[_rank_name(field.name)], _list_of(field) != records, field.path.count(".")),
    )


def can_be(role: str, field: Field) -> bool:
    """Tell whether the value of a field can mean what a role says."""
    value = field.value
    if role == "time":
        return time_ns(value) is not None
    read = number(value)
    if role == "symbol":
        return bool(symbol(value)) and (read is None or _rank_name(field.name) in _TOKENS)
    is_time = len(field.name) <= 2 and time_ns(value) is not None
    return read is not None and (read > 0 or (read == 0 and role != "price")) and not is_time


def likely_role(field: Field) -> str:
    """Return what a field means by its name, if its value can be that; empty when nothing speaks for anything."""
    name = _rank_name(field.name)
    ranked = sorted((ranks[name], role) for role, ranks in _RANKS.items() if name in ranks and can_be(role, field))
    return ranked[0][1] if ranked and field.path else ""


def _quote(by_role: dict[str, list[Field]]) -> dict[str, Field | None]:
    """Return bid and ask with their sizes if there are two that belong together; numbers of orders do not."""
    if not by_role["bid"] or not by_role["ask"]:
        return {}
    bid, ask = by_role["bid"][0], by_role["ask"][0]
    low, high = sorted((number(bid.value) or 0.0, number(ask.value) or 0.0))
    if low * 1.2 < high:
        return {}
    sizes = {role: next(iter(by_role[role]), None) for role in ("bid_size", "ask_size")}
    return {"bid": bid, "ask": ask, **sizes}


def _range(leaves: list[Field]) -> tuple[float | None, float | None]:
    """Return low and high of the bar or day that a message tells of."""
    named = {_rank_name(field.name): number(field.value) for field in leaves}
    return named.get("low") or named.get("l"), named.get("high") or named.get("h")


def _fits(field: Field, quote: dict[str, Field | None], low: float | None, high: float | None) -> bool:
    """Tell whether a price agrees with bid and ask, low and high: a change of the price does not."""
    price = number(field.value) or 0.0
    bid = quote.get("bid")
    near = bid is None or 0.8 <= price / (number(bid.value) or price) <= 1.25
    return near and (low is None or price >= low * 0.99) and (high is None or price <= high * 1.01)
