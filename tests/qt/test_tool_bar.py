"""The tool bar asks for what was clicked and shows how many notices wait."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from marketwatch.qt.icons import IconSet
from marketwatch.qt.panels.search_field import SearchField
from marketwatch.qt.panels.tool_bar import ToolBar
from marketwatch.qt.theme import Theme


@pytest.fixture
def bar(theme: Theme, icons: IconSet, qtbot: QtBot) -> ToolBar:
    bar = ToolBar(theme, icons)
    qtbot.addWidget(bar)
    bar.resize(1200, 38)
    bar.show()
    return bar


def field_of(bar: ToolBar) -> SearchField:
    found = bar.findChild(SearchField)
    assert found is not None
    return found


def button(bar: ToolBar, text: str) -> QToolButton:
    return next(one for one in bar.findChildren(QToolButton) if one.text().startswith(text))


def test_a_click_asks_for_the_search(bar: ToolBar, qtbot: QtBot) -> None:
    with qtbot.waitSignal(bar.search_requested):
        qtbot.mouseClick(field_of(bar), Qt.MouseButton.LeftButton)


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
def test_keys_ask_for_the_search(bar: ToolBar, qtbot: QtBot, key: Qt.Key) -> None:
    with qtbot.waitSignal(bar.search_requested):
        qtbot.keyClick(field_of(bar), key)


def test_the_field_names_itself_and_its_key(bar: ToolBar) -> None:
    field = field_of(bar)
    assert field.accessibleName() == "Search or add a symbol"
    assert "K" in field.accessibleDescription()
    assert (field.width(), field.height()) == (276, 28)


def test_the_field_shows_the_focus(bar: ToolBar, theme: Theme, qtbot: QtBot) -> None:
    field = field_of(bar)
    field.clearFocus()
    before = field.grab().toImage()
    bar.activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    after = field.grab().toImage()
    assert before.pixelColor(140, 1) != theme.colour("focus")
    assert after.pixelColor(140, 1) == theme.colour("focus")


def test_the_field_follows_the_theme(bar: ToolBar, theme: Theme) -> None:
    theme.switch("light")
    assert field_of(bar).grab().toImage().pixelColor(200, 4) == theme.colour("sunken")


def test_search_bottom_is_the_lower_edge_of_the_field(bar: ToolBar) -> None:
    assert bar.search_bottom() == field_of(bar).geometry().bottom()


def test_notices_show_how_many_wait(bar: ToolBar) -> None:
    notices = button(bar, "Notices")
    bar.show_notices(2)
    assert (notices.text(), notices.accessibleName()) == ("Notices 2", "Notices, 2 not looked at")
    bar.show_notices(0)
    assert (notices.text(), notices.accessibleName()) == ("Notices", "Notices")


@pytest.mark.parametrize(
    ("text", "signal"),
    [("Notices", "notices_requested"), ("Open recording", "open_requested"), ("Light theme", "theme_requested")],
)
def test_buttons_ask(bar: ToolBar, qtbot: QtBot, text: str, signal: str) -> None:
    with qtbot.waitSignal(getattr(bar, signal)):
        qtbot.mouseClick(button(bar, text), Qt.MouseButton.LeftButton)
