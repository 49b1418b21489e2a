"""The report for a program or a helper to read: what runs, how well, and what the screen says. No secrets."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psutil

from marketwatch import __version__
from marketwatch.storage.atomic import write_atomically

_LIBRARIES = ("PySide6-Essentials", "qasync", "websockets", "aiohttp", "msgspec", "numpy", "pyqtgraph", "duckdb")

Section = Callable[[], object]
"""Gives one part of the report as plain values (dict, list, str, int, float, bool, None)."""


class Diagnostics:
    """Collects the sections of the report from their owners and writes them as one JSON file."""

    def __init__(self, sections: Mapping[str, Section]) -> None:
        self._sections = dict(sections)

    def report(self) -> dict[str, object]:
        """Return the whole report as plain values."""
        report: dict[str, object] = {
            "marketwatch": __version__,
            "written_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "versions": _versions(),
            "memory": _memory(),
        }
        for name, section in self._sections.items():
            report[name] = section()
        return report

    def write(self, path: Path) -> None:
        """Write the report to `path`, replacing an older one; raises StorageError when that fails."""
        text = msgspec.json.format(msgspec.json.encode(self.report()), indent=2)
        write_atomically(path, text)


def _versions() -> dict[str, str | None]:
    versions: dict[str, str | None] = {"python": sys.version.split()[0], "system": platform.platform()}
    for library in _LIBRARIES:
        try:
            versions[library] = importlib.metadata.version(library)
        except importlib.metadata.PackageNotFoundError:
            versions[library] = None  # a frozen build may carry no metadata
    return versions


def _memory() -> dict[str, int]:
    process = psutil.Process()
    return {
        "resident_bytes": process.memory_info().rss,
        "threads": process.num_threads(),
    }
