"""A recorded session on disk: what is in it, and its events in pieces."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from marketwatch.domain.events import MarketEvent
from marketwatch.errors import RecordingError
from marketwatch.feeds.recorded.rows import RowConverter

if TYPE_CHECKING:
    import duckdb

_PIECE_ROWS = 1024  # about 1.5 ms of conversion: the event loop's turn comes round quickly
_NEEDED = ("ts_ns", "kind", "price", "size")
_COLUMN_TYPES = dict.fromkeys(("price", "size", "bid", "bid_size", "ask", "ask_size"), "DOUBLE")
_COLUMN_TYPES |= dict.fromkeys(("exchange", "conditions"), "VARCHAR")
_NEXT_STEP = "Choose a Parquet file in the tick format"
_FUTURES_EXCHANGES = frozenset({"COMEX", "NYMEX", "CBOT", "CME"})
_CRYPTO_EXCHANGES = frozenset({"BINANCE"})


class InstrumentHint(msgspec.Struct, frozen=True, kw_only=True):
    """What a recording says about one of its symbols, for the app to resolve to an instrument.

    `exchange` is set for futures and crypto only: rows of a share name the many venues it traded on.
    """

    key: str
    exchange: str | None = None
    is_future: bool = False
    trade_count: int = 0


class RecordingFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a recording holds. Times are ns UTC, of its first and last event."""

    name: str
    start_ns: int
    end_ns: int
    event_count: int
    instruments: tuple[InstrumentHint, ...]

    @property
    def symbols(self) -> tuple[str, ...]:
        """The feed keys, most traded first."""
        return tuple(hint.key for hint in self.instruments)


class Piece(msgspec.Struct, frozen=True):
    """Some consecutive events and, beside them, their times in ns UTC."""

    events: list[MarketEvent]
    stamps: list[int]


class Recording:
    """One recorded session. Made by `open_recording`; its owner calls `close`.

    All reading happens in a thread of its own; at most a few thousand rows are in memory at a time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recording")
        self._database: duckdb.DuckDBPyConnection | None = None
        self._select = ""
        self._flag_words = False
        self._one_sided: frozenset[str] = frozenset()
        self._facts: RecordingFacts | None = None

    def describe(self) -> RecordingFacts:
        """Return what the recording holds."""
        if self._facts is None:
            raise RecordingError(f"{self._path.name} has not been opened")
        return self._facts

    async def pieces(self) -> AsyncGenerator[Piece, None]:
        """Read the events from the beginning, in order. Raises RecordingError when the file turns out damaged."""
        loop = asyncio.get_running_loop()
        cursor = await loop.run_in_executor(self._executor, self._start_reading)
        converter = RowConverter(flag_words=self._flag_words, one_sided=self._one_sided)
        try:
            while True:
                piece = await loop.run_in_executor(self._executor, self._read_piece, cursor, converter)
                if piece is None:
                    return
                yield piece
        finally:
            with contextlib.suppress(RuntimeError):  # the thread is gone when the recording was closed first
                self._executor.submit(cursor.close)

    async def close(self) -> None:
        """Let the file and the thread go."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._executor, self._close_database)
        self._executor.shutdown(wait=False)

    async def open(self) -> None:
        """Look through the file once. Raises RecordingError with cause and next step."""
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._executor, self._open)
        except BaseException:
            self._executor.shutdown(wait=False)
            raise

    def _open(self) -> None:
        if not self._path.is_file():
            raise RecordingError(f"There is no recording {self._path.name}", "the file does not exist", _NEXT_STEP)
        import duckdb

        self._database = duckdb.connect()
        self._database.execute("SET threads = 1")
        try:
            self._look_through()
        except duckdb.Error as error:
            self._close_database()
            raise self._unreadable(error) from error
        except RecordingError:
            self._close_database()
            raise

    def _look_through(self) -> None:
        columns = self._columns()
        missing = [name for name in _NEEDED if name not in columns]
        if missing:
            raise RecordingError(
                f"{self._path.name} is not a recorded session", f"it has no column {', '.join(missing)}", _NEXT_STEP
            )
        symbol = "symbol" if "symbol" in columns else f"'{_symbol_of(self._path)}'"
        read = ", ".join(
            f"CAST({name} AS {kind}) AS {name}" if name in columns else f"NULL AS {name}"
            for name, kind in _COLUMN_TYPES.items()
        )
        self._select = f"SELECT ts_ns, {symbol} AS symbol, kind, {read} FROM read_parquet(?)"  # noqa: S608 our own names
        self._facts = self._count()

    def _columns(self) -> set[str]:
        found = self._query("SELECT * FROM read_parquet(?) LIMIT 0").description
        return {column[0] for column in found or []}

    def _query(self, query: str) -> duckdb.DuckDBPyConnection:
        if self._database is None:
            raise RecordingError(f"{self._path.name} is closed")
        return self._database.execute(query, [str(self._path)])

    def _count(self) -> RecordingFacts:
        rows = self._query(
            "SELECT symbol, count(*) FILTER (kind = 'T'), count(*) FILTER (kind <> 'T'), min(ts_ns), max(ts_ns),"  # noqa: S608 our own query
            " min(exchange) FILTER (kind = 'T'), max(exchange) FILTER (kind = 'T'),"
            " count(*) FILTER (kind <> 'T' AND bid IS NOT NULL AND ask IS NOT NULL),"
            " bool_or(kind = 'T' AND regexp_full_match(conditions, '[0-9a-fA-F]{4,8}([|].*)?'))"
            f" FROM ({self._select}) GROUP BY symbol ORDER BY 2 DESC, 1"
        ).fetchall()
        if not rows:
            raise RecordingError(f"{self._path.name} is empty", "it holds no event", "Choose another recording")
        self._flag_words = any(row[8] for row in rows)
        self._one_sided = frozenset(row[0] for row in rows if row[2] and not row[7])
        return RecordingFacts(
            name=self._path.stem,
            start_ns=min(row[3] for row in rows),
            end_ns=max(row[4] for row in rows),
            event_count=sum(row[1] + row[2] for row in rows),
            instruments=tuple(_hint(row) for row in rows),
        )

    def _start_reading(self) -> duckdb.DuckDBPyConnection:
        if self._database is None:
            raise RecordingError(f"{self._path.name} is closed")
        return self._database.cursor().execute(self._select, [str(self._path)])

    def _read_piece(self, cursor: duckdb.DuckDBPyConnection, converter: RowConverter) -> Piece | None:
        import duckdb

        try:
            rows: list[Any] = cursor.fetchmany(_PIECE_ROWS)
        except duckdb.Error as error:
            raise self._unreadable(error) from error
        return Piece(*converter.convert(rows)) if rows else None

    def _unreadable(self, error: Exception) -> RecordingError:
        cause = str(error).splitlines()[0].replace(str(self._path), self._path.name)[:200]
        return RecordingError(f"{self._path.name} cannot be read", cause, _NEXT_STEP)

    def _close_database(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None


async def open_recording(path: Path) -> Recording:
    """Open a recorded session. Raises RecordingError with cause and next step when it cannot be played."""
    recording = Recording(path)
    await recording.open()
    return recording


def _symbol_of(path: Path) -> str:
    """Take the symbol from a file name such as `BRK.A_2013-10-08.parquet`."""
    return re.sub(r"[^A-Za-z0-9.:/-]", "", path.stem.partition("_")[0]) or "UNKNOWN"


def _hint(row: tuple[Any, ...]) -> InstrumentHint:
    key, trades, *_, first, last, _two_sided, _flags = row
    exchange = first if first == last and first in _FUTURES_EXCHANGES | _CRYPTO_EXCHANGES else None
    return InstrumentHint(
        key=key,
        exchange=exchange,
        is_future=exchange in _FUTURES_EXCHANGES,
        trade_count=trades,
    )
