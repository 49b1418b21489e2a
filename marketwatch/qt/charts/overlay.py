"""Draws what moves with every tick and every movement of the pointer: lines, labels, crosshair, legends."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QLineF, QRect, QRectF, Qt
from PySide6.QtGui import QFont, QPainter

from marketwatch.qt import formatting
from marketwatch.qt.charts.backdrop import dashed_pen
from marketwatch.qt.charts.frame import Frame
from marketwatch.qt.charts.legend import BarReader, Segment, fitting
from marketwatch.qt.charts.price_ticks import place_labels
from marketwatch.qt.charts.text_ruler import TextRuler
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role

LEGEND_LINE_PX = 17
_LABEL_PX = 18
_LAST_LABEL_PX = 33
_LABEL_INSET = 6
_LEGEND_LEFT = 8
_PADDING = 4


@dataclass(frozen=True, slots=True)
class Crosshair:
    """Where the pointer, or the keyboard, looks: a bar and, with the pointer, a height in logical px."""

    row: int
    y: float | None = None


@dataclass(frozen=True, slots=True)
class PriceLines:
    """Prices that have a line of their own. `countdown` is what is left of the forming bar, in words.

    `is_live` is False for a last price that stands still: of a silent feed, a closed market, of days that are over.
    """

    last: float | None = None
    is_up: bool = True
    countdown: str = ""
    previous_close: float | None = None
    is_live: bool = True

    @property
    def role(self) -> Role:
        """The colour of the line of the last price; one that stands still has none of a direction."""
        if not self.is_live:
            return "closed"
        return "candleUpOutline" if self.is_up else "candleDownOutline"

    @property
    def ground(self) -> Role:
        """The ground of the label of the last price."""
        if not self.is_live:
            return "raised"
        return "lastLabelUp" if self.is_up else "lastLabelDown"


class OverlayPainter:
    """Paints over the finished candles. Lines in device px, texts in logical px."""

    def __init__(self, theme: Theme, ruler: TextRuler) -> None:
        self._theme = theme
        self._ruler = ruler

    def paint_lines(self, painter: QPainter, frame: Frame, lines: PriceLines, crosshair: Crosshair | None) -> None:
        """Draw previous close, last price and crosshair, in device px."""
        half = frame.line / 2
        if lines.previous_close is not None:
            self._level(painter, frame, lines.previous_close, "prevClose", "previous")
        if lines.last is not None:
            self._level(painter, frame, lines.last, lines.role, "last")
        if crosshair is None:
            return
        painter.setPen(dashed_pen(self._theme.colour("crosshair"), "crosshair", frame.line))
        x = frame.centre(crosshair.row) + half
        if 0 <= x <= frame.plot_width:
            painter.drawLine(QLineF(x, 0, x, frame.bottom))
        if crosshair.y is not None:
            y = round(crosshair.y * frame.ratio) + half
            painter.drawLine(QLineF(0, y, frame.plot_width, y))

    def paint_price_axis(
        self, painter: QPainter, frame: Frame, reader: BarReader, lines: PriceLines, crosshair: Crosshair | None,
        marks: list[QRectF],
    ) -> None:  # fmt: skip
        """Put the labels on the price axis: the last price keeps its place, the previous close makes room.

        `marks` are the texts already on the axis; those that a label would cut go.
        """
        last = previous = cross = None
        if lines.last is not None and self._is_in_pane(frame, lines.last):
            last = self._last_span(frame, lines)
        if lines.previous_close is not None and self._is_in_pane(frame, lines.previous_close):
            previous = self._previous_span(frame, lines.previous_close, [] if last is None else [last])
        if crosshair is not None and crosshair.y is not None:
            cross = (crosshair.y - _LABEL_PX / 2, crosshair.y + _LABEL_PX / 2)
        for top, bottom in filter(None, (last, previous, cross)):
            for mark in marks:
                if mark.top() < bottom and mark.bottom() > top:
                    painter.fillRect(mark, self._theme.brush("panel"))
        if last is not None:
            self._last_label(painter, frame, reader, lines, last)
        if previous is not None:
            text = reader.price(lines.previous_close)
            self._label(painter, frame, previous, text, "raised", "text2", "prevClose")
        if cross is not None and crosshair is not None:
            text = self._cross_text(frame, reader, crosshair.y or 0.0)
            self._label(painter, frame, cross, text, "crossLabel", "onFill")

    def paint_time_label(
        self, painter: QPainter, frame: Frame, reader: BarReader, row: int, below: list[tuple[float, float]]
    ) -> None:
        """Write start and zone of the bar under the crosshair on the time axis; texts `below` that it cuts go."""
        text = reader.time(row)
        font = self._theme.fonts.numbers("small", "medium")
        width = self._ruler.width(text, "small", "medium") + 2 * _LABEL_INSET
        middle = frame.centre(row) / frame.ratio
        left = min(max(middle - width / 2, 0.0), frame.layout.width - width)
        box = QRectF(left, frame.layout.axis_top + 2, width, _LABEL_PX)
        for start, end in below:
            if start < box.right() and end > box.left():
                rest = QRectF(start - 1, frame.layout.axis_top + 2, end - start + 2, _LABEL_PX + 2)
                painter.fillRect(rest, self._theme.brush("panel"))
        self._box(painter, box, "crossLabel", None)
        self._write(painter, box, text, font, "onFill", Qt.AlignmentFlag.AlignCenter)

    def legend_lines(self, lines: list[list[Segment]], width: float) -> list[list[tuple[Segment, float, float]]]:
        """Return the placed segments of each legend line."""
        return [fitting(line, self._ruler, width - 2 * _LEGEND_LEFT) for line in lines if line]

    def paint_legend(self, painter: QPainter, top: float, lines: list[list[tuple[Segment, float, float]]]) -> None:
        """Write legend lines, each on a ground of its own so that nothing runs through it."""
        for index, line in enumerate(lines):
            if not line:
                continue
            y = top + index * LEGEND_LINE_PX
            _, x, width = line[-1]
            ground = QRectF(_LEGEND_LEFT - _PADDING, y, x + width + 2 * _PADDING, LEGEND_LINE_PX)
            if y < LEGEND_LINE_PX:
                ground.setTop(0)
            painter.fillRect(ground, self._theme.brush("panel"))
            for part, left, size in line:
                self._segment(painter, part, QRectF(_LEGEND_LEFT + left, y, size, LEGEND_LINE_PX))

    def _segment(self, painter: QPainter, part: Segment, box: QRectF) -> None:
        font = self._theme.fonts.numbers(part.size, part.weight)
        if part.is_tag:
            frame = box.adjusted(0.5, 2.5, -0.5, -2.5)
            painter.setPen(self._theme.pen(part.role))
            painter.setBrush(self._theme.brush("simulatedTint"))
            painter.drawRoundedRect(frame, 2, 2)
        self._write(painter, box, part.text, font, part.role, Qt.AlignmentFlag.AlignCenter)

    def _level(self, painter: QPainter, frame: Frame, price: float, role: Role, dashes: str) -> None:
        if self._is_in_pane(frame, price):
            painter.setPen(dashed_pen(self._theme.colour(role), dashes, frame.line))
            y = round(frame.y(price)) + frame.line / 2
            painter.drawLine(QLineF(0, y, frame.plot_width, y))

    def _is_in_pane(self, frame: Frame, price: float) -> bool:
        return 0 <= frame.y(price) <= frame.price_bottom

    def _last_span(self, frame: Frame, lines: PriceLines) -> tuple[float, float]:
        height = _LAST_LABEL_PX if lines.countdown else _LABEL_PX
        wanted = frame.y(lines.last or 0.0) / frame.ratio - _LABEL_PX / 2
        top = min(max(0.0, wanted), frame.layout.price_height - height)
        return top, top + height

    def _last_label(
        self, painter: QPainter, frame: Frame, reader: BarReader, lines: PriceLines, span: tuple[float, float]
    ) -> None:
        top, bottom = span
        box = self._axis_box(frame, top, bottom - top)
        self._box(painter, box, lines.ground, lines.role)
        ink: Role = "text1" if lines.is_live else "text2"
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        fonts = self._theme.fonts
        first = QRectF(box.left(), top, box.width() - 5, _LABEL_PX)
        self._write(painter, first, reader.price(lines.last), fonts.numbers("small", "semibold"), ink, right)
        if lines.countdown:
            self._write(painter, first.translated(0, 14), lines.countdown, fonts.numbers("micro"), ink, right)

    def _previous_span(self, frame: Frame, price: float, taken: list[tuple[float, float]]) -> tuple[float, float]:
        half = _LABEL_PX / 2
        wanted = min(max(frame.y(price) / frame.ratio, half), frame.layout.price_height - half)
        middle = place_labels([wanted], _LABEL_PX, taken)[0]
        return middle - half, middle + half

    def _cross_text(self, frame: Frame, reader: BarReader, y: float) -> str:
        if y < frame.layout.price_height:
            price = frame.price_at(y * frame.ratio)
            return reader.price(price if reader.decimals is not None else round(price, 2))
        return formatting.volume(max(0.0, frame.volume_at(y * frame.ratio)), reader.currency)

    def _axis_box(self, frame: Frame, top: float, height: float) -> QRectF:
        return QRectF(frame.layout.plot_width + 1.5, round(top) + 0.5, frame.layout.axis_px - 3, height - 1)

    def _label(
        self, painter: QPainter, frame: Frame, span: tuple[float, float], text: str, ground: Role, ink: Role,
        outline: Role | None = None,
    ) -> None:  # fmt: skip
        box = self._axis_box(frame, span[0], span[1] - span[0])
        self._box(painter, box, ground, outline)
        font = self._theme.fonts.numbers("small", "medium")
        self._write(painter, box.adjusted(0, 0, -5, 0), text, font, ink,
                    Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)  # fmt: skip

    def _box(self, painter: QPainter, box: QRectF, ground: Role, outline: Role | None) -> None:
        painter.setPen(self._theme.pen(outline or ground))
        painter.setBrush(self._theme.brush(ground))
        painter.drawRoundedRect(box, 2, 2)

    def _write(
        self, painter: QPainter, box: QRectF, text: str, font: QFont, role: Role, align: Qt.AlignmentFlag
    ) -> None:
        painter.setFont(font)
        painter.setPen(self._theme.pen(role))
        painter.drawText(box, int(align) | _SINGLE_LINE, text)


_SINGLE_LINE = int(Qt.TextFlag.TextSingleLine) | int(Qt.TextFlag.TextDontClip)


def last_price_rect(frame: Frame, price: float) -> QRect:
    """Return the strip, in logical px, that the line of a price covers."""
    return QRect(0, int(frame.y(price) / frame.ratio) - 2, frame.layout.plot_width, 5)
