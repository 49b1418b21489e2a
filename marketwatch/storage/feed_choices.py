"""The feeds named for single instruments, in the state database."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

import aiosqlite

from marketwatch.domain.feed_choice import FeedChoice
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.errors import InstrumentError
from marketwatch.storage.database_file import typed
from marketwatch.storage.feed_configs import Transaction
from marketwatch.storage.notices import StorageNotice


class FeedChoiceStore:
    """Reads all choices, writes those that changed. Get it from `StateDatabase.feed_choices`."""

    def __init__(self, connection: aiosqlite.Connection, transaction: Transaction) -> None:
        self._connection = connection
        self._transaction = transaction
        self.notices: list[StorageNotice] = []

    async def load(self) -> dict[InstrumentId, FeedChoice]:
        """Return every choice; one that cannot be read is left out and noticed. Raises StorageError."""
        try:
            rows = await self._connection.execute_fetchall(
                "SELECT instrument, primary_feed, fallback_feed FROM feed_choices ORDER BY instrument"
            )
        except sqlite3.Error as error:
            raise typed(error) from error
        choices: dict[InstrumentId, FeedChoice] = {}
        for text, primary, fallback in rows:
            try:
                instrument_id = InstrumentId.parse(text)
            except InstrumentError as error:
                notice = StorageNotice(f"The feeds named for “{text}”", error.cause, "They are left out")
                self.notices.append(notice)
            else:
                choices[instrument_id] = FeedChoice(_feed(primary), _feed(fallback))
        return choices

    async def save(self, choices: Mapping[InstrumentId, FeedChoice]) -> None:
        """Store these durably and leave the others; a default is no longer kept. Raises StorageError."""
        gone = [(str(one),) for one, choice in choices.items() if choice.is_default]
        kept = [(str(one), choice.primary, choice.fallback) for one, choice in choices.items() if not choice.is_default]
        async with self._transaction() as connection:
            await connection.executemany("DELETE FROM feed_choices WHERE instrument = ?", gone)
            await connection.executemany(
                "INSERT INTO feed_choices VALUES (?, ?, ?) ON CONFLICT (instrument) DO UPDATE"
                " SET primary_feed = excluded.primary_feed, fallback_feed = excluded.fallback_feed",
                kept,
            )


def _feed(text: str | None) -> FeedId | None:
    return FeedId(text) if text else None
