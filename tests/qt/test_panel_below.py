"""A panel added late below another: under the chart where the window is wide, a tab where it is narrow."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QDockWidget, QWidget
from pytestqt.qtbot import QtBot

from marketwatch.qt.icons import IconSet
from marketwatch.qt.main_window import MainWindow
from marketwatch.qt.panels.dock_head import DockHead, HeadTab
from marketwatch.qt.theme import Theme

PANELS = ("lists", "chart", "details", "notices")


@pytest.fixture
def window(theme: Theme, icons: IconSet, qtbot: QtBot) -> MainWindow:
    return build(theme, icons, qtbot)


def build(theme: Theme, icons: IconSet, qtbot: QtBot, layout: tuple[str, str] = ("", "")) -> MainWindow:
    window = MainWindow(theme)
    qtbot.addWidget(window)
    window.allow_closing()
    for name in PANELS:
        window.add_panel(name, name.capitalize(), QWidget(), _head(theme, icons, name))
    window.resize(1600, 1000)
    window.restore_layout(*layout)
    window.show()
    qtbot.waitExposed(window)
    return window


def _head(theme: Theme, icons: IconSet, name: str) -> DockHead:
    head = DockHead(theme, icons)
    head.set_tabs([HeadTab(name.capitalize())])
    return head


def add(window: MainWindow, theme: Theme, icons: IconSet) -> bool:
    return window.add_late_panel(
        "portfolio", "Portfolio", QWidget(), _head(theme, icons, "portfolio"), beside="chart", is_below=True
    )


def dock(window: MainWindow, name: str) -> QDockWidget:
    found = window.findChild(QDockWidget, f"dock_{name}")
    assert isinstance(found, QDockWidget)
    return found


def is_under_chart(window: MainWindow) -> bool:
    chart, portfolio = dock(window, "chart"), dock(window, "portfolio")
    return portfolio.x() == chart.x() and portfolio.y() > chart.y() and portfolio.width() == chart.width()


def resize(window: MainWindow, width: int, qtbot: QtBot) -> None:
    window.resize(width, 900)
    qtbot.waitUntil(lambda: window.width() == width)
    qtbot.wait(20)


def test_it_stands_under_the_chart_and_follows_the_width(
    window: MainWindow, theme: Theme, icons: IconSet, qtbot: QtBot
) -> None:
    assert not add(window, theme, icons)
    qtbot.wait(20)
    assert is_under_chart(window)
    share = dock(window, "portfolio").height() / (dock(window, "chart").height() + dock(window, "portfolio").height())
    assert 0.25 < share < 0.4
    resize(window, 1000, qtbot)
    assert dock(window, "portfolio") in window.tabifiedDockWidgets(dock(window, "details"))
    resize(window, 1600, qtbot)
    assert is_under_chart(window)
    window.arrange()
    qtbot.wait(20)
    assert is_under_chart(window)


def test_it_finds_its_place_again_and_stays_put_away(
    window: MainWindow, theme: Theme, icons: IconSet, qtbot: QtBot
) -> None:
    add(window, theme, icons)
    assert add(build(theme, icons, qtbot, window.layout_state()), theme, icons)
    window.show_panel("portfolio", is_shown=False)
    again = build(theme, icons, qtbot, window.layout_state())
    assert add(again, theme, icons)
    assert not again.is_panel_shown("portfolio")


def test_a_layout_saved_while_it_was_not_there_keeps_its_place(
    window: MainWindow, theme: Theme, icons: IconSet, qtbot: QtBot
) -> None:
    add(window, theme, icons)
    without = build(theme, icons, qtbot, window.layout_state())  # a run without a feed of positions
    again = build(theme, icons, qtbot, without.layout_state())
    assert add(again, theme, icons)
    qtbot.wait(20)
    assert is_under_chart(again)
