"""The preview of a pasted list: into which list, why a line is held back, and what is left copied out."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from functools import partial

import pytest
import pytest_asyncio
from fake_time import until
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from window_desk import WindowDesk

from marketwatch.app.paste_link import open_paste
from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.instruments.catalogue import MasterCatalogue
from marketwatch.instruments.masters.listing import Listing
from marketwatch.qt.dialogs.paste_preview import PastePreview
from marketwatch.qt.models.paste_lines import LineState
from marketwatch.qt.panels.cell_view import ROW

SBIN = InstrumentId.parse("NSE:EQ:SBIN")


def listing(identity: str, token: str) -> Listing:
    return Listing(instrument=Instrument(id=InstrumentId.parse(identity)), source="kite", token=token)


@pytest_asyncio.fixture
async def desk(qapp: QApplication) -> AsyncIterator[WindowDesk]:
    made = WindowDesk(qapp, SBIN)
    master = [
        listing("NSE:EQ:RELIANCE", "2885"),
        listing("BSE:EQ:RELIANCE", "500325"),
        listing("CDS:OPT:USDINR25OCT88.5CE", "2885"),
    ]
    directory = made.core.directory
    directory.use_masters(MasterCatalogue.build([master], directory.own_instruments(), today=dt.date(2025, 9, 4)))
    made.screen.window.show()
    yield made
    await until(partial(is_shown, made))
    await made.end()


def is_shown(desk: WindowDesk) -> bool:
    """Tell whether the list shows what the last step changed; it does a moment later."""
    QApplication.processEvents()
    return not desk.screen.flush.is_running


def open_text(desk: WindowDesk, text: str) -> PastePreview:
    return open_paste(desk.screen, text)


async def test_another_list_can_be_chosen_and_what_it_has_counts_then(desk: WindowDesk) -> None:
    other = desk.lists.create_list("Swing")
    desk.lists.switch_to(0)
    dialog = open_text(desk, "SBIN, AAPL")
    assert [dialog.target.itemText(at) for at in range(dialog.target.count())] == ["My list", "Swing"]
    assert (dialog.target.currentText(), dialog.add.text()) == ("My list", "Add 1 symbol")
    dialog.target.setCurrentIndex(1)
    dialog.target.activated.emit(1)
    assert (dialog.title.text(), dialog.add.text()) == ("Paste into Swing", "Add 2 symbols")
    assert dialog.counts.accessibleName() == "2 taken, 0 duplicate, 0 ambiguous, 0 unknown"
    assert other.instruments() == []
    dialog.add.click()
    assert [one.symbol for one in other.instruments()] == ["SBIN", "AAPL"]
    assert desk.lists.lists[0].instruments() == [SBIN]
    desk.lists.undo()
    assert other.instruments() == []


async def test_choices_survive_another_target(desk: WindowDesk, qtbot: QtBot) -> None:
    desk.lists.create_list("Swing")
    dialog = open_text(desk, "2885")
    qtbot.keyClick(dialog.table, Qt.Key.Key_1)
    assert dialog.add.text() == "Add 1 symbol"
    dialog.target.activated.emit(0)
    assert (dialog.lines.lines[0].state, dialog.add.text()) == (LineState.TAKEN, "Add 1 symbol")


@pytest.mark.parametrize(
    ("text", "why", "here"),
    [
        ("2885", "token without segment: RELIANCE (NSE_EQ) or USDINR25OCT88.5CE (CDS_OPT)?", "1 to 2"),
        ("RELIANCE", "which: NSE_EQ or BSE_EQ?", "1 to 2"),
    ],
)
async def test_a_line_that_is_held_back_asks_its_question(desk: WindowDesk, text: str, why: str, here: str) -> None:
    dialog = open_text(desk, text)
    cells = dialog.model.rows[0].cells
    assert (cells[1].text, cells[3].text, cells[4].text) == ("ambiguous", f"choose below, or press {here}", why)
    assert not dialog.add.isEnabled()


async def test_what_is_not_taken_is_copied_as_it_was_pasted(desk: WindowDesk) -> None:
    dialog = open_text(desk, "SBIN, 2885, AAPL; NOSUCH\nMSFT, 2885")
    dialog.table.choose(2)
    dialog.table.check_asked.emit(2)  # AAPL is left out by hand
    assert dialog.add.text() == "Add 1 symbol"
    dialog.copy_rest.click()
    assert QApplication.clipboard().text() == "2885\nAAPL\nNOSUCH"
    assert dialog.hint.text() == "Copied: one text per line, as it was pasted."


async def test_with_everything_taken_there_is_nothing_to_copy(desk: WindowDesk) -> None:
    dialog = open_text(desk, "AAPL, MSFT, SBIN")
    assert not dialog.copy_rest.isEnabled()
    assert dialog.hint.text() == "Nothing is added before you press Add. Undo takes all of it back."


async def test_in_a_low_window_the_lines_keep_room(desk: WindowDesk) -> None:
    dialog = open_text(desk, "SBIN, 2885, AAPL, NOSUCH, MSFT, RELIANCE")
    dialog.resize(780, 500)
    QApplication.processEvents()
    assert dialog.table.viewport().height() >= 3 * ROW
    dialog.resize(1180, 780)
    QApplication.processEvents()
    assert dialog.table.viewport().height() >= 6 * ROW
    assert dialog.text.height() > ROW
