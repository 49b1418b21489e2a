"""Settings > Feeds: keys are never shown, told once, and wiped."""

from __future__ import annotations

from typing import Any

from feed_settings_fakes import CANARY, MASSIVE, enter_key, press, texts
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from marketwatch.domain.secret import Secret
from marketwatch.qt.dialogs.secret_field import DOTS
from marketwatch.qt.dialogs.settings_feeds_page import FeedsPage
from marketwatch.storage.secret_places import SecretPlace
from marketwatch.storage.secrets import SecretView


def test_a_stored_key_is_a_fixed_number_of_dots_with_its_place(page: FeedsPage) -> None:
    field = page.form.secrets["key"]
    assert field.edit.text() == DOTS
    assert field.edit.isReadOnly()
    assert "stored in the system keychain" in texts(page.form)
    assert (field.replace.isVisible(), field.forget.isVisible()) == (True, True)


def test_a_feed_that_is_new_does_not_reconnect(page: FeedsPage, qtbot: QtBot) -> None:
    page.card.add.menu().actions()[0].trigger()
    enter_key(page, qtbot)
    assert (page.has_changes, page.consequence) == (True, "")


def test_a_typed_key_is_masked_told_once_on_saving_and_wiped(page: FeedsPage, qtbot: QtBot) -> None:
    told: list[tuple[Any, ...]] = []
    page.secret_entered.connect(lambda *arguments: told.append(arguments))
    enter_key(page, qtbot)
    field = page.form.secrets["key"]
    assert field.edit.echoMode() is QLineEdit.EchoMode.Password
    assert CANARY not in texts(page)
    assert "will be stored in the system keychain" in texts(page.form)
    assert (page.has_changes, page.consequence, told) == (True, "Massive will reconnect once.", [])
    page.save()
    assert told == [(MASSIVE, "key", Secret(CANARY))]
    assert "***" in repr(told)
    assert CANARY not in repr(told)
    assert field.edit.text() == DOTS
    assert not page.has_changes


def test_a_key_given_up_is_wiped(page: FeedsPage, qtbot: QtBot) -> None:
    field = page.form.secrets["key"]
    enter_key(page, qtbot)
    field.keep.click()
    assert (field.edit.text(), page.has_changes) == (DOTS, False)
    enter_key(page, qtbot)
    press(field.edit, Qt.Key.Key_Escape)
    assert (field.edit.text(), page.has_changes) == (DOTS, False)


def test_a_typed_key_survives_a_look_at_another_feed(page: FeedsPage, qtbot: QtBot) -> None:
    enter_key(page, qtbot)
    page.list.setCurrentIndex(page.model.index(1))
    assert page.form.secrets == {}
    assert page.has_changes
    page.list.setCurrentIndex(page.model.index(0))
    assert page.form.secrets["key"].has_entered
    page.discard()
    assert page.form.secrets["key"].edit.text() == DOTS


def test_forgetting_is_asked_for_at_once(page: FeedsPage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.forget_requested) as asked:
        page.form.secrets["key"].forget.click()
    assert asked.args == [MASSIVE, "key"]
    page.set_secret(MASSIVE, "key", SecretView(trouble="it was kept for one run only: enter it again"))
    field = page.form.secrets["key"]
    assert (field.edit.text(), field.edit.isReadOnly(), field.replace.isVisible()) == ("", False, False)
    assert any("It was kept for one run only: enter it again" in text for text in texts(field))


def test_a_key_of_the_environment_cannot_be_forgotten_here(page: FeedsPage) -> None:
    words = "from the environment (POLYGON_API_KEY)"
    page.set_secret(MASSIVE, "key", SecretView(place=SecretPlace.ENVIRONMENT, words=words))
    field = page.form.secrets["key"]
    assert (field.forget.isVisible(), field.replace.isVisible()) == (False, True)
    assert words in texts(field)


def test_the_key_cannot_be_copied(page: FeedsPage, qtbot: QtBot) -> None:
    enter_key(page, qtbot)
    field = page.form.secrets["key"]
    field.edit.selectAll()
    field.edit.copy()
    assert QApplication.clipboard().text() != CANARY
