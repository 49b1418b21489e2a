"""Whether the figures a server states of a position agree with one another, and what they give where they do not."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from marketwatch.domain.events import ServerPosition

_UNIT = Decimal("0.01")
_FINEST = -8
_PRICE_TOLERANCE = Decimal("0.01")
"""The server's price may be of another moment than ours: one part in a hundred is no contradiction."""


class Doubt(msgspec.Struct, frozen=True):
    """A stated figure that the others contradict: what they give, None where they give nothing, and by what."""

    gives: Decimal | None
    reason: str


@functools.lru_cache(maxsize=1024)  # the same positions are looked at again with every price
def doubts(position: ServerPosition, price: Decimal | None) -> Mapping[str, Doubt]:
    """Return the contradicted figures by their field; `price` is the one here when the position was stated.

    What is not stated contradicts nothing. Differences that rounding explains are none.
    """
    found: dict[str, Doubt] = {}
    value = _check_value(position, price, found)
    gain = _check_gain(position, value, found)
    _check_percent(position, gain, found)
    return found


def _check_value(position: ServerPosition, price: Decimal | None, found: dict[str, Doubt]) -> Decimal | None:
    """Return the value the others are held against."""
    quantity, stated = position.quantity, position.current_value
    if quantity is None or stated is None or (price is None and quantity):
        return stated
    gives = quantity * (price or Decimal(0))
    if abs(abs(stated) - abs(gives)) <= abs(gives) * _PRICE_TOLERANCE + _UNIT:
        return stated
    found["current_value"] = Doubt(gives, "quantity × the price here")
    return gives


def _check_gain(position: ServerPosition, value: Decimal | None, found: dict[str, Doubt]) -> Decimal | None:
    """Return the gain the percentage is held against."""
    stated, cost = position.unrealised_pnl, _cost(position)
    if stated is None or value is None or cost is None:
        return stated
    signed = -value if cost < 0 < value else value  # some state the value of a short position without its sign
    gives = signed - cost
    allowed = _allowed(position)
    if "current_value" in found:
        allowed += abs(value) * _PRICE_TOLERANCE
    if abs(stated - gives) <= allowed:
        return stated
    found["unrealised_pnl"] = Doubt(gives, "value − quantity × average price")
    return gives


def _check_percent(position: ServerPosition, gain: Decimal | None, found: dict[str, Doubt]) -> None:
    stated, cost = position.unrealised_pnl_pct, _cost(position)
    if cost is None and position.current_value is not None and gain is not None and "current_value" not in found:
        cost = position.current_value - gain
    if stated is None or cost is None or gain is None:
        return
    if not cost:
        if stated:
            found["unrealised_pnl_pct"] = Doubt(None, "it cost nothing")
        return
    gives = gain / abs(cost) * 100
    if abs(stated - gives) > _last_place(stated, -2, 0) + _allowed(position) / abs(cost) * 100:
        found["unrealised_pnl_pct"] = Doubt(gives, "unrealised ÷ cost")


def _cost(position: ServerPosition) -> Decimal | None:
    if position.quantity is None or position.average_price is None:
        return None
    return position.quantity * position.average_price


def _allowed(position: ServerPosition) -> Decimal:
    """Return how far rounded amounts may be apart: each by its last place, the average price for every piece."""
    if position.quantity is None or position.average_price is None:
        return 2 * _UNIT
    return abs(position.quantity) * _last_place(position.average_price, _FINEST, -2) + 2 * _UNIT


def _last_place(value: Decimal, finest: int, coarsest: int) -> Decimal:
    exponent = value.as_tuple().exponent
    return Decimal(1).scaleb(max(finest, min(coarsest, exponent if isinstance(exponent, int) else 0)))
