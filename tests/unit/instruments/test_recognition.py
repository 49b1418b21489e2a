"""What a list is shows from its beginning, whatever it is called and however it is packed."""

from __future__ import annotations

import gzip

import pytest
from shared_data import shared_data

from marketwatch.errors import InstrumentError
from marketwatch.instruments.library import MasterKind, read_chunks
from marketwatch.instruments.masters.own_csv import ColumnMapping
from marketwatch.instruments.recognition import Recognition, recognise

KITE = b"instrument_token,exchange_token,tradingsymbol,name,last_price,expiry\n738561,2885,RELIANCE,R,0,\n"
ANGEL = b'[{"token":"2885","symbol":"RELIANCE-EQ"}]'


def _kind(data: bytes, name: str = "file.csv") -> Recognition:
    return recognise([data], name)


@pytest.mark.parametrize(
    "data", [KITE, b"\xef\xbb\xbf" + KITE, gzip.compress(KITE, mtime=0), KITE.decode().encode("utf-16")]
)
def test_kites_dump_is_known_by_its_columns(data: bytes) -> None:
    found = _kind(data, "anything.txt")
    assert (found.kind, found.source, found.label, found.problem) == (MasterKind.KITE, "kite", "Kite", "")


@pytest.mark.parametrize("data", [ANGEL, b"\n  " + ANGEL, gzip.compress(ANGEL, mtime=0)])
def test_angel_ones_list_is_known_by_its_bracket(data: bytes) -> None:
    found = _kind(data)
    assert (found.kind, found.source, found.label) == (MasterKind.ANGEL_ONE, "angel-one", "Angel One")


def test_another_table_is_ones_own_and_its_columns_are_guessed() -> None:
    found = _kind(b"Ticker;Company;Exchange\nAAPL;Apple;NASDAQ\n", "My list.csv.gz")
    assert (found.kind, found.source, found.label) == (MasterKind.OWN_CSV, "own:my-list", "My list")
    assert found.columns == ("Ticker", "Company", "Exchange")
    assert found.mapping == ColumnMapping({"symbol": "Ticker", "name": "Company", "venue": "Exchange"}, {}, ";")
    assert found.reason == "a table with the columns Ticker, Company, Exchange"


def test_what_is_missing_is_said_and_can_be_given() -> None:
    found = _kind(b"Ticker,Company\nAAPL,Apple\n")
    assert "exchange" in found.problem
    given = found.with_mapping(ColumnMapping(found.mapping.columns, {"venue": "XNAS"}))
    assert given.problem == ""
    assert found.as_kind(MasterKind.KITE).problem == ""


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "it is empty"),
        (b" \r\n\n", "it is empty"),
        (b"<!doctype html><title>Log in", "it is a web page"),
        (gzip.compress(b"<html>", mtime=0), "it is a web page"),
        (b'{"status":"error","message":"Incorrect api_key"}', "Incorrect api_key"),
        (b"\x1f\x8b\x08garbage that is not gzip", "its compression is damaged"),
        (b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00,\x01\x02", "it is not text"),
        (b"\xe3\x07sym\x00bol,\xffname\nA,B\n", "it is not text"),
    ],
)
def test_what_is_no_list_is_refused_in_words(data: bytes, cause: str) -> None:
    with pytest.raises(InstrumentError, match=cause):
        _kind(data)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("kite_instruments_2024-04.csv.gz", MasterKind.KITE),
        ("kite_instruments_mock_all.csv", MasterKind.KITE),
        ("angelone_scripmaster_excerpt.json", MasterKind.ANGEL_ONE),
        ("us_tickers_2026-08-21.csv.gz", MasterKind.OWN_CSV),
        ("kite_mf_instruments_mock.csv", MasterKind.OWN_CSV),
    ],
)
def test_genuine_files(name: str, kind: MasterKind) -> None:
    assert recognise(read_chunks(shared_data("masters", name)), name).kind is kind
