"""The feeds named for instruments survive a restart."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from marketwatch.domain.feed_choice import FeedChoice
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.errors import StorageError
from marketwatch.storage.database_file import DatabaseFile, load_migrations
from marketwatch.storage.documents import StateDatabase

AAPL, INFY = InstrumentId.parse("XNAS:EQ:AAPL"), InstrumentId.parse("NSE:EQ:INFY")
ODIN, KITE = FeedId("odin"), FeedId("kite")


async def test_choices_come_back_and_defaults_are_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    database = await StateDatabase.open(path)
    assert await database.feed_choices.load() == {}
    await database.feed_choices.save({AAPL: FeedChoice(ODIN, KITE), INFY: FeedChoice(None, KITE)})
    await database.feed_choices.save({AAPL: FeedChoice(), INFY: FeedChoice(KITE, None)})
    await database.close()
    again = await StateDatabase.open(path)
    assert await again.feed_choices.load() == {INFY: FeedChoice(KITE, None)}
    await again.close()


async def test_a_row_that_cannot_be_read_is_left_out_and_noticed(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    database = await StateDatabase.open(path)
    await database.feed_choices.save({AAPL: FeedChoice(ODIN)})
    await database.close()
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO feed_choices VALUES ('nonsense', 'odin', NULL)")
    again = await StateDatabase.open(path)
    assert await again.feed_choices.load() == {AAPL: FeedChoice(ODIN)}
    (notice,) = again.feed_choices.notices
    assert "nonsense" in notice.thing
    await again.close()


async def test_a_database_of_the_version_before_is_upgraded(tmp_path: Path) -> None:
    path, backups = tmp_path / "state.db", tmp_path / "backups"
    DatabaseFile(path, backups, load_migrations()[:2], frozenset({"watchlists", "feed_configs"})).prepare()
    database = await StateDatabase.open(path, backups)
    await database.feed_choices.save({AAPL: FeedChoice(ODIN)})
    assert await database.feed_choices.load() == {AAPL: FeedChoice(ODIN)}
    await database.close()


async def test_a_database_that_may_not_be_written_says_so(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    await (await StateDatabase.open(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    database = await StateDatabase.open(path)
    with pytest.raises(StorageError):
        await database.feed_choices.save({AAPL: FeedChoice(ODIN)})
    await database.close()
