"""What the screen says about the connections that bring reports."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from marketwatch.feeds.status import FeedState
from marketwatch.qt import formatting as fmt
from marketwatch.qt import time_text
from marketwatch.qt.panels.feed_words import SideConnection
from marketwatch.qt.theme_tokens import Role
from marketwatch.services.report_feeds import StreamState

_STARTING = {
    FeedState.IDLE: "off",
    FeedState.CONNECTING: "connecting",
    FeedState.AUTHENTICATING: "connecting",
}


class PanelMessage(msgspec.Struct, frozen=True):
    """Why a panel is empty: the cause, and the next step."""

    cause: str
    next_step: str = ""
    role: Role = "text3"


def stream_words(state: StreamState, zone: str) -> tuple[str, Role]:
    """Return how a connection is, and in which colour; one that the server does not have is no fault."""
    if state.is_missing:
        return "not offered by this server", "text3"
    if state.state is FeedState.LIVE:
        return "live", "text2"
    if state.state is FeedState.STALE:
        return "stalled", "error"
    if state.state in _STARTING and state.since_ns is None:
        return _STARTING[state.state], "text2"
    return down_words(state, zone), "error"


def old_words(state: StreamState, connection: int, zone: str) -> tuple[str, Role] | None:
    """Say why what came by a connection may not be true any more, and in which colour; None when it is as good as new.

    A server need not say anything again after the connection came back.
    """
    if not state.is_seeing:
        return stream_words(state, zone)
    if state.connection == connection:
        return None
    return f"not stated again since the connection came back at {since_words(state.since_ns, zone)}", "error"


def detail_words(state: StreamState, zone: str) -> str:
    """Return a line for the details of the feed: state and subscriptions."""
    words, _ = stream_words(state, zone)
    if not state.is_seeing:
        return words
    refused = f", {state.refused:,} refused" if state.refused else ""
    return f"{words}, {state.confirmed:,} of {state.wanted:,} confirmed{refused}"


def side_connection(state: StreamState, zone: str) -> SideConnection:
    """Describe a connection for the pill and the details of its feed."""
    is_starting = state.state in _STARTING and state.since_ns is None
    trouble = ""
    if not (state.is_missing or is_starting or state.state is FeedState.LIVE):
        trouble = "stalled" if state.state is FeedState.STALE else "down"
    return SideConnection(
        name=state.name,
        words=detail_words(state, zone),
        trouble=trouble,
        is_off=not state.is_seeing,
        message_count=state.message_count,
        messages_per_s=state.messages_per_s,
    )


def since_words(ns: int | None, zone: str) -> str:
    """Write a time of day with its zone."""
    if ns is None:
        return fmt.MISSING
    return f"{time_text.clock_time(ns, zone)} {time_text.zone_name(zone, ns)}"


def ago_words(now_ns: int, ns: int) -> str:
    """Say how long ago something came."""
    return f"{fmt.age(max(0, now_ns - ns) / 1e9)} ago"


def missing_message(what: str, states: Sequence[StreamState], zone: str, hint: str) -> PanelMessage | None:
    """Say why nothing of a kind can come: nobody offers it, or the connection is down. None when something may come."""
    if not states:
        return PanelMessage(f"No open feed gives {what}", hint)
    if any(state.is_seeing for state in states):
        return None
    state = next((one for one in states if not one.is_missing), states[0])
    if state.is_missing:
        return PanelMessage(f"{state.feed_label} gives no {what}", fmt_sentence(state.reason))
    if state.since_ns is None:
        return PanelMessage(f"{state.feed_label} is {_STARTING.get(state.state, 'down')}", f"Its {what} come with it.")
    return PanelMessage(f"{state.feed_label}, {state.name}: {down_words(state, zone)}", _next_step(state), "error")


def fmt_sentence(text: str) -> str:
    """Write a phrase as a sentence."""
    text = text.strip().rstrip(".")
    return f"{text[0].upper()}{text[1:]}." if text else ""


def down_words(state: StreamState, zone: str) -> str:
    """Say since when a connection is down, or that it was never up."""
    if state.since_ns is None:
        return _STARTING.get(state.state, "down")
    return f"down since {since_words(state.since_ns, zone)}"


def _next_step(state: StreamState) -> str:
    retry = "" if state.retry_in_s is None else f"Next try in {max(0, round(state.retry_in_s))} s."
    return " ".join(part for part in (fmt_sentence(state.reason), retry) if part)
