"""The panels of reports and the alert cards: rows keep their selection, firings wait, nothing invalid is a value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import pytest
from PySide6.QtCore import QPersistentModelIndex, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from marketwatch.domain.ids import CASH, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.alert_rows import AlertRow, CardView, LogRow
from marketwatch.qt.models.analysis_rows import AnalysisView, InvalidLine
from marketwatch.qt.models.detail_rows import DetailRow
from marketwatch.qt.models.keyed_rows import KeyedRowsModel
from marketwatch.qt.models.portfolio_rows import COLUMNS, MoneyCell, PortfolioView, PositionRow
from marketwatch.qt.models.stream_words import PanelMessage
from marketwatch.qt.panels.alerts_panel import AlertsPanel, AlertsView
from marketwatch.qt.panels.analysis_panel import AnalysisPanel
from marketwatch.qt.panels.dock_head import DockHead
from marketwatch.qt.panels.portfolio_panel import PortfolioPanel
from marketwatch.qt.popups.alert_popup import GUARD_MS, MOST_CARDS, AlertCards
from marketwatch.qt.theme import Theme

SBIN = Instrument(id=InstrumentId(Venue("NSE"), CASH, "SBIN"), currency="INR")
NOTHING = PanelMessage("Nothing", "Wait.")


# --- rows that come anew


def position(key: str, text: str = "1", **more: object) -> PositionRow:
    cells = (MoneyCell(key), *(MoneyCell(text) for _ in COLUMNS[1:]))
    return PositionRow(key=key, cells=cells, **more)  # type: ignore[arg-type]


def test_rows_are_told_apart_by_their_keys(qtmodeltester: ModelTester) -> None:
    model: KeyedRowsModel[PositionRow] = KeyedRowsModel(COLUMNS)
    model.show_rows([position("a"), position("b"), position("c")])
    qtmodeltester.check(model, force_py=True)
    kept = model.index(1, 0)
    held = QPersistentModelIndex(kept)
    changed: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda first, last, _roles: changed.append((first.row(), last.row())))
    model.show_rows([position("d"), position("c"), position("b", "2")])
    assert [model.index(row, 0).data() for row in range(model.rowCount())] == ["d", "c", "b"]
    assert (held.row(), held.data()) == (2, "b")
    assert changed == [(2, 2)]
    model.show_rows([])
    assert not held.isValid()
    assert model.place_of("b") == -1


# --- analysis


@pytest.fixture
def analysis(theme: Theme, icons: IconSet, qtbot: QtBot) -> tuple[AnalysisPanel, list[AnalysisView]]:
    views = [AnalysisView(message=NOTHING)]
    panel = AnalysisPanel(theme, icons, lambda _instrument: views[-1])
    qtbot.addWidget(panel)
    panel.resize(340, 400)
    panel.show()
    return panel, views


def figure(key: str, value: str) -> DetailRow:
    return DetailRow(key=key, name=key.upper(), value=value)


def test_analysis_goes_from_empty_to_figures_and_back(analysis: tuple[AnalysisPanel, list[AnalysisView]]) -> None:
    panel, views = analysis
    assert panel.message.startswith("No instrument chosen")
    panel.show_instrument(SBIN)
    assert (panel.message, panel.accessibleName()) == ("Nothing Wait.", "Analysis of SBIN")
    groups = ([figure("rsi", "62.40")], [], [figure("p0", "flag"), figure("p1", "wedge")], [])
    views.append(AnalysisView(source="Service, 14:41:07 IST", groups=groups))
    panel.refresh()
    assert (panel.message, panel.source.text()) == ("", "Service, 14:41:07 IST")
    assert {key: row.value for key, row in panel.rows().items()} == {"rsi": "62.40", "p0": "flag", "p1": "wedge"}
    views.append(AnalysisView(groups=([], [], [figure("p0", "flag")], [])))
    panel.refresh()
    assert list(panel.rows()) == ["p0"]


def test_an_invalid_figure_is_a_line_of_its_own(
    analysis: tuple[AnalysisPanel, list[AnalysisView]], theme: Theme
) -> None:  # fmt: skip
    panel, views = analysis
    line = InvalidLine("rsi", "RSI", "1750", "It lies outside 0 to 100.")
    views.append(AnalysisView(groups=([], [], [], []), invalid=[line]))
    panel.show_instrument(SBIN)
    assert panel.invalid() == [line]
    assert panel.rows() == {}
    spoken = [one.accessibleName() for one in panel.findChildren(QWidget) if one.isVisible()]
    assert "RSI invalid, the server sent 1750: It lies outside 0 to 100." in spoken
    before = panel.grab().toImage()
    theme.switch("light")
    assert panel.grab().toImage() != before
    views.append(AnalysisView(groups=([], [], [], [])))
    panel.refresh()
    assert panel.invalid() == []


# --- alerts


def alert(key: str, number: int | None = None) -> AlertRow:
    return AlertRow(
        key=key, symbol=key, tag="NSE", condition="is above 820.00", distance="+1.00%", detail="server: Service",
        state="triggered 14:41:07" if number else "armed", state_role="text2", nearness=1.0, number=number,
    )  # fmt: skip


def logged(number: int, *, waits: bool = True) -> LogRow:
    return LogRow(
        key=number, time="14:41:07", what="fired", what_role="alert", detail="SBIN is above 820.00",
        number=number if waits else None,
    )  # fmt: skip


class Alerts:
    """The panel and what it is told."""

    def __init__(self, theme: Theme, icons: IconSet) -> None:
        self.view = AlertsView(message=NOTHING)
        self.head = DockHead(theme, icons)
        self.panel = AlertsPanel(theme, icons, self.head, lambda: self.view)
        self.acknowledged: list[int] = []
        self.charts: list[object] = []
        self.panel.acknowledge_requested.connect(self.acknowledged.append)
        self.panel.chart_requested.connect(self.charts.append)

    def show(
        self, rows: Sequence[AlertRow] = (), log: Sequence[LogRow] = (), blind: PanelMessage | None = None
    ) -> None:
        self.view = AlertsView(message=NOTHING, rows=rows, log=log, blind=blind, summary="1 armed", log_zone="IST")
        self.panel.refresh()


@pytest.fixture
def alerts(theme: Theme, icons: IconSet, qtbot: QtBot) -> Alerts:
    made = Alerts(theme, icons)
    qtbot.addWidget(made.panel)
    qtbot.addWidget(made.head)
    made.panel.resize(340, 300)
    made.panel.show()
    return made


def test_alerts_and_log_are_two_tabs_with_counts(alerts: Alerts, qtmodeltester: ModelTester) -> None:
    assert alerts.panel.message == "Nothing Wait."
    alerts.show([alert("SBIN"), alert("TCS")], [logged(1)])
    assert alerts.panel.message == ""
    assert [alerts.head.tabs.accessibleTabName(index) for index in (0, 1)] == ["Alerts, 2", "Log today, 1"]
    qtmodeltester.check(alerts.panel.model, force_py=True)
    alerts.panel.show_log()
    assert alerts.panel.log_table.isVisible()
    assert alerts.panel.log_model.headerData(0, Qt.Orientation.Horizontal) == "Time IST"
    alerts.show([alert("SBIN")], [])
    assert alerts.panel.message.startswith("Nothing fired today")


def test_enter_acknowledges_the_chosen_firing_and_the_button_the_first(alerts: Alerts, qtbot: QtBot) -> None:
    alerts.show([alert("SBIN", 5), alert("TCS", 7), alert("INFY")])
    assert alerts.panel.acknowledge.isVisible()
    alerts.panel.acknowledge.click()
    alerts.panel.table.selectRow(1)
    alerts.panel.table.setFocus()
    qtbot.keyClick(alerts.panel.table, Qt.Key.Key_Return)
    assert alerts.acknowledged == [5, 7]
    alerts.show([alert("SBIN"), alert("TCS")])
    assert not alerts.panel.acknowledge.isVisible()
    qtbot.keyClick(alerts.panel.table, Qt.Key.Key_Space)
    assert alerts.acknowledged == [5, 7]
    index = alerts.panel.model.index(1, 0)
    alerts.panel.table.doubleClicked.emit(index)
    qtbot.keyClick(alerts.panel.table, Qt.Key.Key_C)
    assert alerts.charts == ["TCS", "TCS"]


def test_blindness_stands_above_the_alerts(alerts: Alerts) -> None:
    blind = PanelMessage("Service's alerts are blind.", "The connection broke.", "error")
    alerts.show([alert("SBIN")], blind=blind)
    assert alerts.panel.banner.isVisible()
    assert alerts.panel.banner.sentence == "Service's alerts are blind. The connection broke."
    alerts.show([alert("SBIN")])
    assert not alerts.panel.banner.isVisible()


def test_a_row_speaks_whole_and_waiting_rows_have_another_ground(alerts: Alerts, theme: Theme) -> None:
    alerts.show([alert("SBIN", 5), alert("TCS")])
    spoken = alerts.panel.model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    expected = "SBIN NSE is above 820.00, +1.00% away, triggered 14:41:07, not acknowledged, server: Service"
    assert spoken == expected
    picture = alerts.panel.table.viewport().grab().toImage()
    assert picture.pixelColor(2, 18) == theme.colour("alertTint")
    assert picture.pixelColor(2, 37 + 18) == theme.colour("panel")


# --- portfolio


def test_the_portfolio_shows_rows_totals_and_what_was_stated(theme: Theme, icons: IconSet, qtbot: QtBot) -> None:
    views = [PortfolioView(title="Server portfolio – Service", message=NOTHING)]
    panel = PortfolioPanel(theme, icons, lambda: views[-1])
    qtbot.addWidget(panel)
    panel.resize(662, 240)
    panel.show()
    assert (panel.message, panel.accessibleName()) == ("Nothing Wait.", "Server portfolio – Service")
    rows = [position("SBIN"), position("Total INR", "2", is_total=True)]
    views.append(PortfolioView(title="Other", rows=rows, stated="As stated at 14:41:07", notes="1 is left out."))
    with qtbot.waitSignal(panel.titled) as told:
        panel.refresh()
    assert told.args == ["Other"]
    assert (panel.message, panel.stated.text(), panel.notes.text()) == ("", "As stated at 14:41:07", "1 is left out.")
    picture = panel.table.viewport().grab().toImage()
    row = theme.height("compact")
    assert picture.pixelColor(2, row // 2) == theme.colour("panel")
    assert picture.pixelColor(2, row + row // 2) == theme.colour("zebra")


def test_a_figure_that_has_no_room_is_left_out_and_never_cut(theme: Theme, icons: IconSet, qtbot: QtBot) -> None:
    view = PortfolioView(rows=[position("SBIN", "1,23,45,678.90")])
    panel = PortfolioPanel(theme, icons, lambda: view)
    qtbot.addWidget(panel)
    metrics = theme.fonts.metrics(theme.fonts.numbers("base"))
    panel.resize(900, 240)
    panel.show()
    for width, hidden in ((900, []), (560, ["Unreal. %"]), (470, ["Avg price", "Unreal. %"])):
        panel.resize(width, 240)
        panel.grab()
        found = [column.title for number, column in enumerate(COLUMNS) if panel.table.isColumnHidden(number)]
        assert found == hidden, width
        shown = [number for number in range(len(COLUMNS)) if not panel.table.isColumnHidden(number)]
        assert sum(panel.table.columnWidth(number) for number in shown) <= panel.table.viewport().width()
        assert all(panel.table.columnWidth(one) > metrics.horizontalAdvance("1,23,45,678.90") for one in shown[1:])


# --- cards


def card(number: int, symbol: str = "SBIN") -> CardView:
    return CardView(
        number=number, symbol=symbol, tag="NSE", name="State Bank of India", condition="is above 820.00",
        price="820.35", origin="server: Service", at="14:41:07", when="fired at 14:41:07 IST",
        source="price here then, Odin Streamer",
    )  # fmt: skip


class Cards:
    """The cards and what they are told."""

    def __init__(self, theme: Theme, icons: IconSet, window: QWidget) -> None:
        self.acknowledged: list[int] = []
        self.charts: list[int] = []
        self.cards = AlertCards(
            theme, icons, window, acknowledge=self.acknowledged.append, open_chart=self.charts.append
        )

    def shown(self) -> list[tuple[tuple[int, ...], str]]:
        return [(tuple(view.number for view in one.views), one.place) for one in self.cards.cards]


@pytest.fixture
def cards(theme: Theme, icons: IconSet, qtbot: QtBot) -> Iterator[Cards]:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    made = Cards(theme, icons, window)
    yield made
    made.cards.close()


def test_each_firing_keeps_its_card_and_its_place(cards: Cards) -> None:
    cards.cards.show_firings([card(1)])
    (first,) = cards.cards.cards
    place = first.geometry()
    cards.cards.show_firings([card(1), card(2), card(3)])
    assert cards.shown() == [((1,), "1 of 3"), ((2,), "2 of 3"), ((3,), "3 of 3")]
    assert cards.cards.cards[0] is first
    assert first.geometry() == place
    tops = [one.y() for one in cards.cards.cards]
    assert tops == sorted(tops, reverse=True)
    cards.cards.show_firings([card(3)])
    assert cards.shown() == [((3,), "1 of 1")]
    cards.cards.show_firings([])
    assert cards.shown() == []
    assert not cards.cards.take_focus()


def test_many_firings_share_one_card_that_lists_each(cards: Cards, qtbot: QtBot) -> None:
    cards.cards.show_firings([card(number, f"S{number}") for number in range(1, MOST_CARDS + 1)])
    cards.cards.show_firings([card(number, f"S{number}") for number in range(1, 11)])
    ((numbers, place),) = cards.shown()
    assert (numbers, place) == (tuple(range(10, 0, -1)), "")
    (only,) = cards.cards.cards
    assert "S1 is above 820.00" in only.accessibleName()
    only.grab()
    only.acknowledge.click()  # it was meant for the card that stood there
    assert cards.acknowledged == []
    qtbot.wait(GUARD_MS + 50)
    only.acknowledge.click()
    assert cards.acknowledged == list(range(10, 0, -1))


def test_a_card_never_takes_the_focus_until_it_is_asked_to(cards: Cards, qtbot: QtBot) -> None:
    cards.cards.show_firings([card(3)])
    (only,) = cards.cards.cards
    assert only.windowFlags() & Qt.WindowType.WindowDoesNotAcceptFocus
    assert only.windowFlags() & Qt.WindowType.WindowStaysOnTopHint
    assert only.testAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    assert only.parentWidget() is None  # the main window may be minimised
    assert only.accessibleName().startswith("Alert, SBIN is above 820.00, price 820.35, server: Service")
    assert cards.cards.take_focus()
    assert not only.windowFlags() & Qt.WindowType.WindowDoesNotAcceptFocus
    qtbot.waitUntil(only.acknowledge.hasFocus)
    qtbot.keyClick(only.acknowledge, Qt.Key.Key_Return)
    assert cards.acknowledged == [3]
    only.chart.click()
    assert cards.charts == [3]


@pytest.mark.parametrize("name", ["dark", "light", "highContrast"])
def test_a_card_follows_the_theme(cards: Cards, theme: Theme, name: str) -> None:
    long = msgspec.structs.replace(card(3), name="A name much too long for the room there is")
    cards.cards.show_firings([long])
    theme.switch(name)  # type: ignore[arg-type]
    (only,) = cards.cards.cards
    picture = only.grab().toImage()
    assert picture.pixelColor(1, 60) == theme.colour("alertLine")
    assert picture.pixelColor(200, 5) == theme.colour("raised")
