"""Angel One's scrip master: the nasty inputs of instruments.md part 6 and RELIABILITY 3.3."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from shared_data import shared_data

from marketwatch.domain.instrument import InstrumentKind
from marketwatch.errors import InstrumentError
from marketwatch.instruments.masters.angel_one import load_angel_one
from marketwatch.instruments.masters.listing import MasterRows

RELIANCE = {
    "token": "2885", "symbol": "RELIANCE-EQ", "name": "RELIANCE", "expiry": "", "strike": "-1.000000",
    "lotsize": "1", "instrumenttype": "", "exch_seg": "NSE", "tick_size": "5.000000",
}  # fmt: skip
OPTION = {
    "token": "58784", "symbol": "NIFTY28OCT2524400CE", "name": "NIFTY", "expiry": "28OCT2025",
    "strike": "2440000.000000", "lotsize": "75", "instrumenttype": "OPTIDX", "exch_seg": "NFO", "tick_size": "5.000000",
}  # fmt: skip


def _load(*rows: Any) -> MasterRows:
    return load_angel_one([json.dumps(rows).encode()])


def test_a_share_is_the_same_instrument_as_kites() -> None:
    listing = _load(RELIANCE).listings[0]
    assert str(listing.id) == "NSE:EQ:RELIANCE"
    assert (listing.feed_symbol, listing.series, listing.token, listing.strike) == ("RELIANCE-EQ", "EQ", "2885", None)
    assert listing.instrument.tick_size == Decimal("0.05")


def test_prices_are_paise_and_an_option_has_its_strike() -> None:
    listing = _load(OPTION).listings[0]
    assert (listing.strike, listing.expiry, listing.series) == (Decimal(24400), dt.date(2025, 10, 28), "CE")
    assert (listing.instrument.lot_size, listing.instrument.tick_size) == (75, Decimal("0.05"))
    assert listing.instrument.kind is InstrumentKind.OPTION


@pytest.mark.parametrize(
    ("paise", "rupees"), [("10.000000", "0.10"), ("1.000000", "0.01"), ("50", "0.50"), ("0.25", "0.0025")]
)
def test_tick_sizes(paise: str, rupees: str) -> None:
    tick = _load({**RELIANCE, "tick_size": paise}).listings[0].instrument.tick_size
    assert str(tick) == rupees


def test_prices_of_currency_contracts_are_unknown_for_their_scale_is_not_established() -> None:
    listing = _load({**OPTION, "exch_seg": "CDS", "instrumenttype": "OPTCUR"}).listings[0]
    assert (listing.instrument.tick_size, listing.strike) == (None, None)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"token": ""}, "the token is not a positive whole number"),
        ({"token": "0"}, "the token is not a positive whole number"),
        ({"token": "4294967296"}, "the token is not a positive whole number"),
        ({"exch_seg": "XYZ"}, "the exchange is not known"),
        ({"exch_seg": "NYSE"}, "the exchange is not known"),
        ({"symbol": " "}, "the symbol is empty"),
        ({"symbol": None}, "a field is missing or of another type"),
        ({"instrumenttype": "SWAP"}, "the instrument type is not known"),
        ({"instrumenttype": "FUTSTK"}, "a contract without an expiry"),
        ({"expiry": "31FEB2025"}, "the expiry is no date"),
    ],
)
def test_a_broken_row_is_skipped_with_its_number(change: dict[str, Any], reason: str) -> None:
    loaded = _load(RELIANCE, {**OPTION, **change}) if "expiry" in change else _load(OPTION, {**RELIANCE, **change})
    assert [(note.line, note.reason) for note in loaded.skipped.rows] == [(2, reason)]
    assert len(loaded) == 1


@pytest.mark.parametrize("element", [None, 1, "x", [], {}])
def test_an_element_that_is_no_row_is_skipped(element: Any) -> None:
    loaded = _load(element, RELIANCE)
    assert [(note.line, note.reason) for note in loaded.skipped.rows] == [(1, "a field is missing or of another type")]
    assert len(loaded) == 1


def test_numbers_instead_of_texts_the_old_exchange_names_and_broken_lots_are_accepted() -> None:
    loaded = _load({**RELIANCE, "token": 2885, "exch_seg": "nse_cm", "lotsize": "0", "tick_size": 0, "strike": 0})
    instrument = loaded.listings[0].instrument
    assert (str(instrument.id), instrument.lot_size, instrument.tick_size) == ("NSE:EQ:RELIANCE", 1, None)


def test_a_negative_tick_is_noted() -> None:
    loaded = _load({**RELIANCE, "tick_size": "-5"})
    assert loaded.listings[0].instrument.tick_size is None
    assert [(note.line, note.text) for note in loaded.noted.rows] == [(1, "RELIANCE-EQ")]


def test_other_series_keep_their_symbol() -> None:
    loaded = _load(
        {**RELIANCE, "symbol": "CENTRALBK-BE", "token": "1"}, {**RELIANCE, "symbol": "BAJAJ-AUTO-EQ", "token": "2"}
    )
    assert [(each.id.symbol, each.series) for each in loaded.listings] == [("CENTRALBK-BE", "BE"), ("BAJAJ-AUTO", "EQ")]


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b'[{"token":"2885","symbol":"REL', "it ends in the middle: it was cut"),
        (b"<html>Forbidden</html>", "a web page was sent"),
        (b'{"status":false,"message":"Invalid Token"}', "Invalid Token"),
        (b'{"a":1}', "no list of instruments"),
        (b"", "it is not JSON"),
        (b"null", "no list of instruments"),
    ],
)
def test_what_is_no_list_is_refused(data: bytes, cause: str) -> None:
    with pytest.raises(InstrumentError, match=cause):
        load_angel_one([data])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_item_31_encodings(encoding: str) -> None:
    loaded = load_angel_one([json.dumps([{**RELIANCE, "name": "Réliance"}], ensure_ascii=False).encode(encoding)])
    assert loaded.listings[0].instrument.name == "Réliance"


def test_the_genuine_excerpt_is_read_without_a_loss() -> None:
    data = shared_data("masters", "angelone_scripmaster_excerpt.json").read_bytes()
    loaded = load_angel_one([data])
    assert (len(loaded), len(loaded.skipped)) == (len(json.loads(data)), 0)
    by_id = {str(each.id): each for each in loaded.listings}
    assert by_id["NSE:IDX:NIFTY 50"].token == "99926000"
    assert by_id["NSE:EQ:BPCL"].token == "526"
    assert by_id["NSE:EQ:SGBJUL29IV-GB"].instrument.kind is InstrumentKind.OTHER
