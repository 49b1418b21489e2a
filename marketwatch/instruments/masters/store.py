"""Masters on disk: one SQLite file each, replaced as a whole or not at all. Blocks: call it in a worker."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import os
import re
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from marketwatch.errors import DamagedDocument, InstrumentError, NewerDocument, StorageError
from marketwatch.instruments.masters import master_rows
from marketwatch.instruments.masters.changes import ChangeKind, Changes, MasterChange, changes_between
from marketwatch.instruments.masters.listing import OWN_PREFIX, Listing, MasterRows, RowNote
from marketwatch.instruments.masters.own_csv import ColumnMapping
from marketwatch.instruments.masters.summary import MasterSummary
from marketwatch.runtime.resources import resource_path

_log = logging.getLogger(__name__)
_VERSION: Final = 1
_CHANGES_KEPT_NS: Final = 90 * 86_400_000_000_000
_MOST_CHANGES: Final = 20_000
_KINDS: Final = {kind.value: kind for kind in ChangeKind}
_LEAST_SHARE: Final = 0.5
_REMOVED: Final = ".removed"
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})
_SOURCE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,30}(:[a-z0-9][a-z0-9-]{0,40})?")


class Replacement(msgspec.Struct, frozen=True):
    """Outcome of storing a master."""

    summary: MasterSummary
    changes: tuple[MasterChange, ...] = ()


class MasterStore:
    """The masters in one folder. Not thread-safe: one worker at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def summaries(self) -> list[MasterSummary]:
        """Return what is stored, by source. A damaged file is set aside and is no longer there."""
        found = []
        for path in sorted(self.folder.glob("*.master")):
            with contextlib.suppress(DamagedDocument, NewerDocument), _opened(path) as database:
                found.append(_summary(database))
        return found

    def summary(self, source: str) -> MasterSummary | None:
        """Return what is known of one master, None when there is none."""
        if not self._path(source).exists():
            return None
        with contextlib.suppress(DamagedDocument, NewerDocument), _opened(self._path(source)) as database:
            return _summary(database)
        return None

    def load(self, source: str) -> list[Listing]:
        """Return the rows of one master; nothing when there is none. Raises StorageError."""
        if not self._path(source).exists():
            return []
        with _opened(self._path(source)) as database:
            return master_rows.read(database, source)

    def replace(
        self,
        rows: MasterRows,
        *,
        label: str,
        origin: str,
        now_ns: int,
        is_forced: bool = False,
        place: str = "",
        mapping: ColumnMapping | None = None,
    ) -> Replacement:
        """Store a master in place of the one before it, and return what changed.

        Raises InstrumentError, and keeps the one before, when the new one is empty, was cut or has lost most of its
        rows, unless the user insists (`is_forced`; never for an empty one). Raises StorageError when the disk refuses.
        """
        old = self.summary(rows.source)
        _check(rows, old, is_forced=is_forced)
        today = dt.datetime.fromtimestamp(now_ns / 1e9, dt.UTC).date()
        changes = Changes()
        kept: list[tuple[int, MasterChange]] = []
        if old is not None:
            with contextlib.suppress(DamagedDocument):  # then there is nothing to compare with
                changes, kept = self._compare(rows, old, today, now_ns)
        summary = msgspec.structs.replace(
            _summarise(rows, old, label, origin, now_ns, today), place=place, changes=changes.counts, mapping=mapping
        )
        path = self._path(rows.source)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary.touch(mode=0o600)
            told = [(now_ns, change) for change in changes.told]
            _write(temporary, rows, summary, [*told, *kept][:_MOST_CHANGES])
            temporary.replace(path)
            _sync_folder(self.folder)
        except (OSError, sqlite3.Error) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise StorageError(f"{label} was not stored", reason.lower(), "The one before stays in use") from error
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
        return Replacement(summary, changes.told)

    def remove(self, source: str) -> None:
        """Forget a master. Raises StorageError."""
        try:
            self._path(source).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError("The master was not removed", (error.strerror or str(error)).lower()) from error

    def set_aside(self, source: str) -> None:
        """Forget a master for now; `put_back` brings it back, `purge` ends that. Raises StorageError."""
        self._rename(self._path(source), self._path(source).with_suffix(_REMOVED))

    def put_back(self, source: str) -> None:
        """Know a master again that was set aside. Raises StorageError."""
        self._rename(self._path(source).with_suffix(_REMOVED), self._path(source))

    def purge(self) -> None:
        """Remove for good what was set aside."""
        for path in self.folder.glob(f"*{_REMOVED}"):
            with contextlib.suppress(OSError):
                path.unlink()

    @staticmethod
    def _rename(path: Path, to: Path) -> None:
        try:
            path.replace(to)
        except OSError as error:
            raise StorageError("The list could not be moved", (error.strerror or str(error)).lower()) from error

    def notes(self, source: str, *, skipped: bool) -> list[RowNote]:
        """Return the rows that were left out, or those that were taken with a doubt. Raises StorageError."""
        if not self._path(source).exists():
            return []
        with _opened(self._path(source)) as database:
            found = database.execute(
                "SELECT line, reason, text FROM row_notes WHERE is_skipped = ? ORDER BY line", (int(skipped),)
            )
            return [RowNote(*row) for row in found]

    def changes(self, source: str, since_ns: int = 0) -> list[tuple[int, MasterChange]]:
        """Return the changes of the last ninety days with the instant they were noted, latest first."""
        if not self._path(source).exists():
            return []
        with _opened(self._path(source)) as database:
            return _changes(database, since_ns)

    def search(self, text: str, limit: int = 50) -> list[Listing]:
        """Find words and beginnings of words in all stored masters, ended contracts included. Raises StorageError.

        For the time before the masters are in memory, and for what is not kept there.
        """
        query = " ".join(f'"{word}"*' for word in re.findall(r"[^\W_]+", text))
        found: list[Listing] = []
        for summary in self.summaries() if query else ():
            with _opened(self._path(summary.source)) as database:
                found += master_rows.search(database, summary.source, query, limit)
        return found[:limit]

    def _compare(
        self, rows: MasterRows, old: MasterSummary, today: dt.date, now_ns: int
    ) -> tuple[Changes, list[tuple[int, MasterChange]]]:
        is_same = rows.digest == old.digest != "" and not rows.source.startswith(OWN_PREFIX)  # nor its columns changed
        with _opened(self._path(rows.source)) as database:
            kept = _changes(database, now_ns - _CHANGES_KEPT_NS)
            found = Changes() if is_same else changes_between(master_rows.known(database), rows.listings, today)
        if rows.is_cut:
            found = found.without(ChangeKind.DELISTED)  # what is missing may only not have arrived
        return found.without(ChangeKind.ADDED) if old.is_partial else found, kept

    def _path(self, source: str) -> Path:
        if not _SOURCE.fullmatch(source):
            raise StorageError(f"The master “{source}”", "its name cannot be a file name")
        return self.folder / f"{source.replace(':', '_')}.master"


def _check(rows: MasterRows, old: MasterSummary | None, *, is_forced: bool) -> None:
    stays = "The one before stays in use" if old is not None else "Fetch it again"
    if not rows.listings:
        raise InstrumentError("The list holds no instrument", f"{len(rows.skipped)} rows were skipped", stays)
    if is_forced:
        return
    if rows.is_cut:
        raise InstrumentError("The list is not complete", f"{len(rows)} rows arrived", stays)
    if old is not None and not old.is_partial and len(rows) < _LEAST_SHARE * old.rows:
        raise InstrumentError("The list has lost most of its rows", f"{len(rows)} after {old.rows}", stays)


def _summarise(
    rows: MasterRows, old: MasterSummary | None, label: str, origin: str, now_ns: int, today: dt.date
) -> MasterSummary:
    expired = rows.count_expired(today)
    places = {(one.venue, one.segment) for one in (each.instrument.id for each in rows.listings)}
    warnings = list(rows.warnings)
    if old is not None and rows.digest and rows.digest == old.digest:
        warnings.append("It is the same file as the one before: it may not be today’s")
    if expired:
        warnings.append(f"{expired:,} of its contracts have ended: it may not be today’s")
    return MasterSummary(
        source=rows.source,
        label=label,
        origin=origin,
        fetched_ns=now_ns,
        rows=len(rows),
        skipped=len(rows.skipped),
        noted=len(rows.noted),
        expired=expired,
        segments=tuple(sorted("_".join(place) for place in places)),
        has_contracts=any(each.expiry is not None for each in rows.listings),
        is_partial=rows.is_cut,
        digest=rows.digest,
        warnings=tuple(warnings),
        reasons=dict(rows.skipped.by_reason),
    )


def _write(path: Path, rows: MasterRows, summary: MasterSummary, changes: list[tuple[int, MasterChange]]) -> None:
    """Write a new file. It needs no journal: until it is renamed it is nobody's."""
    script = resource_path("sql", "instruments", "0001_master.sql").read_text(encoding="utf-8")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=OFF")
        database.execute("PRAGMA synchronous=OFF")
        database.executescript(script)
        database.execute("BEGIN")
        database.execute("INSERT INTO master VALUES (?)", (msgspec.json.encode(summary).decode(),))
        master_rows.write(database, rows.listings)
        for log, is_skipped in ((rows.skipped, 1), (rows.noted, 0)):
            notes = ((is_skipped, note.line, note.reason, note.text) for note in log.rows)
            database.executemany("INSERT INTO row_notes VALUES (?, ?, ?, ?)", notes)
        told = ((noted_ns, change.kind.value, change.before, change.after) for noted_ns, change in changes)
        database.executemany("INSERT INTO changes VALUES (?, ?, ?, ?)", told)
        database.execute(f"PRAGMA user_version={_VERSION}")
        database.execute("COMMIT")
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a master for reading. A damaged one is set aside: it can be fetched again."""
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as database:
            _check_version(database, path)
            yield database
    except (sqlite3.DatabaseError, msgspec.DecodeError) as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        if code not in _DAMAGE and not isinstance(error, msgspec.DecodeError):
            raise StorageError(f"The master “{path.stem}”", str(error)) from error
        stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S%fZ")
        with contextlib.suppress(OSError):
            path.replace(path.with_name(f"{path.name}.damaged-{stamp}"))
        _log.warning("The master %s is damaged and was set aside", path.stem)
        raise DamagedDocument(f"The master “{path.stem}”", "it is damaged", "Load it again") from error


def _check_version(database: sqlite3.Connection, path: Path) -> None:
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version > _VERSION:
        raise NewerDocument(f"The master “{path.stem}”", "a newer version of MarketWatch wrote it")
    if version < _VERSION:
        raise sqlite3.DatabaseError("it is no master")


def _summary(database: sqlite3.Connection) -> MasterSummary:
    row = database.execute("SELECT summary FROM master").fetchone()
    return msgspec.json.decode(row[0] if row else "", type=MasterSummary)


def _changes(database: sqlite3.Connection, since_ns: int) -> list[tuple[int, MasterChange]]:
    found = database.execute(
        "SELECT noted_ns, kind, before, after FROM changes WHERE noted_ns >= ? ORDER BY noted_ns DESC, rowid",
        (since_ns,),
    )
    return [
        (noted_ns, MasterChange(_KINDS[kind], before, after))
        for noted_ns, kind, before, after in found
        if kind in _KINDS
    ]


def _sync_folder(folder: Path) -> None:
    """Make a rename durable, where the system can."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
