from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from pytestqt.qtbot import QtBot

from marketwatch.qt.charts.primitives import LineBatch, RectBatch, can_pass_arrays


def _drawn(*, by_address: bool) -> QImage:
    image = QImage(64, 64, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.black)
    painter = QPainter(image)
    rects = RectBatch(by_address=by_address)
    random = np.random.default_rng(2)
    for _ in range(3):
        left, top = random.integers(0, 50, (2, 700))
        rects.add(left, top, left + random.integers(0, 9, 700), top + random.integers(0, 9, 700))
        rects.draw(painter, QColor(200, 10, 60))
        rects.clear()
        rects.add(left, top, left + 1, top + 1)
        rects.draw(painter, QColor(20, 100, 160))
    lines = LineBatch(by_address=by_address)
    heights = random.uniform(0, 60, 40)
    heights[7] = np.nan
    lines.polyline(np.arange(40.0), heights)
    lines.draw(painter, QPen(QColor(250, 250, 0)))
    RectBatch(by_address=by_address).draw(painter, QColor(1, 2, 3))
    painter.end()
    return image


def test_arrays_reach_the_painter_with_this_binding(qtbot: QtBot) -> None:
    assert can_pass_arrays()


def test_lists_draw_the_same_picture_as_arrays(qtbot: QtBot) -> None:
    assert _drawn(by_address=True) == _drawn(by_address=False)


def test_a_rectangle_ends_before_its_right_and_bottom(qtbot: QtBot) -> None:
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.black)
    painter = QPainter(image)
    batch = RectBatch()
    batch.add(np.array([2]), np.array([3]), np.array([5]), np.array([4]))
    batch.draw(painter, QColor(Qt.GlobalColor.white))
    painter.end()
    lit = [(x, y) for y in range(8) for x in range(8) if image.pixelColor(x, y) == QColor(Qt.GlobalColor.white)]
    assert lit == [(2, 3), (3, 3), (4, 3)]
