"""Addresses, ages and results in words."""

from __future__ import annotations

import datetime as dt

import pytest

from marketwatch.app.list_fetch import read_address
from marketwatch.app.list_words import age_words, built_in_view, master_view
from marketwatch.app.listing_words import listing_words
from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.instrument import Instrument, InstrumentKind
from marketwatch.errors import ConfigurationError
from marketwatch.instruments.catalogue import MasterCatalogue
from marketwatch.instruments.directory import InstrumentDirectory
from marketwatch.instruments.masters.changes import ChangeKind, MasterChange
from marketwatch.instruments.masters.listing import Listing, RowNote
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
    assert view.state == "2 days old: shares can be used, contracts may have changed"
    assert "2 days old; Kite’s list changes every morning." in view.report
    assert view.fetched == "4 Sep 21:03 IST"


def test_what_was_skipped_is_grouped_counted_and_exemplified() -> None:
    reasons = {"the symbol is empty": 1, "the expiry is no date": 5}
    notes = [RowNote(line, "the expiry is no date", f"row {line}") for line in range(2, 7)]
    notes.append(RowNote(9, "the symbol is empty"))
    view = master_view(summary(skipped=6, reasons=reasons), NOW, "UTC", notes)
    lines = view.report.splitlines()
    at = lines.index("6 rows were skipped:")
    assert lines[at + 1 :] == [
        "  5 x the expiry is no date",
        "      line 2: row 2",
        "      line 3: row 3",
        "      line 4: row 4",
        "  1 x the symbol is empty",
        "      line 9",
    ]
    assert (view.skipped, view.role) == (6, "success")


def test_changes_and_warnings_are_part_of_the_report() -> None:
    changes = [(NOW, MasterChange(ChangeKind.RENAMED, "NSE:EQ:A", "NSE:EQ:B"))]
    report = master_view(summary(warnings=("It is odd",)), NOW, "UTC", (), changes).report
    assert "Note: It is odd" in report
    assert "  renamed: NSE:EQ:A -> NSE:EQ:B" in report
    assert "No row was skipped." in report


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
