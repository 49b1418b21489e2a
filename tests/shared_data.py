"""Finds recorded market data beside the clone; tests that need it are skipped where it is absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_ENVIRONMENT = "MARKETWATCH_SHARED_DATA"
_BESIDE_THE_CLONE = Path(__file__).resolve().parents[2] / "shared" / "data"


def shared_data_root() -> Path:
    """Return the folder of recorded data, whether it exists or not."""
    return Path(os.environ.get(_ENVIRONMENT) or _BESIDE_THE_CLONE)


def shared_data(*parts: str) -> Path:
    """Return a file of the recorded data, for example `shared_data("session", "session_2013-10-08_raw.parquet")`.

    Skips the calling test, with the reason, where the file is absent.
    """
    path = shared_data_root().joinpath(*parts)
    if not path.exists():
        pytest.skip(f"needs recorded data {'/'.join(parts)} (../shared/data or {_ENVIRONMENT})")
    return path
