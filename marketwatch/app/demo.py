"""Which instruments the simulated market trades."""

from __future__ import annotations

from marketwatch.domain.ids import CASH, INDEX, InstrumentId, Segment, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.instruments.directory import InstrumentDirectory

_BUSIEST_FIRST: tuple[tuple[str, Segment, str], ...] = (
    ("ARCX", CASH, "SPY"),
    ("XNAS", CASH, "NVDA"),
    ("XNAS", CASH, "AAPL"),
    ("NSE", CASH, "RELIANCE"),
    ("XNAS", CASH, "TSLA"),
    ("NSE", CASH, "HDFCBANK"),
    ("XNAS", CASH, "MSFT"),
    ("NSE", CASH, "TCS"),
    ("XNAS", CASH, "QQQ"),
    ("XNYS", CASH, "JPM"),
    ("NSE", CASH, "INFY"),
    ("XNAS", CASH, "AMZN"),
    ("XNYS", CASH, "XOM"),
    ("NSE", CASH, "ICICIBANK"),
    ("XNYS", CASH, "BAC"),
    ("NSE", CASH, "SBIN"),
    ("XNYS", CASH, "IBM"),
    ("NSE", CASH, "ITC"),
    ("NSE", CASH, "TATASTEEL"),
    ("XNYS", CASH, "KO"),
    ("NSE", INDEX, "NIFTY 50"),
    ("NSE", INDEX, "BANKNIFTY"),
)


def demo_instruments(directory: InstrumentDirectory) -> list[Instrument]:
    """Return the instruments of the simulated market, busiest first, as far as the directory knows them."""
    ids = (InstrumentId(Venue(venue), segment, symbol) for venue, segment, symbol in _BUSIEST_FIRST)
    return [instrument for each in ids if (instrument := directory.get(each)) is not None]
