"""Pasting into the window: Ctrl+V on the list shows a preview, Enter adds, and one undo takes all of it back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from window_desk import WindowDesk

from marketwatch.app.instrument_lists import InstrumentLists
from marketwatch.qt.dialogs.paste_preview import PastePreview


class Desk(WindowDesk):
    """The window with an empty list."""

    def __init__(self, app: QApplication, folder: Path) -> None:
        super().__init__(app)
        self.known = InstrumentLists(self.core, folder / "masters")
        self.screen.window.show()

    def dialog(self) -> PastePreview:
        found = [one for one in self.screen.window.findChildren(PastePreview) if one.isVisible()]
        assert len(found) == 1
        return found[0]

    def symbols(self) -> list[str]:
        return [one.symbol for one in self.lists.current.instruments()]


@pytest_asyncio.fixture
async def desk(qapp: QApplication, tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(qapp, tmp_path)
    await made.known.use_stored()
    yield made
    await made.end()


def press(widget: object, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QApplication.sendEvent(widget, QKeyEvent(QEvent.Type.KeyPress, key, modifiers))  # type: ignore[arg-type]


async def test_a_pasted_list_is_shown_added_in_order_and_undone_as_one(desk: Desk) -> None:
    desk.screen.open_paste("ITC")
    press(desk.dialog().table, Qt.Key.Key_Return)
    QApplication.clipboard().setText("SBIN, 2885; NSE:TCS\tAAPL\n1660, 424, NOSUCH")
    press(desk.screen.list_panel.view, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    dialog = desk.dialog()
    assert dialog.counts.accessibleName() == "4 taken, 1 duplicate, 0 ambiguous, 2 unknown"
    assert desk.symbols() == ["ITC"], "nothing is added before Enter"
    press(dialog.table, Qt.Key.Key_Return)
    assert desk.symbols() == ["ITC", "SBIN", "RELIANCE", "TCS", "AAPL"]
    assert desk.lists.undo_text == "Added 4 symbols"
    desk.screen.list_panel.undo()
    assert desk.symbols() == ["ITC"]


async def test_a_list_chosen_in_the_search_is_the_one_pasted_into(desk: Desk) -> None:
    first = desk.lists.current
    desk.lists.create_list("Other")
    desk.screen.open_paste("SBIN\nTCS", first.id)
    press(desk.dialog().table, Qt.Key.Key_Return)
    assert [one.symbol for one in first.instruments()] == ["SBIN", "TCS"]
    assert desk.symbols() == []
