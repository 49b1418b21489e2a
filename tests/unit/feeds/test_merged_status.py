"""The status of a feed of several connections: the worst state of those that matter, and the sums of all."""

from __future__ import annotations

from typing import Any

import pytest

from marketwatch.domain.ids import FeedId
from marketwatch.feeds.merged_status import merge, reason_of, worst_of
from marketwatch.feeds.status import FeedState, FeedStatus, KeyTrouble

BROKE = "the connection broke"


def part(number: int, state: FeedState = FeedState.LIVE, **fields: Any) -> FeedStatus:
    feed_id = FeedId("kite" if number == 1 else f"kite/{number}")
    is_up = state in (FeedState.LIVE, FeedState.STALE)
    given = {"connected": is_up, "authenticated": is_up, "connection": number, **fields}
    return FeedStatus(feed_id=feed_id, label="Kite", state=state, **given)


@pytest.mark.parametrize(
    ("states", "worst"),
    [
        ((FeedState.LIVE, FeedState.LIVE), 1),
        ((FeedState.LIVE, FeedState.CONNECTING), 2),
        ((FeedState.STALE, FeedState.CONNECTING), 1),
        ((FeedState.STALE, FeedState.BACKING_OFF), 2),
        ((FeedState.REFUSED, FeedState.BACKING_OFF), 1),
        ((FeedState.REFUSED, FeedState.SIGNED_OUT), 2),
        ((FeedState.BACKING_OFF, FeedState.BACKING_OFF), 1),
    ],
)
def test_the_worst_gives_the_state(states: tuple[FeedState, ...], worst: int) -> None:
    assert worst_of([part(number, state) for number, state in enumerate(states, start=1)]).connection == worst


def test_counts_are_sums_and_times_are_the_newest() -> None:
    one = part(1, subscriptions=5, wanted=6, messages_per_s=2.0, heard_ns=10, last_message_ns=20, uptime_s=9.0)
    two = part(2, subscriptions=3, wanted=3, messages_per_s=0.5, heard_ns=15, lag_ms=80.0, behind_ms=4.0)
    merged = merge([one, two], [one, two], [one, two])
    assert (merged.subscriptions, merged.wanted, merged.messages_per_s) == (8, 9, 2.5)
    assert (merged.heard_ns, merged.last_message_ns, merged.uptime_s) == (15, 20, 9.0)
    assert (merged.lag_ms, merged.lag_p95_ms, merged.behind_ms) == (80.0, None, 4.0)
    assert (merged.feed_id, merged.state, merged.connections, merged.parts) == ("kite", FeedState.LIVE, 2, (one, two))


def test_what_a_closed_connection_brought_still_counts() -> None:
    one, gone = part(1, message_count=10), part(2, FeedState.IDLE, message_count=7, running=False)
    merged = merge([one], [one], [one, gone])
    assert (merged.message_count, merged.parts, merged.state) == (17, (one,), FeedState.LIVE)


def test_the_worst_gives_reason_key_trouble_and_the_next_step() -> None:
    down = part(2, FeedState.BACKING_OFF, reason=BROKE, next_step="Wait", retry_in_s=8.0)
    later = part(3, FeedState.BACKING_OFF, reason=BROKE, retry_in_s=3.0)
    merged = merge([part(1), down, later], [part(1), down, later], [part(1), down, later])
    assert (merged.reason, merged.next_step, merged.retry_in_s) == (f"connections 2 and 3 of 3: {BROKE}", "Wait", 3.0)
    assert (merged.connected, merged.authenticated, merged.connections) == (True, True, 1)
    refused = part(1, FeedState.REFUSED, key_trouble=KeyTrouble.REFUSED, reason="wrong key")
    merged = merge([refused], [refused], [refused])
    assert (merged.key_trouble, merged.reason) == (KeyTrouble.REFUSED, "wrong key")


def test_the_connection_is_named_only_where_others_are_better_off() -> None:
    down = [part(number, FeedState.BACKING_OFF, reason=BROKE) for number in (1, 2)]
    assert reason_of(down) == BROKE
    assert reason_of([down[0], part(2)]) == f"connection 1 of 2: {BROKE}"
    assert reason_of([part(1), part(2)]) == ""


def test_a_row_finds_the_status_of_its_connection() -> None:
    one, two = part(1), part(2, FeedState.STALE)
    merged = merge([one, two], [one, two], [one, two])
    assert merged.of_connection(2) is two
    assert merged.of_connection(3) is merged
    assert merged.of_connection(None) is merged
    assert one.of_connection(None) is one
