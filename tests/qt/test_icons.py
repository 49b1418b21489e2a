"""Icons: all there, in the colour of their role, sharp, and following the theme."""

from __future__ import annotations

import gc
import typing

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPushButton

from marketwatch.qt.icons import IconName, IconSet
from marketwatch.qt.theme import Theme
from marketwatch.runtime.resources import resource_path

NAMES = typing.get_args(IconName)


def test_names_and_files_agree() -> None:
    assert set(NAMES) == {path.stem for path in resource_path("icons").glob("*.svg")}


@pytest.mark.parametrize("name", NAMES)
def test_each_is_drawn_in_one_colour(icons: IconSet, theme: Theme, name: IconName) -> None:
    image = icons.pixmap(name, "accent", ratio=2.0).toImage()
    assert (image.width(), image.height()) == (32, 32)
    pixels = [image.pixelColor(x, y) for x in range(32) for y in range(32)]
    solid = [pixel for pixel in pixels if pixel.alpha() > 250]
    wanted = theme.colour("accent")
    assert solid
    assert all(abs(pixel.red() - wanted.red()) <= 2 and abs(pixel.blue() - wanted.blue()) <= 2 for pixel in solid)


def test_rendered_once_per_scale(icons: IconSet) -> None:
    assert icons.pixmap("bell", ratio=1.5).cacheKey() == icons.pixmap("bell", ratio=1.5).cacheKey()
    assert icons.pixmap("bell", ratio=1.5).width() == 24
    assert icons.icon("bell") is icons.icon("bell")


def test_kept_icons_follow_the_theme(icons: IconSet, theme: Theme, qtbot: typing.Any) -> None:
    button = QPushButton()
    qtbot.addWidget(button)
    icons.keep(button, "sun", "text1")
    icons.keep(button, "moon", "text1")
    before = button.icon().cacheKey()
    theme.switch("light")
    assert button.icon().cacheKey() != before
    assert button.icon().cacheKey() == icons.icon("moon", "text1").cacheKey()


def test_what_is_gone_is_forgotten(icons: IconSet, theme: Theme) -> None:
    action = QAction()
    icons.keep(action, "gear")
    del action
    gc.collect()
    theme.switch("light")
    assert icons.kept_count == 0
