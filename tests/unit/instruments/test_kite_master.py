"""RELIABILITY 3.3 on Kite's dump: items 32 to 37, each with the line and the reason of what is left out."""

from __future__ import annotations

import datetime as dt
import gzip
from decimal import Decimal

import hypothesis
import hypothesis.strategies as st
import pytest
from shared_data import shared_data

from marketwatch.domain.ids import CASH, FUTURES, INDEX, OPTIONS, InstrumentId, Venue
from marketwatch.domain.instrument import InstrumentKind
from marketwatch.errors import InstrumentError
from marketwatch.instruments.masters.kite import load_kite
from marketwatch.instruments.masters.listing import Listing, MasterRows, RowNote

HEADER = (
    "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,"
    "instrument_type,segment,exchange"
)
RELIANCE = "738561,2885,RELIANCE,RELIANCE INDUSTRIES,0,,,0.05,1,EQ,NSE,NSE"
NSE = Venue("NSE")


def _load(*rows: str, header: str = HEADER) -> MasterRows:
    return load_kite([("\n".join((header, *rows)) + "\n").encode()])


def _only(*rows: str, header: str = HEADER) -> Listing:
    loaded = _load(*rows, header=header)
    assert loaded.skipped.rows == []
    assert len(loaded) == 1
    return loaded.listings[0]


def _skipped(*rows: str) -> list[tuple[int, str]]:
    return [(note.line, note.reason) for note in _load(*rows).skipped.rows]


def test_a_share() -> None:
    listing = _only(RELIANCE)
    assert listing.id == InstrumentId(NSE, CASH, "RELIANCE")
    assert (listing.token, listing.feed_token, listing.series, listing.source) == ("2885", "738561", "EQ", "kite")
    instrument = listing.instrument
    assert (instrument.name, instrument.currency, instrument.kind) == (
        "RELIANCE INDUSTRIES",
        "INR",
        InstrumentKind.STOCK,
    )
    assert (instrument.tick_size, instrument.lot_size) == (Decimal("0.05"), 1)


def test_contracts_with_their_facts() -> None:
    rows = _load(
        "12073986,47164,BANKNIFTY18JAN23500CE,,2528.4,2018-01-25,23500.0,0.05,40,CE,NFO-OPT,NFO",
        "5720322,22345,NIFTY15DECFUT,,78.0,2015-12-31,,0.05,75,FUT,NFO-FUT,NFO",
    )
    option, future = rows.listings
    assert option.id == InstrumentId(Venue("NFO"), OPTIONS, "BANKNIFTY18JAN23500CE")
    assert (option.expiry, option.strike, option.series) == (dt.date(2018, 1, 25), Decimal(23500), "CE")
    assert option.description == "BANKNIFTY18JAN23500CE call 23500, 25 Jan 2018"
    assert (future.id.segment, future.strike, future.instrument.lot_size) == (FUTURES, None, 75)
    assert future.instrument.kind is InstrumentKind.FUTURE
    assert rows.count_expired(dt.date(2016, 1, 1)) == 1


def test_an_index_is_of_the_index_segment_though_its_exchange_is_nse() -> None:
    listing = _only("256265,1001,NIFTY 50,NIFTY 50,0,,,0,1,EQ,INDICES,NSE")
    assert listing.id == InstrumentId(NSE, INDEX, "NIFTY 50")
    assert (listing.instrument.kind, listing.instrument.tick_size) == (InstrumentKind.INDEX, None)


def test_series_funds_and_bonds_are_told_apart() -> None:
    rows = _load(
        "3813889,14898,CENTRALBK-BE,CENTRAL BANK OF INDIA,0.0,,0.0,0.05,1,EQ,NSE,NSE",
        "2707457,10576,NIFTYBEES,NIPPON,0,,,0.01,1,EQ,NSE,NSE",
        "1309185,5114,SGBJUL29IV-GB,GOLD BOND,0,,,0.01,1,EQ,NSE,NSE",
        "4267265,16669,BAJAJ-AUTO,BAJAJ AUTO,0,,,0.05,1,EQ,NSE,NSE",
    )
    assert [(each.series, each.instrument.kind) for each in rows.listings] == [
        ("BE", InstrumentKind.STOCK),
        ("EQ", InstrumentKind.FUND),
        ("GB", InstrumentKind.OTHER),
        ("EQ", InstrumentKind.STOCK),
    ]


def test_item_32_columns_may_move_carry_blanks_be_renamed_and_more_may_come() -> None:
    header = " Exchange, segment ,INSTRUMENT_TYPE,new column,symbol,exchange token,Instrument-Token,tick_size"
    listing = _only("NSE,NSE,EQ,x,RELIANCE,2885,738561,0.10", header=header)
    assert (listing.id.symbol, listing.token, listing.instrument.tick_size) == ("RELIANCE", "2885", Decimal("0.10"))
    assert listing.instrument.name == ""


def test_item_32_a_missing_column_is_named_with_what_is_there() -> None:
    with pytest.raises(
        InstrumentError, match="the column instrument_token is missing; its first line names: tradingsymbol, x"
    ):
        load_kite([b"tradingsymbol,x\nA,B\n"])


def test_item_32_a_duplicated_column_is_warned_of() -> None:
    loaded = _load(RELIANCE + ",BSE", header=HEADER + ",exchange")
    assert loaded.listings[0].id.venue == "NSE"
    assert loaded.warnings == ["The column exchange is there twice: the first one was read"]


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "it is empty"),
        (b"\n \n\n", "it is empty"),
        (b"<!DOCTYPE html><html>403", "a web page was sent instead of a table"),
        (b'{"status":"error","message":"Incorrect api_key"}', "Incorrect api_key"),
        (b'"unclosed,header\nrow', "cannot be read as column names"),
    ],
)
def test_something_else_than_a_table_is_refused(data: bytes, cause: str) -> None:
    with pytest.raises(InstrumentError, match=cause):
        load_kite([data])


def test_item_33_header_only_is_no_row_and_no_error() -> None:
    loaded = _load()
    assert (len(loaded), len(loaded.skipped), loaded.is_cut) == (0, 0, False)


def test_item_33_a_file_cut_in_the_middle_of_a_row_is_noticed() -> None:
    loaded = load_kite([f"{HEADER}\n{RELIANCE}\n{RELIANCE[:30]}".encode()])
    assert len(loaded) == 1
    assert loaded.skipped.rows == [RowNote(3, "it has fewer cells than the header", RELIANCE[:30])]
    assert loaded.is_cut
    assert loaded.warnings == ["The file ends in the middle of a row: it was cut"]


def test_item_33_a_file_cut_inside_its_last_cell_is_noticed() -> None:
    loaded = load_kite([f"{HEADER}\n{RELIANCE}\n{RELIANCE[:-1]}".encode()])
    assert loaded.skipped.rows[0].reason == "the exchange is not known"
    assert loaded.is_cut


def test_item_33_a_short_row_in_the_middle_is_only_skipped() -> None:
    loaded = _load("738561,2885,RELI", RELIANCE)
    assert (len(loaded), len(loaded.skipped), loaded.is_cut) == (1, 1, False)


def test_item_34_absurd_rows_are_skipped_with_their_line() -> None:
    assert _skipped("x" * 2_000_000, RELIANCE, "1\0" + RELIANCE) == [
        (2, "the line is too long"),
        (4, "it holds NUL characters"),
    ]


def test_quoted_commas_are_one_cell_and_a_stray_quote_costs_one_row() -> None:
    loaded = _load(
        '738561,2885,RELIANCE,"RELIANCE, ""INDUSTRIES""",0,,,0.05,1,EQ,NSE,NSE',
        '779521,3045,SBIN,"STATE BANK,0,,,0.05,1,EQ,NSE,NSE',
        "2953217,11536,TCS,TATA, CONSULTANCY,0,,,0.05,1,EQ,NSE,NSE",
        "408065,1594,INFY,INFOSYS,0,,,0.05,1,EQ,NSE,NSE",
    )
    assert [each.instrument.name for each in loaded.listings] == ['RELIANCE, "INDUSTRIES"', "INFOSYS"]
    assert [(note.line, note.reason) for note in loaded.skipped.rows] == [
        (3, "its quotation marks do not match"),
        (4, "it has more cells than the header"),
    ]


def test_item_35_one_token_for_two_symbols_is_noted_on_both_lines() -> None:
    loaded = _load(RELIANCE, "738561,2885,OTHER,OTHER,0,,,0.05,1,EQ,NSE,NSE")
    assert [each.id.symbol for each in loaded.listings] == ["RELIANCE", "OTHER"]
    assert [(note.line, note.reason) for note in loaded.noted.rows] == [
        (2, "its token is given twice"),
        (3, "its token is given twice"),
    ]


def test_item_35_the_same_symbol_on_two_exchanges_and_the_same_token_in_two_segments_are_no_conflict() -> None:
    loaded = _load(
        RELIANCE,
        "128083204,500325,RELIANCE,RELIANCE INDUSTRIES.,0,,,0.05,1,EQ,BSE,BSE",
        "738563,2885,USDINR25OCT88.5CE,USDINR,0,2025-10-29,88.5,0.0025,1000,CE,CDS-OPT,CDS",
    )
    assert [str(each.id) for each in loaded.listings] == [
        "NSE:EQ:RELIANCE",
        "BSE:EQ:RELIANCE",
        "CDS:OPT:USDINR25OCT88.5CE",
    ]
    assert (len(loaded.skipped), len(loaded.noted)) == (0, 0)
    assert loaded.listings[2].description == "USDINR call 88.5, 29 Oct 2025"


def test_item_35_an_instrument_listed_twice_is_taken_once() -> None:
    loaded = _load(RELIANCE, RELIANCE)
    assert len(loaded) == 1
    assert loaded.skipped.rows == [RowNote(3, "the instrument is listed twice", "NSE:EQ:RELIANCE is on line 2")]


@pytest.mark.parametrize(
    ("tick", "lot", "expected", "notes"),
    [
        ("0.05", "1", (Decimal("0.05"), 1), 0),
        ("0.1", "25", (Decimal("0.10"), 25), 0),
        ("0.0025", "1000", (Decimal("0.0025"), 1000), 0),
        ("0", "0", (None, 1), 0),
        ("", "", (None, 1), 0),
        ("-0.05", "1", (None, 1), 1),
        ("0.05", "-1", (Decimal("0.05"), 1), 1),
        ("NaN", "1.5", (None, 1), 0),
        ("1e400", "1.0", (None, 1), 0),
        ("1", "1e3", (Decimal("1.00"), 1000), 0),
    ],
)
def test_item_36_tick_and_lot_sizes(tick: str, lot: str, expected: tuple[Decimal | None, int], notes: int) -> None:
    loaded = _load(f"738561,2885,RELIANCE,R,0,,,{tick},{lot},EQ,NSE,NSE")
    instrument = loaded.listings[0].instrument
    assert (instrument.tick_size, instrument.lot_size) == expected
    assert len(loaded.noted) == notes


@pytest.mark.parametrize("written", ["2025-12-30", "30-12-2025", "30DEC2025", "30dec2025", "30-Dec-2025", "30/12/2025"])
def test_item_36_expiry_in_every_format(written: str) -> None:
    listing = _only(f"12073986,47164,NIFTY25DECFUT,NIFTY,0,{written},,0.05,75,FUT,NFO-FUT,NFO")
    assert listing.expiry == dt.date(2025, 12, 30)


@pytest.mark.parametrize("written", ["31FEB2025", "2025-13-01", "soon", "30-XYZ-2025", "12/2025"])
def test_item_36_an_expiry_that_is_no_date_costs_the_row(written: str) -> None:
    row = f"12073986,47164,NIFTY25DECFUT,NIFTY,0,{written},,0.05,75,FUT,NFO-FUT,NFO"
    assert _skipped(row) == [(2, "the expiry is no date")]


def test_item_36_a_contract_needs_an_expiry_and_a_past_one_counts_as_ended() -> None:
    assert _skipped("12073986,47164,NIFTYFUT,NIFTY,0,,,0.05,75,FUT,NFO-FUT,NFO") == [
        (2, "a contract without an expiry")
    ]
    past = _only("12073986,47164,NIFTY18JANFUT,NIFTY,0,2018-01-25,,0.05,75,FUT,NFO-FUT,NFO")
    assert past.is_expired(dt.date(2018, 1, 26))
    assert not past.is_expired(dt.date(2018, 1, 25))


@pytest.mark.parametrize(
    "symbol", ["M&M", "3MINDIA", "BRK/A", "..", "NIFTY 50", "CON", "NUL.TXT", "🚀", "شركة", "A-B", "=1+1"]
)
def test_item_37_odd_symbols_survive_as_they_are(symbol: str) -> None:
    assert _only(f"738561,2885,{symbol},name,0,,,0.05,1,EQ,NSE,NSE").id.symbol == symbol


@pytest.mark.parametrize(
    ("symbol", "reason"),
    [
        ("", "the symbol is empty"),
        ("A" * 65, "the symbol is too long"),
        ("A\u202eB", "the symbol holds characters that cannot be seen"),
        ("A\x07", "the symbol holds characters that cannot be seen"),
    ],
)
def test_item_37_symbols_that_cannot_be_kept_or_seen_are_skipped(symbol: str, reason: str) -> None:
    assert _skipped(f"738561,2885,{symbol},name,0,,,0.05,1,EQ,NSE,NSE") == [(2, reason)]


@pytest.mark.parametrize("token", ["", "0", "-5", "abc", "2885.0", "99999999999", "٣٤"])
def test_a_token_is_a_positive_whole_number(token: str) -> None:
    row = f"738561,{token},RELIANCE,R,0,,,0.05,1,EQ,NSE,NSE"
    assert _skipped(row) == [(2, "the token is not a positive whole number")]


def test_both_tokens_must_belong_together() -> None:
    row = "356865,356,HINDUNILVR,HUL,0,,,0.05,1,EQ,NSE,NSE"
    assert _skipped(row) == [(2, "instrument token and exchange token do not belong together")]


def test_unknown_exchanges_and_types_are_skipped_and_counted_by_reason() -> None:
    loaded = _load(
        "738561,2885,A,R,0,,,0.05,1,EQ,XSE,XSE",
        "738561,2885,B,R,0,,,0.05,1,SWAP,NSE,NSE",
        "738561,2885,C,R,0,,,0.05,1,SWAP,NSE,NSE",
    )
    assert dict(loaded.skipped.by_reason) == {"the exchange is not known": 1, "the instrument type is not known": 2}


def test_the_genuine_dump_is_read_without_a_loss() -> None:
    data = shared_data("masters", "kite_instruments_2024-04.csv.gz").read_bytes()
    loaded = load_kite([data])
    lines = gzip.decompress(data).decode().splitlines()
    assert (len(loaded), len(loaded.skipped), len(loaded.noted)) == (len(lines) - 1, 0, 0)
    by_id = {each.id: each for each in loaded.listings}
    assert by_id[InstrumentId(NSE, CASH, "ABB")].token == "13"
    assert by_id[InstrumentId(Venue("BSE"), CASH, "ABB")].token == "500002"
    future = by_id[InstrumentId(Venue("NFO"), FUTURES, "AARTIIND24APRFUT")]
    assert (future.expiry, future.instrument.lot_size) == (dt.date(2024, 4, 25), 1000)


def test_the_vendors_mock_is_read_without_a_loss() -> None:
    loaded = load_kite([shared_data("masters", "kite_instruments_mock_all.csv").read_bytes()])
    assert (len(loaded), len(loaded.skipped)) == (99, 0)


CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@hypothesis.given(st.lists(st.lists(CELLS, max_size=14).map(",".join), max_size=8))
def test_every_row_is_taken_or_skipped_whatever_it_holds(rows: list[str]) -> None:
    text = "\n".join((HEADER, *rows)) + "\n"
    loaded = load_kite([text.encode()])
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[1:]
    assert len(loaded) + len(loaded.skipped) == sum(1 for line in lines if line.strip() or "\0" in line)


@hypothesis.given(st.lists(st.sampled_from(["NSE", "BSE", "NFO"]), max_size=3), st.integers(0, 600))
def test_a_cut_at_any_byte_never_invents_a_row(venues: list[str], cut: int) -> None:
    rows = [
        RELIANCE,
        *(
            f"{47164 << 8 | 2},47164,NIFTY{at},N,0,2030-01-0{at + 1},,0.05,75,FUT,NFO-FUT,NFO"
            for at in range(len(venues))
        ),
    ]
    whole = "\n".join((HEADER, *rows)).encode()
    try:
        loaded = load_kite([whole[:cut]])
    except InstrumentError:
        return
    known = {str(each.id) for each in load_kite([whole]).listings}
    assert {str(each.id) for each in loaded.listings} <= known
