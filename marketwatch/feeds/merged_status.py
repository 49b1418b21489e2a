"""The status of one feed from those of its connections. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from marketwatch.feeds.status import FeedState, FeedStatus

_BADNESS: Final = (
    FeedState.IDLE,
    FeedState.LIVE,
    FeedState.AUTHENTICATING,
    FeedState.CONNECTING,
    FeedState.STALE,
    FeedState.BACKING_OFF,
    FeedState.REFUSED,
    FeedState.SIGNED_OUT,
)
_SUMS: Final = (
    "subscriptions",
    "wanted",
    "refused_topics",
    "unconfirmed_topics",
    "topics_over_limit",
    "instruments",
    "message_count",
    "event_count",
    "invalid_count",
    "late_count",
    "sink_failures",
    "reconnect_attempts",
    "generation",
    "stall_count",
    "messages_per_s",
    "events_per_s",
)
_MOST: Final = ("last_message_ns", "heard_ns", "uptime_s", "lag_ms", "lag_p95_ms", "lag_p99_ms", "behind_ms")
_OF_THE_WORST: Final = ("state", "key_trouble", "signed_out_since", "next_step")


def worst_of(statuses: Sequence[FeedStatus]) -> FeedStatus:
    """Return the status of the connection that is worst off, the first of several."""
    return max(statuses, key=lambda status: _BADNESS.index(status.state))


def merge(parts: Sequence[FeedStatus], that_matter: Sequence[FeedStatus], ever: Sequence[FeedStatus]) -> FeedStatus:
    """Return what the connections in use, `parts`, are together, as the feed of the first of all connections, `ever`.

    State and reason are those of the worst `that_matter`; counts of messages go on when a connection is closed, so
    they are of all there ever were. What the feed as a whole knows alone is for the caller to add.
    """
    worst = worst_of(that_matter)
    fields: dict[str, Any] = {name: sum(getattr(part, name) for part in ever) for name in _SUMS}
    fields |= {name: _most(getattr(part, name) for part in parts) for name in _MOST}
    fields |= {name: getattr(worst, name) for name in _OF_THE_WORST}
    waits = [one.retry_in_s for one in that_matter if one.state is worst.state and one.retry_in_s is not None]
    return msgspec.structs.replace(
        ever[0],
        **fields,
        connected=any(part.connected for part in parts),
        authenticated=any(part.authenticated for part in parts),
        invalid_reason=_newest_reason(ever),
        retry_in_s=min(waits, default=None),
        reason=reason_of(that_matter),
        parts=tuple(parts),
    )


def reason_of(that_matter: Sequence[FeedStatus]) -> str:
    """Say why the worst connection is as it is, and which one that is where the others are better off."""
    worst = worst_of(that_matter)
    alike = [one.connection for one in that_matter if one.state is worst.state]
    if not worst.reason or len(alike) == len(that_matter):
        return worst.reason
    which = " and ".join(str(number) for number in alike)
    return f"connection{'s' if len(alike) > 1 else ''} {which} of {len(that_matter)}: {worst.reason}"


def _most(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _newest_reason(parts: Sequence[FeedStatus]) -> str:
    """Return why something was unusable on the connection that spoke last; nobody keeps when exactly it was."""
    told = [part for part in parts if part.invalid_reason]
    return max(told, key=lambda part: part.heard_ns or 0).invalid_reason if told else ""
