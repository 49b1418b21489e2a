"""Numbers on screen: USERS.md 3.2 and part 4 "Numbers", DESIGN.md part 8."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketwatch.qt import formatting

PRICES = st.floats(-1e12, 1e12, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("value", "decimals", "currency", "shown"),
    [
        (0.0005, None, "USD", "0.0005"),
        (0.0005, 4, "USD", "0.0005"),
        (0.05, 2, "INR", "0.05"),
        (1234567.89, None, "USD", "1,234,567.89"),
        (1234567.89, 2, "INR", "12,34,567.89"),
        (12345678.9, 2, "INR", "1,23,45,678.90"),
        (12345678.9, 2, "USD", "12,345,678.90"),
        (123456789.0, 2, "INR", "12,34,56,789.00"),
        (87.84, 2, "GBX", "87.84"),
        (88.1175, 4, "INR", "88.1175"),
        (88.1175, None, "INR", "88.1175"),
        (239.1, None, "USD", "239.10"),
        (100000.0, 2, "INR", "1,00,000.00"),
        (99999.996, 2, "INR", "1,00,000.00"),
        (99999.99, 2, "INR", "99,999.99"),
        (54112.9, 2, "INR", "54,112.90"),
        (1e-7, None, "USD", "0.0000001"),
        (0.1 + 0.2, None, "USD", "0.30"),
        (1234567.0, 0, "INR", "12,34,567"),
        (-37.63, 2, "USD", "−37.63"),
        (-0.001, 2, "USD", "0.00"),
        (0.0, 2, "INR", "0.00"),
        (None, 2, "INR", "—"),
        (math.nan, 2, "INR", "—"),
        (math.inf, None, "USD", "—"),
    ],
)
def test_price(value: float | None, decimals: int | None, currency: str, shown: str) -> None:
    assert formatting.price(value, decimals, currency) == shown


@pytest.mark.parametrize(
    ("value", "decimals", "currency", "shown"),
    [
        (-10.2, 2, "INR", "−10.20"),
        (45.35, 2, "INR", "+45.35"),
        (0.0, 2, "INR", "0.00"),
        (-0.0, 2, "INR", "0.00"),
        (0.004, 2, "USD", "0.00"),
        (-0.004, 2, "USD", "0.00"),
        (-0.085, 4, "INR", "−0.0850"),
        (10.1 - 10.0, None, "USD", "+0.10"),
        (0.0005, None, "USD", "+0.0005"),
        (123456.7, 2, "INR", "+1,23,456.70"),
        (None, 2, "USD", "—"),
        (-math.inf, 2, "USD", "—"),
    ],
)
def test_change(value: float | None, decimals: int | None, currency: str, shown: str) -> None:
    assert formatting.change(value, decimals, currency) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1.03, "+1.03%"),
        (-0.74, "−0.74%"),
        (0.0, "0.00%"),
        (-0.004, "0.00%"),
        (0.0049, "0.00%"),
        (1234.5, "+1,234.50%"),
        (None, "—"),
        (math.nan, "—"),
    ],
)
def test_percent(value: float | None, shown: str) -> None:
    assert formatting.percent(value) == shown


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        (10_100_000.0, "INR", "1.01 Cr"),
        (7_215_000.0, "INR", "72.15 L"),
        (82_637.0, "INR", "82,637"),
        (99_999.0, "INR", "99,999"),
        (9_999_499.0, "INR", "99.99 L"),
        (9_999_999.0, "INR", "1.00 Cr"),
        (1e12, "INR", "1,00,000.00 Cr"),
        (41_280.0, "USD", "41.28 K"),
        (999_999.0, "USD", "1.00 M"),
        (16_920_000.0, "USD", "16.92 M"),
        (1_200_000_000.0, "USD", "1.20 B"),
        (2_500_000_000_000.0, "USD", "2.50 T"),
        (999.0, "USD", "999"),
        (0.0, "USD", "0"),
        (0.015, "USD", "0.015"),
        (None, "USD", "—"),
    ],
)
def test_volume(value: float | None, currency: str, shown: str) -> None:
    assert formatting.volume(value, currency) == shown.replace(" ", "\u202f")


def test_quantity_is_written_in_full() -> None:
    assert formatting.quantity(1_234_567.0, "INR") == "12,34,567"
    assert formatting.quantity(1_234_567.0, "USD") == "1,234,567"
    assert formatting.quantity(0.12345678, "USD") == "0.12345678"
    assert formatting.quantity(None) == "—"


def test_place_in_a_range() -> None:
    assert formatting.share(15.2) == "15%"
    assert formatting.share(-0.2) == "0%"
    assert formatting.share(None) == "—"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0:00"),
        (48.9, "0:48"),
        (134, "2:14"),
        (3599, "59:59"),
        (62_760, "17 h 26 min"),
        (260_000, "3 d"),
        (-3, "0:00"),
    ],
)
def test_age(seconds: float, shown: str) -> None:
    assert formatting.age(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "bar", "session"),
    [
        (233, "03:53", "0:03:53"),
        (0, "00:00", "0:00:00"),
        (0.2, "00:01", "0:00:01"),
        (2933, "48:53", "0:48:53"),
        (15_533, "4:18:53", "4:18:53"),
        (190_800, "2 d 5 h", "2 d 5 h"),
        (None, "—", "—"),
    ],
)
def test_countdowns(seconds: float | None, bar: str, session: str) -> None:
    assert formatting.countdown(seconds) == bar
    assert formatting.time_left(seconds) == session


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(48, "48 s"), (725, "12 min 05 s"), (12_000, "3 h 20 min"), (187_200, "2 d 4 h"), (None, "—")],
)
def test_duration(seconds: float | None, shown: str) -> None:
    assert formatting.duration(seconds) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(12.4, "12 ms"), (300, "0.3 s"), (8_200, "8.2 s"), (134_000, "2:14"), (-40, "−40 ms"), (None, "—")],
)
def test_lag(value: float | None, shown: str) -> None:
    assert formatting.milliseconds(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(412.4, "412"), (0.5, "0.5"), (0, "0"), (3.0, "3"), (12345, "12,345"), (None, "—")]
)
def test_rate(value: float | None, shown: str) -> None:
    assert formatting.rate(value) == shown


def test_direction_in_words() -> None:
    assert formatting.percent_in_words(-0.74) == "down 0.74 percent"
    assert formatting.percent_in_words(1.5) == "up 1.50 percent"
    assert formatting.percent_in_words(0.001) == "unchanged"
    assert formatting.percent_in_words(None) == "change unknown"


def test_exports_are_plain() -> None:
    assert formatting.export_number(-1234567.5, 2) == "-1234567.50"
    assert formatting.export_number(0.0005) == "0.0005"
    assert formatting.export_number(-0.0001, 2) == "0.00"
    assert formatting.export_number(None) == ""
    assert formatting.export_number(1e-7) == "0.0000001"


def test_minor_units_are_named() -> None:
    assert formatting.minor_unit("GBX") == "p"
    assert formatting.minor_unit("USD") == ""


@given(PRICES, st.integers(0, 6), st.sampled_from(["INR", "USD", "GBX"]))
def test_digits_are_those_of_exact_rounding(value: float, decimals: int, currency: str) -> None:
    text = formatting.price(value, decimals, currency)
    step = Decimal(1).scaleb(-decimals)
    assert Decimal(text.replace(",", "").replace("−", "-")) == Decimal(value).quantize(step, ROUND_HALF_EVEN)
    assert len(text.partition(".")[2]) == decimals
    assert "-" not in text


@given(PRICES, st.integers(0, 6))
def test_lakh_groups(value: float, decimals: int) -> None:
    whole = formatting.price(value, decimals, "INR").lstrip("−").partition(".")[0]
    *pairs, last = whole.split(",")
    assert len(last) == 3 or not pairs
    assert all(len(pair) == 2 for pair in pairs[1:])
    assert not pairs or 1 <= len(pairs[0]) <= 2


@given(PRICES, st.integers(0, 6), st.sampled_from(["INR", "USD"]))
def test_a_change_is_signed_unless_it_shows_as_zero(value: float, decimals: int, currency: str) -> None:
    text = formatting.change(value, decimals, currency)
    is_zero = not text.strip("+−0.,")
    assert text[0].isdigit() is is_zero
    assert is_zero or text.startswith("+" if value > 0 else "−")
    assert text.lstrip("+") == formatting.price(value, decimals, currency)


@given(st.decimals(-(10**9), 10**9, places=6))
def test_unknown_tick_size_keeps_what_was_sent(sent: Decimal) -> None:
    text = formatting.price(float(sent), None, "USD")
    assert Decimal(text.replace(",", "").replace("−", "-")) == sent
    assert len(text.partition(".")[2]) >= 2


@given(st.floats(0, 1e15), st.sampled_from(["INR", "USD"]))
def test_short_volume_is_within_half_a_step(value: float, currency: str) -> None:
    number, _, unit = formatting.volume(value, currency).partition("\u202f")
    scale = {"": 1.0, "L": 1e5, "Cr": 1e7, "K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}[unit]
    shown = float(number.replace(",", ""))
    assert shown * scale == pytest.approx(value, rel=1e-9, abs=0.0050001 * scale)
    assert unit == "" or shown >= 1.0


@given(st.floats())
def test_every_float_is_written(value: float) -> None:
    for text in (
        formatting.price(value, 2, "INR"),
        formatting.change(value, None, "USD"),
        formatting.percent(value),
        formatting.volume(value, "INR"),
        formatting.age(value),
    ):
        assert text
        assert "nan" not in text
        assert "inf" not in text


@pytest.mark.parametrize(
    ("decimals", "last", "text"),
    [
        (None, 11.44, "11.46"),
        (None, 11.4425, "11.4581"),
        (None, 11.0, "11.46"),
        (None, None, "11.458064516129"),
        (4, 11.44, "11.4581"),
    ],
)
def test_an_average_has_the_decimals_of_the_last_price(decimals: int | None, last: float | None, text: str) -> None:
    assert formatting.average(11.458064516129, decimals, "USD", last) == text
