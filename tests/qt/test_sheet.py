"""A sheet is as large as it wants or as its window has room, and never fills the screen."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from marketwatch.qt.dialogs.sheet import Sheet
from marketwatch.qt.icons import IconSet
from marketwatch.qt.theme import Theme


def test_a_sheet_over_a_window_of_the_size_of_the_screen_does_not_fill_it(
    theme: Theme, icons: IconSet, qtbot: QtBot
) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    screen = window.screen().geometry().size()
    window.resize(screen)
    window.show()
    sheet = Sheet(theme, icons, "Settings", window)
    sheet.open_sized(QSize(5_000, 5_000))
    assert sheet.width() > screen.width() - 60
    assert screen.height() - 60 < sheet.height() < screen.height()
    sheet.open_sized(QSize(400, 300))
    assert sheet.size() == QSize(400, 300)
    sheet.close()
