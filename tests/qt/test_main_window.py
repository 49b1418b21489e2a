"""The window places its panels by its width, keeps what the user put away, and shows where the keyboard is."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QLineEdit, QToolBar, QWidget
from pytestqt.qtbot import QtBot

from marketwatch.qt.icons import IconSet
from marketwatch.qt.main_window import MainWindow
from marketwatch.qt.panels.dock_head import DockHead, HeadTab
from marketwatch.qt.panels.replay_bar import ReplayBar
from marketwatch.qt.panels.session_bar import SessionBar
from marketwatch.qt.theme import Theme

NAMES = ("lists", "chart", "details", "notices")
LEAST = {"lists": 200, "chart": 240, "details": 280, "notices": 200}


def build(theme: Theme, icons: IconSet, qtbot: QtBot) -> MainWindow:
    window = MainWindow(theme)
    qtbot.addWidget(window)
    window.allow_closing()
    for name in NAMES:
        head = DockHead(theme, icons)
        head.set_tabs([HeadTab(name.capitalize())])
        panel = QLineEdit()
        panel.setMinimumSize(LEAST[name], 60)
        window.add_panel(name, name.capitalize(), panel, head)
    return window


@pytest.fixture
def window(theme: Theme, icons: IconSet, qtbot: QtBot) -> MainWindow:
    window = build(theme, icons, qtbot)
    window.resize(1600, 1000)
    window.restore_layout("", "")
    window.show()
    qtbot.waitExposed(window)
    return window


def dock(window: MainWindow, name: str) -> QDockWidget:
    found = window.findChild(QDockWidget, f"dock_{name}")
    assert isinstance(found, QDockWidget)
    return found


def widths(window: MainWindow) -> list[int]:
    return [dock(window, name).width() for name in NAMES]


def are_tabs(window: MainWindow) -> bool:
    return dock(window, "notices") in window.tabifiedDockWidgets(dock(window, "details"))


def resize(window: MainWindow, width: int, height: int, qtbot: QtBot) -> None:
    window.resize(width, height)
    qtbot.waitUntil(lambda: window.width() == width)
    qtbot.wait(20)


def test_three_columns_where_there_is_room(window: MainWindow) -> None:
    lists, chart, details, notices = widths(window)
    assert (lists, details, notices) == (592, 340, 340)
    assert chart > 600
    assert dock(window, "notices").y() > dock(window, "details").y()
    assert not are_tabs(window)


def test_spare_width_goes_to_the_chart(window: MainWindow, qtbot: QtBot) -> None:
    before = widths(window)
    resize(window, 1900, 1000, qtbot)
    after = widths(window)
    assert after[0] == before[0]
    assert after[2] == before[2]
    assert after[1] == before[1] + 300


def test_a_narrow_window_has_tabs_under_the_chart(window: MainWindow, qtbot: QtBot) -> None:
    resize(window, 1000, 700, qtbot)
    assert are_tabs(window)
    assert dock(window, "details").y() > dock(window, "chart").y()
    assert dock(window, "details").x() == dock(window, "chart").x()
    resize(window, 1600, 1000, qtbot)
    assert not are_tabs(window)
    assert dock(window, "details").x() > dock(window, "chart").x()


def test_whichever_tab_is_in_front_the_panels_follow_the_width(
    window: MainWindow, theme: Theme, icons: IconSet, qtbot: QtBot
) -> None:
    add_late(window, theme, icons)
    window.show_panel("depth", is_shown=True)
    qtbot.wait(20)
    resize(window, 1000, 700, qtbot)
    assert are_tabs(window)
    window.show_panel("depth", is_shown=True)
    qtbot.wait(20)
    resize(window, 1600, 1000, qtbot)
    assert not are_tabs(window)


def test_a_layout_of_the_user_is_left_alone(window: MainWindow, qtbot: QtBot) -> None:
    window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock(window, "notices"))
    resize(window, 1200, 900, qtbot)
    assert not are_tabs(window)
    assert window.dockWidgetArea(dock(window, "notices")) is Qt.DockWidgetArea.BottomDockWidgetArea


@pytest.mark.parametrize("size", [(800, 600), (1600, 1000)])
def test_reset_finds_back_from_anywhere(window: MainWindow, qtbot: QtBot, size: tuple[int, int]) -> None:
    dock(window, "chart").setFloating(True)
    window.show_panel("details", is_shown=False)
    window.tabifyDockWidget(dock(window, "lists"), dock(window, "notices"))
    window.resize(*size)
    window.arrange()
    qtbot.wait(20)
    assert all(window.is_panel_shown(name) for name in NAMES)
    assert are_tabs(window) is (size[0] < 1280)
    assert not dock(window, "chart").isFloating()


def test_putting_a_panel_away_is_told_and_kept(window: MainWindow, theme: Theme, icons: IconSet, qtbot: QtBot) -> None:
    told: list[tuple[str, bool]] = []
    window.panel_toggled.connect(lambda name, is_shown: told.append((name, is_shown)))
    window.show_panel("notices", is_shown=False)
    assert told == [("notices", False)]
    again = build(theme, icons, qtbot)
    again.restore_layout(*window.layout_state())
    assert [name for name in NAMES if not again.is_panel_shown(name)] == ["notices"]


def test_an_older_layout_gives_way_to_the_default(theme: Theme, icons: IconSet, qtbot: QtBot) -> None:
    window = build(theme, icons, qtbot)
    window.restore_layout("", "bm90IGEgbGF5b3V0")
    assert all(window.is_panel_shown(name) for name in NAMES)


def test_maximising_keeps_what_was_put_away(window: MainWindow, qtbot: QtBot) -> None:
    window.show_panel("notices", is_shown=False)
    window.activateWindow()
    window.focus_panel("chart")
    qtbot.waitUntil(lambda: dock(window, "chart").widget().hasFocus())
    assert window.maximise_panel()
    assert [name for name in NAMES if window.is_panel_shown(name)] == ["chart"]
    assert not window.maximise_panel()
    assert [name for name in NAMES if not window.is_panel_shown(name)] == ["notices"]


def test_the_head_of_the_panel_with_the_keyboard_is_marked(window: MainWindow, theme: Theme, qtbot: QtBot) -> None:
    window.activateWindow()
    for name in ("details", "notices"):
        window.focus_panel(name)
        qtbot.waitUntil(lambda name=name: dock(window, name).widget().hasFocus())  # type: ignore[misc]
        marked = [one for one in NAMES if top_line(window, one) == theme.css("focus")]
        assert marked == [name]


def top_line(window: MainWindow, name: str) -> str:
    head = dock(window, name).titleBarWidget()
    assert isinstance(head, DockHead)
    return head.grab().toImage().pixelColor(6, 1).name()


def test_bars_are_whole(theme: Theme, icons: IconSet, qtbot: QtBot) -> None:
    window = build(theme, icons, qtbot)
    bars: dict[str, QWidget] = {"session": SessionBar(theme, icons), "replay": ReplayBar(theme, icons)}
    for name, bar in bars.items():
        window.add_bar(name, bar, bar.minimumHeight())
    window.resize(800, 600)
    window.restore_layout("", "")
    window.show()
    qtbot.waitExposed(window)
    assert [bar.height() for bar in bars.values()] == [24, 32]
    for bar in bars.values():
        outer = bar.parentWidget()
        assert isinstance(outer, QToolBar)
        assert outer.contentsRect().contains(bar.geometry())
        assert bar.width() == window.width()


def test_a_revealed_panel_is_told(window: MainWindow, qtbot: QtBot) -> None:
    resize(window, 900, 700, qtbot)
    window.show_panel("details", is_shown=True)
    with qtbot.waitSignal(window.panel_revealed, check_params_cb=lambda name: name == "notices"):
        window.show_panel("notices", is_shown=True)


def add_late(window: MainWindow, theme: Theme, icons: IconSet) -> None:
    head = DockHead(theme, icons)
    head.set_tabs([HeadTab("Depth")])
    window.add_late_panel("depth", "Depth", QLineEdit(), head, beside="details")


def is_behind_details(window: MainWindow) -> bool:
    return dock(window, "depth") in window.tabifiedDockWidgets(dock(window, "details"))


def test_a_panel_added_late_stands_behind_the_one_beside(
    window: MainWindow, theme: Theme, icons: IconSet, qtbot: QtBot
) -> None:
    assert not window.is_panel_shown("depth")
    window.show_panel("depth", is_shown=True)  # not there yet: nothing happens
    before = widths(window)
    add_late(window, theme, icons)
    qtbot.wait(20)
    assert is_behind_details(window)
    assert window.is_panel_shown("depth")
    assert widths(window) == before
    told: list[str] = []
    window.panel_revealed.connect(told.append)
    window.panel_covered.connect(lambda name: told.append(f"not {name}"))
    window.show_panel("depth", is_shown=True)
    qtbot.waitUntil(lambda: {"depth", "not details"} <= set(told))
    window.focus_panel("details")
    qtbot.waitUntil(lambda: {"details", "not depth"} <= set(told))


@pytest.mark.parametrize("width", [1000, 1600])
def test_a_late_panel_goes_where_the_one_beside_goes(
    window: MainWindow, theme: Theme, icons: IconSet, qtbot: QtBot, width: int
) -> None:
    add_late(window, theme, icons)
    resize(window, 2600 - width, 900, qtbot)
    resize(window, width, 900, qtbot)
    assert is_behind_details(window)
    assert are_tabs(window) is (width < 1280)
    window.show_panel("depth", is_shown=False)
    resize(window, 2600 - width, 900, qtbot)
    assert not window.is_panel_shown("depth")
    assert are_tabs(window) is (2600 - width < 1280)
    window.arrange()
    assert is_behind_details(window)
    assert window.is_panel_shown("depth")


def test_a_late_panel_in_a_layout_that_does_not_know_it(
    window: MainWindow, theme: Theme, icons: IconSet, qtbot: QtBot
) -> None:
    old = window.layout_state()
    window.show_panel("details", is_shown=False)
    put_away = window.layout_state()
    for state, is_shown in ((old, True), (put_away, False)):
        again = build(theme, icons, qtbot)
        again.restore_layout(*state)
        again.show()
        qtbot.waitExposed(again)
        add_late(again, theme, icons)
        qtbot.wait(20)
        assert again.is_panel_shown("depth") is is_shown
        assert again.is_panel_shown("details") is is_shown
        assert not dock(again, "depth").isFloating()
        again.show_panel("details", is_shown=True)
        again.show_panel("depth", is_shown=True)
        qtbot.wait(20)
        assert is_behind_details(again)


def test_reset_gives_up_the_places_of_panels_that_are_not_there(
    window: MainWindow, theme: Theme, icons: IconSet, qtbot: QtBot
) -> None:
    add_late(window, theme, icons)
    kept = window.layout_state()
    again = build(theme, icons, qtbot)
    again.restore_layout(*kept)
    again.resize(1600, 1000)
    again.arrange()
    again.show()
    qtbot.waitExposed(again)
    add_late(again, theme, icons)
    qtbot.wait(20)
    assert (dock(again, "lists").x(), dock(again, "lists").y()) == (0, dock(again, "chart").y())
    assert widths(again) == widths(window)
    assert is_behind_details(again)


def test_a_late_panel_finds_its_place_again(window: MainWindow, theme: Theme, icons: IconSet, qtbot: QtBot) -> None:
    add_late(window, theme, icons)
    window.tabifyDockWidget(dock(window, "lists"), dock(window, "depth"))
    kept = window.layout_state()
    again = build(theme, icons, qtbot)
    again.restore_layout(*kept)
    add_late(again, theme, icons)
    again.show()
    qtbot.waitExposed(again)
    assert dock(again, "depth") in again.tabifiedDockWidgets(dock(again, "lists"))
    window.show_panel("depth", is_shown=False)
    third = build(theme, icons, qtbot)
    third.restore_layout(*window.layout_state())
    add_late(third, theme, icons)
    assert not third.is_panel_shown("depth")
