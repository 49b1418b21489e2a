"""What storage has to tell the user, as a value."""

from __future__ import annotations

from pathlib import Path

import msgspec


class StorageNotice(msgspec.Struct, frozen=True):
    """Something was repaired or cannot be saved: what, why, what helps, and where the damaged copy is kept."""

    thing: str
    cause: str
    next_step: str = ""
    kept_at: Path | None = None
