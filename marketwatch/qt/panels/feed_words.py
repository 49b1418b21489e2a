"""What the program says about a feed: on its pill and in its details."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.qt import formatting
from marketwatch.qt.panels.feed_pill import PillShape, PillView
from marketwatch.qt.theme_tokens import Role
from marketwatch.services.feed_route import FeedNature
from marketwatch.services.notices import in_sentences

# Slower than this a live feed gets the ring: it is well, but a still list is then no news.
SLOW_BELOW_PER_S = 2.0
_NS = 1_000_000_000
_OLD_MS = 120_000.0
_WIDEST_RATE = "8,888 msg/s"
_WIDEST_LAG = "lag 88.8 s"

_FAULTS = {
    FeedState.STALE: "stalled",
    FeedState.BACKING_OFF: "reconnecting",
    FeedState.REFUSED: "refused",
}
_STARTING = {
    FeedState.IDLE: "off",
    FeedState.CONNECTING: "connecting",
    FeedState.AUTHENTICATING: "signing in",
}


class SideConnection(msgspec.Struct, frozen=True, kw_only=True):
    """A connection of a feed beside that of its prices: what it brings, how it is, and how much comes.

    `trouble` is a word such as `down`, empty when nothing is wrong; `is_off`: nothing can come.
    """

    name: str
    words: str
    trouble: str = ""
    is_off: bool = False
    message_count: int = 0
    messages_per_s: float = 0.0


def pill_view(
    status: FeedStatus, nature: FeedNature, now_ns: int, beside: Sequence[SideConnection] = ()
) -> PillView:  # fmt: skip
    """Describe a feed with all its connections on its pill at a moment (wall clock, ns UTC)."""
    figures = _figures(status, beside)
    words, role = state_words(status, nature, now_ns, beside)
    return PillView(
        shape=_shape(status, nature, beside),
        name=status.label,
        words=words,
        words_role=role,
        figures=figures,
        widest=(_WIDEST_RATE,) if nature is not FeedNature.LIVE else (_WIDEST_RATE, _WIDEST_LAG),
        spoken=", ".join((status.label, words, *(text.replace("msg/s", "messages per second") for text in figures))),
        explanation=_explanation(status, words, beside),
    )


def whole_rate(status: FeedStatus, beside: Sequence[SideConnection]) -> float:
    """Return how many messages come each second on all connections of a feed."""
    return status.messages_per_s + sum(one.messages_per_s for one in beside)


def state_words(
    status: FeedStatus, nature: FeedNature, now_ns: int, beside: Sequence[SideConnection] = ()
) -> tuple[str, Role]:  # fmt: skip
    """Return a feed's state in words, and their colour."""
    state = status.state
    if state in _FAULTS:
        alike = [part for part in status.parts if part.state is state]
        share = f"{len(alike)} of {len(status.parts)} connections " if len(alike) < len(status.parts) else ""
        age = silence(alike[0] if alike else status, now_ns) if state is FeedState.STALE else ""
        return f"{share}{_FAULTS[state]} {age}".rstrip(), "error"
    if state is FeedState.SIGNED_OUT:
        return f"signed out since {status.signed_out_since}".removesuffix(" since "), "alert"
    if state in _STARTING:
        return _STARTING[state], "text2"
    words, role = _nature_words(status, nature)
    troubled = _troubled(beside)
    if troubled:
        return f"{words}, {troubled}", "error"
    lacking = lacking_words(status)
    return (f"{words}, {lacking[0]}", "alert") if lacking else (words, role)


def lacking_words(status: FeedStatus) -> list[str]:
    """Say which wishes the feed does not fulfil, and that will not change by waiting a moment; empty for none."""
    counts = (
        (status.refused_topics, "refused"),
        (status.topics_over_limit, "over the limit"),
        (status.unconfirmed_topics, "not confirmed in time"),
    )
    return [f"{count:,} {words}" for count, words in counts if count]


def silence(status: FeedStatus, now_ns: int) -> str:
    """Return how long a feed has said nothing, an empty text when it never spoke."""
    if status.last_message_ns is None:
        return ""
    return formatting.age((now_ns - status.last_message_ns) / _NS)


def _nature_words(status: FeedStatus, nature: FeedNature) -> tuple[str, Role]:
    if nature is FeedNature.SIMULATED:
        return "invented prices", "simulated"
    if nature is FeedNature.REPLAY:
        return "recorded session", "simulated"
    if nature is FeedNature.DELAYED or status.delay_s > 0:
        return f"delayed {formatting.delay_words(status.delay_s)}" if status.delay_s > 0 else "delayed", "delayed"
    return "live", "text2"


def _troubled(beside: Sequence[SideConnection]) -> str:
    """Say which connections beside that of the prices are in trouble: `alerts down`."""
    troubled = [one for one in beside if one.trouble]
    if len(troubled) > 2:
        return f"{len(troubled)} of its {len(beside) + 1} connections down"
    return " and ".join(f"{one.name} {one.trouble}" for one in troubled)


def _shape(status: FeedStatus, nature: FeedNature, beside: Sequence[SideConnection]) -> PillShape:
    is_half_dead = status.state is FeedState.LIVE and any(one.trouble for one in beside)
    if is_half_dead or status.state in (FeedState.STALE, FeedState.BACKING_OFF, FeedState.REFUSED):
        return PillShape.TRIANGLE
    if status.state is FeedState.SIGNED_OUT:
        return PillShape.OPEN
    if nature in (FeedNature.SIMULATED, FeedNature.REPLAY):
        return PillShape.SQUARE
    if status.state is not FeedState.LIVE:
        return PillShape.RING
    if nature is FeedNature.DELAYED or status.delay_s > 0:
        return PillShape.DIAMOND
    return PillShape.RING if whole_rate(status, beside) < SLOW_BELOW_PER_S else PillShape.DISC


def _figures(status: FeedStatus, beside: Sequence[SideConnection]) -> tuple[str, ...]:
    if status.state is FeedState.SIGNED_OUT:
        return ("sign in for today",)
    if status.retry_in_s is not None and status.state is not FeedState.LIVE:
        return (f"retry in {max(0, round(status.retry_in_s))} s",)
    if status.state is not FeedState.LIVE:
        return ()
    rate = f"{formatting.rate(whole_rate(status, beside))} msg/s"
    if status.lag_ms is None or (status.lag_ms >= _OLD_MS and not status.events_per_s):
        return (rate,)  # the last figures of a closed market are old, and not behind
    return (rate, f"lag {formatting.milliseconds(status.lag_ms)}")


def _explanation(status: FeedStatus, words: str, beside: Sequence[SideConnection]) -> str:
    prices = f"Prices {formatting.rate(status.messages_per_s)} msg/s"
    parts = [f"{one.name} {_share(one)}" for one in beside]
    split = ", ".join((prices, *parts)) if parts else ""
    return in_sentences(f"{status.label}: {words}", split, status.reason, status.next_step, "Click for details")


def _share(one: SideConnection) -> str:
    return one.words if one.is_off else f"{formatting.rate(one.messages_per_s)} msg/s"
