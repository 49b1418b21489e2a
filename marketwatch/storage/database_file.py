"""The database as a file: checked, upgraded, backed up, repaired. Blocking; runs in a worker thread."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import msgspec

from marketwatch.errors import DamagedDocument, NewerDocument, StorageError
from marketwatch.runtime.resources import resource_path
from marketwatch.storage.atomic import set_aside, sync_folder
from marketwatch.storage.notices import StorageNotice

BUSY_TIMEOUT_S: Final = 5.0
_KEPT_BACKUPS: Final = 7
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})
_IN_USE: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


class DatabaseInUse(StorageError):
    """Another program holds the file."""


class Migration(msgspec.Struct, frozen=True):
    """One numbered step of the schema."""

    number: int
    script: str


def load_migrations() -> list[Migration]:
    """Return the steps of resources/sql/state in order; file names begin with their number."""
    paths = sorted(resource_path("sql", "state").glob("*.sql"))
    return [Migration(int(path.name.split("_", 1)[0]), path.read_text(encoding="utf-8")) for path in paths]


class DatabaseFile:
    """One SQLite file, its backups and its schema."""

    def __init__(self, path: Path, backups: Path, migrations: list[Migration], tables: frozenset[str]) -> None:
        self._path = path
        self._backups = backups
        self._migrations = migrations
        self._tables = tables

    @property
    def schema(self) -> str:
        """The script that makes an empty database of the newest schema."""
        return "\n".join(step.script for step in self._migrations)

    def prepare(self) -> list[StorageNotice]:
        """Make the file ready for use: sound, with the newest schema. Returns what the user should know.

        Raises NewerDocument when a newer version wrote it, StorageError when it cannot be used (locked, no rights).
        """
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._backups.mkdir(mode=0o700, parents=True, exist_ok=True)
        notices: list[StorageNotice] = []
        try:
            self.check()
        except DamagedDocument as damage:
            notices.append(self._repair(damage))
        self._upgrade()
        return notices

    def check(self) -> None:
        """Raise DamagedDocument unless the file is sound; a missing one is, as long as nothing was ever backed up."""
        if not self._path.exists():
            if self._good_backup() is not None:
                raise DamagedDocument("The file of lists", "it is missing")
            return
        with _opened(self._path) as connection:
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            version, tables = _version(connection), _tables(connection)
        if verdict != "ok":
            raise DamagedDocument("The file of lists", "it is damaged")
        if version > self._newest:
            raise NewerDocument(
                "The file of lists", "a newer version of MarketWatch wrote it", "Changes will not be saved. Update"
            )
        if version == 0 and (tables or self._good_backup() is not None):
            raise DamagedDocument("The file of lists", "it is empty or not ours")
        if version == self._newest and not self._tables <= tables:
            raise DamagedDocument("The file of lists", "parts of it are missing")

    def back_up(self, today: date | None = None) -> None:
        """Copy the database as today's backup, verified, and keep the latest seven. Raises StorageError."""
        today = today or datetime.now(UTC).date()
        final = self._backup_of(today)
        temporary = self._backups / f".{final.name}.{os.urandom(6).hex()}.tmp"
        try:
            with _opened(self._path) as source, contextlib.closing(sqlite3.connect(temporary)) as copy:
                source.backup(copy)
                copy.execute("PRAGMA journal_mode=DELETE")  # a backup is one file
                is_good = copy.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
            if not is_good:
                raise StorageError("The backup of the lists", "the copy is not sound")
            temporary.chmod(0o600)
            temporary.replace(final)
            sync_folder(self._backups)
            for old in self._backup_files()[_KEPT_BACKUPS:]:
                old.unlink(missing_ok=True)
        except (OSError, sqlite3.Error) as error:
            raise StorageError("The backup of the lists was not made", str(error)) from error
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)

    @property
    def _newest(self) -> int:
        return self._migrations[-1].number if self._migrations else 0

    def _repair(self, damage: DamagedDocument) -> StorageNotice:
        """Set the damaged file aside with its journals, and put the last good backup in its place."""
        kept: Path | None = None
        if self._path.exists():
            kept = set_aside(self._path)
        for suffix in ("-wal", "-shm"):
            journal = self._path.with_name(self._path.name + suffix)
            if journal.exists():
                journal.replace(Path(f"{kept}{suffix}") if kept is not None else set_aside(journal))
        backup = self._good_backup()
        if backup is None:
            remedy = "It was begun anew: there was no backup"
        else:
            self._restore(backup)
            made_on = backup.stem.removeprefix("state-")
            remedy = f"The backup of {made_on[:4]}-{made_on[4:6]}-{made_on[6:]} is used; later changes are missing"
        if kept is not None:
            remedy += f". The damaged file is kept as “{kept.name}”"
        return StorageNotice(damage.thing, damage.cause, remedy, kept)

    def _restore(self, backup: Path) -> None:
        temporary = self._path.with_name(f".{self._path.name}.{os.urandom(6).hex()}.tmp")
        with contextlib.closing(sqlite3.connect(temporary)) as copy, _opened(backup, is_backup=True) as source:
            source.backup(copy)
        temporary.chmod(0o600)
        temporary.replace(self._path)
        sync_folder(self._path.parent)

    def _backup_of(self, day: date) -> Path:
        return self._backups / f"state-{day:%Y%m%d}.db"

    def _backup_files(self) -> list[Path]:
        """Return the backups, latest first."""
        return sorted(self._backups.glob("state-????????.db"), reverse=True)

    def _good_backup(self) -> Path | None:
        for path in self._backup_files():
            try:
                with _opened(path, is_backup=True) as connection:
                    is_sound = connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
                    if is_sound and 0 < _version(connection) <= self._newest:
                        return path
            except StorageError:
                continue
        return None

    def _upgrade(self) -> None:
        """Apply the missing steps, each in one transaction; what is there is backed up first."""
        with _opened(self._path) as connection:
            version = _version(connection)
        if 0 < version < self._newest:
            self.back_up()
        self._path.chmod(0o600)
        with _opened(self._path) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            for step in self._migrations:
                if step.number > version:
                    self._apply(connection, step)

    @staticmethod
    def _apply(connection: sqlite3.Connection, step: Migration) -> None:
        try:
            connection.executescript(f"BEGIN IMMEDIATE;\n{step.script}\nPRAGMA user_version={step.number};\nCOMMIT;")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.rollback()
            raise StorageError("The file of lists was not upgraded", str(error), "The old file is unchanged") from error


@contextlib.contextmanager
def _opened(path: Path, *, is_backup: bool = False) -> Iterator[sqlite3.Connection]:
    """Open a file; a backup is opened without leaving journals beside it."""
    uri = f"{path.absolute().as_uri()}?{'mode=ro&immutable=1' if is_backup else 'mode=rwc'}"
    try:
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        with contextlib.closing(connection):
            yield connection
    except sqlite3.DatabaseError as error:
        raise typed(error) from error


def typed(error: sqlite3.Error) -> StorageError:
    """Return our error for one of SQLite's."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _DAMAGE:
        return DamagedDocument("The file of lists", "it is damaged")
    if code in _IN_USE:
        return DatabaseInUse("The file of lists", "another program uses it", "Close the other program")
    if code == sqlite3.SQLITE_FULL:
        return StorageError("The lists were not saved", "the disk is full", "Make room on the disk")
    return StorageError("The file of lists", f"it cannot be used ({error})", "Check the rights of its folder")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
