"""Settings > Look-up, lower half: the lists there are, how old they are, what was skipped, and loading others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
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
from marketwatch.qt.models.master_views import MASTER_COLUMNS, MasterView, master_row
from marketwatch.qt.panels.cell_view import CellTable
from marketwatch.qt.panels.framed import Framed
from marketwatch.qt.panels.painted import set_text_role
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role

_FILES: Final = "Instrument lists (*.csv *.json *.txt *.gz);;All files (*)"
_MOST_ROWS: Final = 8
_THOUSAND: Final = 1000


class LookupMastersPanel(QWidget):
    """`file_chosen` carries a Path, `address_entered` a text, `confirmed` a Recognition, the others a source's name.

    Every slow thing is somebody else's: it is shown with `show_progress` until `show_outcome`.
    """

    file_chosen = Signal(object)
    address_entered = Signal(str)
    tickers_requested = Signal()
    update_requested = Signal(str)
    remove_requested = Signal(str)
    undo_requested = Signal()
    cancel_requested = Signal()
    confirmed = Signal(object)
    declined = Signal()

    def __init__(self, theme: Theme, icons: IconSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icons = icons
        self._views: tuple[MasterView, ...] = ()
        self.from_file = self._button("Load file…", "upload")
        self.from_address = self._button("Load address…", "download")
        self.tickers = self._button("Massive tickers", "refresh")
        self.model = CellTableModel(MASTER_COLUMNS, self)
        self.table = CellTable(theme, self.model, "Instrument lists", self)
        self.update_list = self._button("Update again", "refresh")
        self.remove = self._button("Remove", "trash")
        self.copy = self._button("Copy this report", None)
        self.report = QPlainTextEdit(self)
        self.address = QLineEdit(self)
        self.go = self._button("Load", None)
        self._address_row = QWidget(self)
        self._address_note = QLabel(self)
        self.published: list[QPushButton] = []
        self.confirm = MasterConfirm(theme, self)
        self._busy = Framed(theme, "line", self)
        self.progress_text = QLabel(self._busy)
        self.bar = QProgressBar(self._busy)
        self.cancel = self._button("Cancel", None)
        self._said = Framed(theme, "line", self)
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
        note = QLabel("Kite's and Angel One's lists change every morning before the market opens.", self)
        note.setWordWrap(True)
        set_text_role(note, "text3")
        buttons = QWidget(self)
        flow = FlowLayout(buttons, 8, 6)
        for button in (self.from_file, self.from_address, self.tickers):
            flow.addWidget(button)
        self.report.setReadOnly(True)
        self.report.setTabChangesFocus(True)
        self.report.setFont(theme.fonts.mono("small"))
        self.report.setFrameShape(QFrame.Shape.NoFrame)
        self.report.setFixedHeight(196)
        self.report.setAccessibleName("About the chosen list: what was skipped and why")
        box = Framed(theme, "line", self)
        box.hold(self.table, 1)
        self._fill_rows()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(title)
        column.addWidget(note)
        for widget in (buttons, self._address_row, self.confirm, self._busy, self._said, box, self._actions()):
            column.addWidget(widget)
        about = Framed(theme, "line", self)
        about.hold(self.report, 2)
        column.addWidget(about)

    def _actions(self) -> QWidget:
        actions = QWidget(self)
        flow = FlowLayout(actions, 8, 6)
        for button in (self.update_list, self.remove, self.copy):
            flow.addWidget(button)
        return actions

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
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.progress_text, 1)
        line.addWidget(self.cancel)
        busy = QVBoxLayout()
        busy.setSpacing(6)
        busy.addLayout(line)
        busy.addWidget(self.bar)
        self._busy.hold_layout(busy, 8)
        said = QHBoxLayout()
        said.setSpacing(8)
        said.addWidget(self.outcome, 1)
        said.addWidget(self.undo)
        self._said.hold_layout(said, 8)

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
        self.table.row_chosen.connect(lambda _: self._show_chosen())
        self.update_list.clicked.connect(partial(self._tell, self.update_requested.emit))
        self.remove.clicked.connect(partial(self._tell, self.remove_requested.emit))
        self.table.delete_asked.connect(lambda _: self.remove.click())
        self.remove.setToolTip("Search this list no longer (Del)")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.report.toPlainText()))

    # --- what it is told

    def show_masters(self, views: Sequence[MasterView]) -> None:
        """Show these lists; the chosen one stays chosen."""
        chosen = self.chosen
        self._views = tuple(views)
        self.model.set_rows([master_row(view) for view in views])
        self.table.fit_height(_MOST_ROWS)
        row = next((at for at, view in enumerate(views) if chosen is not None and view.source == chosen.source), 0)
        self.table.choose(row)
        self._show_chosen()

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
        self._show_busy(True)
        self._said.hide()
        self.progress_text.setText(words)
        self.cancel.setEnabled(can_cancel)
        if total:
            self.bar.setRange(0, _THOUSAND)
            self.bar.setValue(min(_THOUSAND, done * _THOUSAND // total))
        else:
            self.bar.setRange(0, 0 if total is None else _THOUSAND)

    def show_outcome(self, words: str, role: Role = "text1", *, can_undo: bool = False) -> None:
        """Say how something ended."""
        self._show_busy(False)
        self._said.setVisible(bool(words))
        self.outcome.setText(words)
        set_text_role(self.outcome, role)
        self.undo.setVisible(can_undo)

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

    def _tell(self, emit: Callable[[str], None], _checked: bool = False) -> None:
        chosen = self.chosen
        if chosen is not None:
            emit(chosen.source)

    def _show_chosen(self) -> None:
        chosen = self.chosen
        is_own = chosen is not None and not chosen.is_built_in
        is_free = self._busy.isHidden()
        self.update_list.setEnabled(is_own and is_free)
        self.remove.setEnabled(is_own and is_free)
        self.copy.setEnabled(chosen is not None)
        self.report.setPlainText("" if chosen is None else chosen.report)

    def _show_busy(self, is_busy: bool) -> None:
        self._busy.setVisible(is_busy)
        for button in (self.from_file, self.from_address, self.tickers, self.go):
            button.setEnabled(not is_busy)
        self._show_chosen()
