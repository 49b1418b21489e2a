from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketwatch.domain.bar_interval import NS_PER_SECOND, BarInterval, bar_start
from marketwatch.domain.bars import BarSeries, BarSource
from marketwatch.domain.effects import ALL_EFFECTS, UPDATES_HIGH_LOW, UPDATES_LAST, UPDATES_VOLUME

T0 = 1_700_000_040 * NS_PER_SECOND  # a whole minute


def at(seconds: float) -> int:
    return T0 + round(seconds * NS_PER_SECOND)


def row(series: BarSeries, index: int) -> tuple[float, ...]:
    return (
        *(series.open[index], series.high[index], series.low[index], series.close[index]),
        *(series.volume[index], series.count[index]),
    )


def everything(series: BarSeries) -> list[object]:
    columns = (series.opens_ns, series.open, series.high, series.low, series.close, series.volume, series.count)
    return [repr(column) for column in columns]


def test_intervals_have_labels_lengths_and_bases() -> None:
    assert [interval.label for interval in BarInterval] == ["1s", "5s", "15s", "1m", "3m", "5m", "15m", "1h"]
    assert [interval.seconds for interval in BarInterval] == [1, 5, 15, 60, 180, 300, 900, 3600]
    assert BarInterval.S15.base is BarInterval.S1
    assert BarInterval.H1.base is BarInterval.M1


def test_trades_make_a_bar() -> None:
    series = BarSeries(BarInterval.M1, 100)
    for second, price in enumerate((10.0, 12.0, 9.0, 11.0)):
        series.add_trade(price, 100, at(second))
    assert len(series) == 1
    assert row(series, 0) == (10, 12, 9, 11, 400, 4)
    assert not series.is_closed(0, at(59.9))
    assert series.is_closed(0, at(60))


def test_first_low_is_not_missed() -> None:
    series = BarSeries(BarInterval.M1, 100)
    series.add_trade(10, 1, at(0))
    assert (series.high[0], series.low[0]) == (10, 10)


def test_late_trade_amends_its_own_bar_only() -> None:
    series = BarSeries(BarInterval.M1, 100)
    series.add_trade(10, 1, at(5))
    series.add_trade(11, 1, at(50))
    series.add_trade(20, 1, at(70))
    series.add_trade(15, 2, at(30))
    assert row(series, 0) == (10, 15, 10, 11, 4, 3)
    assert row(series, 1) == (20, 20, 20, 20, 1, 1)


def test_late_trade_opens_or_closes_its_bar_when_by_its_time_it_does() -> None:
    series = BarSeries(BarInterval.M1, 100)
    series.add_trade(10, 1, at(20))
    series.add_trade(20, 1, at(70))
    series.add_trade(8, 1, at(10))
    series.add_trade(9, 1, at(40))
    assert row(series, 0) == (8, 10, 8, 9, 3, 3)


def test_late_trade_makes_a_missing_bar() -> None:
    series = BarSeries(BarInterval.M1, 100)
    series.add_trade(10, 1, at(0))
    series.add_trade(12, 1, at(125))
    series.add_trade(11, 1, at(61))
    assert list(series.opens_ns) == [at(0), at(60), at(120)]
    assert row(series, 1) == (11, 11, 11, 11, 1, 1)


def test_volume_only_trades_leave_prices_unknown() -> None:
    series = BarSeries(BarInterval.M1, 100)
    series.add_trade(10, 30, at(0), UPDATES_VOLUME)
    assert series.volume[0] == 30
    assert math.isnan(series.close[0])
    assert math.isnan(series.high[0])
    series.add_trade(11, 1, at(1))
    assert row(series, 0) == (11, 11, 11, 11, 31, 2)


def test_range_without_last() -> None:
    series = BarSeries(BarInterval.M1, 100)
    series.add_trade(10, 1, at(0))
    series.add_trade(14, 1, at(1), UPDATES_HIGH_LOW | UPDATES_VOLUME)
    series.add_trade(7, 5, at(2), UPDATES_LAST)
    assert row(series, 0) == (10, 14, 7, 7, 2, 2)


def test_hourly_bars_of_a_venue_that_opens_at_a_quarter_past() -> None:
    offset = 45 * 60 * NS_PER_SECOND
    opening = 1_700_019_900 * NS_PER_SECOND  # 09:15 in India
    assert bar_start(opening, BarInterval.H1.ns, offset) == opening
    assert bar_start(opening + 3_599 * NS_PER_SECOND, BarInterval.H1.ns, offset) == opening
    assert bar_start(opening - 1, BarInterval.H1.ns, offset) == opening - BarInterval.H1.ns


def test_number_of_bars_is_bounded_and_old_trades_do_not_come_back() -> None:
    series = BarSeries(BarInterval.S1, 80)
    for second in range(1_000):
        series.add_trade(second, 1, at(second))
    assert 80 <= len(series) <= 91
    assert series.close[-1] == 999
    before = everything(series)
    series.add_trade(1, 1, at(3))
    assert everything(series) == before


def test_readers_learn_the_earliest_change_each_for_itself() -> None:
    series = BarSeries(BarInterval.M1, 100)
    early, late = series.cursor(), series.cursor()
    series.add_trade(1, 1, at(0))
    assert early.take() == at(0)
    assert early.take() is None
    series.add_trade(1, 1, at(130))
    series.add_trade(1, 1, at(70))
    assert early.take() == at(60)
    assert late.take() == at(0)
    series.forget(late)
    series.add_trade(1, 1, at(0))
    assert late.take() is None
    series.clear()
    assert len(series) == 0
    assert early.take() is not None


def test_vendor_bar_fills_only_what_is_missing_or_incomplete() -> None:
    series = BarSeries(BarInterval.M1, 100)
    series.add_trade(10, 1, at(0))
    series.add_trade(11, 1, at(60))
    series.mark_partial(at(65), at(66))
    prices = (1.0, 4.0, 0.5, 2.0)
    assert not series.put_vendor_bar(at(0), prices, 9)
    assert series.put_vendor_bar(at(60), prices, 9)
    assert series.put_vendor_bar(at(180), prices, 9)
    assert list(series.source) == [BarSource.TICKS, BarSource.VENDOR, BarSource.VENDOR]
    series.add_trade(99, 1, at(61))
    assert row(series, 1)[:5] == (1, 4, 0.5, 2, 9)


def test_merging_finer_bars_equals_building_from_trades() -> None:
    rng = random.Random(1)
    minutes, quarters, merged = (BarSeries(one, 1_000) for one in (BarInterval.M1, BarInterval.M15, BarInterval.M15))
    for _ in range(3_000):
        price, size, when = round(rng.uniform(9, 11), 2), rng.randint(1, 9), at(rng.uniform(0, 7_000))
        effects = rng.choice((ALL_EFFECTS, ALL_EFFECTS, UPDATES_VOLUME, UPDATES_VOLUME | UPDATES_HIGH_LOW))
        minutes.add_trade(price, size, when, effects)
        quarters.add_trade(price, size, when, effects)
    merged.merge_from(minutes)
    assert everything(merged) == everything(quarters)


def test_bars_from_an_instant_on_can_be_dropped() -> None:
    series = BarSeries(BarInterval.M1, 100)
    for minute in range(4):
        series.add_trade(minute, 1, at(60 * minute))
    series.drop_from(at(120))
    assert list(series.close) == [0, 1]
    assert series.index_of(at(61)) == 1
    assert series.index_of(at(121)) is None


trades = st.lists(
    st.tuples(
        st.integers(1, 2_000).map(lambda cents: cents / 100),
        st.integers(0, 500),
        st.integers(0, 400_000),
        st.sampled_from((ALL_EFFECTS, ALL_EFFECTS, UPDATES_VOLUME, UPDATES_VOLUME | UPDATES_HIGH_LOW)),
    ),
    min_size=1,
    max_size=60,
    unique_by=lambda trade: trade[2],  # at equal stamps the order of arrival decides
)


@given(trades, st.randoms(use_true_random=False))
@pytest.mark.parametrize("interval", [BarInterval.S1, BarInterval.M1, BarInterval.M5])
def test_order_of_arrival_does_not_matter(
    interval: BarInterval, made: list[tuple[float, int, int, int]], rng: random.Random
) -> None:
    in_order, shuffled = BarSeries(interval, 10_000), BarSeries(interval, 10_000)
    for price, size, ms, effects in sorted(made, key=lambda trade: trade[2]):
        in_order.add_trade(price, size, T0 + ms * 1_000_000, effects)
    rng.shuffle(made)
    for price, size, ms, effects in made:
        shuffled.add_trade(price, size, T0 + ms * 1_000_000, effects)
    assert everything(in_order) == everything(shuffled)
    assert sum(shuffled.volume) == sum(size for _, size, _, _ in made)
    for index in range(len(shuffled)):
        if not math.isnan(shuffled.close[index]):
            assert shuffled.low[index] <= min(shuffled.open[index], shuffled.close[index])
            assert max(shuffled.open[index], shuffled.close[index]) <= shuffled.high[index]
