"""Stored lists in the words of Settings > Look-up: age, state, and a report of what was skipped and what changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from marketwatch.app.instrument_lists import counted
from marketwatch.instruments.lookup import popular_lines, source_name
from marketwatch.instruments.masters.changes import MasterChange
from marketwatch.instruments.masters.listing import ANGEL_ONE, BUILT_IN, KITE, MASSIVE, RowNote
from marketwatch.instruments.masters.summary import MasterState, MasterSummary
from marketwatch.qt import time_text
from marketwatch.qt.models.master_views import MasterView
from marketwatch.qt.theme_tokens import Role

_HOUR_NS: Final = 3_600_000_000_000
_DAY_NS: Final = 24 * _HOUR_NS
_MOST_EXAMPLES: Final = 3
_MOST_CHANGES: Final = 20
_KINDS: Final = {KITE: "Kite CSV", ANGEL_ONE: "Angel One JSON", MASSIVE: "reference tickers"}
_RHYTHMS: Final = {
    KITE: "Kite’s list changes every morning",
    ANGEL_ONE: "Angel One’s list changes every morning",
    MASSIVE: "Massive’s tickers change daily",
}
_ROLES: Final[dict[MasterState, Role]] = {
    MasterState.CURRENT: "success",
    MasterState.OLD: "alert",
    MasterState.DOUBTFUL: "alert",
    MasterState.PARTIAL: "error",
}


def age_words(age_ns: int) -> str:
    """Say how old something is."""
    if age_ns < _HOUR_NS:
        minutes = age_ns // (_HOUR_NS // 60)
        return f"{minutes} min" if minutes else "now"
    if age_ns < 2 * _DAY_NS:
        return f"{age_ns // _HOUR_NS} h"
    return f"{age_ns // _DAY_NS} days"


def _age_sentence(age: str) -> str:
    return "Just fetched" if age == "now" else f"{age} old"


def master_view(
    summary: MasterSummary,
    now_ns: int,
    zone: str,
    notes: Sequence[RowNote] = (),
    changes: Sequence[tuple[int, MasterChange]] = (),
) -> MasterView:
    """Return a stored list as the page shows it."""
    state, words = summary.state(now_ns)
    moment = time_text.local_time(summary.fetched_ns, zone)
    fetched = f"{moment.day} {moment:%b %H:%M} {time_text.zone_name(zone, summary.fetched_ns)}"
    age = age_words(summary.age_ns(now_ns))
    rhythm = _RHYTHMS.get(summary.source, "")
    lines = [
        f"{summary.label}: {counted(summary.rows, 'instrument')} from {summary.origin}, fetched {fetched}.",
        f"{_age_sentence(age)}; {rhythm}." if rhythm else f"{_age_sentence(age)}.",
        f"Segments: {', '.join(summary.segments)}" if summary.segments else "",
        *(f"Note: {warning}" for warning in summary.warnings),
        *_skipped(summary, notes),
        *_changed(changes),
    ]
    return MasterView(
        source=summary.source,
        label=summary.label,
        kind=_KINDS.get(summary.source, "own CSV"),
        origin=summary.origin,
        rows=summary.rows,
        skipped=summary.skipped,
        fetched=fetched,
        age=age,
        state=words,
        role=_ROLES[state],
        segments=summary.segments,
        report="\n".join(line for line in lines if line),
    )


def built_in_view() -> MasterView:
    """Return the corrected table of popular tokens."""
    lines = popular_lines()
    wrong = sum(1 for line in lines if "guide prints" in line)
    head = f"The ten popular tokens of the Odin guide, with {wrong} misprints corrected. Always known here."
    return MasterView(
        source=BUILT_IN,
        label="Popular tokens",
        kind=source_name(BUILT_IN),
        origin="Odin guide, corrected",
        rows=len(lines),
        state=f"{wrong} misprints corrected",
        segments=("NSE_EQ",),
        is_built_in=True,
        report="\n".join((head, *lines)),
    )


def _skipped(summary: MasterSummary, notes: Sequence[RowNote]) -> list[str]:
    if not summary.skipped:
        return ["No row was skipped."]
    verb = "was" if summary.skipped == 1 else "were"
    lines = [f"{counted(summary.skipped, 'row')} {verb} skipped:"]
    for reason, count in sorted(summary.reasons.items(), key=lambda one: (-one[1], one[0])):
        lines.append(f"  {count:,} x {reason}")
        for note in [note for note in notes if note.reason == reason][:_MOST_EXAMPLES]:
            lines.append(f"      line {note.line}: {note.text}" if note.text else f"      line {note.line}")
    return lines


def _changed(changes: Sequence[tuple[int, MasterChange]]) -> list[str]:
    if not changes:
        return []
    lines = [f"{counted(len(changes), 'change')} in the last 90 days:"]
    for _, change in changes[:_MOST_CHANGES]:
        lines.append(f"  {change.kind.value}: {change.before}{f' -> {change.after}' if change.after else ''}")
    return lines
