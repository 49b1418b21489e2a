"""Addresses, ages and results in words."""

from __future__ import annotations

import datetime as dt

import pytest

from marketwatch.app.list_fetch import read_address
from marketwatch.app.list_words import age_words, built_in_view, master_view, news_words
from marketwatch.app.listing_words import listing_words
from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.instrument import Instrument, InstrumentKind
from marketwatch.errors import ConfigurationError
from marketwatch.instruments.catalogue import MasterCatalogue
from marketwatch.instruments.directory import InstrumentDirectory
from marketwatch.instruments.masters.listing import Listing
from marketwatch.instruments.masters.summary import MasterSummary
from marketwatch.instruments.similar import SimilarWords

HOUR = 3_600_000_000_000
NOW = 1_757_000_000_000_000_000


@pytest.mark.parametrize(
    ("url", "origin", "name", "may_store", "is_warned"),
    [
        ("https://api.kite.trade/instruments", "https://api.kite.trade/instruments", "instruments", True, False),
        ("https://h:8443/a/b.csv?day=1", "https://h:8443/a/b.csv", "b.csv", True, False),
        ("https://h/list?api_key=canary", "https://h/list", "list", False, False),
        ("http://127.0.0.1:9/x.json", "http://127.0.0.1:9/x.json", "x.json", True, False),
        ("http://lists.example/x%20y.csv", "http://lists.example/x%20y.csv", "x y.csv", True, True),
    ],
)
def test_an_address_is_taken_apart(url: str, origin: str, name: str, may_store: bool, is_warned: bool) -> None:
    address = read_address(f" {url} ")
    assert (address.url, address.origin, address.name, address.may_store) == (url, origin, name, may_store)
    assert bool(address.warning) is is_warned


def test_a_key_in_an_address_never_travels_in_the_clear() -> None:
    assert read_address("http://127.0.0.1:9/list?token=canary").warning == ""
    assert read_address("http://lists.example/list?day=1").warning
    with pytest.raises(ConfigurationError) as caught:
        read_address("http://lists.example/list?access_token=canary")
    assert caught.value.cause == "the key in it would travel unencrypted"
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "ftp://h/x", "https://", "https://u:canary@h/x", "https://h:x/", "h/x"])
def test_an_address_that_cannot_be_used_is_refused_without_its_secret(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_address(text)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("hours", "words"), [(0.0, "now"), (0.5, "30 min"), (6, "6 h"), (47, "47 h"), (49, "2 days"), (24 * 14, "14 days")]
)
def test_ages(hours: float, words: str) -> None:
    assert age_words(round(hours * HOUR)) == words


def summary(**changes: object) -> MasterSummary:
    facts = {"source": "kite", "label": "Kite", "origin": "instruments.csv", "fetched_ns": NOW, "rows": 31_373}
    return MasterSummary(**{**facts, **changes})  # type: ignore[arg-type]


def test_a_list_of_two_days_says_what_that_means() -> None:
    view = master_view(summary(has_contracts=True), NOW + 50 * HOUR, "Asia/Kolkata")
    assert (view.age, view.role) == ("2 days", "alert")
    assert view.state == "old: contracts may have changed"
    assert view.meaning == "2 days old: shares can be used, contracts may have changed"
    assert "2 days old; Kite’s list changes every morning." in view.about
    assert view.fetched == "4 Sep 21:03 IST"


def test_what_was_left_out_is_grouped_and_counted() -> None:
    reasons = {"the symbol is empty": 1, "the expiry is no date": 5}
    view = master_view(summary(skipped=6, reasons=reasons), NOW, "UTC")
    lines = view.about.splitlines()
    at = lines.index("6 rows were left out:")
    assert lines[at + 1 :] == ["  5 x the expiry is no date", "  1 x the symbol is empty"]
    assert (view.skipped, view.state, view.role) == (6, "current", "success")


def test_rows_that_a_list_of_ones_own_lost_are_its_state() -> None:
    view = master_view(summary(source="own:house", skipped=2, reasons={"the symbol is empty": 2}), NOW, "UTC")
    assert (view.state, view.role) == ("2 rows not taken", "error")
    assert view.actions == ("Show rows", "Import file", "⋯")


@pytest.mark.parametrize(
    ("facts", "hours", "state", "role"),
    [
        ({}, 1, "current", "success"),
        ({}, 8 * 24, "old: new listings are missing", "alert"),
        ({"warnings": ("x",), "expired": 26_373}, 1, "doubtful: 26,373 contracts have ended", "alert"),
        ({"warnings": ("It is the same file",)}, 1, "doubtful: same as before", "alert"),
        ({"is_partial": True}, 1, "not complete: load it again", "error"),
    ],
)
def test_states_are_short_words(facts: dict[str, object], hours: int, state: str, role: str) -> None:
    view = master_view(summary(**facts), NOW + hours * HOUR, "UTC")
    assert (view.state, view.role) == (state, role)
    assert view.actions == ("Refresh", "Import file", "⋯")


def test_changes_and_warnings_are_said_about_a_list() -> None:
    about = master_view(summary(warnings=("Old", "It is odd"), changes={"renamed": 1, "new": 1200}), NOW, "UTC").about
    assert "Note: It is odd" in about
    assert about.count("Old") == 1, "it is the state already"
    assert "Since the one before: 1 renamed, 1,200 new." in about
    assert "No row was left out." in about


def test_the_latest_changes_are_news_the_newest_first() -> None:
    kite = summary(fetched_ns=NOW - 24 * HOUR, changes={"delisted": 3, "token changed": 12})
    angel = summary(source="angel-one", label="Angel One", changes={"new": 2})
    same = summary(source="massive", label="Massive")
    assert news_words([kite, angel, same], NOW, "UTC") == (
        "Today, Angel One: 2 new. Yesterday, Kite: 12 changed token, 3 gone. The change list is kept for 90 days."
    )
    assert news_words([same], NOW, "UTC").startswith("No list has changed since it was loaded before.")


def test_many_segments_are_named_by_their_exchanges() -> None:
    few = master_view(summary(segments=("BSE_EQ", "NSE_EQ")), NOW, "UTC")
    many = master_view(summary(segments=("BSE_EQ", "NFO_FUT", "NFO_OPT", "NSE_EQ")), NOW, "UTC")
    assert (few.segment_words, many.segment_words) == ("BSE_EQ, NSE_EQ", "BSE, NFO, NSE")


def test_the_built_in_table_can_neither_be_updated_nor_removed() -> None:
    view = built_in_view()
    assert (view.rows, view.is_built_in, view.state) == (10, True, "3 misprints corrected")


def test_a_result_line_says_segment_type_series_token_and_lot() -> None:
    option = Listing(
        instrument=Instrument(
            id=InstrumentId.parse("NFO:OPT:NIFTY25DEC24400CE"), name="NIFTY", kind=InstrumentKind.OPTION, lot_size=75
        ),
        source="kite", token="58784", series="CE", expiry=dt.date(2025, 12, 30),
    )  # fmt: skip
    other = Listing(
        instrument=Instrument(id=InstrumentId.parse("NSE:EQ:CENTRALBK-BE"), name="Central Bank"),
        source="kite", token="14898", series="BE",
    )  # fmt: skip
    directory = InstrumentDirectory([Instrument(id=InstrumentId.parse("XNAS:EQ:AAPL"), name="Apple")])
    masters = MasterCatalogue.build([[option, other]], directory.own_instruments(), today=dt.date(2025, 9, 4))
    directory.use_masters(masters)
    words = [listing_words(directory, one) for one in (option.instrument, other.instrument)]
    assert words[0] == ("OPT option, CE, token 58784, lot 75", "NIFTY future, 30 Dec 2025")
    assert words[1] == ("EQ stock, series BE, token 14898", "Central Bank")
    apple = directory.by_symbol("AAPL")[0]
    assert listing_words(directory, apple) == ("EQ stock", "Apple")


def test_names_near_a_mistyped_one_come_nearest_first() -> None:
    words = SimilarWords(["reliance", "reliant", "relic", "infosys", "tcs"])
    assert words.near("relaince", 3)[0] == "reliance"
    assert words.near("reliancee", 3) == ["reliance"]
    assert words.near("xx", 3) == []
    assert words.correct("infosis") == "infosys"
