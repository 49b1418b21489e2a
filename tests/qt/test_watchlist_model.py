from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QModelIndex, Qt
from watchlist_fakes import FakeSource, every_state, numbered, state

from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.watchlist import ColumnLayout, SectionHeading, SortState, Watchlist
from marketwatch.qt.models.columns import COLUMN_SETS, COLUMNS, columns_of
from marketwatch.qt.models.watchlist_model import WatchlistModel
from marketwatch.qt.panels.cell_painter import CellPainter
from marketwatch.qt.theme import Theme
from marketwatch.services.presentation import RowStateKind

DISPLAY = int(Qt.ItemDataRole.DisplayRole)


class Clock:
    def __init__(self) -> None:
        self.ns = 10_000_000_000

    def __call__(self) -> int:
        return self.ns


class Scene:
    """A list of instruments with sections, its model, and a clock."""

    def __init__(self, *symbols: str) -> None:
        self.source = FakeSource()
        self.clock = Clock()
        self.watchlist = Watchlist("one", "One")
        self.ids: dict[str, InstrumentId] = {}
        for symbol in symbols:
            if symbol.startswith("#"):
                self.watchlist.add(SectionHeading(symbol[1:]))
            else:
                self.ids[symbol] = self.source.add(symbol, 100.0, prev_close=100.0)
                self.watchlist.add(self.ids[symbol])
        self.model = WatchlistModel(self.source, monotonic_ns=self.clock)
        self.model.set_watchlist(self.watchlist)
        self.model.set_visible_rows(0, len(symbols) - 1)
        self.model.refresh_visible()
        for position in range(len(symbols)):
            self.model.texts(position)
            self.model.changed_mask(position)

    def shown(self) -> list[str]:
        return [row.heading or row.entry.symbol for row in self.model.rows]  # type: ignore[union-attr]

    def set_prices(self, **prices: float | None) -> None:
        for symbol, price in prices.items():
            self.source.snapshots[self.ids[symbol]].last_price = price

    def text(self, position: int, key: str) -> str:
        number = [column.key for column in self.model.columns].index(key)
        return str(self.model.data(self.model.index(position, number), DISPLAY))


def heard(signal: Any) -> tuple[list[tuple[Any, ...]], Callable[[], None]]:
    calls: list[tuple[Any, ...]] = []
    signal.connect(lambda *arguments: calls.append(arguments))
    return calls, calls.clear


def test_the_model_keeps_qts_contract(qapp: object, qtmodeltester: Any) -> None:
    scene = Scene("#Index", "A", "B", "#Banks", "C", "D")
    qtmodeltester.check(scene.model, force_py=True)
    scene.watchlist.remove([1, 4])
    scene.watchlist.move(0, 2)
    scene.watchlist.set_sort(SortState("last_price", descending=True))
    scene.watchlist.insert(1, [scene.source.add("E", 5.0), SectionHeading("More")])
    qtmodeltester.check(scene.model, force_py=True)


def test_only_changed_cells_of_visible_rows_are_told(qapp: object) -> None:
    scene = Scene("A", "B", "C")
    scene.model.set_visible_rows(0, 1)
    calls, clear = heard(scene.model.dataChanged)
    scene.model.apply([scene.source.tick(scene.ids["B"], 101.0), scene.source.tick(scene.ids["C"], 99.0)])
    assert [(first.row(), last.row()) for first, last, *_ in calls] == [(1, 1)]
    changed = scene.model.changed_mask(1)
    keys = {column.key for number, column in enumerate(scene.model.columns) if changed >> number & 1}
    assert keys == {"last_price", "day_change", "day_change_pct"}
    clear()
    scene.model.apply([])
    assert calls == []
    assert scene.text(2, "last_price") == "99.00"


def test_a_change_without_another_text_is_not_told(qapp: object) -> None:
    scene = Scene("A")
    calls, _ = heard(scene.model.dataChanged)
    snapshot = scene.source.snapshots[scene.ids["A"]]
    snapshot.version += 1
    snapshot.bid = None
    scene.model.apply([])
    assert calls == []


def test_a_new_state_is_told_for_the_whole_row(qapp: object) -> None:
    scene = Scene("A")
    calls, _ = heard(scene.model.dataChanged)
    scene.source.states[scene.ids["A"]] = state(RowStateKind.STALE, "stale 0:31")
    scene.model.refresh_visible()
    assert len(calls) == 1
    assert scene.model.changed_mask(0) == (1 << len(scene.model.columns)) - 1
    assert scene.text(0, "time") == "stale 0:31"


def test_a_flash_follows_the_tick_and_starts_at_most_every_340_ms(qapp: object) -> None:
    scene = Scene("A")
    row = scene.model.rows[0]
    scene.model.apply([scene.source.tick(scene.ids["A"], 100.05)])
    assert row.flash_direction == 1
    first = row.flash_start_ns
    scene.clock.ns += 339_000_000
    scene.model.apply([scene.source.tick(scene.ids["A"], 100.0)])
    assert (row.flash_direction, row.flash_start_ns) == (1, first)
    scene.clock.ns += 2_000_000
    scene.model.apply([scene.source.tick(scene.ids["A"], 99.95)])
    assert (row.flash_direction, row.flash_start_ns) == (-1, scene.clock.ns)


def test_an_instrument_followed_only_later_appears(qapp: object) -> None:
    scene = Scene("A")
    late = scene.source.add("LATE", 7.0)
    snapshot = scene.source.snapshots.pop(late)
    scene.watchlist.add(late)
    scene.model.set_visible_rows(0, 1)
    assert scene.text(1, "last_price") == "—"
    scene.source.snapshots[late] = snapshot
    scene.model.apply([])
    assert scene.text(1, "last_price") == "7.00"


def test_an_instrument_followed_anew_is_read_anew(qapp: object) -> None:
    scene = Scene("A")
    scene.source.add("A", 55.0)
    scene.model.refresh_row(scene.ids["A"])
    assert scene.text(0, "last_price") == "55.00"


@pytest.mark.parametrize("descending", [False, True])
def test_blanks_come_last_in_both_directions(qapp: object, descending: bool) -> None:
    scene = Scene("A", "B", "C", "D")
    scene.set_prices(A=3.0, B=None, C=20.0, D=float("nan"))
    scene.watchlist.set_sort(SortState("last_price", descending=descending))
    assert scene.shown() == (["C", "A", "B", "D"] if descending else ["A", "C", "B", "D"])


def test_sorting_is_by_number_and_stays_inside_sections(qapp: object) -> None:
    scene = Scene("A", "B", "#Banks", "C", "D")
    scene.set_prices(A=1000.0, B=999.0, C=9.0, D=10.0)
    scene.watchlist.set_sort(SortState("last_price"))
    assert scene.shown() == ["B", "A", "Banks", "C", "D"]
    scene.watchlist.set_sort(None)
    assert scene.shown() == ["A", "B", "Banks", "C", "D"]


def test_ticks_never_move_rows_only_resort_does(qapp: object) -> None:
    scene = Scene("A", "B")
    scene.watchlist.set_sort(SortState("last_price"))
    scene.model.apply([scene.source.tick(scene.ids["A"], 500.0)])
    assert scene.shown() == ["A", "B"]
    assert scene.model.is_order_old()
    scene.model.resort()
    assert scene.shown() == ["B", "A"]
    assert not scene.model.is_order_old()


def test_persistent_indexes_follow_their_rows(qapp: object) -> None:
    from PySide6.QtCore import QPersistentModelIndex

    scene = Scene("A", "B", "C")
    kept = QPersistentModelIndex(scene.model.index(2, 1))
    scene.set_prices(A=2.0, B=3.0, C=1.0)
    scene.watchlist.set_sort(SortState("last_price"))
    assert (kept.row(), kept.column()) == (0, 1)
    scene.watchlist.remove([0])
    assert scene.shown() == ["C", "B"]
    assert kept.row() == 0


def test_removing_from_a_sorted_list_takes_the_right_rows(qapp: object) -> None:
    scene = Scene("A", "B", "C", "D")
    scene.set_prices(A=4.0, B=3.0, C=2.0, D=1.0)
    scene.watchlist.set_sort(SortState("last_price"))
    removed, _ = heard(scene.model.rowsRemoved)
    scene.watchlist.remove([0, 1])
    assert scene.shown() == ["D", "C"]
    assert [(first, last) for _, first, last in removed] == [(2, 3)]


def test_a_heading_that_moves_in_a_sorted_list_changes_the_sections(qapp: object) -> None:
    scene = Scene("A", "B", "#X", "C")
    scene.set_prices(A=3.0, B=2.0, C=1.0)
    scene.watchlist.set_sort(SortState("last_price"))
    scene.watchlist.move(2, 3)
    assert scene.shown() == ["C", "B", "A", "X"]


def test_words_for_who_cannot_see(qapp: object) -> None:
    scene = Scene("RELIANCE")
    snapshot = scene.source.snapshots[scene.ids["RELIANCE"]]
    snapshot.last_price, snapshot.prev_close = 1362.4, 1372.6
    scene.model.reload()
    spoken = scene.model.data(scene.model.index(0, 0), int(Qt.ItemDataRole.AccessibleTextRole))
    assert spoken == "RELIANCE, 1,362.40, down 0.74 percent, live"
    scene.source.states[scene.ids["RELIANCE"]] = state(RowStateKind.DELAYED, "", "D15", explanation="15 min behind")
    scene.model.refresh_visible()
    spoken = scene.model.data(scene.model.index(0, 2), int(Qt.ItemDataRole.AccessibleTextRole))
    assert spoken.endswith("delayed D15")
    assert "15 min behind" in scene.model.data(scene.model.index(0, 2), int(Qt.ItemDataRole.ToolTipRole))


def test_before_the_first_regular_trade_the_extended_price_is_shown_as_last(qapp: object) -> None:
    scene = Scene("A")
    snapshot = scene.source.snapshots[scene.ids["A"]]
    snapshot.last_price, snapshot.ext_last = None, 101.0
    scene.source.states[scene.ids["A"]] = state(RowStateKind.PRE, "", "PRE")
    scene.model.reload()
    scene.model.refresh_visible()
    assert [scene.text(0, key) for key in ("last_price", "day_change", "day_change_pct")] == [
        "101.00",
        "+1.00",
        "+1.00%",
    ]
    number = [column.key for column in scene.model.columns].index("last_price")
    tip = scene.model.data(scene.model.index(0, number), int(Qt.ItemDataRole.ToolTipRole))
    assert "Extended hours: no last price yet" in tip
    look = CellPainter(Theme("dark")).look(scene.model.rows[0])
    assert (look.figures, look.changes) == (None, None)
    snapshot.last_price = 100.5
    assert CellPainter(Theme("dark")).look(scene.model.rows[0]).figures == "closed"


def test_one_point_of_a_line_is_one_point(qapp: object) -> None:
    scene = Scene("A")
    column = COLUMNS["sparkline"]
    assert [column.write(scene.model.rows[0], value) for value in (None, (1, 0), (2, 0))] == [
        "—",
        "1 point",
        "2 points",
    ]


def test_missing_figures_say_why(qapp: object) -> None:
    scene = Scene("A")
    number = [column.key for column in scene.model.columns].index("bid")
    assert scene.text(0, "bid") == "—"
    assert "no bid yet" in scene.model.data(scene.model.index(0, number), int(Qt.ItemDataRole.ToolTipRole))


def test_alignment_is_a_plain_int(qapp: object) -> None:
    scene = Scene("A")
    role = int(Qt.ItemDataRole.TextAlignmentRole)
    assert type(scene.model.data(scene.model.index(0, 2), role)) is int


def test_header_names_the_zone_all_rows_share(qapp: object) -> None:
    scene = Scene("A")
    number = [column.key for column in scene.model.columns].index("time")
    assert scene.model.headerData(number, Qt.Orientation.Horizontal) == "Time IST"
    scene.watchlist.add(scene.source.add("AAPL", venue="XNAS"))
    assert scene.model.headerData(number, Qt.Orientation.Horizontal) == "Exchange time"


def test_decimals_reserve_the_most_of_the_list(qapp: object) -> None:
    from decimal import Decimal

    scene = Scene("A")
    assert scene.model.price_decimals == 2
    scene.watchlist.add(scene.source.add("USDINR", 88.1175, tick_size=Decimal("0.0025")))
    assert scene.model.price_decimals == 4
    scene.watchlist.remove([1])
    assert scene.model.price_decimals == 2


def test_column_sets_and_own_columns() -> None:
    assert [column.key for column in COLUMN_SETS["compact"].columns] == ["symbol", "last_price", "day_change_pct"]
    own = columns_of(ColumnLayout(columns=("volume", "nonsense", "bid", "bid")))
    assert [column.key for column in own] == ["symbol", "volume", "bid"]
    assert all(not column.yields for column in own)
    assert columns_of(ColumnLayout(set_name="gone")) == COLUMN_SETS["standard"].columns


def test_the_sets_of_depth_and_derivatives_stand_as_traders_know_them() -> None:
    assert [column.title for column in COLUMN_SETS["depth"].columns] == [
        "Symbol", "Last", "Bid qty", "Bid", "Ask", "Ask qty", "Total buy", "Total sell", "Time",
    ]  # fmt: skip
    assert [column.title for column in COLUMN_SETS["derivatives"].columns] == [
        "Symbol", "Last", "Chg %", "OI", "OI chg", "Volume", "Lot", "Time",
    ]  # fmt: skip
    assert [column.title for column in COLUMN_SETS["depth"].columns if column.yields] == [
        "Total buy", "Total sell", "Time",
    ]  # fmt: skip


def test_quantities_are_short_in_the_cell_and_whole_in_the_tooltip(qapp: object) -> None:
    scene = Scene()
    scene.watchlist.add(
        scene.source.add(
            "NIFTY", bid_size=75.0, total_bid_size=1_234_567.0, open_interest=24_680_000.0, lot_size=75, volume=0.0
        )
    )
    scene.model.set_columns(tuple(COLUMNS.values()))
    (row,) = scene.model.rows
    texts = {key: (column.text(row), column.tooltip(row)) for key, column in COLUMNS.items()}
    assert (texts["bid_size"], texts["lot_size"]) == (("75", "75"), ("75", ""))
    assert texts["total_bid_size"] == ("12.35\u202fL", "12,34,567")
    assert texts["open_interest"] == ("2.47\u202fCr", "2,46,80,000")
    assert texts["ask_size"] == ("—", "no ask size yet")
    assert texts["open_interest_change"][0] == "—"
    assert texts["open_interest_change"][1].startswith("No feed states the open interest of the day before")
    assert COLUMNS["open_interest"].sort_value(row) == 24_680_000.0


def test_every_state_has_texts_in_every_column(qapp: object) -> None:
    source = FakeSource()
    watchlist = Watchlist("one", "One")
    for entry in every_state(source):
        watchlist.add(SectionHeading(entry) if isinstance(entry, str) else entry)
    model = WatchlistModel(source)
    model.set_watchlist(watchlist)
    model.set_columns(tuple(COLUMNS.values()))
    for position, row in enumerate(model.rows):
        if row.instrument is not None:
            assert all(model.texts(position))


def test_ten_thousand_rows_cost_what_is_visible(qapp: object) -> None:
    source, ids = numbered(10_000)
    watchlist = Watchlist("big", "Big")
    watchlist.insert(0, ids)
    model = WatchlistModel(source)
    model.set_watchlist(watchlist)
    model.set_visible_rows(5_000, 5_049)
    asked: list[InstrumentId] = []
    judge = source.row_state
    source.row_state = lambda instrument_id: asked.append(instrument_id) or judge(instrument_id)  # type: ignore
    model.apply([source.tick(instrument_id, 1.0) for instrument_id in ids])
    assert 0 < len(asked) <= 50
    assert model.rowCount(QModelIndex()) == 10_000
