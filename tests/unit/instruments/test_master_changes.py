"""What another edition of a list changed: told by kind, counted in full, bounded, and kept through damage."""

from __future__ import annotations

import datetime as dt
import gzip
import sqlite3
from pathlib import Path

import pytest
from shared_data import shared_data

from marketwatch.domain.ids import CASH, FUTURES, InstrumentId, Segment, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.instruments.library import MasterKind, load_file
from marketwatch.instruments.masters import changes
from marketwatch.instruments.masters.changes import ChangeKind, Known, MasterChange, changes_between
from marketwatch.instruments.masters.listing import Listing, MasterRows
from marketwatch.instruments.masters.own_csv import ColumnMapping
from marketwatch.instruments.masters.store import MasterStore, Replacement

TODAY = dt.date(2024, 10, 4)
DAY_NS = 86_400_000_000_000
NOW_NS = 20_000 * DAY_NS + 1  # 4 October 2024


def listing(symbol: str, token: str, segment: Segment = CASH, expiry: dt.date | None = None) -> Listing:
    identity = InstrumentId(Venue("NSE" if segment == CASH else "NFO"), segment, symbol)
    return Listing(instrument=Instrument(id=identity), source="kite", token=token, expiry=expiry)


def known(symbol: str, token: str, expiry: str | None = None) -> Known:
    return Known("NSE" if expiry is None else "NFO", "EQ" if expiry is None else "FUT", symbol, token, expiry)


def rows(*listings: Listing, source: str = "kite", digest: str = "") -> MasterRows:
    made = MasterRows(source)
    for line, one in enumerate(listings, start=2):
        made.add(line, one)
    made.digest = digest
    return made


def store(
    folder: Path, *listings: Listing, now_ns: int = NOW_NS, digest: str = "", source: str = "kite"
) -> Replacement:
    made = rows(*listings, digest=digest, source=source)
    return MasterStore(folder).replace(made, label="Kite", origin="x", now_ns=now_ns)


def test_every_kind_of_change_is_told_with_what_was_and_what_is() -> None:
    before = [
        known("SAME", "1"),
        known("OLDNAME", "2"),
        known("NIFTY 50", "26000"),
        known("GONE", "4"),
        known("NIFTY24OCTFUT", "50", "2024-10-03"),
        known("BANK24OCTFUT", "51", "2024-10-03"),
    ]
    after = [
        listing("FRESH", "9"),
        listing("SAME", "1"),
        listing("NEWNAME", "2"),
        listing("NIFTY 50", "26001"),
        listing("NIFTY24NOVFUT", "50", FUTURES, dt.date(2024, 11, 7)),
    ]
    found = changes_between(before, after, TODAY)
    assert found.told == (
        MasterChange(ChangeKind.RENAMED, "NSE:EQ:OLDNAME", "NSE:EQ:NEWNAME"),
        MasterChange(ChangeKind.RENUMBERED, "NSE:EQ:NIFTY 50 26000", "NSE:EQ:NIFTY 50 26001"),
        MasterChange(ChangeKind.DELISTED, "NSE:EQ:GONE"),
        MasterChange(ChangeKind.REUSED, "NFO:FUT:NIFTY24OCTFUT 50", "NFO:FUT:NIFTY24NOVFUT"),
        MasterChange(ChangeKind.ADDED, "", "NSE:EQ:FRESH"),
    )
    assert found.counts == {"renamed": 1, "token changed": 1, "delisted": 1, "token used again": 1, "new": 1}
    assert [(one.whose, one.number) for one in found.told] == [
        ("NSE:EQ:OLDNAME", ""),
        ("NSE:EQ:NIFTY 50", "26000"),
        ("NSE:EQ:GONE", ""),
        ("NFO:FUT:NIFTY24OCTFUT", "50"),
        ("NSE:EQ:FRESH", ""),
    ]


def test_a_token_that_went_to_another_share_is_both_a_change_and_a_new_share() -> None:
    found = changes_between([known("A", "1")], [listing("A", "2"), listing("B", "1")], TODAY)
    assert found.told == (
        MasterChange(ChangeKind.RENUMBERED, "NSE:EQ:A 1", "NSE:EQ:A 2"),
        MasterChange(ChangeKind.ADDED, "", "NSE:EQ:B"),
    )


def test_shares_without_tokens_are_compared_by_their_names_alone() -> None:
    found = changes_between([known("A", ""), known("B", "")], [listing("B", ""), listing("C", "")], TODAY)
    assert [(one.kind, one.whose) for one in found.told] == [
        (ChangeKind.DELISTED, "NSE:EQ:A"),
        (ChangeKind.ADDED, "NSE:EQ:C"),
    ]


def test_a_token_that_appears_is_told() -> None:
    (told,) = changes_between([known("A", "")], [listing("A", "7")], TODAY).told
    assert (told.kind, told.whose, told.number) == (ChangeKind.RENUMBERED, "NSE:EQ:A", "")


def test_what_is_told_is_bounded_and_what_is_counted_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MOST_CHANGES", 3)
    after = [listing(f"N{number}", f"{number}") for number in range(1, 6)]
    found = changes_between([known("GONE", "99")], after, TODAY)
    assert [one.kind for one in found.told] == [ChangeKind.DELISTED, ChangeKind.ADDED, ChangeKind.ADDED]
    assert found.counts == {"delisted": 1, "new": 5}


def test_the_first_edition_changes_nothing_and_the_next_one_is_counted_in_its_summary(tmp_path: Path) -> None:
    assert store(tmp_path, listing("A", "1"), listing("B", "2")).summary.changes == {}
    second = store(tmp_path, listing("A", "3"), listing("C", "4"), now_ns=NOW_NS + DAY_NS)
    assert second.summary.changes == {"token changed": 1, "delisted": 1, "new": 1}
    assert MasterStore(tmp_path).summary("kite") == second.summary
    assert [change.whose for _, change in MasterStore(tmp_path).changes("kite")] == [
        "NSE:EQ:A",
        "NSE:EQ:B",
        "NSE:EQ:C",
    ]


def test_half_a_list_says_of_nothing_that_it_is_gone_and_its_completion_calls_nothing_new(tmp_path: Path) -> None:
    store(tmp_path, listing("A", "1"), listing("B", "2"), source="massive")
    half = rows(listing("A", "9"), source="massive")
    half.is_cut = True
    cut = MasterStore(tmp_path).replace(half, label="x", origin="x", now_ns=NOW_NS + 1, is_forced=True)
    assert cut.summary.changes == {"token changed": 1}
    assert [one.kind for one in cut.changes] == [ChangeKind.RENUMBERED]
    whole = store(tmp_path, listing("A", "9"), listing("B", "2"), source="massive", now_ns=NOW_NS + 2)
    assert (whole.changes, whole.summary.changes) == ((), {})


def test_the_same_file_again_changes_nothing_and_keeps_what_was_noted(tmp_path: Path) -> None:
    store(tmp_path, listing("A", "1"))
    store(tmp_path, listing("A", "2"), digest="d", now_ns=NOW_NS + 1)
    again = store(tmp_path, listing("A", "2"), digest="d", now_ns=NOW_NS + 2)
    assert (again.changes, again.summary.changes) == ((), {})
    assert [(at, one.number) for at, one in MasterStore(tmp_path).changes("kite")] == [(NOW_NS + 1, "1")]


def test_a_table_of_ones_own_with_other_columns_is_compared_though_its_file_is_the_same(tmp_path: Path) -> None:
    store(tmp_path, listing("A", ""), source="own:mine", digest="d")
    again = store(tmp_path, listing("A", "5"), source="own:mine", digest="d", now_ns=NOW_NS + 1)
    assert again.summary.changes == {"token changed": 1}


def test_the_change_list_stays_bounded_however_often_a_list_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("marketwatch.instruments.masters.store._MOST_CHANGES", 4)
    for edition in range(6):
        store(tmp_path, listing("A", f"{edition + 1}"), listing("B", f"{edition + 11}"), now_ns=NOW_NS + edition)
    kept = MasterStore(tmp_path).changes("kite")
    assert [(at - NOW_NS, one.whose, one.number) for at, one in kept] == [
        (5, "NSE:EQ:A", "5"),
        (5, "NSE:EQ:B", "15"),
        (4, "NSE:EQ:A", "4"),
        (4, "NSE:EQ:B", "14"),
    ]


def test_a_kind_of_change_that_nobody_knows_is_passed_over(tmp_path: Path) -> None:
    store(tmp_path, listing("A", "1"))
    store(tmp_path, listing("A", "2"), now_ns=NOW_NS + 1)
    with sqlite3.connect(tmp_path / "kite.master") as database:
        database.execute("INSERT INTO changes VALUES (?, 'split', 'x', 'y')", (NOW_NS,))
    assert [one.number for _, one in MasterStore(tmp_path).changes("kite")] == ["1"]
    assert store(tmp_path, listing("A", "3"), now_ns=NOW_NS + 2).summary.changes == {"token changed": 1}


def test_a_damaged_edition_is_nothing_to_compare_with_and_harms_nothing(tmp_path: Path) -> None:
    store(tmp_path, listing("A", "1"))
    path = tmp_path / "kite.master"
    path.write_bytes(path.read_bytes()[:2000] + b"\x00" * 3000)
    after = store(tmp_path, listing("A", "2"), now_ns=NOW_NS + 1)
    assert (after.summary.rows, after.changes) == (1, ())
    assert [one.token for one in MasterStore(tmp_path).load("kite")] == ["2"]


def test_what_the_columns_mean_is_kept_with_the_list(tmp_path: Path) -> None:
    mapping = ColumnMapping({"symbol": "Kürzel"}, {"venue": "NSE"}, ";")
    MasterStore(tmp_path).replace(
        rows(listing("A", "1"), source="own:mine"), label="mine", origin="x", now_ns=NOW_NS, mapping=mapping
    )
    kept = MasterStore(tmp_path).summary("own:mine")
    assert kept is not None
    assert kept.mapping == mapping


def test_a_genuine_dump_against_itself_with_one_token_moved(tmp_path: Path) -> None:
    path = shared_data("masters", "kite_instruments_2024-04.csv.gz")
    moved = tmp_path / "moved.csv"
    text = gzip.decompress(path.read_bytes())
    moved.write_bytes(text.replace(b"\n408065,1594,INFY,", b"\n255999745,999999,INFY,"))
    folder = tmp_path / "masters"
    for number, file in enumerate((path, moved)):
        loaded = load_file(file, MasterKind.KITE)
        replaced = MasterStore(folder).replace(loaded, label="Kite", origin="x", now_ns=NOW_NS + number)
    assert replaced.changes == (MasterChange(ChangeKind.RENUMBERED, "NSE:EQ:INFY 1594", "NSE:EQ:INFY 999999"),)
