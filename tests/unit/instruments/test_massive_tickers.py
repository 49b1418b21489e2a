"""Massive's reference tickers: rows, pages, the rate, and what goes wrong on the way (instruments.md 6, 18 to 20)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from marketwatch.domain.instrument import InstrumentKind
from marketwatch.errors import AuthenticationRefused, ConnectionFailed, EntitlementRefused, ProtocolError, RateLimited
from marketwatch.instruments.masters.listing import MasterRows
from marketwatch.instruments.masters.massive_tickers import add_page
from marketwatch.instruments.masters.ticker_pages import Ask, Finished, TickerPages, WaitUntil

AGILENT = {
    "ticker": "A", "name": "Agilent Technologies Inc.", "market": "stocks", "locale": "us", "primary_exchange": "XNYS",
    "type": "CS", "active": True, "currency_name": "usd", "cik": "0001090872",
}  # fmt: skip
SECOND = 1_000_000_000
NEXT = "https://api.massive.com/v3/reference/tickers?cursor="


def _page(*results: Any, cursor: str = "") -> bytes:
    answer: dict[str, Any] = {"status": "OK", "count": len(results), "results": list(results)}
    if cursor:
        answer["next_url"] = NEXT + cursor
    return json.dumps(answer).encode()


def _rows(*results: Any) -> MasterRows:
    rows = MasterRows("massive")
    add_page(_page(*results), rows)
    return rows


def test_a_stock() -> None:
    listing = _rows(AGILENT).listings[0]
    assert str(listing.id) == "XNYS:EQ:A"
    instrument = listing.instrument
    assert (instrument.name, instrument.currency, instrument.kind, instrument.tag) == (
        "Agilent Technologies Inc.",
        "USD",
        InstrumentKind.STOCK,
        "NYSE",
    )
    assert (listing.series, listing.token, instrument.tick_size) == ("CS", "", None)


@pytest.mark.parametrize(
    ("ticker", "identity", "kind", "as_listed"),
    [
        ({"ticker": "SPY", "primary_exchange": "ARCX", "type": "ETF"}, "ARCX:EQ:SPY", InstrumentKind.FUND, ""),
        ({"ticker": "BACpE", "primary_exchange": "XNYS", "type": "PFD"}, "XNYS:EQ:BACpE", InstrumentKind.STOCK, ""),
        ({"ticker": "BRK.B", "primary_exchange": "XNYS", "type": "CS"}, "XNYS:EQ:BRK.B", InstrumentKind.STOCK, ""),
        ({"ticker": "AACIW", "primary_exchange": "XNAS", "type": "WARRANT"}, "XNAS:EQ:AACIW", InstrumentKind.OTHER, ""),
        ({"ticker": "TCEHY", "market": "otc"}, "OTC:EQ:TCEHY", InstrumentKind.OTHER, ""),
        ({"ticker": "NEW"}, "US:EQ:NEW", InstrumentKind.OTHER, ""),
        ({"ticker": "I:SPX", "market": "indices"}, "INDEX:IDX:SPX", InstrumentKind.INDEX, "I:SPX"),
        (
            {"ticker": "X:BTCUSD", "market": "crypto", "base_currency_symbol": "BTC", "currency_symbol": "USD"},
            "CRYPTO:CRYPTO:BTC-USD",
            InstrumentKind.CRYPTO,
            "X:BTCUSD",
        ),
        (
            {"ticker": "C:EURUSD", "market": "fx", "base_currency_symbol": "EUR", "currency_symbol": "USD"},
            "FX:CUR:EUR/USD",
            InstrumentKind.CURRENCY,
            "C:EURUSD",
        ),
        ({"ticker": "C:EURUSD", "market": "fx"}, "FX:CUR:EURUSD", InstrumentKind.CURRENCY, "C:EURUSD"),
    ],
)
def test_identities_by_market(ticker: dict[str, Any], identity: str, kind: InstrumentKind, as_listed: str) -> None:
    listing = _rows(ticker).listings[0]
    assert (str(listing.id), listing.instrument.kind, listing.feed_symbol) == (identity, kind, as_listed)


@pytest.mark.parametrize(
    ("ticker", "reason"),
    [
        ({**AGILENT, "active": False}, "it is no longer listed"),
        ({**AGILENT, "delisted_utc": "2022-06-09T04:00:00Z"}, "it is no longer listed"),
        ({"name": "nameless"}, "the ticker is missing"),
        ({"ticker": None}, "the ticker is missing"),
        ({**AGILENT, "name": 5}, "a field is of another type"),
        ({"ticker": ""}, "the symbol is empty"),
        ("A", "a field is of another type"),
        (AGILENT, "the instrument is listed twice"),
    ],
)
def test_a_row_that_is_left_out_is_counted_with_its_line(ticker: Any, reason: str) -> None:
    rows = _rows(AGILENT, ticker)
    assert len(rows) == 1
    assert [(note.line, note.reason) for note in rows.skipped.rows] == [(2, reason)]


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"results":{}}', b'{"next_url":5}'])
def test_an_answer_that_is_no_page_is_refused(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        add_page(body, MasterRows("massive"))


def test_lines_count_over_all_pages_and_no_results_is_an_empty_page() -> None:
    rows = MasterRows("massive")
    assert add_page(_page(AGILENT, cursor="two"), rows) == NEXT + "two"
    assert add_page(b'{"status":"OK","results":null}', rows) is None
    add_page(_page({"name": "x"}), rows)
    assert rows.skipped.rows[0].line == 2


def _ticker(name: str) -> dict[str, Any]:
    return {**AGILENT, "ticker": name}


def test_pages_are_asked_for_one_after_the_other_without_the_foreign_host() -> None:
    pages = TickerPages()
    first = pages.next_step(0)
    assert first == Ask("/v3/reference/tickers?market=stocks&active=true&order=asc&sort=ticker&limit=1000")
    pages.receive(200, _page(_ticker("A"), cursor="two&apiKey=canary"), 0)
    assert pages.next_step(0) == Ask("/v3/reference/tickers?cursor=two")
    pages.receive(200, _page(_ticker("B")), 0)
    assert pages.next_step(0) == Finished()
    assert [each.id.symbol for each in pages.rows.listings] == ["A", "B"]
    assert (pages.pages_read, pages.rows.is_cut, pages.rows.warnings) == (2, False, [])


def test_the_free_plan_allows_five_requests_in_any_minute() -> None:
    pages = TickerPages()
    asked: list[int] = []
    now = 0
    for number in range(13):
        step = pages.next_step(now)
        if isinstance(step, WaitUntil):
            assert step.at_ns > now
            now = step.at_ns
            step = pages.next_step(now)
        assert isinstance(step, Ask)
        asked.append(now)
        now += SECOND
        pages.receive(200, _page(_ticker(f"T{number}"), cursor=str(number)), now)
    assert asked[:6] == [0, SECOND, 2 * SECOND, 3 * SECOND, 4 * SECOND, 60 * SECOND]
    assert all(later - earlier >= 60 * SECOND for earlier, later in zip(asked, asked[5:], strict=False))


def test_a_refusal_for_haste_waits_as_long_as_asked_and_asks_again() -> None:
    pages = TickerPages()
    first = pages.next_step(0)
    pages.receive(429, b"", SECOND, retry_after_s=7.0)
    assert pages.next_step(SECOND) == WaitUntil(8 * SECOND)
    assert pages.next_step(8 * SECOND) == first
    pages.receive(200, _page(_ticker("A")), 9 * SECOND)
    assert pages.next_step(9 * SECOND) == Finished()
    assert not pages.rows.is_cut


def test_endless_haste_is_given_up() -> None:
    pages = TickerPages()
    now = 0
    for _ in range(6):
        step = pages.next_step(now)
        if isinstance(step, WaitUntil):
            now = step.at_ns
            step = pages.next_step(now)
        assert isinstance(step, Ask)
        pages.receive(429, b"", now, retry_after_s=1.0)
    last = pages.next_step(now)
    assert isinstance(last, Finished)
    assert isinstance(last.failure, RateLimited)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b'{"error":"Unknown API Key"}', AuthenticationRefused),
        (403, b'{"status":"NOT_AUTHORIZED","message":"upgrade"}', EntitlementRefused),
        (500, b"", ConnectionFailed),
        (200, b"<html>", ProtocolError),
    ],
)
def test_a_failure_in_the_middle_keeps_what_is_there_marked_as_partial(status: int, body: bytes, kind: type) -> None:
    pages = TickerPages()
    pages.next_step(0)
    pages.receive(200, _page(_ticker("A"), cursor="two"), 0)
    pages.next_step(0)
    pages.receive(status, body, 0)
    step = pages.next_step(0)
    assert isinstance(step, Finished)
    assert isinstance(step.failure, kind)
    assert [each.id.symbol for each in pages.rows.listings] == ["A"]
    assert pages.rows.is_cut
    assert pages.rows.warnings[0].startswith("The list is not complete: ")


def test_a_lost_network_keeps_what_is_there() -> None:
    pages = TickerPages()
    pages.next_step(0)
    pages.lose(ConnectionFailed("Massive", "the network is gone"))
    assert pages.next_step(0) == Finished(pages.next_step(0).failure)  # type: ignore[union-attr]
    assert pages.rows.warnings == ["The list is not complete: the network is gone"]


@pytest.mark.parametrize("cursor", ["again", None])
def test_pages_that_repeat_or_lead_elsewhere_end_the_list_as_partial(cursor: str | None) -> None:
    pages = TickerPages()
    pages.next_step(0)
    body = (
        _page(_ticker("A"), cursor=cursor) if cursor else b'{"results":[],"next_url":"https://evil.example/steal?x=1"}'
    )
    for _ in range(2 if cursor else 1):
        pages.receive(200, body, 0)
        pages.next_step(0)
    assert pages.next_step(0) == Finished()
    assert pages.rows.warnings == ["The list is not complete: the pages repeat or lead elsewhere"]
