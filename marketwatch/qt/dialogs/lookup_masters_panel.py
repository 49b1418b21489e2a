"""Settings > Look-up, lower half: the lists there are, how old they are, what changed, and loading others."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from marketwatch.instruments.library import ADDRESSES
from marketwatch.instruments.recognition import LABELS
from marketwatch.qt.dialogs.flow_layout import FlowLayout
from marketwatch.qt.dialogs.master_confirm import MasterConfirm
from marketwatch.qt.icons import IconName, IconSet
from marketwatch.qt.models.cell_table import CellTableModel
from marketwatch.qt.models.master_views import (
    IMPORT_FILE,
    MASTER_COLUMNS,
    MORE,
    REFRESH,
    SHOW_ROWS,
    MasterView,
    master_row,
)
from marketwatch.qt.panels.cell_view import CellTable
from marketwatch.qt.panels.framed import Framed
from marketwatch.qt.panels.painted import set_text_role
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role

_FILES: Final = "Instrument lists (*.csv *.json *.txt *.gz);;All files (*)"
_MOST_ROWS: Final = 6
_BAR_WIDTH: Final = 180
_THOUSAND: Final = 1000


class LookupMastersPanel(QWidget):
    """`file_chosen` carries a Path, `address_entered` a text, `confirmed` a Recognition.

    `update_requested`, `remove_requested` and `report_requested` carry a source's name, the last one also what to
    begin with. Every slow thing is somebody else's: it is shown with `show_progress` until `show_outcome`. `told`
    carries the part of the panel that began to say something.
    """

    file_chosen = Signal(object)
    address_entered = Signal(str)
    tickers_requested = Signal()
    update_requested = Signal(str)
    update_all_requested = Signal()
    remove_requested = Signal(str)
    report_requested = Signal(str, str)
    changes_requested = Signal()
    undo_requested = Signal()
    cancel_requested = Signal()
    confirmed = Signal(object)
    declined = Signal()
    told = Signal(object)

    def __init__(self, theme: Theme, icons: IconSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icons = icons
        self._views: tuple[MasterView, ...] = ()
        self.from_file = self._button("Import file…", "upload")
        self.from_address = self._button("From address…", "download")
        self.tickers = self._button("Massive tickers", "download")
        self.update_all = self._button("Refresh all", "refresh")
        self.model = CellTableModel(MASTER_COLUMNS, self)
        self.table = CellTable(theme, self.model, "Instrument lists", self)
        self.menu = QMenu(self)
        self.news = QLabel(self)
        self.changes = self._button("Show changes", None)
        self.address = QLineEdit(self)
        self.go = self._button("Load", None)
        self._address_row = QWidget(self)
        self._address_note = QLabel(self)
        self.published: list[QPushButton] = []
        self.confirm = MasterConfirm(theme, self)
        self._busy = QWidget(self)
        self.progress_text = QLabel(self._busy)
        self.bar = QProgressBar(self._busy)
        self.cancel = self._button("Cancel", None)
        self._said = QWidget(self)
        self.outcome = QLabel(self._said)
        self.undo = self._button("Undo", "undo")
        self._place()
        self._connect()
        self._show_busy(False)
        self._said.hide()
        self._address_row.hide()

    def _button(self, text: str, icon: IconName | None) -> QPushButton:
        button = QPushButton(text, self)
        button.setAutoDefault(False)
        if icon is not None:
            self._icons.keep(button, icon, "text2", 16)
        return button

    # --- building

    def _place(self) -> None:
        theme = self._theme
        title = QLabel("Instrument masters", self)
        title.setFont(theme.fonts.text("lead", "semibold"))
        head = QWidget(self)
        flow = FlowLayout(head, 8, 6, grows=True)
        flow.setContentsMargins(0, 0, 0, 0)
        for widget in (title, self.from_file, self.from_address, self.tickers, self.update_all):
            flow.addWidget(widget)
        self.update_all.setToolTip("Load every list again from where it came, one after the other")
        box = Framed(theme, "line", self)
        box.hold(self.table, 1)
        self._fill_rows()
        self.news.setWordWrap(True)
        self.news.setTextFormat(Qt.TextFormat.PlainText)
        set_text_role(self.news, "text3")
        self.changes.setProperty("kind", "plain")
        below = QHBoxLayout()
        below.setSpacing(8)
        for part in (self._busy, self._said, self.news):  # one of them at a time
            below.addWidget(part, 1)
        below.addWidget(self.changes, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for part in (head, self._address_row, self.confirm, box):
            column.addWidget(part)
        column.addLayout(below)
        asked = (*self.confirm.fields.values(), self.confirm.all_rows, self.confirm.kind, self.confirm.stop)
        reached = (self.update_all, self.address, self.go, *self.published, *asked, self.confirm.go, self.table)
        for first, second in itertools.pairwise((*reached, self.cancel, self.undo, self.changes)):
            QWidget.setTabOrder(first, second)

    def _fill_rows(self) -> None:
        self.address.setPlaceholderText("https://host/instruments.csv")
        self.address.setAccessibleName("Address of a list")
        set_text_role(self._address_note, "alert")
        self._address_note.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.address, 1)
        row.addWidget(self.go)
        for kind, address in ADDRESSES.items():
            button = QPushButton(LABELS[kind], self._address_row)
            button.setAutoDefault(False)
            button.setToolTip(f"Where {LABELS[kind]} publishes its list")
            button.clicked.connect(partial(self.ask_address, address))
            row.addWidget(button)
            self.published.append(button)
        under = QVBoxLayout(self._address_row)
        under.setContentsMargins(0, 0, 0, 0)
        under.setSpacing(4)
        under.addLayout(row)
        under.addWidget(self._address_note)
        for label in (self.progress_text, self.outcome):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress")
        self.bar.setFixedWidth(_BAR_WIDTH)
        for place, parts in (
            (self._busy, (self.progress_text, self.bar, self.cancel)),
            (self._said, (self.outcome, self.undo)),
        ):
            line = QHBoxLayout(place)
            line.setContentsMargins(0, 0, 0, 0)
            line.setSpacing(8)
            for part in parts:
                line.addWidget(part, 1 if part is parts[0] else 0)

    def _connect(self) -> None:
        self.from_file.clicked.connect(self._choose_file)
        self.from_address.clicked.connect(lambda: self.ask_address())
        self.tickers.clicked.connect(self.tickers_requested)
        self.address.textChanged.connect(lambda _: self._address_note.clear())
        self.address.returnPressed.connect(self._on_address)
        self.go.clicked.connect(self._on_address)
        self.cancel.clicked.connect(self.cancel_requested)
        self.undo.clicked.connect(self.undo_requested)
        self.confirm.confirmed.connect(self.confirmed)
        self.confirm.declined.connect(self.declined)
        self.update_all.clicked.connect(self.update_all_requested)
        self.changes.clicked.connect(self.changes_requested)
        self.table.action_asked.connect(self._on_action)
        self.table.activated_row.connect(lambda row: self._report(row, "about"))
        self.table.delete_asked.connect(self._remove)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(lambda place: self._open_menu(self.table.row, place))
        self.table.setToolTip("Enter: about the list. F5: refresh. Del: remove. Menu key: all it offers")
        self.table.refresh_asked.connect(lambda row: self._on_action(row, REFRESH))

    # --- what it is told

    def show_masters(self, views: Sequence[MasterView], news: str = "") -> None:
        """Show these lists and what changed lately; the chosen one stays chosen."""
        chosen = self.chosen
        self._views = tuple(views)
        self.model.set_rows([master_row(view) for view in views])
        self.table.fit_height(_MOST_ROWS)
        row = next((at for at, view in enumerate(views) if chosen is not None and view.source == chosen.source), 0)
        self.table.choose(row)
        self.news.setText(news)
        self._show_busy(not self._busy.isHidden())

    def choose_list(self, source: str) -> None:
        """Make a list the chosen one."""
        self.table.choose(next((at for at, view in enumerate(self._views) if view.source == source), -1))

    def ask_address(self, text: str = "", _checked: bool = False) -> None:
        """Ask for an address; `text` is offered."""
        self._address_row.show()
        if text:
            self.address.setText(text)
        self.address.setFocus(Qt.FocusReason.OtherFocusReason)
        self.address.selectAll()

    def warn_of_address(self, words: str) -> None:
        """Say what is wrong or unwise about the address."""
        self._address_note.setText(words)
        self._address_note.setVisible(bool(words))

    def show_progress(self, words: str, done: int = 0, total: int | None = None, *, can_cancel: bool = True) -> None:
        """Say how far something is; without a total the bar only moves."""
        self._said.hide()
        if self._is_free:
            self._show_busy(True)
            self.told.emit(self._busy)
        self.progress_text.setText(words)
        self.cancel.setEnabled(can_cancel)
        if total:
            self.bar.setRange(0, _THOUSAND)
            self.bar.setValue(min(_THOUSAND, done * _THOUSAND // total))
        else:
            self.bar.setRange(0, 0 if total is None else _THOUSAND)

    def show_outcome(self, words: str, role: Role = "text1", *, can_undo: bool = False) -> None:
        """Say how something ended."""
        self._said.setVisible(bool(words))
        self._show_busy(False)
        self.outcome.setText(words)
        set_text_role(self.outcome, role)
        self.undo.setVisible(can_undo)
        if words:
            self.told.emit(self._said)

    @property
    def chosen(self) -> MasterView | None:
        """The list that is chosen."""
        return self._views[self.table.row] if 0 <= self.table.row < len(self._views) else None

    # --- what the user does

    def _choose_file(self) -> None:
        dialog = QFileDialog(self.window(), "Load instrument list: Kite CSV, Angel One JSON, or a CSV of your own")
        dialog.setNameFilter(_FILES)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.file_chosen.emit(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_address(self) -> None:
        if self.address.text().strip():
            self.address_entered.emit(self.address.text().strip())

    def close_address(self) -> None:
        """Put the line for addresses away."""
        self._address_row.hide()

    def _view(self, row: int) -> MasterView | None:
        return self._views[row] if 0 <= row < len(self._views) else None

    def _on_action(self, row: int, action: str) -> None:
        view = self._view(row)
        if view is None or (not self._is_free and action != SHOW_ROWS):
            return
        if action == MORE:
            last = self.table.cells.columnCount() - 1
            self._open_menu(row, self.table.visualRect(self.table.cells.index(row, last)).bottomRight())
        elif action == SHOW_ROWS:
            self._report(row, "about" if view.is_built_in else "left-out")
        elif action == IMPORT_FILE:
            self._choose_file()
        elif not view.is_built_in:
            self.update_requested.emit(view.source)

    def _open_menu(self, row: int, place: QPoint) -> None:
        view = self._view(row)
        if view is None:
            return
        menu = self.menu
        menu.clear()
        own = not view.is_built_in and self._is_free
        entries: tuple[tuple[str, bool, Callable[[], None]], ...] = (
            ("Refresh", own, lambda: self._on_action(row, REFRESH)),
            ("Import file…", self._is_free, self._choose_file),
            ("About this list", True, lambda: self._report(row, "about")),
            (f"Show rows left out ({view.skipped:,})", view.skipped > 0, lambda: self._report(row, "left-out")),
            (f"Show rows in doubt ({view.noted:,})", view.noted > 0, lambda: self._report(row, "doubt")),
            ("Show changes", not view.is_built_in, lambda: self._report(row, "changes")),
            ("Remove", own, lambda: self._remove(row)),
        )
        for text, is_enabled, act in entries:
            entry = menu.addAction(text)
            entry.setEnabled(is_enabled)
            entry.triggered.connect(act)
        menu.popup(self.table.viewport().mapToGlobal(place))

    def _report(self, row: int, wanted: str) -> None:
        view = self._view(row)
        if view is not None:
            self.report_requested.emit(view.source, wanted)

    def _remove(self, row: int) -> None:
        view = self._view(row)
        if view is not None and not view.is_built_in and self._is_free:
            self.remove_requested.emit(view.source)

    @property
    def _is_free(self) -> bool:
        return self._busy.isHidden()

    def _show_busy(self, is_busy: bool) -> None:
        self._busy.setVisible(is_busy)
        self.news.setVisible(not is_busy and self._said.isHidden())
        for button in (self.from_file, self.from_address, self.tickers, self.go):
            button.setEnabled(not is_busy)
        has_lists = any(not view.is_built_in for view in self._views)
        self.update_all.setEnabled(has_lists and not is_busy)
        self.changes.setEnabled(has_lists)
