"""Identity of instruments, feeds and watchlists."""

from __future__ import annotations

from typing import NewType

import msgspec

from marketwatch.errors import InstrumentError

Venue = NewType("Venue", str)
"""Where an instrument trades, by our own short name: `NSE`, `BSE`, `XNAS`, `XNYS`, `ARCX`, `COMEX`."""

Segment = NewType("Segment", str)
"""Part of a venue with its own rules: `EQ` cash, `IDX` indices, `FUT`, `OPT`, `CUR`, `CRYPTO`."""

FeedId = NewType("FeedId", str)
"""One configured source of market data, for example `massive` or `simulated`."""

CASH = Segment("EQ")
INDEX = Segment("IDX")
FUTURES = Segment("FUT")
OPTIONS = Segment("OPT")
CURRENCY = Segment("CUR")
CRYPTO = Segment("CRYPTO")


class InstrumentId(msgspec.Struct, frozen=True, order=True, gc=False, cache_hash=True):
    """Our own key of an instrument: venue, segment and symbol. The only key that models use.

    A bare symbol or token is input to a search, never a key.
    """

    venue: Venue
    segment: Segment
    symbol: str

    def __str__(self) -> str:
        return f"{self.venue}:{self.segment}:{self.symbol}"

    @classmethod
    def parse(cls, text: str) -> InstrumentId:
        """Read what `str()` wrote, such as `NSE:EQ:RELIANCE`; the symbol may hold colons.

        Raises InstrumentError when the text does not have three parts.
        """
        parts = text.split(":", 2)
        if len(parts) != 3 or not all(parts):
            raise InstrumentError(f"Instrument “{text}”", "it is not of the form VENUE:SEGMENT:SYMBOL")
        return cls(Venue(parts[0]), Segment(parts[1]), parts[2])
