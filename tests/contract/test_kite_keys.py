"""Kite's numbers and our identities: one instrument has one of each, and segments never mix."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketwatch.domain.ids import CASH, CURRENCY, FUTURES, INDEX, InstrumentId, Segment, Venue
from marketwatch.protocols.kite.keys import feed_key, instrument_of


def identity(venue: str, segment: Segment, symbol: str) -> InstrumentId:
    return InstrumentId(Venue(venue), segment, symbol)


@pytest.mark.parametrize(
    ("key", "expected", "token"),
    [
        ("738561", identity("NSE", CASH, "RELIANCE"), "738561"),
        ("2885", identity("NSE", CASH, "RELIANCE"), "738561"),
        ("408065", identity("NSE", CASH, "INFY"), "408065"),
        ("256265", identity("NSE", INDEX, "NIFTY 50"), "256265"),
        ("265", identity("BSE", INDEX, "SENSEX"), "265"),
        ("SBIN", identity("NSE", CASH, "SBIN"), "779521"),
        ("NSE:TCS", identity("NSE", CASH, "TCS"), "2953217"),
        ("738564", identity("BSE", CASH, "#2885"), "738564"),
        ("738562", identity("NFO", FUTURES, "#2885"), "738562"),
        ("315907", identity("CDS", CURRENCY, "#1234"), "315907"),
        ("260617", identity("NSE", INDEX, "#1018"), "260617"),
        ("884737", identity("NSE", CASH, "#3456"), "884737"),
        ("NSE:2885", identity("NSE", CASH, "RELIANCE"), "738561"),
        ("BSE:2885", identity("BSE", CASH, "#2885"), "738564"),
        ("BSE:500325", identity("BSE", CASH, "#500325"), "128083204"),
        ("NFO:2885", identity("NFO", FUTURES, "#2885"), "738562"),
        ("NIFTY 50", identity("NSE", INDEX, "NIFTY 50"), "256265"),
        ("NSE:NIFTY 50", identity("NSE", INDEX, "NIFTY 50"), "256265"),
        ("BSE:SENSEX", identity("BSE", INDEX, "SENSEX"), "265"),
        ("UNLISTED", identity("NSE", CASH, "UNLISTED"), None),
        ("MCX:GOLD", identity("MCX", CASH, "GOLD"), None),
    ],
)
def test_keys_and_identities(key: str, expected: InstrumentId, token: str | None) -> None:
    assert instrument_of(key) == expected
    assert feed_key(expected) == token


@pytest.mark.parametrize(
    "instrument_id",
    [
        identity("XNAS", CASH, "AAPL"),
        identity("XNAS", CASH, "#5"),
        identity("NSE", CASH, "#"),
        identity("NSE", CASH, "#x5"),
        identity("NSE", CASH, "#99999999"),
        identity("NSE", CASH, "#123456789"),
        identity("BSE", CASH, "RELIANCE"),
    ],
)
def test_what_is_not_known_has_no_token(instrument_id: InstrumentId) -> None:
    assert feed_key(instrument_id) is None


@given(st.integers(1, 2**24 - 1), st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8, 9, 12]))
def test_every_token_is_found_again(number: int, segment: int) -> None:
    token = str(number << 8 | segment)
    assert feed_key(instrument_of(token)) == token
