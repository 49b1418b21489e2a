"""Menus of the list dock. Each action shows its key; none is reachable by menu only."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from marketwatch.domain.watchlist import SortState
from marketwatch.qt.models.columns import COLUMN_SETS, COLUMNS
from marketwatch.qt.panels.flash import FlashMode
from marketwatch.services.watchlists import WatchlistService

if TYPE_CHECKING:
    from marketwatch.qt.panels.watchlist_panel import WatchlistPanel

_FLASH_TITLES = {FlashMode.FLASH: "Flash", FlashMode.ARROW: "Arrow only", FlashMode.NONE: "Nothing"}
_DENSITY_TITLES = {"compact": "Compact rows", "comfortable": "Comfortable rows"}


class WatchlistMenus:
    """Builds a menu when it is asked for and lets it go when it closes."""

    def __init__(self, panel: WatchlistPanel, service: WatchlistService) -> None:
        self._panel = panel
        self._service = service

    def open_row(self, at: QPoint) -> None:
        """Open the menu of the selected rows."""
        menu = self._menu()
        self.fill_row(menu)
        menu.popup(at)

    def open_columns(self, key: str, at: QPoint) -> None:
        """Open the menu of a column title."""
        menu = self._menu()
        self.fill_columns(menu, key)
        menu.popup(at)

    def open_tab(self, index: int, at: QPoint) -> None:
        """Open the menu of a list's tab."""
        self._service.switch_to(index)
        menu = self._menu()
        self.fill_lists(menu)
        menu.popup(at)

    def open_panel(self, at: QPoint) -> None:
        """Open the menu of the dock: column sets first, one click each."""
        menu = self._menu()
        self.fill_sets(menu)
        menu.addSeparator()
        self._fill_looks(menu)
        menu.addSeparator()
        self.fill_lists(menu)
        menu.popup(at)

    def fill_row(self, menu: QMenu) -> None:
        """Everything that can be done with a row."""
        panel, sort = self._panel, self._panel.model.sort_state
        has_instrument = panel.view.current_instrument() is not None
        has_rows = bool(panel.view.selected_positions())
        self._add(menu, "Chart\tEnter", panel.view.request_chart, is_enabled=has_instrument)
        self._add(menu, "Copy symbol\tCtrl+C", panel.copy_selected, is_enabled=has_rows)
        menu.addSeparator()
        self._add(menu, "Add symbol…\tCtrl+K", lambda: panel.search_requested.emit(""))
        self._add(menu, "Paste a list…\tCtrl+V", panel.paste_requested.emit)
        self._add(menu, "Add section heading…", panel.begin_heading)
        self._add(menu, "Remove\tDel", panel.remove_selected, is_enabled=has_rows)
        self._add(menu, "Move up\tAlt+↑", lambda: panel.move_selected(-1), is_enabled=has_rows and sort is None)
        self._add(menu, "Move down\tAlt+↓", lambda: panel.move_selected(1), is_enabled=has_rows and sort is None)
        if sort is not None:
            self._add(menu, "Own order", lambda: panel.sort_by(None))
        menu.addSeparator()
        chosen = panel.selected_instruments()
        whose = chosen[0].symbol if len(chosen) == 1 else f"{len(chosen)} rows"
        self._add(menu, f"Feeds for {whose}…\tCtrl+Shift+F", panel.request_feeds, is_enabled=bool(chosen))
        self._add(menu, "Compare feeds\tCtrl+Shift+D", panel.request_compare, is_enabled=has_instrument)
        menu.addSeparator()
        self._fill_undo(menu)
        menu.addSeparator()
        self.fill_sets(menu.addMenu("Columns"))
        self._fill_looks(menu.addMenu("Rows and flashes"))
        self.fill_lists(menu.addMenu("List"))

    def fill_columns(self, menu: QMenu, key: str) -> None:
        """Sort, fit, show and hide columns, choose a set."""
        panel = self._panel
        column = COLUMNS.get(key)
        if column is not None:
            self._add(menu, f"Sort by {column.title}, rising", lambda: panel.sort_by(SortState(key)))
            self._add(menu, f"Sort by {column.title}, falling", lambda: panel.sort_by(SortState(key, descending=True)))
            self._add(menu, "Own order", lambda: panel.sort_by(None), is_enabled=panel.model.sort_state is not None)
            menu.addSeparator()
            self._add(menu, "Fit", lambda: panel.view.fit_column(key))
            self._add(menu, f"Hide {column.title}", lambda: panel.toggle_column(key), is_enabled=key != "symbol")
            menu.addSeparator()
        shown = {one.key for one in panel.model.columns}
        columns = menu.addMenu("Show")
        for one in COLUMNS.values():
            action = self._add(columns, one.title, lambda key=one.key: panel.toggle_column(key))  # type: ignore[misc]
            action.setCheckable(True)
            action.setChecked(one.key in shown)
            action.setEnabled(one.key != "symbol")
        self.fill_sets(menu)

    def fill_sets(self, menu: QMenu) -> None:
        """The column sets."""
        layout = self._service.current.layout
        group = QActionGroup(menu)
        for one in COLUMN_SETS.values():
            action = self._add(
                menu,
                f"{one.title} columns",
                lambda key=one.key: self._panel.choose_columns(key),  # type: ignore[misc]
            )
            action.setCheckable(True)
            action.setChecked(not layout.columns and layout.set_name == one.key)
            group.addAction(action)

    def fill_lists(self, menu: QMenu) -> None:
        """What can be done with lists."""
        panel, service = self._panel, self._service
        place = list(service.lists).index(service.current)
        self._add(menu, "New list…", panel.begin_list)
        self._add(menu, "Rename list…\tF2", panel.begin_rename)
        self._add(menu, "Move list left", lambda: service.move_list(place, place - 1), is_enabled=place > 0)
        last = len(service.lists) - 1
        self._add(menu, "Move list right", lambda: service.move_list(place, place + 1), is_enabled=place < last)
        self._add(menu, f"Remove list {service.current.name}", panel.remove_list)
        menu.addSeparator()
        for index, one in enumerate(service.lists):
            key = f"\t{index + 1}" if index < 9 else ""
            action = self._add(menu, f"{one.name}{key}", lambda index=index: service.switch_to(index))  # type: ignore[misc]
            action.setCheckable(True)
            action.setChecked(one is service.current)

    def _fill_undo(self, menu: QMenu) -> None:
        undo, redo = self._service.undo_text, self._service.redo_text
        self._add(menu, f"Undo: {undo}\tCtrl+Z" if undo else "Undo\tCtrl+Z", self._panel.undo, is_enabled=bool(undo))
        self._add(menu, f"Redo: {redo}\tCtrl+Y" if redo else "Redo\tCtrl+Y", self._panel.redo, is_enabled=bool(redo))

    def _fill_looks(self, menu: QMenu) -> None:
        panel = self._panel
        for name, title in _DENSITY_TITLES.items():
            action = self._add(menu, title, lambda name=name: panel.choose_density(name))  # type: ignore[misc]
            action.setCheckable(True)
            action.setChecked(panel.view.density == name)
        menu.addSeparator()
        flashes = menu.addMenu("Changed prices")
        for mode, title in _FLASH_TITLES.items():
            action = self._add(flashes, title, lambda mode=mode: panel.choose_flash(mode.value))  # type: ignore[misc]
            action.setCheckable(True)
            action.setChecked(panel.view.flash.mode is mode)

    def _menu(self) -> QMenu:
        menu = QMenu(self._panel)
        menu.aboutToHide.connect(menu.deleteLater)
        return menu

    def _add(self, menu: QMenu, text: str, on_click: Callable[[], object], *, is_enabled: bool = True) -> QAction:
        action = menu.addAction(text.replace("&", "&&"))
        action.triggered.connect(lambda _checked=False: on_click())
        action.setEnabled(is_enabled)
        return action
