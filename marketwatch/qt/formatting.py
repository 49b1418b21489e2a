"""How numbers, times and ages are written on screen and in exports. Pure functions, no widgets.

They stand in the paint path: floats in, text out, format specs kept. Unknown (None, NaN, infinite) is always `—`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

MISSING = "—"
MINUS = "\u2212"
CUT = "···"
_NARROW_SPACE = "\u202f"
_LEAST_DECIMALS = 2

PriceFormat = Callable[[float | None], str]

_LAKH_CURRENCIES = frozenset({"INR", "NPR", "PKR", "BDT", "LKR"})
_MINOR_UNITS = {"GBX": "p", "GBp": "p", "ILA": "a", "ZAc": "c", "ZAC": "c"}
# From which size a unit is used (where the next smaller one would round up to it), its scale, its name.
_LAKH_UNITS = ((9_999_500.0, 1e7, "Cr"), (99_999.5, 1e5, "L"))
_THOUSAND_UNITS = (
    (999.995e9, 1e12, "T"),
    (999.995e6, 1e9, "B"),
    (999.995e3, 1e6, "M"),
    (999.5, 1e3, "K"),
)
# Below this 12,345.67 is written alike by lakh and by thousand, for up to any number of decimals.
_SAME_GROUPING_BELOW = 99_999.0


def groups_by_lakh(currency: str) -> bool:
    """Tell whether figures in `currency` are grouped 12,34,56,789."""
    return currency in _LAKH_CURRENCIES


def minor_unit(currency: str) -> str:
    """Return the mark of a minor unit that prices are quoted in, such as `p` for pence; else nothing."""
    return _MINOR_UNITS.get(currency, "")


def is_known(value: float | None) -> bool:
    """Tell whether there is a finite figure to show."""
    return value is not None and math.isfinite(value)


# --- prices ------------------------------------------------------------------------------------------------------


@functools.cache
def price_format(decimals: int | None, currency: str) -> PriceFormat:
    """Return the function that writes prices of one instrument; keep it per row.

    `decimals` None (tick size unknown) keeps what the feed sent, but at least two decimals.
    """
    lakh = groups_by_lakh(currency)
    if decimals is None:
        return functools.partial(_as_sent, lakh=lakh)
    spec = f",.{decimals}f"

    def write(value: float | None) -> str:
        if value is None or value - value != 0.0:  # inf - inf and nan are not zero
            return MISSING
        text = format(value, spec)
        if value <= 0:  # -0.0 too
            text = _real_minus(text)
        return regroup_lakh(text) if lakh and abs(value) >= _SAME_GROUPING_BELOW else text

    return write


def price(value: float | None, decimals: int | None, currency: str = "") -> str:
    """Write a price; see `price_format`."""
    return price_format(decimals, currency)(value)


def average(value: float | None, decimals: int | None, currency: str, last: float | None) -> str:
    """Write an average of prices: no feed sent its decimals, so it gets those of the last price."""
    if decimals is None and last is not None and math.isfinite(last):
        decimals = max(_LEAST_DECIMALS, len(_plain_digits(last).partition(".")[2]))
    return price(value, decimals, currency)


@functools.cache
def change_format(decimals: int | None, currency: str) -> PriceFormat:
    """Return the function that writes signed changes: `+` or U+2212 always, zero without sign."""
    unsigned = price_format(decimals, currency)
    # A difference of two floats carries noise that the feed never sent.
    tidy = decimals is None

    def write(value: float | None) -> str:
        if value is None or value - value != 0.0:
            return MISSING
        text = unsigned(float(f"{value:.10g}") if tidy else value)
        return f"+{text}" if value >= 1 or (value > 0 and not _is_zero_text(text)) else text

    return write


def change(value: float | None, decimals: int | None, currency: str = "") -> str:
    """Write a signed change in price units."""
    return change_format(decimals, currency)(value)


def percent(value: float | None) -> str:
    """Write a signed percentage with two decimals and no space: `+1.03%`."""
    if value is None or value - value != 0.0:
        return MISSING
    text = f"{value:+,.2f}%"
    if text in ("+0.00%", "-0.00%"):
        return "0.00%"
    return f"{MINUS}{text[1:]}" if value < 0 else text


def share(value: float | None, decimals: int = 0) -> str:
    """Write an unsigned percentage, such as a place in a range: `15%`."""
    if value is None or not math.isfinite(value):
        return MISSING
    return f"{_real_minus(f'{value:,.{decimals}f}')}%"


def regroup_lakh(text: str) -> str:
    """Regroup figures that hold thousands separators: `12,345,678.9` becomes `1,23,45,678.9`."""
    head, point, tail = text.partition(".")
    sign = head[0] if head[:1] in ("-", "+", MINUS) else ""
    digits = head[len(sign) :].replace(",", "")
    if len(digits) <= 5:
        return text
    lead, last = digits[:-3], digits[-3:]
    first = len(lead) % 2
    pairs = [lead[i : i + 2] for i in range(first, len(lead), 2)]
    if first:
        pairs.insert(0, lead[:1])
    return f"{sign}{','.join(pairs)},{last}{point}{tail}"


def _as_sent(value: float | None, *, lakh: bool) -> str:
    if value is None or not math.isfinite(value):
        return MISSING
    text = _plain_digits(value)
    decimals = max(_LEAST_DECIMALS, len(text.partition(".")[2]))
    text = _real_minus(f"{value:,.{decimals}f}")
    return regroup_lakh(text) if lakh else text


def _plain_digits(value: float) -> str:
    # 15 significant digits give back every decimal number a feed can send, and hide binary noise.
    text = f"{value:.15g}"
    if "e" in text:
        text = f"{value:.18f}".rstrip("0").rstrip(".") if abs(value) < 1 else f"{value:.0f}"
    return text


def _real_minus(text: str) -> str:
    if text[0] != "-":
        return text
    return text[1:] if text[1] == "0" and _is_zero_text(text) else MINUS + text[1:]


def _is_zero_text(text: str) -> bool:
    return not text.strip("-+0.,\u2212")


# --- volumes and counts ------------------------------------------------------------------------------------------


def volume(value: float | None, currency: str = "") -> str:
    """Write a volume short: `1.01 Cr`, `72.15 L` in rupee markets, `41.28 K`, `16.92 M`, `1.20 B` elsewhere."""
    if value is None or not math.isfinite(value):
        return MISSING
    lakh = groups_by_lakh(currency)
    units = _LAKH_UNITS if lakh else _THOUSAND_UNITS
    size = abs(value)
    for least, scale, name in units:
        if size >= least:
            text = _real_minus(f"{value / scale:,.2f}")
            return f"{regroup_lakh(text) if lakh else text}{_NARROW_SPACE}{name}"
    return quantity(value, currency)


def quantity(value: float | None, currency: str = "") -> str:
    """Write a size or count in full; fractions only where there are some."""
    if value is None or not math.isfinite(value):
        return MISSING
    text = f"{value:,.8f}".rstrip("0").rstrip(".") if value % 1 else f"{value:,.0f}"
    text = _real_minus(text)
    return regroup_lakh(text) if groups_by_lakh(currency) else text


def rate(value: float | None) -> str:
    """Write messages per second; below ten with one decimal where there is one."""
    if value is None or not math.isfinite(value):
        return MISSING
    value = max(0.0, value)
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def milliseconds(value: float | None) -> str:
    """Write a lag: `0.3 s`, below 100 ms in `ms`, from a minute on as an age."""
    if value is None or not math.isfinite(value):
        return MISSING
    size = abs(value)
    sign = MINUS if value < 0 and round(size) else ""
    if size < 99.5:
        return f"{sign}{size:.0f} ms"
    if size < 59_950:
        return f"{sign}{size / 1000:.1f} s"
    return sign + age(size / 1000)


# --- words for those who cannot see the colour -------------------------------------------------------------------


def percent_in_words(value: float | None) -> str:
    """Say a percentage: `down 0.74 percent`, `unchanged`, `change unknown`."""
    if value is None or not math.isfinite(value):
        return "change unknown"
    text = f"{abs(value):.2f}"
    if _is_zero_text(text):
        return "unchanged"
    return f"{'up' if value > 0 else 'down'} {text} percent"


# --- ages and countdowns -----------------------------------------------------------------------------------------


def age(seconds: float | None) -> str:
    """Write how old something is: `0:48`, `2:14`, `17 h 26 min`, `3 d`."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    whole = max(0, int(seconds))
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d}"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86_400} d"


def delay_words(delay_s: float) -> str:
    """Say a delay: `15 min`, `30 s`."""
    return f"{delay_s / 60:g} min" if delay_s >= 60 else f"{delay_s:g} s"


def countdown(seconds: float | None) -> str:
    """Write the time left of a bar: `03:53`; with hours `1:03:53`. Never below zero; begun seconds count."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    whole = max(0, math.ceil(seconds))
    if whole >= 3600:
        return time_left(whole)
    return f"{whole // 60:02d}:{whole % 60:02d}"


def time_left(seconds: float | None) -> str:
    """Write the time to the next change of a session: `0:48:53`, `2 d 4 h`."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    whole = max(0, math.ceil(seconds))
    if whole >= 86_400:
        return f"{whole // 86_400} d {whole % 86_400 // 3600} h"
    return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"


def duration(seconds: float | None) -> str:
    """Write an uptime: `48 s`, `12 min 05 s`, `3 h 20 min`, `2 d 4 h`."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3600} h"


# --- exports -----------------------------------------------------------------------------------------------------


def export_number(value: float | None, decimals: int | None = None) -> str:
    """Write a figure for a file: plain digits, `.` and `-`, nothing when unknown."""
    if value is None or not math.isfinite(value):
        return ""
    text = _plain_digits(value) if decimals is None else f"{value:.{decimals}f}"
    return text[1:] if text.startswith("-") and _is_zero_text(text) else text
