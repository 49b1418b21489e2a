"""The search groups its hits by market: a few of each, the rest one key away, and none of a kind is missed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from search_fakes import Details, Lists

from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.instrument import Instrument, InstrumentKind
from marketwatch.instruments.directory import InstrumentDirectory
from marketwatch.qt.dialogs.search_popup import SearchPopup
from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.search_model import SEARCH_LIMIT, SearchModel
from marketwatch.qt.theme import Theme

NO_KEY = Qt.KeyboardModifier.NoModifier


def share(identity: str, kind: InstrumentKind = InstrumentKind.STOCK) -> Instrument:
    return Instrument(id=InstrumentId.parse(identity), kind=kind)


AMERICAN = [share(f"XNYS:EQ:BA{letter}") for letter in "ABCDEFGH"]
INDIAN = [share(f"NSE:EQ:BAJ{letter}") for letter in "ABC"]
OPTIONS = [share(f"NFO:OPT:BAOPT{number:03d}CE", InstrumentKind.OPTION) for number in range(7)]


def lines(model: SearchModel) -> list[str]:
    """Write the lines as they look: headings with their counts, symbols, and `+3` for three more."""
    found = []
    for row in model.rows:
        heading = f"+{row.total}" if row.more else f"{row.heading} {row.total}"
        found.append(heading if row.instrument is None else row.instrument.symbol)
    return found


@pytest.fixture
def popup(qtbot: QtBot, theme: Theme, icons: IconSet) -> Iterator[SearchPopup]:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1000, 700)
    made = SearchPopup(theme, icons, InstrumentDirectory([*AMERICAN, *INDIAN]), Details(), Lists(), window)
    with qtbot.waitExposed(window):
        window.show()
    made.open_at(60, "ba")
    QApplication.processEvents()
    yield made
    made.close_popup()
    window.hide()


def test_a_large_market_does_not_hide_the_others() -> None:
    model = SearchModel(InstrumentDirectory([*AMERICAN, *INDIAN]))
    model.find("ba")
    assert lines(model) == [
        "United States 5 of 8", "BAA", "BAB", "BAC", "BAD", "BAE", "+3",
        "India 3 of 3", "BAJA", "BAJB", "BAJC", "BA",
    ]  # fmt: skip
    assert model.index(6, 0).data(Qt.ItemDataRole.AccessibleTextRole) == "3 more, United States"


def test_one_market_alone_is_shown_whole() -> None:
    model = SearchModel(InstrumentDirectory(AMERICAN))
    model.find("ba")
    assert lines(model)[:2] == ["United States 8 of 8", "BAA"]
    assert len(lines(model)) == 10


def test_enter_on_the_rest_opens_its_market_and_marks_the_next_hit(popup: SearchPopup, qtbot: QtBot) -> None:
    for _ in range(5):
        qtbot.keyClick(popup.field, Qt.Key.Key_Down)
    assert popup.model.rows[popup.view.currentIndex().row()].more == "United States"
    chosen: list[str] = []
    popup.instrument_chosen.connect(lambda one, _: chosen.append(one.symbol))
    qtbot.keyClick(popup.field, Qt.Key.Key_Return)
    assert (popup.isVisible(), chosen) == (True, [])
    assert lines(popup.model)[:2] == ["United States 8 of 8", "BAA"]
    qtbot.keyClick(popup.field, Qt.Key.Key_Return)
    assert chosen == ["BAF"]


def test_another_text_closes_what_was_opened(popup: SearchPopup, qtbot: QtBot) -> None:
    popup.model.open_market(6)
    assert "+3" not in lines(popup.model)
    qtbot.keyClick(popup.field, Qt.Key.Key_Backspace)
    assert "+3" in lines(popup.model)


def test_a_click_on_the_rest_opens_it_too(popup: SearchPopup, qtbot: QtBot) -> None:
    place = popup.view.visualRect(popup.model.index(6, 0)).center()
    qtbot.mouseClick(popup.view.viewport(), Qt.MouseButton.LeftButton, NO_KEY, place)
    assert "United States 8 of 8" in lines(popup.model)


def test_a_kind_is_found_behind_any_number_of_others() -> None:
    shares = [share(f"XNYS:EQ:BA{number:04d}") for number in range(SEARCH_LIMIT + 50)]
    model = SearchModel(InstrumentDirectory([*shares, *OPTIONS]))
    model.find("ba")
    assert (model.hit_count, model.is_more) == (SEARCH_LIMIT, True)
    assert not any(one.symbol.startswith("BAOPT") for row in model.rows if (one := row.instrument) is not None)
    model.find("ba", frozenset({InstrumentKind.OPTION}))
    assert lines(model)[:2] == ["India 7 of 7", "BAOPT000CE"]


def test_more_than_are_shown_are_counted_with_a_plus(qtbot: QtBot, theme: Theme, icons: IconSet) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1000, 700)
    shares = [share(f"XNYS:EQ:BA{number:04d}") for number in range(SEARCH_LIMIT + 1)]
    popup = SearchPopup(theme, icons, InstrumentDirectory(shares), Details(), Lists(), window)
    window.show()
    popup.open_at(60, "ba")
    assert popup._filters.button(0).text() == "All 200+"
    popup.field.setText("ba0001")
    popup._find("ba0001")
    assert popup._filters.button(0).text() == "All 1"
    popup.close_popup()
