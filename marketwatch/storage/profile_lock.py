"""One process per profile: two never write the same files."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path

from marketwatch.errors import StorageError


class ProfileInUse(StorageError):
    """Another MarketWatch works with this profile."""


class ProfileLock:
    """Held from `acquire` to `release` or the end of the process, however it ends; no stale lock can be left."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    @classmethod
    def acquire(cls, folder: Path) -> ProfileLock:
        """Take the lock of an existing folder. Raises ProfileInUse when another process has it.

        Where no lock can be had at all (a disk that cannot be written) nothing can be written twice either.
        """
        try:
            descriptor = os.open(folder / "profile.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            return cls(None)
        try:
            _lock(descriptor)
        except OSError as error:
            os.close(descriptor)
            if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
                raise ProfileInUse(
                    "The profile is in use", "another MarketWatch works with it", "Choose another with --profile DIR"
                ) from error
            return cls(None)  # a file system without locks
        return cls(descriptor)

    def release(self) -> None:
        """Let others in."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = None


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
