"""The entries of Settings > Feeds: what each brings, where it is and how it is doing, as its pill says it."""

from __future__ import annotations

import msgspec
import pytest
from feed_settings_fakes import FEEDS, MASSIVE, ODIN, STREAM
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from marketwatch.domain.feed_config import FeedConfig
from marketwatch.domain.ids import FeedId
from marketwatch.qt.dialogs.feed_list import WIDTH
from marketwatch.qt.dialogs.settings_feeds_page import FeedsPage
from marketwatch.qt.models.feed_settings_model import NOTES_ROLE, FeedStateView
from marketwatch.qt.panels.feed_pill import PillShape
from marketwatch.qt.panels.meter import Meter
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role


def lines(page: FeedsPage) -> list[str]:
    return [page.model.note(config) for config in page.model.feeds]


def edit(page: FeedsPage, row: int, **changes: object) -> None:
    page.model.replace(row, msgspec.structs.replace(page.model.feeds[row], **changes))


def test_the_second_line_is_in_words(page: FeedsPage) -> None:
    assert lines(page) == [
        "stocks, delayed 15 min, 10 instruments",
        "NSE India, live, 13 instruments",
        "local, 4 endpoints, stalled 2:14",
    ]


def test_a_feed_that_is_off_says_only_that(page: FeedsPage) -> None:
    for row in range(3):
        edit(page, row, enabled=False)
    assert lines(page) == ["stocks, off", "NSE India, off", "local, off"]
    edit(page, 2, own_address="")
    page.set_feeds(list(page.model.feeds))
    assert lines(page)[2] == "no address yet, off"


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("ws://desk.example:8081", "desk.example"),
        ("desk.example:8081/x", "desk.example"),
        ("ws://127.0.0.1:9000", "local"),
        ("localhost:9000", "local"),
        ("ws://[::1]:9000", "local"),
        ("ws://[::1", "ws://[::1"),
        ("", "no address yet"),
    ],
)
def test_where_a_server_of_ones_own_is(page: FeedsPage, address: str, place: str) -> None:
    edit(page, 2, own_address=address)
    assert lines(page)[2] == "local, 4 endpoints, stalled 2:14", "where it is until that is saved"
    page.set_feeds(list(page.model.feeds))
    assert lines(page)[2] == f"{place}, 4 endpoints, stalled 2:14"


@pytest.mark.parametrize(
    ("channels", "words"),
    [(("T",), "1 endpoint"), (("T", "alerts"), "2 endpoints"), (("analysis", "alerts"), "2 endpoints")],
)
def test_endpoints_are_counted_by_the_channels(page: FeedsPage, channels: tuple[str, ...], words: str) -> None:
    edit(page, 2, channels=channels)
    assert lines(page)[2] == f"local, {words}, stalled 2:14"


def test_a_feed_that_was_saved_is_not_called_unsaved(page: FeedsPage) -> None:
    other = FeedConfig(id=FeedId("odin-2"), kind="odin", name="Second", variant="local")
    page.set_feeds((*FEEDS, other))
    assert lines(page)[3] == "NSE India, not connected"
    page.model.append(msgspec.structs.replace(other, id=FeedId("odin-3"), name="Third"))
    assert lines(page)[4] == "NSE India, not saved yet"


def test_where_there_is_less_room_the_state_stays(page: FeedsPage) -> None:
    notes = [page.model.index(row).data(NOTES_ROLE) for row in range(3)]
    assert list(dict.fromkeys(notes[0])) == [
        "stocks, delayed 15 min, 10 instruments",
        "stocks, delayed 15 min",
        "delayed 15 min",
    ]
    assert notes[2][-2:] == ("local, stalled 2:14", "stalled 2:14")


def test_the_longest_line_fits_beside_tag_and_switch(page: FeedsPage, theme: Theme) -> None:
    page.set_state(STREAM, FeedStateView(PillShape.TRIANGLE, "stalled 17 h 26 min", "error", "reconnecting"))
    small = theme.fonts.metrics(theme.fonts.numbers("small"))
    tag = theme.fonts.metrics(theme.fonts.numbers("tag", "medium")).horizontalAdvance("reconnecting") + 7
    room = WIDTH - 26 - 10 - 30 - 8 - 8 - tag
    shown = next(one for one in page.model.index(2).data(NOTES_ROLE) if small.horizontalAdvance(one) <= room)
    assert shown.endswith("stalled 17 h 26 min")


def test_the_tag_is_painted_in_the_colour_of_the_state(page: FeedsPage, theme: Theme) -> None:
    page.set_state(ODIN, FeedStateView(PillShape.OPEN, "signed out since 06:00", "alert", "signed out"))
    picture = page.list.viewport().grab().toImage()
    ratio = picture.devicePixelRatio()
    colours = {}
    tags: tuple[tuple[FeedId, Role], ...] = ((MASSIVE, "delayed"), (ODIN, "alert"), (STREAM, "error"))
    for feed, role in tags:
        row = page.list.visualRect(page.model.index(page.model.row_of(feed)))
        pixels = {
            picture.pixelColor(round(x * ratio), round(y * ratio)).name()
            for x in range(row.left() + 200, row.right() - 42)  # where the tag is
            for y in range(row.top(), row.bottom())
        }
        colours[role] = theme.colour(role).name() in pixels
    assert colours == {"delayed": True, "alert": True, "error": True}


def test_screen_readers_hear_the_whole_line(page: FeedsPage) -> None:
    spoken = page.model.index(2).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "Stream service, on, local, 4 endpoints, stalled 2:14"
    assert page.model.index(2).data(Qt.ItemDataRole.ToolTipRole) == "Stream service: local, 4 endpoints, stalled 2:14"


def test_without_a_known_limit_a_meter_says_so_and_has_no_bar(theme: Theme, qtbot: QtBot) -> None:
    meter = Meter(theme)
    qtbot.addWidget(meter)
    meter.resize(800, 24)
    bar = (202 + 75, 12)  # the middle of where bars are
    meter.show_limit("Subscriptions", 4, None, "2 refused")
    assert meter.accessibleName() == "Subscriptions: 4. no limit known, 2 refused"
    assert meter.grab().toImage().pixelColor(*bar) != theme.colour("line")
    meter.show_limit("Subscriptions", 4, None)
    assert meter.accessibleName() == "Subscriptions: 4. no limit known"
    meter.show_limit("Connections", 0, 1)
    assert meter.accessibleName() == "Connections: 0 of 1."
    assert meter.grab().toImage().pixelColor(*bar) == theme.colour("line")
