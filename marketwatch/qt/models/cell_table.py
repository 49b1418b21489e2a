"""A table of ready-made cells: what a row says, how each cell looks, and how the row is spoken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from marketwatch.qt.theme_tokens import Role

CELL_ROLE = int(Qt.ItemDataRole.UserRole) + 1
ModelIndex = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()


class Cell(NamedTuple):
    """One cell. `tags` stand behind the text; `marks` are (start, end) of letters that were searched for.

    `actions` are what a click on their words does; the keyboard has its own way to each.
    """

    text: str = ""
    role: Role = "text1"
    is_mono: bool = False
    is_strong: bool = False
    tags: tuple[str, ...] = ()
    marks: tuple[tuple[int, int], ...] = ()
    tooltip: str = ""
    actions: tuple[str, ...] = ()


class Column(NamedTuple):
    """One column. The one that `stretches` gets what is left and may be shortened; others keep their contents whole.

    Where there is no room for all, those with the highest `rank` go first; rank 0 always stays.
    """

    title: str
    is_right: bool = False
    stretches: bool = False
    rank: int = 0
    least: int = 40
    most: int = 330


class CellRow(NamedTuple):
    """A row: its cells, what a screen reader says of it, and whether it can be ticked (None: no box)."""

    cells: tuple[Cell, ...]
    spoken: str = ""
    is_checked: bool | None = None
    can_check: bool = True


class CellTableModel(QAbstractTableModel):
    """Rows are replaced as a whole, or one by one. A click on a box is told by `on_checked`."""

    def __init__(self, columns: Sequence[Column], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self.rows: list[CellRow] = []

    def set_rows(self, rows: Sequence[CellRow]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()

    def set_table(self, columns: Sequence[Column], rows: Sequence[CellRow]) -> None:
        """Show another table."""
        self.beginResetModel()
        self.columns, self.rows = tuple(columns), list(rows)
        self.endResetModel()

    def replace(self, row: int, now: CellRow) -> None:
        """Change one row."""
        self.rows[row] = now
        self.dataChanged.emit(self.index(row, 0), self.index(row, len(self.columns) - 1))

    def rowCount(self, parent: ModelIndex = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: ModelIndex = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def cell(self, row: int, column: int) -> Cell:
        """Return a cell; an empty one behind the last."""
        cells = self.rows[row].cells
        return cells[column] if column < len(cells) else Cell()

    def data(self, index: ModelIndex, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        if not index.isValid():
            return None
        role, row = int(role), self.rows[index.row()]
        cell = self.cell(index.row(), index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return cell.text
        if role == CELL_ROLE:
            return cell
        if role == Qt.ItemDataRole.ToolTipRole:
            return cell.tooltip or None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row.spoken if index.column() == 0 else cell.text or ", ".join(cell.actions)
        if role == Qt.ItemDataRole.CheckStateRole and index.column() == 0 and row.is_checked is not None:
            return Qt.CheckState.Checked if row.is_checked else Qt.CheckState.Unchecked
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> Any:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        if int(role) == Qt.ItemDataRole.DisplayRole:
            return self.columns[section].title
        if int(role) == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if self.columns[section].is_right else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def flags(self, index: ModelIndex) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        usual = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        row = self.rows[index.row()]
        can = row.is_checked is not None and row.can_check and index.column() == 0
        return usual | Qt.ItemFlag.ItemIsUserCheckable if can else usual
