"""All that is known of an instrument list: about it, rows left out and why, rows in doubt, what changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QStackedWidget, QVBoxLayout, QWidget

from marketwatch.qt.dialogs.sheet import Sheet
from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.cell_table import CellRow, CellTableModel
from marketwatch.qt.models.list_report_tables import ReportTable
from marketwatch.qt.panels.cell_view import CellTable
from marketwatch.qt.panels.find_field import FindField
from marketwatch.qt.panels.framed import Framed
from marketwatch.qt.panels.segmented import SegmentedChoice
from marketwatch.qt.theme import Theme

MOST_SHOWN: Final = 1000
_ABOUT: Final = "about"
_SIZE: Final = QSize(1180, 640)


class ListReport(Sheet):
    """Read only. Shows its first thousand rows; what is typed narrows them, and Copy takes all that match."""

    def __init__(self, theme: Theme, icons: IconSet, title: str, parent: QWidget | None = None) -> None:
        super().__init__(theme, icons, title, parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._tables: dict[str, ReportTable] = {}
        self.choice = SegmentedChoice(theme, "What is shown", self)
        self.field = FindField(theme, icons, "Find in these rows", "Find in these rows", self)
        self.text = QPlainTextEdit(self)
        self.model = CellTableModel((), self)
        self.table = CellTable(theme, self.model, "Rows", self)
        self._stack = QStackedWidget(self)
        self.copy = self.add_button("Copy")
        self.close_it = self.add_button("Close", "primary")
        self._place_body()
        self.choice.chosen.connect(lambda _: self._show_chosen())
        self.field.textChanged.connect(lambda _: self._show_chosen())
        self.copy.clicked.connect(self._copy)
        self.close_it.clicked.connect(self.reject)

    def _place_body(self) -> None:
        self.field.setMaximumWidth(260)
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setFont(self._theme.fonts.mono("small"))
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.setAccessibleName("About the list")
        self._stack.addWidget(self.text)
        self._stack.addWidget(self.table)
        box = Framed(self._theme, "line", self)
        box.hold(self._stack, 1)
        above = QHBoxLayout()
        above.addWidget(self.choice)
        above.addStretch(1)
        above.addWidget(self.field, 1)
        column = QVBoxLayout(self.body)
        column.setContentsMargins(18, 14, 18, 12)
        column.setSpacing(10)
        column.addLayout(above)
        column.addWidget(box, 1)

    def show_report(self, about: str, tables: Sequence[ReportTable], wanted: str = "") -> None:
        """Show these; `wanted` is the code of the table to begin with."""
        self._tables = {table.code: table for table in tables}
        self.text.setPlainText(about)
        first = [(_ABOUT, "About")] if about else []
        self.choice.set_choices(first + [(table.code, f"{table.title} {table.total:,}") for table in tables])
        self.choice.choose(wanted if wanted in self._tables else (first[0][0] if first else tables[0].code))
        self._show_chosen()

    def open_report(self) -> None:
        """Show the window, with the keyboard in what it shows."""
        self.open_sized(_SIZE)
        (self.text if self.choice.current == _ABOUT else self.table).setFocus(Qt.FocusReason.OtherFocusReason)

    def _rows(self) -> list[CellRow]:
        table = self._tables.get(self.choice.current)
        typed = self.field.text().strip().casefold()
        if table is None:
            return []
        return [row for row in table.rows if typed in row.spoken.casefold()] if typed else table.rows

    def _show_chosen(self) -> None:
        table = self._tables.get(self.choice.current)
        self.field.setVisible(table is not None)
        if table is None:
            self._stack.setCurrentWidget(self.text)
            self.hint.setText("")
            return
        rows = self._rows()
        self.model.set_table(table.columns, rows[:MOST_SHOWN])
        self.table.choose(0)
        self._stack.setCurrentWidget(self.table)
        self.hint.setText(_words(table, len(rows), is_narrowed=bool(self.field.text().strip())))

    def _copy(self) -> None:
        table = self._tables.get(self.choice.current)
        if table is None:
            QGuiApplication.clipboard().setText(self.text.toPlainText())
            return
        lines = [[column.title for column in table.columns], *(_texts(row) for row in self._rows())]
        QGuiApplication.clipboard().setText("\n".join("\t".join(line) for line in lines))


def _texts(row: CellRow) -> list[str]:
    return [" ".join((cell.text, *cell.tags)) for cell in row.cells]


def _words(table: ReportTable, count: int, *, is_narrowed: bool) -> str:
    """Say how much of a table is shown."""
    if not table.rows:
        return table.empty
    if not count:
        return "No row holds what was typed."
    shown = f"The first {MOST_SHOWN:,} of {count:,} rows; Copy takes all of them." if count > MOST_SHOWN else ""
    kept = f" Of {table.total:,} rows the first {len(table.rows):,} were kept." if table.total > len(table.rows) else ""
    narrowed = f"{count:,} of {len(table.rows):,} rows." if is_narrowed and not shown else ""
    return (shown or narrowed) + kept
