"""Masters on disk: replaced whole or not at all; RELIABILITY 3.3 items 33, 38 and 39."""

from __future__ import annotations

import datetime as dt
import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest

from marketwatch.domain.ids import CASH, FUTURES, InstrumentId, Segment, Venue
from marketwatch.domain.instrument import Instrument, InstrumentKind
from marketwatch.errors import DamagedDocument, InstrumentError, StorageError
from marketwatch.instruments.masters.changes import ChangeKind, MasterChange
from marketwatch.instruments.masters.listing import Listing, MasterRows
from marketwatch.instruments.masters.store import MasterStore, Replacement
from marketwatch.instruments.masters.summary import MasterState

DAY_NS = 86_400_000_000_000
NOW_NS = 20_000 * DAY_NS + 1  # 4 October 2024
TODAY = dt.date(2024, 10, 4)


def _listing(symbol: str, token: str, *, segment: Segment = CASH, expiry: dt.date | None = None) -> Listing:
    identity = InstrumentId(Venue("NSE" if segment == CASH else "NFO"), segment, symbol)
    return Listing(instrument=Instrument(id=identity, name=f"{symbol} Ltd"), source="kite", token=token, expiry=expiry)


def _rows(*listings: Listing, digest: str = "") -> MasterRows:
    rows = MasterRows("kite")
    for line, listing in enumerate(listings, start=2):
        rows.add(line, listing)
    rows.digest = digest
    return rows


def _store(store: MasterStore, rows: MasterRows, *, now_ns: int = NOW_NS, is_forced: bool = False) -> Replacement:
    return store.replace(rows, label="Kite instruments", origin="kite.csv", now_ns=now_ns, is_forced=is_forced)


@pytest.fixture
def store(tmp_path: Path) -> MasterStore:
    return MasterStore(tmp_path / "masters")


def test_every_fact_survives(store: MasterStore) -> None:
    full = Listing(
        instrument=Instrument(
            id=InstrumentId(Venue("NFO"), Segment("OPT"), "Ünï🚀:CE"),
            name="NIFTY",
            currency="INR",
            kind=InstrumentKind.OPTION,
            tick_size=Decimal("0.10"),
            lot_size=75,
            multiplier=Decimal("2.5"),
            isin="INE002A01018",
            exchange_tag="NSE",
        ),
        source="kite",
        token="2885",
        feed_token="738561",
        feed_symbol="X",
        series="CE",
        expiry=dt.date(2030, 1, 31),
        strike=Decimal("88.5"),
    )
    rows = _rows(full, _listing("SBIN", "3045"))
    rows.skip(9, "the symbol is empty", "a,b,c")
    rows.noted.add(2, "a doubt", "x")
    summary = _store(store, rows).summary
    assert store.load("kite") == rows.listings
    assert str(store.load("kite")[0].instrument.tick_size) == "0.10"
    assert store.summaries() == [summary] == [store.summary("kite")]
    assert (summary.rows, summary.skipped, summary.noted, summary.has_contracts) == (2, 1, 1, True)
    assert (summary.segments, summary.origin, summary.fetched_ns) == (("NFO_OPT", "NSE_EQ"), "kite.csv", NOW_NS)
    assert summary.reasons == {"the symbol is empty": 1}
    assert [(note.line, note.reason, note.text) for note in store.notes("kite", skipped=True)] == [
        (9, "the symbol is empty", "a,b,c")
    ]
    assert [note.reason for note in store.notes("kite", skipped=False)] == ["a doubt"]


def test_nothing_stored_is_nothing_known(store: MasterStore) -> None:
    assert (store.summaries(), store.summary("kite"), store.load("kite")) == ([], None, [])
    assert (store.notes("kite", skipped=True), store.changes("kite"), store.search("x")) == ([], [], [])


def test_a_master_replaces_only_its_own(store: MasterStore) -> None:
    own = MasterRows("own:house-list")
    own.add(2, Listing(instrument=Instrument(id=InstrumentId(Venue("NSE"), CASH, "OWN")), source="own:house-list"))
    store.replace(own, label="House list", origin="house.csv", now_ns=NOW_NS)
    _store(store, _rows(_listing("A", "1")))
    _store(store, _rows(_listing("B", "2")))
    assert [each.id.symbol for each in store.load("kite")] == ["B"]
    assert [each.id.symbol for each in store.load("own:house-list")] == ["OWN"]
    store.remove("kite")
    store.remove("kite")
    assert [each.source for each in store.summaries()] == ["own:house-list"]


@pytest.mark.parametrize("source", ["", "../kite", "a/b", "CON", "own:", "own:a:b", "own:" + "a" * 60])
def test_item_37_a_source_is_never_a_path(store: MasterStore, source: str) -> None:
    with pytest.raises(StorageError, match="cannot be a file name"):
        store.load(source)


def test_item_33_an_empty_a_cut_and_a_shrunken_list_do_not_replace_a_good_one(store: MasterStore) -> None:
    good = _rows(*(_listing(f"S{number}", str(number)) for number in range(1, 11)))
    _store(store, good)
    cut = _rows(*good.listings)
    cut.is_cut = True
    for bad, cause in (
        (_rows(), "holds no instrument"),
        (cut, "not complete"),
        (_rows(_listing("A", "1")), "lost most"),
    ):
        with pytest.raises(InstrumentError, match=f"{cause}.*The one before stays in use"):
            _store(store, bad)
        assert store.load("kite") == good.listings
    with pytest.raises(InstrumentError, match="holds no instrument"):
        _store(store, _rows(), is_forced=True)
    forced = _store(store, cut, is_forced=True).summary
    assert forced.state(NOW_NS) == (MasterState.PARTIAL, "not complete: load it again")


def test_a_failed_write_leaves_the_master_before(store: MasterStore, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _rows(_listing("A", "1"))
    _store(store, before)

    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("marketwatch.instruments.masters.master_rows.write", fail)
    with pytest.raises(StorageError, match=r"disk is full.*The one before stays in use"):
        _store(store, _rows(_listing("B", "2")))
    assert store.load("kite") == before.listings
    assert [path.name for path in store.folder.iterdir()] == ["kite.master"]


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100])
def test_a_damaged_master_is_set_aside_and_the_others_serve_on(store: MasterStore, content: bytes) -> None:
    _store(store, _rows(_listing("A", "1")))
    (store.folder / "massive.master").write_bytes(content)
    assert [each.source for each in store.summaries()] == ["kite"]
    assert [path.name.partition(".damaged")[0] for path in store.folder.glob("*.damaged-*")] == ["massive.master"]
    (store.folder / "massive.master").write_bytes(content)
    with pytest.raises(DamagedDocument):
        store.load("massive")


def test_a_master_damaged_behind_its_summary_is_replaced(store: MasterStore) -> None:
    _store(store, _rows(*(_listing(f"SYMBOL{number}", str(number)) for number in range(1, 400))))
    path = store.folder / "kite.master"
    whole = path.read_bytes()
    database = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    page_size, root = (
        database.execute("PRAGMA page_size").fetchone()[0],
        database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'listings'").fetchone()[0],
    )
    database.close()
    start = page_size * (root - 1)
    path.write_bytes(whole[:start] + b"\xff" * page_size + whole[start + page_size :])
    assert store.summary("kite") is not None
    replaced = _store(store, _rows(*(_listing(f"SYMBOL{number}", str(number)) for number in range(1, 400))))
    assert replaced.changes == ()
    assert len(store.load("kite")) == 399


def test_a_master_of_a_newer_version_is_left_alone(store: MasterStore) -> None:
    _store(store, _rows(_listing("A", "1")))
    with sqlite3.connect(store.folder / "kite.master") as database:
        database.execute("PRAGMA user_version=99")
    database.close()
    assert (store.summaries(), store.summary("kite")) == ([], None)
    assert (store.folder / "kite.master").exists()


def test_item_38_the_same_file_again_and_ended_contracts_are_warned_of_and_stay_usable(store: MasterStore) -> None:
    ended = _listing("NIFTY24SEPFUT", "9", segment=FUTURES, expiry=TODAY - dt.timedelta(days=1))
    rows = _rows(_listing("A", "1"), ended, digest="abc")
    first = _store(store, rows).summary
    assert (first.expired, first.warnings) == (1, ("1 of its contracts have ended: it may not be today’s",))
    again = _store(store, rows, now_ns=NOW_NS + DAY_NS).summary
    assert again.warnings[0] == "It is the same file as the one before: it may not be today’s"
    assert again.state(NOW_NS + DAY_NS) == (MasterState.DOUBTFUL, again.warnings[0])
    assert len(store.load("kite")) == 2


def test_item_38_a_day_makes_contracts_doubtful_and_a_week_everything(store: MasterStore) -> None:
    shares = _store(store, _rows(_listing("A", "1"))).summary
    assert shares.state(NOW_NS + 6 * DAY_NS) == (MasterState.CURRENT, "current")
    assert shares.state(NOW_NS + 7 * DAY_NS)[0] is MasterState.OLD
    assert shares.age_ns(NOW_NS - 5) == 0
    future = _listing("NIFTY25SEPFUT", "9", segment=FUTURES, expiry=TODAY + dt.timedelta(days=300))
    contracts = _store(store, _rows(_listing("A", "1"), future)).summary
    assert contracts.state(NOW_NS + DAY_NS - 1) == (MasterState.CURRENT, "current")
    assert contracts.state(NOW_NS + DAY_NS) == (
        MasterState.OLD,
        "1 day old: shares can be used, contracts may have changed",
    )


def test_item_39_changes_are_told_and_kept_for_ninety_days(store: MasterStore) -> None:
    ended = dt.date(2024, 10, 3)
    before = _rows(
        _listing("SAME", "1"),
        _listing("OLDNAME", "2"),
        _listing("MOVED", "3"),
        _listing("GONE", "4"),
        _listing("NIFTY24OCTFUT", "50", segment=FUTURES, expiry=ended),
        _listing("BANK24OCTFUT", "51", segment=FUTURES, expiry=ended),
    )
    after = _rows(
        _listing("SAME", "1"),
        _listing("NEWNAME", "2"),
        _listing("MOVED", "33"),
        _listing("NIFTY24NOVFUT", "50", segment=FUTURES, expiry=dt.date(2024, 11, 7)),
    )
    _store(store, before, now_ns=NOW_NS - DAY_NS)
    expected = [
        MasterChange(ChangeKind.RENAMED, "NSE:EQ:OLDNAME", "NSE:EQ:NEWNAME"),
        MasterChange(ChangeKind.RENUMBERED, "NSE:EQ:MOVED 3", "NSE:EQ:MOVED 33"),
        MasterChange(ChangeKind.DELISTED, "NSE:EQ:GONE"),
        MasterChange(ChangeKind.REUSED, "NFO:FUT:NIFTY24OCTFUT 50", "NFO:FUT:NIFTY24NOVFUT"),
    ]
    assert list(_store(store, after).changes) == expected
    assert store.changes("kite") == [(NOW_NS, change) for change in expected]
    _store(store, after, now_ns=NOW_NS + 89 * DAY_NS)
    assert [change for _, change in store.changes("kite")] == expected
    assert store.changes("kite", since_ns=NOW_NS + 1) == []
    _store(store, after, now_ns=NOW_NS + 91 * DAY_NS)
    assert store.changes("kite") == []


def test_words_and_beginnings_are_found_on_disk(store: MasterStore) -> None:
    _store(store, _rows(_listing("RELIANCE", "2885"), _listing("RELINFRA", "553"), _listing("SBIN", "3045")))
    assert [each.id.symbol for each in store.search("reli")] == ["RELIANCE", "RELINFRA"]
    assert [each.id.symbol for each in store.search("sbin ltd")] == ["SBIN"]
    assert [each.id.symbol for each in store.search("2885")] == ["RELIANCE"]
    assert store.search('"*) OR (') == []
    assert len(store.search("ltd", limit=2)) == 2


def test_a_removed_list_can_be_put_back_until_it_is_purged(tmp_path: Path) -> None:
    store = MasterStore(tmp_path)
    rows = _rows(_listing("SBIN", "3045"))
    store.replace(rows, label="Kite", origin="kite.csv", now_ns=NOW_NS, place="/lists/kite.csv")
    store.set_aside("kite")
    assert (store.summaries(), store.load("kite")) == ([], [])
    store.put_back("kite")
    assert [(one.source, one.place) for one in store.summaries()] == [("kite", "/lists/kite.csv")]
    store.set_aside("kite")
    store.purge()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StorageError):
        store.put_back("kite")
