"""The head of a dock."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from marketwatch.qt.icons import IconSet
from marketwatch.qt.panels.dock_head import DockHead, HeadTab
from marketwatch.qt.theme import Theme

TABS = (HeadTab("NSE core", "15"), HeadTab("F&O Sep", "24"), HeadTab("Swing"))


@pytest.fixture
def head(theme: Theme, icons: IconSet, qtbot: QtBot) -> DockHead:
    head = DockHead(theme, icons, can_add=True, has_link=True)
    qtbot.addWidget(head)
    head.resize(592, 28)
    head.set_tabs(TABS, 0)
    head.show()
    return head


def test_tabs_are_named_with_their_counts(head: DockHead) -> None:
    assert [head.tabs.name_at(i) for i in range(head.tabs.count())] == ["NSE core", "F&O Sep", "Swing"]
    assert head.tabs.accessibleTabName(1) == "F&O Sep, 24"
    assert head.height() == 28


def test_showing_tabs_tells_nobody(head: DockHead, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(head.tab_chosen):
        head.set_tabs((*TABS, HeadTab("New")), 3)
        head.set_tabs(TABS[:1], 0)
    assert head.tabs.count() == 1


def test_tabs_are_chosen_by_mouse_and_keys(head: DockHead, qtbot: QtBot) -> None:
    with qtbot.waitSignal(head.tab_chosen) as chosen:
        qtbot.mouseClick(head.tabs, Qt.MouseButton.LeftButton, pos=head.tabs.tabRect(1).center())
    assert chosen.args == [1]
    with qtbot.waitSignal(head.tab_chosen) as chosen:
        qtbot.keyClick(head.tabs, Qt.Key.Key_Right)
    assert chosen.args == [2]


def test_renaming_is_asked_for(head: DockHead, qtbot: QtBot) -> None:
    with qtbot.waitSignal(head.rename_requested) as asked:
        qtbot.keyClick(head.tabs, Qt.Key.Key_F2)
    assert asked.args == [0]
    with qtbot.waitSignal(head.rename_requested) as asked:
        qtbot.mouseDClick(head.tabs, Qt.MouseButton.LeftButton, pos=head.tabs.tabRect(2).center())
    assert asked.args == [2]


def test_a_tab_has_a_menu(head: DockHead, qtbot: QtBot, qapp: QApplication) -> None:
    at = head.tabs.tabRect(1).center()
    with qtbot.waitSignal(head.tab_menu_requested) as asked:
        qapp.sendEvent(head.tabs, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, head.tabs.mapToGlobal(at)))
    assert asked.args[0] == 1
    assert isinstance(asked.args[1], QPoint)


def test_buttons_ask(head: DockHead, qtbot: QtBot) -> None:
    buttons = {button.accessibleName(): button for button in head.findChildren(QToolButton) if button.accessibleName()}
    for name, signal in (
        ("Add", head.add_requested),
        ("Menu", head.menu_requested),
        ("Not linked", head.link_requested),
    ):
        with qtbot.waitSignal(signal):
            buttons[name].click()


def test_the_link_is_named_not_only_coloured(head: DockHead, theme: Theme) -> None:
    head.set_link(2)
    link = next(button for button in head.findChildren(QToolButton) if button.accessibleName() == "Linked by teal")
    image = link.grab().toImage()
    assert image.pixelColor(image.width() // 2, image.height() // 2) == theme.colour("link2")


def test_the_top_line_tells_where_the_keyboard_is(head: DockHead, theme: Theme) -> None:
    head.tabs.clearFocus()
    x = head.tabs.tabRect(0).center().x()
    assert head.tabs.grab().toImage().pixelColor(x, 0) == theme.colour("accent")
    head.set_dock_focus(True)
    assert head.tabs.grab().toImage().pixelColor(x, 0) == theme.colour("focus")


def test_the_head_of_the_dock_in_use_is_told_without_colour(head: DockHead, theme: Theme) -> None:
    theme.switch("light")
    head.tabs.clearFocus()
    other = head.tabs.tabRect(1).center().x()
    beside = head.tabs.geometry().right() + 20
    plain = head.grab().toImage()
    assert plain.pixelColor(other, 1) == plain.pixelColor(beside, 1) == theme.colour("raised")
    head.set_dock_focus(True)
    marked = head.grab().toImage()
    assert marked.pixelColor(other, 1) == marked.pixelColor(beside, 1) == theme.colour("focus")


def test_no_name_is_cut(head: DockHead, theme: Theme) -> None:
    metrics = theme.fonts.metrics(theme.fonts.numbers("base", "medium"))
    for index, tab in enumerate(TABS):
        assert head.tabs.tabRect(index).width() >= metrics.horizontalAdvance(tab.name + tab.count) + 20
