"""Rows in the list's own order and in the order shown, and the model signals that lead from one to the next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex

from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.watchlist import SortState
from marketwatch.qt.models.columns import COLUMNS
from marketwatch.qt.models.watchlist_row import WatchRow

if TYPE_CHECKING:
    from marketwatch.qt.models.watchlist_model import WatchlistModel

_ROOT = QModelIndex()


class OrderedRows:
    """Sorting stays inside the sections, so that headings keep their places. Blanks come last either way."""

    def __init__(self, model: WatchlistModel) -> None:
        self.own: list[WatchRow] = []
        self.shown: list[WatchRow] = []
        self.positions: dict[InstrumentId, int] = {}
        self.sort_state: SortState | None = None
        self._model = model

    def clear(self) -> None:
        """Forget all rows, inside a model reset."""
        self.own, self.shown, self.positions, self.sort_state = [], [], {}, None

    def fill(self, rows: list[WatchRow], sort: SortState | None) -> None:
        """Take all rows and their order, inside a model reset."""
        self.own = rows
        self.sort_state = sort
        self.shown = self._wanted_order()
        self._index()

    def is_old(self) -> bool:
        """Tell whether the wanted order differs from the one shown."""
        return self._wanted_order() != self.shown

    def resort(self) -> None:
        """Show the wanted order; persistent indexes, and so the selection, follow their rows."""
        wanted = self._wanted_order()
        if wanted == self.shown:
            return
        model = self._model
        model.layoutAboutToBeChanged.emit()
        before = model.persistentIndexList()
        rows = [self.shown[index.row()] for index in before]
        self.shown = wanted
        self._index()
        places = {id(row): position for position, row in enumerate(wanted)}
        after = [model.createIndex(places[id(row)], index.column()) for row, index in zip(rows, before, strict=True)]
        model.changePersistentIndexList(before, after)
        model.layoutChanged.emit()

    def insert(self, index: int, rows: list[WatchRow]) -> None:
        """Put rows in. In a sorted list they wait at this place of their section for the next `resort`."""
        self._model.beginInsertRows(_ROOT, index, index + len(rows) - 1)
        self.own[index:index] = rows
        self.shown[index:index] = rows
        self._index()
        self._model.endInsertRows()
        self._follow_headings(rows)

    def remove(self, index: int, count: int) -> None:
        """Take rows out, in as few steps as the shown order allows."""
        gone = self.own[index : index + count]
        del self.own[index : index + count]
        for first, last in reversed(_runs(sorted(self.shown.index(row) for row in gone))):
            self._model.beginRemoveRows(_ROOT, first, last)
            del self.shown[first : last + 1]
            self._index()
            self._model.endRemoveRows()
        self._follow_headings(gone)

    def move(self, source: int, target: int) -> None:
        """Move a row of the own order, and of the shown one while that is the same."""
        row = self.own[source]
        if self.sort_state is not None:
            self.own.insert(target, self.own.pop(source))
            self._follow_headings([row])
            return
        before = target + 1 if target > source else target
        self._model.beginMoveRows(_ROOT, source, source, _ROOT, before)
        self.own.insert(target, self.own.pop(source))
        self.shown = list(self.own)
        self._index()
        self._model.endMoveRows()

    def _follow_headings(self, rows: Iterable[WatchRow]) -> None:
        """A heading that came, went or moved changes the sections that sorting stays inside."""
        if self.sort_state is not None and any(row.heading is not None for row in rows):
            self.resort()

    def _index(self) -> None:
        self.positions = {
            row.entry: position for position, row in enumerate(self.shown) if isinstance(row.entry, InstrumentId)
        }

    def _wanted_order(self) -> list[WatchRow]:
        sort = self.sort_state
        if sort is None or sort.column not in COLUMNS:
            return list(self.own)
        order: list[WatchRow] = []
        section: list[WatchRow] = []
        for row in self.own:
            if row.heading is None:
                section.append(row)
                continue
            order += _sorted_section(section, sort)
            order.append(row)
            section = []
        return order + _sorted_section(section, sort)


def _sorted_section(rows: list[WatchRow], sort: SortState) -> list[WatchRow]:
    value_of = COLUMNS[sort.column].sort_value
    known: list[tuple[float | str, WatchRow]] = []
    blank: list[WatchRow] = []
    for row in rows:
        value = value_of(row)
        if value is None or value != value:
            blank.append(row)
        else:
            known.append((value, row))
    known.sort(key=_first, reverse=sort.descending)
    return [row for _, row in known] + blank


def _first(pair: tuple[float | str, WatchRow]) -> float | str:
    return pair[0]


def _runs(positions: list[int]) -> list[tuple[int, int]]:
    """Join ascending positions to (first, last) runs."""
    runs: list[tuple[int, int]] = []
    for position in positions:
        if runs and runs[-1][1] + 1 == position:
            runs[-1] = (runs[-1][0], position)
        else:
            runs.append((position, position))
    return runs
