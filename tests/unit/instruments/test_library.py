from __future__ import annotations

import datetime as dt
import gzip
import logging
from pathlib import Path

import pytest

from marketwatch.domain.ids import CASH, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.errors import InstrumentError
from marketwatch.instruments import library
from marketwatch.instruments.library import MasterKind, build_catalogue, load_chunks, load_file, read_chunks
from marketwatch.instruments.masters.own_csv import ColumnMapping
from marketwatch.instruments.masters.store import MasterStore

TODAY = dt.date(2025, 9, 4)
NOW_NS = 1_756_971_590_827_000_000
KITE = (
    b"instrument_token,exchange_token,tradingsymbol,name,expiry,strike,tick_size,lot_size,instrument_type,segment,exchange\n"
    b"129793,507,ZEEL,ZEE,,,0.05,1,EQ,NSE,NSE\n"
)
ANGEL = b'[{"token":"507","symbol":"ZEEL-EQ","name":"ZEEL","exch_seg":"NSE","instrumenttype":"","tick_size":"5"}]'
OWN = b"ticker;exchange\nZEEL;NSE\n"


@pytest.mark.parametrize(
    ("kind", "content", "source"),
    [
        (MasterKind.KITE, gzip.compress(KITE), "kite"),
        (MasterKind.ANGEL_ONE, ANGEL, "angel-one"),
        (MasterKind.OWN_CSV, OWN, "own:mine"),
    ],
)
def test_every_kind_of_file_is_loaded(tmp_path: Path, kind: MasterKind, content: bytes, source: str) -> None:
    path = tmp_path / "master"
    path.write_bytes(content)
    mapping = ColumnMapping({"symbol": "ticker", "venue": "exchange"})
    rows = load_file(path, kind, mapping=mapping, source="own:mine")
    assert rows.source == source
    assert [str(each.id) for each in rows.listings] == ["NSE:EQ:ZEEL"]


def test_progress_tells_bytes_read_of_bytes_there_are(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"x" * 2_500_000)
    told: list[tuple[int, int]] = []
    assert sum(len(chunk) for chunk in read_chunks(path, lambda done, total: told.append((done, total)))) == 2_500_000
    assert told == [(1048576, 2500000), (2097152, 2500000), (2500000, 2500000)]


def test_item_33_fewer_bytes_than_announced_mean_a_cut() -> None:
    whole = load_chunks([KITE[:50], KITE[50:]], MasterKind.KITE, name="answer", announced=len(KITE))
    assert (len(whole), whole.is_cut) == (1, False)
    cut = load_chunks([KITE], MasterKind.KITE, name="answer", announced=len(KITE) + 9)
    assert cut.is_cut
    assert cut.warnings == [f"Only {len(KITE)} of {len(KITE) + 9} bytes arrived: it was cut"]


def test_item_34_a_file_beyond_the_limit_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "huge.csv"
    path.write_bytes(b"x" * 100)
    monkeypatch.setattr(library, "LARGEST_MASTER", 50)
    with pytest.raises(InstrumentError, match=r"huge\.csv\. it is larger than"):
        next(read_chunks(path))


def test_a_file_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(InstrumentError, match=r"gone\.csv\. no such file"):
        load_file(tmp_path / "gone.csv", MasterKind.KITE)


def test_the_catalogue_joins_what_is_stored_built_in_and_known(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "kite.csv"
    path.write_bytes(KITE)
    store = MasterStore(tmp_path / "masters")
    store.replace(load_file(path, MasterKind.KITE), label="Kite", origin=path.name, now_ns=NOW_NS)
    known = Instrument(id=InstrumentId(Venue("NSE"), CASH, "ZEEL"), name="Zee Entertainment", isin="INE256A01028")
    catalogue = build_catalogue(store, [known], TODAY)
    zeel = catalogue.by_token(Venue("NSE"), CASH, "507")
    assert zeel is not None
    assert (zeel.name, str(zeel.tick_size)) == ("Zee Entertainment", "0.05")
    assert str(catalogue.token_candidates("2885")[0].id) == "NSE:EQ:RELIANCE"
    assert [listing.source for listing in catalogue.listings(InstrumentId(Venue("NSE"), CASH, "SBIN"))] == ["built-in"]

    whole = (store.folder / "kite.master").read_bytes()
    (store.folder / "kite.master").write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with caplog.at_level(logging.WARNING):
        left = build_catalogue(store, [known], TODAY)
    assert left.by_token(Venue("NSE"), CASH, "507") is None
    assert "The master kite is" in caplog.text
