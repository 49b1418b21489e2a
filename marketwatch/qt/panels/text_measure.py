"""Widths of short texts, measured once per shape: with digits of equal width `1,362.40` is as wide as `1,111.11`."""

from __future__ import annotations

from PySide6.QtGui import QFont, QFontMetricsF

_SHAPE = str.maketrans("123456789", "000000000")
_MOST = 8192


class TextMeasure:
    """A number font, its base line and its widths."""

    def __init__(self, font: QFont) -> None:
        self.font = font
        self._metrics = QFontMetricsF(font)
        self._widths: dict[str, float] = {}
        self._base_lines: dict[float, float] = {}
        self.ascent = self._metrics.ascent()
        self.descent = self._metrics.descent()

    def width(self, text: str) -> float:
        """Return how wide `text` is in px."""
        shape = text.translate(_SHAPE)
        width = self._widths.get(shape)
        if width is None:
            if len(self._widths) >= _MOST:
                self._widths.clear()
            width = self._widths[shape] = self._metrics.horizontalAdvance(shape)
        return width

    def base_line(self, height: float) -> float:
        """Return where the base line stands in a row so that capitals look centred."""
        line = self._base_lines.get(height)
        if line is None:
            line = self._base_lines[height] = round((height + self._metrics.capHeight()) / 2)
        return line
