"""Reads the facts of a row: numbers, dates, tokens and symbols. Pure; answers are remembered, for they repeat."""

from __future__ import annotations

import datetime as dt
import functools
import re
from decimal import Decimal, InvalidOperation
from typing import Final

from marketwatch.domain.ids import Venue

_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_ISO: Final = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)(?:[T ].*)?")
_DAY_FIRST: Final = re.compile(r"(\d\d?)[-/.](\d\d?)[-/.](\d{4})")
_DAY_MONTH: Final = re.compile(r"(\d\d?)[- ]?([A-Za-z]{3})[a-z]*[- ]?(\d{4})")
_PAISA: Final = Decimal("0.01")
_TOKEN: Final = re.compile(r"\d{1,10}")
_LARGEST_TOKEN: Final = 2**32
_SERIES: Final = re.compile(r"-([A-Z][A-Z0-9])$")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_LONGEST_SYMBOL: Final = 64


class RowError(ValueError):
    """This row cannot be used; the text says why, the same for all rows of one kind."""


@functools.lru_cache(maxsize=4096)
def expiry(text: str) -> dt.date | None:
    """Read `2025-10-28`, `28-10-2025` or `28OCT2025`; None when empty. Raises RowError."""
    text = text.strip()
    if not text or text in ("0", "-"):
        return None
    try:
        if found := _ISO.fullmatch(text):
            return dt.date(int(found[1]), int(found[2]), int(found[3]))
        if found := _DAY_FIRST.fullmatch(text):
            return dt.date(int(found[3]), int(found[2]), int(found[1]))
        if found := _DAY_MONTH.fullmatch(text):
            return dt.date(int(found[3]), _MONTHS.index(found[2].upper()) + 1, int(found[1]))
    except ValueError as error:
        raise RowError("the expiry is no date") from error
    raise RowError("the expiry is no date")


@functools.lru_cache(maxsize=65536)
def number(text: str) -> Decimal | None:
    """Read a plain finite number; None when empty or unreadable."""
    text = text.strip()
    if len(text) > 32:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value.adjusted()) < 18 else None


@functools.lru_cache(maxsize=1024)
def rupee_tick(text: str, divisor: int = 1) -> Decimal | None:
    """Read a tick size in rupees, or in parts of it; None when it is zero, negative or missing: unknown."""
    value = number(text)
    if value is None or value <= 0:
        return None
    tick = (value / divisor).normalize()
    exponent = tick.as_tuple().exponent
    return tick.quantize(_PAISA) if isinstance(exponent, int) and exponent > -2 else tick


@functools.lru_cache(maxsize=65536)
def strike(text: str, divisor: int = 1) -> Decimal | None:
    """Read a strike; None when there is none (empty, zero, minus one)."""
    value = number(text)
    if value is None or value <= 0:
        return None
    plain = (value / divisor).normalize()
    return plain.quantize(Decimal(1)) if plain == plain.to_integral_value() else plain


@functools.lru_cache(maxsize=4096)
def lot(text: str) -> int | None:
    """Read a lot size such as `75` or `1.0`; None when it is zero, broken, negative or missing."""
    value = number(text)
    if value is None or value <= 0 or value != value.to_integral_value():
        return None
    return int(value)


def token(text: str) -> str:
    """Return a token without leading zeros. Raises RowError for anything but a positive whole number."""
    text = text.strip()
    if not _TOKEN.fullmatch(text) or not text.isascii() or not 0 < int(text) < _LARGEST_TOKEN:
        raise RowError("the token is not a positive whole number")
    return text if text[0] != "0" else text.lstrip("0")


def symbol(text: str) -> str:
    """Return a symbol as it may be kept. Raises RowError for none, for control characters and for a novel."""
    text = text.strip()
    if not text:
        raise RowError("the symbol is empty")
    if len(text) > _LONGEST_SYMBOL:
        raise RowError("the symbol is too long")
    if not text.isalnum() and _CONTROL.search(text):
        raise RowError("the symbol holds characters that cannot be seen")
    return text


def clean_name(text: str) -> str:
    """Return a name without characters that cannot be seen."""
    text = text.strip()
    return text if text.isascii() and text.isprintable() else _CONTROL.sub(" ", text).strip()


def nse_series(written: str) -> str:
    """Return the series at the end of a symbol of NSE's cash market, such as `BE`; `EQ` when none is written."""
    found = _SERIES.search(written)
    return found[1] if found else "EQ"


VENUE_NAMES: Final[dict[str, Venue]] = {
    name: Venue(venue)
    for venue, names in {
        "NSE": "NSE NSE_CM NSE_EQ NSECM",
        "BSE": "BSE BSE_CM BSE_EQ BSECM BOM",
        "NFO": "NFO NSE_FO NSEFO",
        "BFO": "BFO BSE_FO BSEFO",
        "CDS": "CDS CDE_FO NSE_CDS",
        "BCD": "BCD BSE_CDS",
        "MCX": "MCX MCX_FO",
        "NCDEX": "NCDEX NCX_FO NCX",
        "NCO": "NCO",
        "XNAS": "XNAS NASDAQ NSDQ NMS NGS",
        "XNYS": "XNYS NYSE NYQ",
        "ARCX": "ARCX ARCA NYSEARCA",
        "XASE": "XASE AMEX NYSEAMERICAN NYSEMKT",
        "BATS": "BATS CBOE BZX",
        "IEXG": "IEXG IEX",
        "OTC": "OTC OTCM",
    }.items()
    for name in names.split()
}
"""Our venue for each of the names that sources and people use, in upper case."""

INDIAN_VENUES: Final = frozenset(map(Venue, ("NSE", "BSE", "NFO", "BFO", "CDS", "BCD", "MCX", "NCDEX", "NCO")))
EXCHANGE_TAGS: Final = {"XNAS": "NSDQ", "XNYS": "NYSE", "ARCX": "ARCA", "XASE": "AMEX"}
"""What is shown beside the symbol where it is not the venue's own name."""
