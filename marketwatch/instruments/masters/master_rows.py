"""Listings as rows of a master's database."""

from __future__ import annotations

import datetime as dt
import functools
import sqlite3
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from marketwatch.domain.ids import InstrumentId, Segment, Venue
from marketwatch.domain.instrument import Instrument, InstrumentKind
from marketwatch.instruments.masters.changes import Known
from marketwatch.instruments.masters.listing import Listing

_FIELDS: Final = (
    "venue, segment, symbol, name, currency, kind, tick_size, lot_size, multiplier, isin, exchange_tag,"
    " token, feed_token, feed_symbol, series, expiry, strike"
)
_INSERT: Final = f"INSERT INTO listings ({_FIELDS}) VALUES ({', '.join('?' * 17)})"  # noqa: S608 - constants
_SELECT: Final = f"SELECT {_FIELDS} FROM listings ORDER BY number"  # noqa: S608 - constants
_KNOWN: Final = "SELECT venue, segment, symbol, token, expiry FROM listings ORDER BY number"
_SEARCH: Final = (
    f"SELECT {_FIELDS} FROM listings JOIN (SELECT rowid AS found, bm25(listing_text, 10.0, 2.0, 5.0, 5.0) AS weight"  # noqa: S608 - constants
    " FROM listing_text WHERE listing_text MATCH ? ORDER BY weight LIMIT ?) ON number = found ORDER BY weight, number"
)


def write(database: sqlite3.Connection, listings: Iterable[Listing]) -> None:
    """Store listings and their full-text index in an empty database."""
    database.executemany(_INSERT, map(_row, listings))
    database.execute("INSERT INTO listing_text (listing_text) VALUES ('rebuild')")


def read(database: sqlite3.Connection, source: str) -> list[Listing]:
    """Return all listings in the order of the file they came from."""
    return [_listing(source, row) for row in database.execute(_SELECT)]


def known(database: sqlite3.Connection) -> Iterable[Known]:
    """Return what a newer list is compared with, in much less time than reading the listings whole takes."""
    rows: Iterable[Known] = database.execute(_KNOWN)  # plain tuples of these fields: naming 115,000 takes a while
    return rows


def search(database: sqlite3.Connection, source: str, query: str, limit: int) -> list[Listing]:
    """Return the listings that a full-text query finds, best first."""
    return [_listing(source, row) for row in database.execute(_SEARCH, (query, limit))]


def _row(listing: Listing) -> tuple[Any, ...]:
    instrument = listing.instrument
    identity = instrument.id
    return (
        identity.venue,
        identity.segment,
        identity.symbol,
        instrument.name,
        instrument.currency,
        instrument.kind.value,
        None if instrument.tick_size is None else str(instrument.tick_size),
        instrument.lot_size,
        str(instrument.multiplier),
        instrument.isin,
        instrument.exchange_tag,
        listing.token,
        listing.feed_token,
        listing.feed_symbol,
        listing.series,
        None if listing.expiry is None else listing.expiry.isoformat(),
        None if listing.strike is None else str(listing.strike),
    )


def _listing(source: str, row: tuple[Any, ...]) -> Listing:
    venue, segment, symbol, name, currency, kind, tick, lot, multiplier, isin, tag, *rest = row
    token, feed_token, feed_symbol, series, expiry, strike = rest
    return Listing(
        instrument=Instrument(
            id=InstrumentId(Venue(_shared(venue)), Segment(_shared(segment)), symbol),
            name=_shared(name),
            currency=_shared(currency),
            kind=InstrumentKind(kind),
            tick_size=None if tick is None else _decimal(tick),
            lot_size=lot,
            multiplier=_decimal(multiplier),
            isin=isin,
            exchange_tag=_shared(tag),
        ),
        source=source,
        token=token,
        feed_token=feed_token,
        feed_symbol=feed_symbol,
        series=_shared(series),
        expiry=None if expiry is None else _date(expiry),
        strike=None if strike is None else _decimal(strike),
    )


@functools.lru_cache(maxsize=65536)
def _shared(text: str) -> str:
    """Return one string for all equal ones: most names are those of contracts on the same thing."""
    return text


_decimal = functools.lru_cache(maxsize=65536)(Decimal)
_date = functools.lru_cache(maxsize=4096)(dt.date.fromisoformat)
