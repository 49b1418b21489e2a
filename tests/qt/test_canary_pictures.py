"""P14 on the screen: no picture, spoken text or clipboard gives a key away. The other places: test_canary_run.py."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtGui import QAccessible, QImage
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from marketwatch.qt.dialogs.kite_login import KiteLoginDialog
from marketwatch.qt.dialogs.passphrase_dialog import PassphraseDialog
from marketwatch.qt.dialogs.secret_field import SecretField
from marketwatch.qt.theme import Theme

CANARY, OTHER = "canary-9f3b7c21d4", "WWWWWWiiii|||....@"[: len("canary-9f3b7c21d4")]
Made = tuple[QWidget, list[QLineEdit]]


def secret_field(theme: Theme) -> Made:
    field = SecretField(theme, "API key")
    return field, [field.edit]


def kite_login(theme: Theme) -> Made:
    dialog = KiteLoginDialog(
        theme, name="Kite", address="https://kite.example/login", check=lambda text: "", place="kept in the keychain"
    )
    return dialog, [dialog.pasted]


def passphrase(theme: Theme) -> Made:
    dialog = PassphraseDialog(theme, is_new=True)
    return dialog, [dialog.first, dialog.second]


@pytest.fixture(params=[secret_field, kite_login, passphrase], ids=lambda make: make.__name__)
def made(request: pytest.FixtureRequest, theme: Theme, qtbot: QtBot) -> Made:
    make: Callable[[Theme], Made] = request.param
    widget, edits = make(theme)
    qtbot.addWidget(widget)
    widget.resize(600, 300)
    widget.show()
    return widget, edits


def picture_with(widget: QWidget, edits: list[QLineEdit], text: str) -> QImage:
    for content in ("", text):
        for edit in edits:
            edit.setText(content)
            edit.setCursorPosition(0)
            edit.clearFocus()
        QApplication.processEvents()
    return widget.grab().toImage()


def test_p14_the_picture_does_not_depend_on_the_key(made: Made) -> None:
    widget, edits = made
    picture_with(widget, edits, CANARY)  # room is made for what is said about it
    first = picture_with(widget, edits, CANARY)
    assert picture_with(widget, edits, OTHER) == first
    assert picture_with(widget, edits, "") != first  # the picture does show that something was typed


def test_p14_the_key_is_not_spoken_and_not_copied(made: Made) -> None:
    _, edits = made
    for edit in edits:
        edit.setText(CANARY)
        edit.selectAll()
        edit.copy()
        spoken = QAccessible.queryAccessibleInterface(edit)
        kinds = (QAccessible.Text.Name, QAccessible.Text.Description, QAccessible.Text.Value, QAccessible.Text.Help)
        told = [spoken.text(kind) for kind in kinds]
        told += [edit.displayText(), edit.accessibleName(), edit.toolTip(), edit.windowTitle()]
        assert [text for text in told if CANARY in text] == []
    assert CANARY not in QApplication.clipboard().text()
    assert CANARY not in QApplication.clipboard().text(QApplication.clipboard().Mode.Selection)
