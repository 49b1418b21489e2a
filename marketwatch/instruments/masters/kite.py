"""Kite's instruments CSV (kite.trade, documentation of the connect API, version 3). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from marketwatch.domain.ids import CASH, FUTURES, INDEX, OPTIONS, InstrumentId, Segment, Venue
from marketwatch.domain.instrument import Instrument, InstrumentKind
from marketwatch.instruments.masters import facts
from marketwatch.instruments.masters.csv_table import CsvTable, columns_of
from marketwatch.instruments.masters.listing import KITE, Listing, MasterRows
from marketwatch.instruments.masters.text import LARGEST_MASTER, MasterText

_COLUMNS: Final = columns_of(
    {
        "instrument_token": "",
        "exchange_token": "",
        "tradingsymbol": "symbol",
        "name": "",
        "expiry": "expirydate",
        "strike": "strikeprice",
        "tick_size": "tick",
        "lot_size": "lot",
        "instrument_type": "type",
        "segment": "",
        "exchange": "",
    },
    ("instrument_token", "exchange_token", "tradingsymbol", "instrument_type", "segment", "exchange"),
)
SEGMENT_CODES: Final = {"NSE": 1, "NFO": 2, "CDS": 3, "BSE": 4, "BFO": 5, "BCD": 6, "MCX": 7, "INDICES": 9}
"""The low byte of an instrument token."""

_KINDS: Final = {
    "EQ": (CASH, InstrumentKind.STOCK),
    "FUT": (FUTURES, InstrumentKind.FUTURE),
    "CE": (OPTIONS, InstrumentKind.OPTION),
    "PE": (OPTIONS, InstrumentKind.OPTION),
}
_BONDS: Final = frozenset({"GB", "GS", "TB", "SG"})


def load_kite(chunks: Iterable[bytes], *, name: str = "Kite instruments", limit: int = LARGEST_MASTER) -> MasterRows:
    """Read a dump, compressed or not. Blocks for a second at full size: call it in a worker.

    Raises InstrumentError when it is no such dump.
    """
    rows = MasterRows(KITE)
    for line, cells in CsvTable(MasterText(chunks, name, limit=limit), name, _COLUMNS).cells(rows):
        try:
            listing = _listing(line, cells, rows)
        except facts.RowError as error:
            rows.skip(line, str(error), ",".join(cells))
        else:
            rows.add(line, listing)
    return rows


def _listing(line: int, cells: list[str], rows: MasterRows) -> Listing:
    feed_token, token, written, name, expiry, strike, tick, lot, kind_name, segment_name, exchange = cells
    venue = Venue(exchange.strip())
    if venue not in facts.INDIAN_VENUES:
        raise facts.RowError("the exchange is not known")
    kind_name = kind_name.strip()
    segment, kind = _segment(kind_name, segment_name.strip())
    symbol = facts.symbol(written)
    feed_token = facts.token(feed_token)
    token = facts.token(token)
    _check_tokens(int(feed_token), int(token), "INDICES" if segment is INDEX else venue)
    ends = facts.expiry(expiry)
    if ends is None and segment in (FUTURES, OPTIONS):
        raise facts.RowError("a contract without an expiry")
    series = facts.nse_series(symbol) if segment is CASH and venue == "NSE" else kind_name if kind_name != "EQ" else ""
    lot_size = facts.lot(lot)
    if tick.lstrip().startswith("-") or lot.lstrip().startswith("-"):
        rows.noted.add(line, "a negative tick or lot size counts as unknown", written)
    return Listing(
        instrument=Instrument(
            id=InstrumentId(venue, segment, symbol),
            name=facts.clean_name(name),
            currency="INR",
            kind=_refined(kind, symbol, series),
            tick_size=facts.rupee_tick(tick),
            lot_size=lot_size or 1,
        ),
        source=KITE,
        token=token,
        feed_token=feed_token,
        series=series,
        expiry=ends,
        strike=facts.strike(strike) if segment is OPTIONS else None,
    )


def _segment(kind_name: str, segment_name: str) -> tuple[Segment, InstrumentKind]:
    if segment_name == "INDICES":
        return INDEX, InstrumentKind.INDEX
    found = _KINDS.get(kind_name)
    if found is None:
        raise facts.RowError("the instrument type is not known")
    return found


def _check_tokens(feed_token: int, token: int, segment_name: str) -> None:
    """Kite's own number is the exchange's with the segment in the low byte; anything else is a broken row."""
    code = SEGMENT_CODES.get(segment_name)
    if code is not None and feed_token != token << 8 | code:
        raise facts.RowError("instrument token and exchange token do not belong together")


def _refined(kind: InstrumentKind, symbol: str, series: str) -> InstrumentKind:
    """Kite lists funds and bonds as equity; the symbol tells the common ones."""
    if kind is not InstrumentKind.STOCK:
        return kind
    if series in _BONDS:
        return InstrumentKind.OTHER
    return InstrumentKind.FUND if symbol.endswith(("BEES", "ETF")) else kind
