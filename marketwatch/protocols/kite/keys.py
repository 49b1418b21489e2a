"""How Kite's ticker names instruments: by a number made of the exchange's token and the market segment.

Which number belongs to which symbol only Kite's list of instruments knows. Without it the well-known ones below work,
and any instrument named by its exchange token, written `#2885`.
"""

from __future__ import annotations

from typing import Final

from marketwatch.domain.ids import CASH, CURRENCY, FUTURES, INDEX, InstrumentId, Segment, Venue
from marketwatch.protocols.kite.packets import BCD, BFO, BSE, CDS, INDICES, LARGEST_TOKEN, MCX, MCXSX, NCO, NFO, NSE
from marketwatch.protocols.kite.requests import parse_token

TOKEN_MARK: Final = "#"  # noqa: S105 - the sign before an exchange's number, not a secret
_NSE: Final = Venue("NSE")
_PLACES: Final[dict[int, tuple[Venue, Segment]]] = {
    NSE: (_NSE, CASH),
    NFO: (Venue("NFO"), FUTURES),
    CDS: (Venue("CDS"), CURRENCY),
    BSE: (Venue("BSE"), CASH),
    BFO: (Venue("BFO"), FUTURES),
    BCD: (Venue("BCD"), CURRENCY),
    MCX: (Venue("MCX"), FUTURES),
    MCXSX: (Venue("MCXSX"), CURRENCY),
    INDICES: (_NSE, INDEX),
    NCO: (Venue("NCO"), FUTURES),
}
_CODES: Final = {place: code for code, place in _PLACES.items()}
_CODES_OF_VENUES: Final = {venue: code for code, (venue, segment) in _PLACES.items() if segment != INDEX}
_WELL_KNOWN: Final = {
    InstrumentId(Venue(venue), segment, symbol): token
    for venue, segment, symbol, token in (
        ("NSE", CASH, "SBIN", "779521"),
        ("NSE", CASH, "RELIANCE", "738561"),
        ("NSE", CASH, "TCS", "2953217"),
        ("NSE", CASH, "INFY", "408065"),
        ("NSE", CASH, "HDFCBANK", "341249"),
        ("NSE", CASH, "BHARTIARTL", "2714625"),
        ("NSE", CASH, "ICICIBANK", "1270529"),
        ("NSE", CASH, "HINDUNILVR", "356865"),
        ("NSE", CASH, "ITC", "424961"),
        ("NSE", CASH, "KOTAKBANK", "492033"),
        ("NSE", INDEX, "NIFTY 50", "256265"),
        ("NSE", INDEX, "BANKNIFTY", "260105"),
        ("BSE", INDEX, "SENSEX", "265"),
    )
}
_BY_TOKEN: Final = {token: instrument_id for instrument_id, token in _WELL_KNOWN.items()}


def feed_key(instrument_id: InstrumentId) -> str | None:
    """Return Kite's token of an instrument, None when only the list of instruments could tell."""
    known = _WELL_KNOWN.get(instrument_id)
    if known is not None:
        return known
    code = _CODES.get((instrument_id.venue, instrument_id.segment))
    number = instrument_id.symbol.removeprefix(TOKEN_MARK)
    is_token = instrument_id.symbol.startswith(TOKEN_MARK) and number.isascii() and number.isdigit()
    if code is None or not is_token or len(number) > 8:
        return None
    token = int(number) << 8 | code
    return str(token) if token <= LARGEST_TOKEN else None


def key_of_token(instrument_id: InstrumentId, token: str) -> str | None:
    """Return Kite's token of an instrument whose exchange's own token is known; indices have tokens of Kite's own."""
    code = _CODES_OF_VENUES.get(instrument_id.venue)
    is_token = token.isascii() and token.isdigit() and len(token) <= 8
    if code is None or instrument_id.segment == INDEX or not is_token:
        return None
    number = int(token) << 8 | code
    return str(number) if 0 < number <= LARGEST_TOKEN and int(token) else None


def instrument_of(key: str) -> InstrumentId:
    """Return the identity of a key that no list of instruments knows.

    A number whose low byte is no market segment is read as an exchange token of the NSE, as people write it; one
    behind a venue always as an exchange token of that venue.
    """
    key = key.strip()
    if key in _BY_TOKEN:
        return _BY_TOKEN[key]
    token = parse_token(key)
    if token is not None:
        place = _PLACES.get(token & 0xFF)
        venue, segment = place or (_NSE, CASH)
        return _named(InstrumentId(venue, segment, f"{TOKEN_MARK}{token >> 8 if place else token}"))
    name, separator, symbol = key.partition(":")
    return _at(Venue(name), symbol) if separator else _at(_NSE, key)


def _at(venue: Venue, symbol: str) -> InstrumentId:
    """Return what a name means at a venue: an exchange token, such as 500325 of `BSE:500325`, an index or a symbol."""
    code = _CODES_OF_VENUES.get(venue)
    if code is not None and symbol.isascii() and symbol.isdigit():
        return _named(InstrumentId(venue, _PLACES[code][1], f"{TOKEN_MARK}{symbol}"))
    index = InstrumentId(venue, INDEX, symbol)
    return index if index in _WELL_KNOWN else InstrumentId(venue, CASH, symbol)


def _named(instrument_id: InstrumentId) -> InstrumentId:
    """Return the well-known instrument of a token, so that one instrument has one identity."""
    return _BY_TOKEN.get(feed_key(instrument_id) or "", instrument_id)
