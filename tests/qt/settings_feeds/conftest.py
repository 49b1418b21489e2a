"""What the tests of Settings > Feeds share."""

from __future__ import annotations

import pytest
from feed_settings_fakes import make_dialog, make_page
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from marketwatch.qt.dialogs.settings_dialog import SettingsDialog
from marketwatch.qt.dialogs.settings_feeds_page import FeedsPage
from marketwatch.qt.icons import IconSet
from marketwatch.qt.theme import Theme


@pytest.fixture
def page(theme: Theme, icons: IconSet, qtbot: QtBot) -> FeedsPage:
    """The page of feeds, shown alone."""
    page = make_page(theme, icons)
    qtbot.addWidget(page)
    page.resize(1198, 706)
    page.show()
    return page


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    """A window to stand dialogs on."""
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1600, 1000)
    window.show()
    return window


@pytest.fixture
def dialog(theme: Theme, icons: IconSet, window: QWidget) -> tuple[SettingsDialog, FeedsPage]:
    """The settings, open at the page of feeds."""
    dialog, page = make_dialog(theme, icons, window)
    dialog.open_over("feeds")
    return dialog, page
