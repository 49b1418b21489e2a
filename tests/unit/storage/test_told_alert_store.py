"""What the user was told of survives a restart, and a damaged file costs no more than a second telling."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from marketwatch.errors import StorageError
from marketwatch.storage.database_file import DatabaseFile, load_migrations
from marketwatch.storage.documents import StateDatabase
from marketwatch.storage.told_alerts import MOST_ROWS


async def test_told_alerts_come_back_the_oldest_first(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    database = await StateDatabase.open(path)
    assert await database.told_alerts.load() == {}
    await database.told_alerts.save({"b": (5, False), "a": (7, True), "c": (1, False)})
    await database.told_alerts.save({"c": None, "b": (5, True), "never there": None})
    await database.close()
    again = await StateDatabase.open(path)
    assert list((await again.told_alerts.load()).items()) == [("b", (5, True)), ("a", (7, True))]
    await again.close()


async def test_the_oldest_of_too_many_go(tmp_path: Path) -> None:
    database = await StateDatabase.open(tmp_path / "state.db")
    await database.told_alerts.save({f"alert {number}": (number, False) for number in range(MOST_ROWS)})
    await database.told_alerts.save({"newest": (MOST_ROWS, False)})
    kept = await database.told_alerts.load()
    assert (len(kept), "alert 0" in kept, "alert 1" in kept, "newest" in kept) == (MOST_ROWS, False, True, True)
    await database.close()


async def test_a_database_of_the_version_before_is_upgraded(tmp_path: Path) -> None:
    path, backups = tmp_path / "state.db", tmp_path / "backups"
    DatabaseFile(path, backups, load_migrations()[:3], frozenset({"watchlists"})).prepare()
    database = await StateDatabase.open(path, backups)
    await database.told_alerts.save({"a": (7, True)})
    assert await database.told_alerts.load() == {"a": (7, True)}
    await database.close()


async def test_a_damaged_file_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    database = await StateDatabase.open(path, tmp_path / "backups")
    await database.told_alerts.save({"a": (7, True)})
    await database.close()
    for backup in (tmp_path / "backups").iterdir():
        backup.unlink()
    path.write_bytes(b"nonsense" * 1_000)
    again = await StateDatabase.open(path, tmp_path / "backups")
    assert await again.told_alerts.load() == {}
    await again.told_alerts.save({"a": (8, False)})
    await again.close()
    assert "damaged" in again.notices[0].cause


async def test_a_newer_file_is_read_and_not_written(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    database = await StateDatabase.open(path)
    await database.told_alerts.save({"a": (7, True)})
    await database.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    newer = await StateDatabase.open(path)
    assert await newer.told_alerts.load() == {"a": (7, True)}
    with pytest.raises(StorageError):
        await newer.told_alerts.save({"b": (1, False)})
    await newer.close()
