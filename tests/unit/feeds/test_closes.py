"""Closes of the session before a recording."""

from __future__ import annotations

import datetime
from pathlib import Path

import duckdb
import pytest
from shared_data import shared_data

from marketwatch.errors import RecordingError
from marketwatch.feeds.recorded.closes import previous_closes

DAY = datetime.date(2013, 10, 8)


def _write(path: Path, values: str) -> Path:
    with duckdb.connect() as database:
        database.execute(
            f"COPY (SELECT * FROM (VALUES {values}) AS t(date, symbol, close)) TO '{path}' (FORMAT parquet)"
        )
    return path


def test_the_last_close_before_the_session_counts(tmp_path: Path) -> None:
    rows = (
        "('2013-10-04','SPY',168.89),('2013-10-07','SPY',167.42),('2013-10-08','SPY',165.48),('2013-10-04','IBM',184.1)"
    )
    closes = previous_closes(_write(tmp_path / "daily.parquet", rows), DAY, ["SPY", "IBM", "AIG"])
    assert closes == {"SPY": 167.42, "IBM": 184.1}


def test_an_old_or_impossible_close_is_no_close(tmp_path: Path) -> None:
    rows = "('2013-09-20','SPY',170.0),('2013-10-07','IBM',0.0)"
    assert previous_closes(_write(tmp_path / "daily.parquet", rows), DAY, ["SPY", "IBM"]) == {}


def test_another_file_is_refused_with_its_cause(tmp_path: Path) -> None:
    path = tmp_path / "notes.parquet"
    path.write_text("not parquet")
    with pytest.raises(RecordingError, match=r"notes\.parquet gives no closes"):
        previous_closes(path, DAY, ["SPY"])


def test_real_closes() -> None:
    path = shared_data("bars_us", "us_daily_unadjusted_1998_2021.parquet")
    assert previous_closes(path, DAY, ["SPY", "BAC", "IBM", "GCZ13"]) == {"SPY": 167.42, "BAC": 13.81, "IBM": 182.01}
