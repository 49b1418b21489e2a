from __future__ import annotations

from marketwatch.domain.events import DayStatistics, SecondBar, TradeTick, VendorBar
from marketwatch.gateway.aggregates import MINUTE_NS, SECOND_NS, DayAggregator

_START = 1_381_239_000_000_000_000


def tick(at_s: float, price: float, size: float, conditions: tuple[int, ...] | None = None) -> tuple[TradeTick, int]:
    stamp = _START + round(at_s * SECOND_NS)
    return TradeTick(key="IBM", stamp=stamp, price=price, size=size, conditions=conditions), stamp


def regular() -> DayAggregator:
    return DayAggregator(lambda key, event_ns: False)


def test_a_second_bar_comes_with_the_first_trade_after_it_and_a_minute_bar_likewise() -> None:
    figures = regular()
    assert list(figures.add(*tick(0.1, 10.0, 100))) == []
    assert list(figures.add(*tick(0.9, 10.5, 50))) == []
    (second,) = figures.add(*tick(1.2, 10.2, 10))
    assert type(second) is SecondBar
    assert (second.open, second.high, second.low, second.close, second.volume) == (10.0, 10.5, 10.0, 10.5, 150)
    assert (second.stamp, second.ends_stamp) == (_START, _START + SECOND_NS)
    assert (second.day_volume, second.day_open) == (150, 10.0)
    last_second, minute = figures.add(*tick(61, 11.0, 1))
    assert type(last_second) is SecondBar
    assert type(minute) is VendorBar
    assert (minute.open, minute.high, minute.low, minute.close, minute.volume) == (10.0, 10.5, 10.0, 10.2, 160)
    assert (minute.stamp, minute.ends_stamp) == (_START, _START + MINUTE_NS)
    assert minute.vwap == (100 * 10.0 + 50 * 10.5 + 10 * 10.2) / 160


def test_time_alone_ends_bars_too_and_silence_makes_none() -> None:
    figures = regular()
    figures.add(*tick(0, 10.0, 100))
    assert figures.advance(_START + SECOND_NS // 2) == []
    assert [type(bar) for bar in figures.advance(_START + SECOND_NS)] == [SecondBar]
    assert figures.advance(_START + 30 * SECOND_NS) == []
    assert [type(bar) for bar in figures.advance(_START + MINUTE_NS)] == [VendorBar]
    assert figures.advance(_START + 10 * MINUTE_NS) == []
    assert figures.finish() == []


def test_what_is_forming_comes_out_at_the_end() -> None:
    figures = regular()
    figures.add(*tick(0, 10.0, 100))
    assert [type(bar) for bar in figures.finish()] == [SecondBar, VendorBar]


def test_conditions_decide_what_a_trade_moves() -> None:
    figures = regular()
    figures.add(*tick(0, 10.0, 100))
    figures.add(*tick(0.1, 99.0, 5, (37,)))  # an odd lot: volume only
    figures.add(*tick(0.2, 12.0, 7, (10,)))  # derivatively priced: range and volume
    figures.add(*tick(0.3, 50.0, 9_999, (16,)))  # the official open repeats volume: nothing
    (second, *_) = figures.finish()
    assert (second.open, second.high, second.low, second.close, second.volume) == (10.0, 12.0, 10.0, 10.0, 112)
    known = figures.statistics("IBM")
    assert known is not None
    assert (known.day_open, known.day_high, known.last_price, known.day_volume) == (10.0, 12.0, 10.0, 112)
    assert known.prev_close is None


def test_extended_hours_have_bars_but_leave_the_days_open_alone() -> None:
    figures = DayAggregator(lambda key, event_ns: True)
    figures.add(*tick(0, 10.0, 100, (12,)))
    bar = figures.finish()[-1]
    assert (bar.open, bar.close, bar.volume, bar.day_open) == (10.0, 10.0, 100, None)
    late = regular()
    late.add(*tick(0, 10.0, 100, (12,)))
    assert late.finish() == []


def test_a_day_under_way_can_be_taken_over_and_forgotten() -> None:
    figures = regular()
    figures.seed(DayStatistics(key="IBM", day_open=9.0, day_high=11.0, day_low=8.0, day_volume=1000, day_vwap=10.0))
    figures.add(*tick(0, 12.0, 1000))
    bar = figures.finish()[-1]
    assert (bar.day_volume, bar.day_open, bar.day_vwap) == (2000, 9.0, 11.0)
    figures.clear()
    assert figures.statistics("IBM") is None
