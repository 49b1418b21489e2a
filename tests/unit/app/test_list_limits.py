"""The foot of a list names the feed nearest to its limit, and none that serves no row of the list."""

from __future__ import annotations

from typing import Any

from marketwatch.app.list_limits import limit_words
from marketwatch.domain.ids import FeedId
from marketwatch.feeds.status import FeedState, FeedStatus

KITE, ODIN, MASSIVE = FeedId("kite"), FeedId("odin"), FeedId("massive")


def status(feed_id: FeedId, label: str, used: int = 0, allowed: int | None = None) -> FeedStatus:
    facts: dict[str, Any] = {"instruments": used, "instruments_allowed": allowed}
    return FeedStatus(feed_id=feed_id, label=label, state=FeedState.LIVE, **facts)


STATUSES = {
    KITE: status(KITE, "My Kite", 13, 3_000),
    ODIN: status(ODIN, "Odin Streamer", 70, 100),
    MASSIVE: status(MASSIVE, "Massive", 900),
}


def test_a_list_of_one_feed_says_its_limit() -> None:
    words = limit_words({KITE: 11}, STATUSES)
    assert words.text == "13 of 3,000 instruments, My Kite"
    assert words.tip == "My Kite: 11 rows of this list, 13 of 3,000 instruments used in all"
    assert limit_words({MASSIVE: 2}, STATUSES).text == ""


def test_a_mixed_list_names_the_feed_nearest_to_its_limit() -> None:
    words = limit_words({KITE: 5, MASSIVE: 1, ODIN: 2}, STATUSES)
    assert words.text == "70 of 100 instruments, Odin Streamer  ·  3 feeds"
    assert words.tip.splitlines() == [
        "My Kite: 5 rows of this list, 13 of 3,000 instruments used in all",
        "Massive: 1 row of this list",
        "Odin Streamer: 2 rows of this list, 70 of 100 instruments used in all",
    ]


def test_a_feed_that_serves_no_row_is_not_named() -> None:
    words = limit_words({KITE: 5, MASSIVE: 1}, STATUSES)
    assert words.text == "13 of 3,000 instruments, My Kite  ·  2 feeds"
    assert "Odin" not in words.tip


def test_without_any_limit_rows_are_counted() -> None:
    other = status(FeedId("own"), "Own stream")
    words = limit_words({MASSIVE: 9, other.feed_id: 2}, {**STATUSES, other.feed_id: other})
    assert words.text == "11 rows from 2 feeds"


def test_rows_that_nobody_serves_are_in_the_tooltip() -> None:
    assert limit_words({None: 3}, STATUSES) == ("", "")
    assert limit_words({KITE: 1, None: 1}, STATUSES).tip.endswith("\n1 row of this list: no open feed has it")
    assert limit_words({KITE: 1, None: 2}, STATUSES).tip.endswith("\n2 rows of this list: no open feed has them")
    assert limit_words({}, STATUSES) == ("", "")


def test_a_feed_that_allows_nothing_is_the_nearest() -> None:
    none = status(ODIN, "Odin Streamer", 0, 0)
    assert limit_words({KITE: 1, ODIN: 1}, {**STATUSES, ODIN: none}).text.startswith(
        "0 of 0 instruments, Odin Streamer"
    )
