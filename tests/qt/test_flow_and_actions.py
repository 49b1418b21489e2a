"""Small parts of the look-up page: a row of widgets whose first one grows, words in cells that act, a search field."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from marketwatch.qt.dialogs.flow_layout import FlowLayout
from marketwatch.qt.dialogs.warning_band import WarningBand
from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.cell_table import Cell, CellRow, CellTableModel, Column
from marketwatch.qt.panels.cell_view import CellTable
from marketwatch.qt.panels.find_field import FindField
from marketwatch.qt.theme import Theme

ACTIONS = ("Refresh", "Import file")


def flow(qtbot: QtBot, *widths: int, grows: bool) -> tuple[QWidget, list[QWidget]]:
    holder = QWidget()
    qtbot.addWidget(holder)
    layout = FlowLayout(holder, 10, 4, grows=grows)
    layout.setContentsMargins(0, 0, 0, 0)
    parts: list[QWidget] = []
    for width in widths:
        part = QWidget(holder)
        part.setMinimumSize(width, 20)
        layout.addWidget(part)
        parts.append(part)
    holder.show()
    return holder, parts


def places(holder: QWidget, parts: list[QWidget], width: int) -> list[tuple[int, int, int]]:
    layout = holder.layout()
    assert layout is not None
    layout.setGeometry(QRect(0, 0, width, 200))
    return [(part.x(), part.y(), part.width()) for part in parts]


def test_the_first_widget_takes_what_its_line_leaves_free(qtbot: QtBot) -> None:
    holder, parts = flow(qtbot, 100, 50, 60, grows=True)
    assert places(holder, parts, 400) == [(0, 0, 270), (280, 0, 50), (340, 0, 60)]
    assert places(holder, parts, 170) == [(0, 0, 110), (120, 0, 50), (0, 24, 60)]
    assert places(holder, parts, 90) == [(0, 0, 100), (0, 24, 50), (0, 48, 60)]


def test_without_growing_every_widget_keeps_its_size_and_hidden_ones_take_no_room(qtbot: QtBot) -> None:
    holder, parts = flow(qtbot, 100, 50, 60, grows=False)
    parts[1].hide()
    (first, _, last) = places(holder, parts, 400)
    assert (first, last) == ((0, 0, 100), (110, 0, 60))


@pytest.fixture
def table(qtbot: QtBot, theme: Theme) -> CellTable:
    model = CellTableModel((Column("Name", stretches=True), Column("", is_right=True)))
    made = CellTable(theme, model, "Lists")
    model.setParent(made)
    qtbot.addWidget(made)
    made.resize(500, 200)
    model.set_rows([CellRow((Cell("Kite"), Cell(actions=ACTIONS))), CellRow((Cell("Angel"), Cell("plain")))])
    made.show()
    QApplication.processEvents()
    return made


def spot(table: CellTable, action: str) -> QPoint:
    rect = table.visualRect(table.cells.index(0, 1))
    return next(
        QPoint(x, rect.center().y())
        for x in range(rect.left(), rect.right())
        if table.action_at(QPoint(x, rect.center().y())) == (0, action)
    ) + QPoint(3, 0)


def test_a_click_on_a_word_asks_for_what_it_says(table: CellTable, qtbot: QtBot) -> None:
    asked: list[tuple[int, str]] = []
    opened: list[int] = []
    table.action_asked.connect(lambda row, action: asked.append((row, action)))
    table.activated_row.connect(opened.append)
    for action in ACTIONS:
        qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=spot(table, action))
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(20, 10))
    assert asked == [(0, "Refresh"), (0, "Import file")]
    qtbot.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=spot(table, "Refresh"))
    assert opened == []


def test_the_pointer_says_where_a_click_does_something(table: CellTable, qtbot: QtBot) -> None:
    qtbot.mouseMove(table.viewport(), spot(table, "Refresh"))
    assert table.viewport().cursor().shape() is Qt.CursorShape.PointingHandCursor
    qtbot.mouseMove(table.viewport(), QPoint(20, 10))
    assert table.viewport().cursor().shape() is Qt.CursorShape.ArrowCursor


def test_words_that_act_are_spoken(table: CellTable) -> None:
    assert table.cells.index(0, 1).data(Qt.ItemDataRole.AccessibleTextRole) == "Refresh, Import file"


def test_a_search_field_is_emptied_by_its_button_which_shows_while_there_is_text(
    qtbot: QtBot, theme: Theme, icons: IconSet
) -> None:
    field = FindField(theme, icons, "symbol or token", "Look up")
    qtbot.addWidget(field)
    field.show()
    assert (field.placeholderText(), field.accessibleName()) == ("symbol or token", "Look up")
    assert field.clear_button.isHidden()
    field.setText("2885")
    assert not field.clear_button.isHidden()
    field.clear_button.click()
    assert (field.text(), field.clear_button.isHidden()) == ("", True)


def test_a_warning_has_its_cause_in_bold_and_is_gone_without_words(qtbot: QtBot, theme: Theme, icons: IconSet) -> None:
    band = WarningBand(theme, icons)
    qtbot.addWidget(band)
    band.show_words("Token 2885 stands for 2 instruments. Choose one. Nothing is chosen for you.")
    assert band.cause.text() == "Token 2885 stands for 2 instruments."
    assert band.cause.font().weight() > QPushButton(band).font().weight()
    assert band.rest.text() == "Choose one. Nothing is chosen for you."
    assert not band.isHidden()
    band.show_words("")
    assert band.isHidden()
