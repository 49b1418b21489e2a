"""What a loader of masters must survive: instruments.md section 6, by its numbers. 18 and 20 also over real sockets."""

from __future__ import annotations

import codecs
import datetime as dt
import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.instrument import InstrumentKind
from marketwatch.errors import AuthenticationRefused, EntitlementRefused, InstrumentError
from marketwatch.instruments.catalogue import MasterCatalogue
from marketwatch.instruments.directory import InstrumentDirectory
from marketwatch.instruments.library import MasterKind, load_chunks
from marketwatch.instruments.masters.angel_one import load_angel_one
from marketwatch.instruments.masters.changes import ChangeKind
from marketwatch.instruments.masters.kite import load_kite
from marketwatch.instruments.masters.listing import Listing, MasterRows
from marketwatch.instruments.masters.massive_tickers import add_page
from marketwatch.instruments.masters.store import MasterStore
from marketwatch.instruments.masters.summary import MasterState
from marketwatch.instruments.masters.ticker_pages import Ask, Finished, TickerPages

HEADER = (
    "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,"
    "instrument_type,segment,exchange"
)
RELIANCE = "738561,2885,RELIANCE,RELIANCE INDUSTRIES,0,,,0.05,1,EQ,NSE,NSE"
SBIN = "779521,3045,SBIN,STATE BANK OF INDIA,0,,,0.05,1,EQ,NSE,NSE"
FUTURE = "12073986,47164,NIFTY25DECFUT,NIFTY,0,2025-12-30,,0.05,75,FUT,NFO-FUT,NFO"
NOW_NS = 1_757_000_000_000_000_000  # 4 September 2025
DAY_NS = 86_400_000_000_000
TODAY = dt.date(2025, 9, 4)


def kite(*rows: str, header: str = HEADER) -> MasterRows:
    return load_kite(["\n".join((header, *rows, "")).encode()])


def angel(**changes: str) -> MasterRows:
    row = {"token": "2885", "symbol": "RELIANCE-EQ", "name": "RELIANCE", "expiry": "", "strike": "-1.000000",
           "lotsize": "1", "instrumenttype": "", "exch_seg": "NSE", "tick_size": "5.000000", **changes}  # fmt: skip
    return load_angel_one([json.dumps([row]).encode()])


def option(**changes: str) -> Listing:
    given = {"symbol": "NIFTY30DEC2524400CE", "instrumenttype": "OPTIDX", "exch_seg": "NFO", "expiry": "30DEC2025"}
    return angel(**{**given, "strike": "2440000.000000", **changes}).listings[0]


def symbols(rows: MasterRows) -> list[str]:
    return [one.id.symbol for one in rows.listings]


def reasons(rows: MasterRows) -> list[tuple[int, str]]:
    return [(note.line, note.reason) for note in rows.skipped.rows]


def page(*results: Any, next_url: str = "") -> bytes:
    return json.dumps(
        {"status": "OK", "results": list(results), **({"next_url": next_url} if next_url else {})}
    ).encode()


def ticker(name: str, **more: Any) -> dict[str, Any]:
    return {"ticker": name, "market": "stocks", "primary_exchange": "XNAS", "type": "CS", "active": True, **more}


def test_input_01_a_truncated_download_leaves_the_old_list(tmp_path: Path) -> None:
    store = MasterStore(tmp_path)
    store.replace(kite(RELIANCE, SBIN), label="Kite", origin="x", now_ns=NOW_NS)
    data = "\n".join((HEADER, RELIANCE, SBIN, "")).encode()
    cut = load_chunks([data[:-60]], MasterKind.KITE, name="Kite", announced=len(data))
    assert cut.is_cut
    with pytest.raises(InstrumentError, match="not complete"):
        store.replace(cut, label="Kite", origin="x", now_ns=NOW_NS)
    assert [one.id.symbol for one in store.load("kite")] == ["RELIANCE", "SBIN"]
    with pytest.raises(InstrumentError, match="it was cut"):
        load_angel_one([b'[{"token":"2885","symbol":"REL'])


@pytest.mark.parametrize("data", [b"<!DOCTYPE html><html>", b'{"status":"error","message":"Invalid session"}'])
def test_input_02_html_or_an_error_instead_of_a_table_is_refused(data: bytes) -> None:
    with pytest.raises(InstrumentError, match=r"web page|Invalid session"):
        load_kite([data])
    with pytest.raises(InstrumentError, match=r"web page|Invalid session"):
        load_angel_one([data])


def test_input_03_gzip_or_plain_is_seen_in_the_bytes() -> None:
    data = "\n".join((HEADER, RELIANCE, "")).encode()
    assert symbols(load_kite([data])) == symbols(load_kite([gzip.compress(data)])) == ["RELIANCE"]


def test_input_04_marks_line_ends_blanks_and_moved_columns() -> None:
    moved = "exchange, segment ,Instrument_Type,more,exchange_token,instrument_token,tradingsymbol"
    text = f"{moved}\r\nNSE,NSE,EQ,?,2885,738561,RELIANCE\r\n\r\n  \r\n"
    rows = load_kite([codecs.BOM_UTF8 + text.encode()])
    assert (symbols(rows), rows.is_cut, len(rows.skipped)) == (["RELIANCE"], False, 0)


def test_input_05_quoted_commas_and_quotes_inside() -> None:
    rows = kite('738561,2885,RELIANCE,"REL, ""IND"" LTD",0,,,0.05,1,EQ,NSE,NSE')
    assert rows.listings[0].instrument.name == 'REL, "IND" LTD'


def test_input_06_one_token_twice_is_noted_and_looked_up_as_neither() -> None:
    rows = kite(RELIANCE, "738561,2885,OTHER,OTHER,0,,,0.05,1,EQ,NSE,NSE")
    assert [note.reason for note in rows.noted.rows] == ["its token is given twice"] * 2
    catalogue = MasterCatalogue.build([rows.listings], today=TODAY)
    one = rows.listings[0].id
    assert catalogue.by_token(one.venue, one.segment, "2885") is None
    assert len(catalogue.token_candidates("2885")) == 2


def test_input_07_one_symbol_on_two_exchanges_and_in_two_series() -> None:
    rows = kite(
        RELIANCE,
        "128083204,500325,RELIANCE,RELIANCE,0,,,0.05,1,EQ,BSE,BSE",
        "3813889,14898,RELIANCE-BE,RELIANCE,0,,,0.05,1,EQ,NSE,NSE",
    )
    assert [(str(one.id), one.series) for one in rows.listings] == [
        ("NSE:EQ:RELIANCE", "EQ"),
        ("BSE:EQ:RELIANCE", ""),
        ("NSE:EQ:RELIANCE-BE", "BE"),
    ]


def test_input_08_empty_name_expiry_and_strike_are_unknown() -> None:
    one = kite("738561,2885,RELIANCE,,0,,,0.05,1,EQ,NSE,NSE").listings[0]
    assert (one.instrument.name, one.expiry, one.strike) == ("", None, None)


@pytest.mark.parametrize("token", ["", "0", "abc", "28.5", "99999999999"])
def test_input_09_what_is_no_token_costs_the_row(token: str) -> None:
    assert reasons(angel(token=token)) == [(1, "the token is not a positive whole number")]


def test_input_09_a_token_beyond_31_bits_is_kept() -> None:
    assert angel(token="4294967295").listings[0].token == "4294967295"


@pytest.mark.parametrize(
    ("written", "strike"),
    [("-1.000000", None), ("0.000000", None), ("1e6", Decimal(10000)), ("2440050.000000", Decimal("24400.5"))],
)
def test_input_10_strikes_are_paise_and_minus_one_is_none(written: str, strike: Decimal | None) -> None:
    assert option(strike=written).strike == strike


@pytest.mark.parametrize(
    ("written", "tick"), [("0", None), ("", None), ("0.0025", Decimal("0.0025")), ("0.05", Decimal("0.05"))]
)
def test_input_11_a_tick_of_zero_is_unknown(written: str, tick: Decimal | None) -> None:
    assert kite(f"738561,2885,RELIANCE,R,0,,,{written},1,EQ,NSE,NSE").listings[0].instrument.tick_size == tick


@pytest.mark.parametrize(("written", "lot"), [("0", 1), ("", 1), ("1.0", 1), ("75", 75), ("x", 1)])
def test_input_12_lot_sizes(written: str, lot: int) -> None:
    assert angel(lotsize=written).listings[0].instrument.lot_size == lot


@pytest.mark.parametrize("written", ["30DEC2025", "30dec2025", "2025-12-30"])
def test_input_13_expiries_in_their_spellings(written: str) -> None:
    assert option(expiry=written).expiry == dt.date(2025, 12, 30)


def test_input_13_no_date_costs_the_row_and_a_past_one_has_ended() -> None:
    rows = angel(instrumenttype="FUTIDX", exch_seg="NFO", expiry="31FEB2025")
    assert reasons(rows) == [(1, "the expiry is no date")]
    assert option(expiry="28AUG2025").is_expired(TODAY)


def test_input_14_exchanges_by_old_names_and_unknown_ones() -> None:
    assert str(angel(exch_seg="nse_cm").listings[0].id) == "NSE:EQ:RELIANCE"
    assert reasons(angel(exch_seg="ZZZ")) == [(1, "the exchange is not known")]


@pytest.mark.parametrize(
    ("written", "symbol"),
    [("M&M-EQ", "M&M"), ("BAJAJ-AUTO-EQ", "BAJAJ-AUTO"), ("3MINDIA-EQ", "3MINDIA"), ("5PAISA-EQ", "5PAISA"),
     ("NIFTY 50", "NIFTY 50"), ("12345-EQ", "12345")],
)  # fmt: skip
def test_input_15_odd_symbols(written: str, symbol: str) -> None:
    assert angel(symbol=written).listings[0].id.symbol == symbol


def test_input_15_names_beyond_ascii() -> None:
    assert angel(name="सन फार्मा").listings[0].instrument.name == "सन फार्मा"


def test_input_16_a_list_beyond_the_limit_is_given_up_and_a_broken_row_costs_itself() -> None:
    row = json.dumps({"token": "2885", "symbol": "A-EQ", "exch_seg": "NSE"}).encode()
    with pytest.raises(InstrumentError, match="larger than 0 MB"):
        load_angel_one([b"[" + b",".join([row] * 20_000) + b"]"], limit=100_000)
    rows = load_angel_one([b"[" + row + b',{"token":[]},7]'])
    assert (symbols(rows), [line for line, _ in reasons(rows)]) == (["A"], [2, 3])


def test_input_17_indices_have_their_own_segment_though_the_exchange_is_nse() -> None:
    one = kite("256265,1001,NIFTY 50,NIFTY 50,0,,,0,0,EQ,INDICES,NSE").listings[0]
    assert (str(one.id), one.instrument.kind, one.instrument.lot_size) == (
        "NSE:IDX:NIFTY 50",
        InstrumentKind.INDEX,
        1,
    )


@pytest.mark.parametrize("host", ["https://api.massive.com", "https://evil.example", "//evil.example"])
def test_input_18_the_next_page_is_asked_of_our_own_host_and_never_twice(host: str) -> None:
    pages = TickerPages()
    pages.next_step(0)
    pages.receive(200, page(ticker("A"), next_url=f"{host}/v3/reference/tickers?cursor=x"), 0)
    step = pages.next_step(0)
    if isinstance(step, Ask):
        assert step.path == "/v3/reference/tickers?cursor=x"
        pages.receive(200, page(ticker("B"), next_url="https://api.massive.com/v3/reference/tickers?cursor=x"), 0)
    assert isinstance(pages.next_step(0), Finished)
    assert pages.rows.is_cut


def test_input_19_no_results_no_ticker_not_active_delisted() -> None:
    rows = MasterRows("massive")
    assert add_page(b'{"status":"OK","results":null}', rows) is None
    add_page(
        page({"name": "x"}, ticker("OLD", active=False), ticker("GONE", delisted_utc="2022-06-09"), ticker("A")), rows
    )
    assert symbols(rows) == ["A"]
    assert [reason for _, reason in reasons(rows)] == [
        "the ticker is missing",
        "it is no longer listed",
        "it is no longer listed",
    ]


@pytest.mark.parametrize(("status", "kind"), [(401, AuthenticationRefused), (403, EntitlementRefused)])
def test_input_20_a_refusal_in_the_middle_keeps_what_came(status: int, kind: type[Exception]) -> None:
    pages = TickerPages()
    pages.next_step(0)
    pages.receive(200, page(ticker("A"), next_url="/v3/reference/tickers?cursor=2"), 0)
    pages.next_step(0)
    pages.receive(status, b"{}", 0)
    step = pages.next_step(0)
    assert isinstance(step, Finished)
    assert isinstance(step.failure, kind)
    assert (symbols(pages.rows), pages.rows.is_cut) == (["A"], True)


def test_input_21_a_day_makes_contracts_doubtful_and_a_week_shares(tmp_path: Path) -> None:
    store = MasterStore(tmp_path)
    shares = store.replace(kite(RELIANCE), label="Kite", origin="x", now_ns=NOW_NS).summary
    mixed = store.replace(kite(RELIANCE, FUTURE), label="Kite", origin="x", now_ns=NOW_NS).summary
    assert shares.state(NOW_NS + 2 * DAY_NS)[0] is MasterState.CURRENT
    assert mixed.state(NOW_NS + 2 * DAY_NS) == (
        MasterState.OLD,
        "2 days old: shares can be used, contracts may have changed",
    )
    assert shares.state(NOW_NS + 8 * DAY_NS)[0] is MasterState.OLD


def test_input_22_a_renamed_ticker_and_one_used_again_are_told(tmp_path: Path) -> None:
    store = MasterStore(tmp_path)
    store.replace(kite(RELIANCE, FUTURE), label="Kite", origin="x", now_ns=NOW_NS)
    renamed = "738561,2885,RELNEW,RELIANCE INDUSTRIES,0,,,0.05,1,EQ,NSE,NSE"
    reused = "12073986,47164,NIFTY26MARFUT,NIFTY,0,2026-03-31,,0.05,75,FUT,NFO-FUT,NFO"
    later = store.replace(kite(renamed, reused), label="Kite", origin="x", now_ns=NOW_NS + 150 * DAY_NS)
    told = [(change.kind, change.before, change.after) for change in later.changes]
    assert told == [
        (ChangeKind.RENAMED, "NSE:EQ:RELIANCE", "NSE:EQ:RELNEW"),
        (ChangeKind.REUSED, "NFO:FUT:NIFTY25DECFUT 47164", "NFO:FUT:NIFTY26MARFUT"),
    ]


def test_token_2885_of_two_segments_never_mixes() -> None:
    rows = kite(RELIANCE, "738563,2885,USDINR25OCTFUT,USDINR,0,2025-10-29,,0.0025,1000,FUT,CDS-FUT,CDS")
    directory = InstrumentDirectory()
    directory.use_masters(MasterCatalogue.build([rows.listings], today=TODAY))
    share, future = InstrumentId.parse("NSE:EQ:RELIANCE"), InstrumentId.parse("CDS:FUT:USDINR25OCTFUT")
    for identity in (share, future):
        found = directory.by_token(identity.venue, identity.segment, "2885")
        assert found is not None
        assert found.id == identity
    assert directory.by_token(share.venue, future.segment, "2885") is None
