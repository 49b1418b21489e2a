from __future__ import annotations

from typing import cast

import pytest
from chart_fakes import IBM, MINUTE_NS, OPEN_NS, SPY, FakeFeed, calendar_of, series_of, zigzag
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from marketwatch.domain.bar_interval import BarInterval
from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.snapshot import Origin, Snapshot
from marketwatch.qt.icons import IconSet
from marketwatch.qt.panels.chart_panel import ChartFacts, ChartPanel
from marketwatch.qt.theme import Theme

NOW_NS = OPEN_NS + 120 * MINUTE_NS


class FakeSource:
    """Hands out bars and remembers who still holds them."""

    def __init__(self) -> None:
        self.bar_count = 100
        self.open_feeds: list[FakeFeed] = []
        self.asked: list[tuple[str, BarInterval]] = []

    def open(self, instrument_id: InstrumentId, interval: BarInterval) -> FakeFeed:
        """Begin to follow."""
        self.asked.append((instrument_id.symbol, interval))
        feed = FakeFeed(series_of(zigzag(self.bar_count), interval))
        self.open_feeds.append(feed)
        return feed

    def close(self, series: FakeFeed) -> None:
        """Stop following."""
        self.open_feeds.remove(series)


class FakeSnapshot:
    """The figures that a chart reads of a snapshot."""

    def __init__(self, instrument: Instrument, price: float | None, prev_close: float | None) -> None:
        self.instrument = instrument
        self.price = price
        self.prev_close = prev_close
        self.origin = Origin(OPEN_NS + 32 * MINUTE_NS)


class Desk:
    """A panel and all it is given."""

    def __init__(self, theme: Theme, icons: IconSet) -> None:
        self.source = FakeSource()
        self.snapshots: dict[InstrumentId, FakeSnapshot] = {}
        self.state = "live"
        self.is_live = True
        self.panel = ChartPanel(theme, icons, self.source, self._facts, self._snapshot)

    def _facts(self, instrument: Instrument) -> ChartFacts:
        return ChartFacts(
            calendar=calendar_of(instrument), now_ns=lambda: NOW_NS, source="Massive, delayed 15 min",
            state=self.state, tag="REPLAY", is_live=self.is_live,
        )  # fmt: skip

    def _snapshot(self, instrument_id: InstrumentId) -> Snapshot | None:
        return cast("Snapshot | None", self.snapshots.get(instrument_id))

    def change(self, instrument: Instrument, price: float) -> list[Snapshot]:
        snapshot = FakeSnapshot(instrument, price, 100.0)
        self.snapshots[instrument.id] = snapshot
        return [cast("Snapshot", snapshot)]


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme, icons: IconSet) -> Desk:
    desk = Desk(theme, icons)
    qtbot.addWidget(desk.panel)
    desk.panel.resize(662, 612)
    return desk


def _title_words(desk: Desk) -> str:
    picture = desk.panel.canvas.picture
    assert picture is not None
    title = picture.shown.title
    return f"{title.instrument.symbol} {title.interval_words} {title.source} {title.state} {title.tag}"


def test_without_an_instrument_it_says_how_to_get_one(desk: Desk) -> None:
    assert desk.panel.canvas.spoken().startswith("No instrument chosen")
    assert not desk.panel.is_live()
    assert desk.panel.copy_picture() is None


def test_the_last_price_of_a_row_that_stands_still_does_not_look_live(desk: Desk) -> None:
    desk.change(IBM, 101.0)
    desk.panel.show_instrument(IBM)
    picture = desk.panel.canvas.picture
    assert picture is not None
    assert (picture.shown.lines.role, picture.shown.lines.ground) == ("candleUpOutline", "lastLabelUp")
    desk.is_live = False
    desk.panel.refresh()
    assert (picture.shown.lines.role, picture.shown.lines.ground) == ("closed", "raised")


def test_choosing_a_row_changes_the_chart_and_lets_go_of_the_old_bars(desk: Desk, qtbot: QtBot) -> None:
    with qtbot.waitSignal(desk.panel.shown) as shown:
        desk.panel.show_instrument(IBM)
    assert shown.args == ["IBM", "1 min"]
    desk.panel.show_instrument(SPY)
    desk.panel.show_instrument(SPY)
    assert desk.source.asked == [("IBM", BarInterval.M1), ("SPY", BarInterval.M1)]
    assert len(desk.source.open_feeds) == 1
    assert _title_words(desk) == "SPY 1 min Massive, delayed 15 min live REPLAY"
    desk.panel.close_chart()
    assert desk.source.open_feeds == []


@pytest.mark.parametrize("interval", list(BarInterval))
def test_every_interval_has_a_button_and_can_be_typed(desk: Desk, interval: BarInterval) -> None:
    desk.panel.show_instrument(IBM)
    desk.panel.show()
    other = BarInterval.M5 if interval is BarInterval.M1 else BarInterval.M1
    desk.panel.show_interval(other)
    buttons = desk.panel.tools.intervals._buttons
    QTest.mouseClick(buttons[interval], Qt.MouseButton.LeftButton)
    assert desk.panel.interval is interval
    desk.panel.show_interval(other)
    QTest.keyClicks(desk.panel.canvas, interval.label)
    QTest.keyClick(desk.panel.canvas, Qt.Key.Key_Return)
    assert desk.panel.interval is interval
    assert buttons[interval].isChecked()
    assert len(desk.source.open_feeds) == 1


def test_hidden_it_is_not_live_and_shown_again_it_reads_everything(desk: Desk, qtbot: QtBot) -> None:
    desk.panel.show_instrument(IBM)
    assert not desk.panel.is_live()
    series = desk.source.open_feeds[0].columns
    series.add_trade(123.0, 5, series.opens_ns[-1] + 1)
    with qtbot.waitSignal(desk.panel.became_live):
        desk.panel.show()
    assert desk.panel.is_live()
    picture = desk.panel.canvas.picture
    assert picture is not None
    assert picture.model.columns.close[99] == 123.0
    desk.panel.hide()
    assert not desk.panel.is_live()


def test_behind_another_tab_it_is_not_live(desk: Desk, qtbot: QtBot) -> None:
    desk.panel.show_instrument(IBM)
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(700, 600)
    desk.panel.setParent(window)
    desk.panel.setGeometry(0, 0, 640, 500)
    window.show()
    desk.panel.show()
    assert desk.panel.is_live()
    desk.panel.move(-2000, 0)  # where Qt keeps a dock that another tab covers
    assert desk.panel.isVisible()
    assert not desk.panel.is_live()
    desk.panel.setParent(None)


def test_only_changes_of_its_own_instrument_are_read(desk: Desk) -> None:
    desk.panel.show_instrument(IBM)
    desk.panel.show()
    picture = desk.panel.canvas.picture
    assert picture is not None
    series = desk.source.open_feeds[0].columns
    series.add_trade(123.0, 5, series.opens_ns[-1] + 1)
    desk.panel.apply(desk.change(SPY, 1.0))
    assert picture.model.columns.close[99] != 123.0
    desk.state = "stale 2:14"
    desk.panel.apply(desk.change(IBM, 123.0))
    assert picture.model.columns.close[99] == 123.0
    assert picture.shown.lines.last == 123.0
    assert picture.shown.lines.previous_close == 100.0
    assert "stale 2:14" in _title_words(desk)


def test_history_without_minutes_does_not_promise_any(desk: Desk) -> None:
    desk.source.bar_count = 0
    desk.state = "history to 30 Jun 2025"
    desk.panel.show_instrument(IBM)
    desk.panel.show()
    assert desk.panel.canvas.spoken() == (
        "No bars The feed has no minutes of IBM for the days chosen in Settings > Feeds."
    )


def test_no_bars_yet_is_said_in_words_and_the_first_bar_replaces_them(desk: Desk) -> None:
    desk.source.bar_count = 0
    desk.panel.show_instrument(IBM)
    desk.panel.show()
    assert desk.panel.canvas.spoken() == "No bars yet Bars of IBM appear with the first trade."
    desk.change(IBM, 50.0)
    desk.panel.refresh()
    assert desk.panel.canvas.spoken() == (
        "No bars yet No trade of IBM seen since 10:02 ET; bars appear with the first trade."
    )
    assert not desk.panel.grab().isNull()
    desk.source.open_feeds[0].columns.add_trade(50.0, 5, NOW_NS)
    desk.panel.apply(desk.change(IBM, 50.0))
    assert desk.panel.canvas.spoken().startswith("Tue 8 Oct 11:30 ET: open 50.00")
    assert not desk.panel.grab().isNull()


def test_a_place_scrolled_back_to_is_found_again_and_the_zoom_stays(desk: Desk) -> None:
    desk.source.bar_count = 1000
    desk.panel.show()
    desk.panel.show_instrument(IBM)
    viewport = desk.panel.canvas.viewport
    viewport.zoom_time(0.5, 100)
    viewport.pan(2000)
    span = viewport.visible_rows()
    desk.panel.show_instrument(SPY)
    assert viewport.is_at_end
    assert viewport.pitch == pytest.approx(3.5)
    desk.panel.show_instrument(IBM)
    assert viewport.visible_rows() == span


def test_a_price_scale_held_by_hand_is_marked_and_let_go_by_the_button(desk: Desk) -> None:
    desk.panel.show_instrument(IBM)
    desk.panel.show()
    auto = desk.panel.tools.auto
    QTest.mouseClick(auto, Qt.MouseButton.LeftButton)
    assert desk.panel.canvas.viewport.manual is not None
    assert auto.text() == "Manual"
    assert not auto.isChecked()
    QTest.mouseClick(auto, Qt.MouseButton.LeftButton)
    assert desk.panel.canvas.viewport.manual is None
    assert auto.text() == "Auto"
    desk.panel.canvas.set_auto_price(is_auto=False)
    desk.panel.reset_view()
    assert auto.isChecked()


def test_a_picture_carries_its_caption_and_no_buttons(desk: Desk, theme: Theme, qtbot: QtBot) -> None:
    desk.source.bar_count = 1000
    desk.panel.show_instrument(IBM)
    desk.panel.show()
    desk.panel.canvas.viewport.pan(3000)
    desk.panel.canvas.to_latest()
    with qtbot.waitSignal(desk.panel.picture_copied) as copied:
        image = desk.panel.copy_picture()
    assert copied.args == ["Picture of IBM 1 min copied"]
    assert image is not None
    assert image.height() == desk.panel.canvas.height() + 26
    assert QGuiApplication.clipboard().image() == image
    caption = desk.panel._caption(IBM, desk._facts(IBM))
    assert caption == "IBM NYSE  ·  1 min  ·  Massive, delayed 15 min  ·  live  ·  Tue 8 Oct 2013 11:30:00 ET"
    ink = theme.colour("text1")
    foot = range(desk.panel.canvas.height() + 4, image.height() - 4)
    assert any(image.pixelColor(x, y) == ink for y in foot for x in range(8, 300))


def test_the_interval_survives_a_restart_and_nonsense_is_left_aside(desk: Desk) -> None:
    desk.panel.restore_interval(BarInterval.S15.label)
    desk.panel.show_instrument(IBM)
    assert desk.panel.interval is BarInterval.S15
    for nonsense in ("", "9m"):
        desk.panel.restore_interval(nonsense)
    assert desk.panel.interval is BarInterval.S15


def test_reloading_opens_the_bars_anew(desk: Desk) -> None:
    desk.panel.show_instrument(IBM)
    desk.panel.reload()
    assert desk.source.asked == [("IBM", BarInterval.M1)] * 2
    assert len(desk.source.open_feeds) == 1


def test_it_fits_the_least_width_of_its_dock(desk: Desk) -> None:
    assert desk.panel.minimumSizeHint().width() <= 360


def test_everything_has_a_name_for_a_screen_reader(desk: Desk) -> None:
    desk.panel.show_instrument(IBM)
    assert desk.panel.canvas.accessibleName() == "Chart of IBM, 1 min"
    assert desk.panel.tools.picture.accessibleName() == "Copy picture"
    assert {button.accessibleName() for button in desk.panel.tools.intervals._buttons.values()} >= {"Bars of 1m"}
