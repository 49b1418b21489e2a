"""What every test of a widget needs: the dressed application."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from marketwatch.qt.icons import IconSet
from marketwatch.qt.theme import Theme


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    """The dark theme, installed."""
    theme = Theme()
    theme.install(qapp)
    return theme


@pytest.fixture
def icons(theme: Theme) -> IconSet:
    """Icons of that theme."""
    return IconSet(theme)
