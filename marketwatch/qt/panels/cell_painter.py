"""Paints single cells of a list, every colour and font ready beforehand."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPainter

from marketwatch.qt import formatting as fmt
from marketwatch.qt.models.columns import CellKind, Column, Tone
from marketwatch.qt.models.watchlist_row import WatchRow
from marketwatch.qt.panels.cell_pictures import SparkCache, paint_edge, paint_range
from marketwatch.qt.panels.row_looks import EXTENDED_ONLY, LIVE, LOOKS, Edge, Look
from marketwatch.qt.panels.tags import TagPainter, row_tags, without_names
from marketwatch.qt.panels.text_measure import TextMeasure
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role

PADDING = 5
EDGE_WIDTH = 3
_GAP = 5
_MINOR_SLOT = 10
_NO_FIGURES = frozenset({"", fmt.CUT, fmt.MISSING})


class CellPainter:
    """Draws a row's cells. Call `reload` after a theme change and `set_decimals` when the list's decimals change.

    `cut_columns` collects the columns in which a figure had to be withheld; whoever widens them empties it.
    """

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._sparks = SparkCache(theme)
        self._tags = TagPainter(theme)
        self.cut_columns: set[str] = set()
        self.price_extra = 0
        self._decimals = 2
        self._has_minor_unit = False
        self.reload()

    def reload(self) -> None:
        """Take fonts and colours from the theme and drop every picture."""
        fonts = self._theme.fonts
        self._plain = TextMeasure(fonts.numbers("base"))
        self._strong = TextMeasure(fonts.numbers("base", "medium"))
        self._small = TextMeasure(fonts.numbers("small"))
        self._micro = TextMeasure(fonts.numbers("micro"))
        self._tag = TextMeasure(fonts.numbers("tag", "medium"))
        self._sparks.clear()
        self._tags.reload()
        self.set_decimals(self._decimals, has_minor_unit=self._has_minor_unit)

    def set_decimals(self, decimals: int, *, has_minor_unit: bool = False) -> None:
        """Reserve room for this many decimals in every price, and for a `p` where the list has pence."""
        self._decimals = decimals
        self._has_minor_unit = has_minor_unit
        point = self._strong.width("0.0") - self._strong.width("00")
        digit = self._strong.width("0")
        full = decimals * digit + (point if decimals else 0.0)
        slot = _MINOR_SLOT if has_minor_unit else 0.0
        self.price_extra = round(slot + max(0, decimals - 2) * digit)
        self._pads = [slot + full - (n * digit + (point if n else 0.0)) for n in range(decimals + 1)]

    def paint_heading(self, painter: QPainter, row: WatchRow, x: int, y: int, width: int, height: int) -> None:
        """Draw a section heading over the whole width; the ground is there already."""
        painter.setFont(self._micro.font)
        painter.setPen(self._theme.colour("text3"))
        title = row.heading or ""
        painter.drawText(QPointF(x + 8, y + self._micro.base_line(height - 1)), title)
        painter.fillRect(x, y + height - 1, width, 1, self._theme.colour("line"))

    def paint(
        self,
        painter: QPainter,
        row: WatchRow,
        column: Column,
        text: str,
        box: tuple[int, int, int, int],
        look: Look,
    ) -> None:
        """Draw one cell into `box` (x, y, width, height) with the look of its row; the ground is there already."""
        kind = column.kind
        if kind is CellKind.FIGURE:
            self._paint_figure(painter, row, column, text, box, look)
        elif kind is CellKind.TIME:
            self._paint_time(painter, row, text, box, look)
        elif kind is CellKind.RANGE:
            paint_range(painter, self._theme, row, look, box)
        elif kind is CellKind.SPARK:
            self._sparks.paint(painter, row, look, box)
        else:
            self._paint_symbol(painter, row, text, box, look)

    def paint_arrow(self, painter: QPainter, row: WatchRow, box: tuple[int, int, int, int]) -> None:
        """Draw the direction of the last tick into the left padding of a cell, for who wants no flashes."""
        x, y, _, height = box
        is_up = row.flash_direction > 0
        painter.setFont(self._tag.font)
        painter.setPen(self._theme.colour("gain" if is_up else "loss"))
        painter.drawText(QPointF(x + 1, y + self._tag.base_line(height)), "▲" if is_up else "▼")

    def look(self, row: WatchRow) -> Look:
        """Return the look of a row's state."""
        look = LIVE if row.state is None else LOOKS[row.state.primary]
        if look.edge is Edge.LOWER_HALF and row.snapshot is not None and row.snapshot.last_price is None:
            return EXTENDED_ONLY
        return look

    def fits(self, row: WatchRow, column: Column, text: str, width: int) -> bool:
        """Tell whether a figure can be drawn in full."""
        if not column.is_number:
            return True
        if column.kind is CellKind.TIME:
            tags = self._tags.width(without_names(row_tags(row)))
            return self._plain.width(text) + tags + 2 * PADDING <= width
        measure = self._strong if column.tone in (Tone.STRONG, Tone.EXTENDED) else self._plain
        return measure.width(text) + self._pad(column, text) + 2 * PADDING <= width

    def natural_width(self, row: WatchRow, column: Column, text: str) -> int:
        """Return the width at which nothing of a cell is cut."""
        if column.kind is CellKind.SYMBOL:
            tail = self._tag.width(row.instrument.tag) + _GAP if row.instrument is not None else 0
            tags = self._tags.width(row_tags(row, beside_symbol=True))
            return int(EDGE_WIDTH + 2 * PADDING + self._strong.width(text) + tail + tags + 1)
        if not column.is_number:
            return column.width
        extra = self._tags.width(row_tags(row)) if column.kind is CellKind.TIME else self._pad(column, text)
        return int(self._strong.width(text) + extra + 2 * PADDING + 1)

    def _pad(self, column: Column, text: str) -> float:
        if not column.is_price or text == fmt.MISSING:
            return 0.0
        point = text.rfind(".")
        decimals = 0 if point < 0 else len(text) - point - 1
        return self._pads[decimals] if decimals < len(self._pads) else 0.0

    def _paint_figure(
        self,
        painter: QPainter,
        row: WatchRow,
        column: Column,
        text: str,
        box: tuple[int, int, int, int],
        look: Look,
    ) -> None:
        x, y, width, height = box
        tone = column.tone
        measure = self._strong if tone is Tone.STRONG or tone is Tone.EXTENDED else self._plain
        pad = 0.0
        if column.is_price and text not in _NO_FIGURES:
            point = text.rfind(".")
            decimals = 0 if point < 0 else len(text) - point - 1
            pad = self._pads[decimals] if decimals < len(self._pads) else 0.0
        painter.setFont(measure.font)
        painter.setPen(self._theme.colour(self._figure_role(row, tone, text, look)))
        text_width = measure.width(text)
        if text_width + pad + 2 * PADDING > width and text not in _NO_FIGURES:
            self.cut_columns.add(column.key)
            text, pad = fmt.CUT, 0.0
            text_width = measure.width(text)
        right = x + width - PADDING - pad
        base = y + measure.base_line(height)
        painter.drawText(QPointF(right - text_width, base), text)
        if self._has_minor_unit and column.is_price and text not in _NO_FIGURES:
            self._paint_minor_unit(painter, row, right + pad, base)

    def _paint_minor_unit(self, painter: QPainter, row: WatchRow, right: float, base: float) -> None:
        unit = fmt.minor_unit(row.currency)
        if unit:
            painter.setFont(self._tag.font)
            painter.setPen(self._theme.colour("text3"))
            painter.drawText(QPointF(right - _MINOR_SLOT + 3, base), unit)

    def _figure_role(self, row: WatchRow, tone: Tone, text: str, look: Look) -> Role:
        if text in _NO_FIGURES:
            return "text3"
        if tone is Tone.PLAIN or tone is Tone.STRONG:
            return look.figures or "text1"
        if tone is Tone.EXTENDED:
            return "stale" if look.figures == "stale" else "text1"
        if tone is Tone.CHANGE and look.changes is not None:
            return look.changes
        first = text[0]
        if first == "+":
            return "gain"
        return "loss" if first == fmt.MINUS else "unchanged"

    def _paint_time(
        self, painter: QPainter, row: WatchRow, text: str, box: tuple[int, int, int, int], look: Look
    ) -> None:
        x, y, width, height = box
        measure = self._plain
        painter.setFont(measure.font)
        painter.setPen(self._theme.colour(look.word))
        text_width = measure.width(text)
        tags = row_tags(row)
        tags_width = self._tags.width(tags)
        if text_width + tags_width + 2 * PADDING > width:
            tags = without_names(tags)
            tags_width = self._tags.width(tags)
        while tags and text_width + tags_width + 2 * PADDING > width:
            # The last tag says what kind of feed it is, which the bar over the window says, too.
            tags = tags[:-1]
            tags_width = self._tags.width(tags)
        if text_width + 2 * PADDING > width and text not in _NO_FIGURES:
            # A word may be longer than a time; until the column is wider the tooltip says all.
            self.cut_columns.add("time")
            text = self._shortened(text, width - 2 * PADDING)
            text_width = measure.width(text)
        right = x + width - PADDING
        painter.drawText(QPointF(right - text_width, y + measure.base_line(height)), text)
        if tags:
            self._tags.paint(painter, tags, right - text_width - tags_width, y, height)

    def _shortened(self, text: str, room: float) -> str:
        if text[:1].isdigit():
            return fmt.CUT
        while text and self._plain.width(text + "…") > room:
            text = text[:-1].rstrip()
        return f"{text}…" if text else fmt.CUT

    def _paint_symbol(
        self, painter: QPainter, row: WatchRow, text: str, box: tuple[int, int, int, int], look: Look
    ) -> None:
        x, y, width, height = box
        paint_edge(painter, self._theme, look, x, y, height)
        instrument = row.instrument
        is_tall = height >= 34 and instrument is not None and bool(instrument.name)
        line = 18 if is_tall else height
        top = y + (height - 34) // 2 if is_tall else y
        left = float(x + EDGE_WIDTH + PADDING)
        room = x + width - 2 - left
        base = top + self._strong.base_line(line)
        painter.setFont(self._strong.font)
        painter.setPen(self._theme.colour(look.symbol))
        symbol = _elided(self._strong, text, room)
        painter.drawText(QPointF(left, base), symbol)
        if instrument is None:
            return
        end = left + self._strong.width(symbol)
        self._paint_beside_symbol(painter, row, instrument.tag, end, base, x + width, (top, line))
        if is_tall:
            painter.setFont(self._small.font)
            painter.setPen(self._theme.colour("text3"))
            painter.drawText(QPointF(left, base + 15), _elided(self._small, instrument.name, room))

    def _paint_beside_symbol(
        self,
        painter: QPainter,
        row: WatchRow,
        exchange: str,
        left: float,
        base: float,
        edge: float,
        line: tuple[int, int],
    ) -> None:
        tags = row_tags(row, beside_symbol=True)
        tags_width = self._tags.width(tags)
        needed = self._tag.width(exchange) + _GAP
        # The state's tag matters more than the name of the exchange, which the tooltip also holds.
        if left + needed + tags_width <= edge - 2:
            painter.setFont(self._tag.font)
            painter.setPen(self._theme.colour("text3"))
            painter.drawText(QPointF(left + _GAP, base), exchange)
            left += needed
        if tags and left + tags_width <= edge + 2:
            self._tags.paint(painter, tags, left + _GAP, line[0], line[1])


def _elided(measure: TextMeasure, text: str, room: float) -> str:
    if measure.width(text) <= room:
        return text
    while text and measure.width(text + "…") > room:
        text = text[:-1]
    return f"{text}…"


def mixed(ground: QColor, over: QColor, share: float) -> QColor:
    """Return `over` laid on `ground` with this share, opaque."""
    rest = 1.0 - share
    return QColor(
        round(ground.red() * rest + over.red() * share),
        round(ground.green() * rest + over.green() * share),
        round(ground.blue() * rest + over.blue() * share),
    )
