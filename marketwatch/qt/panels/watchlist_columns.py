"""Places of the columns: the symbol takes what is left, and columns leave turn by turn before anything is cut."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QTableView

from marketwatch.qt.models.columns import SYMBOL, Column
from marketwatch.qt.models.watchlist_model import WatchlistModel
from marketwatch.qt.panels.watchlist_canvas import Places
from marketwatch.qt.panels.watchlist_header import WatchlistHeader

_LEAST_SYMBOL = 78


class ColumnPlaces:
    """Keeps header sections, widths and the view's painting in step. `widths` are those the user chose, by key."""

    def __init__(self, view: QTableView, header: WatchlistHeader, on_changed: Callable[[], None]) -> None:
        self.current = Places((), 0)
        self.left_out: list[str] = []
        self.widths: dict[str, int] = {}
        self.on_widths_chosen: Callable[[dict[str, int]], None] | None = None
        self.on_order_chosen: Callable[[tuple[str, ...]], None] | None = None
        self._price_extra = 0
        self._spans: dict[int, tuple[int, int]] = {}
        self._grown: dict[str, int] = {}
        self._view = view
        self._header = header
        self._on_changed = on_changed
        self._is_fitting = False
        self._columns: tuple[Column, ...] = ()
        header.sectionResized.connect(self._on_section_resized)
        header.sectionMoved.connect(self._on_section_moved)

    def follow_model(self) -> None:
        """Take over the model's columns, when they are other ones than before."""
        model = self._view.model()
        if isinstance(model, WatchlistModel) and model.columns != self._columns:
            self._columns = model.columns
            self._grown = {}
            self._header.set_columns(model.columns)
            self.fit()

    def set_widths(self, widths: dict[str, int]) -> None:
        """Use stored widths."""
        self.widths = dict(widths)
        self.fit()

    def choose_width(self, key: str, width: int) -> None:
        """Give a column a width and remember it."""
        self.widths[key] = width
        self.fit()
        if self.on_widths_chosen is not None:
            self.on_widths_chosen(dict(self.widths))

    def fit(self) -> None:
        """Share the width of the view among the columns."""
        room = self._view.viewport().width()
        wanted = [self._wanted(column) for column in self._columns]
        symbol_least = self.widths.get(SYMBOL.key, _LEAST_SYMBOL)
        shown = self._chosen(room, wanted, symbol_least)
        rest = sum(width for width, column in zip(wanted, self._columns, strict=True) if _is_other(column, shown))
        self._is_fitting = True
        for number, column in enumerate(self._columns):
            self._header.setSectionHidden(number, column.key not in shown)
            is_symbol = column.key == SYMBOL.key
            self._header.resizeSection(number, max(symbol_least, room - rest) if is_symbol else wanted[number])
        self._is_fitting = False
        self.left_out = [column.title for column in self._columns if column.key not in shown]
        self.follow_scroll()
        self._on_changed()

    def reserve(self, price_extra: int) -> None:
        """Make price columns wider than for two decimals by so much."""
        if price_extra != self._price_extra:
            self._price_extra = price_extra
            self.fit()

    def grow(self, widths: dict[str, int]) -> None:
        """Widen columns whose figures do not fit, unless the user chose their width."""
        wider = {key: width for key, width in widths.items() if key not in self.widths}
        if wider:
            self._grown.update(wider)
            self.fit()

    def _wanted(self, column: Column) -> int:
        chosen = self.widths.get(column.key)
        if chosen is not None:
            return chosen
        width = column.width + (self._price_extra if column.is_price else 0)
        return max(width, self._grown.get(column.key, 0))

    def follow_scroll(self) -> None:
        """Work out the places again, after a horizontal scroll or a change of widths."""
        header = self._header
        places = []
        for visual in range(header.count()):
            number = header.logicalIndex(visual)
            if not header.isSectionHidden(number):
                places.append((number, header.sectionViewportPosition(number), header.sectionSize(number)))
        right = max((x + width for _, x, width in places), default=0)
        self.current = Places(tuple(places), right)
        self._spans.clear()

    def span(self, mask: int) -> tuple[int, int]:
        """Return the left and right end of the columns in a mask."""
        found = self._spans.get(mask)
        if found is None:
            boxes = [(x, x + width) for number, x, width in self.current.columns if mask >> number & 1]
            left = min((left for left, _ in boxes), default=0)
            right = max((right for _, right in boxes), default=0)
            found = self._spans[mask] = (left, right)
        return found

    def of_key(self, key: str) -> tuple[int, int, int] | None:
        """Return logical number, x and width of a shown column."""
        return next((place for place in self.current.columns if self._columns[place[0]].key == key), None)

    def _chosen(self, room: int, wanted: list[int], symbol_least: int) -> set[str]:
        """Leave out columns, turn by turn, until the rest has room; the symbol and the last price always stay."""
        widths = {column.key: width for column, width in zip(self._columns, wanted, strict=True)}
        widths[SYMBOL.key] = symbol_least
        for turn in sorted({column.yields for column in self._columns if column.yields}):
            if sum(widths.values()) <= room or room <= 0:
                break
            for column in self._columns:
                if column.yields == turn:
                    del widths[column.key]
        return set(widths)

    def _on_section_resized(self, number: int, before: int, now: int) -> None:
        if self._is_fitting or not now or number >= len(self._columns):
            return
        self.choose_width(self._columns[number].key, now)

    def _on_section_moved(self, number: int, before: int, now: int) -> None:
        order = tuple(self._columns[self._header.logicalIndex(place)].key for place in range(self._header.count()))
        self.follow_scroll()
        self._on_changed()
        if self.on_order_chosen is not None:
            self.on_order_chosen(order)


def _is_other(column: Column, shown: set[str]) -> bool:
    return column.key in shown and column.key != SYMBOL.key
