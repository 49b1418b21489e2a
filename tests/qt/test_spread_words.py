"""What is said of a feed of several connections: on its pill, in its details, in the settings."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from marketwatch.app.feed_meters import meter_views
from marketwatch.domain.feed_config import FeedConfig
from marketwatch.domain.ids import FeedId
from marketwatch.feeds.merged_status import merge
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.qt.models.feed_settings_model import MeterView
from marketwatch.qt.panels.feed_words import pill_view
from marketwatch.qt.popups.feed_details import FeedDetails
from marketwatch.qt.theme import Theme
from marketwatch.services.feed_route import FeedNature

NS = 1_000_000_000
NOW = 1_700_000_000 * NS
KITE = FeedId("kite")
LIVE, DOWN, STALE = FeedState.LIVE, FeedState.BACKING_OFF, FeedState.STALE


def kite(*states: FeedState, **fields: Any) -> FeedStatus:
    """Return the status of a feed with connections in these states; each is silent ten seconds longer."""
    parts = [
        FeedStatus(
            feed_id=KITE,
            label="Kite",
            state=state,
            connected=state is not DOWN,
            connection=number,
            last_message_ns=NOW - 10 * number * NS,
            reason="" if state is LIVE else "the connection broke",
        )
        for number, state in enumerate(states, start=1)
    ]
    allowed = {"connections_allowed": 3, "instruments_allowed": 9_000}
    return msgspec.structs.replace(merge(parts, parts, parts), **allowed, **fields)


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ((LIVE, LIVE), "live"),
        ((DOWN,), "reconnecting"),
        ((DOWN, DOWN), "reconnecting"),
        ((LIVE, DOWN), "1 of 2 connections reconnecting"),
        ((DOWN, LIVE, DOWN), "2 of 3 connections reconnecting"),
        ((LIVE, LIVE, STALE), "1 of 3 connections stalled 0:30"),
    ],
)
def test_the_pill_says_how_many_are_in_trouble(states: tuple[FeedState, ...], words: str) -> None:
    assert pill_view(kite(*states), FeedNature.LIVE, NOW).words == words


def test_the_pill_explains_which_one_it_is() -> None:
    explanation = pill_view(kite(LIVE, DOWN), FeedNature.LIVE, NOW).explanation
    assert "Connection 2 of 2: the connection broke" in explanation


def test_the_details_count_connections_where_there_are_several(theme: Theme, qtbot: QtBot) -> None:
    details = FeedDetails(theme)
    qtbot.addWidget(details)
    details.set_status(kite(LIVE, DOWN, LIVE), FeedNature.LIVE, NOW)
    assert details.values()["Connected"] == "2 of 3 connections"
    details.set_status(kite(LIVE), FeedNature.LIVE, NOW)
    assert details.values()["Connected"] == "yes"


def test_the_settings_show_the_limits_of_all_connections_together() -> None:
    config = FeedConfig(id=KITE, kind="kite", name="Kite", variant="live")
    status = kite(LIVE, LIVE, instruments=4_210, subscriptions=8_400, wanted=8_420)
    assert meter_views(config, status) == [
        MeterView("Connections", 2, 3, "every program with this key takes one"),
        MeterView("Instruments", 4_210, 9_000, "3,000 on each connection"),
        MeterView("Subscriptions", 8_400, None, "8,420 wanted"),
    ]
    full = kite(LIVE, LIVE, LIVE, instruments=9_002, subscriptions=18_000, wanted=18_000)
    assert meter_views(config, full)[1] == MeterView("Instruments", 9_000, 9_000, "2 wait until there is room")
