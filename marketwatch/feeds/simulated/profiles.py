"""What the simulated market assumes about an instrument: price level, sector, how it moves and how much it trades."""

from __future__ import annotations

import math
import random
import re
from decimal import Decimal

import msgspec

from marketwatch.domain.instrument import Instrument, InstrumentKind

# Reference price and sector of familiar names; any other instrument gets its own from its symbol.
_FAMILIAR: dict[str, tuple[float, str]] = {
    "AAPL": (201.5, "tech"), "MSFT": (495.9, "tech"), "NVDA": (157.7, "tech"), "AMD": (143.8, "tech"),
    "GOOGL": (178.5, "tech"), "AMZN": (223.3, "retail"), "META": (733.6, "tech"), "TSLA": (323.6, "auto"),
    "INTC": (22.7, "tech"), "ORCL": (210.2, "tech"), "JPM": (287.1, "bank"), "BAC": (47.4, "bank"),
    "GS": (690.8, "bank"), "V": (348.6, "bank"), "XOM": (109.4, "energy"), "CVX": (145.2, "energy"),
    "KO": (70.2, "staples"), "PG": (159.0, "staples"), "JNJ": (152.4, "health"), "PFE": (24.2, "health"),
    "UNH": (308.5, "health"), "WMT": (97.3, "retail"), "DIS": (123.4, "media"), "NFLX": (1323.1, "media"),
    "F": (10.8, "auto"), "IBM": (289.7, "tech"), "SPY": (614.9, "index"), "QQQ": (546.2, "index"),
    "IWM": (215.8, "index"), "DIA": (438.1, "index"),
    "RELIANCE": (1515.8, "energy"), "TCS": (3441.0, "it"), "INFY": (1608.8, "it"), "HDFCBANK": (2014.9, "bank"),
    "ICICIBANK": (1462.6, "bank"), "SBIN": (805.4, "bank"), "AXISBANK": (1231.2, "bank"),
    "KOTAKBANK": (2208.9, "bank"), "ITC": (419.4, "staples"), "HINDUNILVR": (2294.0, "staples"),
    "LT": (3672.6, "industry"), "BHARTIARTL": (2027.1, "telecom"), "TATAMOTORS": (687.0, "auto"),
    "MARUTI": (12650.0, "auto"), "TATASTEEL": (161.1, "metal"), "SUNPHARMA": (1684.9, "health"),
    "BAJFINANCE": (946.5, "bank"), "WIPRO": (264.5, "it"), "TITAN": (3677.9, "retail"), "ONGC": (243.1, "energy"),
    "NIFTY50": (25637.8, "index"), "BANKNIFTY": (57443.9, "bank"), "NIFTYBANK": (57443.9, "bank"),
    "SENSEX": (84058.9, "index"), "NIFTYIT": (38822.8, "it"), "SPX": (6173.1, "index"), "NDX": (22534.2, "index"),
    "DJI": (43819.3, "index"),
}  # fmt: skip
_SECTORS = ("bank", "energy", "health", "industry", "retail", "staples", "tech")
_INDIAN_VENUES = frozenset({"NSE", "BSE"})
_FUND_IDIO = 0.0006
_ZIPF_EXPONENT = 0.85
_NOT_LETTERS = re.compile(r"[^A-Z0-9.&-]")


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """How one instrument behaves. Volatilities are of a whole day's log return; `weight` is its share of all events."""

    reference: float
    sector: str
    market: str
    tick: float
    decimals: int
    beta: float
    sector_beta: float
    idio: float
    overnight: float
    weight: float
    spread_bps: float
    mean_size: float
    is_index: bool
    is_broad: bool
    is_indian: bool


def feed_key(instrument: Instrument) -> str:
    """Return the key under which the simulated market serves an instrument.

    A US share keeps its ticker, an index is `I:NIFTY50` as on the real service, others carry their venue: `NSE:INFY`.
    """
    symbol = instrument.symbol.replace(" ", "")
    if instrument.kind is InstrumentKind.INDEX:
        return f"I:{symbol}"
    if instrument.currency in {"", "USD"}:
        return symbol
    return f"{instrument.id.venue}:{symbol}"


def make_profiles(instruments: list[Instrument], seed: int) -> list[Profile]:
    """Return one profile per instrument. Activity follows Zipf's law in the order of the list, weights add up to 1."""
    ranks = [(index + 1) ** -_ZIPF_EXPONENT for index in range(len(instruments))]
    total = sum(ranks) or 1.0
    return [_profile(instrument, rank / total, seed) for instrument, rank in zip(instruments, ranks, strict=True)]


def _profile(instrument: Instrument, weight: float, seed: int) -> Profile:
    chance = random.Random(f"{seed} {instrument.id}")  # text seeds do not depend on the process's hash seed
    is_index = instrument.kind is InstrumentKind.INDEX
    is_fund = instrument.kind is InstrumentKind.FUND
    is_indian = instrument.id.venue in _INDIAN_VENUES
    drawn = math.exp(chance.gauss(math.log(900 if is_indian else 90), 0.7))
    familiar = _FAMILIAR.get(_NOT_LETTERS.sub("", instrument.symbol.upper()))
    reference, sector = familiar or (drawn, chance.choice(_SECTORS))
    tick = instrument.tick_size or (Decimal("0.05") if is_indian else Decimal("0.01"))
    broad = is_index or is_fund
    return Profile(
        reference=reference,
        sector=sector,
        market="IN" if is_indian else "US",
        tick=float(tick),
        decimals=max(0, -int(tick.normalize().as_tuple().exponent)),
        beta=1.0 if broad else chance.uniform(0.7, 1.5),
        sector_beta=0.2 if broad and sector == "index" else chance.uniform(0.7, 1.2),
        idio=_FUND_IDIO if broad else chance.uniform(0.006, 0.016),
        overnight=chance.gauss(0.0, 0.002 if broad else 0.006),
        weight=weight,
        spread_bps=min(12.0, 0.8 + 0.05 / weight),
        mean_size=max(1.0, 25_000 / reference * (3.0 if is_indian else 1.0)),
        is_index=is_index,
        is_broad=broad,
        is_indian=is_indian,
    )
