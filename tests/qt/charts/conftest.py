"""A chart on a hidden screen, with bars made by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from chart_fakes import IBM, OPEN_NS, FakeFeed, Ohlcv, calendar_of, series_of
from pytestqt.qtbot import QtBot

from marketwatch.domain.bar_interval import BarInterval
from marketwatch.qt.charts.canvas import ChartCanvas
from marketwatch.qt.charts.legend import ChartTitle
from marketwatch.qt.charts.model import ChartModel
from marketwatch.qt.theme import Theme

MakeChart = Callable[..., ChartCanvas]


@pytest.fixture
def make_chart(qtbot: QtBot, theme: Theme) -> MakeChart:
    """Return a function that shows bars in a canvas of a size; all bars are closed unless `now_ns` says otherwise."""

    def make(
        bars: Sequence[Ohlcv] | FakeFeed, size: tuple[int, int] = (662, 580), now_ns: int = 2 * OPEN_NS,
        pitch: float | None = None,
    ) -> ChartCanvas:  # fmt: skip
        feed = bars if isinstance(bars, FakeFeed) else FakeFeed(series_of(bars))
        canvas = ChartCanvas(theme)
        qtbot.addWidget(canvas)
        canvas.resize(*size)
        canvas.now_ns = lambda: now_ns
        canvas.show_model(ChartModel(feed, BarInterval.M1, calendar_of(IBM)), ChartTitle(IBM, "1 min"))
        canvas.show()
        if pitch is not None:
            canvas.viewport.zoom_time(pitch / canvas.viewport.pitch, canvas.viewport.width)
            canvas.viewport.to_latest()
        return canvas

    return make
