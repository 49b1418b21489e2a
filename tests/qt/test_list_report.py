"""The window about an instrument list: narrowed while typing, bounded on screen, copied in full."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from marketwatch.instruments.masters.listing import RowNote
from marketwatch.qt.dialogs.list_report import MOST_SHOWN, ListReport
from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.list_report_tables import changes_table, notes_table
from marketwatch.qt.theme import Theme


@pytest.fixture
def report(qtbot: QtBot, theme: Theme, icons: IconSet) -> ListReport:
    window = ListReport(theme, icons, "Kite")
    qtbot.addWidget(window)
    notes = [RowNote(line, "the symbol is empty", f"row {line}") for line in range(2, 1302)]
    tables = (
        notes_table("left-out", "Left out", notes, 4000, "Every row of the file was taken."),
        notes_table("doubt", "In doubt", [], 0, "No row was taken with a doubt."),
        changes_table([], "UTC", {}),
    )
    window.show_report("About Kite", tables, "left-out")
    return window


def test_it_begins_with_what_was_asked_for_and_counts_everything(report: ListReport) -> None:
    assert [button.text() for button in report.choice.buttons()] == [
        "About",
        "Left out 4,000",
        "In doubt 0",
        "Changes 0",
    ]
    assert report.choice.current == "left-out"
    assert report.model.rowCount() == MOST_SHOWN
    assert report.hint.text() == (
        "The first 1,000 of 1,300 rows; Copy takes all of them. Of 4,000 rows the first 1,300 were kept."
    )


def test_what_is_typed_narrows_the_rows_and_copy_takes_all_that_match(report: ListReport) -> None:
    report.field.setText("row 130")
    assert [row.cells[0].text for row in report.model.rows] == ["130", "1,300", "1,301"]
    assert report.hint.text().startswith("3 of 1,300 rows.")
    report.copy.click()
    assert QApplication.clipboard().text().splitlines() == [
        "Line\tWhy\tRow",
        "130\tthe symbol is empty\trow 130",
        "1,300\tthe symbol is empty\trow 1300",
        "1,301\tthe symbol is empty\trow 1301",
    ]
    report.field.setText("nothing like it")
    assert report.hint.text() == "No row holds what was typed."
    report.field.clear_button.click()
    report.copy.click()
    assert len(QApplication.clipboard().text().splitlines()) == 1301


def test_an_empty_table_says_why_and_the_text_about_the_list_can_be_copied(report: ListReport) -> None:
    about, _, doubt, _ = report.choice.buttons()
    doubt.click()
    assert (report.model.rowCount(), report.hint.text()) == (0, "No row was taken with a doubt.")
    about.click()
    assert report.field.isHidden()
    report.copy.click()
    assert QApplication.clipboard().text() == "About Kite"


def test_changes_alone_need_no_text_about_a_list(qtbot: QtBot, theme: Theme, icons: IconSet) -> None:
    window = ListReport(theme, icons, "Changes")
    qtbot.addWidget(window)
    window.show_report("", (changes_table([], "UTC", {}),))
    assert [button.text() for button in window.choice.buttons()] == ["Changes 0"]
    assert window.hint.text().startswith("Nothing changed in the last 90 days")
