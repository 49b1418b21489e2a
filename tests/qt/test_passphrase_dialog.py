"""The passphrase of the vault: twice for a new one, or another way."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from marketwatch.domain.secret import Secret
from marketwatch.qt.dialogs.passphrase_dialog import PassphraseDialog
from marketwatch.qt.theme import Theme


def test_a_new_vault_needs_the_passphrase_twice(theme: Theme, qtbot: QtBot) -> None:
    dialog = PassphraseDialog(theme, is_new=True, reason="this system has no keychain that answers")
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    dialog.open()
    told: list[Any] = []
    dialog.entered.connect(lambda *arguments: told.append(arguments))
    assert dialog.text.text().startswith("This system has no keychain that answers.")
    assert not dialog.go.isEnabled()
    qtbot.keyClicks(dialog.first, "short")
    assert dialog.error.text() == "At least 8 characters."
    qtbot.keyClicks(dialog.first, " but longer")
    qtbot.keyClicks(dialog.second, "another")
    assert (dialog.error.text(), dialog.go.isEnabled()) == ("The two differ.", False)
    dialog.second.setText("short but longer")
    dialog.go.click()
    assert told == [(Secret("short but longer"), True)]
    dialog.show_error("the disk is full")
    assert dialog.isVisible()
    dialog.accept()
    assert (dialog.first.text(), dialog.second.text()) == ("", "")


def test_a_vault_is_unlocked_begun_anew_or_left_alone(theme: Theme, qtbot: QtBot) -> None:
    dialog = PassphraseDialog(theme, is_new=False)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    dialog.open()
    assert (dialog.second.isVisible(), dialog.begin_anew.isVisible(), dialog.go.text()) == (False, True, "Unlock")
    dialog.begin_anew.click()
    assert (dialog.second.isVisible(), dialog.go.text()) == (True, "Begin the vault")
    with qtbot.waitSignal(dialog.declined):
        dialog.memory.click()
