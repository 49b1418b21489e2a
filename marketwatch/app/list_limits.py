"""What the foot of a list says of limits: that of the feed nearest to its own, of those that serve rows of the list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from marketwatch.domain.ids import FeedId
from marketwatch.feeds.status import FeedStatus


class LimitWords(NamedTuple):
    """What stands in the foot, and all of it for the tooltip."""

    text: str = ""
    tip: str = ""


def limit_words(rows: Mapping[FeedId | None, int], statuses: Mapping[FeedId, FeedStatus]) -> LimitWords:
    """Say how full the feeds of a list are; `rows` counts its rows by the feed that serves them, None for none."""
    counts = {feed_id: count for feed_id, count in rows.items() if feed_id is not None and feed_id in statuses}
    served = [statuses[feed_id] for feed_id in counts]
    if not served:
        return LimitWords()
    lines = [f"{one.label}: {_rows(counts[one.feed_id])} of this list{_limit(one)}" for one in served]
    unserved = sum(rows.values()) - sum(counts.values())
    if unserved:
        lines.append(f"{_rows(unserved)} of this list: no open feed has {'it' if unserved == 1 else 'them'}")
    nearest = max(served, key=_share)
    text = f"{_used(nearest)}, {nearest.label}" if nearest.instruments_allowed is not None else ""
    if len(served) > 1:
        text = f"{text}  ·  {len(served)} feeds" if text else f"{_rows(sum(counts.values()))} from {len(served)} feeds"
    return LimitWords(text, "\n".join(lines))


def _share(status: FeedStatus) -> float:
    allowed = status.instruments_allowed
    if allowed is None:
        return -1.0
    return status.instruments / allowed if allowed else float("inf")


def _used(status: FeedStatus) -> str:
    return f"{status.instruments:,} of {status.instruments_allowed:,} instruments"


def _limit(status: FeedStatus) -> str:
    return "" if status.instruments_allowed is None else f", {_used(status)} used in all"


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
