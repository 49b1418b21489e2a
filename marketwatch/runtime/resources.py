"""Finds package data in a clone, an installed wheel and a frozen build."""

from __future__ import annotations

import functools
import sys
from pathlib import Path


@functools.cache
def _root() -> Path:
    package = Path(__file__).resolve().parent.parent
    frozen = getattr(sys, "_MEIPASS", None)
    candidates = [package.parent / "resources", package / "resources"]
    if frozen is not None:
        candidates.insert(0, Path(frozen) / "resources")
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"resources folder not found beside {package}")


def resource_path(*parts: str) -> Path:
    """Return the path of a resource, for example `resource_path("fonts", "Inter.ttf")`."""
    return _root().joinpath(*parts)
