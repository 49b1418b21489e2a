"""The pill, its words, and the details behind it."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from marketwatch.domain.ids import FeedId
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.qt.panels.feed_pill import FeedPill, PillShape
from marketwatch.qt.panels.feed_words import SideConnection, pill_view
from marketwatch.qt.popups.feed_details import FeedDetails
from marketwatch.qt.theme import Theme
from marketwatch.services.feed_route import FeedNature

NOW = 1_756_977_067_000_000_000


def status(state: FeedState = FeedState.LIVE, **fields: Any) -> FeedStatus:
    return FeedStatus(feed_id=FeedId("massive"), label="Massive", state=state, **fields)


@pytest.mark.parametrize(
    ("feed", "nature", "shape", "words", "figures"),
    [
        (
            status(messages_per_s=412.0, lag_ms=300.0),
            FeedNature.LIVE,
            PillShape.DISC,
            "live",
            ("412 msg/s", "lag 0.3 s"),
        ),
        (status(messages_per_s=1.0), FeedNature.LIVE, PillShape.RING, "live", ("1 msg/s",)),
        (status(messages_per_s=0.5, lag_ms=144_000.0), FeedNature.LIVE, PillShape.RING, "live", ("0.5 msg/s",)),
        (
            status(messages_per_s=4.0, events_per_s=4.0, lag_ms=144_000.0),
            FeedNature.LIVE,
            PillShape.DISC,
            "live",
            ("4 msg/s", "lag 2:24"),
        ),
        (
            status(messages_per_s=96.0, delay_s=900.0),
            FeedNature.DELAYED,
            PillShape.DIAMOND,
            "delayed 15 min",
            ("96 msg/s",),
        ),
        (status(messages_per_s=38.0), FeedNature.SIMULATED, PillShape.SQUARE, "invented prices", ("38 msg/s",)),
        (status(messages_per_s=38.0), FeedNature.REPLAY, PillShape.SQUARE, "recorded session", ("38 msg/s",)),
        (
            status(FeedState.STALE, last_message_ns=NOW - 134_000_000_000, retry_in_s=8.2),
            FeedNature.LIVE,
            PillShape.TRIANGLE,
            "stalled 2:14",
            ("retry in 8 s",),
        ),
        (status(FeedState.STALE), FeedNature.LIVE, PillShape.TRIANGLE, "stalled", ()),
        (
            status(FeedState.BACKING_OFF, retry_in_s=0.2),
            FeedNature.SIMULATED,
            PillShape.TRIANGLE,
            "reconnecting",
            ("retry in 0 s",),
        ),
        (status(FeedState.REFUSED), FeedNature.DELAYED, PillShape.TRIANGLE, "refused", ()),
        (
            status(FeedState.SIGNED_OUT, signed_out_since="06:00 IST"),
            FeedNature.LIVE,
            PillShape.OPEN,
            "signed out since 06:00 IST",
            ("sign in for today",),
        ),
        (status(FeedState.SIGNED_OUT), FeedNature.LIVE, PillShape.OPEN, "signed out", ("sign in for today",)),
        (status(FeedState.CONNECTING), FeedNature.LIVE, PillShape.RING, "connecting", ()),
        (status(FeedState.AUTHENTICATING), FeedNature.LIVE, PillShape.RING, "signing in", ()),
        (status(FeedState.IDLE), FeedNature.LIVE, PillShape.RING, "off", ()),
    ],
)
def test_each_state_has_a_shape_and_a_word(
    feed: FeedStatus, nature: FeedNature, shape: PillShape, words: str, figures: tuple[str, ...]
) -> None:
    view = pill_view(feed, nature, NOW)
    assert (view.shape, view.words, view.figures) == (shape, words, figures)
    assert view.spoken.startswith(f"Massive, {words}")


ANALYSIS = SideConnection(name="analysis", words="live, 2 of 2 confirmed", message_count=40, messages_per_s=3.5)
PORTFOLIO = SideConnection(name="portfolio", words="not offered by this server", is_off=True)
DEAD = SideConnection(name="alerts", words="down since 14:40:07 IST", trouble="down", is_off=True)


def test_a_pill_counts_all_connections_of_its_feed() -> None:
    view = pill_view(status(), FeedNature.LIVE, NOW, [ANALYSIS, PORTFOLIO])
    assert (view.words, view.figures, view.shape) == ("live", ("3.5 msg/s",), PillShape.DISC)
    assert view.explanation == (
        "Massive: live. Prices 0 msg/s, analysis 3.5 msg/s, portfolio not offered by this server. Click for details."
    )
    assert pill_view(status(), FeedNature.LIVE, NOW).explanation == "Massive: live. Click for details."


@pytest.mark.parametrize(
    ("beside", "words"),
    [
        ((DEAD,), "live, alerts down"),
        ((ANALYSIS, DEAD, PORTFOLIO), "live, alerts down"),
        (
            (DEAD, SideConnection(name="portfolio", words="stalled", trouble="stalled")),
            "live, alerts down and portfolio stalled",
        ),
        ((DEAD, DEAD, DEAD), "live, 3 of its 4 connections down"),
    ],
)
def test_a_dead_connection_beside_live_prices_is_a_fault(beside: tuple[SideConnection, ...], words: str) -> None:
    view = pill_view(status(messages_per_s=9.0), FeedNature.LIVE, NOW, beside)
    assert (view.words, view.words_role, view.shape, view.is_fault) == (words, "error", PillShape.TRIANGLE, True)
    down = pill_view(status(FeedState.BACKING_OFF), FeedNature.LIVE, NOW, beside)
    assert down.words == "reconnecting"


def test_details_split_the_messages_and_offer_to_reconnect_what_is_down(theme: Theme, qtbot: QtBot) -> None:
    details = FeedDetails(theme)
    qtbot.addWidget(details)
    live = status(message_count=2, messages_per_s=1.0)
    details.set_status(live, FeedNature.LIVE, NOW, [ANALYSIS, DEAD])
    values = details.values()
    assert (values["State"], values["Messages"]) == ("live, alerts down", "42, 4.5 per second")
    assert (values["Prices"], values["Analysis"], values["Alerts"]) == (
        "live, 1 msg/s", "live, 2 of 2 confirmed, 3.5 msg/s", "down since 14:40:07 IST",
    )  # fmt: skip
    button = next(one for one in details.findChildren(QPushButton) if one.text() == "Reconnect now")
    assert not button.isHidden()
    details.set_status(live, FeedNature.LIVE, NOW, [ANALYSIS])
    assert button.isHidden()
    assert "Alerts" not in details.values()


def test_a_refusal_says_why_and_what_to_do() -> None:
    view = pill_view(
        status(FeedState.REFUSED, reason="the key was refused", next_step="Enter the key again"), FeedNature.LIVE, NOW
    )
    assert view.explanation == "Massive: refused. The key was refused. Enter the key again. Click for details."


def test_live_numbers_do_not_move_anything(theme: Theme, qtbot: QtBot) -> None:
    pill = FeedPill(theme, pill_view(status(messages_per_s=1.0, lag_ms=5.0), FeedNature.LIVE, NOW))
    qtbot.addWidget(pill)
    widths = set()
    for rate, lag in ((1, 5), (96, 412), (8_888, 88_800), (1, 5)):
        pill.set_view(pill_view(status(messages_per_s=float(rate), lag_ms=float(lag)), FeedNature.LIVE, NOW))
        widths.add(pill.sizeHint().width())
    assert len(widths) == 1
    pill.set_view(pill_view(status(messages_per_s=1_234_567.0, lag_ms=300.0), FeedNature.LIVE, NOW))
    grown = pill.sizeHint().width()
    pill.set_view(pill_view(status(messages_per_s=1.0, lag_ms=5.0), FeedNature.LIVE, NOW))
    assert pill.sizeHint().width() == grown > max(widths)


def test_without_room_whole_figures_go(theme: Theme, qtbot: QtBot) -> None:
    live = pill_view(status(messages_per_s=412.0, lag_ms=300.0), FeedNature.LIVE, NOW)
    pill = FeedPill(theme, live)
    qtbot.addWidget(pill)
    pill.resize(pill.minimumWidth(), 20)
    pill.show()
    with_figures = pill.grab().toImage()
    pill.set_view(pill_view(status(messages_per_s=998.0, lag_ms=100.0), FeedNature.LIVE, NOW))
    assert pill.grab().toImage() == with_figures


def test_among_many_feeds_words_go_but_never_those_of_a_fault(theme: Theme, qtbot: QtBot) -> None:
    view = pill_view(status(), FeedNature.LIVE, NOW)
    pill = FeedPill(theme, view)
    qtbot.addWidget(pill)
    assert pill.minimumWidth() <= 64
    pill.resize(pill.minimumWidth(), 20)
    assert [text for text, _, _ in pill._fitting_names()] != [view.name, view.words]
    fault = pill_view(status(FeedState.BACKING_OFF), FeedNature.LIVE, NOW)
    pill.set_view(fault)
    pill.resize(pill.minimumWidth(), 20)
    assert [text for text, _, _ in pill._fitting_names()] == [fault.name, fault.words]


def test_a_warning_stays_where_the_name_must_be_shortened(theme: Theme, qtbot: QtBot) -> None:
    odin = FeedStatus(feed_id=FeedId("odin"), label="Odin Streamer", state=FeedState.LIVE, refused_topics=2)
    view = pill_view(odin, FeedNature.LIVE, NOW)
    assert (view.words, view.is_fault) == ("live, 2 refused", False)
    pill = FeedPill(theme, view)
    qtbot.addWidget(pill)
    pill.resize(pill._needed(()) - 20, 20)
    name, words = pill._fitting_names()
    assert (name[0][:4], name[0][-1], words[0], words[2]) == ("Odin", "…", view.words, view.words_role)
    pill.resize(pill.minimumWidth(), 20)
    assert [role for _, _, role in pill._fitting_names()] == [view.words_role]


def test_an_equal_view_repaints_nothing(theme: Theme, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    view = pill_view(status(messages_per_s=1.0), FeedNature.LIVE, NOW)
    pill = FeedPill(theme, view)
    qtbot.addWidget(pill)
    updates: list[int] = []
    monkeypatch.setattr(pill, "update", lambda: updates.append(1))
    pill.set_view(pill_view(status(messages_per_s=1.0), FeedNature.LIVE, NOW))
    assert updates == []


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space])
def test_opens_by_mouse_and_by_keyboard(theme: Theme, qtbot: QtBot, key: Qt.Key) -> None:
    pill = FeedPill(theme, pill_view(status(), FeedNature.LIVE, NOW))
    qtbot.addWidget(pill)
    pill.show()
    with qtbot.waitSignal(pill.clicked):
        qtbot.mouseClick(pill, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(pill.clicked):
        qtbot.keyClick(pill, key)


@pytest.mark.parametrize("state", list(FeedState))
@pytest.mark.parametrize("theme_name", ["dark", "light", "highContrast"])
def test_paints_in_every_theme(theme: Theme, qtbot: QtBot, state: FeedState, theme_name: Any) -> None:
    pill = FeedPill(theme, pill_view(status(state), FeedNature.LIVE, NOW))
    qtbot.addWidget(pill)
    pill.resize(pill.sizeHint())
    theme.switch(theme_name)
    image = pill.grab().toImage()
    tint = theme.colour("errorTint" if pill.view.is_fault else "panel")
    assert image.pixelColor(pill.width() // 2, 3) == tint


def test_details_show_every_status_field(theme: Theme, qtbot: QtBot) -> None:
    details = FeedDetails(theme, zone="Asia/Kolkata")
    qtbot.addWidget(details)
    feed = status(
        FeedState.STALE,
        connected=True,
        authenticated=True,
        running=True,
        subscriptions=13,
        wanted=14,
        refused_topics=1,
        message_count=123_456,
        event_count=130_000,
        last_message_ns=NOW - 134_000_000_000,
        uptime_s=7325.0,
        reconnect_attempts=3,
        delay_s=900.0,
        reason="no data for 2:14",
        next_step="It reconnects by itself",
    )
    details.set_status(feed, FeedNature.DELAYED, NOW)
    values = details.values()
    assert values["State"] == "stalled 2:14"
    assert values["Connected"] == values["Authenticated"] == values["Running"] == "yes"
    assert values["Subscriptions"] == "13 of 14 confirmed, 1 refused"
    assert values["Messages"] == "123,456, 0 per second"
    assert values["Last message"] == "14:38:53 IST, 2:14 ago"
    assert values["Uptime"] == "2 h 02 min"
    assert values["Reconnect attempts"] == "3"
    assert values["Delay"] == "15 min"
    assert details.feed_id == "massive"


def test_details_of_a_feed_that_never_spoke(theme: Theme, qtbot: QtBot) -> None:
    details = FeedDetails(theme)
    qtbot.addWidget(details)
    details.set_status(status(FeedState.CONNECTING), FeedNature.REPLAY, NOW)
    assert details.values()["Last message"] == "—"
    assert details.values()["Uptime"] == "—"
    assert details.values()["Lag"] == "not in real time"


def test_details_tell_of_the_newest_batch_where_there_was_one(theme: Theme, qtbot: QtBot) -> None:
    details = FeedDetails(theme)
    qtbot.addWidget(details)
    details.set_status(status(), FeedNature.LIVE, NOW)
    assert "Last batch" not in details.values()
    details.set_status(status(batch_progress="2 of 3, ETH-USD"), FeedNature.LIVE, NOW)
    assert details.values()["Last batch"] == "2 of 3, ETH-USD"


def test_retry_is_offered_when_it_helps(theme: Theme, qtbot: QtBot) -> None:
    details = FeedDetails(theme)
    qtbot.addWidget(details)
    button = details.findChild(QPushButton)
    assert button is not None
    details.set_status(status(FeedState.LIVE), FeedNature.LIVE, NOW)
    assert button.isHidden()
    details.set_status(status(FeedState.BACKING_OFF), FeedNature.LIVE, NOW)
    assert not button.isHidden()
    with qtbot.waitSignal(details.retry_requested) as retried:
        button.click()
    assert retried.args == ["massive"]


def test_a_feed_that_waits_for_the_sign_in_is_no_fault_and_offers_it(theme: Theme, qtbot: QtBot) -> None:
    view = pill_view(status(FeedState.SIGNED_OUT), FeedNature.LIVE, NOW)
    assert (view.words_role, view.is_fault) == ("alert", False)
    details = FeedDetails(theme)
    qtbot.addWidget(details)
    button = next(one for one in details.findChildren(QPushButton) if one.text() == "Sign in…")
    details.set_status(status(FeedState.REFUSED), FeedNature.LIVE, NOW)
    assert button.isHidden()
    details.set_status(status(FeedState.SIGNED_OUT), FeedNature.LIVE, NOW)
    assert not button.isHidden()
    with qtbot.waitSignal(details.sign_in_requested) as asked:
        button.click()
    assert asked.args == ["massive"]


def test_details_open_above_their_pill_and_close_by_key(theme: Theme, qtbot: QtBot, qapp: QApplication) -> None:
    pill = FeedPill(theme, pill_view(status(), FeedNature.LIVE, NOW))
    qtbot.addWidget(pill)
    pill.move(300, 700)
    pill.show()
    details = FeedDetails(theme)
    qtbot.addWidget(details)
    details.set_status(status(), FeedNature.LIVE, NOW)
    details.open_above(pill)
    assert details.isVisible()
    assert pill.screen().availableGeometry().contains(details.geometry())
    qtbot.keyClick(details, Qt.Key.Key_Escape)
    assert not details.isVisible()
