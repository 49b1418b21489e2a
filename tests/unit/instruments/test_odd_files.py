"""Files that are no list, half a list, or a list with headers of its own kind: what is said, and what is guessed."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from marketwatch.errors import InstrumentError
from marketwatch.instruments.library import MasterKind, load_chunks
from marketwatch.instruments.masters.store import MasterStore
from marketwatch.instruments.recognition import recognise

KITE = (
    b"instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,"
    b"instrument_type,segment,exchange\n"
    b"738561,2885,RELIANCE,RELIANCE INDUSTRIES,0,,,0.05,1,EQ,NSE,NSE\n"
    b"408065,1594,INFY,INFOSYS,0,,,0.05,1,EQ,NSE,NSE\n"
)
NOW_NS = 20_000 * 86_400_000_000_000


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (bytes(range(256)) * 40, "it is not text"),
        (b"<!DOCTYPE html><html>Not found</html>", "it is a web page, no list of instruments"),
        (gzip.compress(b"<html>busy</html>", mtime=0), "it is a web page, no list of instruments"),
        (b'{"status":"error","message":"Incorrect api_key"}', "it is no list but a message: "),
        (b"", "it is empty"),
        (b"\r\n\r\n", "it is empty"),
    ],
)
def test_what_is_no_list_is_refused_with_its_cause(data: bytes, cause: str) -> None:
    with pytest.raises(InstrumentError) as caught:
        recognise([data], "list.csv")
    assert caught.value.thing == "list.csv"
    assert caught.value.cause.startswith(cause)
    assert caught.value.next_step.startswith("Check ")


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        (
            "Scrip Code;Scrip Name;Exch;ISIN No.;Series",
            {"symbol": "Scrip Name", "venue": "Exch", "token": "Scrip Code", "isin": "ISIN No.", "series": "Series"},
        ),
        (
            "\ufeffInstrument Symbol,Company Name,Exchange Name,Security Code,Trading Currency",
            {"symbol": "Instrument Symbol", "name": "Company Name", "venue": "Exchange Name", "token": "Security Code",
             "currency": "Trading Currency"},
        ),
        ("TICKER\tFirm\tMIC", {"symbol": "TICKER", "name": "Firm", "venue": "MIC"}),
        (
            "Security Id,Security Name,Security Code,Market Lot",
            {"symbol": "Security Id", "name": "Security Name", "token": "Security Code", "lot_size": "Market Lot"},
        ),
    ],
)  # fmt: skip
def test_headers_of_other_kinds_are_understood(header: str, columns: dict[str, str]) -> None:
    found = recognise([f"{header}\nx\n".encode()], "house.csv")
    assert (found.kind, found.mapping.columns) == (MasterKind.OWN_CSV, columns)


def test_a_table_without_names_of_columns_says_so() -> None:
    found = recognise([b"SBIN,NSE,3045\nTCS,NSE,11536\n"], "house.csv")
    assert found.problem == "Choose the column that holds the symbol"
    assert found.reason == (
        "a table with the columns SBIN, NSE, 3045. Its first line looks like a row: write the names of the columns"
        " above it"
    )


@pytest.mark.parametrize("cut", [KITE[:-30], gzip.compress(KITE * 40)[:-40]])
def test_half_a_list_replaces_no_whole_one(cut: bytes, tmp_path: Path) -> None:
    store = MasterStore(tmp_path)
    store.replace(load_chunks([KITE], MasterKind.KITE, name="k"), label="Kite", origin="k", now_ns=NOW_NS)
    rows = load_chunks([cut], MasterKind.KITE, name="k")
    assert rows.is_cut
    with pytest.raises(InstrumentError, match="The one before stays in use"):
        store.replace(rows, label="Kite", origin="k", now_ns=NOW_NS + 1)
    kept = store.summary("kite")
    assert kept is not None
    assert (kept.rows, kept.fetched_ns) == (2, NOW_NS)


def test_fewer_bytes_than_the_server_announced_are_half_a_list(tmp_path: Path) -> None:
    rows = load_chunks([KITE], MasterKind.KITE, name="k", announced=len(KITE) + 5)
    assert rows.warnings == [f"Only {len(KITE)} of {len(KITE) + 5} bytes arrived: it was cut"]
    with pytest.raises(InstrumentError, match="The list is not complete"):
        MasterStore(tmp_path).replace(rows, label="Kite", origin="k", now_ns=NOW_NS)


def test_a_header_alone_is_no_list(tmp_path: Path) -> None:
    rows = load_chunks([KITE.split(b"\n")[0] + b"\n"], MasterKind.KITE, name="k")
    with pytest.raises(InstrumentError, match="The list holds no instrument"):
        MasterStore(tmp_path).replace(rows, label="Kite", origin="k", now_ns=NOW_NS)
