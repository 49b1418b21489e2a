"""One window per profile: a second start raises the first window instead of opening another."""

from __future__ import annotations

import contextlib
from pathlib import Path

from marketwatch.storage.profile_lock import ProfileLock

_REQUEST = "raise-window"


class SingleInstance:
    """Holds the profile's lock. The second start leaves a request in the profile; the first looks for it now and then.

    Raises ProfileInUse when another process holds the lock; by then the request is left.
    """

    def __init__(self, folder: Path) -> None:
        self._request = folder / _REQUEST
        try:
            self._lock = ProfileLock.acquire(folder)
        except BaseException:
            with contextlib.suppress(OSError):
                self._request.touch()
            raise
        self.was_asked_to_show()

    def was_asked_to_show(self) -> bool:
        """Tell whether a second start has asked for the window since the last call."""
        try:
            self._request.unlink()
        except OSError:
            return False
        return True

    def release(self) -> None:
        """Let another process use the profile."""
        self._lock.release()
