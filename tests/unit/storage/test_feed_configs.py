"""Configured feeds are as durable as the lists, and hold no secret."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from marketwatch.domain.feed_config import BarOptions, FeedConfig, ReconnectPolicy
from marketwatch.domain.ids import FeedId
from marketwatch.errors import NewerDocument
from marketwatch.storage.database_file import DatabaseFile, load_migrations
from marketwatch.storage.documents import StateDatabase

FIRST = FeedConfig(
    id=FeedId("massive"),
    kind="massive",
    name="Massive für mich",
    variant="delayed",
    channels=("T", "Q"),
    reconnect=ReconnectPolicy.FIVE_ATTEMPTS,
)
SECOND = FeedConfig(
    id=FeedId("odin"), kind="odin", name="Odin", enabled=False, variant="own", own_address="ws://127.0.0.1:8080/ws"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


async def saved(path: Path, *feeds: FeedConfig) -> None:
    database = await StateDatabase.open(path)
    await database.feed_configs.save(feeds)
    await database.close()


async def loaded(path: Path) -> list[FeedConfig]:
    database = await StateDatabase.open(path)
    feeds = await database.feed_configs.load()
    await database.close()
    return feeds


async def test_feeds_come_back_in_order(path: Path) -> None:
    assert await loaded(path) == []
    await saved(path, SECOND, FIRST)
    assert await loaded(path) == [SECOND, FIRST]
    await saved(path, FIRST, SECOND)
    assert await loaded(path) == [FIRST, SECOND]
    await saved(path, SECOND)
    assert await loaded(path) == [SECOND]


async def test_a_kind_of_a_newer_version_survives(path: Path) -> None:
    future = FeedConfig(id=FeedId("x"), kind="telepathy", name="X", variant="far", channels=("THOUGHTS",))
    await saved(path, FIRST, future)
    assert await loaded(path) == [FIRST, future]


async def test_how_bars_are_asked_for_is_kept_and_older_settings_have_the_usual(path: Path) -> None:
    bars = BarOptions(
        local_only=False, first=dt.date(2025, 1, 2), last=dt.date(2025, 6, 30), minutes=60, single_timeout_s=45,
        batch_timeout_s=300,
    )  # fmt: skip
    asked = FeedConfig(id=FeedId("data-provider"), kind="data-provider", name="Bars", variant="local", bars=bars)
    await saved(path, asked, FIRST)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE feed_configs SET content = json_remove(content, '$.bars') WHERE id = 'massive'")
        connection.commit()
        (content,) = connection.execute("SELECT content FROM feed_configs WHERE id = 'data-provider'").fetchone()
    assert '"first":"2025-01-02","last":"2025-06-30"' in content
    assert await loaded(path) == [asked, FIRST]


async def test_bars_of_settings_without_days_are_of_all_days(path: Path) -> None:
    bars = BarOptions(minutes=60, last=dt.date(2025, 6, 30))
    config = FeedConfig(id=FeedId("data-provider"), kind="data-provider", name="Bars", variant="local", bars=bars)
    await saved(path, config)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE feed_configs SET content = json_remove(content, '$.bars.first', '$.bars.last')")
        connection.commit()
    (found,) = await loaded(path)
    assert found.bars == BarOptions(minutes=60)


async def test_one_that_cannot_be_read_is_left_out_noticed_and_kept(path: Path) -> None:
    await saved(path, FIRST, SECOND)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("""UPDATE feed_configs SET content = '{"id": 3}' WHERE id = 'massive'""")
        connection.commit()
    database = await StateDatabase.open(path)
    assert await database.feed_configs.load() == [SECOND]
    assert [notice.thing for notice in database.feed_configs.notices] == ["The settings of the feed “massive”"]
    await database.feed_configs.save([])
    await database.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT id, content FROM feed_configs").fetchall() == [("massive", '{"id": 3}')]


async def test_a_database_of_the_first_version_is_upgraded_after_a_backup(path: Path) -> None:
    backups = path.parent / "backups"
    DatabaseFile(path, backups, load_migrations()[:1], frozenset({"watchlists"})).prepare()
    await saved(path, FIRST)
    assert await loaded(path) == [FIRST]
    assert len(list(backups.glob("state-*.db"))) == 1


async def test_a_read_only_database_says_so(path: Path) -> None:
    await saved(path, FIRST)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    database = await StateDatabase.open(path)
    assert await database.feed_configs.load() == [FIRST]
    with pytest.raises(NewerDocument):
        await database.feed_configs.save([SECOND])
    await database.close()


def test_a_config_has_no_place_for_a_secret() -> None:
    fields = {field.name for field in msgspec.structs.fields(FeedConfig)}
    where = {"id", "kind", "name", "enabled", "variant", "own_address"}
    assert fields == where | {"channels", "reconnect", "mapping", "bars", "sessions", "silence_s", "dialect"}
