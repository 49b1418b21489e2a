"""The program replays real recorded sessions at full speed and loses nothing on the way to the screen."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import duckdb
import pytest
from program_rig import Report, bid_and_ask, keep_lists, program, rows_of, run_for, warnings_in
from shared_data import shared_data

Truth = dict[str, dict[str, Any]]


def truth_of(path: Path) -> tuple[int, Truth]:
    """Return the number of events of a recording, and per symbol what a plain query says."""
    query = f"""
        SELECT symbol, count(*) FILTER (kind = 'T') AS trades, coalesce(sum(size) FILTER (kind = 'T'), 0) AS volume
        FROM '{path}' GROUP BY symbol
    """
    with duckdb.connect() as database:
        count = database.sql(f"SELECT count(*) FROM '{path}'").fetchall()[0][0]
        rows = database.sql(query).fetchall()
    return count, {symbol: {"trades": trades, "volume": volume} for symbol, trades, volume in rows}


def traded(report: Report) -> Truth:
    """Return counted and excluded trades together, per symbol."""
    (feed,) = report["feeds"]
    return {
        key: {
            "trades": figures["trades"] + figures["excluded_trades"],
            "volume": figures["volume"] + figures["excluded_volume"],
        }
        for key, figures in feed["traded"].items()
    }


def assert_nothing_lost(report: Report, path: Path) -> None:
    count, truth = truth_of(path)
    (feed,) = report["feeds"]
    assert feed["event_count"] == feed["counts"]["events"] == count
    assert traded(report) == truth
    assert [feed[name] for name in ("invalid_count", "late_count", "sink_failures", "reconnect_attempts")] == [0] * 4
    unusual = ("unrouted", "untimed", "sink_errors")
    assert [feed["counts"][name] for name in unusual] == [0] * len(unusual)
    assert report["session"]["replay"]["is_finished"]
    assert report["failures"] == {}


def last_of(path: Path, figure: str, condition: str) -> dict[str, Any]:
    """Return a column of the last row of each symbol that fulfils a condition."""
    query = f"""
        SELECT symbol, arg_max({figure}, (ts_ns, file_row_number))
        FROM read_parquet('{path}', file_row_number = true) WHERE {condition} GROUP BY symbol
    """
    with duckdb.connect() as database:
        return dict(database.sql(query).fetchall())


@pytest.mark.slow
async def test_the_session_of_2025_reaches_the_screen_whole(tmp_path: Path) -> None:
    path = shared_data("session", "session_2025-06-27_consolidated.parquet")
    report = await at_the_end(tmp_path, "--replay", path)
    assert_nothing_lost(report, path)
    rows = rows_of(report)
    volumes = {"TSLA": "10.63\u202fM", "CRCL": "4.81\u202fM", "AAPL": "2.72\u202fM"}
    assert {symbol: row["Volume"] for symbol, row in rows.items()} == volumes
    # Round lots move the last price; odd lots do not.
    prices = last_of(path, "price", "kind = 'T' AND size >= 100")
    assert {symbol: row["Last"] for symbol, row in rows.items()} == {
        symbol: f"{price:.2f}" for symbol, price in prices.items()
    }


async def at_the_end(folder: Path, *arguments: str | Path) -> Report:
    """Replay at full speed and return the report of the end of the session."""
    async with program(folder, *arguments, "--speed", "max", "--size", "1600x1000") as running:
        await running.ready()
        await running.report_when(lambda report: report["session"]["replay"]["is_finished"])
        await asyncio.sleep(0.5)  # the last events are on their way, and the screen is drawn ten times a second
        ended = await running.quit()
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert warnings_in(folder / "profile") == []
    return ended.report


@pytest.mark.slow
async def test_the_two_sided_session_of_2013_ends_the_same_wherever_it_begins(tmp_path: Path) -> None:
    path = shared_data("session", "session_2013-10-08_twosided.parquet")
    for name in ("whole", "late"):
        await keep_lists(tmp_path / name, bid_and_ask("Replay 8 Oct 2013"))
    whole = await at_the_end(tmp_path / "whole", "--replay", path)
    assert_nothing_lost(whole, path)
    rows = rows_of(whole)
    for figure, column in (("bid", "Bid"), ("ask", "Ask")):
        prices = last_of(path, figure, f"kind = 'Q' AND {figure} > 0")
        assert {symbol: rows[symbol][column] for symbol in prices} == {
            symbol: f"{price:.2f}" for symbol, price in prices.items()
        }
    late = await at_the_end(tmp_path / "late", "--replay", path, "--from", "09:35")
    assert_nothing_lost(late, path)
    assert rows_of(late) == rows


@pytest.mark.slow
async def test_a_replay_goes_on_without_warnings_and_in_bounded_memory(tmp_path: Path) -> None:
    path = shared_data("session", "session_2013-10-08_twosided.parquet")
    async with program(tmp_path, "--replay", path, "--speed", "50") as running:
        await running.ready()
        warm = await running.report_when(lambda report: report["feeds"][0]["event_count"] > 0)
        await asyncio.sleep(15)
        late = await running.report()
        ended = await running.quit()
    # Fifteen minutes of market time have passed since.
    assert late["feeds"][0]["event_count"] > warm["feeds"][0]["event_count"]
    assert late["session"]["replay"]["position_ns"] - warm["session"]["replay"]["position_ns"] > 600 * 10**9
    assert late["memory"]["resident_bytes"] < warm["memory"]["resident_bytes"] + 60 * 2**20
    assert late["memory"]["threads"] <= warm["memory"]["threads"] + 2
    assert (ended.code, ended.err, ended.report["failures"], ended.report["notices"]) == (0, "", {}, [])
    assert warnings_in(tmp_path / "profile") == []


async def test_a_file_that_is_no_recording_leaves_an_empty_window_with_a_notice(tmp_path: Path) -> None:
    garbage = tmp_path / "day.parquet"
    garbage.write_bytes(b"PAR1" + bytes(range(256)) * 20)
    ended = await run_for(tmp_path, 0.2, "--replay", garbage)
    assert (ended.code, ended.err) == (0, "")
    (notice,) = ended.report["notices"]
    assert "day.parquet" in notice
    assert notice.count(".") >= 2
    assert (ended.report["session"], ended.report["feeds"], ended.report["failures"]) == (None, [], {})
    assert ended.report["watchlist"]["rows"] == []
