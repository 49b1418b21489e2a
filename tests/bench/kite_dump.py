"""A dump of Kite's size and shape: grown from the genuine excerpt, or wholly made up where that is absent."""

from __future__ import annotations

import gzip
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

HEADER = (
    "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,"
    "instrument_type,segment,exchange"
)
_SHIFT = 200_000


def kite_dump(rows: int) -> bytes:
    """Return a dump of so many rows; copies of the excerpt get tokens, symbols and names of their own."""
    beside_the_clone = Path(__file__).resolve().parents[3] / "shared" / "data"
    data = Path(os.environ.get("MARKETWATCH_SHARED_DATA") or beside_the_clone)
    excerpt = data / "masters" / "kite_instruments_2024-04.csv.gz"
    lines = gzip.decompress(excerpt.read_bytes()).decode().splitlines()[1:] if excerpt.exists() else list(_made_up())
    grown = itertools.chain.from_iterable(
        (_copy(line, number) for line in lines) for number in range(rows // len(lines) + 1)
    )
    return "\n".join((HEADER, *itertools.islice(grown, rows), "")).encode()


def _copy(line: str, number: int) -> str:
    cells = line.split(",")
    token = int(cells[1]) + number * _SHIFT
    cells[0], cells[1] = str(token << 8 | int(cells[0]) & 0xFF), str(token)
    if cells[5]:
        cells[5] = f"{cells[5][:6]}2099"
    if number:
        letter = chr(ord("A") + number % 26)
        cells[2] = f"{cells[2][:3]}{letter}{cells[2][3:]}"
        cells[3] = f"{cells[3]} {letter}corp"
    return ",".join(cells)


def _made_up() -> Iterator[str]:
    for number in range(1, 401):
        name = f"{chr(65 + number % 26)}{chr(65 + number // 26)}CO{number}"
        yield f"{number << 8 | 1},{number},{name},{name} INDUSTRIES,0,,0,0.05,1,EQ,NSE,NSE"
        for step, right in itertools.product(range(30), ("CE", "PE")):
            token = 1000 + number * 60 + step * 2 + (right == "PE")
            strike = 100 + step * 5
            yield (
                f"{token << 8 | 2},{token},{name}24APR{strike}{right},{name},0,25-04-2024,{strike},0.05,500,{right},"
                "NFO-OPT,NFO"
            )
