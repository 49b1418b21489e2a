"""Limits used of limits allowed: of one connection, of several, and where no limit is known."""

from __future__ import annotations

from typing import Any

from marketwatch.app.feed_meters import meter_views
from marketwatch.domain.feed_config import FeedConfig
from marketwatch.domain.ids import FeedId
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.qt.models.feed_settings_model import MeterView


def meters(kind: str, **figures: Any) -> list[MeterView]:
    config = FeedConfig(id=FeedId(kind), kind=kind, name=kind)
    status = FeedStatus(feed_id=config.id, label=kind, state=FeedState.LIVE, **figures)
    return list(meter_views(config, status))


def test_a_key_for_one_connection_has_one_and_warns_of_others() -> None:
    note = "another program with this key will push this one out"
    assert meters("massive", connected=True, subscriptions=4, wanted=4) == [
        MeterView("Connections", 1, 1, note),
        MeterView("Subscriptions", 4, None, ""),
    ]


def test_without_a_key_there_is_nothing_to_share() -> None:
    assert meters("odin", connected=True, subscriptions=4, wanted=6, refused_topics=2) == [
        MeterView("Subscriptions", 4, None, "2 refused")
    ]
    assert meters("odin", subscriptions=4, wanted=6) == [MeterView("Subscriptions", 4, None, "6 wanted")]


def test_instruments_beyond_what_a_connection_takes_wait() -> None:
    _, instruments, _ = meters("kite", connected=True, instruments=3_005, instruments_allowed=3_000)
    assert instruments == MeterView("Instruments", 3_000, 3_000, "5 wait until there is room")


def test_a_feed_over_several_connections_counts_all() -> None:
    parts = tuple(
        FeedStatus(feed_id=FeedId("kite"), label="Kite", state=FeedState.LIVE, connected=True, connection=number)
        for number in range(2)
    )
    connections, instruments, _ = meters(
        "kite", connected=True, instruments=5_000, instruments_allowed=9_000, connections_allowed=3, parts=parts
    )
    assert connections == MeterView("Connections", 2, 3, "every program with this key takes one")
    assert instruments == MeterView("Instruments", 5_000, 9_000, "3,000 on each connection")


def test_a_kind_not_known_here_has_no_limits() -> None:
    assert meters("telepathy") == []
