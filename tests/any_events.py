"""Strategies for whatever a far end may send, and the check that an event holds nothing impossible."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st

from marketwatch.domain.events import (
    DayStatistics,
    MarketEvent,
    PriceValue,
    Quote,
    SecondBar,
    TradeTick,
    VendorBar,
)

PRICES = st.floats(min_value=1e-6, max_value=1e7, allow_nan=False)
SIZES = st.one_of(st.integers(1, 10**9).map(float), st.floats(1e-6, 1e6))
MILLIS = st.integers(1_000_000_000_000, 4_000_000_000_000)


def json_values(*known: str) -> st.SearchStrategy[Any]:
    """Any small JSON value; texts that mean something to the reader are among them."""
    return st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(known or ("",)),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=6,
    )


def trades(keys: st.SearchStrategy[str], **more: st.SearchStrategy[Any]) -> st.SearchStrategy[TradeTick]:
    """Any trade of these keys."""
    told: dict[str, st.SearchStrategy[Any]] = {"stamp": MILLIS, **more}
    return st.builds(
        TradeTick,
        key=keys,
        price=PRICES,
        size=SIZES,
        conditions=st.one_of(st.none(), st.lists(st.integers(0, 99), min_size=1, max_size=4).map(tuple)),
        exchange=st.one_of(st.none(), st.integers(0, 99)),
        trade_id=st.one_of(st.none(), st.text("0123456789abc", min_size=1)),
        **told,
    )


def quotes(keys: st.SearchStrategy[str], **more: st.SearchStrategy[Any]) -> st.SearchStrategy[Quote]:
    """Any quote of these keys, also of one side or none."""
    price, size = st.one_of(st.none(), PRICES), st.one_of(st.none(), SIZES)
    told: dict[str, st.SearchStrategy[Any]] = {"stamp": MILLIS, **more}
    return st.builds(Quote, key=keys, bid=price, bid_size=size, ask=price, ask_size=size, **told)


@st.composite
def bars(draw: st.DrawFn, keys: st.SearchStrategy[str], *figures: str) -> VendorBar:
    """Any bar of these keys that a vendor could send; `figures` are further ones it may hold."""
    low, first, last, high = sorted(draw(st.lists(PRICES, min_size=4, max_size=4)))
    start = draw(MILLIS)
    build = draw(st.sampled_from([VendorBar, SecondBar]))
    return build(
        key=draw(keys), stamp=start, ends_stamp=start + build.interval_s * 1_000, open=first, high=high, low=low,
        close=last, **{name: draw(st.one_of(st.none(), SIZES)) for name in ("volume", *figures)},
    )  # fmt: skip


def check_possible(event: MarketEvent) -> None:
    """Assert that no figure of an event contradicts itself or the world."""
    assert event.key
    assert event.stamp is None or event.stamp > 0
    match event:
        case TradeTick():
            assert 0 < event.price < math.inf
            assert 0 <= event.size < math.inf
        case PriceValue():
            assert 0 < event.value < math.inf
        case Quote():
            assert all(side is None or 0 < side < math.inf for side in (event.bid, event.ask))
        case VendorBar():
            assert event.low <= min(event.open, event.close) <= max(event.open, event.close) <= event.high
        case DayStatistics():
            assert event.day_high is None or event.day_low is None or event.day_low <= event.day_high
            assert event.prev_close is None or event.prev_close > 0
