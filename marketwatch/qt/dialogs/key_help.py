"""A line of keys and what they do, with one fact at the right."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from marketwatch.qt.panels.text_measure import TextMeasure
from marketwatch.qt.theme import Theme

HEIGHT = 34
_PADDING = 14
_KEY_HEIGHT = 17
_CORNER = 7


class KeyHelp(QWidget):
    """Painted; 34 px high."""

    def __init__(self, theme: Theme, keys: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._keys = keys
        self._fact = ""
        self.setFixedHeight(HEIGHT)
        self.setAccessibleName("Keys: " + ", ".join(f"{key} {what}" for key, what in keys))
        theme.changed.connect(self.update)

    def set_fact(self, text: str) -> None:
        """Show a fact at the right."""
        if text != self._fact:
            self._fact = text
            self.setAccessibleDescription(text)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw keys in small boxes, words beside them."""
        theme = self._theme
        words, caps = TextMeasure(theme.fonts.text("small")), TextMeasure(theme.fonts.text("micro"))
        with QPainter(self) as painter:
            # Round below, as the pop-up is; the upper corners lie outside.
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.brush("raised"))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0, -_CORNER, 0, 0), _CORNER, _CORNER)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.fillRect(0, 0, self.width(), 1, theme.colour("line"))
            fact_left = self.width() - _PADDING - words.width(self._fact)
            base = words.base_line(HEIGHT)
            painter.setFont(words.font)
            painter.setPen(theme.colour("text3"))
            painter.drawText(QPointF(fact_left, base), self._fact)
            x = float(_PADDING)
            for key, what in self._keys:
                key_width = caps.width(key) + 9
                if x + key_width + 4 + words.width(what) > fact_left - _PADDING:
                    break
                top = (HEIGHT - _KEY_HEIGHT) // 2
                box = QRectF(round(x) + 0.5, top + 0.5, round(key_width) - 1, _KEY_HEIGHT - 1)
                painter.setPen(theme.pen("lineStrong"))
                painter.drawRoundedRect(box, 3, 3)
                painter.setPen(theme.colour("text3"))
                painter.setFont(caps.font)
                painter.drawText(QPointF(round(x) + 4.5, top + caps.base_line(_KEY_HEIGHT)), key)
                painter.setFont(words.font)
                painter.drawText(QPointF(x + key_width + 4, base), what)
                x += key_width + 4 + words.width(what) + 12
