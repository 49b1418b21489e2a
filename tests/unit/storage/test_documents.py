"""The state database keeps lists through damage, kills, strangers and newer versions."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from marketwatch.domain.watchlist import ColumnLayout, SortState, WatchlistRecord
from marketwatch.errors import NewerDocument, StorageError
from marketwatch.storage import documents
from marketwatch.storage.database_file import DatabaseFile, DatabaseInUse, Migration, load_migrations
from marketwatch.storage.documents import StateDatabase

FIRST = WatchlistRecord(
    id="a",
    name="Öl & Gas",
    position=0,
    entries=("XNYS:EQ:IBM", "# Futures", "COMEX:FUT:GC Z3", "NSE:EQ:M&M"),
    layout=ColumnLayout("intraday", ("symbol", "last"), {"symbol": 90}),
    sort=SortState("last", descending=True),
)
SECOND = WatchlistRecord(id="b", name="Empty", position=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


async def store(path: Path, *records: WatchlistRecord) -> None:
    database = await StateDatabase.open(path)
    for record in records:
        await database.save_watchlist(record)
    await database.close()


async def contents(path: Path) -> tuple[list[WatchlistRecord], list[str]]:
    """Return the lists, and the remedies of the notices."""
    database = await StateDatabase.open(path)
    records = await database.load_watchlists()
    await database.close()
    return records, [notice.next_step for notice in database.notices]


async def test_lists_come_back_in_order(path: Path) -> None:
    await store(path, SECOND, FIRST)
    assert await contents(path) == ([FIRST, SECOND], [])
    assert _is_private(path)


async def test_saving_again_replaces_and_removing_forgets(path: Path) -> None:
    changed = WatchlistRecord(id="a", name="New", position=5, entries=("XNAS:EQ:AAPL",))
    await store(path, FIRST, SECOND, changed)
    assert await contents(path) == ([SECOND, changed], [])
    database = await StateDatabase.open(path)
    await database.remove_watchlist("b")
    await database.remove_watchlist("never there")
    assert await database.load_watchlists() == [changed]
    await database.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM watchlist_entries").fetchone() == (1,)


async def test_concurrent_saves_do_not_mix(path: Path) -> None:
    database = await StateDatabase.open(path)
    records = [WatchlistRecord(id=str(n), name=str(n), position=n, entries=(f"X:EQ:{n}",)) for n in range(20)]
    await asyncio.gather(*(database.save_watchlist(record) for record in records))
    assert await database.load_watchlists() == records
    await database.close()


async def test_a_cancelled_or_failed_save_changes_nothing(path: Path) -> None:
    await store(path, FIRST)
    database = await StateDatabase.open(path)
    saving = asyncio.ensure_future(database.save_watchlist(WatchlistRecord(id="a", name="half", position=0)))
    for _ in range(3):
        await asyncio.sleep(0)
    saving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saving
    with pytest.raises(StorageError):
        await database.save_watchlist(WatchlistRecord(id="a", name=None, position=0))  # type: ignore[arg-type]
    await database.save_watchlist(SECOND)
    assert await database.load_watchlists() == [FIRST, SECOND]
    await database.close()


async def test_an_unreadable_layout_costs_only_the_layout(path: Path) -> None:
    await store(path, FIRST)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE watchlists SET layout = 'x'")
    records, _ = await contents(path)
    assert [(record.name, record.layout) for record in records] == [(FIRST.name, ColumnLayout())]


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _zero_header(path: Path) -> None:
    path.write_bytes(bytes(100) + path.read_bytes()[100:])


def _random_page(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:8192] = os.urandom(4096)
    path.write_bytes(content)


def _text(path: Path) -> None:
    path.write_text("these are my lists " * 100)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _without_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE watchlist_entries")


def _foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE other (id)")


def _content(path: Path) -> bytes:
    return path.read_bytes()


def _remove(path: Path) -> None:
    path.unlink()


def _is_private(path: Path) -> bool:
    return os.name == "nt" or path.stat().st_mode & 0o077 == 0


def _leave_journal_of_another_file(path: Path) -> None:
    other = path.with_name("other.db")
    with closing(sqlite3.connect(other)) as connection, connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE watchlists (id)")
        connection.commit()
        path.with_name("state.db-wal").write_bytes(other.with_name("other.db-wal").read_bytes())


DAMAGES = [_truncate, _zero_header, _random_page, _text, _empty, _without_table, _foreign]


@pytest.mark.parametrize("damage", DAMAGES)
async def test_damage_brings_the_last_backup_and_keeps_the_damaged_file(
    path: Path, damage: Callable[[Path], None]
) -> None:
    await store(path, FIRST)
    damage(path)
    harmed = _content(path)
    records, remedies = await contents(path)
    assert records == [FIRST]
    assert len(remedies) == 1
    assert "The backup of 2" in remedies[0]
    (kept,) = path.parent.glob("state.db.damaged-*")
    assert _content(kept) == harmed
    assert await contents(path) == ([FIRST], [])


async def test_a_missing_file_comes_back_from_its_backup(path: Path) -> None:
    await store(path, FIRST)
    _remove(path)
    records, remedies = await contents(path)
    assert records == [FIRST]
    assert len(remedies) == 1


async def test_damage_without_backup_begins_anew(path: Path) -> None:
    _text(path)
    records, remedies = await contents(path)
    assert records == []
    assert "there was no backup" in remedies[0]
    await store(path, FIRST)
    assert await contents(path) == ([FIRST], [])


@pytest.mark.parametrize("damage", [None, _text])
async def test_a_left_over_journal_of_another_file_is_noticed(
    path: Path, damage: Callable[[Path], None] | None
) -> None:
    await store(path, FIRST)
    if damage is not None:
        damage(path)
    _leave_journal_of_another_file(path)
    records, remedies = await contents(path)
    assert records == [FIRST]
    assert len(remedies) == 1  # SQLite takes such a journal for its own: the mixture is damage


async def test_a_damaged_backup_is_passed_over(path: Path) -> None:
    await store(path, FIRST)
    backups = path.parent / "backups"
    (good,) = backups.glob("*.db")
    good.rename(backups / "state-20200101.db")
    (backups / "state-20990101.db").write_bytes(b"nonsense")
    _text(path)
    records, remedies = await contents(path)
    assert records == [FIRST]
    assert "2020-01-01" in remedies[0]


async def test_a_newer_file_is_read_and_never_written(path: Path) -> None:
    await store(path, FIRST)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    database = await StateDatabase.open(path)
    assert database.is_read_only
    assert await database.load_watchlists() == [FIRST]
    assert "newer version" in database.notices[0].cause
    with pytest.raises(NewerDocument):
        await database.save_watchlist(SECOND)
    await database.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (99,)


async def test_a_profile_that_cannot_be_written_is_used_without_saving(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store(path, FIRST)

    def refuse(_self: DatabaseFile) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(DatabaseFile, "prepare", refuse)
    for place, expected in ((path, [FIRST]), (path.parent / "other.db", [])):
        database = await StateDatabase.open(place)
        assert database.is_read_only
        assert await database.load_watchlists() == expected
        assert "saved" in database.notices[0].next_step
        with pytest.raises(StorageError):
            await database.save_watchlist(SECOND)
        await database.close()


async def test_a_file_in_use_is_said_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await store(path, FIRST)
    for module in (documents, sys.modules[DatabaseFile.__module__]):
        monkeypatch.setattr(module, "BUSY_TIMEOUT_S", 0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DatabaseInUse):
            await StateDatabase.open(path)
    assert await contents(path) == ([FIRST], [])


def test_an_upgrade_is_backed_up_first_and_a_failed_one_changes_nothing(path: Path) -> None:
    steps = load_migrations()[:1]
    backups = path.parent / "backups"
    DatabaseFile(path, backups, steps, frozenset({"watchlists"})).prepare()
    assert not list(backups.iterdir())
    bad = Migration(2, "CREATE TABLE extra (id); INSERT INTO nowhere VALUES (1);")
    with pytest.raises(StorageError):
        DatabaseFile(path, backups, [*steps, bad], frozenset({"watchlists"})).prepare()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'extra'").fetchone() == (0,)
    good = Migration(2, "CREATE TABLE extra (id);")
    assert DatabaseFile(path, backups, [*steps, good], frozenset({"watchlists"})).prepare() == []
    assert len(list(backups.glob("state-*.db"))) == 1


def test_seven_backups_are_kept(path: Path) -> None:
    file = DatabaseFile(path, path.parent / "backups", load_migrations(), frozenset({"watchlists"}))
    file.prepare()
    for day in range(1, 11):
        file.back_up(date(2026, 1, day))
    names = sorted(each.name for each in (path.parent / "backups").iterdir())
    assert names == [f"state-202601{day:02}.db" for day in range(4, 11)]


WRITER = """
    import asyncio, sys
    from pathlib import Path
    from marketwatch.domain.watchlist import WatchlistRecord
    from marketwatch.storage.documents import StateDatabase

    async def write(path: Path, start: int) -> None:
        database = await StateDatabase.open(path)
        number = start
        while True:
            record = WatchlistRecord(id="list", name=str(number), position=0, entries=(f"X:EQ:{number}",) * 3)
            await database.save_watchlist(record)
            sys.stdout.write(f"{number}\\n")
            sys.stdout.flush()
            number += 1

    asyncio.run(write(Path(sys.argv[1]), int(sys.argv[2])))
"""


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
async def test_a_kill_loses_nothing_that_was_acknowledged(path: Path) -> None:
    acknowledged = 0
    for _ in range(3):
        command = [sys.executable, "-c", textwrap.dedent(WRITER), str(path), str(acknowledged + 1)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:  # noqa: ASYNC220
            assert writer.stdout is not None
            for _ in range(15):
                acknowledged = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            acknowledged = max([acknowledged, *(int(line) for line in writer.stdout if line.endswith("\n"))])
        records, notices = await contents(path)
        assert notices == []
        ((name, entries),) = [(record.name, record.entries) for record in records]
        assert int(name) in (acknowledged, acknowledged + 1)
        assert entries == (f"X:EQ:{name}",) * 3
