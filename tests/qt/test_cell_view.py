"""The shared table of cells: a proper model, whole numbers, and columns that give way in their order."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from marketwatch.qt.models.cell_table import Cell, CellRow, CellTableModel, Column
from marketwatch.qt.panels.cell_view import CellTable, elided
from marketwatch.qt.panels.text_measure import TextMeasure
from marketwatch.qt.theme import Theme

COLUMNS = (Column("Symbol"), Column("Name", stretches=True, least=80), Column("Rows", is_right=True, rank=1))
ROWS = [
    CellRow((Cell("SBIN"), Cell("State Bank of India"), Cell("1,11,084.75")), "SBIN, State Bank", True),
    CellRow((Cell("ITC"), Cell("ITC"), Cell("7")), "ITC", False, can_check=False),
    CellRow((Cell("X", tooltip="an X"),), "X"),
]


def make(theme: Theme, qtbot: QtBot, width: int = 600) -> CellTable:
    table = CellTable(theme, CellTableModel(COLUMNS), "Some rows")
    qtbot.addWidget(table)
    table.cells.set_rows(ROWS)
    table.resize(width, 200)
    table.show()
    return table


def test_the_model_keeps_the_rules_of_models(theme: Theme, qtbot: QtBot) -> None:
    model = CellTableModel(COLUMNS)
    tester = ModelTester(model)
    model.set_rows(ROWS)
    model.replace(1, ROWS[0])
    model.set_rows([])
    assert tester is not None
    assert model.rowCount() == 0


def test_what_a_row_says_shows_and_speaks(theme: Theme, qtbot: QtBot) -> None:
    model = make(theme, qtbot).cells
    assert [model.index(0, column).data() for column in range(3)] == ["SBIN", "State Bank of India", "1,11,084.75"]
    assert model.index(2, 2).data() == ""
    assert model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole) == "SBIN, State Bank"
    assert model.index(2, 0).data(Qt.ItemDataRole.ToolTipRole) == "an X"
    checks = [model.index(row, 0).data(Qt.ItemDataRole.CheckStateRole) for row in range(3)]
    assert checks == [Qt.CheckState.Checked, Qt.CheckState.Unchecked, None]
    assert model.flags(model.index(0, 0)) & Qt.ItemFlag.ItemIsUserCheckable
    assert not model.flags(model.index(1, 0)) & Qt.ItemFlag.ItemIsUserCheckable
    assert model.headerData(2, Qt.Orientation.Horizontal) == "Rows"


def test_numbers_stay_whole_and_a_column_without_room_goes(theme: Theme, qtbot: QtBot) -> None:
    table = make(theme, qtbot)
    measure = TextMeasure(theme.fonts.numbers("base"))
    assert table.columnWidth(2) >= measure.width("1,11,084.75") + 14
    assert sum(table.columnWidth(column) for column in range(3)) == table.viewport().width()
    assert table.hidden_titles() == []
    table.resize(210, 200)
    table.fit()
    assert table.hidden_titles() == ["Rows"]


def test_keys_and_clicks_ask(theme: Theme, qtbot: QtBot) -> None:
    table = make(theme, qtbot)
    asked: list[int] = []
    table.check_asked.connect(asked.append)
    activated: list[int] = []
    table.activated_row.connect(activated.append)
    table.choose(0)
    qtbot.keyClick(table, Qt.Key.Key_Space)
    qtbot.keyClick(table, Qt.Key.Key_Down)
    qtbot.keyClick(table, Qt.Key.Key_Return)
    place = table.visualRect(table.cells.index(0, 0))
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place.topLeft() + QPoint(12, 14))
    assert (asked, activated, table.row) == ([0, 0], [1], 0)
    third = table.visualRect(table.cells.index(2, 0))
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=third.topLeft() + QPoint(12, 14))
    assert asked == [0, 0], "a row without a box asks nothing"


def test_a_long_text_is_shortened_to_its_room(theme: Theme, qtbot: QtBot) -> None:
    measure = TextMeasure(theme.fonts.numbers("base"))
    short = elided(measure, "State Bank of India", 60)
    assert short.endswith("…")
    assert measure.width(short) <= 60
    assert elided(measure, "abc", 0) == ""
    assert elided(measure, "abc", 500) == "abc"


def test_it_paints_in_every_theme(theme: Theme, qtbot: QtBot) -> None:
    table = make(theme, qtbot)
    table.setFocus()
    pictures = []
    for name in ("dark", "light", "highContrast"):
        theme.switch(name)
        pictures.append(table.grab().toImage())
    assert pictures[0] != pictures[1] != pictures[2]
    theme.switch("dark")
