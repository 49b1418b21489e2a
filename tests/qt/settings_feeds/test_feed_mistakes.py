"""Settings > Feeds in hasty hands: wrong names and addresses, removals, second thoughts."""

from __future__ import annotations

from typing import Any

import pytest
from feed_settings_fakes import FEEDS, MASSIVE, ODIN
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from marketwatch.domain.secret import Secret
from marketwatch.qt.dialogs.settings_dialog import SettingsDialog
from marketwatch.qt.dialogs.settings_feeds_page import FeedsPage
from marketwatch.storage.secrets import SecretView


def names(page: FeedsPage) -> list[str]:
    return [config.name for config in page.model.feeds]


def look_at(page: FeedsPage, row: int) -> None:
    page.list.setCurrentIndex(page.model.index(row))


def type_name(page: FeedsPage, qtbot: QtBot, text: str) -> None:
    page.card.rename_requested.emit()  # moves the keyboard there
    qtbot.keyClicks(page.form.name, text)


def type_address(page: FeedsPage, qtbot: QtBot, text: str) -> None:
    page.form.address.clear()
    qtbot.keyClicks(page.form.address, text)


def press(widget: QWidget, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QApplication.sendEvent(widget, QKeyEvent(QEvent.Type.KeyPress, key, modifiers))


def undo(page: FeedsPage) -> None:
    press(page.list, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)


# --- names


@pytest.mark.parametrize("name", ["Odin Streamer", "ODIN streamer", "Odin   Streamer"])
def test_two_feeds_cannot_have_one_name(page: FeedsPage, qtbot: QtBot, name: str) -> None:
    type_name(page, qtbot, name)
    assert page.problem.casefold() == "another feed is called odin streamer already."
    look_at(page, 1)
    assert page.problem.casefold() == "another feed is called odin streamer already."
    type_name(page, qtbot, "My Odin")
    assert page.problem == ""


def test_an_empty_name_is_forgiven_when_the_feed_is_changed_elsewhere(page: FeedsPage, qtbot: QtBot) -> None:
    page.form.name.selectAll()
    qtbot.keyClick(page.form.name, Qt.Key.Key_Backspace)
    assert page.problem == "It is empty."
    page.form.enabled.click()
    assert (page.form.name.text(), page.problem) == ("Massive", "")


def test_a_last_channel_taken_away_is_back_with_the_next_change(page: FeedsPage, qtbot: QtBot) -> None:
    for code in ("Q", "AM", "T"):
        page.form.channels[code].click()
    assert page.problem == "Choose at least one channel."
    type_name(page, qtbot, "Other")
    assert (page.form.channels["T"].isChecked(), page.problem) == (True, "")


# --- addresses


def test_a_wrong_address_keeps_from_saving_whatever_feed_is_looked_at(
    dialog: tuple[SettingsDialog, FeedsPage], qtbot: QtBot
) -> None:
    window, page = dialog
    look_at(page, 1)
    type_address(page, qtbot, "desk.example")
    look_at(page, 0)
    assert page.problem == "Odin Streamer: The address must begin with wss:// or ws:// and name a host."
    assert window.hint.text() == page.problem
    assert not window.save_button.isEnabled()
    press(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert window.isVisible()
    look_at(page, 1)
    page.form.default.click()
    assert (page.problem, page.has_changes) == ("", True)


def test_a_key_never_goes_to_a_foreign_host_in_the_clear(page: FeedsPage, qtbot: QtBot) -> None:
    type_address(page, qtbot, "ws://desk.example")
    look_at(page, 1)
    assert page.problem == "Massive: A key would travel unencrypted."
    page.set_secret(MASSIVE, "key", SecretView())
    assert page.problem == ""  # it warns
    look_at(page, 0)
    qtbot.keyClicks(page.form.secrets["key"].edit, "typed-key")
    look_at(page, 1)
    assert page.problem == "Massive: A key would travel unencrypted."


# --- removing and second thoughts


def test_the_only_feed_is_removed_and_comes_back(page: FeedsPage) -> None:
    page.set_feeds(FEEDS[:1])
    press(page.list, Qt.Key.Key_Delete)
    assert names(page) == []
    assert page.empty.sentence.startswith("No feed left")
    assert (page.problem, page.card.more.isEnabled()) == ("", True)
    page.empty.button_clicked.emit(1)
    assert (names(page), page.current_id, page.has_changes) == (["Massive"], MASSIVE, False)
    assert not page.empty.isVisible()


def test_removals_are_undone_one_by_one_in_their_places(page: FeedsPage) -> None:
    look_at(page, 1)
    press(page.list, Qt.Key.Key_Delete)
    press(page.list, Qt.Key.Key_Delete)
    assert names(page) == ["Massive"]
    undo(page)
    assert names(page) == ["Massive", "Stream service"]
    undo(page)
    assert (names(page), page.current_id) == (["Massive", "Odin Streamer", "Stream service"], ODIN)
    assert not page.has_changes
    undo(page)
    assert names(page) == ["Massive", "Odin Streamer", "Stream service"]


def test_a_key_that_was_typed_comes_back_with_its_feed(page: FeedsPage, qtbot: QtBot) -> None:
    page.form.secrets["key"].replace.click()
    qtbot.keyClicks(page.form.secrets["key"].edit, "typed-key")
    press(page.list, Qt.Key.Key_Delete)
    told: list[tuple[Any, ...]] = []
    page.secret_entered.connect(lambda *arguments: told.append(arguments))
    undo(page)
    assert page.form.secrets["key"].has_entered
    page.save()
    assert told == [(MASSIVE, "key", Secret("typed-key"))]


def test_before_saving_it_is_said_what_is_lost(dialog: tuple[SettingsDialog, FeedsPage]) -> None:
    window, page = dialog
    page.list.setFocus()
    press(page.list, Qt.Key.Key_Delete)
    assert window.hint.text() == "Changes apply when saved. Massive will be removed, and the key forgotten."
    press(page.list, Qt.Key.Key_Delete)
    assert page.loss == "Massive and Odin Streamer will be removed, and the key forgotten."
    press(page.list, Qt.Key.Key_Delete)
    assert page.loss == "3 feeds will be removed, and the key forgotten."
    undo(page)
    undo(page)
    undo(page)
    assert window.hint.text() == "Nothing was changed."


def test_a_feed_that_was_never_saved_is_no_loss(page: FeedsPage) -> None:
    page.card.add.menu().actions()[1].trigger()
    press(page.list, Qt.Key.Key_Delete)
    assert (page.loss, page.has_changes) == ("", False)
    page.card.add.menu().actions()[1].trigger()
    assert page.model.feeds[-1].id == "odin-3"  # what could come back keeps its id


def test_nothing_can_be_undone_after_saving_or_cancelling(page: FeedsPage) -> None:
    press(page.list, Qt.Key.Key_Delete)
    page.save()
    undo(page)
    assert names(page) == ["Odin Streamer", "Stream service"]
    press(page.list, Qt.Key.Key_Delete)
    page.discard()
    undo(page)
    assert names(page) == ["Odin Streamer", "Stream service"]


def test_cancel_gives_up_every_edit(dialog: tuple[SettingsDialog, FeedsPage], qtbot: QtBot) -> None:
    window, page = dialog
    type_name(page, qtbot, "Other")
    page.form.sessions.boxes["pre"].click()
    page.form.variants.buttons()[1].click()
    look_at(page, 1)
    press(page.list, Qt.Key.Key_Delete)
    assert window.cancel.text() == "Cancel"
    window.cancel.click()
    assert not window.isVisible()
    assert tuple(page.model.feeds) == FEEDS


def test_the_menu_offers_what_can_be_done(page: FeedsPage) -> None:
    def offered() -> dict[str, bool]:
        return {action.text().split("\t")[0]: action.isEnabled() for action in page.card.more.menu().actions()}

    assert offered() == {"Rename": True, "Move up": True, "Move down": True, "Remove": True, "Undo remove": False}
    page.set_feeds(FEEDS[:1])
    page.card.remove_requested.emit()
    assert offered() == {"Rename": False, "Move up": False, "Move down": False, "Remove": False, "Undo remove": True}
