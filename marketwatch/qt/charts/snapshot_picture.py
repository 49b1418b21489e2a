"""A picture of a chart to give away: what is shown, from where, how old."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

from marketwatch.qt.theme import Theme

_CAPTION_PX = 26
_INSET = 8


def draw_snapshot(chart: QWidget, theme: Theme, caption: str, tag: str) -> QImage:
    """Draw the chart without its buttons, and a caption with the tag (`SIM`, `REPLAY`) below it."""
    ratio = chart.devicePixelRatioF()
    size = chart.size()
    image = QImage(
        round(size.width() * ratio), round((size.height() + _CAPTION_PX) * ratio), QImage.Format.Format_RGB32
    )
    image.setDevicePixelRatio(ratio)
    image.fill(theme.colour("raised"))
    with QPainter(image) as painter:
        chart.render(painter, QPoint(0, 0), renderFlags=QWidget.RenderFlag.DrawWindowBackground)
        box = QRectF(_INSET, size.height(), size.width() - 2 * _INSET, _CAPTION_PX)
        align = int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextSingleLine)
        painter.setFont(theme.fonts.numbers("small"))
        if tag:
            painter.setPen(theme.pen("simulated"))
            painter.drawText(box, align | int(Qt.AlignmentFlag.AlignRight), tag)
        painter.setPen(theme.pen("text1"))
        painter.drawText(box, align | int(Qt.AlignmentFlag.AlignLeft), caption)
    return image
