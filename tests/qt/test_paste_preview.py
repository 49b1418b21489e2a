"""Paste a list: counts, choices, one key for everything, and nothing added before Enter."""

from __future__ import annotations

import datetime as dt

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from marketwatch.app.paste_link import near_names
from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.instruments.catalogue import MasterCatalogue
from marketwatch.instruments.directory import InstrumentDirectory
from marketwatch.instruments.masters.listing import Listing
from marketwatch.instruments.popular_tokens import popular_tokens
from marketwatch.instruments.resolution import Resolver
from marketwatch.qt.dialogs.paste_preview import LONGEST_TEXT, PastePreview
from marketwatch.qt.icons import IconSet
from marketwatch.qt.theme import Theme

TEXT = "SBIN, 2885, NSE:TCS, AAPL\n“RELIANCE”;424\tINFOSIS;NOSUCHTHING; sbin"


def listing(identity: str, token: str, name: str = "") -> Listing:
    instrument = Instrument(id=InstrumentId.parse(identity), name=name)
    return Listing(instrument=instrument, source="kite", token=token)


MASTER = [
    listing("NSE:EQ:SBIN", "3045", "State Bank of India"),
    listing("NSE:EQ:RELIANCE", "2885", "Reliance Industries"),
    listing("BSE:EQ:RELIANCE", "500325", "Reliance Industries"),
    listing("CDS:OPT:USDINR25OCT88.5CE", "2885", "US dollar"),
    listing("NSE:EQ:TCS", "11536", "Tata Consultancy Services"),
    listing("NSE:EQ:INFY", "1594", "Infosys"),
    listing("XNAS:EQ:AAPL", "", "Apple"),
]


@pytest.fixture
def directory() -> InstrumentDirectory:
    known = InstrumentDirectory()
    known.use_masters(MasterCatalogue.build([MASTER], today=dt.date(2025, 9, 4)))
    return known


class Scene:
    """The preview over a window; `held` is what the list has."""

    def __init__(self, qtbot: QtBot, theme: Theme, icons: IconSet, directory: InstrumentDirectory) -> None:
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.window.resize(1200, 800)
        self.window.show()
        self.held: set[InstrumentId] = {InstrumentId.parse("XNAS:EQ:AAPL")}
        resolver = Resolver(directory, misprints=popular_tokens().misprints)
        self.dialog = PastePreview(
            theme,
            icons,
            resolver.resolve_list,
            self.held.__contains__,
            lambda word: near_names(directory, word),
            "Core",
            self.window,
        )
        self.added: list[list[str]] = []
        self.dialog.accepted_list.connect(lambda found: self.added.append([str(one) for one in found]))

    def press(self, key: Qt.Key, text: str = "") -> None:
        focus = QApplication.focusWidget() or self.dialog.table
        QApplication.sendEvent(focus, QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, text))

    def results(self) -> list[str]:
        return [self.dialog.model.index(row, 1).data() for row in range(self.dialog.model.rowCount())]

    def pasted(self) -> list[str]:
        return [self.dialog.model.index(row, 2).data() for row in range(self.dialog.model.rowCount())]


@pytest.fixture
def scene(qtbot: QtBot, theme: Theme, icons: IconSet, directory: InstrumentDirectory) -> Scene:
    return Scene(qtbot, theme, icons, directory)


def test_taken_duplicate_ambiguous_and_unknown_make_up_the_whole(scene: Scene) -> None:
    scene.dialog.open_with(TEXT)
    assert scene.pasted() == [
        "SBIN", "2885", "NSE:TCS", "AAPL", "“RELIANCE”", "424", "INFOSIS", "NOSUCHTHING", "sbin",
    ]  # fmt: skip
    assert scene.results() == [
        "taken", "ambiguous", "taken", "duplicate", "ambiguous", "unknown", "unknown", "unknown", "duplicate",
    ]  # fmt: skip
    assert scene.dialog.counts.accessibleName() == "2 taken, 2 duplicate, 2 ambiguous, 3 unknown"
    assert scene.dialog.add.text() == "Add 2 symbols"
    assert "Nothing is added before" in scene.dialog.hint.text()
    whys = [scene.dialog.model.index(row, 4).data() for row in (5, 6, 7)]
    assert whys == [
        "a misprint in the Odin guide for NSE:ITC, whose token is 1660",
        "not known; near: NSE:INFY",
        "not known here: check it, or load its list in Settings > Look-up",
    ]


def test_enter_adds_what_is_taken_in_order(scene: Scene) -> None:
    scene.dialog.open_with(TEXT)
    scene.press(Qt.Key.Key_Return)
    assert scene.added == [["NSE:EQ:SBIN", "NSE:EQ:TCS"]]
    assert scene.dialog.isHidden()


def test_escape_adds_nothing(scene: Scene) -> None:
    scene.dialog.open_with(TEXT)
    scene.press(Qt.Key.Key_Escape)
    assert (scene.added, scene.dialog.isHidden()) == ([], True)


def test_a_digit_chooses_and_n_goes_to_the_next_open_line(scene: Scene) -> None:
    scene.dialog.open_with(TEXT)
    scene.press(Qt.Key.Key_N, "n")
    assert scene.dialog.line is not None
    assert scene.dialog.line.text == "2885"
    buttons = scene.dialog._choices.findChildren(QPushButton)
    shown = [button for button in buttons if not button.isHidden()]
    assert [button.isChecked() for button in shown] == [False, False], "none is chosen beforehand"
    assert [button.text()[:11] for button in shown] == ["1  RELIANCE", "2  USDINR25"]
    scene.press(Qt.Key.Key_2, "2")
    scene.press(Qt.Key.Key_N, "n")
    assert scene.dialog.line.text == "“RELIANCE”"
    scene.press(Qt.Key.Key_1, "1")
    scene.press(Qt.Key.Key_7, "7")  # there is no seventh
    scene.press(Qt.Key.Key_Return)
    assert scene.added == [["NSE:EQ:SBIN", "CDS:OPT:USDINR25OCT88.5CE", "NSE:EQ:TCS", "NSE:EQ:RELIANCE"]]


def test_a_name_near_by_is_taken_by_its_digit(scene: Scene) -> None:
    scene.dialog.open_with("INFOSIS")
    assert not scene.dialog.add.isEnabled()
    assert scene.dialog.add.text() == "Nothing to add"
    scene.press(Qt.Key.Key_1, "1")
    scene.press(Qt.Key.Key_Return)
    assert scene.added == [["NSE:EQ:INFY"]]


def test_space_leaves_a_line_and_takes_it_again(scene: Scene) -> None:
    scene.dialog.open_with("SBIN, NSE:TCS")
    scene.press(Qt.Key.Key_Space, " ")
    assert scene.results() == ["left out", "taken"]
    assert scene.dialog.add.text() == "Add 1 symbol"
    scene.press(Qt.Key.Key_Space, " ")
    assert scene.results() == ["taken", "taken"]


def test_space_takes_a_choice_back(scene: Scene) -> None:
    scene.dialog.open_with("2885")
    scene.press(Qt.Key.Key_1, "1")
    assert scene.results() == ["taken"]
    scene.press(Qt.Key.Key_Space, " ")
    assert scene.results() == ["ambiguous"]


def test_one_exchange_for_all_is_a_button_and_leaves_numbers_alone(scene: Scene) -> None:
    scene.dialog.open_with("RELIANCE, 2885")
    buttons = [one for one in scene.dialog._prefer.findChildren(QPushButton) if not one.isHidden()]
    assert [one.text() for one in buttons] == ["NSE", "BSE"]
    buttons[1].click()
    assert scene.results() == ["taken", "ambiguous"]
    assert scene.dialog._prefer.isHidden()
    scene.press(Qt.Key.Key_Return)
    assert scene.added == [["BSE:EQ:RELIANCE"]]


def test_filters_show_one_result_only(scene: Scene) -> None:
    scene.dialog.open_with(TEXT)
    next(one for one in scene.dialog.filter.buttons() if one.text() == "Ambiguous 2").click()
    assert scene.pasted() == ["2885", "“RELIANCE”"]
    scene.dialog.table.setFocus()
    scene.press(Qt.Key.Key_1, "1")
    assert scene.pasted() == ["“RELIANCE”"]


def test_the_text_may_be_corrected_in_place(scene: Scene) -> None:
    scene.dialog.open_with("")
    assert scene.dialog.focusWidget() is scene.dialog.text
    scene.dialog.text.setPlainText("NSE:TCS")
    assert scene.results() == ["taken"]
    assert scene.dialog.add.isEnabled()


def test_a_very_long_text_is_read_as_far_as_it_is_said(scene: Scene) -> None:
    scene.dialog.open_with("SBIN\n" * (LONGEST_TEXT // 5 + 10))
    scene.dialog.text.setPlainText("SBIN " * (LONGEST_TEXT // 5 + 10))
    assert "only its first 100,000 characters" in scene.dialog.hint.text()


def test_every_widget_has_a_name_and_it_paints(scene: Scene, theme: Theme) -> None:
    scene.dialog.open_with(TEXT)
    for widget in (scene.dialog.text, scene.dialog.table, scene.dialog.filter, scene.dialog.close_button):
        assert widget.accessibleName()
    scene.dialog.table.choose(1)
    dark = scene.dialog.grab().toImage()
    theme.switch("light")
    assert scene.dialog.grab().toImage() != dark
    theme.switch("dark")


def test_enter_on_a_button_presses_it_and_adds_nothing(scene: Scene, qtbot: QtBot) -> None:
    added: list[object] = []
    scene.dialog.accepted_list.connect(added.append)
    scene.dialog.open_with(TEXT)
    cancel = next(button for button in scene.dialog.findChildren(QPushButton) if button.text() == "Cancel")
    scene.dialog.activateWindow()
    cancel.setFocus()
    qtbot.waitUntil(cancel.hasFocus)
    QApplication.sendEvent(cancel, QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier))
    assert (added, scene.dialog.isVisible()) == ([], False)
