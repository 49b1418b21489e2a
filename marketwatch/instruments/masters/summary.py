"""What is known of a stored master besides its rows."""

from __future__ import annotations

import enum
from typing import Final

import msgspec

from marketwatch.instruments.masters.own_csv import ColumnMapping

_DAY_NS: Final = 86_400_000_000_000
_OLD_FOR_CASH_DAYS: Final = 7


class MasterState(enum.Enum):
    """Whether a master can be relied upon."""

    CURRENT = "current"
    OLD = "old"
    PARTIAL = "partial"
    DOUBTFUL = "doubtful"


class MasterSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Counts, age and origin of one master. `origin` is a file name or an address without its secrets.

    `place` is where it can be loaded again: a path, an address, nothing where that is not known. `changes` counts by
    kind what is different from the one before. `mapping` is what the columns of a table of one's own mean.
    """

    source: str
    label: str
    origin: str
    fetched_ns: int
    rows: int
    skipped: int = 0
    noted: int = 0
    expired: int = 0
    segments: tuple[str, ...] = ()
    has_contracts: bool = False
    is_partial: bool = False
    digest: str = ""
    warnings: tuple[str, ...] = ()
    reasons: dict[str, int] = {}
    place: str = ""
    changes: dict[str, int] = {}
    mapping: ColumnMapping | None = None

    def age_ns(self, now_ns: int) -> int:
        """How long ago it was fetched."""
        return max(0, now_ns - self.fetched_ns)

    def state(self, now_ns: int) -> tuple[MasterState, str]:
        """Judge it, in words. A day makes contracts doubtful: their tokens are used again after expiry."""
        days = self.age_ns(now_ns) // _DAY_NS
        if self.is_partial:
            return MasterState.PARTIAL, "not complete: load it again"
        if days >= 1 and self.has_contracts:
            return MasterState.OLD, f"{_days(days)} old: shares can be used, contracts may have changed"
        if days >= _OLD_FOR_CASH_DAYS:
            return MasterState.OLD, f"{_days(days)} old: newly listed instruments are missing"
        if self.warnings:
            return MasterState.DOUBTFUL, self.warnings[0]
        return MasterState.CURRENT, "current"


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"
