"""A tradable thing and its contract facts."""

from __future__ import annotations

import enum
from decimal import Decimal

import msgspec

from marketwatch.domain.ids import CRYPTO, CURRENCY, FUTURES, INDEX, OPTIONS, InstrumentId, Segment


class InstrumentKind(enum.Enum):
    """What is traded."""

    STOCK = "stock"
    FUND = "fund"
    INDEX = "index"
    FUTURE = "future"
    OPTION = "option"
    CURRENCY = "currency"
    CRYPTO = "crypto"
    OTHER = "other"


_KINDS = {
    INDEX: InstrumentKind.INDEX,
    FUTURES: InstrumentKind.FUTURE,
    OPTIONS: InstrumentKind.OPTION,
    CURRENCY: InstrumentKind.CURRENCY,
    CRYPTO: InstrumentKind.CRYPTO,
}


def kind_in(segment: Segment) -> InstrumentKind:
    """Return what is traded in a segment as a rule, where no list says more."""
    return _KINDS.get(segment, InstrumentKind.STOCK)


class Instrument(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Facts of one instrument. `tick_size` None means unknown: show what the feed sent."""

    id: InstrumentId
    name: str = ""
    currency: str = ""
    kind: InstrumentKind = InstrumentKind.STOCK
    tick_size: Decimal | None = None
    lot_size: int = 1
    multiplier: Decimal = Decimal(1)
    isin: str = ""
    exchange_tag: str = ""

    @property
    def symbol(self) -> str:
        """The symbol as people write it."""
        return self.id.symbol

    @property
    def tag(self) -> str:
        """Short exchange name shown beside the symbol."""
        return self.exchange_tag or self.id.venue

    @property
    def decimals(self) -> int | None:
        """Decimals of every price of this instrument, None while the tick size is unknown."""
        if self.tick_size is None:
            return None
        exponent = self.tick_size.as_tuple().exponent  # as written: a tick of 0.10 is quoted with two decimals
        return max(0, -exponent) if isinstance(exponent, int) else None
