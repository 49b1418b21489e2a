from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QImage
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot
from search_fakes import Details, Lists

from marketwatch.domain.ids import CASH, INDEX, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument, InstrumentKind
from marketwatch.instruments.directory import InstrumentDirectory
from marketwatch.qt.dialogs.search_delegate import Places
from marketwatch.qt.dialogs.search_popup import SearchPopup
from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.search_model import SearchModel, is_list, typed_instrument
from marketwatch.qt.theme import Theme


def an_instrument(
    symbol: str, name: str, venue: str = "XNYS", kind: InstrumentKind = InstrumentKind.STOCK
) -> Instrument:
    segment = INDEX if kind is InstrumentKind.INDEX else CASH
    return Instrument(id=InstrumentId(Venue(venue), segment, symbol), name=name, currency="USD", kind=kind)


BOEING = an_instrument("BA", "Boeing")
ALIBABA = an_instrument("BABA", "Alibaba Group")
BAJAJ = an_instrument("BAJFINANCE", "Bajaj Finance", "NSE")
BANKNIFTY = an_instrument("BANKNIFTY", "Nifty Bank", "NSE", InstrumentKind.INDEX)
MSFT = an_instrument("MSFT", "Microsoft", "XNAS")


class Scene:
    """A window with a field that has the focus, and the pop-up over it."""

    def __init__(self, qtbot: QtBot, theme: Theme, icons: IconSet) -> None:
        self.qtbot = qtbot
        self.window = QWidget()
        self.before = QLineEdit(self.window)
        QVBoxLayout(self.window).addWidget(self.before)
        self.window.resize(1000, 700)
        qtbot.addWidget(self.window)
        directory = InstrumentDirectory([BOEING, ALIBABA, BAJAJ, BANKNIFTY, MSFT])
        self.lists = Lists()
        self.lists.held["Swing"].add(ALIBABA.id)
        self.suggested: list[Instrument] = []
        self.popup = SearchPopup(theme, icons, directory, Details(), self.lists, self.window, lambda: self.suggested)
        self.chosen: list[tuple[InstrumentId, str]] = []
        self.charts: list[InstrumentId] = []
        self.popup.instrument_chosen.connect(lambda *chosen: self.chosen.append(chosen))
        self.popup.chart_chosen.connect(self.charts.append)
        with qtbot.waitExposed(self.window):
            self.window.show()
        self.window.activateWindow()
        self.before.setFocus()

    def open(self, text: str) -> None:
        self.popup.open_at(60, text)
        QApplication.processEvents()

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.qtbot.keyClick(self.popup.field, key, modifier)

    def symbols(self) -> list[str]:
        return [row.heading or (row.instrument.symbol if row.instrument else "") for row in self.popup.model.rows]

    def marked(self) -> str:
        row = self.popup.model.rows[self.popup.view.currentIndex().row()]
        return row.instrument.symbol if row.instrument else ""


@pytest.fixture
def scene(qtbot: QtBot, theme: Theme, icons: IconSet) -> Iterator[Scene]:
    scene = Scene(qtbot, theme, icons)
    yield scene
    scene.popup.close_popup()
    scene.window.hide()


def test_results_follow_each_key_and_the_best_is_marked(scene: Scene) -> None:
    scene.open("b")
    scene.qtbot.keyClicks(scene.popup.field, "a")
    assert scene.symbols()[:3] == ["United States", "BA", "BABA"]
    assert "India" in scene.symbols()
    assert scene.marked() == "BA"
    assert scene.popup._filters.button(0).text() == "All 4"


def test_enter_adds_to_the_target_list_and_gives_the_focus_back(scene: Scene) -> None:
    scene.open("ba")
    scene.press(Qt.Key.Key_Return)
    assert scene.chosen == [(BOEING.id, "2")]
    assert scene.popup.isHidden()
    assert scene.before.hasFocus()


def test_ctrl_enter_adds_and_stays(scene: Scene) -> None:
    scene.open("ba")
    scene.popup.target.setCurrentIndex(0)
    scene.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert scene.chosen == [(BOEING.id, "1")]
    assert scene.popup.isVisible()
    assert "BA added to Core" in scene.popup._hint.text()
    assert scene.popup.field.selectedText() == "ba"


def test_alt_enter_only_shows_the_chart(scene: Scene) -> None:
    scene.open("msft")
    scene.press(Qt.Key.Key_Return, Qt.KeyboardModifier.AltModifier)
    assert (scene.charts, scene.chosen) == ([MSFT.id], [])


def test_alt_enter_is_the_pop_ups_own_even_if_the_window_uses_it(scene: Scene) -> None:
    action = QAction("Maximise", scene.window)
    action.setShortcut("Alt+Return")
    scene.window.addAction(action)
    maximised: list[bool] = []
    action.triggered.connect(maximised.append)
    scene.open("msft")
    scene.press(Qt.Key.Key_Return, Qt.KeyboardModifier.AltModifier)
    assert (scene.charts, maximised) == ([MSFT.id], [])


def test_esc_closes_and_returns_the_focus(scene: Scene) -> None:
    scene.open("ba")
    with scene.qtbot.waitSignal(scene.popup.closed):
        scene.press(Qt.Key.Key_Escape)
    assert scene.before.hasFocus()
    assert scene.chosen == []


def test_clicking_elsewhere_closes_and_leaves_the_focus_there(scene: Scene) -> None:
    scene.open("ba")
    scene.before.setFocus()
    assert scene.popup.isHidden()
    assert scene.before.hasFocus()


def test_arrows_pass_over_headings_and_stop_at_the_ends(scene: Scene) -> None:
    scene.open("ba")
    marked = []
    for _ in range(6):
        scene.press(Qt.Key.Key_Down)
        marked.append(scene.marked())
    assert marked[-1] == marked[-2]
    assert "" not in marked
    assert {"BAJFINANCE", "BANKNIFTY"} <= set(marked)
    for _ in range(9):
        scene.press(Qt.Key.Key_Up)
    assert scene.marked() == "BA"


def test_what_is_in_the_list_already_is_said_and_not_added_twice(scene: Scene) -> None:
    scene.open("baba")
    scene.press(Qt.Key.Key_Return)
    assert scene.chosen == []
    assert "already in Swing" in scene.popup._hint.text()
    assert scene.popup.isVisible()


def test_an_unknown_symbol_can_be_added_as_typed(scene: Scene) -> None:
    scene.open("xyzq")
    assert scene.symbols() == ["Nothing known here matches “xyzq”", "XYZQ"]
    assert scene.popup.model.rows[1].is_typed
    assert scene.marked() == "XYZQ"
    scene.press(Qt.Key.Key_Return)
    assert [str(instrument_id) for instrument_id, _ in scene.chosen] == ["US:EQ:XYZQ"]


def test_a_typed_list_without_spaces_goes_to_the_preview(scene: Scene) -> None:
    pasted: list[tuple[str, str]] = []
    scene.popup.list_pasted.connect(lambda *given: pasted.append(given))
    scene.open("sbin,zzz,qqq")
    assert not any(row.is_typed for row in scene.popup.model.rows)
    scene.press(Qt.Key.Key_Return)
    assert scene.chosen == []
    assert [text for text, _ in pasted] == ["sbin,zzz,qqq"]


def test_before_anything_is_typed_what_is_not_in_the_list_yet_is_offered(scene: Scene) -> None:
    scene.suggested = [MSFT, ALIBABA, BANKNIFTY]
    scene.open("")
    assert scene.symbols() == ["Not in this list yet", "MSFT", "BANKNIFTY"]
    scene.popup.target.setCurrentIndex(0)
    scene.popup.target.activated.emit(0)
    assert scene.symbols() == ["Not in this list yet", "MSFT", "BABA", "BANKNIFTY"]
    scene.popup._filters.button(5).click()
    assert scene.symbols() == ["Not in this list yet", "BANKNIFTY"]
    scene.press(Qt.Key.Key_Return)
    assert scene.chosen == [(BANKNIFTY.id, "1")]


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("", 0, "Type a symbol, a name, an ISIN or a token The best matches appear while you type"),
        ("zzq xx", 0, "Nothing matches “zzq xx” Check the spelling, or type the symbol alone"),
        ("bajaj finance", 3, "Nothing of this kind matches “bajaj finance” 1 other does; choose All to see them"),
    ],
)
def test_an_empty_list_says_why_and_what_helps(scene: Scene, text: str, kind: int, words: str) -> None:
    scene.open(text)
    scene.popup._filters.button(kind).click()
    assert scene.popup.message.isVisible()
    assert not scene.popup.view.isVisible()
    assert scene.popup.message.sentence.startswith(words)
    scene.open("ba")
    scene.popup._filters.button(0).click()
    assert scene.popup.view.isVisible()
    assert not scene.popup.message.isVisible()


@pytest.mark.parametrize("width", [858, 778, 660, 560])
def test_nothing_in_a_line_stands_over_anything_else(width: int) -> None:
    places = Places.of(width)
    feed_end = places.currency if places.feed is None else places.feed + 158
    assert places.name_width >= 120
    assert 14 + places.name_width < places.currency < places.last_end - 84
    assert feed_end < places.last_end - 84
    assert places.last_end < places.change_end - 66 < places.tail
    assert places.tail + 100 < width


def test_a_known_symbol_is_not_offered_as_typed(scene: Scene) -> None:
    scene.open("BA")
    assert not any(row.is_typed for row in scene.popup.model.rows)


@pytest.mark.parametrize("text", ["", "  ", "bank of", "é", "-", "X" * 25, "SBIN,TCS", "A;B"])
def test_what_is_no_symbol_cannot_be_added_as_typed(text: str) -> None:
    assert typed_instrument(text) is None


def test_filters_show_one_kind(scene: Scene) -> None:
    scene.open("ba")
    scene.popup._filters.button(5).click()
    assert scene.symbols()[:2] == ["India", "BANKNIFTY"]
    assert scene.popup.field.hasFocus()


def test_the_picture_shows_the_match_in_the_alert_colour(scene: Scene, theme: Theme) -> None:
    scene.open("ba")
    image: QImage = scene.popup.view.viewport().grab().toImage()
    alert = theme.colour("alert").rgb()
    assert any(image.pixel(x, y) == alert for x in range(14, 40) for y in range(24, 60))


def test_it_shrinks_to_a_small_window(scene: Scene) -> None:
    scene.window.resize(640, 420)
    scene.open("ba")
    assert scene.popup.geometry().right() < 640
    assert scene.popup.geometry().bottom() < 420


def test_the_model_keeps_qts_contract(qapp: object, qtmodeltester: object) -> None:
    model = SearchModel(InstrumentDirectory([BOEING, BAJAJ]))
    qtmodeltester.check(model, force_py=True)  # type: ignore[attr-defined]
    model.find("ba")
    qtmodeltester.check(model, force_py=True)  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ["2885", " 500325 ", "0"])
def test_a_bare_number_is_a_search_and_never_a_symbol(scene: Scene, text: str) -> None:
    assert typed_instrument(text) is None
    scene.open(text)
    assert scene.popup.model.rows == []
    assert scene.popup.message.sentence == (
        f"No list loaded here has the number {text.strip()} A number is looked up in the lists of your brokers: load"
        " one in Settings > Look-up."
    )
    scene.press(Qt.Key.Key_Return)
    assert scene.chosen == []


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("SBIN, 2885, NSE:TCS, AAPL", True),
        ("SBIN\nTCS", True),
        ("SBIN;TCS", True),
        ("SBIN\tTCS", True),
        ('"SBIN","TCS"', True),
        ("SBIN", False),
        ("SBIN\n", False),
        ("SBIN,", False),
        ("Apple, Inc.", False),
        ("State Bank of India", False),
        ("", False),
    ],
)
def test_a_list_is_told_from_a_symbol_and_a_name(text: str, answer: bool) -> None:
    assert is_list(text) is answer


def test_a_pasted_list_goes_to_the_preview_and_one_symbol_into_the_field(scene: Scene) -> None:
    pasted: list[tuple[str, str]] = []
    scene.popup.list_pasted.connect(lambda *given: pasted.append(given))
    scene.open("")
    QApplication.clipboard().setText("MSFT")
    scene.press(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert (scene.popup.field.text(), pasted) == ("MSFT", [])
    QApplication.clipboard().setText("MSFT, BA\nBABA")
    scene.press(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert pasted == [("MSFT, BA\nBABA", "2")]
    assert scene.popup.isHidden()


def test_a_typed_list_goes_to_the_preview_with_enter(scene: Scene) -> None:
    pasted: list[tuple[str, str]] = []
    scene.popup.list_pasted.connect(lambda *given: pasted.append(given))
    scene.open("MSFT, BA, nonsense")
    scene.press(Qt.Key.Key_Return)
    assert (pasted, scene.popup.isHidden()) == ([("MSFT, BA, nonsense", "2")], True)
