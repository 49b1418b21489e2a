"""The depth panel shows a book that holds, greys one that may not, and says why there is none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from depth_rig import ASKS, BIDS, NOW_NS, DepthMarket
from hub_rig import INFY
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage
from pytestqt.qtbot import QtBot

from marketwatch.domain.events import DepthLevel
from marketwatch.feeds.subscriptions import TopicPhase, TopicStatus
from marketwatch.qt.formatting import CUT
from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.depth_model import BookColumn, DepthModel
from marketwatch.qt.panels.depth_panel import DepthPanel
from marketwatch.qt.theme import Theme
from marketwatch.services.presentation import RowState, RowStateKind

SHARE = msgspec.structs.replace(INFY, tick_size=Decimal("0.05"), exchange_tag="NSE")
STALE = RowState(RowStateKind.STALE, "stale 2:14", (), "Stale 2:14, the feed has stalled", 134.0)
TOOLTIP, ACCESSIBLE = Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole


@pytest.fixture
def market() -> DepthMarket:
    market = DepthMarket(SHARE)
    market.totals(610_000.0, 390_000.0)
    market.book()
    return market


@pytest.fixture
def panel(theme: Theme, icons: IconSet, market: DepthMarket, qtbot: QtBot) -> DepthPanel:
    panel = DepthPanel(theme, icons, market)
    qtbot.addWidget(panel)
    panel.resize(340, 420)
    panel.show_instrument(SHARE)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def texts(panel: DepthPanel) -> list[list[str]]:
    model = panel.model
    return [[model.data(model.index(row, column)) for column in BookColumn] for row in range(model.rowCount())]


def cell(panel: DepthPanel, row: int, column: BookColumn, at: float = 0.5) -> QColor:
    """Return the colour of a cell's ground, a pixel under its upper edge, at a part of its width."""
    table = panel.table
    image: QImage = table.viewport().grab().toImage()
    rect = table.visualRect(panel.model.index(row, column))
    return image.pixelColor(rect.left() + int((rect.width() - 1) * at), rect.top() + 3)


def test_levels_stand_side_by_side(panel: DepthPanel) -> None:
    assert texts(panel) == [
        ["3", "75", "1,362.40", "1,362.50", "40", "2"],
        ["1", "1,250", "1,362.35", "1,362.55", "90", "—"],
        ["180", "1,82,500", "1,362.30", "—", "", ""],
        ["", "", "—", "—", "", ""],
        ["", "", "—", "—", "", ""],
    ]
    assert panel.condition.text() == "Kite, 14:41:07 IST\nLive"
    assert panel.head.accessibleName() == "INFY NSE EQ INR"


def test_sums_and_spread_stand_below(panel: DepthPanel) -> None:
    rows = [line.row for line in (panel.spread_line, panel.bid_line, panel.ask_line)]
    assert [(row.name, row.value, row.note) for row in rows if row is not None] == [
        ("Spread", "0.10", "2 ticks, 0.01%"),
        ("Total bid", "6.10\u202fL", "61% of all orders"),
        ("Total ask", "3.90\u202fL", "39% of all orders"),
    ]
    assert panel.balance_line.words == "61% bid, 39% asked: more bid than asked"
    assert "6,10,000" in panel.bid_line.toolTip()


def test_bars_are_as_long_as_the_sizes(panel: DepthPanel, theme: Theme) -> None:
    full, ground = theme.colour("gainFlash"), theme.colour("panel")
    assert cell(panel, 2, BookColumn.BID_ORDERS, 0.1) == full
    assert cell(panel, 2, BookColumn.BID, 0.1) == full
    assert cell(panel, 1, BookColumn.BID, 0.1) == ground
    assert cell(panel, 3, BookColumn.BID, 0.9) == ground
    panel_image = panel.balance_line.grab().toImage()
    assert panel_image.pixelColor(20, 8) == theme.colour("volumeUp")
    assert panel_image.pixelColor(panel_image.width() - 20, 8) == theme.colour("volumeDown")


def test_a_stale_book_does_not_look_live(panel: DepthPanel, market: DepthMarket, theme: Theme) -> None:
    market.state = STALE
    panel.refresh()
    assert panel.condition.text().splitlines()[1] == "Stale 2:14, the feed has stalled"
    assert cell(panel, 2, BookColumn.BID) == theme.colour("line")
    assert cell(panel, 3, BookColumn.ASK_SIZE) == theme.colour("staleTint")
    edge = {panel.table.viewport().grab().toImage().pixelColor(x, 80).name() for x in range(6)}
    assert theme.colour("hatch").name() in edge
    row = panel.spread_line.row
    assert row is not None
    assert row.value_role == "stale"
    assert panel.balance_line.grab().toImage().pixelColor(20, 8) == theme.colour("control")


def test_a_book_that_stands_still_greys_by_itself(panel: DepthPanel, market: DepthMarket, theme: Theme) -> None:
    market.now_ns = NOW_NS + 48 * 10**9
    panel.refresh()
    assert panel.condition.text().splitlines()[1] == "Unchanged for 0:48"
    assert cell(panel, 2, BookColumn.BID) == theme.colour("line")
    assert cell(panel, 3, BookColumn.ASK_SIZE) == theme.colour("panel")


def test_without_a_book_the_reason_takes_its_place(panel: DepthPanel, market: DepthMarket) -> None:
    market.rig.hub.reset(market.rig.facts.id)
    market.topic = TopicStatus(TopicPhase.ASKED, at_ns=NOW_NS)
    panel.refresh()
    assert panel.absent is not None
    assert panel.absent.cause == "Asked 0:00 ago, no depth yet"
    assert panel.model.rowCount() == 0
    assert not panel.table.isVisible()
    panel.copy_book()
    panel.apply([market.book()])
    assert panel.absent is None
    assert panel.table.isVisible()


def test_only_its_own_instrument_is_read_again(panel: DepthPanel, market: DepthMarket) -> None:
    other = market.rig.ibm
    market.book(NOW_NS + 10**9, bids=(DepthLevel(1363.0, 5.0, 1),))
    panel.apply([other])
    assert texts(panel)[0][2] == "1,362.40"
    panel.apply([market.row])
    assert texts(panel)[0][2] == "1,363.00"


def test_only_rows_that_changed_are_told_of(panel: DepthPanel, market: DepthMarket) -> None:
    told: list[int] = []
    panel.model.dataChanged.connect(lambda first, _last: told.append(first.row()))
    panel.refresh()
    assert told == []
    market.book(NOW_NS + 10**9, asks=(ASKS[0], DepthLevel(1362.55, 91.0, 2)))
    panel.refresh()
    assert told == [1]
    market.book(NOW_NS + 2 * 10**9, bids=(*BIDS[:2], DepthLevel(1362.3, 200_000.0, 1)))
    panel.refresh()
    assert told == [1, 0, 1, 2, 3, 4]  # the longest bar is the measure of all


def test_five_levels_are_never_squeezed(panel: DepthPanel, theme: Theme) -> None:
    panel.resize(340, 150)
    panel.grab()
    assert panel.table.viewport().height() >= 5 * theme.height("compact")


def test_twenty_levels_scroll_and_five_do_not(panel: DepthPanel, market: DepthMarket) -> None:
    assert not panel.table.verticalScrollBar().isVisible()
    market.book(NOW_NS + 10**9, bids=tuple(DepthLevel(1362.0 - n, 10.0, 1) for n in range(20)))
    panel.refresh()
    assert panel.model.rowCount() == 20
    panel.table.scrollToBottom()
    panel.grab()
    assert panel.table.shown[19, BookColumn.BID] == "1,343.00"


@pytest.mark.parametrize("width", [280, 340, 520])
def test_no_number_is_cut(panel: DepthPanel, width: int) -> None:
    panel.resize(width, 420)
    panel.grab()
    shown = panel.table.shown
    assert shown[2, BookColumn.BID] == "1,362.30"
    assert shown[2, BookColumn.BID_SIZE] == ("1.82\u202fL" if width == 340 else "1,82,500")
    assert shown[1, BookColumn.BID_SIZE] == "1,250"
    assert CUT not in shown.values()
    assert panel.table.isColumnHidden(BookColumn.BID_ORDERS) is (width == 280)  # the tooltip has them


def test_what_finds_no_room_becomes_dots_and_stays_in_the_tooltip(panel: DepthPanel, market: DepthMarket) -> None:
    market.book(NOW_NS + 10**9, bids=(DepthLevel(1_234_567_890.25, 987_654_321_987_654.0, 123_456_789),))
    panel.refresh()
    panel.resize(280, 420)
    panel.grab()
    assert CUT in panel.table.shown.values()
    tip = panel.model.data(panel.model.index(0, 0), TOOLTIP)
    assert tip == "98,76,54,32,19,87,654 bid at 1,23,45,67,890.25 in 123456789 orders"


def test_it_speaks(panel: DepthPanel) -> None:
    assert panel.accessibleName() == "Depth of INFY"
    assert panel.table.accessibleName() == "Depth of INFY, levels of the book"
    model = panel.model
    assert model.data(model.index(0, 0), ACCESSIBLE) == (
        "Level 1: 75 bid at 1,362.40 in 3 orders; 40 asked at 1,362.50 in 2 orders"
    )
    assert model.data(model.index(1, 0), ACCESSIBLE) == (
        "Level 2: 1,250 bid at 1,362.35 in 1 order; 90 asked at 1,362.55"
    )
    assert model.data(model.index(4, 0), ACCESSIBLE) == "Level 5: Nothing more is bid; Nothing more is asked"
    assert panel.balance_line.accessibleName() == "61% bid, 39% asked: more bid than asked, all orders"


def test_the_keyboard_goes_through_the_levels_and_copies_the_book(panel: DepthPanel, qtbot: QtBot) -> None:
    panel.activateWindow()
    panel.setFocus()
    qtbot.waitUntil(panel.table.hasFocus)
    qtbot.keyClick(panel.table, Qt.Key.Key_Down)
    qtbot.keyClick(panel.table, Qt.Key.Key_Down)
    assert panel.table.currentIndex().row() in (1, 2)
    with qtbot.waitSignal(panel.copied) as told:
        qtbot.keyClick(panel.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert told.args == ["Copied the book of INFY"]
    copied = QGuiApplication.clipboard().text().splitlines()
    assert copied[2] == "3\t75\t1362.4\t1362.5\t40\t2"
    assert len(copied) == 6


def test_the_chosen_level_is_marked(panel: DepthPanel, theme: Theme, qtbot: QtBot) -> None:
    panel.activateWindow()
    panel.setFocus()
    qtbot.waitUntil(panel.table.hasFocus)
    panel.table.selectRow(3)
    assert cell(panel, 3, BookColumn.ASK_SIZE) == theme.colour("selection")


def test_hidden_it_is_not_live_and_reads_again_when_shown(panel: DepthPanel, market: DepthMarket, qtbot: QtBot) -> None:
    assert panel.is_live()
    with qtbot.waitSignal(panel.sight_changed):
        panel.hide()
    assert not panel.is_live()
    market.book(NOW_NS + 10**9, bids=(DepthLevel(1363.0, 5.0, 1),))
    with qtbot.waitSignal(panel.sight_changed):
        panel.show()
    assert texts(panel)[0][2] == "1,363.00"


def test_an_empty_panel_says_the_next_step(panel: DepthPanel) -> None:
    panel.show_instrument(None)
    assert not panel.is_live()
    assert panel.accessibleName() == "Depth"
    assert panel.absent is not None
    assert panel.absent.cause == "No instrument chosen"


@pytest.mark.parametrize("name", ["light", "highContrast"])
def test_it_follows_the_theme(panel: DepthPanel, theme: Theme, name: str) -> None:
    theme.switch(name)  # type: ignore[arg-type]
    assert cell(panel, 2, BookColumn.BID, 0.1) == theme.colour("gainFlash")
    assert panel.grab().toImage().pixelColor(3, 400) == theme.colour("panel")


def test_the_model_keeps_qts_contract(qapp: object, market: DepthMarket, panel: DepthPanel, qtmodeltester: Any) -> None:
    model = DepthModel()
    model.show(panel.model.view)
    qtmodeltester.check(model, force_py=True)
    market.book(NOW_NS + 10**9, bids=tuple(DepthLevel(1362.0 - n, 10.0, 1) for n in range(20)))
    panel.refresh()
    model.show(panel.model.view)
    assert model.rowCount() == 20
    assert model.rowCount(model.index(0, 0)) == 0
    assert model.data(QModelIndex()) is None
    assert [model.headerData(column, Qt.Orientation.Horizontal) for column in BookColumn] == [
        "Orders", "Size", "Bid", "Ask", "Size", "Orders",
    ]  # fmt: skip
    model.show(None)
    assert model.rowCount() == 0
