"""Loads masters from files and makes the catalogue of all that is stored. Blocks: call it in a worker."""

from __future__ import annotations

import datetime as dt
import enum
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from marketwatch.domain.instrument import Instrument
from marketwatch.errors import InstrumentError, StorageError
from marketwatch.instruments.catalogue import MasterCatalogue
from marketwatch.instruments.masters.angel_one import load_angel_one
from marketwatch.instruments.masters.kite import load_kite
from marketwatch.instruments.masters.listing import Listing, MasterRows
from marketwatch.instruments.masters.own_csv import ColumnMapping, load_own_csv
from marketwatch.instruments.masters.store import MasterStore
from marketwatch.instruments.masters.text import LARGEST_MASTER
from marketwatch.instruments.popular_tokens import popular_tokens

_log = logging.getLogger(__name__)
_PIECE: Final = 1024 * 1024

Progress = Callable[[int, int], None]
"""Is told the bytes read and the bytes there are, in the thread that reads."""


class MasterKind(enum.Enum):
    """What a file of instruments is. Massive's tickers come page by page instead: see `ticker_pages`."""

    KITE = "kite"
    ANGEL_ONE = "angel-one"
    OWN_CSV = "own"


ADDRESSES: Final = {
    MasterKind.KITE: "https://api.kite.trade/instruments",
    MasterKind.ANGEL_ONE: "https://margincalculator.angelbroking.com/OpenAPI_File/files/OpenAPIScripMaster.json",
}
"""Where the vendors publish them; both answer without a login."""


def load_file(
    path: Path,
    kind: MasterKind,
    *,
    mapping: ColumnMapping | None = None,
    source: str = "",
    progress: Progress | None = None,
) -> MasterRows:
    """Read a master from a file; a CSV of one's own needs its mapping and a source such as `own:house-list`.

    Raises InstrumentError when the file cannot be read or is no such master.
    """
    return load_chunks(read_chunks(path, progress), kind, name=path.name, mapping=mapping, source=source)


def load_chunks(
    chunks: Iterable[bytes],
    kind: MasterKind,
    *,
    name: str,
    mapping: ColumnMapping | None = None,
    source: str = "",
    announced: int | None = None,
) -> MasterRows:
    """Read a master from the pieces of an answer. Fewer bytes than `announced` by it mean that it was cut."""
    arrived = 0

    def counted() -> Iterator[bytes]:
        nonlocal arrived
        for chunk in chunks:
            arrived += len(chunk)
            yield chunk

    if kind is MasterKind.KITE:
        rows = load_kite(counted(), name=name)
    elif kind is MasterKind.ANGEL_ONE:
        rows = load_angel_one(counted(), name=name)
    else:
        rows = load_own_csv(counted(), mapping or ColumnMapping({}), source=source, name=name)
    if announced is not None and arrived < announced and not rows.is_cut:
        rows.is_cut = True
        rows.warnings.append(f"Only {arrived} of {announced} bytes arrived: it was cut")
    return rows


def read_chunks(path: Path, progress: Progress | None = None) -> Iterator[bytes]:
    """Yield the bytes of a file. Raises InstrumentError when it is too large or cannot be read."""
    try:
        with path.open("rb") as file:
            total = path.stat().st_size
            if total > LARGEST_MASTER:
                size = f"{LARGEST_MASTER // 1024**2} MB"
                raise InstrumentError(path.name, f"it is larger than {size}", "Check that it is the right file")
            done = 0
            while chunk := file.read(_PIECE):
                done += len(chunk)
                yield chunk
                if progress is not None:
                    progress(done, total)
    except OSError as error:
        raise InstrumentError(path.name, (error.strerror or str(error)).lower()) from error


def build_catalogue(
    store: MasterStore,
    known: Iterable[Instrument],
    today: dt.date,
    *,
    fresh: Mapping[str, Sequence[Listing]] | None = None,
) -> MasterCatalogue:
    """Join all stored masters, the built-in tokens and what is known without them.

    Rows in `fresh`, by source, were stored just now and need not be read again. A master that cannot be read is left
    out and logged; the others serve on.
    """
    at_hand = fresh or {}
    masters: list[Sequence[Listing]] = [popular_tokens().listings]
    for summary in store.summaries():
        try:
            masters.append(at_hand.get(summary.source) or store.load(summary.source))
        except StorageError as error:
            _log.warning("The master %s is left out: %s", summary.source, error)
    return MasterCatalogue.build(masters, known, today=today)
