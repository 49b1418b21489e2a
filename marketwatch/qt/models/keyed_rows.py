"""A table whose rows come anew every second and keep their selection: rows are told apart by their keys."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Generic, Protocol, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

Index = QModelIndex | QPersistentModelIndex

KEYED_ROLE = int(Qt.ItemDataRole.UserRole) + 1

_DISPLAY = int(Qt.ItemDataRole.DisplayRole)
_TOOLTIP = int(Qt.ItemDataRole.ToolTipRole)
_ACCESSIBLE = int(Qt.ItemDataRole.AccessibleTextRole)
_ALIGNMENT = int(Qt.ItemDataRole.TextAlignmentRole)
_ROOT = QModelIndex()


class KeyedRow(Protocol):
    """One row: what it is known by, its text in each column, what is said of it, and its tip."""

    @property
    def key(self) -> Hashable: ...
    @property
    def texts(self) -> tuple[str, ...]: ...
    @property
    def spoken(self) -> str: ...
    @property
    def tip(self) -> str: ...


RowT = TypeVar("RowT", bound=KeyedRow)


class TableColumn(Protocol):
    """What a table needs to know of a column."""

    @property
    def title(self) -> str: ...
    @property
    def is_right(self) -> bool: ...


class KeyedRowsModel(QAbstractTableModel, Generic[RowT]):
    """Shows rows as they are handed in. `KEYED_ROLE` gives the row itself."""

    def __init__(self, columns: Sequence[TableColumn], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns = tuple(columns)
        self._rows: list[RowT] = []

    def set_columns(self, columns: Sequence[TableColumn]) -> None:
        """Call the columns something else; there are as many as before."""
        if tuple(columns) != self._columns:
            self._columns = tuple(columns)
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self._columns) - 1)

    def row(self, place: int) -> RowT | None:
        """Return a row by its place."""
        return self._rows[place] if 0 <= place < len(self._rows) else None

    def place_of(self, key: Hashable) -> int:
        """Return the place of a row, -1 when it is not there."""
        return next((place for place, row in enumerate(self._rows) if row.key == key), -1)

    def show_rows(self, rows: Sequence[RowT]) -> None:
        """Show these rows; those that stay keep their selection, and only what differs is painted."""
        wanted = {row.key for row in rows}
        for place in range(len(self._rows) - 1, -1, -1):
            if self._rows[place].key not in wanted:
                self.beginRemoveRows(QModelIndex(), place, place)
                del self._rows[place]
                self.endRemoveRows()
        held = {row.key for row in self._rows}
        for place, row in enumerate(rows):
            if row.key not in held:
                at = min(place, len(self._rows))
                self.beginInsertRows(QModelIndex(), at, at)
                self._rows.insert(at, row)
                self.endInsertRows()
        self._take_order(rows)
        for place, row in enumerate(rows):
            if row != self._rows[place]:
                self._rows[place] = row
                self.dataChanged.emit(self.index(place, 0), self.index(place, len(self._columns) - 1))

    def _take_order(self, rows: Sequence[RowT]) -> None:
        if [row.key for row in rows] == [row.key for row in self._rows]:
            return
        self.layoutAboutToBeChanged.emit()
        places = {row.key: place for place, row in enumerate(rows)}
        before = self.persistentIndexList()
        keys = [self._rows[index.row()].key for index in before]
        self._rows.sort(key=lambda row: places[row.key])
        after = [self.index(places[key], index.column()) for key, index in zip(keys, before, strict=True)]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> object:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(self._columns):
            return None
        column = self._columns[section]
        if role == _DISPLAY:
            return column.title
        if role == _ALIGNMENT:
            side = Qt.AlignmentFlag.AlignRight if column.is_right else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: Index, role: int = _DISPLAY) -> object:
        row = self.row(index.row()) if index.isValid() else None
        if row is None:
            return None
        if role == _DISPLAY:
            return row.texts[index.column()]
        if role == KEYED_ROLE:
            return row
        if role == _TOOLTIP:
            return row.tip or None
        if role == _ACCESSIBLE:
            return row.spoken if index.column() == 0 else row.texts[index.column()]
        return None
