"""The levels of a book as rows: bids at left, asks at right, the best ones on top."""

from __future__ import annotations

import enum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from marketwatch.domain.events import DepthLevel
from marketwatch.qt import formatting as fmt
from marketwatch.qt.models.depth_view import BookRow, DepthView

Index = QModelIndex | QPersistentModelIndex

SHORT_ROLE = int(Qt.ItemDataRole.UserRole) + 1
"""A shorter text for a size that finds no room, None where there is none."""
BAR_ROLE = int(Qt.ItemDataRole.UserRole) + 2
"""How large the level is beside the largest one that is shown, 0 to 1."""

_DISPLAY = int(Qt.ItemDataRole.DisplayRole)
_TOOLTIP = int(Qt.ItemDataRole.ToolTipRole)
_ACCESSIBLE = int(Qt.ItemDataRole.AccessibleTextRole)
_ALIGNMENT = int(Qt.ItemDataRole.TextAlignmentRole)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_ROOT = QModelIndex()
_TITLES = ("Orders", "Size", "Bid", "Ask", "Size", "Orders")


class BookColumn(enum.IntEnum):
    """Columns from left to right."""

    BID_ORDERS = 0
    BID_SIZE = 1
    BID = 2
    ASK = 3
    ASK_SIZE = 4
    ASK_ORDERS = 5

    @property
    def is_bid(self) -> bool:
        """Whether it is of those who buy."""
        return self <= BookColumn.BID


PRICES = (BookColumn.BID, BookColumn.ASK)
SIZES = (BookColumn.BID_SIZE, BookColumn.ASK_SIZE)


class DepthModel(QAbstractTableModel):
    """Shows one DepthView at a time. A column's texts are made when they are asked for."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view: DepthView | None = None

    @property
    def view(self) -> DepthView | None:
        """What is shown."""
        return self._view

    def show(self, view: DepthView | None) -> None:
        """Show another book; rows that stay as they are are not told of."""
        before, after = self.rowCount(), 0 if view is None else len(view.rows)
        if before != after:
            self.beginResetModel()
            self._view = view
            self.endResetModel()
            return
        old, self._view = self._view, view
        if old is None or view is None:
            return
        is_scaled = (old.largest, old.role, old.title) != (view.largest, view.role, view.title)
        for row, (one, other) in enumerate(zip(old.rows, view.rows, strict=True)):
            if is_scaled or one != other:
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(BookColumn) - 1))

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() or self._view is None else len(self._view.rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(BookColumn)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> Any:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(_TITLES):
            return None
        if role == _DISPLAY:
            return _TITLES[section]
        if role == _ALIGNMENT:
            return _RIGHT
        if role == _TOOLTIP:
            return f"{_TITLES[section]} of the {'buyers' if section <= BookColumn.BID else 'sellers'}"
        return None

    def data(self, index: Index, role: int = _DISPLAY) -> Any:
        view = self._view
        if view is None or not index.isValid() or not 0 <= index.row() < len(view.rows):
            return None
        row, column = view.rows[index.row()], BookColumn(index.column())
        level = row.bid if column.is_bid else row.ask
        if role == _DISPLAY:
            return _text(view, level, column)
        if role == _ALIGNMENT:
            return _RIGHT
        if role == SHORT_ROLE:
            return fmt.volume(level.size, view.currency) if level is not None and column in SIZES else None
        if role == BAR_ROLE:
            return level.size / view.largest if level is not None and view.largest else 0.0
        if role == _TOOLTIP:
            return _sentence(view, level, is_bid=column.is_bid)
        if role == _ACCESSIBLE:
            return _spoken(view, row, index.row())
        return None


def _text(view: DepthView, level: DepthLevel | None, column: BookColumn) -> str:
    """Write a figure; a level that nobody offers is blank beside its price, which is the dash."""
    if column in PRICES:
        return view.write(None if level is None else level.price)
    if level is None:
        return ""
    if column in SIZES:
        return fmt.quantity(level.size, view.currency)
    return fmt.MISSING if level.orders is None else fmt.quantity(level.orders, view.currency)


def _sentence(view: DepthView, level: DepthLevel | None, *, is_bid: bool) -> str:
    side = "bid" if is_bid else "asked"
    if level is None:
        return f"Nothing more is {side}"
    size = fmt.quantity(level.size, view.currency)
    orders = "" if level.orders is None else f" in {level.orders} order{'' if level.orders == 1 else 's'}"
    return f"{size} {side} at {view.write(level.price)}{orders}"


def _spoken(view: DepthView, row: BookRow, number: int) -> str:
    sides = (_sentence(view, row.bid, is_bid=True), _sentence(view, row.ask, is_bid=False))
    return f"Level {number + 1}: {sides[0]}; {sides[1]}"
