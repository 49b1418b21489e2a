"""The list dock: tabs of all lists in its head, the current list, and the line under it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QPoint, QRect, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.snapshot import Snapshot
from marketwatch.domain.watchlist import ColumnLayout, SortState, Watchlist
from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.columns import columns_of, set_title
from marketwatch.qt.models.watchlist_model import WatchlistModel
from marketwatch.qt.models.watchlist_row import RowSource
from marketwatch.qt.paint_meter import PaintMeter
from marketwatch.qt.panels.dock_head import DockHead, HeadTab
from marketwatch.qt.panels.flash import FlashMode
from marketwatch.qt.panels.inline_edit import InlineEdit
from marketwatch.qt.panels.list_message import ListMessage
from marketwatch.qt.panels.resort_timer import ResortTimer
from marketwatch.qt.panels.watchlist_footer import WatchlistFooter
from marketwatch.qt.panels.watchlist_menus import WatchlistMenus
from marketwatch.qt.panels.watchlist_view import WatchlistView
from marketwatch.qt.theme import Theme
from marketwatch.services.watchlists import WatchlistService

_EDIT_HEIGHT = 24


class WatchlistPanel(QWidget):
    """Shows the service's current list. `head` is the dock's title bar; the panel is a Surface of the flush timer."""

    chart_requested = Signal(object)
    selection_changed = Signal(object)
    search_requested = Signal(str)
    paste_requested = Signal()
    feeds_requested = Signal(object)
    compare_requested = Signal(object)
    became_live = Signal()
    density_chosen = Signal(str)
    flash_chosen = Signal(str)

    def __init__(
        self,
        theme: Theme,
        icons: IconSet,
        service: WatchlistService,
        source: RowSource,
        meter: PaintMeter | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._service = service
        self.model = WatchlistModel(source, self)
        self.head = DockHead(theme, icons, can_add=True, has_link=True)
        self.view = WatchlistView(theme, self.model, self, meter)
        self.footer = WatchlistFooter(theme, self)
        self.message = ListMessage(theme, self)
        self.edit = InlineEdit(self)
        self._head_edit = InlineEdit(self.head)
        self._shown: Watchlist | None = None
        self.resort = ResortTimer(
            lambda: self.model.sort_state is not None,
            lambda: self.view.is_held() or self.edit.is_open,
            self.model.is_order_old,
            self.model.resort,
            self,
        )
        self._menus = WatchlistMenus(self, service)
        self._place()
        self._connect()
        service.add_observer(self)
        self.current_changed()
        self.lists_changed()

    def _place(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.message, 1)
        layout.addWidget(self.footer)
        self.setFocusProxy(self.view)
        self.head.set_add_name("Add a symbol (Ctrl+K)")

    def _connect(self) -> None:
        view, keys, head, service = self.view, self.view.keys, self.head, self._service
        view.chart_requested.connect(self.chart_requested)
        view.selection_changed.connect(self.selection_changed)
        view.row_dropped.connect(self._on_row_dropped)
        view.pointer_left.connect(self.resort.release)
        view.columns_shown_changed.connect(self._describe)
        view.customContextMenuRequested.connect(self._on_context_menu)
        view.watch_header.sectionClicked.connect(self._on_title_clicked)
        view.watch_header.menu_requested.connect(self._menus.open_columns)
        view.places.on_widths_chosen = self._on_widths_chosen
        view.places.on_order_chosen = self._on_order_chosen
        view.installEventFilter(self)
        keys.search_requested.connect(self.search_requested)
        keys.list_requested.connect(service.switch_to)
        keys.list_step_requested.connect(service.switch_by)
        keys.move_requested.connect(self.move_selected)
        keys.remove_requested.connect(self.remove_selected)
        keys.rename_requested.connect(self.begin_rename)
        keys.copy_requested.connect(self.copy_selected)
        keys.paste_requested.connect(self.paste_requested)
        keys.undo_requested.connect(self.undo)
        keys.redo_requested.connect(self.redo)
        head.tab_chosen.connect(service.switch_to)
        head.rename_requested.connect(self._on_tab_rename)
        head.tab_menu_requested.connect(self._menus.open_tab)
        head.menu_requested.connect(self._menus.open_panel)
        head.add_requested.connect(lambda: self.search_requested.emit(""))
        self.message.add_requested.connect(lambda: self.search_requested.emit(""))
        self.resort.order_became_old.connect(self._on_order_old)
        self.resort.order_is_new.connect(self.footer.hide_note)

    # --- surface of the flush timer

    def is_live(self) -> bool:
        """Tell whether anybody could see the list."""
        return self.view.is_live()

    def apply(self, changed: Sequence[Snapshot]) -> None:
        """Show new market data."""
        self.view.apply(changed)
        self.resort.touch()

    def row_changed(self, instrument_id: InstrumentId) -> None:
        """Say that the subscription or the facts of an instrument changed."""
        self.model.refresh_row(instrument_id)

    # --- observer of the service and of the list on display

    def lists_changed(self) -> None:
        """Follow names, order and lengths of the lists."""
        lists = list(self._service.lists)
        tabs = [HeadTab(one.name, f"{one.instrument_count}") for one in lists]
        self.head.set_tabs(tabs, lists.index(self._service.current))
        is_empty = not len(self._service.current)
        if is_empty and self.view.hasFocus():
            self.message.take_focus()
        self.view.setVisible(not is_empty)
        self.message.setVisible(is_empty)
        self.setFocusProxy(self.message.button if is_empty else self.view)
        self._describe()

    def current_changed(self) -> None:
        """Show the list that is current now."""
        if self._shown is not None:
            self._shown.remove_observer(self)
        self._shown = self._service.current
        self.resort.stop()
        self.footer.hide_note()
        self.model.set_watchlist(self._shown)
        self._shown.add_observer(self)
        self.changed()
        self.lists_changed()
        if len(self.model.rows) and self.view.current_instrument() is None:
            self.view.keys.step_instrument(1)

    def inserting(self, index: int, count: int) -> None:
        """Nothing; the model follows the list."""

    def inserted(self, index: int, count: int) -> None:
        """Bring the new rows into the sorted order when that may be done."""
        self.resort.touch()

    def removing(self, index: int, count: int) -> None:
        """Nothing; the model follows the list."""

    def removed(self, index: int, count: int) -> None:
        """Nothing; the model follows the list."""

    def moving(self, source: int, target: int) -> None:
        """Nothing; the model follows the list."""

    def moved(self, source: int, target: int) -> None:
        """Nothing; the model follows the list."""

    def changed(self) -> None:
        """Follow columns, widths and sort of the list."""
        watchlist = self._service.current
        self.model.set_columns(columns_of(watchlist.layout))
        self.view.places.set_widths(watchlist.layout.widths)
        self.view.watch_header.set_sort(watchlist.sort)
        self._describe()

    # --- what the user can do

    def choose_columns(self, set_name: str) -> None:
        """Show a named set of columns."""
        self._service.set_layout(self._service.current.id, ColumnLayout(set_name=set_name))

    def toggle_column(self, key: str) -> None:
        """Show or hide one column."""
        shown = [column.key for column in self.model.columns]
        keys = [one for one in shown if one != key] if key in shown else [*shown, key]
        layout = self._service.current.layout
        self._service.set_layout(self._service.current.id, ColumnLayout(layout.set_name, tuple(keys), layout.widths))

    def sort_by(self, sort: SortState | None) -> None:
        """Sort the current list by a column, None for own order."""
        self._service.set_sort(self._service.current.id, sort)

    def remove_selected(self) -> None:
        """Remove the selected rows; the footer offers to undo."""
        positions = self.view.selected_positions()
        if not positions:
            return
        indexes = [self.model.own_index(position) for position in positions]
        text = self._service.remove_entries(self._service.current.id, indexes)
        self.view.select_position(min(positions[0], len(self.model.rows) - 1))
        self.footer.show_note(text, "Undo", self.undo)

    def move_selected(self, step: int) -> None:
        """Move the current row up or down; only while the list shows its own order."""
        if self.model.sort_state is not None:
            self.footer.show_note("Sorted lists are not rearranged", "Own order", lambda: self.sort_by(None))
            return
        position = self.view.currentIndex().row()
        target = position + step
        if position >= 0 and 0 <= target < len(self.model.rows):
            self._service.move_entry(self._service.current.id, position, target)

    def copy_selected(self) -> None:
        """Copy the selected symbols, one per line."""
        rows = [self.model.rows[position] for position in self.view.selected_positions()]
        symbols = [row.instrument.symbol for row in rows if row.instrument is not None]
        QGuiApplication.clipboard().setText("\n".join(symbols))

    def selected_instruments(self) -> list[InstrumentId]:
        """Return the instruments of the selected rows, from top to bottom."""
        rows = [self.model.rows[position] for position in self.view.selected_positions()]
        return [row.instrument_id for row in rows if row.instrument_id is not None]

    def request_feeds(self) -> None:
        """Ask for the choice of feeds of the selected rows."""
        chosen = self.selected_instruments()
        if chosen:
            self.feeds_requested.emit(chosen)

    def request_compare(self) -> None:
        """Ask for, or end, the comparison of two feeds of the current row."""
        current = self.view.current_instrument()
        if current is not None:
            self.compare_requested.emit(current)

    def note_change(self, text: str) -> None:
        """Say in the footer what happened, with the way back."""
        if text:
            self.footer.show_note(text, "Undo", self.undo)

    def undo(self) -> None:
        """Undo the newest change to the lists."""
        text = self._service.undo()
        if text:
            self.footer.show_note(f"Undone: {text}", "Redo", self.redo)

    def redo(self) -> None:
        """Do again what was undone."""
        text = self._service.redo()
        if text:
            self.footer.show_note(text, "Undo", self.undo)

    def begin_rename(self) -> None:
        """Rename the heading under the cursor, else the list."""
        position = self.view.currentIndex().row()
        rows = self.model.rows
        if self.view.hasFocus() and 0 <= position < len(rows) and rows[position].heading is not None:
            self._rename_heading(position)
        else:
            self._on_tab_rename(list(self._service.lists).index(self._service.current))

    def begin_heading(self) -> None:
        """Ask for the text of a new section heading above the current row."""
        watchlist = self._service.current
        position = max(0, self.view.currentIndex().row())
        index = self.model.own_index(position) if self.model.rows else 0
        place = self._row_place(position) if self.model.rows else QRect(0, 0, self.width(), _EDIT_HEIGHT)
        self.edit.open_at(
            place,
            "Text of the new section heading",
            "",
            lambda title: self._service.add_heading(title, watchlist.id, index),
            self.view,
        )

    def begin_list(self) -> None:
        """Make a list and ask for its name."""
        self._service.create_list("New list")
        self._on_tab_rename(len(self._service.lists) - 1)

    def remove_list(self, list_id: str = "") -> None:
        """Remove a list (the current one by default); the footer offers to undo."""
        found = self._service.get(list_id)
        watchlist = self._service.current if found is None else found  # an empty list counts as nothing to `or`
        name = watchlist.name
        self._service.remove_list(watchlist.id)
        self.footer.show_note(f"Removed {name}", "Undo", self.undo)

    def set_density(self, name: str) -> None:
        """Choose `comfortable` rows with a second line, else `compact` ones."""
        self.view.set_density("comfortable" if name == "comfortable" else "compact")

    def choose_density(self, name: str) -> None:
        """Set the density and tell, so that it is remembered."""
        self.set_density(name)
        self.density_chosen.emit(name)

    def choose_flash(self, mode: str) -> None:
        """Set the flash mode and tell, so that it is remembered."""
        self.set_flash(mode)
        self.flash_chosen.emit(mode)

    def set_flash(self, mode: str) -> None:
        """Choose `flash`, `arrow` or `none`."""
        self.view.set_flash_mode(FlashMode(mode))

    def set_limit_text(self, text: str, tip: str = "") -> None:
        """Say at the right of the footer how much of the feeds' limits is used."""
        self.footer.set_limit(text, tip)

    def show_instrument(self, instrument_id: InstrumentId) -> None:
        """Make an instrument current and bring it into view; nothing when it is not in this list."""
        position = self.model.position_of(instrument_id)
        if position is not None:
            self.view.select_position(position)
            self.view.scrollTo(self.model.index(position, 0))

    # --- slots

    def _on_title_clicked(self, section: int) -> None:
        key = self.model.columns[section].key
        sort = self.model.sort_state
        if sort is None or sort.column != key:
            self.sort_by(SortState(key))
        else:
            self.sort_by(None if sort.descending else SortState(key, descending=True))

    def _on_row_dropped(self, source: int, target: int) -> None:
        self._service.move_entry(self._service.current.id, source, target)

    def _on_widths_chosen(self, widths: dict[str, int]) -> None:
        layout = self._service.current.layout
        self._service.set_layout(self._service.current.id, ColumnLayout(layout.set_name, layout.columns, widths))

    def _on_order_chosen(self, keys: tuple[str, ...]) -> None:
        layout = self._service.current.layout
        self._service.set_layout(self._service.current.id, ColumnLayout(layout.set_name, keys, layout.widths))

    def _on_context_menu(self, point: QPoint) -> None:
        self._menus.open_row(self.view.viewport().mapToGlobal(point))

    def _on_tab_rename(self, index: int) -> None:
        watchlist = self._service.lists[index]
        tabs = self.head.tabs
        place = tabs.tabRect(index)
        place.moveTopLeft(tabs.mapTo(self.head, place.topLeft()))
        place.setWidth(max(place.width(), 120))
        rename: Callable[[str], object] = lambda name: self._service.rename_list(watchlist.id, name)  # noqa: E731
        self._head_edit.open_at(place, "Name of the list", watchlist.name, rename, self.view)

    def _rename_heading(self, position: int) -> None:
        watchlist, index = self._service.current, self.model.own_index(position)
        self.edit.open_at(
            self._row_place(position),
            "Text of the section heading",
            self.model.rows[position].heading or "",
            lambda title: watchlist.rename_heading(index, title),
            self.view,
        )

    def _row_place(self, position: int) -> QRect:
        y = self.view.rowViewportPosition(position)
        top = self.view.viewport().mapTo(self, QPoint(0, y)).y()
        return QRect(4, top, min(self.width() - 8, 320), _EDIT_HEIGHT)

    def _on_order_old(self) -> None:
        self.footer.show_note("Sorted order is newer", "Sort now", self.resort.sort_now, stays=True)

    def _describe(self) -> None:
        watchlist = self._service.current
        text = set_title(watchlist.layout)
        left_out = self.view.places.left_out
        tooltip = ""
        if left_out:
            text += f", {_listed(left_out)} when wider"
            tooltip = f"{', '.join(left_out)}: shown when the list is wider, or when chosen from the column menu"
        self.footer.set_text(f"{text}  ·  {_order_in_words(watchlist)}", tooltip)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Show in the head whether the keyboard is in this dock, and tell when the list can be seen again."""
        kind = event.type()
        if kind in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.head.set_dock_focus(kind == QEvent.Type.FocusIn)
        elif kind == QEvent.Type.Show:
            self.became_live.emit()
        elif kind == QEvent.Type.Hide:
            self.resort.stop()
        return False


def _listed(titles: Sequence[str]) -> str:
    return " and ".join(titles) if len(titles) < 3 else f"{len(titles)} more"


def _order_in_words(watchlist: Watchlist) -> str:
    sort = watchlist.sort
    column = None if sort is None else next((c for c in columns_of(watchlist.layout) if c.key == sort.column), None)
    if sort is None or column is None:
        return "own order"
    return f"sorted by {column.title}, {'falling' if sort.descending else 'rising'}"
