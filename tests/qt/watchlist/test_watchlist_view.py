"""How rows look: states told apart, whole figures at every width, and no more painted than has changed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication
from watchlist_fakes import every_state, state
from watchlist_scene import STALE, Scene

from marketwatch.domain.instrument import Instrument
from marketwatch.qt.models.columns import COLUMN_SETS, Column
from marketwatch.qt.models.watchlist_row import WatchRow
from marketwatch.qt.panels.flash import FlashMode
from marketwatch.qt.panels.row_looks import Look
from marketwatch.qt.theme import Theme
from marketwatch.services.presentation import RowStateKind


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


@pytest.mark.parametrize("columns", list(COLUMN_SETS))
@pytest.mark.parametrize("width", [420, 592, 900])
def test_every_column_set_shows_whole_figures_at_every_width(scene: Scene, columns: str, width: int) -> None:
    for symbol, price, venue, tick in WIDE_AND_NARROW:
        figures = {"prev_close": price * 1.01, "day_open": price, "day_high": price * 1.02, "day_low": price * 0.98}
        figures |= {"bid": price, "ask": price, "vwap": price, "volume": 1.1879e8, "open_interest": 9.87654e9}
        figures |= {"bid_size": 98_765.0, "ask_size": 1.2e7, "total_bid_size": 8.88e9, "total_ask_size": 7.77e9}
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
