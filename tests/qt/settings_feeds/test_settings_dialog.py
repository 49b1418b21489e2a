"""The dialog of settings: saving, leaving, pages by words, sizes and themes."""

from __future__ import annotations

from typing import Any

import pytest
from feed_settings_fakes import (
    FEEDS,
    MASSIVE,
    ODIN,
    STREAM,
    bad_report,
    enter_key,
    fill_facts,
    make_dialog,
    press,
)
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from marketwatch.qt.dialogs.settings_dialog import SettingsDialog
from marketwatch.qt.dialogs.settings_feeds_page import FeedsPage
from marketwatch.qt.icons import IconSet
from marketwatch.qt.theme import Theme
from marketwatch.services.connection_findings import Finding, Step

# --- saving


def test_saving_tells_all_feeds_in_order_once(page: FeedsPage, qtbot: QtBot) -> None:
    told: list[Any] = []
    page.config_changed.connect(told.append)
    page.save()
    assert told == []
    page.form.variants.buttons()[1].click()
    press(page.list, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    page.save()
    assert [[(config.id, config.variant) for config in feeds] for feeds in told] == [
        [(ODIN, "local"), (MASSIVE, "realtime"), (STREAM, "own")]
    ]


def test_the_dialog_saves_with_ctrl_enter_and_says_what_happens(
    dialog: tuple[SettingsDialog, FeedsPage], qtbot: QtBot
) -> None:
    window, page = dialog
    assert (window.hint.text(), window.save_button.isEnabled()) == ("Nothing was changed.", False)
    page.form.variants.buttons()[1].click()
    assert window.hint.text() == "Changes apply when saved. Massive will reconnect once."
    assert window.save_button.text() == "Save and reconnect"
    press(window, Qt.Key.Key_Return)
    assert window.isVisible()
    with qtbot.waitSignals([window.saved, window.closed, page.config_changed]):
        press(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert not window.isVisible()


def test_enter_presses_the_button_that_has_the_focus(dialog: tuple[SettingsDialog, FeedsPage], qtbot: QtBot) -> None:
    window, page = dialog
    window.activateWindow()
    page.test.button.setFocus()
    qtbot.waitUntil(page.test.button.hasFocus)
    with qtbot.waitSignal(page.test_requested):
        qtbot.keyClick(page.test.button, Qt.Key.Key_Return)
    assert window.isVisible()


def test_esc_asks_only_if_something_changed(dialog: tuple[SettingsDialog, FeedsPage]) -> None:
    window, page = dialog
    press(page.list, Qt.Key.Key_Space)
    press(window, Qt.Key.Key_Escape)
    assert window.isVisible()
    assert (window.cancel.text(), window.save_button.text()) == ("Keep editing", "Discard changes")
    window.cancel.click()
    assert window.isVisible()
    assert page.has_changes
    press(window, Qt.Key.Key_Escape)
    window.save_button.click()
    assert not window.isVisible()
    assert tuple(page.model.feeds) == FEEDS
    window.open_over("feeds")
    press(window, Qt.Key.Key_Escape)
    assert not window.isVisible()


def test_nothing_wrong_can_be_saved(dialog: tuple[SettingsDialog, FeedsPage], qtbot: QtBot) -> None:
    window, page = dialog
    page.form.address.clear()
    qtbot.keyClicks(page.form.address, "http:/")
    assert not window.save_button.isEnabled()
    assert window.hint.text().startswith("The address must begin")
    press(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert window.isVisible()


def test_pages_are_found_by_words(dialog: tuple[SettingsDialog, FeedsPage], qtbot: QtBot) -> None:
    window, _ = dialog
    qtbot.keyClicks(window.nav.search, "key")
    assert (window.nav.button("feeds").isVisible(), window.nav.button("lookup").isVisible()) == (True, False)
    window.nav.search.setText("nonsense")
    assert "Nothing found" in [label.text() for label in window.nav.findChildren(QLabel) if label.isVisible()]
    window.nav.search.clear()
    window.nav.button("lookup").click()
    assert window.stack.currentWidget() is window.page("lookup")


def test_every_control_has_a_name_and_can_be_reached(dialog: tuple[SettingsDialog, FeedsPage]) -> None:
    window, page = dialog
    fill_facts(page)
    wanted = [
        child
        for child in window.findChildren(QWidget)
        if (
            child.isVisible()
            and child.isEnabled()
            and child.focusPolicy() & Qt.FocusPolicy.TabFocus
            and isinstance(child, QAbstractButton | QLineEdit)
        )
        or child is page.list
    ]
    for child in wanted:
        assert child.accessibleName() or (isinstance(child, QAbstractButton) and child.text()), child
    seen: set[int] = set()
    page.list.setFocus()
    for _ in range(80):
        focused = window.focusWidget()
        seen.add(id(focused))
        window.focusNextChild()
    missing = [child for child in wanted if id(child) not in seen and not in_group_of(child, seen)]
    assert [child.accessibleName() for child in missing] == []


def in_group_of(child: QWidget, seen: set[int]) -> bool:
    """Tab enters a group of exclusive buttons once; arrows go on inside."""
    group = child.group() if isinstance(child, QAbstractButton) else None
    return group is not None and any(id(button) in seen for button in group.buttons())


# --- sizes and themes


@pytest.mark.parametrize("size", [(1600, 1000), (1280, 800), (1024, 700), (800, 600)])
def test_no_text_is_cut(theme: Theme, icons: IconSet, window: QWidget, size: tuple[int, int], qtbot: QtBot) -> None:
    window.resize(*size)
    dialog, page = make_dialog(theme, icons, window)
    fill_facts(page)
    page.show_report(MASSIVE, bad_report(Finding.CLOCK_WRONG, Step.CLOCK, "words " * 30), "14:39:20 IST")
    dialog.open_over("feeds")
    enter_key(page, qtbot)
    qtbot.wait(1)
    assert dialog.width() <= size[0]
    assert dialog.height() <= size[1]
    for label in dialog.findChildren(QLabel):
        if not label.isVisible() or not label.text():
            continue
        assert label.width() >= min(label.sizeHint().width(), label.minimumSizeHint().width()) or label.wordWrap(), (
            label
        )
        if label.wordWrap():
            assert label.height() >= label.heightForWidth(label.width()), label.text()
        else:
            assert label.width() >= label.sizeHint().width(), label.text()
    for button in dialog.findChildren(QAbstractButton):
        if button.isVisible() and button.text():
            assert button.width() >= button.minimumSizeHint().width(), button.text()
    right = page.form.mapTo(page, QPointF(page.form.width(), 0).toPoint()).x()
    assert right <= page.width()


def test_a_change_of_theme_repaints_in_the_new_colours(theme: Theme, dialog: tuple[SettingsDialog, FeedsPage]) -> None:
    window, page = dialog
    fill_facts(page)
    before = window.grab().toImage()
    theme.switch("light")
    after = window.grab().toImage()
    spot = QPoint(window.width() // 2, window.height() - 10)
    assert before.pixelColor(spot) != after.pixelColor(spot)
    assert after.pixelColor(spot) == theme.colour("raised")
