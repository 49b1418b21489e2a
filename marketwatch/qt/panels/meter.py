"""How much of a limit is used: a name, a bar of 150 x 6, the figures, and what happens beyond."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from marketwatch.qt.panels.painted import base_line
from marketwatch.qt.theme import Theme

_HEIGHT = 24
_BAR = QSize(150, 6)
_LABEL = 190
_FIGURES = 96
_GAP = 12


class Meter(QWidget):
    """Painted; where there is no room for the note beside it, the note gets a line of its own."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._label, self._figures, self._note = "", "", ""
        self._share: float | None = None
        self.setFixedHeight(_HEIGHT)
        theme.changed.connect(self.update)

    def show_limit(self, label: str, used: int, allowed: int | None, note: str = "") -> None:
        """Say what is used of what is allowed (None: no limit known)."""
        self._label = label
        self._note = note if allowed is not None else ", ".join(part for part in ("no limit known", note) if part)
        self._share = None if not allowed else min(1.0, used / allowed)
        self._figures = f"{used:,}" if allowed is None else f"{used:,} of {allowed:,}"
        self.setAccessibleName(f"{label}: {self._figures}. {self._note}".strip())
        self._fit()
        self.update()

    def resizeEvent(self, event: object) -> None:
        self._fit()

    def _note_beside(self) -> bool:
        width = self._theme.fonts.metrics(self._theme.fonts.text("base")).horizontalAdvance(self._note)
        return self._note_left() + width <= self.width()

    def _note_left(self) -> int:
        return _LABEL + _BAR.width() + _FIGURES + 3 * _GAP

    def _fit(self) -> None:
        self.setFixedHeight(_HEIGHT if not self._note or self._note_beside() else _HEIGHT + 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        words, bold = theme.fonts.numbers("base"), theme.fonts.numbers("base", "medium")
        y = base_line(theme, words, _HEIGHT)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(words)
            painter.setPen(theme.pen("text2"))
            painter.drawText(QPointF(0, y), self._label)
            self._draw_bar(painter)
            painter.setFont(bold)
            painter.setPen(theme.pen("text1"))
            right = _LABEL + _GAP + _BAR.width() + _FIGURES
            painter.drawText(
                QPointF(right - theme.fonts.metrics(bold).horizontalAdvance(self._figures), y), self._figures
            )
            painter.setFont(words)
            painter.setPen(theme.pen("text3"))
            at = QPointF(self._note_left(), y) if self._note_beside() else QPointF(0, y + 18)
            painter.drawText(at, self._note)

    def _draw_bar(self, painter: QPainter) -> None:
        if self._share is None:
            return
        box = QRectF(_LABEL + _GAP, (_HEIGHT - _BAR.height()) / 2, _BAR.width(), _BAR.height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.brush("line"))
        painter.drawRoundedRect(box, 3, 3)
        if self._share:
            box.setWidth(max(3.0, box.width() * self._share))
            painter.setBrush(self._theme.brush("accentFill"))
            painter.drawRoundedRect(box, 3, 3)
