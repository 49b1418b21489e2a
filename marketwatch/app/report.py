"""The sections of the diagnostics report."""

from __future__ import annotations

from typing import Any

import msgspec

from marketwatch.app.core import Core, Runtime
from marketwatch.app.diagnostics import Diagnostics
from marketwatch.app.reports_section import reports_section
from marketwatch.app.screen import Screen
from marketwatch.domain.ids import FeedId, InstrumentId


def diagnostics_of(runtime: Runtime, core: Core, screen: Screen) -> Diagnostics:
    """Join the parts that can say something about themselves."""
    return Diagnostics(
        {
            "session": lambda: _session(screen),
            "feeds": lambda: [_feed(core, status.feed_id) for status in core.feeds.statuses()],
            "loop_stalls": lambda: _stalls(runtime),
            "painting": lambda: _painting(screen),
            "failures": lambda: dict(runtime.failures.counts),
            "notices": lambda: [notice.sentence for notice in core.notices],
            "reports": lambda: reports_section(core, screen.reports),
            "watchlist": lambda: _watchlist(core, screen),
            "depth": lambda: _depth(screen),
        }
    )


def _session(screen: Screen) -> dict[str, Any] | None:
    view, replay = screen.sessions.view, screen.sessions.replay
    if view is None:
        return None
    session: dict[str, Any] = {"nature": view.nature.value, "feed": view.feed_id, "bar": view.bar}
    if replay is not None:
        playback = replay.playback
        session["replay"] = {
            "position_ns": playback.position_ns,
            "start_ns": playback.start_ns,
            "end_ns": playback.end_ns,
            "speed": "max" if playback.speed is None else playback.speed,
            "is_paused": playback.is_paused,
            "is_finished": playback.is_finished,
        }
    return session


def _feed(core: Core, feed_id: FeedId) -> dict[str, Any]:
    supervisor = core.feeds.supervisor(feed_id)
    status = msgspec.to_builtins(supervisor.status())
    counts = msgspec.to_builtins(core.hub.counts(feed_id))
    difference = supervisor.difference()
    return {
        **status,
        "guide": supervisor.status().guide_fields(),
        "counts": counts,
        "last_invalid": supervisor.last_invalid,
        "traded": {key: msgspec.to_builtins(traded) for key, traded in core.hub.traded(feed_id).items()},
        "difference": {
            name: sorted(str(topic) for topic in topics) for name, topics in msgspec.structs.asdict(difference).items()
        },
    }


def _stalls(runtime: Runtime) -> dict[str, Any]:
    watchdog = runtime.watchdog
    return {
        "count": watchdog.count,
        "longest_ms": round(watchdog.longest_s * 1000, 1),
        "latest": [
            {"duration_ms": round(stall.duration_s * 1000, 1), "stack": list(stall.stack)} for stall in watchdog.stalls
        ],
    }


def _painting(screen: Screen) -> dict[str, Any]:
    return {
        "paint": screen.meter.paints.summary(),
        "tick_to_paint": screen.meter.latencies.summary(),
        "flush": screen.flush.flush_times.summary(),
        "flushes": screen.flush.flush_count,
        "over_budget": screen.flush.over_budget_count,
    }


def _watchlist(core: Core, screen: Screen) -> dict[str, Any]:
    panel = screen.list_panel
    shown = zip(panel.view.visible_texts(), panel.view.visible_instruments(), strict=True)
    return {
        "list": screen.lists.current.name,
        "columns": [column.title or column.key for column in panel.model.columns],
        "rows": [texts if shown_id is None else {**texts, **_row(core, screen, shown_id)} for texts, shown_id in shown],
    }


def _row(core: Core, screen: Screen, instrument_id: InstrumentId) -> dict[str, Any]:
    """Say where a row's figures come from, and how far the wish for them has come."""
    market = screen.market
    state, facts = market.row_state(instrument_id), market.facts(instrument_id)
    subscription = core.feeds.subscription(instrument_id)
    return {
        "id": str(instrument_id),
        "source": None if facts is None else facts.label,
        "delay_s": None if facts is None else facts.delay_s,
        "state": state.word or state.primary.value.replace("_", " "),
        "explanation": state.explanation,
        "tags": list(state.tags),
        "feeds": msgspec.to_builtins(core.feeds.row_feeds(instrument_id)),
        "subscription": None if subscription is None else msgspec.to_builtins(subscription),
    }


def _depth(screen: Screen) -> dict[str, Any] | None:
    """Say what the depth panel shows, None while nobody can see it."""
    panel = None if screen.depth is None else screen.depth.panel
    if panel is None or panel.instrument is None or not panel.is_live():
        return None
    view, absent = panel.model.view, panel.absent
    shown: dict[str, Any] = {"id": str(panel.instrument.id)}
    if view is None:
        return {**shown, "absent": None if absent is None else msgspec.to_builtins(absent)}
    return {
        **shown,
        "source": view.source,
        "words": view.words,
        "is_live": view.is_live,
        "levels": msgspec.to_builtins(view.rows),
        "balance": msgspec.to_builtins(view.balance),
    }
