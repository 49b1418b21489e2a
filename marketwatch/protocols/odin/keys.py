"""How we name instruments at an Odin server: `NSE:RELIANCE` by symbol, `NSE:#2885` by exchange token.

The venue is always part of the key, because the server's names are not unique: a symbol can be listed at two
exchanges, and token 2885 is RELIANCE at the NSE and something else at the BSE. On the wire only the part after the
colon is said, and the exchange of each answer is compared with the venue asked for.
"""

from __future__ import annotations

from typing import Final

import msgspec

from marketwatch.domain.ids import CASH, InstrumentId, Venue

NSE: Final = Venue("NSE")
BSE: Final = Venue("BSE")
TOKEN_MARK: Final = "#"  # noqa: S105 - the sign before an exchange's number, not a secret
_VENUES: Final = {"NSE": NSE, "NSE_EQ": NSE, "NSE_CM": NSE, "BSE": BSE, "BSE_EQ": BSE, "BSE_CM": BSE}
_VENUE_OF_SEGMENT: Final = {1: NSE, 4: BSE}


class OdinKey(msgspec.Struct, frozen=True):
    """A feed key in parts: `item` is what the wire says, a symbol or, with `is_token`, an exchange token."""

    venue: Venue
    item: str
    is_token: bool


def parse_key(key: str) -> OdinKey | None:
    """Read a feed key; None when it names no venue, or when the server would misread it.

    A symbol of digits only cannot be asked for: the server would take it for a token.
    """
    venue, separator, item = key.partition(":")
    is_token = item.startswith(TOKEN_MARK)
    item = item.removeprefix(TOKEN_MARK)
    if not separator or not venue or not item or item != item.strip() or is_token is not item.isdecimal():
        return None
    return OdinKey(Venue(venue), item.upper(), is_token)


def symbol_key(venue: Venue, symbol: str) -> str:
    """Return the key of a symbol at a venue."""
    return f"{venue}:{symbol}"


def token_key(venue: Venue, token: str) -> str:
    """Return the key of an exchange token at a venue."""
    return f"{venue}:{TOKEN_MARK}{token}"


def feed_key(instrument_id: InstrumentId) -> str | None:
    """Return the feed's name of an instrument, None when it is not a share of NSE or BSE."""
    if instrument_id.venue not in (NSE, BSE) or instrument_id.segment != CASH:
        return None
    return symbol_key(instrument_id.venue, instrument_id.symbol)


def instrument_of(key: str) -> InstrumentId:
    """Return the identity of a key that no list of instruments knows.

    A number alone stands for a token of the NSE and stays marked as one: it never becomes a symbol.
    """
    venue, separator, symbol = key.partition(":")
    if not separator:
        venue, symbol = NSE, key
    symbol = symbol.strip()
    return InstrumentId(Venue(venue), CASH, f"{TOKEN_MARK}{symbol}" if symbol.isdecimal() else symbol)


def venue_of(exchange: str) -> Venue | None:
    """Return the venue an exchange field names; an unknown name is a venue of its own, an empty one none."""
    return _VENUES.get(exchange, Venue(exchange)) if exchange else None


def exchange_token(token: str, venue: Venue) -> str:
    """Return a token as the exchange counts: older servers send Kite's number, 738561 for 2885 at the NSE."""
    if token.isdecimal() and len(token) < 12:
        number, segment = divmod(int(token), 256)
        if number and _VENUE_OF_SEGMENT.get(segment) == venue:
            return str(number)
    return token
