"""The picture of a list: a backing pixmap in which only cells that changed are painted again."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QColor, QPainter, QPixmap

from marketwatch.qt import formatting as fmt
from marketwatch.qt.models.columns import Column, Tone
from marketwatch.qt.models.watchlist_model import WatchlistModel
from marketwatch.qt.models.watchlist_row import WatchRow
from marketwatch.qt.panels.cell_painter import CellPainter, mixed
from marketwatch.qt.panels.flash import STEPS, FlashClock
from marketwatch.qt.panels.row_looks import Edge, Look
from marketwatch.qt.panels.tags import has_delay
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role

_LEAST_MARK = 24
_PRICE_TONES = frozenset({Tone.CHANGE, Tone.EXTENDED_CHANGE})
_EXTENDED_TONES = frozenset({Tone.EXTENDED, Tone.EXTENDED_CHANGE})


class Places(NamedTuple):
    """Where columns stand: logical number, x, width; in visual order, hidden ones left out."""

    columns: tuple[tuple[int, int, int], ...]
    width: int


class WatchlistCanvas:
    """Paints rows of a model. The view says where they are and which ones are selected, hovered and current."""

    def __init__(self, theme: Theme, model: WatchlistModel, flash: FlashClock) -> None:
        self.cells = CellPainter(theme)
        self.selected: set[int] = set()
        self.hovered = -1
        self.current = -1
        self.has_focus = False
        self._theme = theme
        self._model = model
        self._flash = flash
        self._picture = QPixmap()
        self._right = 0
        self._mixtures: dict[tuple[Role, Role, int], QColor] = {}

    @property
    def picture(self) -> QPixmap:
        """What has been painted."""
        return self._picture

    def reload(self) -> None:
        """Follow a new theme."""
        self.cells.reload()
        self._mixtures.clear()

    def fit(self, size: QSize, ratio: float) -> bool:
        """Give the picture this size; tell whether that emptied it."""
        self._right = size.width()
        wanted = QSize(max(1, round(size.width() * ratio)), max(1, round(size.height() * ratio)))
        if self._picture.size() == wanted and self._picture.devicePixelRatio() == ratio:
            return False
        self._picture = QPixmap(wanted)
        self._picture.setDevicePixelRatio(ratio)
        return True

    def paint_all(self, rows: range, row_box: Callable[[int], tuple[int, int]], places: Places, area: QRect) -> None:
        """Paint every row of a range and the empty ground around them."""
        with QPainter(self._picture) as painter:
            painter.fillRect(area, self._theme.colour("panel"))
            everything = -1
            for position in rows:
                y, height = row_box(position)
                self._paint_row(painter, position, everything, y, height, places)

    def paint_cells(self, dirty: dict[int, int], row_box: Callable[[int], tuple[int, int]], places: Places) -> None:
        """Paint some cells: a mask of columns for each row position."""
        with QPainter(self._picture) as painter:
            for position, mask in dirty.items():
                y, height = row_box(position)
                self._paint_row(painter, position, mask, y, height, places)

    def _paint_row(self, painter: QPainter, position: int, mask: int, y: int, height: int, places: Places) -> None:
        rows = self._model.rows
        if position >= len(rows):
            return
        row = rows[position]
        ground = self._row_ground(position, row)
        if row.heading is not None:
            painter.fillRect(0, y, places.width, height, self._theme.colour(ground or "zebra"))
            self.cells.paint_heading(painter, row, 0, y, places.width, height)
        else:
            self._paint_row_cells(painter, row, position, mask, ground, (y, height), places)
        if position == self.current and self.has_focus:
            self._paint_focus(painter, y, height, places)

    def _paint_row_cells(
        self,
        painter: QPainter,
        row: WatchRow,
        position: int,
        mask: int,
        ground: Role | None,
        place: tuple[int, int],
        places: Places,
    ) -> None:
        y, height = place
        texts = self._model.texts(position)
        columns = self._model.columns
        look = self.cells.look(row)
        for number, x, width in places.columns:
            if not mask >> number & 1:
                continue
            column = columns[number]
            role = ground or _cell_ground(row, column, look) or "panel"
            box = (x, y, width, height)
            painter.fillRect(x, y, width, height, self._flash_ground(row, column, role))
            text = texts[number]
            if (x < 0 or x + width > self._right) and column.is_number:
                text, shown = self._in_sight(row, column, text, box)
                self.cells.paint(painter, row, column, text, shown, look)
                continue
            self.cells.paint(painter, row, column, text, box, look)
            if column.key == "last_price" and self._flash.has_arrow(row):
                self.cells.paint_arrow(painter, row, box)

    def _in_sight(
        self, row: WatchRow, column: Column, text: str, box: tuple[int, int, int, int]
    ) -> tuple[str, tuple[int, int, int, int]]:
        """Return what may be read of a column that the edge of the view cuts: the whole figure or none of it."""
        x, y, width, height = box
        left, right = max(x, 0), min(x + width, self._right)
        if right == x + width and self.cells.fits(row, column, text, right - left):
            return text, box
        mark = fmt.CUT if right - left >= _LEAST_MARK else ""
        return mark, (left, y, right - left, height)

    def _row_ground(self, position: int, row: WatchRow) -> Role | None:
        if position in self.selected:
            return "selection" if self.has_focus else "selectionIdle"
        return "hover" if position == self.hovered else None

    def _flash_ground(self, row: WatchRow, column: Column, role: Role) -> QColor:
        if column.key != "last_price" or not row.flash_direction:
            return self._theme.colour(role)
        strength = self._flash.strength(row)
        if not strength:
            return self._theme.colour(role)
        flash: Role = "gainFlash" if row.flash_direction > 0 else "lossFlash"
        key = (role, flash, strength)
        colour = self._mixtures.get(key)
        if colour is None:
            colour = mixed(self._theme.colour(role), self._theme.colour(flash), strength / STEPS)
            self._mixtures[key] = colour
        return colour

    def _paint_focus(self, painter: QPainter, y: int, height: int, places: Places) -> None:
        colour = self._theme.colour("focus")
        painter.fillRect(0, y, places.width, 1, colour)
        painter.fillRect(0, y + height - 1, places.width, 1, colour)
        painter.fillRect(0, y, 1, height, colour)
        painter.fillRect(places.width - 1, y, 1, height, colour)


def _cell_ground(row: WatchRow, column: Column, look: Look) -> Role | None:
    """Return what lies under a cell by its state alone: delayed prices are tinted, stale rows altogether."""
    if look.price_ground is not None and (column.is_price or column.tone in _PRICE_TONES):
        return look.price_ground
    if look.edge is Edge.LOWER_HALF and column.tone in _EXTENDED_TONES and has_delay(row):
        return "delayedTint"
    return look.ground
