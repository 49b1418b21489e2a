"""Instrument lists of the user's brokers and vendors: kept on disk, and searched with the built-in ones."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from marketwatch.app.core import Core
from marketwatch.app.list_changes import count_words
from marketwatch.errors import InstrumentError, MarketWatchError
from marketwatch.services.notices import Severity

if TYPE_CHECKING:
    from marketwatch.domain.instrument import Instrument
    from marketwatch.instruments.catalogue import MasterCatalogue
    from marketwatch.instruments.masters.changes import MasterChange
    from marketwatch.instruments.masters.listing import MasterRows, RowNote
    from marketwatch.instruments.masters.own_csv import ColumnMapping
    from marketwatch.instruments.masters.store import MasterStore, Replacement
    from marketwatch.instruments.masters.summary import MasterSummary
    from marketwatch.instruments.recognition import Recognition

T = TypeVar("T")
_MOST_REASONS = 3


class ListDetails(NamedTuple):
    """Rows that were left out, rows that were taken with a doubt, and changes with the instant they were noted."""

    left_out: list[RowNote]
    in_doubt: list[RowNote]
    changes: list[tuple[int, MasterChange]]


class InstrumentLists:
    """Owner of the stored lists of one profile. Everything slow happens in a worker, one thing at a time.

    `changed` holds who is told when other lists are searched, `began_storing` who is told that a list is being written
    from now on; `is_storing` lasts until it can be searched; `replaced` holds who is told what another edition changed.
    """

    def __init__(self, core: Core, folder: Path) -> None:
        self._core = core
        self._folder = folder
        self._turn = asyncio.Lock()
        self._is_used = False
        self.summaries: tuple[MasterSummary, ...] = ()
        self.is_storing = False
        self.changed: list[Callable[[], None]] = []
        self.began_storing: list[Callable[[str], None]] = []
        self.replaced: list[Callable[[Replacement], None]] = []

    async def use_stored(self) -> None:
        """Search the lists that are stored, and the built-in tokens; told of only when one is old or incomplete."""
        async with self._turn:
            if self._is_used:
                return
            try:
                await self._renew()
            except MarketWatchError as error:
                self._core.notices.add_error(error)
                return
            self._is_used = True
        self._core.runtime.pool.start("forget removed lists", lambda: _open_store(self._folder).purge())
        now_ns = self._core.runtime.clock.now_ns()
        for summary in self.summaries:
            state, words = summary.state(now_ns)
            if state.name != "CURRENT":
                self._core.notices.add(Severity.INFO, f"Instrument list {summary.label}", words, "Load it again")

    async def load(self, path: Path) -> None:
        """Read a file, store it in place of the one before of the same source, and search it. Tells what came of it."""
        try:
            recognition = await self.recognise(path)
            if recognition.problem:
                raise InstrumentError(path.name, recognition.problem, "Load it in Settings > Look-up, which asks")
            replaced = await self.keep_file(path, recognition)
        except MarketWatchError as error:
            self._core.notices.add_error(error)
            return
        summary = replaced.summary
        changes = count_words(summary.changes)
        since = f"; since the one before {changes}" if changes else ""
        self._core.notices.add(
            Severity.INFO,
            f"Instrument list {summary.label}: {counted(summary.rows, 'instrument')}",
            f"{skipped_words(summary)}{since}",
        )

    # --- one step each; all raise InstrumentError and StorageError

    async def recognise(self, path: Path) -> Recognition:
        """Say what a file is."""
        return await self._in_worker(f"look at {path.name}", partial(_recognise, path))

    async def keep_file(
        self, path: Path, recognition: Recognition, progress: Callable[[int, int], None] | None = None
    ) -> Replacement:
        """Read and store a file, and search it; `progress` is told in the worker, and may raise to end it."""
        rows = await self._in_worker(f"read {path.name}", partial(_read_file, path, recognition, progress))
        return await self.keep(rows, recognition.label, path.name, place=str(path), mapping=recognition.mapping)

    async def keep_chunks(
        self, chunks: list[bytes], recognition: Recognition, origin: str, place: str, announced: int | None
    ) -> Replacement:
        """Read and store what was downloaded, and search it."""
        work = partial(_read_chunks, chunks, recognition, announced)
        rows = await self._in_worker(f"read {recognition.name}", work)
        return await self.keep(rows, recognition.label, origin, place=place, mapping=recognition.mapping)

    async def keep(
        self, rows: MasterRows, label: str, origin: str, *, place: str = "", mapping: ColumnMapping | None = None
    ) -> Replacement:
        """Store rows in place of those before of the same source, and search them."""
        now_ns = self._core.runtime.clock.now_ns()
        work = partial(_keep, self._folder, rows, label, origin, place, mapping, now_ns)
        replacement = await self._stored(f"store {label}", work, rows)
        for tell in tuple(self.replaced):
            tell(replacement)
        return replacement

    async def remove(self, source: str) -> None:
        """Search a list no longer; it can be put back until the program starts anew."""
        await self._stored("remove a list", lambda: _open_store(self._folder).set_aside(source))

    async def put_back(self, source: str) -> None:
        """Search a list again that was removed."""
        await self._stored("put a list back", lambda: _open_store(self._folder).put_back(source))

    async def details(self, source: str) -> ListDetails:
        """Return what was noted of the rows of a list, and what changed in the last ninety days."""

        def read() -> ListDetails:
            store = _open_store(self._folder)
            notes = [store.notes(source, skipped=skipped) for skipped in (True, False)]
            return ListDetails(notes[0], notes[1], store.changes(source))

        return await self._in_worker("read what was left out", read)

    # --- inside

    async def _stored(self, label: str, work: Callable[[], T], rows: MasterRows | None = None) -> T:
        """Change what is stored, then search it; not to be interrupted in between. `rows` are those stored by it."""
        async with self._turn:
            self.is_storing = True
            try:
                for tell in tuple(self.began_storing):
                    tell(label)
                answer = await self._in_worker(label, work)
                await self._renew(rows)
            finally:
                self.is_storing = False
        return answer

    async def _renew(self, rows: MasterRows | None = None) -> None:
        directory = self._core.directory
        today = dt.datetime.fromtimestamp(self._core.runtime.clock.now_ns() // 1_000_000_000, dt.UTC).date()
        work = partial(_catalogue, self._folder, directory.own_instruments(), today, rows)
        self.summaries, catalogue = await self._in_worker("index the instrument lists", work)
        before = [directory.use_masters(catalogue)]
        self._core.runtime.pool.start("free the lists before", before.clear)
        for tell in tuple(self.changed):
            tell()

    async def _in_worker(self, label: str, work: Callable[[], T]) -> T:
        return await self._core.runtime.pool.run(label, work)


def counted(count: int, word: str) -> str:
    """Write a number and what it counts."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def skipped_words(summary: MasterSummary) -> str:
    """Say how many rows were left out, and the commonest reasons."""
    if not summary.skipped:
        return "no row skipped"
    reasons = sorted(summary.reasons.items(), key=lambda one: -one[1])[:_MOST_REASONS]
    return f"{counted(summary.skipped, 'row')} skipped" + "".join(f"; {count:,} × {why}" for why, count in reasons)


def _open_store(folder: Path) -> MasterStore:
    from marketwatch.instruments.masters.store import MasterStore

    return MasterStore(folder)


def _catalogue(
    folder: Path, known: list[Instrument], today: dt.date, rows: MasterRows | None
) -> tuple[tuple[MasterSummary, ...], MasterCatalogue]:
    from marketwatch.instruments.library import build_catalogue

    store = _open_store(folder)
    fresh = {} if rows is None else {rows.source: rows.listings}
    return tuple(store.summaries()), build_catalogue(store, known, today, fresh=fresh)


def _recognise(path: Path) -> Recognition:
    from marketwatch.instruments.library import read_chunks
    from marketwatch.instruments.recognition import recognise

    return recognise(read_chunks(path), path.name)


def _read_file(path: Path, recognition: Recognition, progress: Callable[[int, int], None] | None) -> MasterRows:
    from marketwatch.instruments.library import load_file

    return load_file(path, recognition.kind, mapping=recognition.mapping, source=recognition.source, progress=progress)


def _read_chunks(chunks: list[bytes], recognition: Recognition, announced: int | None) -> MasterRows:
    from marketwatch.instruments.library import load_chunks

    return load_chunks(
        chunks,
        recognition.kind,
        name=recognition.name,
        mapping=recognition.mapping,
        source=recognition.source,
        announced=announced,
    )


def _keep(
    folder: Path, rows: MasterRows, label: str, origin: str, place: str, mapping: ColumnMapping | None, now_ns: int
) -> Replacement:
    """Store a list; one that came page by page and broke off is kept when there is no better one."""
    from marketwatch.instruments.masters.listing import MASSIVE, OWN_PREFIX

    store = _open_store(folder)
    old = store.summary(rows.source) if rows.is_cut and rows.source == MASSIVE else None
    is_best = rows.is_cut and rows.source == MASSIVE and (old is None or (old.is_partial and len(rows) >= old.rows))
    meant = mapping if rows.source.startswith(OWN_PREFIX) else None
    return store.replace(rows, label=label, origin=origin, now_ns=now_ns, is_forced=is_best, place=place, mapping=meant)
