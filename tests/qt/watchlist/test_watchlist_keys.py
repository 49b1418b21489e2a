"""What keys, the pointer and the menus do to the list."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from watchlist_scene import Scene

from marketwatch.domain.ids import InstrumentId


def test_enter_c_and_double_click_ask_for_the_chart(scene: Scene) -> None:
    a, b = scene.fill("A", "B")
    scene.show()
    scene.view.select_position(1)
    asked: list[InstrumentId] = []
    scene.panel.chart_requested.connect(asked.append)
    scene.press(Qt.Key.Key_Return)
    with scene.qtbot.waitSignal(scene.panel.chart_requested):
        scene.qtbot.keyClicks(scene.view, "c")
    at = QPoint(20, scene.view.rowViewportPosition(0) + 5)
    scene.qtbot.mouseDClick(scene.view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert asked == [b, b, a]


def test_letters_open_the_search_also_when_they_begin_with_c(scene: Scene) -> None:
    scene.fill("A")
    scene.show()
    asked: list[str] = []
    scene.panel.search_requested.connect(asked.append)
    scene.qtbot.keyClicks(scene.view, "r")
    scene.qtbot.keyClicks(scene.view, "cs")
    assert asked == ["r", "cs"]


def test_delete_undo_and_redo(scene: Scene) -> None:
    scene.fill("A", "B", "C")
    scene.show()
    scene.view.select_position(1)
    scene.press(Qt.Key.Key_Delete)
    assert scene.shown() == ["A", "C"]
    assert scene.panel.footer.note_text == "Removed B"
    assert scene.view.selected_positions() == [1]
    scene.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert scene.shown() == ["A", "B", "C"]
    scene.press(Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert scene.shown() == ["A", "C"]
    scene.panel.footer._action.click()
    assert scene.shown() == ["A", "B", "C"]
    scene.panel.footer.hide_note()


def test_digits_and_ctrl_tab_switch_lists(scene: Scene) -> None:
    scene.fill("A")
    (b,) = [scene.source.add("B", 1.0)]
    scene.service.create_list("Second", [b])
    scene.service.create_list("Third", [scene.source.add("C", 1.0)])
    scene.show()
    scene.press(Qt.Key.Key_2)
    assert scene.service.current.name == "Second"
    scene.press(Qt.Key.Key_Tab, Qt.KeyboardModifier.ControlModifier)
    assert scene.service.current.name == "Third"
    scene.press(Qt.Key.Key_Tab, Qt.KeyboardModifier.ControlModifier)
    assert scene.shown() == ["A"]


def test_space_steps_over_headings_and_tells_the_link(scene: Scene) -> None:
    a, b = scene.fill("A", "B")
    scene.service.add_heading("X", index=1)
    scene.show()
    scene.view.select_position(0)
    told: list[InstrumentId | None] = []
    scene.panel.selection_changed.connect(told.append)
    scene.press(Qt.Key.Key_Space)
    scene.press(Qt.Key.Key_Space, Qt.KeyboardModifier.ShiftModifier)
    assert told == [b, a]


def test_f2_renames_the_list_and_refuses_an_empty_name(scene: Scene) -> None:
    scene.fill("A")
    scene.panel.head.show()
    scene.show()
    scene.press(Qt.Key.Key_F2)
    edit = scene.panel._head_edit
    assert edit.is_open
    edit.setText("  ")
    scene.qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert edit.is_open
    edit.setText("Core")
    scene.qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert scene.service.current.name == "Core"
    assert not edit.is_open


def test_a_heading_is_added_above_the_current_row(scene: Scene) -> None:
    scene.fill("A", "B")
    scene.show()
    scene.view.select_position(1)
    scene.panel.begin_heading()
    scene.panel.edit.setText("Banks")
    scene.qtbot.keyClick(scene.panel.edit, Qt.Key.Key_Return)
    assert scene.shown() == ["A", "Banks", "B"]


def test_menus_hold_every_action(scene: Scene) -> None:
    from PySide6.QtWidgets import QMenu

    scene.fill("A", "B")
    scene.show()
    scene.view.select_position(0)
    menu = QMenu(scene.panel)
    scene.panel._menus.fill_row(menu)
    texts = [action.text().split("\t")[0] for action in menu.actions() if not action.isSeparator()]
    assert texts[:8] == [
        "Chart", "Copy symbol", "Add symbol…", "Paste a list…", "Add section heading…", "Remove", "Move up",
        "Move down",
    ]  # fmt: skip
    next(action for action in menu.actions() if action.text().startswith("Move down")).trigger()
    assert scene.shown() == ["B", "A"]
    sets = QMenu(scene.panel)
    scene.panel._menus.fill_sets(sets)
    next(action for action in sets.actions() if action.text() == "Compact columns").trigger()
    assert [column.key for column in scene.model.columns] == ["symbol", "last_price", "day_change_pct"]


def test_widths_and_order_of_columns_belong_to_the_list(scene: Scene) -> None:
    scene.fill("A")
    scene.show(900)
    header = scene.view.watch_header
    header.resizeSection(3, 111)
    assert scene.service.current.layout.widths == {"day_change": 111}
    header.moveSection(2, 4)
    layout = scene.service.current.layout
    assert layout.columns[:5] == ("symbol", "sparkline", "day_change", "day_change_pct", "last_price")
    assert [column.key for column in scene.model.columns[:5]] == list(layout.columns[:5])


def test_an_empty_list_says_what_to_do(scene: Scene) -> None:
    scene.show()
    assert scene.panel.message.isVisible()
    assert not scene.view.isVisible()
    with scene.qtbot.waitSignal(scene.panel.search_requested):
        scene.panel.message.button.click()
    scene.fill("A")
    assert scene.view.isVisible()


def test_a_hidden_list_does_nothing_and_catches_up(scene: Scene) -> None:
    (a,) = scene.fill("A")
    scene.show()
    scene.panel.hide()
    assert not scene.panel.is_live()
    scene.source.tick(a, 250.0)
    with scene.qtbot.waitSignal(scene.panel.became_live):
        scene.panel.show()
    assert scene.view.visible_texts()[0]["Last"] == "250.00"
