"""Starts the programs of `startup_programs.py` in processes of their own and reads what they tell."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

HERE = Path(__file__).resolve().parent
_PROGRAM = HERE / "startup_programs.py"
_LONGEST_S = 30.0

Told = dict[str, dict[str, Any]]
"""What was told, by name; `started_ns` of each is the monotonic clock before the process began."""


class Place:
    """A folder with a profile that has been used before, and with compiled modules."""

    def __init__(self, folder: Path) -> None:
        self.profile = folder / "profile"
        self._environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
        self._environment.pop("PYTHONDONTWRITEBYTECODE", None)  # every start but the very first finds them compiled
        self._environment.setdefault("QT_QPA_PLATFORM", "offscreen")

    def prepare(self) -> None:
        """Start and end both programs once."""
        first = self.start("ours", "--profile", str(self.profile), "--screenshot", str(self.profile / "picture.png"),
                           "--after", "0.5", "--quit", "--stay")  # fmt: skip
        first.communicate(timeout=_LONGEST_S)
        self.tell_of("bare")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start one program; its lines are on `stdout`."""
        return subprocess.Popen([sys.executable, str(_PROGRAM), *arguments], env=self._environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # fmt: skip

    def tell_of(self, *arguments: str) -> Told:
        """Run one program to its end."""
        began_ns = time.monotonic_ns()
        output, _ = self.start(*arguments).communicate(timeout=_LONGEST_S)
        return _read(output.splitlines(), began_ns)

    @contextlib.contextmanager
    def running(self, until: str, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], Told]]:
        """Run one program that stays, from the moment it told `until`; it is ended afterwards."""
        began_ns = time.monotonic_ns()
        process = self.start(*arguments, "--stay")
        try:
            assert process.stdout is not None
            yield process, _read(_lines_until(process.stdout, until), began_ns)
        finally:
            process.terminate()
            process.communicate(timeout=_LONGEST_S)


@contextlib.contextmanager
def used_place() -> Iterator[Place]:
    """Give a prepared place, and take it away again."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        place = Place(Path(folder))
        place.prepare()
        yield place


def _lines_until(stream: IO[str], what: str) -> list[str]:
    lines = []
    for line in stream:
        lines.append(line)
        if f'"{what}"' in line:
            break
    return lines


def _read(lines: list[str], began_ns: int) -> Told:
    told = [json.loads(line) for line in lines if line.startswith("{")]
    return {one["what"]: {**one, "after_ms": (one["at_ns"] - began_ns) / 1e6} for one in told}
