"""The alerts of servers that the user was told of, in the state database. What a key means is its writer's affair."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Final

import aiosqlite

from marketwatch.storage.database_file import typed
from marketwatch.storage.feed_configs import Transaction

MOST_ROWS: Final = 8_192


class ToldAlertStore:
    """Reads all, writes those that changed. Get it from `StateDatabase.told_alerts`."""

    def __init__(self, connection: aiosqlite.Connection, transaction: Transaction) -> None:
        self._connection = connection
        self._transaction = transaction

    async def load(self) -> dict[str, tuple[int, bool]]:
        """Return when the user was told of each and whether its threshold moves, the oldest first.

        Raises StorageError.
        """
        try:
            rows = await self._connection.execute_fetchall(
                "SELECT alert, told_ns, moves FROM told_alerts ORDER BY told_ns, alert"
            )
        except sqlite3.Error as error:
            raise typed(error) from error
        return {alert: (told_ns, bool(moves)) for alert, told_ns, moves in rows}

    async def save(self, changes: Mapping[str, tuple[int, bool] | None]) -> None:
        """Store these durably and leave the others; None is no longer kept, nor are the oldest of too many.

        Raises StorageError.
        """
        gone = [(alert,) for alert, told in changes.items() if told is None]
        kept = [(alert, *told) for alert, told in changes.items() if told is not None]
        async with self._transaction() as connection:
            await connection.executemany("DELETE FROM told_alerts WHERE alert = ?", gone)
            await connection.executemany(
                "INSERT INTO told_alerts VALUES (?, ?, ?) ON CONFLICT (alert) DO UPDATE"
                " SET told_ns = excluded.told_ns, moves = excluded.moves",
                kept,
            )
            await connection.execute(
                "DELETE FROM told_alerts WHERE alert NOT IN"
                " (SELECT alert FROM told_alerts ORDER BY told_ns DESC, alert LIMIT ?)",
                (MOST_ROWS,),
            )
