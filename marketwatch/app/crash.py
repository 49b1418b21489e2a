"""Notices that the last run ended unexpectedly, and keeps a trace of a crash of this one."""

from __future__ import annotations

import contextlib
import faulthandler
from pathlib import Path
from typing import TextIO


class CrashGuard:
    """Owns the marker of a running program and the file that a hard crash writes its stacks to.

    Everything stays in `folder`; a folder that cannot be written to disables the guard, never the program.
    """

    def __init__(self, folder: Path) -> None:
        self._marker = folder / "running"
        self._trace = folder / "crash.txt"
        self._file: TextIO | None = None
        self.ended_unexpectedly = False

    def start(self) -> None:
        """Look for the marker of a run that never ended, set our own, and arm the fault handler."""
        self.ended_unexpectedly = self._marker.exists()
        with contextlib.suppress(OSError):
            if self._trace.exists() and self._trace.stat().st_size:
                self._trace.replace(self._trace.with_suffix(".previous.txt"))
            self._marker.parent.mkdir(parents=True, exist_ok=True)
            self._marker.touch(mode=0o600)
            self._file = self._trace.open("w", encoding="utf-8")
            faulthandler.enable(self._file)

    def finish(self) -> None:
        """Take the marker away: this run ended as it should."""
        if self._file is not None:
            faulthandler.disable()
            self._file.close()
            self._file = None
            with contextlib.suppress(OSError):
                if not self._trace.stat().st_size:
                    self._trace.unlink()
        with contextlib.suppress(OSError):
            self._marker.unlink()
