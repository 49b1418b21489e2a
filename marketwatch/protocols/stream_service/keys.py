"""How the stream service names instruments: by the bare symbol of the NSE, `RELIANCE` or `NIFTY 50`.

It knows no other exchange. A key that names one all the same, `BSE:RELIANCE`, stays apart.
"""

from __future__ import annotations

from typing import Final

from marketwatch.domain.ids import CASH, INDEX, InstrumentId, Venue

NSE: Final = Venue("NSE")
_INDEX_STARTS: Final = ("NIFTY ", "INDIA VIX")


def feed_key(instrument_id: InstrumentId) -> str | None:
    """Return the feed's name of an instrument, None when it is not a share or an index of the NSE."""
    if instrument_id.venue != NSE or instrument_id.segment not in (CASH, INDEX):
        return None
    return instrument_id.symbol


def instrument_of(key: str) -> InstrumentId:
    """Return the identity of a key that no list of instruments knows."""
    symbol = canonical(key)
    return InstrumentId(NSE, INDEX if symbol.startswith(_INDEX_STARTS) else CASH, symbol)


def canonical(symbol: str) -> str:
    """Return the one form of a symbol that servers write in many: `nse:reliance-eq` is `RELIANCE`."""
    return symbol.strip().upper().removeprefix("NSE:").removesuffix("-EQ")
