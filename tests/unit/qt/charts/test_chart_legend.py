from __future__ import annotations

import math

from chart_fakes import IBM, OPEN_NS, RELIANCE, FakeFeed, Ohlcv, calendar_of, series_of, zigzag

from marketwatch.domain.bar_interval import BarInterval
from marketwatch.domain.instrument import Instrument
from marketwatch.qt.charts.legend import BarReader, ChartTitle, interval_words, title_segments
from marketwatch.qt.charts.model import ChartModel
from marketwatch.qt.charts.typed_interval import TypedInterval


def _reader(bars: list[Ohlcv], instrument: Instrument = IBM, interval: BarInterval = BarInterval.M1) -> BarReader:
    model = ChartModel(FakeFeed(series_of(bars, interval)), interval, calendar_of(instrument))
    return BarReader(model, instrument)


def _words(reader: BarReader, row: int, *, is_forming: bool = False) -> str:
    return " ".join(segment.text for segment in reader.segments(row, is_forming=is_forming))


BARS: list[Ohlcv] = [(100.0, 101.0, 99.0, 100.0, 1000.0), (100.0, 102.5, 100.0, 102.0, 82_637.0)]


def test_the_legend_names_figures_change_volume_and_start() -> None:
    assert _words(_reader(BARS), 1) == "O 100.00 H 102.50 L 100.00 C 102.00 +2.00 (+2.00%) Vol 82,637 09:31 ET"


def test_the_forming_bar_says_so_and_the_first_bar_has_no_change() -> None:
    assert _words(_reader(BARS), 0, is_forming=True) == (
        "O 100.00 H 101.00 L 99.00 C 100.00 Vol 1,000 09:30 ET forming"
    )


def test_rupees_are_grouped_by_lakh_and_a_fall_has_a_real_minus() -> None:
    bars: list[Ohlcv] = [(150_000.0,) * 4 + (1.0,), (150_000.0, 150_000.0, 145_000.0, 145_000.0, 123_456.0)]  # type: ignore[list-item]
    words = _words(_reader(bars, RELIANCE), 1)
    assert "C 1,45,000.00 \u22125,000.00 (\u22123.33%) Vol 1,23,456" in words
    assert words.endswith("IST")


def test_short_bars_name_their_second() -> None:
    assert _words(_reader(BARS, interval=BarInterval.S5), 1).endswith("09:30:05 ET")


def test_a_hole_is_no_data() -> None:
    bars = [*BARS, (math.nan, math.nan, math.nan, math.nan, 0.0), (math.nan, math.nan, math.nan, math.nan, 5.0)]
    reader = _reader(bars)
    assert _words(reader, 2) == "no data Vol 0 09:32 ET"
    assert _words(reader, 3) == "no trade moved the price Vol 5 09:33 ET"
    assert reader.spoken(2, is_forming=False) == "Tue 8 Oct 09:32 ET: no data."


def test_a_bar_is_spoken_as_one_sentence() -> None:
    assert _reader(BARS).spoken(1, is_forming=True) == (
        "Tue 8 Oct 09:31 ET: open 100.00, high 102.50, low 100.00, close 102.00, up 2.00 percent, "
        "volume 82,637, still forming."
    )


def test_the_volume_head_waits_for_twenty_bars() -> None:
    reader = _reader(zigzag(25))
    assert [part.text for part in reader.volume_segments(10)] == ["Volume", "100"]
    assert [part.text for part in reader.volume_segments(24)] == ["Volume", "104", "average 20", "102"]


def test_the_title_says_what_where_from_and_that_it_is_a_replay() -> None:
    title = ChartTitle(IBM, interval_words("5m"), "Recorded session", "paused", "REPLAY")
    assert [part.text for part in title_segments(title)] == [
        "IBM", "International Business Machines", "NYSE EQ", "5 min", "REPLAY", "Recorded session, paused",
    ]  # fmt: skip
    assert [part.is_tag for part in title_segments(title)] == [False, False, False, False, True, False]
    assert [interval_words(label) for label in ("15s", "1h")] == ["15 s", "1 h"]


def test_typed_digits_name_an_interval() -> None:
    typed = TypedInterval()
    assert [typed.type(key, is_delete=False) for key in "15s"] == [True, True, True]
    assert typed.prompt == "Interval 15s  (15s, Enter)"
    assert typed.take() == "15s"
    for text, label in (("5", "5m"), ("60", "1h"), ("1h", "1h"), ("7", None), ("0", None), ("30s", None)):
        for key in text:
            typed.type(key, is_delete=False)
        assert typed.take() == label
        assert typed.text == ""
    assert not typed.type("s", is_delete=False)
    assert not typed.type("", is_delete=True)
    typed.type("1", is_delete=False)
    assert typed.type("", is_delete=True)
    assert not typed.clear()


def test_times_come_from_the_start_of_the_bar() -> None:
    assert _reader(BARS).time(0) == "Tue 8 Oct 09:30 ET"
    assert OPEN_NS % 60 == 0
