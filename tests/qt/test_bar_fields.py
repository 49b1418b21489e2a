"""How a server of bars is asked, as the form of its feed shows it: by keyboard, in range, said in words."""

from __future__ import annotations

import datetime as dt

import pytest
from feed_settings_fakes import KINDS
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from marketwatch.domain.feed_config import BarOptions, FeedConfig
from marketwatch.domain.ids import FeedId
from marketwatch.qt.dialogs.settings_feeds_page import FeedsPage
from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.kind_views import KindView, VariantView
from marketwatch.qt.theme import Theme

BARS, ODIN = FeedId("data-provider"), FeedId("odin")
LOCAL = VariantView("local", "This computer", "ws://localhost:5001/socket.io/")
KIND = KindView(kind="data-provider", label="Data Provider Server", variants=(LOCAL,), has_bars=True)
FEEDS = (
    FeedConfig(id=BARS, kind="data-provider", name="Bars", variant="local"),
    FeedConfig(id=ODIN, kind="odin", name="Odin", variant="local"),
)


@pytest.fixture
def page(theme: Theme, icons: IconSet, qtbot: QtBot) -> FeedsPage:
    page = FeedsPage(theme, icons, (*KINDS, KIND))
    qtbot.addWidget(page)
    page.set_feeds(FEEDS)
    page.resize(1198, 706)
    page.show()
    return page


def typed(page: FeedsPage, qtbot: QtBot, name: str, text: str) -> None:
    """Type a number in place of the one that is there."""
    field = page.form.bars.numbers[name]
    field.selectAll()
    qtbot.keyClick(field, Qt.Key.Key_Backspace)
    qtbot.keyClicks(field, text)


def shown(page: FeedsPage) -> dict[str, str]:
    return {name: field.text() for name, field in page.form.bars.numbers.items()}


def type_day(page: FeedsPage, qtbot: QtBot, name: str, text: str) -> None:
    """Type a day in place of what is there; nothing clears it."""
    field = page.form.bars.days[name]
    field.selectAll()
    qtbot.keyClick(field, Qt.Key.Key_Backspace)
    qtbot.keyClicks(field, text)


def test_only_a_server_of_bars_has_them(page: FeedsPage) -> None:
    assert page.form.bars.isVisible()
    assert page.form.bars.local_only.isChecked()
    assert shown(page) == {"minutes": "1440", "single_timeout_s": "30", "batch_timeout_s": "60"}
    page.show_feed(ODIN)
    assert not page.form.bars.isVisible()


def test_what_is_set_becomes_the_draft_and_is_saved(page: FeedsPage, qtbot: QtBot) -> None:
    qtbot.keyClick(page.form.bars.local_only, Qt.Key.Key_Space)
    typed(page, qtbot, "minutes", "60")
    typed(page, qtbot, "single_timeout_s", "45")
    typed(page, qtbot, "batch_timeout_s", "300")
    wanted = BarOptions(local_only=False, minutes=60, single_timeout_s=45, batch_timeout_s=300)
    assert page.model.feeds[0].bars == wanted
    assert (page.has_changes, page.problem, page.consequence) == (True, "", "Bars will reconnect once.")
    with qtbot.waitSignal(page.config_changed) as saved:
        page.save()
    assert saved.args[0][0].bars == wanted


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("minutes", "1441", "Minute rows: it is not a whole number from 1 to 1,440."),
        ("minutes", "", "Minute rows: it is empty."),
        ("single_timeout_s", "0", "Time-out of one symbol, in seconds: it is not a whole number from 1 to 600."),
        ("batch_timeout_s", "soon", "Time-out of a batch, in seconds: it is not a whole number from 1 to 600."),
    ],
)
def test_a_number_that_cannot_be_used_is_said_and_keeps_from_saving(
    page: FeedsPage, qtbot: QtBot, name: str, text: str, words: str
) -> None:
    typed(page, qtbot, name, text)
    assert page.problem == words
    assert page.form.bars.numbers[name].text() == text
    page.discard()
    assert (page.problem, page.has_changes) == ("", False)
    assert shown(page) == {"minutes": "1440", "single_timeout_s": "30", "batch_timeout_s": "60"}


def test_days_are_typed_saved_and_cleared(page: FeedsPage, qtbot: QtBot) -> None:
    fields = page.form.bars.days
    assert [(field.text(), field.placeholderText()) for field in fields.values()] == [("", "none")] * 2
    type_day(page, qtbot, "first", "2025-01-02")
    type_day(page, qtbot, "last", "2025-06-30")
    wanted = BarOptions(first=dt.date(2025, 1, 2), last=dt.date(2025, 6, 30))
    assert (page.model.feeds[0].bars, page.problem) == (wanted, "")
    assert page.consequence == "Bars will reconnect once."
    with qtbot.waitSignal(page.config_changed) as saved:
        page.save()
    assert saved.args[0][0].bars == wanted
    type_day(page, qtbot, "last", "")
    assert page.model.feeds[0].bars == BarOptions(first=dt.date(2025, 1, 2))
    type_day(page, qtbot, "last", "2025-13-01")
    everything = page.form.bars.all_days
    assert everything.isEnabled()
    qtbot.keyClick(everything, Qt.Key.Key_Space)
    assert (page.model.feeds[0].bars, page.problem) == (BarOptions(), "")
    assert [field.text() for field in fields.values()] == ["", ""]
    assert (everything.isEnabled(), fields["first"].hasFocus()) == (False, True)
    page.discard()
    assert [field.text() for field in fields.values()] == ["2025-01-02", "2025-06-30"]


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2025-07-01", "2025-06-30", "From: 2025-07-01 is after To, 2025-06-30. No day lies between them."),
        ("30.6.2025", "", "From: “30.6.2025” is no day. Write it like 2025-06-30."),
        ("", "2025-06-31", "To: “2025-06-31” is no day. Write it like 2025-06-30."),
        ("", "0025-06-30", "To: the year 25 is out of range. Write it like 2025-06-30."),
    ],
)
def test_days_that_cannot_be_used_are_said_and_keep_from_saving(
    page: FeedsPage, qtbot: QtBot, first: str, last: str, words: str
) -> None:
    type_day(page, qtbot, "first", first)
    type_day(page, qtbot, "last", last)
    assert page.problem == words
    assert [field.text() for field in page.form.bars.days.values()] == [first, last]
    described = [field.accessibleDescription() for field in page.form.bars.days.values()]
    assert described == [words, words]
    page.discard()
    assert (page.problem, page.has_changes) == ("", False)
    assert [field.text() for field in page.form.bars.days.values()] == ["", ""]


def test_one_day_alone_is_enough_and_the_same_twice_too(page: FeedsPage, qtbot: QtBot) -> None:
    for first, last in (("2025-06-30", "2025-06-30"), ("2025-06-30", ""), ("", "2025-06-30")):
        type_day(page, qtbot, "first", first)
        type_day(page, qtbot, "last", last)
        assert page.problem == ""


def test_every_field_is_named_and_reached_by_the_keyboard(page: FeedsPage, qtbot: QtBot) -> None:
    type_day(page, qtbot, "last", "2025-06-30")
    fields = page.form.bars.fields()
    assert [field.accessibleName() for field in fields] == [
        "Only what the server already has",
        "From, a day or none",
        "To, a day or none",
        "All days",
        "Minute rows",
        "Time-out of one symbol, in seconds",
        "Time-out of a batch, in seconds",
    ]
    fields[0].setFocus()
    reached: list[QWidget | None] = [fields[0]]
    for _ in fields:
        qtbot.keyClick(page, Qt.Key.Key_Tab)
        reached.append(page.focusWidget())
    assert reached == [*fields, page.form.reconnect]
