"""The watchlist on screen: a table view that keeps selection, keys and accessibility, and paints itself."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QFrame, QTableView, QWidget

from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.snapshot import Snapshot
from marketwatch.qt.models.watchlist_model import WatchlistModel
from marketwatch.qt.models.watchlist_row import WatchRow
from marketwatch.qt.paint_meter import PaintMeter
from marketwatch.qt.panels.flash import FlashClock, FlashMode
from marketwatch.qt.panels.row_drag import RowDrag
from marketwatch.qt.panels.watchlist_canvas import WatchlistCanvas
from marketwatch.qt.panels.watchlist_columns import ColumnPlaces
from marketwatch.qt.panels.watchlist_header import WatchlistHeader
from marketwatch.qt.panels.watchlist_keys import ListKeys
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import RowSize

_STATE_TICK_MS = 1_000
_STATE_TICK_CLOSED_MS = 10_000
_NO_ROW = -1


class WatchlistView(QTableView):
    """Shows a WatchlistModel. It asks by signals and changes nothing but its own selection and scroll position.

    Positions in signals are shown rows. `pointer_left` tells that rows may move again.
    """

    chart_requested = Signal(object)
    selection_changed = Signal(object)
    pointer_left = Signal()
    row_dropped = Signal(int, int)
    columns_shown_changed = Signal()

    def __init__(
        self, theme: Theme, model: WatchlistModel, parent: QWidget | None = None, meter: PaintMeter | None = None
    ) -> None:
        super().__init__(parent)
        self.setViewport(QWidget(self))  # asked for Qt's own, the binding would first make every class of widget
        self.meter = meter or PaintMeter()
        self.keys = ListKeys(self)
        self._theme = theme
        self._watch_model = model
        self.flash = FlashClock(theme, self._repaint_price, self)
        self._canvas = WatchlistCanvas(theme, model, self.flash)
        self._dirty: dict[int, int] = {}
        self._is_all_dirty = True
        self._batch: QRect | None = None
        self._heights: tuple[int, int, list[int]] | None = None
        self._row_size: RowSize = "compact"
        self._pointer_inside = False
        self._drag = RowDrag(self)
        self._watch_header = WatchlistHeader(theme, self)
        self.setHorizontalHeader(self._watch_header)
        self.setModel(model)
        self.places = ColumnPlaces(self, self._watch_header, self._on_places_changed)
        self._state_timer = QTimer(self)
        self._state_timer.setTimerType(Qt.TimerType.CoarseTimer)
        self._state_timer.setSingleShot(True)
        self._state_timer.timeout.connect(self._on_state_tick)
        self._set_up()
        model.modelReset.connect(self._on_rows_changed)
        model.rowsInserted.connect(self._on_rows_changed)
        model.rowsRemoved.connect(self._on_rows_changed)
        model.rowsMoved.connect(self._on_rows_changed)
        model.layoutChanged.connect(self._on_rows_changed)
        model.headerDataChanged.connect(self._on_rows_changed)
        theme.changed.connect(self._on_theme_changed)
        self._on_rows_changed()

    def _set_up(self) -> None:
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setAccessibleName("Watchlist")
        rows = self.verticalHeader()
        rows.hide()
        rows.setMinimumSectionSize(1)
        rows.setSectionResizeMode(rows.ResizeMode.Fixed)
        viewport = self.viewport()
        viewport.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        viewport.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        viewport.setMouseTracking(True)

    # --- what others ask

    @property
    def watch_model(self) -> WatchlistModel:
        """The model, by its own type."""
        return self._watch_model

    @property
    def watch_header(self) -> WatchlistHeader:
        """The column titles, by their own type."""
        return self._watch_header

    def is_live(self) -> bool:
        """Tell whether anybody could see the list."""
        return self.isVisible() and not self.window().isMinimized()

    def apply(self, changed: Sequence[Snapshot]) -> None:
        """Show new market data."""
        self._batch = QRect()
        self._watch_model.apply(changed)
        batch, self._batch = self._batch, None
        if not batch.isEmpty():
            self.viewport().update(batch)

    def is_held(self) -> bool:
        """Tell whether rows must stay where they are: the pointer is over them, or one is being dragged."""
        return self._pointer_inside or self._drag.is_active

    @property
    def density(self) -> RowSize:
        """The row height in use: `compact` or `comfortable`."""
        return self._row_size

    def fit_column(self, key: str) -> None:
        """Make a column as wide as its widest visible text."""
        width = self._natural_width(key)
        if width:
            self.places.choose_width(key, width)

    def _natural_width(self, key: str) -> int:
        place = self.places.of_key(key)
        if place is None:
            return 0
        number, model, cells = place[0], self._watch_model, self._canvas.cells
        widths = [
            cells.natural_width(model.rows[position], model.columns[number], model.texts(position)[number])
            for position in self._visible_rows()
            if model.rows[position].instrument is not None
        ]
        return max(widths, default=0)

    def set_density(self, name: RowSize) -> None:
        """Choose `compact` or `comfortable` rows."""
        if name != self._row_size:
            self._row_size = name
            self._on_rows_changed()

    def set_flash_mode(self, mode: FlashMode) -> None:
        """Choose what a changed price does."""
        self.flash.mode = mode
        self.flash.stop()
        self.repaint_all()

    def current_instrument(self) -> InstrumentId | None:
        """Return the instrument of the current row, None on a heading or in an empty list."""
        position = self.currentIndex().row()
        rows = self._watch_model.rows
        return rows[position].instrument_id if 0 <= position < len(rows) else None

    def selected_positions(self) -> list[int]:
        """Return the selected shown rows in ascending order."""
        return sorted({index.row() for index in self.selectionModel().selectedRows()})

    def select_position(self, position: int) -> None:
        """Make a row the current and only selected one."""
        if 0 <= position < len(self._watch_model.rows):
            self.setCurrentIndex(self._watch_model.index(position, 0))
            self.selectRow(position)

    def visible_texts(self) -> list[dict[str, str]]:
        """Return the displayed text of every visible row by column title, for diagnostics."""
        model = self._watch_model
        titles = [str(model.headerData(number, Qt.Orientation.Horizontal)) for number in range(len(model.columns))]
        shown = [number for number, _, _ in self.places.current.columns]
        return [
            {titles[number]: model.texts(position)[number] for number in shown} for position in self._visible_rows()
        ]

    def visible_instruments(self) -> list[InstrumentId | None]:
        """Return the instrument of every visible row, None for a heading, in the order of `visible_texts`."""
        return [self._watch_model.rows[position].instrument_id for position in self._visible_rows()]

    def request_chart(self) -> None:
        """Ask for the chart of the current instrument."""
        instrument_id = self.current_instrument()
        if instrument_id is not None:
            self.chart_requested.emit(instrument_id)

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what is dirty into the picture and copy the exposed part of it."""
        meter = self.meter
        started = meter.now_ns()
        viewport = self.viewport()
        ratio = viewport.devicePixelRatioF()
        if self._canvas.fit(viewport.size(), ratio) or self._is_all_dirty:
            self._canvas.paint_all(self._visible_rows(), self._row_box, self.places.current, viewport.rect())
        elif self._dirty:
            self._canvas.paint_cells(self._dirty, self._row_box, self.places.current)
        oldest = self._watch_model.take_oldest_received_ns()
        self._dirty = {}
        self._is_all_dirty = False
        with QPainter(viewport) as painter:
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
            if ratio == 1.0:
                painter.drawPixmap(event.rect(), self._canvas.picture, event.rect())
            else:
                painter.drawPixmap(0, 0, self._canvas.picture)
            self._drag.paint(painter, self._theme)
        meter.note_paint(started, oldest)

    def repaint_all(self) -> None:
        """Paint everything again."""
        self._is_all_dirty = True
        self.viewport().update()

    def repaint_rows(self, *positions: int) -> None:
        """Paint these rows again."""
        for position in positions:
            if position >= 0:
                self._dirty[position] = -1
                y, height = self._row_box(position)
                self.viewport().update(0, y, self.viewport().width(), height)

    def _repaint_price(self, row: WatchRow) -> None:
        instrument_id = row.instrument_id
        position = None if instrument_id is None else self._watch_model.position_of(instrument_id)
        place = self.places.of_key("last_price")
        if position is None or place is None:
            return
        number, x, width = place
        self._dirty[position] = self._dirty.get(position, 0) | 1 << number
        y, height = self._row_box(position)
        self.viewport().update(x, y, width, height)

    def _row_box(self, position: int) -> tuple[int, int]:
        return self.rowViewportPosition(position), self.rowHeight(position)

    def _visible_rows(self) -> range:
        count = len(self._watch_model.rows)
        first = self.rowAt(0)
        if not count or first < 0:
            return range(0)
        last = self.rowAt(self.viewport().height() - 1)
        return range(first, (count if last < 0 else last + 1))

    # --- what the model says

    def dataChanged(
        self,
        topLeft: QModelIndex | QPersistentModelIndex,
        bottomRight: QModelIndex | QPersistentModelIndex,
        roles: Sequence[int] = (),
    ) -> None:
        """Mark the changed cells; the base class would repaint more than these."""
        first, last = topLeft.row(), bottomRight.row()
        if first != last:
            self.repaint_all()
            return
        mask = self._watch_model.changed_mask(first)
        self._dirty[first] = self._dirty.get(first, 0) | mask
        left, right = self.places.span(mask)
        y, height = self._row_box(first)
        if self._batch is None:
            self.viewport().update(left, y, right - left, height)
        else:
            # One rectangle around them all: what did not change inside is copied, not painted.
            self._batch |= QRect(left, y, right - left, height)
        row = self._watch_model.rows[first]
        if row.flash_direction:
            self.flash.start(row)

    def _on_rows_changed(self) -> None:
        model = self._watch_model
        self.places.follow_model()
        self._follow_heights()
        self._canvas.cells.set_decimals(model.price_decimals, has_minor_unit=model.has_minor_unit)
        self.places.reserve(self._canvas.cells.price_extra)
        self._follow_selection()
        self._follow_scroll()
        self.setAccessibleName(f"Watchlist {model.watchlist.name}" if model.watchlist is not None else "Watchlist")

    def _follow_heights(self) -> None:
        """Give headings their height; costs next to nothing while they stand where they stood."""
        heights, rows = self.verticalHeader(), self._watch_model.rows
        row_height, section = self._theme.height(self._row_size), self._theme.height("section")
        headings = [position for position, row in enumerate(rows) if row.instrument is None]
        wanted = (row_height, len(rows), headings)
        if wanted == self._heights:
            return
        before = self._heights[2] if self._heights is not None else []
        self._heights = wanted
        heights.setDefaultSectionSize(row_height)
        for position in {*before, *headings}:
            if position < len(rows):
                heights.resizeSection(position, section if rows[position].instrument is None else row_height)

    def _on_places_changed(self) -> None:
        self.repaint_all()
        self.columns_shown_changed.emit()

    def _on_theme_changed(self) -> None:
        self._canvas.reload()
        self._watch_header.reload()
        self._on_rows_changed()

    def _on_state_tick(self) -> None:
        if not self.is_live():
            return
        self._watch_model.refresh_visible()
        self._widen_cut_columns()
        is_closed = self._watch_model.is_all_closed()
        self._state_timer.start(_STATE_TICK_CLOSED_MS if is_closed else _STATE_TICK_MS)

    def _widen_cut_columns(self) -> None:
        """Give figures that did not fit the room they need, but move nothing while a row is dragged."""
        cut = self._canvas.cells.cut_columns
        if cut and not self._drag.is_active:
            self.places.grow({key: self._natural_width(key) for key in cut})
            cut.clear()

    # --- selection, scroll, focus

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """Follow the selection with the painting."""
        super().selectionChanged(selected, deselected)
        before = self._canvas.selected
        self._follow_selection()
        self.repaint_rows(*(before ^ self._canvas.selected))

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:  # type: ignore[override]
        """Tell which instrument is current now: linked charts follow it."""
        super().currentChanged(current, previous)
        self._canvas.current = current.row()
        self.repaint_rows(previous.row(), current.row())
        if current.row() != previous.row():
            self.selection_changed.emit(self.current_instrument())

    def _follow_selection(self) -> None:
        selection = self.selectionModel()
        self._canvas.selected = {index.row() for index in selection.selectedRows()}
        self._canvas.current = self.currentIndex().row()

    def _follow_scroll(self) -> None:
        visible = self._visible_rows()
        self._watch_model.set_visible_rows(visible.start, visible.stop - 1)
        if self._pointer_inside:
            self._canvas.hovered = self.rowAt(self.viewport().mapFromGlobal(self.cursor().pos()).y())
        self.repaint_all()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Scroll the header with the base class, and paint the rows that came into view."""
        super().scrollContentsBy(dx, dy)
        self.places.follow_scroll()
        self._follow_scroll()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width among the columns."""
        super().resizeEvent(event)
        self.places.fit()
        self._follow_scroll()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what happened while nobody looked."""
        super().showEvent(event)
        self.places.fit()
        self._follow_scroll()
        self._watch_model.reload()
        self._state_timer.start(_STATE_TICK_MS)

    def hideEvent(self, event: QHideEvent) -> None:
        """Do nothing while nobody looks."""
        super().hideEvent(event)
        self.flash.stop()
        self._state_timer.stop()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the selection as the one that keys act on."""
        super().focusInEvent(event)
        self._follow_focus()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show the selection as idle."""
        super().focusOutEvent(event)
        self._follow_focus()

    def _follow_focus(self) -> None:
        self._canvas.has_focus = self.hasFocus()
        self.repaint_rows(*self._canvas.selected, self._canvas.current)

    # --- pointer and keys

    def viewportEvent(self, event: QEvent) -> bool:
        """Notice when the pointer comes and goes."""
        kind = event.type()
        if kind == QEvent.Type.Enter:
            self._pointer_inside = True
        elif kind == QEvent.Type.Leave:
            self._pointer_inside = False
            self._hover(_NO_ROW)
            self.pointer_left.emit()
        return super().viewportEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select, and be ready for a drag."""
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and self._watch_model.sort_state is None:
            self._drag.arm(event.position().toPoint(), self.rowAt(int(event.position().y())))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the pressed row, or show which row is under the pointer."""
        point = event.position().toPoint()
        if event.buttons() & Qt.MouseButton.LeftButton and self._drag.follow(point):
            self.viewport().update()
            return
        self._hover(self.rowAt(point.y()))
        if not event.buttons():
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Drop a dragged row."""
        super().mouseReleaseEvent(event)
        dropped = self._drag.finish()
        if dropped is not None:
            self.viewport().update()
            self.row_dropped.emit(*dropped)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Ask for the chart."""
        super().mouseDoubleClickEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and self.rowAt(int(event.position().y())) >= 0:
            self.request_chart()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Answer the keys of the list; the rest are those of any table."""
        if event.key() == Qt.Key.Key_Escape and self._drag.cancel():
            self.viewport().update()
            return
        if not self.keys.handle(event):
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Nothing: letters open the search, see ListKeys."""

    def _hover(self, position: int) -> None:
        before, self._canvas.hovered = self._canvas.hovered, position
        if before != position:
            self.repaint_rows(before, position)
