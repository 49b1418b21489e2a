"""A CSV of one's own: which column is what, and the rows read by it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

import msgspec

from marketwatch.domain.ids import CASH, CRYPTO, CURRENCY, FUTURES, INDEX, OPTIONS, InstrumentId, Segment, Venue
from marketwatch.domain.instrument import Instrument, InstrumentKind
from marketwatch.errors import InstrumentError
from marketwatch.instruments.masters import facts
from marketwatch.instruments.masters.csv_table import Column, CsvTable, plain, read_header
from marketwatch.instruments.masters.listing import Listing, MasterRows
from marketwatch.instruments.masters.text import LARGEST_MASTER, MasterText

FIELDS: Final = (
    "symbol", "name", "venue", "segment", "token", "isin", "currency", "kind", "tick_size", "lot_size", "multiplier",
    "expiry", "strike", "series",
)  # fmt: skip
_GUESSES: Final = {
    "symbol": (
        "symbol", "ticker", "tradingsymbol", "instrumentsymbol", "stocksymbol", "nsesymbol", "tickersymbol",
        "securityid", "scripid", "scrip", "stock", "code", "scripname",
    ),
    "name": (
        "name", "companyname", "company", "description", "securityname", "issuername", "fullname", "longname", "firm",
    ),
    "venue": (
        "venue", "exchange", "exch", "exchseg", "market", "primaryexchange", "exchangename", "exchangecode", "mic",
        "listedon", "stockexchange",
    ),
    "segment": ("segment",),
    "token": ("token", "exchangetoken", "scripcode", "securitycode", "securityno", "scripno"),
    "isin": ("isin", "isincode", "isinnumber", "isinno"),
    "currency": ("currency", "currencyname", "ccy", "currencycode", "tradingcurrency"),
    "kind": ("kind", "type", "instrumenttype", "assettype"),
    "tick_size": ("ticksize", "tick"),
    "lot_size": ("lotsize", "lot", "marketlot"),
    "multiplier": ("multiplier",),
    "expiry": ("expiry", "expirydate"),
    "strike": ("strike", "strikeprice"),
    "series": ("series",),
}  # fmt: skip
_SEGMENTS: Final = {
    CASH: (CASH, InstrumentKind.STOCK),
    INDEX: (INDEX, InstrumentKind.INDEX),
    FUTURES: (FUTURES, InstrumentKind.FUTURE),
    OPTIONS: (OPTIONS, InstrumentKind.OPTION),
    CURRENCY: (CURRENCY, InstrumentKind.CURRENCY),
    CRYPTO: (CRYPTO, InstrumentKind.CRYPTO),
}
_BY_KIND: Final = {
    **dict.fromkeys(("stock", "equity", "eq", "cs", "share", ""), (CASH, InstrumentKind.STOCK)),
    **dict.fromkeys(("fund", "etf", "etn"), (CASH, InstrumentKind.FUND)),
    **dict.fromkeys(("index", "idx", "indices"), (INDEX, InstrumentKind.INDEX)),
    **dict.fromkeys(("future", "futures", "fut"), (FUTURES, InstrumentKind.FUTURE)),
    **dict.fromkeys(("option", "options", "opt", "ce", "pe"), (OPTIONS, InstrumentKind.OPTION)),
    **dict.fromkeys(("currency", "cur", "fx", "forex"), (CURRENCY, InstrumentKind.CURRENCY)),
    "crypto": (CRYPTO, InstrumentKind.CRYPTO),
}


class ColumnMapping(msgspec.Struct, frozen=True):
    """Which column of the file holds which of FIELDS, and what holds for rows that leave a field empty."""

    columns: dict[str, str]
    defaults: dict[str, str] = msgspec.field(default_factory=dict)
    delimiter: str = ""

    def problem(self) -> str:
        """Say what is still missing before a file can be read, nothing when it is complete."""
        unknown = sorted((self.columns.keys() | self.defaults.keys()) - set(FIELDS))
        if unknown:
            return f"“{unknown[0]}” is not a field of an instrument"
        if not self.columns.get("symbol"):
            return "Choose the column that holds the symbol"
        if not self.columns.get("venue") and not self.defaults.get("venue"):
            return "Choose the column that holds the exchange, or name one exchange for all rows"
        return ""


def suggest_mapping(chunks: Iterable[bytes], *, name: str = "The file") -> tuple[list[str], ColumnMapping]:
    """Return the file's column names and the mapping they suggest, to be confirmed by the user."""
    delimiter, header = read_header(MasterText(chunks, name))
    free = {plain(column): column for column in reversed(header) if column}
    columns = {}
    for field, guesses in _GUESSES.items():
        guess = next((guess for guess in guesses if guess in free), None)
        if guess is not None:
            columns[field] = free.pop(guess)
    return header, ColumnMapping(columns, {}, delimiter)


def load_own_csv(
    chunks: Iterable[bytes], mapping: ColumnMapping, *, source: str, name: str = "The file", limit: int = LARGEST_MASTER
) -> MasterRows:
    """Read a table by its mapping. Raises InstrumentError when the mapping or the header cannot be used."""
    problem = mapping.problem()
    if problem:
        raise InstrumentError(name, problem)
    columns = [
        Column(
            mapping.columns.get(field, field),
            (plain(mapping.columns.get(field, "")),),
            bool(mapping.columns.get(field)),
        )
        for field in FIELDS
    ]
    defaults = [mapping.defaults.get(field, "") for field in FIELDS]
    rows = MasterRows(source)
    table = CsvTable(MasterText(chunks, name, limit=limit), name, columns, delimiter=mapping.delimiter)
    for line, cells in table.cells(rows):
        values = (cell.strip() or default for cell, default in zip(cells, defaults, strict=True))
        try:
            rows.add(line, _listing(line, dict(zip(FIELDS, values, strict=True)), rows))
        except facts.RowError as error:
            rows.skip(line, str(error), ",".join(cells))
    return rows


def _listing(line: int, row: Mapping[str, str], rows: MasterRows) -> Listing:
    symbol = facts.symbol(row["symbol"])
    venue = _venue(row["venue"])
    segment, kind = _segment(row["segment"], row["kind"])
    return Listing(
        instrument=Instrument(
            id=InstrumentId(venue, segment, symbol),
            name=facts.clean_name(row["name"]),
            currency=(row["currency"] or _currency_at(venue)).upper(),
            kind=kind,
            tick_size=_positive(line, row, "tick_size", rows),
            lot_size=int(_positive(line, row, "lot_size", rows) or 1),
            multiplier=_positive(line, row, "multiplier", rows) or Decimal(1),
            isin=_isin(row["isin"]),
            exchange_tag=facts.EXCHANGE_TAGS.get(venue, ""),
        ),
        source=rows.source,
        token=facts.token(row["token"]) if row["token"] else "",
        series=row["series"],
        expiry=facts.expiry(row["expiry"]),
        strike=facts.strike(row["strike"]),
    )


def _venue(name: str) -> Venue:
    name = name.upper()
    if not name:
        raise facts.RowError("the exchange is empty")
    if ":" in name or len(name) > 16:
        raise facts.RowError("the exchange is no name of an exchange")
    return facts.VENUE_NAMES.get(name, Venue(name))


def _positive(line: int, row: Mapping[str, str], field: str, rows: MasterRows) -> Decimal | None:
    text = row[field]
    value = Decimal(facts.lot(text) or 0) if field == "lot_size" else facts.number(text)
    if value is not None and value > 0:
        return value
    if text:
        rows.noted.add(line, f"the {field.replace('_', ' ')} is not positive and counts as unknown", row["symbol"])
    return None


def _segment(segment_name: str, kind_name: str) -> tuple[Segment, InstrumentKind]:
    by_kind = _BY_KIND.get(kind_name.lower())
    by_segment = _SEGMENTS.get(Segment(segment_name.upper()))
    if by_segment is None:
        if segment_name and segment_name.upper() not in facts.VENUE_NAMES:
            raise facts.RowError("the segment is not known")
        return by_kind or (CASH, InstrumentKind.OTHER)
    return (by_segment[0], by_kind[1]) if kind_name and by_kind else by_segment


def _currency_at(venue: Venue) -> str:
    if venue in facts.INDIAN_VENUES:
        return "INR"
    return "USD" if venue in facts.EXCHANGE_TAGS else ""


def _isin(text: str) -> str:
    text = text.upper()
    return text if len(text) == 12 and text.isalnum() and text[:2].isalpha() and text[-1].isdigit() else ""
