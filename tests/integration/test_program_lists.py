"""Lists and settings outlive the program, however it ends, and what is damaged is set aside and said."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from pathlib import Path

import pytest
from fake_time import until
from program_rig import Ended, keep_lists, kept_lists, program, rows_of, run_for, warnings_in, with_prelude

from marketwatch.domain.watchlist import WatchlistRecord

MINE = WatchlistRecord(id="mine", name="Mine", entries=("XNAS:EQ:MSFT", "# Banks", "XNYS:EQ:JPM", "XNAS:EQ:AAPL"))
FEED = ("--feed", "massive", "--url", "ws://127.0.0.1:9/stocks")

# Types what a user would: a new list with two symbols, the second one moved up; then says that it is done.
CHANGES = with_prelude("""
import sys
from marketwatch.app.program import Program
from marketwatch.domain.ids import InstrumentId
begin = Program._begin
def change(self, commands):
    begin(self, commands)
    lists = self.screen.lists
    made = lists.create_list("Typed")
    for symbol in ("IBM", "BAC"):
        lists.add(InstrumentId.parse(f"XNYS:EQ:{symbol}"), made.id)
    lists.move_entry(made.id, 1, 0)
    sys.stdout.write("changed\\n")
    sys.stdout.flush()
Program._begin = change
""")


def symbols(ended: Ended) -> list[str]:
    return list(rows_of(ended.report))


async def test_lists_columns_and_theme_come_back_after_a_restart(tmp_path: Path) -> None:
    await keep_lists(tmp_path, MINE)
    first = await run_for(tmp_path, 0.2, *FEED, "--watch", "NVDA,TSLA", "--theme", "light")
    assert symbols(first) == ["NVDA", "TSLA"]
    second = await run_for(tmp_path, 0.2, *FEED)
    assert (second.report["watchlist"]["list"], symbols(second)) == ("Watched", ["NVDA", "TSLA"])
    assert await kept_lists(tmp_path) == {"Mine": MINE.entries, "Watched": ("XNAS:EQ:NVDA", "XNAS:EQ:TSLA")}
    assert json.loads((tmp_path / "profile" / "settings.json").read_text("utf-8"))["theme"] == "light"
    assert second.report["notices"] == []
    assert warnings_in(tmp_path / "profile") == []


async def test_a_change_outlives_a_kill_a_moment_later(tmp_path: Path) -> None:
    async with program(tmp_path, *FEED, code=CHANGES) as running:
        await running.until_said("changed")
        await until(lambda: "Typed" in _names_in(tmp_path / "profile" / "state.db"))
        await running.kill()
    assert (await kept_lists(tmp_path))["Typed"] == ("XNYS:EQ:BAC", "XNYS:EQ:IBM")
    again = await run_for(tmp_path, 0.2, *FEED)
    assert (again.code, again.err) == (0, "")
    (notice,) = again.report["notices"]
    assert "ended unexpectedly" in notice


def _names_in(database: Path) -> list[str]:
    """Return the names of the lists stored so far, read beside the program that runs."""
    with contextlib.closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM watchlists")]


@pytest.mark.parametrize(
    "content", [b"", b'{"version": 1, "theme": "li', b"\xff\xfe\x00garbage" * 50], ids=["empty", "cut off", "binary"]
)
async def test_a_damaged_settings_file_is_set_aside_and_said(content: bytes, tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    profile.mkdir()
    (profile / "settings.json").write_bytes(content)
    ended = await run_for(tmp_path, 0, *FEED)
    assert (ended.code, ended.err) == (0, "")
    (notice,) = ended.report["notices"]
    assert "settings file" in notice
    kept = [path for path in profile.iterdir() if path.name.startswith("settings") and path.read_bytes() == content]
    assert [path.name in notice for path in kept] == [True]
    assert json.loads((profile / "settings.json").read_text("utf-8"))["theme"] == "dark"


async def test_settings_of_a_newer_version_are_read_and_not_written(tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    profile.mkdir()
    text = json.dumps({"version": 99, "theme": "light", "from_the_future": [1, 2]})
    (profile / "settings.json").write_text(text, "utf-8")
    ended = await run_for(tmp_path, 0, *FEED)
    assert ended.code == 0
    assert "newer version" in ended.report["notices"][0]
    assert (profile / "settings.json").read_text("utf-8") == text


async def test_a_damaged_database_is_replaced_by_its_backup_and_said(tmp_path: Path) -> None:
    await keep_lists(tmp_path, MINE)
    await run_for(tmp_path, 0, *FEED)  # leaves a backup
    database = tmp_path / "profile" / "state.db"
    damaged = b"this is no database" * 500
    database.write_bytes(damaged)
    ended = await run_for(tmp_path, 0, *FEED)
    assert (ended.code, ended.err) == (0, "")
    assert any("list" in notice.lower() and "damaged" in notice.lower() for notice in ended.report["notices"])
    assert any(path.read_bytes() == damaged for path in database.parent.glob("state*") if path != database)
    assert (await kept_lists(tmp_path))["Mine"] == MINE.entries


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a user whom rights can stop")
async def test_a_profile_that_may_only_be_read_is_said_and_shown(tmp_path: Path) -> None:
    await keep_lists(tmp_path, MINE)
    profile = tmp_path / "profile"
    profile.chmod(0o500)
    try:
        ended = await run_for(tmp_path, 0, *FEED)
    finally:
        profile.chmod(0o700)
    assert (ended.code, ended.err, ended.report["failures"]) == (0, "", {})
    assert ended.report["notices"]
    assert symbols(ended)[0] == "MSFT"


async def test_a_profile_with_no_room_for_log_and_cache_is_said_and_shown(tmp_path: Path) -> None:
    await keep_lists(tmp_path, MINE)
    for name in ("logs", "cache"):
        folder = tmp_path / "profile" / name
        folder.rmdir()
        folder.touch()
    ended = await run_for(tmp_path, 0, *FEED)
    assert (ended.code, ended.err, ended.report["failures"]) == (0, "", {})
    assert ended.report["notices"]
    assert symbols(ended)[0] == "MSFT"


async def test_a_profile_that_is_no_folder_is_said_and_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "profile").write_text("a file", "ascii")
    ended = await run_for(tmp_path, 0, *FEED, "--watch", "AAPL")
    assert (ended.code, ended.err, ended.report["failures"]) == (0, "", {})
    assert ended.report["notices"]
    assert symbols(ended) == ["AAPL"]
    assert (tmp_path / "profile").read_text("ascii") == "a file"


async def test_a_second_start_leaves_the_profile_to_the_first(tmp_path: Path) -> None:
    async with program(tmp_path, *FEED) as first:
        await first.ready()
        async with program(tmp_path, *FEED) as second:
            ended = await second.ended()
        assert (ended.code, ended.err) == (0, "")
        assert "running with this profile" in ended.out
        asked = time.monotonic()
        assert (await first.quit()).code == 0
        assert time.monotonic() - asked < 4
