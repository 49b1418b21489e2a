"""A CSV of one's own: the mapping, and RELIABILITY 3.3 items 32, 35 to 37 on it."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import hypothesis
import hypothesis.strategies as st
import pytest
from shared_data import shared_data

from marketwatch.domain.instrument import InstrumentKind
from marketwatch.errors import InstrumentError
from marketwatch.instruments.directory import COLUMNS
from marketwatch.instruments.masters.listing import MasterRows
from marketwatch.instruments.masters.own_csv import ColumnMapping, load_own_csv, suggest_mapping

MAPPING = ColumnMapping({"symbol": "Ticker", "venue": "Exchange", "name": "Company"})


def _load(text: str, mapping: ColumnMapping = MAPPING) -> MasterRows:
    return load_own_csv([text.encode()], mapping, source="own:test")


def test_a_mapping_is_suggested_from_the_header() -> None:
    header, mapping = suggest_mapping([b"Company Name;Ticker;Exchange;ISIN Code;Tick;Notes\n"])
    assert header == ["Company Name", "Ticker", "Exchange", "ISIN Code", "Tick", "Notes"]
    assert mapping.columns == {
        "symbol": "Ticker",
        "name": "Company Name",
        "venue": "Exchange",
        "isin": "ISIN Code",
        "tick_size": "Tick",
    }
    assert (mapping.delimiter, mapping.problem()) == (";", "")


@pytest.mark.parametrize(
    ("mapping", "problem"),
    [
        (ColumnMapping({}), "Choose the column that holds the symbol"),
        (
            ColumnMapping({"symbol": "a"}),
            "Choose the column that holds the exchange, or name one exchange for all rows",
        ),
        (ColumnMapping({"symbol": "a"}, {"venue": "NSE"}), ""),
        (ColumnMapping({"symbol": "a", "colour": "b"}), "“colour” is not a field of an instrument"),
    ],
)
def test_an_incomplete_mapping_says_what_is_missing(mapping: ColumnMapping, problem: str) -> None:
    assert mapping.problem() == problem
    if problem:
        with pytest.raises(InstrumentError, match="The file"):
            _load("a,b\n1,2\n", mapping)


def test_rows_by_their_mapping_with_defaults() -> None:
    mapping = ColumnMapping(
        {
            "symbol": "s",
            "tick_size": "t",
            "lot_size": "l",
            "multiplier": "m",
            "isin": "i",
            "token": "k",
            "kind": "type",
        },
        {"venue": "NASDAQ", "kind": "ETF"},
    )
    rows = _load("s,t,l,m,i,k,type\nQQQ,0.01,10,2,US46090E1038,12,\nAAPL,,,,broken,,stock\n", mapping)
    fund, share = (each.instrument for each in rows.listings)
    assert (str(fund.id), fund.tag, fund.kind, fund.currency) == ("XNAS:EQ:QQQ", "NSDQ", InstrumentKind.FUND, "USD")
    assert (fund.tick_size, fund.lot_size, fund.multiplier, fund.isin) == (Decimal("0.01"), 10, 2, "US46090E1038")
    assert rows.listings[0].token == "12"
    assert (share.kind, share.tick_size, share.lot_size, share.isin) == (InstrumentKind.STOCK, None, 1, "")


def test_the_format_of_the_bundled_lists_is_read_too() -> None:
    text = f"{','.join(COLUMNS)}\nNSE,IDX,NIFTY 50,Nifty,INR,index,0.05,1,1,,\n"
    _, mapping = suggest_mapping([text.encode()])
    listing = _load(text, mapping).listings[0]
    assert (str(listing.id), listing.instrument.kind) == ("NSE:IDX:NIFTY 50", InstrumentKind.INDEX)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",NSE,x", "the symbol is empty"),
        ("A,,x", "the exchange is empty"),
        ("A,N:S,x", "the exchange is no name of an exchange"),
        ("A,NSE", "it has fewer cells than the header"),
        ("A,NSE,x,y", "it has more cells than the header"),
        ('A,NSE,"x', "its quotation marks do not match"),
    ],
)
def test_a_broken_row_is_skipped_with_its_line(row: str, reason: str) -> None:
    rows = _load(f"Ticker,Exchange,Company\n{row}\nSBIN,NSE,State Bank\n")
    assert [(note.line, note.reason) for note in rows.skipped.rows] == [(2, reason)]
    assert [each.id.symbol for each in rows.listings] == ["SBIN"]


def test_item_36_a_tick_or_lot_that_is_not_positive_is_noted_and_unknown() -> None:
    mapping = ColumnMapping({"symbol": "s", "tick_size": "t", "lot_size": "l"}, {"venue": "NSE"})
    rows = _load("s,t,l\nA,0,0\nB,-1,-5\nC,five,1.5\nD,0.05,25\n", mapping)
    assert [each.instrument.tick_size for each in rows.listings] == [None, None, None, Decimal("0.05")]
    assert [each.instrument.lot_size for each in rows.listings] == [1, 1, 1, 25]
    assert [note.line for note in rows.noted.rows] == [2, 2, 3, 3, 4, 4]


@pytest.mark.parametrize(
    ("segment", "kind", "expected"),
    [
        ("FUT", "", "NSE:FUT:A"),
        ("", "CE", "NSE:OPT:A"),
        ("NSE", "", "NSE:EQ:A"),
        ("EQ", "etf", "NSE:EQ:A"),
        ("nonsense", "", "the segment is not known"),
    ],
)
def test_segments_and_kinds(segment: str, kind: str, expected: str) -> None:
    mapping = ColumnMapping({"symbol": "s", "segment": "g", "kind": "k"}, {"venue": "NSE"})
    rows = _load(f"s,g,k\nA,{segment},{kind}\n", mapping)
    said = [str(each.id) for each in rows.listings] or [note.reason for note in rows.skipped.rows]
    assert said == [expected]


def test_item_32_a_mapped_column_that_is_gone_is_named() -> None:
    with pytest.raises(InstrumentError, match="the column Exchange is missing"):
        _load("Ticker,Company\nA,B\n")


def test_the_genuine_list_of_american_tickers_is_read_without_a_loss() -> None:
    data = shared_data("masters", "us_tickers_2026-08-21.csv.gz").read_bytes()
    _, mapping = suggest_mapping([data])
    rows = load_own_csv([data], mapping, source="own:us")
    assert (len(rows), len(rows.skipped)) == (6890, 0)
    assert {each.id.venue for each in rows.listings} == {"XNAS", "XNYS"}


PLAIN = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)


@hypothesis.given(
    st.lists(st.tuples(PLAIN, st.sampled_from(["NSE", "nyse", "LSE"]), PLAIN), unique_by=lambda row: (row[0], row[1]))
)
def test_what_a_spreadsheet_writes_is_read_back(table: list[tuple[str, str, str]]) -> None:
    file = io.StringIO()
    csv.writer(file).writerows([("Ticker", "Exchange", "Company"), *table])
    rows = _load(file.getvalue())
    venues = {"NSE": "NSE", "nyse": "XNYS", "LSE": "LSE"}
    assert [(each.id.symbol, each.id.venue, each.instrument.name) for each in rows.listings] == [
        (symbol, venues[venue], name) for symbol, venue, name in table
    ]
    assert len(rows.skipped) == 0


@hypothesis.given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_any_text_below_the_header_is_safe(text: str) -> None:
    rows = _load(f"Ticker,Exchange,Company\n{text}")
    assert all(each.id.symbol and each.id.venue for each in rows.listings)
