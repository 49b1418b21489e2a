"""Stored lists in the words of Settings > Look-up: age, state, what was left out and what changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from marketwatch.app.instrument_lists import counted
from marketwatch.app.list_changes import count_words
from marketwatch.instruments.lookup import popular_lines
from marketwatch.instruments.masters.listing import ANGEL_ONE, BUILT_IN, KITE, MASSIVE, OWN_PREFIX
from marketwatch.instruments.masters.summary import MasterState, MasterSummary
from marketwatch.qt import time_text
from marketwatch.qt.models.master_views import MasterView
from marketwatch.qt.theme_tokens import Role

_HOUR_NS: Final = 3_600_000_000_000
_DAY_NS: Final = 24 * _HOUR_NS
_MOST_RECENT: Final = 2
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


def fetched_words(summary: MasterSummary, zone: str) -> str:
    """Say when a list was fetched, with the zone."""
    moment = time_text.local_time(summary.fetched_ns, zone)
    return f"{moment.day} {moment:%b %H:%M} {time_text.zone_name(zone, summary.fetched_ns)}"


def master_view(summary: MasterSummary, now_ns: int, zone: str) -> MasterView:
    """Return a stored list as the page shows it."""
    state, meaning = summary.state(now_ns)
    is_own = summary.source.startswith(OWN_PREFIX)
    words, role = _short(summary, state), _ROLES[state]
    if is_own and summary.skipped and state is not MasterState.PARTIAL:
        words, role = f"{counted(summary.skipped, 'row')} not taken", "error"
    return MasterView(
        source=summary.source,
        label=summary.label,
        origin=summary.origin,
        rows=summary.rows,
        skipped=summary.skipped,
        noted=summary.noted,
        fetched=fetched_words(summary, zone),
        age=age_words(summary.age_ns(now_ns)),
        state=words,
        meaning=meaning,
        role=role,
        segments=summary.segments,
        about=_about(summary, now_ns, zone, meaning),
    )


def _short(summary: MasterSummary, state: MasterState) -> str:
    if state is MasterState.OLD:
        return "old: contracts may have changed" if summary.has_contracts else "old: new listings are missing"
    if state is MasterState.DOUBTFUL:
        return f"doubtful: {summary.expired:,} contracts have ended" if summary.expired else "doubtful: same as before"
    return "not complete: load it again" if state is MasterState.PARTIAL else "current"


def _about(summary: MasterSummary, now_ns: int, zone: str, meaning: str) -> str:
    rhythm = _RHYTHMS.get(summary.source, "")
    age = _age_sentence(age_words(summary.age_ns(now_ns)))
    kind = _KINDS.get(summary.source, "CSV of your own")
    changes = count_words(summary.changes)
    lines = [
        f"{summary.label}: {counted(summary.rows, 'instrument')} from {summary.origin} ({kind}),"
        f" fetched {fetched_words(summary, zone)}.",
        f"{age}; {rhythm}." if rhythm else f"{age}.",
        f"State: {meaning}.",
        f"Segments: {', '.join(summary.segments)}" if summary.segments else "",
        *(f"Note: {warning}" for warning in summary.warnings if warning != meaning),
        f"Since the one before: {changes}." if changes else "",
        *_skipped(summary),
    ]
    return "\n".join(line for line in lines if line)


def built_in_view() -> MasterView:
    """Return the corrected table of popular tokens."""
    lines = popular_lines()
    wrong = sum(1 for line in lines if "guide prints" in line)
    head = f"The ten popular tokens of the Odin guide, with {wrong} misprints corrected. Always known here."
    return MasterView(
        source=BUILT_IN,
        label="Popular tokens",
        origin="Odin guide, corrected",
        rows=len(lines),
        fetched="built in",
        state=f"{wrong} misprints corrected",
        meaning=head,
        segments=("NSE_EQ",),
        is_built_in=True,
        about="\n".join((head, *lines)),
    )


def _skipped(summary: MasterSummary) -> list[str]:
    if not summary.skipped:
        return ["No row was left out."]
    verb = "was" if summary.skipped == 1 else "were"
    reasons = sorted(summary.reasons.items(), key=lambda one: (-one[1], one[0]))
    return [
        f"{counted(summary.skipped, 'row')} {verb} left out:",
        *(f"  {count:,} x {reason}" for reason, count in reasons),
    ]


def news_words(summaries: Sequence[MasterSummary], now_ns: int, zone: str) -> str:
    """Say what the latest editions changed, the newest first."""
    changed = sorted((one for one in summaries if one.changes), key=lambda one: -one.fetched_ns)
    told = [f"{_day(one, now_ns, zone)}, {one.label}: {count_words(one.changes)}" for one in changed[:_MOST_RECENT]]
    if not told:
        return "No list has changed since it was loaded before. The change list is kept for 90 days."
    return f"{'. '.join(told)}. The change list is kept for 90 days."


def _day(summary: MasterSummary, now_ns: int, zone: str) -> str:
    moment, now = time_text.local_time(summary.fetched_ns, zone), time_text.local_time(now_ns, zone)
    days = (now.date() - moment.date()).days
    return "Today" if days == 0 else "Yesterday" if days == 1 else f"On {moment.day} {moment:%b}"
