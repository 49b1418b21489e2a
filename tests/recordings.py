"""Writes small recorded sessions for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

NEW_YORK_OPEN_NS = 1_381_239_000_000_000_000
"""2013-10-08 09:30:00 in New York."""

SECOND_NS = 1_000_000_000

_TYPES = {
    "ts_ns": "BIGINT",
    "symbol": "VARCHAR",
    "kind": "VARCHAR",
    "price": "DOUBLE",
    "size": "BIGINT",
    "bid": "DOUBLE",
    "bid_size": "BIGINT",
    "ask": "DOUBLE",
    "ask_size": "BIGINT",
    "exchange": "VARCHAR",
    "conditions": "VARCHAR",
}


def trade(
    at_s: float, symbol: str, price: float, size: int, conditions: str | None = "1", exchange: str = "N"
) -> list[Any]:
    """Return a trade row, `at_s` seconds after the open."""
    stamp = NEW_YORK_OPEN_NS + round(at_s * SECOND_NS)
    return [stamp, symbol, "T", price, size, None, None, None, None, exchange, conditions]


def quote(at_s: float, symbol: str, bid: tuple[float, int] | None, ask: tuple[float, int] | None) -> list[Any]:
    """Return a quote row; a side may be missing."""
    stamp = NEW_YORK_OPEN_NS + round(at_s * SECOND_NS)
    return [stamp, symbol, "Q", None, None, *(bid or (None, None)), *(ask or (None, None)), "N", "1"]


def write_recording(path: Path, rows: Sequence[Sequence[Any]], *, without: tuple[str, ...] = ()) -> Path:
    """Write rows in the tick format, leaving out some columns."""
    kept = "* EXCLUDE (" + ", ".join(without) + ")" if without else "*"
    columns = ", ".join(f"unnest(?::{kind}[]) AS {name}" for name, kind in _TYPES.items())
    values = [[row[index] for row in rows] for index in range(len(_TYPES))]
    with duckdb.connect() as database:
        database.execute(f"COPY (SELECT {kept} FROM (SELECT {columns})) TO '{path}' (FORMAT parquet)", values)
    return path


def minutes_of_trading(symbols: Sequence[str], seconds: int, per_second: int = 2) -> list[list[Any]]:
    """Return rows of plain trades and two-sided quotes, in order of time."""
    rows = []
    for step in range(seconds * per_second):
        at_s = step / per_second
        for index, symbol in enumerate(symbols):
            price = round(100 * (index + 1) + (step % 50) * 0.01, 2)
            rows.append(quote(at_s, symbol, (price - 0.01, 300), (price + 0.01, 200)))
            rows.append(trade(at_s, symbol, price, 100 + step % 7))
    return rows
