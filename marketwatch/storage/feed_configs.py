"""The configured feeds in the state database, in the user's order. Holds no secrets."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

import aiosqlite
import msgspec

from marketwatch.domain.feed_config import FeedConfig
from marketwatch.storage.database_file import typed
from marketwatch.storage.notices import StorageNotice

Transaction = Callable[[], AbstractAsyncContextManager[aiosqlite.Connection]]


class FeedConfigStore:
    """Reads and writes all feeds at once. Get it from `StateDatabase.feed_configs`: it shares that connection."""

    def __init__(self, connection: aiosqlite.Connection, transaction: Transaction) -> None:
        self._connection = connection
        self._transaction = transaction
        self.notices: list[StorageNotice] = []

    async def load(self) -> list[FeedConfig]:
        """Return all feeds in their order; one that cannot be read is left out and noticed. Raises StorageError."""
        try:
            rows = await self._connection.execute_fetchall("SELECT id, content FROM feed_configs ORDER BY position, id")
        except sqlite3.Error as error:
            raise typed(error) from error
        feeds: list[FeedConfig] = []
        for feed_id, content in rows:
            try:
                feeds.append(msgspec.json.decode(content, type=FeedConfig))
            except msgspec.DecodeError as error:
                self.notices.append(
                    StorageNotice(f"The settings of the feed “{feed_id}”", str(error), "It is left out until repaired")
                )
        return feeds

    async def save(self, feeds: Sequence[FeedConfig]) -> None:
        """Store all feeds durably, in this order; those not among them are forgotten. Raises StorageError.

        What this version could not read is kept.
        """
        known = {config.id for config in await self.load()}
        rows = [(config.id, position, msgspec.json.encode(config).decode()) for position, config in enumerate(feeds)]
        async with self._transaction() as connection:
            gone = known - {config.id for config in feeds}
            await connection.executemany("DELETE FROM feed_configs WHERE id = ?", [(feed_id,) for feed_id in gone])
            await connection.executemany(
                "INSERT INTO feed_configs VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE"
                " SET position = excluded.position, content = excluded.content",
                rows,
            )
