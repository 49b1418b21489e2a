"""From the start of the process to the first painted window, and to the first tick on screen.

The peer is a bare PySide6 window with a filled table. Both start alternately, with compiled modules; ours finds the
profile of an earlier run and opens the simulated market.
"""

from __future__ import annotations

import statistics

from harness import Row, at_most
from programs import Told, used_place

ROUNDS = 9
_PEER = "bare PySide6 window with a table"


def run() -> list[Row]:
    """Measure both alternately."""
    bare: list[Told] = []
    ours: list[Told] = []
    with used_place() as place:
        for turn in range(ROUNDS):
            starts = [lambda: bare.append(place.tell_of("bare")),
                      lambda: ours.append(place.tell_of("ours", "--profile", str(place.profile)))]  # fmt: skip
            for start in starts if turn % 2 else reversed(starts):
                start()
    return [
        _row("start to first painted window", ours, bare, "painted", 2),
        _row("start to first tick on screen", ours, bare, "ticked", None),
        _slow_modules(ours),
    ]


def _row(name: str, ours: list[Told], bare: list[Told], what: str, limit: float | None) -> Row:
    value = statistics.median(one[what]["after_ms"] for one in ours)
    ratio = statistics.median(
        mine[what]["after_ms"] / theirs["painted"]["after_ms"] for mine, theirs in zip(ours, bare, strict=True)
    )
    if limit is None:
        return Row(name=name, value=value, unit="ms", peer=_PEER, ratio=ratio)
    return at_most(name, value, "ms", limit, peer=_PEER, ratio=ratio)


def _slow_modules(ours: list[Told]) -> Row:
    found = sorted({name for one in ours for name in one["painted"]["slow_modules"]})
    return Row(name="slow libraries imported before the first paint" + (f": {', '.join(found)}" if found else ""),
               value=len(found), unit="of 6", budget="none", holds=not found)  # fmt: skip
