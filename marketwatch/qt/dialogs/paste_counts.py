"""The four counts above a pasted list, each with what it means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from marketwatch.qt.icons import IconName, IconSet
from marketwatch.qt.models.paste_lines import LineState
from marketwatch.qt.panels.painted import base_line
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role

_HEIGHT: Final = 46
_LOOKS: Final[dict[LineState, tuple[IconName, Role, str]]] = {
    LineState.TAKEN: ("check", "success", "will be added, in order"),
    LineState.DUPLICATE: ("list", "text3", "already there, nothing lost"),
    LineState.AMBIGUOUS: ("warning", "alert", "choose, or leave out"),
    LineState.UNKNOWN: ("warning", "error", "in no list known here"),
}


class PasteCounts(QWidget):
    """Painted: icon, number, word and consequence, side by side."""

    def __init__(self, theme: Theme, icons: IconSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icons = icons
        self._counts: Mapping[LineState, int] = dict.fromkeys(LineState, 0)
        self.setFixedHeight(_HEIGHT)
        theme.changed.connect(self.update)

    def show_counts(self, counts: Mapping[LineState, int]) -> None:
        """Show how many lines are so."""
        self._counts = counts
        self.setAccessibleName(", ".join(f"{count} {state.value}" for state, count in counts.items()))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(600, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        number, word, small = (
            theme.fonts.numbers("lead", "semibold"),
            theme.fonts.text("base", "medium"),
            theme.fonts.text("small"),
        )
        width = self.width() / len(_LOOKS)
        with QPainter(self) as painter:
            painter.setPen(theme.pen("line"))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
            for place, (state, (icon, role, meaning)) in enumerate(_LOOKS.items()):
                left = place * width
                if place:
                    painter.fillRect(QRectF(round(left), 1, 1, _HEIGHT - 2), theme.brush("line"))
                picture = self._icons.pixmap(icon, role, 16, self.devicePixelRatioF())
                painter.drawPixmap(QPointF(round(left) + 12, (_HEIGHT - 16) / 2), picture)
                painter.setFont(number)
                painter.setPen(theme.pen("text1"))
                text = f"{self._counts[state]}"
                painter.drawText(QPointF(left + 38, base_line(theme, number, _HEIGHT)), text)
                x = left + 48 + theme.fonts.metrics(number).horizontalAdvance(text)
                painter.setFont(word)
                painter.drawText(QPointF(x, 20), state.value)
                painter.setFont(small)
                painter.setPen(theme.pen("text3"))
                room = left + width - x - 4
                shown = theme.fonts.metrics(small).horizontalAdvance(meaning) <= room
                painter.drawText(QPointF(x, 36), meaning if shown else "")
