from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QEnterEvent, QImage, QPainter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from watchlist_fakes import FakeSource, every_state, numbered, state

from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.watchlist import SortState
from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.columns import Column
from marketwatch.qt.models.watchlist_row import WatchRow
from marketwatch.qt.panels.flash import FlashMode
from marketwatch.qt.panels.row_looks import Look
from marketwatch.qt.panels.watchlist_panel import WatchlistPanel
from marketwatch.qt.theme import Theme
from marketwatch.services.presentation import RowStateKind
from marketwatch.services.watchlists import WatchlistService

STALE = state(RowStateKind.STALE, "stale 2:14")


class NoFeeds:
    def acquire(self, instrument_id: InstrumentId) -> None: ...

    def release(self, instrument_id: InstrumentId) -> None: ...


class Scene:
    """A shown panel over fakes."""

    def __init__(self, qtbot: QtBot, theme: Theme, icons: IconSet) -> None:
        self.source = FakeSource()
        self.service = WatchlistService(NoFeeds())
        self.panel = WatchlistPanel(theme, icons, self.service, self.source)
        self.view = self.panel.view
        self.model = self.panel.model
        qtbot.addWidget(self.panel.head)
        qtbot.addWidget(self.panel)
        self.qtbot = qtbot

    def show(self, width: int = 592, height: int = 600) -> None:
        self.panel.resize(width, height)
        with self.qtbot.waitExposed(self.panel):
            self.panel.show()
        self.panel.activateWindow()
        self.view.setFocus()
        QApplication.processEvents()

    def fill(self, *symbols: str) -> list[InstrumentId]:
        ids = [self.source.add(symbol, 100.0, prev_close=99.0) for symbol in symbols]
        for instrument_id in ids:
            self.service.add(instrument_id)
        return ids

    def shown(self) -> list[str]:
        return [row.heading or row.entry.symbol for row in self.model.rows]  # type: ignore[union-attr]

    def picture(self) -> QImage:
        return self.view.viewport().grab().toImage()

    def row_picture(self, position: int) -> QImage:
        y, height = self.view.rowViewportPosition(position), self.view.rowHeight(position)
        image = self.picture()
        ratio = image.devicePixelRatio()
        return image.copy(0, round(y * ratio), image.width(), round(height * ratio))

    def point_at(self, *, inside: bool) -> None:
        viewport = self.view.viewport()
        if inside:
            at = QPointF(5, 5)
            QApplication.sendEvent(viewport, QEnterEvent(at, at, QPointF(viewport.mapToGlobal(QPoint(5, 5)))))
        else:
            QApplication.sendEvent(viewport, QEvent(QEvent.Type.Leave))

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.qtbot.keyClick(self.view, key, modifier)

    def wait_for_resort(self) -> None:
        """Let the second pass at once."""
        timer = self.panel.resort._timer
        assert timer.isActive()
        timer.stop()
        self.panel.resort._on_timeout()


@pytest.fixture
def scene(qtbot: QtBot, theme: Theme, icons: IconSet) -> Iterator[Scene]:
    scene = Scene(qtbot, theme, icons)
    yield scene
    scene.panel.hide()


# --- painting


def test_every_column_and_state_shows_something_of_its_own(scene: Scene) -> None:
    entries = every_state(scene.source)
    for entry in entries:
        scene.service.add_heading(entry) if isinstance(entry, str) else scene.service.add(entry)
    scene.show(900, 640)
    looks = {}
    for position, row in enumerate(scene.model.rows):
        if row.state is not None:
            looks[row.state.primary] = _grey_edge(scene.row_picture(position))
    plain = looks.pop(RowStateKind.LIVE)
    closed = looks.pop(RowStateKind.CLOSED)
    assert plain == closed, "closed has no edge, its figures and word differ"
    assert len(set(looks.values()) | {plain}) == len(looks) + 1, "every other edge is told apart without colour"


def _grey_edge(image: QImage) -> tuple[int, ...]:
    """The brightness pattern of the state edge: compared with the ground, so that colour plays no part."""
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
    return tuple(
        int(abs(grey.pixelColor(x, y).lightness() - grey.pixelColor(40, 1).lightness()) > 20)
        for y in range(grey.height())
        for x in range(6)
    )


def test_closed_and_stale_figures_are_greyer_than_live_ones(scene: Scene) -> None:
    _, stale, closed = scene.fill("LIVE", "STALE", "CLOSED")
    scene.source.states[stale] = STALE
    scene.source.states[closed] = state(RowStateKind.CLOSED, "closed 3 Sep")
    scene.show()
    brightest = [_brightest(scene, position, "last_price") for position in range(3)]
    assert brightest[0] > brightest[1]
    assert brightest[0] > brightest[2]


def _brightest(scene: Scene, position: int, key: str) -> int:
    image = scene.row_picture(position).convertToFormat(QImage.Format.Format_Grayscale8)
    place = scene.view.places.of_key(key)
    assert place is not None
    _, x, width = place
    return max(image.pixelColor(at, y).lightness() for at in range(x, x + width) for y in range(image.height()))


def test_no_figure_is_ever_cut(scene: Scene) -> None:
    scene.service.add(scene.source.add("BTC", 111084.75, venue="XNAS", tick_size=Decimal("0.01")))
    scene.show()
    scene.view.places.choose_width("last_price", 40)
    scene.picture()
    assert "last_price" in scene.view._canvas.cells.cut_columns
    tooltip = scene.model.data(scene.model.index(0, 2), int(Qt.ItemDataRole.ToolTipRole))
    assert "111,084.75" in tooltip
    scene.view.fit_column("last_price")
    scene.view._canvas.cells.cut_columns.clear()
    scene.picture()
    assert not scene.view._canvas.cells.cut_columns


def test_a_column_nobody_sized_grows_for_a_long_figure(scene: Scene) -> None:
    (one,) = scene.fill("ONE")
    scene.show()
    before = scene.view.places.of_key("last_price")
    scene.panel.apply([scene.source.tick(one, 123456789.25)])
    scene.picture()
    scene.view._on_state_tick()
    after = scene.view.places.of_key("last_price")
    assert before is not None
    assert after is not None
    assert after[2] > before[2]
    scene.view.flash.stop()


def test_decimal_points_stand_below_each_other(scene: Scene) -> None:
    scene.service.add(scene.source.add("TWO", 88.25, tick_size=Decimal("0.05")))
    scene.service.add(scene.source.add("FOUR", 88.2475, tick_size=Decimal("0.0025")))
    scene.show()
    place = scene.view.places.of_key("last_price")
    assert place is not None
    lefts = []
    for position in range(2):
        image = scene.row_picture(position)
        ground = image.pixelColor(place[1] + 1, 2)
        columns = [x for x in range(place[1], place[1] + place[2]) if _differs(image, x, ground.lightness())]
        lefts.append(columns[0])
    assert abs(lefts[0] - lefts[1]) <= 1


def _differs(image: QImage, x: int, ground: int) -> bool:
    return any(abs(image.pixelColor(x, y).lightness() - ground) > 60 for y in range(3, image.height() - 3))


def test_only_the_changed_cells_are_painted_again(scene: Scene) -> None:
    ids = scene.fill("A", "B", "C")
    scene.show()
    scene.picture()
    painted: list[dict[int, int]] = []
    paint = scene.view._canvas.paint_cells
    scene.view._canvas.paint_cells = lambda dirty, *rest: painted.append(dict(dirty)) or paint(dirty, *rest)  # type: ignore
    scene.panel.apply([scene.source.tick(ids[1], 101.0)])
    scene.view.repaint()
    keys = {column.key for number, column in enumerate(scene.model.columns) if painted[0][1] >> number & 1}
    assert list(painted[0]) == [1]
    assert keys == {"last_price", "day_change", "day_change_pct"}
    scene.view.flash.stop()


def test_a_flash_tints_the_cell_and_an_arrow_replaces_it_when_chosen(scene: Scene, theme: Theme) -> None:
    (one,) = scene.fill("A")
    scene.show()
    scene.view.clearSelection()
    place = scene.view.places.of_key("last_price")
    assert place is not None
    scene.panel.apply([scene.source.tick(one, 101.0)])
    assert scene.view.flash.is_running
    assert scene.row_picture(0).pixelColor(place[1] + 1, 2) == theme.colour("gainFlash")
    scene.panel.set_flash("arrow")
    assert scene.row_picture(0).pixelColor(place[1] + 1, 2) == theme.colour("panel")
    assert scene.view.flash.mode is FlashMode.ARROW
    scene.panel.set_flash("none")
    scene.view._watch_model.rows[0].flash_start_ns = 0
    scene.panel.apply([scene.source.tick(one, 102.0)])
    assert not scene.view.flash.is_running


def test_a_new_theme_paints_everything_anew(scene: Scene, theme: Theme) -> None:
    scene.fill("A")
    scene.show()
    before = scene.picture()
    theme.switch("light")
    after = scene.picture()
    assert after.pixelColor(200, after.height() - 3) == theme.colour("panel")
    assert before != after
    theme.switch("dark")


def test_columns_leave_in_turn_and_never_push_others_out(scene: Scene) -> None:
    scene.fill("RELIANCE")
    scene.show(420)
    assert scene.view.horizontalScrollBar().maximum() == 0
    assert scene.view.places.of_key("last_price") is not None
    assert scene.view.places.of_key("bid") is None
    assert "when wider" in scene.panel.footer.text
    scene.panel.resize(900, 600)
    QApplication.processEvents()
    assert scene.view.places.of_key("bid") is not None
    assert scene.view.horizontalScrollBar().maximum() == 0


# --- staying put


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


# --- keys and pointer


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


def test_it_fits_800_by_600_and_comfortable_rows_show_names(scene: Scene) -> None:
    a = scene.source.add("RELIANCE", 100.0, name="Reliance Industries")
    scene.service.add(a)
    scene.show(800, 600)
    assert scene.view.rowHeight(0) == 24
    scene.panel.set_density("comfortable")
    assert scene.view.rowHeight(0) == 36
    assert scene.panel.minimumSizeHint().width() <= 420


def test_headings_keep_their_height_wherever_they_go(scene: Scene) -> None:
    scene.fill("A", "B", "C")
    scene.service.add_heading("X", index=1)
    scene.show()

    def heights() -> list[int]:
        return [scene.view.rowHeight(position) for position in range(len(scene.model.rows))]

    assert heights() == [24, 20, 24, 24]
    scene.service.move_entry(scene.service.current.id, 1, 3)
    assert heights() == [24, 24, 24, 20]
    scene.service.remove_entries(scene.service.current.id, [0])
    assert heights() == [24, 24, 20]
    scene.service.undo()
    scene.service.add_heading("Y", index=0)
    assert heights() == [20, 24, 24, 24, 20]
    scene.panel.set_density("comfortable")
    assert heights() == [20, 36, 36, 36, 20]


WIDE_AND_NARROW = (
    ("SPY", 167.32, "ARCX", "0.01"),
    ("GCZ13", 1327.3, "COMEX", "0.1"),
    ("USDINR", 88.1175, "NSE", "0.0025"),
    ("SENSEX", 80688.12, "BSE", "0.01"),
    ("BRK.A", 745123.5, "XNYS", "0.01"),
)


@pytest.mark.parametrize("columns", ["compact", "standard", "intraday"])
@pytest.mark.parametrize("width", [420, 592, 900])
def test_every_column_set_shows_whole_figures_at_every_width(scene: Scene, columns: str, width: int) -> None:
    for symbol, price, venue, tick in WIDE_AND_NARROW:
        figures = {"prev_close": price * 1.01, "day_open": price, "day_high": price * 1.02, "day_low": price * 0.98}
        figures |= {"bid": price, "ask": price, "vwap": price, "volume": 1.1879e8}
        scene.service.add(scene.source.add(symbol, price, venue=venue, tick_size=Decimal(tick), **figures))
    scene.panel.choose_columns(columns)
    scene.show(width)
    scene.point_at(inside=False)
    for _ in range(2):  # what does not fit at first gets its room within a second
        scene.picture()
        scene.view._on_state_tick()
    scene.picture()
    assert scene.view._canvas.cells.cut_columns == set()
    assert scene.view.places.of_key("last_price") is not None


def test_a_column_at_the_edge_of_the_view_shows_whole_figures_or_none(scene: Scene) -> None:
    scene.service.add(scene.source.add("BRK.A", 745123.5, venue="XNYS", tick_size=Decimal("0.01"), day_open=745123.5))
    scene.panel.choose_columns("intraday")
    scene.show(420)
    scene.point_at(inside=False)
    scene.picture()
    scene.view._on_state_tick()
    painted: dict[str, str] = {}
    paint = scene.view._canvas.cells.paint

    def note(
        painter: QPainter, row: WatchRow, column: Column, text: str, box: tuple[int, int, int, int], look: Look
    ) -> None:
        painted[column.key] = text
        paint(painter, row, column, text, box, look)

    scene.view._canvas.cells.paint = note  # type: ignore[method-assign]
    bar, right = scene.view.horizontalScrollBar(), scene.view.viewport().width()
    for offset in range(0, bar.maximum() + 1, 7):
        bar.setValue(offset)
        painted.clear()
        scene.view.repaint_all()
        scene.picture()
        for number, x, width in scene.view.places.current.columns:
            column = scene.model.columns[number]
            if column.is_number and x + width > right:
                assert painted[column.key] in ("", "···")
            elif column.is_number and x >= 0:
                assert painted[column.key] == scene.model.texts(0)[number]
    assert scene.view._canvas.cells.cut_columns == set()


def test_comfortable_rows_show_the_name_on_a_second_line(scene: Scene) -> None:
    scene.service.add(scene.source.add("RELIANCE", 1400.0, name="Reliance Industries"))
    scene.show()
    scene.panel.set_density("comfortable")
    QApplication.processEvents()
    image = scene.row_picture(0)
    assert image.height() / image.devicePixelRatio() >= 36
    named = _ink(image, 24, 36)
    (one,) = scene.source.instruments
    scene.source.instruments[one] = Instrument(id=one, currency="INR")
    scene.model.rows[0].load(scene.source)
    scene.view.repaint_all()
    assert named > _ink(scene.row_picture(0), 24, 36)


def _ink(image: QImage, top: int, bottom: int) -> int:
    """Count the bright pixels of the symbol column between two heights."""
    ratio = image.devicePixelRatio()
    rows = range(round(top * ratio), round(bottom * ratio))
    return sum(image.pixelColor(x, y).lightness() > 90 for x in range(8, round(100 * ratio)) for y in rows)
