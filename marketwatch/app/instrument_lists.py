"""Instrument lists of the user's brokers and vendors: loaded from a file, kept, and searched with the built-in ones."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from marketwatch.app.core import Core
from marketwatch.errors import MarketWatchError
from marketwatch.services.notices import Severity

if TYPE_CHECKING:
    from marketwatch.domain.instrument import Instrument
    from marketwatch.instruments.catalogue import MasterCatalogue
    from marketwatch.instruments.library import MasterKind
    from marketwatch.instruments.masters.store import MasterStore, Replacement

T = TypeVar("T")
_MOST_REASONS = 3


class InstrumentLists:
    """Owner of the stored lists of one profile. Everything slow happens in a worker."""

    def __init__(self, core: Core, folder: Path) -> None:
        self._core = core
        self._folder = folder

    async def use_stored(self) -> None:
        """Search the lists that are stored; told of only when one is old or incomplete."""
        if not any(self._folder.glob("*")):
            return
        await self._renew()
        store = await self._in_worker("open the instrument lists", partial(_open_store, self._folder))
        now_ns = self._core.runtime.clock.now_ns()
        for summary in await self._in_worker("read the instrument lists", store.summaries):
            state, words = summary.state(now_ns)
            if state.name != "CURRENT":
                self._core.notices.add(Severity.INFO, f"Instrument list {summary.label}", words, "Load it again")

    async def load(self, path: Path) -> None:
        """Read a file, store it in place of the one before of the same source, and search it. Tells what came of it."""
        now_ns = self._core.runtime.clock.now_ns()
        try:
            replaced = await self._in_worker(f"read {path.name}", partial(_load, self._folder, path, now_ns))
        except MarketWatchError as error:
            self._core.notices.add_error(error)
            return
        await self._renew()
        summary = replaced.summary
        reasons = sorted(summary.reasons.items(), key=lambda one: -one[1])[:_MOST_REASONS]
        skipped = f"{summary.skipped:,} rows skipped" + "".join(f"; {count:,} × {why}" for why, count in reasons)
        self._core.notices.add(
            Severity.INFO,
            f"Instrument list {summary.label}: {summary.rows:,} instruments",
            skipped if summary.skipped else "no row skipped",
            f"{len(replaced.changes):,} changes since the one before" if replaced.changes else "",
        )

    async def _renew(self) -> None:
        directory = self._core.directory
        today = dt.datetime.now(dt.UTC).date()
        work = partial(_catalogue, self._folder, directory.own_instruments(), today)
        before = [directory.use_masters(await self._in_worker("index the instrument lists", work))]
        self._core.runtime.pool.start("free the lists before", before.clear)

    async def _in_worker(self, label: str, work: Callable[[], T]) -> T:
        return await self._core.runtime.pool.run(label, work)


def _open_store(folder: Path) -> MasterStore:
    from marketwatch.instruments.masters.store import MasterStore

    return MasterStore(folder)


def _catalogue(folder: Path, known: list[Instrument], today: dt.date) -> MasterCatalogue:
    from marketwatch.instruments.library import build_catalogue

    return build_catalogue(_open_store(folder), known, today)


def _load(folder: Path, path: Path, now_ns: int) -> Replacement:
    """Read and store a list; what it is shows from its beginning. Raises InstrumentError and StorageError."""
    from marketwatch.instruments.library import MasterKind, load_file, read_chunks
    from marketwatch.instruments.masters.own_csv import suggest_mapping

    kind = _kind_of(path)
    if kind is not MasterKind.OWN_CSV:
        label = {MasterKind.KITE: "Kite", MasterKind.ANGEL_ONE: "Angel One"}[kind]
        return _open_store(folder).replace(load_file(path, kind), label=label, origin=path.name, now_ns=now_ns)
    _, mapping = suggest_mapping(read_chunks(path), name=path.name)
    rows = load_file(path, kind, mapping=mapping, source=f"own:{_plain(path.stem)}")
    return _open_store(folder).replace(rows, label=path.stem, origin=path.name, now_ns=now_ns)


def _kind_of(path: Path) -> MasterKind:
    from marketwatch.instruments.library import MasterKind, read_chunks

    beginning = next(read_chunks(path), b"")[:4096]
    if b"instrument_token" in beginning and b"exchange_token" in beginning:
        return MasterKind.KITE
    return MasterKind.ANGEL_ONE if beginning.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"[" else MasterKind.OWN_CSV


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "list"
