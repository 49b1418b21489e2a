"""The state database: what must never be lost. One connection, one writer, every change one durable transaction."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import aiosqlite
import msgspec

from marketwatch.domain.watchlist import ColumnLayout, SortState, WatchlistRecord
from marketwatch.errors import NewerDocument, StorageError
from marketwatch.storage.atomic import advice_for, reason_of
from marketwatch.storage.database_file import BUSY_TIMEOUT_S, DatabaseFile, DatabaseInUse, load_migrations, typed
from marketwatch.storage.feed_choices import FeedChoiceStore
from marketwatch.storage.feed_configs import FeedConfigStore
from marketwatch.storage.notices import StorageNotice
from marketwatch.storage.told_alerts import ToldAlertStore

_TABLES: Final = frozenset({"watchlists", "watchlist_entries", "feed_configs", "feed_choices", "told_alerts"})

_UPSERT: Final = """
    INSERT INTO watchlists (id, name, position, layout, sort_column, sort_descending) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, position = excluded.position, layout = excluded.layout,
        sort_column = excluded.sort_column, sort_descending = excluded.sort_descending
"""


class StateDatabase:
    """Open it with `open`, and close it: an unclosed one keeps its thread. Satisfies `WatchlistStore`."""

    def __init__(self, connection: aiosqlite.Connection, file: DatabaseFile, notices: list[StorageNotice]) -> None:
        self._connection = connection
        self._file = file
        self._writing = asyncio.Lock()
        self.notices = notices
        self.is_read_only = False
        self._has_changed = False
        self.feed_configs = FeedConfigStore(connection, self._transaction)
        self.feed_choices = FeedChoiceStore(connection, self._transaction)
        self.told_alerts = ToldAlertStore(connection, self._transaction)

    @classmethod
    async def open(cls, path: Path, backups: Path | None = None) -> StateDatabase:
        """Check, repair, upgrade and open the database; what the user should know is in `notices`.

        A file of a newer version, and one that may not be written, is opened for reading only. Raises StorageError
        when another program holds the file.
        """
        file = DatabaseFile(path, backups or path.parent / "backups", load_migrations(), _TABLES)
        try:
            notices = await asyncio.to_thread(file.prepare)
            return cls(await _connect(_uri(path, "mode=rw")), file, notices)
        except NewerDocument as error:
            return await cls._open_read_only(path, "mode=ro", file, error)
        except DatabaseInUse:
            raise
        except StorageError as error:
            return await cls._open_read_only(path, "mode=ro&immutable=1", file, error)
        except OSError as error:
            reason = StorageError("The folder of lists", reason_of(error), f"Nothing is saved. {advice_for(error)}")
            return await cls._open_read_only(path, "mode=ro&immutable=1", file, reason)

    @classmethod
    async def _open_read_only(cls, path: Path, mode: str, file: DatabaseFile, reason: StorageError) -> StateDatabase:
        """Open what there is without writing to it; nothing at all becomes an empty database in memory."""
        try:
            connection = await _connect(_uri(path, mode), check="SELECT 1 FROM watchlists")
        except StorageError:
            connection = await _connect("file::memory:")
            await connection.executescript(file.schema)
        notice = StorageNotice(reason.thing, reason.cause, reason.next_step or "Nothing will be saved")
        database = cls(connection, file, [notice])
        database.is_read_only = True
        return database

    async def load_watchlists(self) -> list[WatchlistRecord]:
        """Return all lists in their order. Raises StorageError."""
        try:
            lists = await self._connection.execute_fetchall(
                "SELECT id, name, position, layout, sort_column, sort_descending FROM watchlists ORDER BY position, id"
            )
            entries = await self._connection.execute_fetchall(
                "SELECT list_id, entry FROM watchlist_entries ORDER BY list_id, position"
            )
        except sqlite3.Error as error:
            raise typed(error) from error
        by_list: dict[str, list[str]] = {}
        for list_id, entry in entries:
            by_list.setdefault(list_id, []).append(entry)
        return [
            WatchlistRecord(
                id=list_id,
                name=name,
                position=position,
                entries=tuple(by_list.get(list_id, ())),
                layout=_layout(layout),
                sort=SortState(column, bool(descending)) if column else None,
            )
            for list_id, name, position, layout, column, descending in lists
        ]

    async def save_watchlist(self, record: WatchlistRecord) -> None:
        """Store one list durably, replacing what was stored under its id. Raises StorageError."""
        sort = record.sort
        row = (
            record.id,
            record.name,
            record.position,
            msgspec.json.encode(record.layout).decode(),
            sort.column if sort else None,
            bool(sort and sort.descending),
        )
        entries = [(record.id, position, entry) for position, entry in enumerate(record.entries)]
        async with self._transaction() as connection:
            await connection.execute(_UPSERT, row)
            await connection.execute("DELETE FROM watchlist_entries WHERE list_id = ?", (record.id,))
            await connection.executemany("INSERT INTO watchlist_entries VALUES (?, ?, ?)", entries)

    async def remove_watchlist(self, list_id: str) -> None:
        """Forget a list; one that is not there may be forgotten too. Raises StorageError."""
        async with self._transaction() as connection:
            await connection.execute("DELETE FROM watchlists WHERE id = ?", (list_id,))

    async def back_up(self) -> None:
        """Make or renew today's backup. Raises StorageError."""
        if not self.is_read_only:
            await asyncio.to_thread(self._file.back_up)
            self._has_changed = False

    async def close(self) -> None:
        """Wait for the write in progress, back up what changed and close. Raises StorageError for the backup."""
        async with self._writing:
            try:
                if self._has_changed:
                    await self.back_up()
            finally:
                await self._connection.close()

    @contextlib.asynccontextmanager
    async def _transaction(self) -> AsyncIterator[aiosqlite.Connection]:
        if self.is_read_only:
            notice = self.notices[0]
            raise NewerDocument("The lists were not saved", notice.cause, notice.next_step)
        async with self._writing:
            try:
                await self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                await self._connection.execute("COMMIT")
                self._has_changed = True
            except BaseException as error:
                # Also when cancelled: the next change must not join this one.
                with contextlib.suppress(sqlite3.Error):
                    await self._connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    raise typed(error) from error
                raise


def _uri(path: Path, options: str) -> str:
    return f"{path.absolute().as_uri()}?{options}"


async def _connect(uri: str, check: str = "") -> aiosqlite.Connection:
    try:
        connection = await aiosqlite.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    except sqlite3.Error as error:
        raise typed(error) from error
    try:
        for pragma in ("foreign_keys=ON", "synchronous=FULL", "journal_size_limit=4194304"):
            await connection.execute(f"PRAGMA {pragma}")
        await connection.execute(check)
    except sqlite3.Error as error:
        await connection.close()
        raise typed(error) from error
    return connection


def _layout(text: str) -> ColumnLayout:
    try:
        return msgspec.json.decode(text, type=ColumnLayout)
    except msgspec.DecodeError:
        return ColumnLayout()
