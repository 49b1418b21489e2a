"""The lines of the details panel, each painted by itself so that a tick repaints one line."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from marketwatch.qt.formatting import CUT
from marketwatch.qt.models.detail_rows import DetailRow, RangeView
from marketwatch.qt.panels.painted import base_line
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role

MARGIN = 8
_HEIGHT = 21
_RANGE_HEIGHT = 50
# The figures end here, in the wide column and in the narrow one: names at left and notes at right keep their room.
_VALUE_SHARE = 0.575
_GAP = 8


class PaintedLine(QWidget):
    """A line of fixed height on the panel's ground."""

    def __init__(self, theme: Theme, height: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._height = height
        self.setFixedHeight(height)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def sizeHint(self) -> QSize:
        return QSize(240, self._height)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self._height)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), self._theme.brush("panel"))
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        """Draw what stands on the ground: nothing here, each kind of line its own."""

    def _width(self, text: str, font: QFont) -> float:
        return self._theme.fonts.metrics(font).horizontalAdvance(text)

    def _draw(self, painter: QPainter, text: str, font: QFont, role: Role, x: float, y: float) -> None:
        painter.setFont(font)
        painter.setPen(self._theme.pen(role))
        painter.drawText(QPointF(x, y), text)


class DetailLine(PaintedLine):
    """Name, figure and note. A figure or note that does not fit becomes `···`; the tooltip holds it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, _HEIGHT, parent)
        self._row: DetailRow | None = None
        self._shown: tuple[str, str] = ("", "")

    @property
    def row(self) -> DetailRow | None:
        """What it shows."""
        return self._row

    @property
    def shown(self) -> tuple[str, str]:
        """Figure and note as they were painted last."""
        return self._shown

    def show_row(self, row: DetailRow) -> None:
        """Show another figure; nothing is painted when all is as it was."""
        if row == self._row:
            return
        self._row = row
        self.setAccessibleName(row.sentence)
        self.setAccessibleDescription(row.tip)
        full = row.sentence if row.note or row.is_code else ""
        self.setToolTip("\n".join(part for part in (full, row.tip) if part))
        self.update()

    def _paint(self, painter: QPainter) -> None:
        if self._row is not None:
            self._paint_row(painter, self._row)

    def _paint_row(self, painter: QPainter, row: DetailRow) -> None:
        fonts, width = self._theme.fonts, self.width()
        name_font, note_font = fonts.numbers("base"), fonts.numbers("small")
        value_font = fonts.mono("small") if row.is_code else fonts.numbers("base", "medium")
        y = base_line(self._theme, name_font, self._height)
        self._draw(painter, row.name, name_font, "text2", MARGIN, y)
        name_end = MARGIN + self._width(row.name, name_font) + _GAP
        end = float(width - MARGIN if row.is_code else round(width * _VALUE_SHARE))
        value, value_width = row.value, self._width(row.value, value_font)
        if not row.note:
            # A long figure may reach into the room of the note that is not there.
            end = min(max(end, name_end + value_width), width - MARGIN)
        if end - value_width < name_end:
            value, value_width = CUT, self._width(CUT, value_font)
        self._draw(painter, value, value_font, row.value_role, end - value_width, y)
        note, note_width = row.note, self._width(row.note, note_font)
        if note and width - MARGIN - note_width < end + _GAP:
            note, note_width = CUT, self._width(CUT, note_font)
        if note:
            self._draw(painter, note, note_font, row.note_role, width - MARGIN - note_width, y)
        self._shown = (value, note)


class RuleLine(PaintedLine):
    """A hairline between two groups of lines."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, 9, parent)

    def _paint(self, painter: QPainter) -> None:
        painter.fillRect(MARGIN, self._height // 2, self.width() - 2 * MARGIN, 1, self._theme.brush("line"))


class RangeLine(PaintedLine):
    """A range of prices: track from low to high, the part from open to last, the last price, and the figures."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, _RANGE_HEIGHT, parent)
        self._view = RangeView()

    @property
    def view(self) -> RangeView:
        """What it shows."""
        return self._view

    def show_range(self, view: RangeView) -> None:
        """Show another range; nothing is painted when all is as it was."""
        if view == self._view:
            return
        self._view = view
        self.setToolTip(view.tip)
        words = [f"{view.name} {view.low_text} to {view.high_text}", view.place]
        self.setAccessibleName(", ".join(filter(None, words)) if view.low is not None else view.tip)
        self.update()

    def _paint(self, painter: QPainter) -> None:
        view, fonts = self._view, self._theme.fonts
        font, small, right = fonts.numbers("base"), fonts.numbers("small"), self.width() - MARGIN
        self._draw(painter, view.name, font, "text2", MARGIN, 13)
        self._draw(painter, view.place, small, "text3", right - self._width(view.place, small), 13)
        self._paint_track(painter, view)
        low, high = view.low_text, view.high_text
        if self._width(low, font) + self._width(high, font) + _GAP > right - MARGIN:
            low = high = CUT
        self._draw(painter, low, font, view.role, MARGIN, 43)
        self._draw(painter, high, font, view.role, right - self._width(high, font), 43)

    def _paint_track(self, painter: QPainter, view: RangeView) -> None:
        left, room, middle = MARGIN, self.width() - 2 * MARGIN, 24
        painter.fillRect(left, middle - 1, room, 2, self._theme.brush("control"))
        if view.low is None or view.high is None or view.last is None:
            return
        at = left + _place(view.last, view.low, view.high, room - 2)
        if view.opened is not None:
            start = left + _place(view.opened, view.low, view.high, room - 2)
            role = self._theme.direction(view.last - view.opened) if view.role == "text1" else view.role
            painter.fillRect(QRectF(min(start, at), middle - 2, abs(at - start), 4), self._theme.brush(role))
        painter.fillRect(QRectF(at, middle - 5, 2, 10), self._theme.brush(view.role))


def _place(value: float, low: float, high: float, room: int) -> int:
    if high <= low:
        return room // 2
    return round(min(max((value - low) / (high - low), 0.0), 1.0) * room)
