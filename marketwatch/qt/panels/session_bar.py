"""The bar across the whole window that says that the prices are not those of the market now. It cannot be closed."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from marketwatch.qt.formatting import CUT
from marketwatch.qt.icons import IconSet
from marketwatch.qt.panels.painted import TextRun, base_line, draw_runs, runs_width
from marketwatch.qt.theme import Theme

_STRIPE = 14.0
_SHADE = 0.86
_GAP = 10
_ICON = 16


class SessionBar(QWidget):
    """Permanent violet hatch with a title in capitals and one sentence: `SIMULATED DATA`, `REPLAY`."""

    def __init__(self, theme: Theme, icons: IconSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icons = icons
        self._title = ""
        self._sentence = ""
        self.setFixedHeight(theme.height("simulatedBar"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        theme.changed.connect(self.update)

    def set_text(self, title: str, sentence: str) -> None:
        """Say what kind of data this is."""
        if (title, sentence) == (self._title, self._sentence):
            return
        self._title, self._sentence = title, sentence
        self.setAccessibleName(f"{title}. {sentence}")
        self.setToolTip(sentence)
        self.update()

    @property
    def text(self) -> str:
        """What it says now."""
        return f"{self._title} {self._sentence}".strip()

    def sizeHint(self) -> QSize:
        return QSize(400, self._theme.height("simulatedBar"))

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            paint_hatch(painter, self._theme, QRectF(self.rect()))
            runs = self._fitting_runs(self.width() - 2 * _GAP - _ICON - _GAP)
            width = _ICON + _GAP + runs_width(self._theme, runs, _GAP)
            left = float(round((self.width() - width) / 2))
            icon = self._icons.pixmap("info", "onFill", _ICON, self.devicePixelRatioF())
            painter.drawPixmap(QPointF(left, (self.height() - _ICON) / 2), icon)
            y = base_line(self._theme, runs[0][1], self.height())
            draw_runs(painter, self._theme, QPointF(left + _ICON + _GAP, y), runs, _GAP)

    def _fitting_runs(self, room: float) -> list[TextRun]:
        fonts = self._theme.fonts
        title: TextRun = (self._title, fonts.numbers("base", "semibold"), "onFill")
        full: list[TextRun] = [title, (self._sentence, fonts.numbers("base"), "onFill")]
        if runs_width(self._theme, full, _GAP) <= room:
            return full
        return [title, (CUT, fonts.numbers("base"), "onFill")]


def paint_hatch(painter: QPainter, theme: Theme, rect: QRectF) -> None:
    """Fill `rect` with the diagonal violet stripes of everything simulated or replayed."""
    painter.save()
    painter.setClipRect(rect)
    painter.fillRect(rect, theme.brush("simulatedFill"))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.shaded("simulatedFill", _SHADE))
    step = 2 * _STRIPE * math.sqrt(2)
    height = rect.height()
    x = rect.left() - height - step / 2
    while x < rect.right() + step:
        bottom, top = x, x + height
        stripe = [
            QPointF(bottom, rect.bottom()),
            QPointF(bottom + step / 2, rect.bottom()),
            QPointF(top + step / 2, rect.top()),
            QPointF(top, rect.top()),
        ]
        painter.drawPolygon(QPolygonF(stripe))
        x += step
    painter.restore()
