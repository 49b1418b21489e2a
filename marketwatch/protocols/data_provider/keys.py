"""How the Data Provider Server names instruments: as Yahoo does.

`SPY`, `BTC-USD`, `^GSPC` an index, `EURUSD=X` a pair of currencies, `GC=F` a future, `SBIN.NS` a share of the NSE.
"""

from __future__ import annotations

import functools
from typing import Final
from zoneinfo import ZoneInfo

from marketwatch.domain.calendar import VenueRules
from marketwatch.domain.ids import CASH, CRYPTO, CURRENCY, FUTURES, INDEX, InstrumentId, Segment, Venue
from marketwatch.domain.venues import ALWAYS, INDIA, UNITED_STATES

NSE: Final = Venue("NSE")
BSE: Final = Venue("BSE")
US: Final = Venue("US")
COINS: Final = Venue("CRYPTO")
PAIRS: Final = Venue("FX")
_US_VENUES: Final = frozenset(Venue(name) for name in ("US", "XNAS", "XNYS", "ARCX", "XASE", "BATS", "IEXG"))
_INDEX: Final = "^"
_PAIR: Final = "=X"
_FUTURE: Final = "=F"
_SUFFIXES: Final = {".NS": NSE, ".BO": BSE}
_COIN_QUOTES: Final = frozenset(["USD", "USDT", "USDC", "EUR", "GBP", "INR", "JPY", "BTC", "ETH"])
_INDIAN_INDICES: Final = {
    "^NSEI": InstrumentId(NSE, INDEX, "NIFTY 50"),
    "^NSEBANK": InstrumentId(NSE, INDEX, "NIFTY BANK"),
    "^BSESN": InstrumentId(BSE, INDEX, "SENSEX"),
}
_INDIAN_KEYS: Final = {identity: key for key, identity in _INDIAN_INDICES.items()}


def instrument_of(key: str) -> InstrumentId:
    """Return the identity of a key that no list of instruments knows."""
    symbol = key.strip().upper()
    if symbol in _INDIAN_INDICES:
        return _INDIAN_INDICES[symbol]
    if symbol.startswith(_INDEX) and len(symbol) > 1:
        return InstrumentId(US, INDEX, symbol.removeprefix(_INDEX))
    if symbol.endswith(_PAIR) and len(symbol) > len(_PAIR):
        return InstrumentId(PAIRS, CURRENCY, symbol.removesuffix(_PAIR))
    if symbol.endswith(_FUTURE) and len(symbol) > len(_FUTURE):
        return InstrumentId(US, FUTURES, symbol.removesuffix(_FUTURE))
    if _is_coin(symbol):
        return InstrumentId(COINS, CRYPTO, symbol)
    name, venue = symbol[:-3], _SUFFIXES.get(symbol[-3:])
    return InstrumentId(venue, CASH, name) if venue and name else InstrumentId(US, CASH, symbol)


def feed_key(instrument_id: InstrumentId) -> str | None:
    """Return the server's name of an instrument, None when it has none."""
    venue, segment, symbol = instrument_id.venue, instrument_id.segment, instrument_id.symbol
    if segment == CRYPTO:
        return symbol if _is_coin(symbol) else None
    if segment == INDEX and venue in (NSE, BSE):
        return _INDIAN_KEYS.get(instrument_id)
    if venue in _SUFFIXES.values():
        suffix = next(suffix for suffix, known in _SUFFIXES.items() if known == venue)
        return f"{symbol}{suffix}" if segment == CASH else None
    if venue == PAIRS:
        return f"{symbol}{_PAIR}" if segment == CURRENCY else None
    return _american_key(segment, symbol) if venue in _US_VENUES else None


def currency_of(instrument_id: InstrumentId) -> str:
    """Return the currency that an instrument of this server is quoted in, empty when that is not known."""
    if instrument_id.segment == CRYPTO:
        return instrument_id.symbol.replace("/", "-").rpartition("-")[2]
    if instrument_id.segment == CURRENCY:
        return instrument_id.symbol[3:] if len(instrument_id.symbol) == 6 else ""
    return "INR" if instrument_id.venue in (NSE, BSE) else "USD"


@functools.lru_cache(maxsize=10_000)
def rules_of(key: str) -> VenueRules:
    """Return the hours of what a key means; the server's times without a zone are of these rules' zone."""
    identity = instrument_of(key)
    if identity.venue in (NSE, BSE):
        return INDIA
    return UNITED_STATES if identity.venue == US else ALWAYS


@functools.lru_cache(maxsize=10_000)
def zone_of(key: str) -> ZoneInfo:
    """Return the zone of the server's times for a key: of the exchange, UTC for crypto and currencies."""
    return ZoneInfo(rules_of(key).zone)


def _is_coin(symbol: str) -> bool:
    base, separator, quote = symbol.replace("/", "-").rpartition("-")
    return bool(base and separator) and quote in _COIN_QUOTES


def _american_key(segment: Segment, symbol: str) -> str | None:
    return {CASH: symbol, INDEX: f"{_INDEX}{symbol}", FUTURES: f"{symbol}{_FUTURE}"}.get(segment)
