from __future__ import annotations

import datetime
import itertools
import math
from collections import Counter
from decimal import Decimal

import pytest

from marketwatch.domain.events import MarketEvent, PriceLimits, PriceValue, Quote, TradeTick
from marketwatch.domain.ids import CASH, INDEX, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument, InstrumentKind
from marketwatch.feeds.simulated.core import MarketCore

_DAY = datetime.date(2026, 3, 17)
_OPEN_US_S = 9.5 * 3600


def share(venue: str, symbol: str) -> Instrument:
    currency, tick = ("INR", "0.05") if venue == "NSE" else ("USD", "0.01")
    return Instrument(
        id=InstrumentId(Venue(venue), CASH, symbol), currency=currency, tick_size=Decimal(tick), name=symbol
    )


SHARES = [
    *(share("XNAS", symbol) for symbol in ("AAPL", "NVDA", "MSFT", "AMD", "INTC", "ORCL", "TSLA")),
    *(share("NSE", symbol) for symbol in ("RELIANCE", "HDFCBANK", "TCS")),
]
NIFTY = Instrument(
    id=InstrumentId(Venue("NSE"), INDEX, "NIFTY 50"),
    currency="INR",
    kind=InstrumentKind.INDEX,
    tick_size=Decimal("0.05"),
)


def market(seed: int = 7) -> MarketCore:
    return MarketCore([*SHARES, NIFTY], seed, _DAY)


def an_hour(core: MarketCore) -> list[MarketEvent]:
    return core.advance(_OPEN_US_S + 1800)


def test_one_seed_gives_one_market_and_another_seed_another() -> None:
    first, again, other = (an_hour(market(seed)) for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_events_do_not_depend_on_how_time_is_cut() -> None:
    whole = market().advance(_OPEN_US_S + 60)
    core = market()
    parts: list[MarketEvent] = []
    while core.now_s < _OPEN_US_S + 59.9:
        parts += core.advance(core.now_s + 0.37)
    assert parts == whole[: len(parts)]
    assert len(parts) > 0.99 * len(whole)


def test_prices_are_multiples_of_the_tick_size_and_quotes_are_not_crossed() -> None:
    ticks = {"NSE": Decimal("0.05"), "US": Decimal("0.01")}
    for event in an_hour(market()):
        tick = ticks["NSE" if event.key.startswith("NSE:") else "US"]
        prices = []
        if isinstance(event, TradeTick):
            prices = [event.price]
            assert event.size > 0
        elif isinstance(event, Quote):
            assert event.bid is not None
            assert event.ask is not None
            assert event.bid < event.ask
            prices = [event.bid, event.ask]
        assert all(Decimal(str(price)) % tick == 0 for price in prices)


def test_events_are_in_order_and_the_busiest_instrument_leads() -> None:
    core = market()
    core.run_coarsely(11 * 3600)
    events = core.advance(core.now_s + 600)
    local = [(event.stamp or 0) for event in events if not event.key.startswith(("NSE:", "I:"))]
    assert local == sorted(local)
    counts = Counter(event.key for event in events if isinstance(event, TradeTick | Quote))
    assert counts["AAPL"] > counts["MSFT"] > counts["NSE:TCS"]
    assert 40 <= len(events) / 600 <= 90


def test_the_day_opens_with_an_auction_and_the_open_is_busier_than_noon() -> None:
    core = market()
    first_hour = core.advance(_OPEN_US_S + 600)
    aapl = [event for event in first_hour if isinstance(event, TradeTick) and event.key == "AAPL"]
    regular = [trade for trade in aapl if (trade.conditions or ()) not in {(12,), (12, 37)}]
    assert regular[0].conditions == (17,)
    assert regular[0].size > 20 * sum(trade.size for trade in regular[1:]) / len(regular[1:])
    core.run_coarsely(12.5 * 3600)
    noon = core.advance(core.now_s + 600)
    busy = sum(event.key == "AAPL" for event in first_hour)
    quiet = sum(event.key == "AAPL" for event in noon)
    assert busy > 1.5 * quiet


def test_shares_of_one_market_move_together() -> None:
    core = market()
    core.advance(_OPEN_US_S + 1)
    columns: dict[str, list[float]] = {"AAPL": [], "NVDA": [], "AMD": []}
    for minute in range(1, 240):
        core.run_coarsely(_OPEN_US_S + 60 * minute)
        for key, prices in columns.items():
            prices.append((core.statistics(key) or pytest.fail(key)).last_price or pytest.fail(key))
    returns = {key: [math.log(b / a) for a, b in itertools.pairwise(prices)] for key, prices in columns.items()}
    assert correlation(returns["AAPL"], returns["NVDA"]) > 0.15
    assert correlation(returns["AAPL"], returns["AMD"]) > 0.15
    assert correlation(returns["AAPL"], returns["NVDA"]) < 0.95


def correlation(left: list[float], right: list[float]) -> float:
    mean_left, mean_right = sum(left) / len(left), sum(right) / len(right)
    covariance = sum((a - mean_left) * (b - mean_right) for a, b in zip(left, right, strict=True))
    spread = math.sqrt(sum((a - mean_left) ** 2 for a in left) * sum((b - mean_right) ** 2 for b in right))
    return covariance / spread


def test_one_share_falls_to_its_limit_is_halted_and_resumes_with_an_auction() -> None:
    core = market()
    core.run_coarsely(10 * 3600 + 41 * 60)
    events = core.advance(10 * 3600 + 50 * 60)
    marked = [event for event in events if isinstance(event, PriceLimits) and event.indicators]
    assert [(event.indicators, event.halted) for event in marked] == [((17,), True), ((18,), False)]
    halt, resume = marked
    assert halt.key == resume.key
    assert (resume.stamp or 0) - (halt.stamp or 0) == pytest.approx(300e9, rel=0.01)
    of_share = [each for each in events if each.key == halt.key and isinstance(each, TradeTick | Quote)]
    assert not [each for each in of_share if (halt.stamp or 0) < (each.stamp or 0) < (resume.stamp or 0)]
    reopening = [each for each in events if isinstance(each, TradeTick) and each.conditions == (18,)]
    assert [each.key for each in reopening] == [halt.key]


def test_one_share_opens_with_a_gap() -> None:
    core = market()
    core.advance(_OPEN_US_S + 5)
    gaps = []
    for share_of in SHARES:
        known = core.statistics(share_of.symbol)
        if known is not None and known.day_open and known.prev_close:
            gaps.append(known.day_open / known.prev_close - 1)
    assert sum(gap > 0.04 for gap in gaps) == 1


def test_indices_have_values_each_second_in_their_own_hours_and_no_trades() -> None:
    core = market()
    events = core.advance(9.25 * 3600 + 20.05)
    values = [event for event in events if event.key == "I:NIFTY50"]
    assert all(type(event) is PriceValue for event in values)
    assert 19 <= len(values) <= 22
    known = core.statistics("I:NIFTY50")
    assert known is not None
    assert known.day_volume is None


def test_the_thinned_day_keeps_range_last_price_and_volume() -> None:
    core = market()
    core.run_coarsely(10 * 3600)
    core.advance(10 * 3600 + 900)
    for key in ("AAPL", "NSE:TCS"):
        known = core.statistics(key)
        assert known is not None
        trades = [event for event in core.day_so_far(key) if isinstance(event, TradeTick)]
        assert sum(trade.size for trade in trades) == known.day_volume
        assert known.day_high is not None
        assert max(trade.price for trade in trades) >= known.day_high
        assert [trade.stamp for trade in trades] == sorted(trade.stamp or 0 for trade in trades)
        assert len(trades) < 800


def test_after_the_close_the_next_day_starts_from_its_prices() -> None:
    core = market()
    core.run_coarsely(16 * 3600 - 20)
    core.advance(16 * 3600 + 1)
    assert core.is_over
    last = (core.statistics("AAPL") or pytest.fail("AAPL")).last_price
    core.next_day(_DAY + datetime.timedelta(days=1))
    assert not core.is_over
    tomorrow = core.statistics("AAPL")
    assert tomorrow is not None
    assert (tomorrow.prev_close, tomorrow.day_volume, tomorrow.last_price) == (last, 0.0, None)
    assert [event for event in core.advance(_OPEN_US_S + 1) if isinstance(event, TradeTick) and event.key == "AAPL"]
