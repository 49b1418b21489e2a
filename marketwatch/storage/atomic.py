"""Files that are either the old one or the new one, whatever happens while they are written."""

from __future__ import annotations

import contextlib
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from marketwatch.errors import StorageError


def write_atomically(path: Path, content: bytes | str, *, keep_backup: bool = False) -> None:
    """Replace a file's content at once and durably; only the user may read it.

    `keep_backup` keeps what was there as one `.bak` beside it. A link is followed. Raises StorageError, and then
    the old file is as it was.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.{os.urandom(6).hex()}.tmp")
    try:
        _write_durably(temporary, data)
        if keep_backup and target.exists():
            _keep_backup(target)
        temporary.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise StorageError(f"“{path.name}” was not saved", reason_of(error), advice_for(error)) from error


def backup_path(path: Path) -> Path:
    """Return where `write_atomically` keeps the version before."""
    return path.with_name(path.name + ".bak")


def set_aside(path: Path) -> Path:
    """Rename a damaged file so that it is kept and out of the way; return its new path. Raises StorageError."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    kept = path.with_name(f"{path.name}.damaged-{stamp}")
    number = 1
    while kept.exists():
        number += 1
        kept = path.with_name(f"{path.name}.damaged-{stamp}-{number}")
    try:
        path.rename(kept)
    except OSError as error:
        raise StorageError(f"“{path.name}” could not be set aside", reason_of(error), advice_for(error)) from error
    return kept


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` durable. Systems that cannot do this need it not."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def reason_of(error: OSError) -> str:
    """Say in words why the system refused; the path is left out."""
    return (error.strerror or type(error).__name__).lower()


def advice_for(error: OSError) -> str:
    """Say what helps against the usual causes."""
    if isinstance(error, PermissionError):
        return "Check the rights of its folder"
    return "Check that the disk has room and can be written to"


def _write_durably(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _keep_backup(target: Path) -> None:
    """Keep the present file as `.bak`, without a moment in which either is missing."""
    temporary = target.with_name(f".{target.name}.{os.urandom(6).hex()}.bak")
    try:
        os.link(target, temporary)
    except OSError:
        shutil.copy2(target, temporary)  # a file system without hard links
    temporary.replace(backup_path(target))
