"""The item model over one watchlist: texts made once per change, only what is visible is kept up to date."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.snapshot import Snapshot
from marketwatch.domain.watchlist import STANDARD_SET, SectionHeading, SortState, Watchlist
from marketwatch.qt.formatting import minor_unit
from marketwatch.qt.models.columns import COLUMN_SETS, COLUMNS, Column
from marketwatch.qt.models.watchlist_order import OrderedRows
from marketwatch.qt.models.watchlist_row import RowSource, WatchRow
from marketwatch.qt.models.watchlist_words import row_sentence, row_tooltip
from marketwatch.qt.time_text import zone_name
from marketwatch.services.presentation import RowStateKind

ModelIndex = QModelIndex | QPersistentModelIndex

# Plain ints: an enum looked up inside data() makes painting several times slower (PERFORMANCE.md part 4).
_DISPLAY = int(Qt.ItemDataRole.DisplayRole)
_TOOLTIP = int(Qt.ItemDataRole.ToolTipRole)
_ALIGNMENT = int(Qt.ItemDataRole.TextAlignmentRole)
_SPOKEN = int(Qt.ItemDataRole.AccessibleTextRole)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_HORIZONTAL = Qt.Orientation.Horizontal
_NO_INDEX = QModelIndex()

FLASH_GAP_NS = 340_000_000
_STATE_EVERY_NS = 200_000_000
_LEAST_DECIMALS = 2
_CLOSED = RowStateKind.CLOSED


class WatchlistModel(QAbstractTableModel):
    """Rows of one list at a time.

    `changed_mask(row)` tells which columns the newest `dataChanged` of that row was about, as a set of bits.
    """

    def __init__(
        self,
        source: RowSource,
        parent: QObject | None = None,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        super().__init__(parent)
        self._source = source
        self._now_ns = monotonic_ns
        self._watchlist: Watchlist | None = None
        self._rows = OrderedRows(self)
        self._columns: tuple[Column, ...] = COLUMN_SETS[STANDARD_SET].columns
        self._all_changed = (1 << len(self._columns)) - 1
        self._masks: dict[int, int] = {}
        self._first_visible = 0
        self._last_visible = -1
        self._decimals = _LEAST_DECIMALS
        self._has_minor_unit = False
        self._zone_text: str | None = None
        self._oldest_ns: int | None = None

    # --- what is shown

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns, left to right."""
        return self._columns

    @property
    def price_decimals(self) -> int:
        """The most decimals of any price in this list: what the price columns reserve."""
        return self._decimals

    @property
    def has_minor_unit(self) -> bool:
        """Whether some prices are in pence or the like, so that all leave room for the mark."""
        return self._has_minor_unit

    @property
    def watchlist(self) -> Watchlist | None:
        """The list on display."""
        return self._watchlist

    @property
    def rows(self) -> Sequence[WatchRow]:
        """Rows in the order they are shown; read only."""
        return self._rows.shown

    def set_watchlist(self, watchlist: Watchlist | None) -> None:
        """Show another list."""
        if self._watchlist is not None:
            self._watchlist.remove_observer(self)
        self.beginResetModel()
        self._watchlist = watchlist
        self._rows.clear()
        if watchlist is not None:
            watchlist.add_observer(self)
            self._rows.fill([self._new_row(entry) for entry in watchlist.entries], watchlist.sort)
        self._first_visible, self._last_visible = 0, -1
        self._measure()
        self.endResetModel()

    def set_columns(self, columns: tuple[Column, ...]) -> None:
        """Show other columns."""
        if columns == self._columns:
            return
        self.beginResetModel()
        self._columns = columns
        self._all_changed = (1 << len(columns)) - 1
        for row in self._rows.own:
            row.texts = []
        self.endResetModel()

    def set_visible_rows(self, first: int, last: int) -> None:
        """Say which rows can be seen; only these are kept up to date."""
        self._first_visible, self._last_visible = first, last

    def position_of(self, instrument_id: InstrumentId) -> int | None:
        """Return the shown row of an instrument."""
        return self._rows.positions.get(instrument_id)

    def own_index(self, position: int) -> int:
        """Return where the row shown at `position` stands in the list's own order."""
        return self._rows.own.index(self._rows.shown[position])

    def texts(self, position: int) -> list[str]:
        """Return the texts of a row, one per column."""
        row = self._rows.shown[position]
        snapshot = row.snapshot
        if row.is_pending or (snapshot is not None and snapshot.version != row.version):
            row.is_pending = False
            row.refresh(self._source)
        if not row.texts:
            self._write(row)
        return row.texts

    def _write(self, row: WatchRow) -> None:
        row.values = [column.value(row) for column in self._columns]
        row.texts = [column.write(row, value) for column, value in zip(self._columns, row.values, strict=True)]

    def changed_mask(self, position: int) -> int:
        """Return and forget the changed columns of a row as bits; all of them when nothing is known."""
        return self._masks.pop(position, self._all_changed)

    def take_oldest_received_ns(self) -> int | None:
        """Return and forget when the oldest tick among the changes since the last call came in (monotonic)."""
        oldest, self._oldest_ns = self._oldest_ns, None
        return oldest

    def is_all_closed(self) -> bool:
        """Tell whether no visible row can change without a tick for a while."""
        shown = self._rows.shown[self._first_visible : self._last_visible + 1]
        return all(row.state is not None and row.state.primary is _CLOSED for row in shown if row.instrument)

    # --- market data

    def apply(self, changed: Sequence[Snapshot]) -> None:
        """Show new market data: visible rows now, the others find out by their version when they come into view.

        So the cost follows what is visible, not what changed.
        """
        now = self._now_ns()
        shown = self._rows.shown
        for position in range(self._first_visible, min(self._last_visible + 1, len(shown))):
            row = shown[position]
            snapshot = row.snapshot
            if snapshot is None:
                self._find_snapshot(position, row, now)
            elif snapshot.version != row.version:
                row.version = snapshot.version
                received_ns = snapshot.received_ns
                if received_ns is not None and (self._oldest_ns is None or received_ns < self._oldest_ns):
                    self._oldest_ns = received_ns
                self._update(position, row, now, is_tick=True)

    def _find_snapshot(self, position: int, row: WatchRow, now: int) -> None:
        if isinstance(row.entry, InstrumentId) and self._source.snapshot(row.entry) is not None:
            row.is_pending = True
            self._update(position, row, now, is_tick=False)

    def refresh_visible(self) -> None:
        """Judge the visible rows anew: ages grow and states change without a tick."""
        now = self._now_ns()
        shown = self._rows.shown
        for position in range(self._first_visible, min(self._last_visible + 1, len(shown))):
            self._update(position, shown[position], now, is_tick=False)

    def refresh_row(self, instrument_id: InstrumentId) -> None:
        """Read one row again: its subscription or its facts changed."""
        position = self._rows.positions.get(instrument_id)
        if position is None:
            return
        row = self._rows.shown[position]
        row.is_pending = True
        if self._first_visible <= position <= self._last_visible:
            self._update(position, row, self._now_ns(), is_tick=False)

    def reload(self) -> None:
        """Read every row again, after the list was hidden or facts of instruments changed."""
        for row in self._rows.own:
            row.is_pending = True
        self._masks.clear()
        self.refresh_visible()

    def _update(self, position: int, row: WatchRow, now: int, *, is_tick: bool) -> None:
        if row.instrument is None:
            return
        mask = 0
        state = row.state
        if not is_tick or row.is_pending or state is None or now - row.judged_ns > _STATE_EVERY_NS:
            mask = self._judge(row, now, is_tick=is_tick)
        if is_tick and row.note_tick(now, FLASH_GAP_NS):
            mask |= self._flash_bit()
        mask |= self._renew_texts(row)
        if mask:
            self._tell(position, mask)

    def _judge(self, row: WatchRow, now: int, *, is_tick: bool) -> int:
        before = row.state
        if row.is_pending:
            row.is_pending = False
            row.refresh(self._source)
        elif not is_tick and row.is_replaced(self._source):
            row.refresh(self._source)
        else:
            row.judge(self._source)
        row.judged_ns = now
        if before is None or row.state is None:
            return self._all_changed
        is_same = before.primary is row.state.primary and before.tags == row.state.tags
        return 0 if is_same else self._all_changed

    def _renew_texts(self, row: WatchRow) -> int:
        if not row.texts:
            self._write(row)
            return self._all_changed
        texts, values = row.texts, row.values
        mask, bit = 0, 1
        for number, column in enumerate(self._columns):
            value = column.value(row)
            if value != values[number]:
                values[number] = value
                text = column.write(row, value)
                if text != texts[number] or not column.is_number:
                    texts[number] = text
                    mask |= bit
            bit <<= 1
        return mask

    def _flash_bit(self) -> int:
        for number, column in enumerate(self._columns):
            if column.key == "last_price":
                return 1 << number
        return 0

    def _tell(self, position: int, mask: int) -> None:
        self._masks[position] = self._masks.get(position, 0) | mask
        first = (mask & -mask).bit_length() - 1
        last = mask.bit_length() - 1
        self.dataChanged.emit(self.createIndex(position, first), self.createIndex(position, last))

    # --- order

    @property
    def sort_state(self) -> SortState | None:
        """The sort in force, None for own order."""
        return self._rows.sort_state

    def is_order_old(self) -> bool:
        """Tell whether sorting now would change the order."""
        return self._rows.is_old()

    def resort(self) -> None:
        """Bring the rows into the newest order; selection and indexes stay with their rows."""
        self._rows.resort()

    # --- the list's own changes

    def inserting(self, index: int, count: int) -> None:
        """Nothing: the rows are this model's own and follow afterwards."""

    def inserted(self, index: int, count: int) -> None:
        """Show new entries."""
        if self._watchlist is None:
            return
        rows = [self._new_row(entry) for entry in self._watchlist.entries[index : index + count]]
        self._rows.insert(index, rows)
        self._measure_again()

    def removing(self, index: int, count: int) -> None:
        """Nothing, see `inserting`."""

    def removed(self, index: int, count: int) -> None:
        """Let entries go."""
        self._rows.remove(index, count)
        self._masks.clear()
        self._measure_again()

    def moving(self, source: int, target: int) -> None:
        """Nothing, see `inserting`."""

    def moved(self, source: int, target: int) -> None:
        """Follow a move."""
        self._rows.move(source, target)
        self._masks.clear()

    def changed(self) -> None:
        """Follow a new sort or heading; the panel follows name and columns."""
        if self._watchlist is None:
            return
        if self._watchlist.sort != self._rows.sort_state:
            self._rows.sort_state = self._watchlist.sort
            self._rows.resort()
        for row, entry in zip(self._rows.own, self._watchlist.entries, strict=True):
            if row.entry is not entry and isinstance(entry, SectionHeading):
                row.entry = entry
                row.texts = []
                self._tell(self._rows.shown.index(row), self._all_changed)

    def _new_row(self, entry: InstrumentId | SectionHeading) -> WatchRow:
        row = WatchRow(entry)
        row.load(self._source)
        return row

    def _measure_again(self) -> None:
        before = (self._decimals, self._has_minor_unit, self._zone_text)
        self._measure()
        if before != (self._decimals, self._has_minor_unit, self._zone_text):
            self.headerDataChanged.emit(_HORIZONTAL, 0, len(self._columns) - 1)

    def _measure(self) -> None:
        self._decimals = max((row.decimals or 0 for row in self._rows.own), default=0)
        self._decimals = max(self._decimals, _LEAST_DECIMALS)
        self._has_minor_unit = any(minor_unit(row.currency) for row in self._rows.own)
        zones = {row.zone for row in self._rows.own if row.instrument is not None}
        self._zone_text = zone_name(zones.pop()) if len(zones) == 1 else None

    # --- QAbstractTableModel

    def rowCount(self, parent: ModelIndex = _NO_INDEX) -> int:
        """Return the number of rows, headings included."""
        return 0 if parent.isValid() else len(self._rows.shown)

    def columnCount(self, parent: ModelIndex = _NO_INDEX) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: ModelIndex, role: int = _DISPLAY) -> Any:
        """Answer with text, tooltip, alignment and the words a screen reader says; nothing for other roles."""
        if not index.isValid():
            return None
        if role == _DISPLAY:
            return self.texts(index.row())[index.column()]
        if role == _ALIGNMENT:
            return _RIGHT if self._columns[index.column()].is_number else _LEFT
        if role == _TOOLTIP:
            return self._tooltip(index.row(), index.column())
        if role == _SPOKEN:
            return self._spoken(index.row(), index.column())
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> Any:
        """Answer with the title, and with the alignment that its figures have."""
        if orientation != _HORIZONTAL or not 0 <= section < len(self._columns):
            return None
        column = self._columns[section]
        if role == _DISPLAY:
            if column is COLUMNS["time"]:
                return f"Time {self._zone_text}" if self._zone_text else "Exchange time"
            return column.title
        if role == _ALIGNMENT:
            return _RIGHT if column.is_number else _LEFT
        return None

    def flags(self, index: ModelIndex) -> Qt.ItemFlag:
        """Every row can be chosen; nothing is edited in place."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren

    def _tooltip(self, position: int, number: int) -> str | None:
        row = self._rows.shown[position]
        if row.instrument is None:
            return None
        column = self._columns[number]
        own = column.tooltip(row)
        text = self.texts(position)[number]
        return "\n".join(part for part in (own or f"{column.title} {text}", row_tooltip(row)) if part)

    def _spoken(self, position: int, number: int) -> str:
        row = self._rows.shown[position]
        if row.instrument is None:
            return f"Section {row.heading}"
        column = self._columns[number]
        if number == 0 or column.tone:
            return row_sentence(row)
        return f"{row.instrument.symbol} {column.title} {self.texts(position)[number]}"
