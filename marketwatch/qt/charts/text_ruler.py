"""Widths of short texts, measured once: the same prices and times are written frame after frame."""

from __future__ import annotations

from marketwatch.qt.fonts import FontBook
from marketwatch.qt.theme_tokens import FontSize, FontWeight

_KEPT = 4096


class TextRuler:
    """Measures texts in the number fonts."""

    def __init__(self, fonts: FontBook) -> None:
        self.fonts = fonts
        self._widths: dict[tuple[str, FontSize, FontWeight], float] = {}

    def width(self, text: str, size: FontSize, weight: FontWeight = "regular") -> float:
        """Return the width of a text in logical px."""
        key = (text, size, weight)
        found = self._widths.get(key)
        if found is None:
            if len(self._widths) >= _KEPT:
                self._widths.clear()
            font = self.fonts.numbers(size, weight)
            found = self._widths[key] = float(self.fonts.metrics(font).horizontalAdvance(text))
        return found
