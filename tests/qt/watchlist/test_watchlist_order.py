"""Rows stay put under the eye and the pointer, and go where sorting and the user put them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication
from watchlist_fakes import numbered
from watchlist_scene import Scene

from marketwatch.domain.watchlist import SortState


def test_selection_and_scroll_stay_through_updates_and_resorts(scene: Scene) -> None:
    source, ids = numbered(5_000, scene.source)
    scene.service.current.insert(0, ids)
    scene.show(800, 600)
    scene.panel.show_instrument(ids[2_500])
    scroll = scene.view.verticalScrollBar().value()
    assert scroll > 0
    scene.panel.apply([source.tick(instrument_id, 1.0 + number) for number, instrument_id in enumerate(ids)])
    assert scene.view.current_instrument() == ids[2_500]
    assert scene.view.verticalScrollBar().value() == scroll
    scene.panel.sort_by(SortState("last_price", descending=True))
    assert scene.view.current_instrument() == ids[2_500]
    assert [scene.model.rows[position].entry for position in scene.view.selected_positions()] == [ids[2_500]]
    assert scene.view.verticalScrollBar().value() == scroll
    scene.view.flash.stop()


def test_rows_wait_while_the_pointer_is_over_them(scene: Scene) -> None:
    a, _ = scene.fill("A", "B")
    scene.show()
    scene.panel.sort_by(SortState("last_price"))
    scene.point_at(inside=True)
    scene.panel.apply([scene.source.tick(a, 500.0)])
    scene.wait_for_resort()
    assert scene.shown() == ["A", "B"]
    assert scene.panel.footer.note_text == "Sorted order is newer"
    scene.point_at(inside=False)
    assert scene.shown() == ["B", "A"]
    assert scene.panel.footer.note_text == ""
    scene.view.flash.stop()


def test_away_from_the_pointer_rows_follow_within_a_second(scene: Scene) -> None:
    a, _ = scene.fill("A", "B")
    scene.show()
    scene.panel.sort_by(SortState("last_price"))
    scene.panel.apply([scene.source.tick(a, 500.0)])
    assert scene.shown() == ["A", "B"]
    scene.wait_for_resort()
    assert scene.shown() == ["B", "A"]
    scene.view.flash.stop()


def test_third_click_on_a_title_returns_to_own_order(scene: Scene) -> None:
    a, b = scene.fill("A", "B")
    scene.source.tick(a, 5.0)
    scene.source.tick(b, 1.0)
    scene.show()
    click = scene.view.watch_header.sectionClicked.emit
    number = [column.key for column in scene.model.columns].index("last_price")
    orders = []
    for _ in range(4):
        click(number)
        orders.append((scene.shown(), scene.panel.footer.text.rsplit("·", 1)[1].strip()))
    assert orders == [
        (["B", "A"], "sorted by Last, rising"),
        (["A", "B"], "sorted by Last, falling"),
        (["A", "B"], "own order"),
        (["B", "A"], "sorted by Last, rising"),
    ]


def test_alt_arrows_move_the_row_only_in_own_order(scene: Scene) -> None:
    scene.fill("A", "B", "C")
    scene.show()
    scene.view.select_position(0)
    scene.press(Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert scene.shown() == ["B", "A", "C"]
    assert scene.view.currentIndex().row() == 1
    scene.panel.sort_by(SortState("symbol"))
    scene.press(Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert [str(entry) for entry in scene.service.current.entries] == ["NSE:EQ:B", "NSE:EQ:A", "NSE:EQ:C"]
    assert "not rearranged" in scene.panel.footer.note_text
    scene.panel.footer.hide_note()


def test_a_row_is_dragged_to_its_new_place(scene: Scene) -> None:
    scene.fill("A", "B", "C")
    scene.show()
    viewport, view = scene.view.viewport(), scene.view
    start = QPoint(40, view.rowViewportPosition(0) + 8)
    end = QPoint(40, view.rowViewportPosition(2) + view.rowHeight(2) - 3)
    scene.qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=start)
    scene.qtbot.mouseMove(viewport, start + QPoint(0, 30))
    _drag_to(scene, end)
    assert view.is_held()
    scene.qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=end)
    assert scene.shown() == ["B", "C", "A"]


def _drag_to(scene: Scene, end: QPoint) -> None:
    from PySide6.QtGui import QMouseEvent

    viewport = scene.view.viewport()
    left = Qt.MouseButton.LeftButton
    at, on_screen = QPointF(end), QPointF(viewport.mapToGlobal(end))
    event = QMouseEvent(QEvent.Type.MouseMove, at, on_screen, left, left, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(viewport, event)
