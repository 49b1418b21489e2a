"""Which trades count: sale conditions of the US consolidated tape and what a trade that carries them may move.

The ids are those of Massive (formerly Polygon); the rules are the *consolidated* processing guidelines of the CTA
and UTP plans, which the vendor follows when it builds its own bars. Several conditions on one trade: each must allow.
An id that is not in the table forbids nothing.
"""

from __future__ import annotations

import functools
from typing import Final

import msgspec


class TradeEffects(msgspec.Struct, frozen=True, gc=False):
    """What one trade may move.

    `updates_last` is the plans' "open/close": the last price, and the open and close of a bar. `updates_extended`
    says the same for a bar or last price of the extended session, where Form T alone is no reason to leave a trade out.
    """

    updates_last: bool = True
    updates_high_low: bool = True
    updates_volume: bool = True
    updates_extended: bool = True


class SaleCondition(msgspec.Struct, frozen=True, gc=False):
    """One sale condition: the vendor's id, its name in words and what it allows."""

    id: int
    name: str
    updates_last: bool = True
    updates_high_low: bool = True
    updates_volume: bool = True


def _everything(number: int, name: str) -> SaleCondition:
    return SaleCondition(number, name)


def _not_last(number: int, name: str) -> SaleCondition:
    return SaleCondition(number, name, updates_last=False)


def _volume_only(number: int, name: str) -> SaleCondition:
    return SaleCondition(number, name, updates_last=False, updates_high_low=False)


def _nothing(number: int, name: str) -> SaleCondition:
    return SaleCondition(number, name, updates_last=False, updates_high_low=False, updates_volume=False)


FORM_T: Final = 12
"""Traded outside the regular session."""

SALE_CONDITIONS: Final[dict[int, SaleCondition]] = {
    condition.id: condition
    for condition in (
        _everything(0, "Regular Sale"),
        _everything(1, "Acquisition"),
        _volume_only(2, "Average Price Trade"),
        _everything(3, "Automatic Execution"),
        _everything(4, "Bunched Trade"),
        _not_last(5, "Bunched Sold Trade"),
        _everything(6, "CAP Election"),
        _volume_only(7, "Cash Sale"),
        _everything(8, "Closing Prints"),
        _everything(9, "Cross Trade"),
        _not_last(10, "Derivatively Priced"),
        _everything(11, "Distribution"),
        _volume_only(FORM_T, "Form T/Extended Hours"),
        _volume_only(13, "Extended Hours (Sold Out Of Sequence)"),
        _everything(14, "Intermarket Sweep"),
        # The official prints repeat volume that was already reported.
        _nothing(15, "Market Center Official Close"),
        _nothing(16, "Market Center Official Open"),
        _everything(17, "Market Center Opening Trade"),
        _everything(18, "Market Center Reopening Trade"),
        _everything(19, "Market Center Closing Trade"),
        _volume_only(20, "Next Day"),
        _volume_only(21, "Price Variation Trade"),
        _not_last(22, "Prior Reference Price"),
        _everything(23, "Rule 155 Trade (AMEX)"),
        _everything(24, "Rule 127 (NYSE Only)"),
        _everything(25, "Opening Prints"),
        _everything(27, "Stopped Stock (Regular Trade)"),
        _everything(28, "Re-Opening Prints"),
        _volume_only(29, "Seller"),
        _everything(30, "Sold Last"),
        _everything(31, "Sold Last and Stopped Stock"),
        _not_last(32, "Sold (Out Of Sequence)"),
        _not_last(33, "Sold (Out of Sequence) and Stopped Stock"),
        _everything(34, "Split Trade"),
        _everything(35, "Stock Option"),
        _everything(36, "Yellow Flag Regular Trade"),
        _volume_only(37, "Odd Lot Trade"),
        SaleCondition(38, "Corrected Consolidated Close (per listing market)", updates_volume=False),
        _everything(41, "Trade Thru Exempt"),
        _volume_only(52, "Contingent Trade"),
        _volume_only(53, "Qualified Contingent Trade"),
        _everything(55, "Opening Reopening Trade Detail"),
        _everything(57, "Short Sale Restriction Activated"),
        _everything(58, "Short Sale Restriction Continued"),
        _everything(59, "Short Sale Restriction Deactivated"),
        _everything(60, "Short Sale Restriction In Effect"),
    )
}

_UNCONDITIONAL = TradeEffects()


@functools.lru_cache(maxsize=4096)
def effects_of(conditions: tuple[int, ...] | None) -> TradeEffects:
    """Return what a trade with these conditions may move; None and empty mean a regular sale."""
    if not conditions:
        return _UNCONDITIONAL
    known = [SALE_CONDITIONS[number] for number in conditions if number in SALE_CONDITIONS]
    return TradeEffects(
        updates_last=all(condition.updates_last for condition in known),
        updates_high_low=all(condition.updates_high_low for condition in known),
        updates_volume=all(condition.updates_volume for condition in known),
        updates_extended=all(condition.updates_last for condition in known if condition.id != FORM_T),
    )
