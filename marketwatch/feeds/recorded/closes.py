"""Closes of the session before a recording, from a file of daily bars: a recording itself does not hold them."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from pathlib import Path

from marketwatch.errors import RecordingError

_OLDEST_DAYS = 10  # longer than any run of holidays; an older close is not that of the session before
_NEXT_STEP = "Choose a Parquet file of daily bars with the columns date, symbol and close"


def previous_closes(path: Path, session: datetime.date, symbols: Collection[str]) -> dict[str, float]:
    """Return the last close before `session` of each symbol that the file knows; blocks, so call it in a worker.

    The bars must be as traded (not adjusted later) to compare with the recording's prices. Raises RecordingError.
    """
    import duckdb

    oldest = session - datetime.timedelta(days=_OLDEST_DAYS)
    query = (
        "SELECT symbol, arg_max(close, CAST(date AS DATE)) FROM read_parquet(?) "
        "WHERE CAST(date AS DATE) < ? AND CAST(date AS DATE) >= ? AND close > 0 GROUP BY symbol"
    )
    try:
        with duckdb.connect() as database:
            rows = database.execute(query, [str(path), session, oldest]).fetchall()
    except duckdb.Error as error:
        cause = str(error).splitlines()[0].replace(str(path), path.name)[:200]
        raise RecordingError(f"{path.name} gives no closes", cause, _NEXT_STEP) from error
    return {symbol: float(close) for symbol, close in rows if symbol in symbols}
