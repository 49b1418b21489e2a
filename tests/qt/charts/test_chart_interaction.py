from __future__ import annotations

from collections.abc import Callable

import pytest
from chart_fakes import MINUTE_NS, OPEN_NS, FakeFeed, series_of, zigzag
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from marketwatch.qt.charts.canvas import ChartCanvas
from marketwatch.qt.charts.viewport import DEFAULT_PITCH

MakeChart = Callable[..., ChartCanvas]
LEFT = Qt.MouseButton.LeftButton


def _wheel(canvas: ChartCanvas, at: QPoint, up: int = 0, across: int = 0) -> None:
    event = QWheelEvent(
        QPointF(at), QPointF(canvas.mapToGlobal(at)), QPoint(), QPoint(across, up), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(canvas, event)


def _drag(canvas: ChartCanvas, start: QPoint, end: QPoint) -> None:
    QTest.mousePress(canvas, LEFT, pos=start)
    QTest.mouseMove(canvas, (start + end) / 2)
    QTest.mouseMove(canvas, end)
    QTest.mouseRelease(canvas, LEFT, pos=end)


def _scale(canvas: ChartCanvas) -> tuple[float, float]:
    assert canvas.picture is not None
    scale = canvas.picture.frame(canvas.layout_px(), 1.0).scale
    return scale.low, scale.high


def _latest_button(canvas: ChartCanvas) -> QPushButton:
    button = canvas.findChild(QPushButton)
    assert isinstance(button, QPushButton)
    return button


def test_the_wheel_zooms_about_the_cursor(make_chart: MakeChart) -> None:
    canvas = make_chart(zigzag(2000))
    canvas.viewport.pan(4000)
    before = canvas.viewport.position_at(200)
    _wheel(canvas, QPoint(200, 200), up=240)
    assert canvas.viewport.pitch == pytest.approx(DEFAULT_PITCH * 1.15**2)
    assert canvas.viewport.position_at(200) == pytest.approx(before)
    _wheel(canvas, QPoint(200, 200), up=-360)
    assert canvas.viewport.pitch < DEFAULT_PITCH
    assert canvas.viewport.position_at(200) == pytest.approx(before)


def test_a_sideways_wheel_pans(make_chart: MakeChart) -> None:
    canvas = make_chart(zigzag(2000))
    right = canvas.viewport.right
    _wheel(canvas, QPoint(200, 200), across=70)
    assert canvas.viewport.right == pytest.approx(right - 70 / DEFAULT_PITCH)


def test_dragging_the_plot_pans_and_keeps_the_price_scale_automatic(make_chart: MakeChart) -> None:
    canvas = make_chart(zigzag(2000))
    right = canvas.viewport.right
    _drag(canvas, QPoint(200, 200), QPoint(340, 260))
    assert canvas.viewport.right == pytest.approx(right - 140 / DEFAULT_PITCH)
    assert canvas.viewport.manual is None


def test_dragging_the_price_axis_stretches_prices_until_a_double_click(make_chart: MakeChart, qtbot: QtBot) -> None:
    canvas = make_chart(zigzag(2000))
    low, high = _scale(canvas)
    with qtbot.waitSignal(canvas.view_changed):
        _drag(canvas, QPoint(630, 200), QPoint(630, 300))
    assert canvas.viewport.manual is not None
    assert _scale(canvas)[1] - _scale(canvas)[0] > 1.5 * (high - low)
    held = _scale(canvas)
    _drag(canvas, QPoint(200, 200), QPoint(200, 240))
    assert _scale(canvas)[1] > held[1]
    QTest.mouseDClick(canvas, LEFT, pos=QPoint(630, 200))
    assert canvas.viewport.manual is None
    assert _scale(canvas) == (low, high)


def test_dragging_the_time_axis_stretches_bars_until_a_double_click(make_chart: MakeChart) -> None:
    canvas = make_chart(zigzag(2000))
    _drag(canvas, QPoint(200, 570), QPoint(100, 570))
    assert canvas.viewport.pitch > DEFAULT_PITCH * 1.3
    QTest.mouseDClick(canvas, LEFT, pos=QPoint(200, 570))
    assert canvas.viewport.pitch == DEFAULT_PITCH
    assert canvas.viewport.is_at_end


def test_dragging_the_divider_gives_the_volume_more_room(make_chart: MakeChart) -> None:
    canvas = make_chart(zigzag(100))
    top = canvas.layout_px().price_height
    _drag(canvas, QPoint(300, top), QPoint(300, top - 60))
    assert canvas.layout_px().volume_height == 148
    _drag(canvas, QPoint(300, top - 60), QPoint(300, 575))
    assert canvas.layout_px().volume_height == 40


def test_the_wheel_over_the_price_axis_stretches_prices(make_chart: MakeChart) -> None:
    canvas = make_chart(zigzag(100))
    low, high = _scale(canvas)
    _wheel(canvas, QPoint(640, 100), up=-120)
    assert _scale(canvas)[1] - _scale(canvas)[0] == pytest.approx((high - low) * 1.15)


def test_a_button_leads_back_to_the_latest_bar(make_chart: MakeChart) -> None:
    canvas = make_chart(zigzag(2000))
    button = _latest_button(canvas)
    assert not button.isVisible()
    _drag(canvas, QPoint(100, 200), QPoint(500, 200))
    assert button.isVisible()
    assert canvas.layout_px().price_pane.contains(button.geometry())
    QTest.mouseClick(button, LEFT)
    assert canvas.viewport.is_at_end
    assert not button.isVisible()


def test_new_bars_scroll_only_a_view_of_the_end(make_chart: MakeChart) -> None:
    series = series_of(zigzag(500))
    canvas = make_chart(FakeFeed(series))
    series.add_trade(100.0, 1, series.opens_ns[-1] + MINUTE_NS)
    canvas.refresh(100.0, None)
    assert canvas.viewport.x_of(501) == pytest.approx(canvas.viewport.width - 26)
    canvas.viewport.pan(1000)
    x = canvas.viewport.x_of(300)
    series.add_trade(100.0, 1, series.opens_ns[-1] + MINUTE_NS)
    canvas.refresh(100.0, None)
    assert canvas.viewport.x_of(300) == x


def test_the_crosshair_snaps_to_the_bar_under_the_pointer_and_leaves_with_it(make_chart: MakeChart) -> None:
    canvas = make_chart(zigzag(500))
    QTest.mouseMove(canvas, QPoint(300, 200))
    row = canvas.crosshair_row
    assert row == canvas.viewport.row_at(300)
    assert canvas.picture is not None
    assert canvas.picture.row() == row
    QTest.mouseMove(canvas, QPoint(640, 200))
    assert canvas.crosshair_row is None
    assert canvas.picture.row() == 499


def test_arrows_move_the_crosshair_and_speak_the_bar(make_chart: MakeChart) -> None:
    canvas = make_chart(zigzag(500))
    QTest.keyClick(canvas, Qt.Key.Key_Left)
    assert canvas.crosshair_row == 499
    QTest.keyClick(canvas, Qt.Key.Key_Left)
    assert canvas.crosshair_row == 498
    assert canvas.accessibleDescription() == canvas.spoken()
    assert canvas.spoken().startswith("Tue 8 Oct 17:48 ET: open 100.40, high 100.50")
    for _ in range(120):
        QTest.keyClick(canvas, Qt.Key.Key_Left)
    first, _ = canvas.viewport.visible_rows()
    assert canvas.crosshair_row == 378
    assert first <= 378
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.crosshair_row == 379
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.crosshair_row is None


def test_keys_page_zoom_and_go_to_the_ends(make_chart: MakeChart) -> None:
    canvas = make_chart(zigzag(2000))
    right = canvas.viewport.right
    QTest.keyClick(canvas, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert canvas.viewport.right == pytest.approx(right - 0.9 * canvas.viewport.width / DEFAULT_PITCH)
    QTest.keyClick(canvas, Qt.Key.Key_Home)
    assert canvas.viewport.visible_rows()[0] == 0
    QTest.keyClick(canvas, Qt.Key.Key_End)
    assert canvas.viewport.is_at_end
    QTest.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas.viewport.pitch > DEFAULT_PITCH
    QTest.keyClick(canvas, Qt.Key.Key_Minus)
    assert canvas.viewport.pitch == pytest.approx(DEFAULT_PITCH)


def test_digits_then_enter_choose_an_interval(make_chart: MakeChart, qtbot: QtBot) -> None:
    canvas = make_chart(zigzag(20))
    with qtbot.waitSignal(canvas.interval_typed) as typed:
        QTest.keyClicks(canvas, "15s")
        QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert typed.args == ["15s"]
    with qtbot.assertNotEmitted(canvas.interval_typed):
        QTest.keyClicks(canvas, "7")
        canvas.grab()
        QTest.keyClick(canvas, Qt.Key.Key_Escape)
        QTest.keyClick(canvas, Qt.Key.Key_Return)


def test_a_tick_in_the_last_bar_draws_no_other_bar_anew(make_chart: MakeChart) -> None:
    series = series_of(zigzag(300))
    now_ns = series.opens_ns[-1] + 20 * 10**9
    canvas = make_chart(FakeFeed(series), now_ns=now_ns)
    canvas.refresh(100.2, 100.0)
    canvas.grab()
    assert canvas.picture is not None
    rebuilds = canvas.picture.rebuilds
    for price in (100.21, 100.25, 100.3):
        series.add_trade(price, 1, now_ns)
        canvas.refresh(price, 100.0)
        canvas.grab()
    assert canvas.picture.rebuilds == rebuilds
    series.add_trade(250.0, 1, now_ns)  # leaves the range: every bar moves
    canvas.refresh(250.0, 100.0)
    canvas.grab()
    assert canvas.picture.rebuilds == rebuilds + 1


def test_a_partial_repaint_gives_the_same_picture_as_a_full_one(make_chart: MakeChart, qtbot: QtBot) -> None:
    series = series_of(zigzag(300))
    now_ns = series.opens_ns[-1] + 20 * 10**9
    canvas = make_chart(FakeFeed(series), now_ns=now_ns)
    qtbot.waitExposed(canvas)
    canvas.refresh(100.2, 100.3)
    QApplication.processEvents()
    for price in (100.21, 100.05, 100.35):
        series.add_trade(price, 30, now_ns)
        canvas.refresh(price, 100.3)
        QApplication.processEvents()
    on_screen = canvas.screen().grabWindow(canvas.winId()).toImage()
    full = canvas.grab().toImage().convertToFormat(on_screen.format())
    assert on_screen.size() == full.size()
    different = [
        (x, y) for y in range(0, full.height(), 2) for x in range(full.width())
        if on_screen.pixel(x, y) != full.pixel(x, y)
    ]  # fmt: skip
    assert different == []


def test_the_countdown_runs_with_market_time_and_stands_while_it_is_paused(make_chart: MakeChart) -> None:
    series = series_of(zigzag(30))
    canvas = make_chart(FakeFeed(series), now_ns=series.opens_ns[-1] + 17 * 10**9)
    canvas.refresh(100.0, None)
    assert canvas.picture is not None
    assert canvas.picture.shown.lines.countdown == "00:43"
    canvas._on_second()
    assert canvas.picture.shown.lines.countdown == "00:43"
    canvas.now_ns = lambda: series.opens_ns[-1] + 48 * 10**9
    canvas._on_second()
    assert canvas.picture.shown.lines.countdown == "00:12"
    assert canvas._countdown.isActive()
    canvas.now_ns = lambda: series.opens_ns[-1] + MINUTE_NS
    canvas._on_second()
    assert not canvas.picture.shown.is_forming
    assert not canvas._countdown.isActive()


def test_a_hidden_chart_has_no_timer(make_chart: MakeChart) -> None:
    series = series_of(zigzag(30))
    canvas = make_chart(FakeFeed(series), now_ns=series.opens_ns[-1] + 1)
    assert canvas._countdown.isActive()
    canvas.hide()
    assert not canvas._countdown.isActive()
    canvas.show()
    assert canvas._countdown.isActive()


def test_long_prices_widen_the_axis(make_chart: MakeChart) -> None:
    canvas = make_chart([(111_084_750.25,) * 4 + (1.0,)] * 5)
    assert canvas.layout_px().axis_px > 80
    assert canvas.viewport.width == canvas.layout_px().plot_width


def test_a_chart_with_no_bars_takes_every_gesture_quietly(make_chart: MakeChart) -> None:
    canvas = make_chart([])
    canvas.show_message("No bars yet", "Bars appear with the first trade.")
    canvas.grab()
    _wheel(canvas, QPoint(200, 200), up=120)
    _drag(canvas, QPoint(100, 100), QPoint(200, 200))
    QTest.mouseDClick(canvas, LEFT, pos=QPoint(630, 200))
    QTest.keyClick(canvas, Qt.Key.Key_Left)
    assert canvas.crosshair_row is None
    assert canvas.spoken() == "No bars yet Bars appear with the first trade."


def test_rows_that_fall_out_at_the_old_end_leave_the_view_where_it_was(make_chart: MakeChart) -> None:
    series = series_of(zigzag(400), limit=400)
    canvas = make_chart(FakeFeed(series))
    canvas.viewport.pan(700)
    x = canvas.viewport.x_of(350)
    opens = series.opens_ns[350]
    for _ in range(60):
        series.add_trade(100.0, 1, series.opens_ns[-1] + MINUTE_NS)
    canvas.refresh(100.0, None)
    assert series.opens_ns[0] > OPEN_NS
    assert canvas.viewport.x_of(series.opens_ns.index(opens)) == pytest.approx(x)
