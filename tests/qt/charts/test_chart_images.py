from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from chart_fakes import MINUTE_NS, OPEN_NS, FakeFeed, Ohlcv, series_of, zigzag
from PySide6.QtGui import QColor, QImage, QPainter, QRegion

from marketwatch.qt.charts.canvas import ChartCanvas
from marketwatch.qt.charts.frame import Frame
from marketwatch.qt.charts.overlay import Crosshair
from marketwatch.qt.theme import Theme

MakeChart = Callable[..., ChartCanvas]
Pixels = npt.NDArray[np.uint8]


def pixels(canvas: ChartCanvas) -> Pixels:
    """Return what is on screen as rows of red, green, blue."""
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def where(picture: Pixels, colour: QColor) -> npt.NDArray[np.bool_]:
    """Return which pixels have exactly a colour."""
    return (picture == np.array([colour.red(), colour.green(), colour.blue()], np.uint8)).all(axis=2)


def frame_of(canvas: ChartCanvas) -> Frame:
    """Return the geometry on screen."""
    picture = canvas.picture
    assert picture is not None
    return picture.frame(canvas.layout_px(), canvas.devicePixelRatioF())


def candles(canvas: ChartCanvas, theme: Theme) -> npt.NDArray[np.bool_]:
    """Return the pixels of candle outlines in the price pane, below the legend."""
    picture = pixels(canvas)
    seen = where(picture, theme.colour("candleUpOutline")) | where(picture, theme.colour("candleDownOutline"))
    frame = frame_of(canvas)
    seen[:, frame.plot_width :] = False
    seen[frame.price_bottom :] = False
    return seen


def _random_bars(count: int) -> list[Ohlcv]:
    random = np.random.default_rng(4)
    closes = 500 + np.cumsum(random.normal(0, 0.2, count))
    bars: list[Ohlcv] = []
    previous = 500.0
    for close in closes.tolist():
        top, bottom = max(previous, close), min(previous, close)
        bars.append((previous, top + 0.1, bottom - 0.1, close, 100.0))
        previous = close
    return bars


@pytest.mark.parametrize("count", [300, 5_000, 40_000])
def test_the_extremes_are_visible_within_one_candle_at_every_zoom(
    make_chart: MakeChart, theme: Theme, count: int
) -> None:
    bars = _random_bars(count)
    spike, dip = count // 3, count * 2 // 3
    bars[spike] = (*bars[spike][:1], 600.0, *bars[spike][2:])
    bars[dip] = (*bars[dip][:2], 400.0, *bars[dip][3:])
    canvas = make_chart(bars, pitch=1e-9)
    frame, seen = frame_of(canvas), candles(canvas, theme)
    width = max(4.0, frame.pitch)
    for row, price in ((spike, 600.0), (dip, 400.0)):
        x, y = frame.x(row + 0.5), round(frame.y(price))
        near = seen[y - 1 : y + 2, max(0, int(x - width)) : int(x + width) + 1]
        assert near.any()


def test_no_column_of_a_dense_chart_is_empty(make_chart: MakeChart, theme: Theme) -> None:
    canvas = make_chart(_random_bars(40_000), pitch=1e-9)
    frame, seen = frame_of(canvas), candles(canvas, theme)
    columns = seen.any(axis=0)[max(0, int(frame.x(0))) : int(frame.x(40_000))]
    widest_gap = max(len(run) for run in "".join("x" if lit else " " for lit in columns).split("x"))
    assert widest_gap <= 3


def test_up_candles_are_hollow_and_down_candles_solid_in_greyscale(make_chart: MakeChart, theme: Theme) -> None:
    canvas = make_chart([(100.0, 103.0, 99.0, 102.0, 1.0), (102.0, 103.0, 99.0, 100.0, 1.0), *zigzag(1)], pitch=40)
    frame = frame_of(canvas)
    grey = pixels(canvas).mean(axis=2)
    ground = QColor(theme.colour("panel"))
    level = (ground.red() + ground.green() + ground.blue()) / 3
    middle = round(frame.y(101.0)) + 3
    inside = [frame.centre(row) + 4 for row in (0, 1)]
    assert grey[middle, inside[0]] == pytest.approx(level)
    assert abs(grey[middle, inside[1]] - level) > 40


def test_the_forming_bar_looks_different_from_the_same_bar_closed(make_chart: MakeChart) -> None:
    bars = [*zigzag(5), (100.0, 103.0, 99.0, 100.5, 50.0), (102.0, 103.0, 99.0, 100.0, 50.0)]
    closed = make_chart(bars, pitch=40)
    forming = make_chart(bars, pitch=40, now_ns=OPEN_NS + 6 * MINUTE_NS + 1)
    frame = frame_of(closed)
    last = slice(int(frame.x(6)), int(frame.x(7)))
    before = slice(int(frame.x(0)), int(frame.x(6)))
    pane = slice(60, frame.price_bottom)
    one, other = pixels(closed), pixels(forming)
    assert (one[pane, last] != other[pane, last]).any(axis=2).sum() > 100
    assert (one[pane, before] == other[pane, before]).all()


def test_a_hole_is_hatched_and_holds_no_bars(make_chart: MakeChart, theme: Theme) -> None:
    opens = [OPEN_NS + index * MINUTE_NS for index in (*range(10), *range(20, 30))]
    gap = (OPEN_NS + 10 * MINUTE_NS, OPEN_NS + 20 * MINUTE_NS)
    canvas = make_chart(FakeFeed(series_of(zigzag(20), opens_ns=opens), [gap]), pitch=12)
    frame = frame_of(canvas)
    picture = pixels(canvas)[60 : frame.price_bottom, int(frame.x(10)) + 2 : int(frame.x(20)) - 2]
    assert not where(picture, theme.colour("candleUpOutline")).any()
    assert not where(picture, theme.colour("candleDownFill")).any()
    hatch = QColor(theme.colour("gapHatch"))
    strong = abs(picture.astype(int).mean(axis=2) - (hatch.red() + hatch.green() + hatch.blue()) / 3) < 12
    assert strong.any(axis=1).mean() > 0.95
    assert strong.any(axis=0).mean() > 0.95
    assert 0.05 < strong.mean() < 0.5


def test_extended_hours_are_shaded(make_chart: MakeChart, theme: Theme) -> None:
    feed = FakeFeed(series_of(zigzag(60), start_ns=OPEN_NS - 30 * MINUTE_NS))
    canvas = make_chart(feed)
    frame = frame_of(canvas)
    shaded = where(pixels(canvas), theme.colour("extShade"))[80]
    assert shaded[int(frame.x(2)) : int(frame.x(29))].mean() > 0.7
    assert not shaded[int(frame.x(30)) + 1 : frame.plot_width].any()


def test_bodies_have_sharp_edges(make_chart: MakeChart, theme: Theme) -> None:
    canvas = make_chart([(102.0, 102.0, 100.0, 100.0, 1.0)] * 8, pitch=17)
    frame = frame_of(canvas)
    row = pixels(canvas)[round(frame.y(101.0)) + 5, int(frame.x(1)) : int(frame.x(6))]
    colours = {tuple(value) for value in row.tolist()}
    allowed = [QColor(theme.colour(role)) for role in ("candleDownFill", "panel", "grid")]
    assert colours <= {(colour.red(), colour.green(), colour.blue()) for colour in allowed}


@pytest.mark.parametrize("previous_close", [100.35, 100.4, 101.5, 99.0, 100.0])
def test_price_labels_do_not_cover_each_other(make_chart: MakeChart, theme: Theme, previous_close: float) -> None:
    canvas = make_chart(zigzag(60), now_ns=OPEN_NS + 59 * MINUTE_NS + 1)
    canvas.refresh(100.4, previous_close)
    picture, frame = pixels(canvas), frame_of(canvas)
    axis = picture[:, frame.plot_width + 6 : frame.plot_width + 12]
    last = where(axis, theme.colour("lastLabelUp" if previous_close <= 100.4 else "lastLabelDown")).all(axis=1)
    assert last.sum() in range(29, 34)
    raised = where(axis, theme.colour("raised")).all(axis=1)
    expected = 0 <= frame.y(previous_close) <= frame.price_bottom
    assert raised.sum() in (range(15, 19) if expected else range(1))


def test_a_price_that_stands_still_has_the_colour_of_no_direction(make_chart: MakeChart, theme: Theme) -> None:
    canvas = make_chart(zigzag(60))
    label = slice(frame_of(canvas).plot_width + 6, frame_of(canvas).plot_width + 12)
    canvas.refresh(100.4, 100.0)
    assert where(pixels(canvas)[:, label], theme.colour("lastLabelUp")).any()
    canvas.refresh(100.4, 100.0, is_live=False)
    still = pixels(canvas)[:, label]
    assert not where(still, theme.colour("lastLabelUp")).any()
    assert where(still, theme.colour("raised")).all(axis=1).any()
    canvas.refresh(100.4, 100.0)
    assert where(pixels(canvas)[:, label], theme.colour("lastLabelUp")).any()


def test_time_labels_do_not_touch(make_chart: MakeChart) -> None:
    opens = [OPEN_NS + day * 1440 * MINUTE_NS + minute * MINUTE_NS for day in range(3) for minute in range(50)]
    canvas = make_chart(FakeFeed(series_of(zigzag(150), opens_ns=opens)), pitch=3.8)
    canvas.grab()
    assert canvas.picture is not None
    spans = sorted(canvas.picture._backdrop.written)
    assert len(spans) >= 4
    assert all(right + 9 < left for (_, right), (left, _) in itertools.pairwise(spans))


def test_the_crosshair_stands_on_a_bar_and_its_label_on_the_axis(make_chart: MakeChart, theme: Theme) -> None:
    canvas = make_chart(zigzag(60))
    canvas.set_crosshair(Crosshair(40, 200.0))
    frame, picture = frame_of(canvas), pixels(canvas)
    dashes = where(picture, theme.colour("crosshair"))
    assert dashes[60 : frame.bottom, frame.centre(40)].mean() > 0.4
    assert dashes[200, : frame.plot_width].mean() > 0.4
    label = where(picture, theme.colour("crossLabel"))
    assert label[frame.bottom + 4 : frame.bottom + 18, frame.centre(40) - 40].mean() > 0.5
    assert label[195:205, frame.plot_width + 4].all()


def test_volumes_stand_on_the_time_axis_in_candle_colours(make_chart: MakeChart, theme: Theme) -> None:
    canvas = make_chart([(100.0, 101.0, 99.0, 100.5, 400.0), (100.5, 101.0, 99.0, 99.5, 200.0), *zigzag(1)], pitch=30)
    frame, picture = frame_of(canvas), pixels(canvas)
    heights = []
    for row, role in ((0, "volumeUp"), (1, "volumeDown")):
        column = where(picture, theme.colour(role))[:, frame.centre(row)]  # type: ignore[arg-type]
        assert column[frame.bottom - 1]
        heights.append(int(column.sum()))
    assert heights[0] == pytest.approx(2 * heights[1], abs=2)


def test_a_bar_without_price_has_volume_and_no_candle(make_chart: MakeChart, theme: Theme) -> None:
    bars = zigzag(6)
    bars[3] = (math.nan, math.nan, math.nan, math.nan, 100.0)
    canvas = make_chart(bars, pitch=30)
    frame = frame_of(canvas)
    column = slice(int(frame.x(3)), int(frame.x(4)))
    assert not candles(canvas, theme)[60:, column].any()
    assert where(pixels(canvas), theme.colour("volumeUp"))[frame.bottom - 1, column].any()


def test_a_theme_change_repaints_everything(make_chart: MakeChart, theme: Theme) -> None:
    canvas = make_chart(zigzag(60))
    before = pixels(canvas)
    theme.switch("light")
    after = pixels(canvas)
    assert where(after, theme.colour("panel")).mean() > 0.5
    assert where(after, theme.colour("candleDownFill")).any()
    theme.switch("dark")
    assert (pixels(canvas) == before).all()


def test_a_manual_scale_never_draws_into_the_volume_pane(make_chart: MakeChart, theme: Theme) -> None:
    canvas = make_chart(zigzag(60))
    scale = frame_of(canvas).scale
    canvas.viewport.set_manual(scale.stretched(0.1).moved(0.4))
    canvas.update()
    picture, frame = pixels(canvas), frame_of(canvas)
    assert not where(picture, theme.colour("candleDownFill"))[frame.price_bottom :].any()
    assert not where(picture, theme.colour("candleDownFill"))[:, frame.plot_width :].any()


def test_double_density_draws_lines_of_two_device_px(make_chart: MakeChart, theme: Theme) -> None:
    canvas = make_chart([(100.0, 103.0, 99.0, 102.0, 1.0), (102.0, 103.0, 99.0, 100.0, 1.0), *zigzag(1)], pitch=20)
    picture = canvas.picture
    assert picture is not None
    image = QImage(canvas.width() * 2, canvas.height() * 2, QImage.Format.Format_RGB888)
    image.setDevicePixelRatio(2.0)
    frame = picture.frame(canvas.layout_px(), 2.0)
    painter = QPainter(image)
    picture.paint(painter, frame, QRegion(canvas.rect()))
    painter.end()
    row = round(frame.y(101.0)) + 5
    outline = theme.colour("candleUpOutline")
    lit = [x for x in range(int(frame.x(0)), int(frame.x(1))) if image.pixelColor(x, row) == outline]
    assert len(lit) == 4
    assert lit[1] - lit[0] == lit[3] - lit[2] == 1
    assert (lit[0] + lit[3] + 1) / 2 == frame.centre(0) + 1
