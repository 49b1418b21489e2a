"""The dress that the plain tables of the window share: one selected row, no grid, no scrolling sideways."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from marketwatch.qt.theme import Theme


def dress_table(
    table: QTableView, theme: Theme, model: QAbstractItemModel, name: str, row_height: int,
    header_font: QFont | None = None,
) -> None:  # fmt: skip
    """Make a table plain. The header has the font of figures unless told otherwise."""
    header, rows = table.horizontalHeader(), table.verticalHeader()
    # Before the model measures: a font set on a polished header is lost when a style sheet is inherited anew.
    header.setFont(theme.fonts.numbers("micro") if header_font is None else header_font)
    table.setModel(model)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.setWordWrap(False)
    table.setFrameShape(QTableView.Shape.NoFrame)
    table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    table.setAccessibleName(name)
    rows.hide()
    rows.setDefaultSectionSize(row_height)
    rows.setMinimumSectionSize(row_height)
    header.setHighlightSections(False)
    header.setSectionsClickable(False)
    header.setFixedHeight(theme.height("header"))
    header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    theme.changed.connect(table.viewport().update)
