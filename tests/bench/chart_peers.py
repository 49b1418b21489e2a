"""Other ways to draw the same candles: pyqtgraph's own example item, finplot, and an empty pyqtgraph plot."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPicture
from PySide6.QtWidgets import QApplication

SIZE = (1600, 900)
IN_VIEW = 200

Bars = npt.NDArray[np.float64]
"""Rows of open, high, low, close, volume."""


class CandlestickItem(pg.GraphicsObject):  # type: ignore[misc]
    """The item of pyqtgraph's example `customGraphicsItem`: one QPicture of everything."""

    def __init__(self, bars: Bars) -> None:
        super().__init__()
        self.bars = bars
        self.generate_picture()

    def generate_picture(self) -> None:
        """Draw every candle into the picture."""
        self.picture = QPicture()
        painter = QPainter(self.picture)
        painter.setPen(pg.mkPen("w"))
        for t, (opened, high, low, close, _) in enumerate(self.bars.tolist()):
            painter.drawLine(QPointF(t, low), QPointF(t, high))
            painter.setBrush(pg.mkBrush("r" if opened > close else "g"))
            painter.drawRect(QRectF(t - 0.3, opened, 0.6, close - opened))
        painter.end()

    def paint(self, painter: QPainter, *_: Any) -> None:
        painter.drawPicture(0, 0, self.picture)

    def boundingRect(self) -> QRectF:
        return QRectF(self.picture.boundingRect())


class PlotPeer:
    """A pyqtgraph plot of the size of ours."""

    def __init__(self, bars: Bars, item: CandlestickItem | None) -> None:
        self._bars = bars
        self._item = item
        self._widget = pg.PlotWidget()
        self._widget.resize(*SIZE)
        self._widget.hideButtons()
        if item is not None:
            self._widget.addItem(item)
        self._widget.show()

    def show_rows(self, first: float, last: float) -> None:
        """Bring rows into view and paint."""
        part = self._bars[max(0, int(first)) : int(last) + 1]
        self._widget.setXRange(first, last, padding=0)
        self._widget.setYRange(float(part[:, 2].min()), float(part[:, 1].max()), padding=0)
        self._widget.viewport().repaint()

    def tick(self, price: float) -> None:
        """Change the last bar and paint."""
        if self._item is not None:
            self._bars[-1, 3] = price
            self._item.generate_picture()
            self._item.update()
        self._widget.viewport().repaint()
        QApplication.processEvents()  # what it still owes must not be counted as ours

    def close(self) -> None:
        """Free everything."""
        self._widget.close()
        self._widget.deleteLater()


def has_finplot() -> bool:
    """Tell whether finplot can be measured here."""
    return importlib.util.find_spec("finplot") is not None


class FinplotPeer:
    """A finplot window of the size of ours.

    finplot keeps a picture somewhat wider than the view: panning inside it is a mere copy (`is_cached`), zooming
    and panning further draw it anew.
    """

    def __init__(self, bars: Bars, *, is_cached: bool) -> None:
        import finplot
        import pandas as pd

        index = pd.date_range("2013-10-08 09:30", periods=len(bars), freq="min")
        self._frame = pd.DataFrame(bars[:, (0, 3, 1, 2)], columns=["open", "close", "high", "low"], index=index)
        self._finplot = finplot
        self._is_cached = is_cached
        self._axis = finplot.create_plot("peer", init_zoom_periods=IN_VIEW)
        self._plot = finplot.candlestick_ochl(self._frame, ax=self._axis)
        finplot.show(qt_exec=False)
        self._window = finplot.windows[-1]
        self._window.resize(*SIZE)

    def show_rows(self, first: float, last: float) -> None:
        """Bring rows into view and paint."""
        self._plot.dirty = not self._is_cached
        self._axis.vb.update_y_zoom(first, last)
        self._repaint()

    def tick(self, price: float) -> None:
        """Change the last bar and paint."""
        self._frame.iloc[-1, 1] = price
        self._plot.update_data(self._frame)
        self._repaint()
        QApplication.processEvents()

    def close(self) -> None:
        """Free everything."""
        self._window.close()
        self._finplot.close()

    def _repaint(self) -> None:
        self._axis.vb.scene().views()[0].viewport().repaint()
