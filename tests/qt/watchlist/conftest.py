"""What the tests of the shown list share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot
from watchlist_scene import Scene

from marketwatch.qt.icons import IconSet
from marketwatch.qt.theme import Theme


@pytest.fixture
def scene(qtbot: QtBot, theme: Theme, icons: IconSet) -> Iterator[Scene]:
    """An empty list, not shown yet."""
    scene = Scene(qtbot, theme, icons)
    yield scene
    scene.panel.hide()
