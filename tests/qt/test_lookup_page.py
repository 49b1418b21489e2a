"""Settings > Look-up as its users see it: room for everything, the card of a hit, refreshing, and what changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from fake_time import until
from integration.list_server import ListServer, list_server
from lookup_desk import HEADER, KITE, RELIANCE, Desk
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QBoxLayout
from pytestqt.qtbot import QtBot

from marketwatch.domain.ids import InstrumentId
from marketwatch.instruments.resolution import Resolver
from marketwatch.qt.dialogs.list_report import ListReport
from marketwatch.qt.icons import IconSet
from marketwatch.qt.theme import Theme

LARGE, SMALL = (1196, 706), (598, 460)
OWN = "Ticker,Exchange,Segment,Token,Type\n{}\n"
DOLLAR = "USDINR25OCT88.5CE,CDS,OPT,2885,option"


@pytest_asyncio.fixture
async def desk(qtbot: QtBot, theme: Theme, icons: IconSet, tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(theme, icons, tmp_path)
    await made.lists.use_stored()
    yield made
    await made.end()


@pytest_asyncio.fixture
async def server() -> AsyncIterator[ListServer]:
    async with list_server() as running:
        yield running


async def load_own(desk: Desk, name: str, *rows: str) -> None:
    await desk.load(f"{name}.csv", OWN.format("\n".join(rows)))
    await desk.said(f"{name}: ")


def own_cells(desk: Desk, row: int) -> list[str]:
    return [str(desk.masters.model.index(row, column).data()) for column in range(7)]


async def test_with_six_lists_a_warning_and_a_result_nothing_needs_scrolling_in_a_large_window(desk: Desk) -> None:
    for name in ("one", "two", "three", "four", "five"):
        await load_own(desk, name, f"{name.upper()},NSE,EQ,{len(name)}77,stock", DOLLAR)
    desk.page.resize(*LARGE)
    desk.found("2885")
    QApplication.processEvents()
    assert not desk.page.search.warning.isHidden()
    assert desk.masters.model.rowCount() == 6
    assert desk.page.area.verticalScrollBar().maximum() == 0
    assert desk.page.search.field.y() == desk.page.search.choice.y() == desk.page.search.expired.y()
    assert desk.page.search.card._columns.direction() is QBoxLayout.Direction.LeftToRight


async def test_in_a_small_window_the_parts_stand_below_one_another_and_it_scrolls(desk: Desk) -> None:
    desk.page.resize(*SMALL)
    desk.found("2885")
    QApplication.processEvents()
    assert desk.page.area.horizontalScrollBar().maximum() == 0
    assert desk.page.area.verticalScrollBar().maximum() > 0
    assert desk.page.search.place.y() > desk.page.search.field.y()
    assert desk.page.search.card._columns.direction() is QBoxLayout.Direction.TopToBottom
    assert desk.page.search.card.width() <= desk.page.area.viewport().width()
    assert "State" not in desk.masters.table.hidden_titles()


async def test_the_page_keeps_its_size_when_results_come(desk: Desk) -> None:
    desk.page.resize(*LARGE)
    QApplication.processEvents()
    before = (desk.page.search.height(), desk.page.search.card.height())
    desk.found("reliance")
    QApplication.processEvents()
    assert (desk.page.search.height(), desk.page.search.card.height()) == before


async def test_a_token_of_two_segments_warns_marks_its_digits_and_lists_the_share_first(desk: Desk) -> None:
    await load_own(desk, "fx", DOLLAR)
    assert desk.found("reliance 2885")[:2] == ["NSE:EQ:RELIANCE", "CDS:OPT:USDINR25OCT88.5CE"]
    search = desk.page.search
    assert search.warning.cause.text() == "Token 2885 stands for 2 instruments."
    assert search.warning.rest.text() == (
        "NSE:EQ:RELIANCE, CDS:OPT:USDINR25OCT88.5CE: choose by segment. A pasted list that names only the token is held"
        " back until you choose."
    )
    assert [row.cells[6].marks for row in search.model.rows[:2]] == [((0, 4),), ((0, 4),)]
    desk.found("infy")
    assert search.warning.isHidden()


async def test_the_card_says_key_numbers_feeds_hours_and_lists_of_the_chosen_row(desk: Desk) -> None:
    await desk.load("instruments.csv", KITE)
    await desk.said("Kite: 2")
    desk.watchlists.add(InstrumentId.parse("NSE:EQ:RELIANCE"))
    desk.found("2885")
    card = desk.page.search.card
    assert (card.head.text(), card.name.text(), card.key.text()) == (
        "RELIANCE",
        "Reliance Industries",
        "kite : NSE_EQ : 2885",
    )
    assert {title: label.text() for title, label in card.facts.items()} == {
        "Stream feed": "no open feed has it",
        "History feed": "no open feed has its bars",
        "Numbers": "Kite: 738561, exchange token 2885\nbuilt in: token 2885",
        "Trading hours": "NSE 09:15 to 15:30 IST",
        "Used in": "1 list: My list",
    }
    desk.found("aapl")
    assert card.facts["Trading hours"].text() == "XNAS 09:30 to 16:00 ET, extended 04:00 to 20:00"
    assert card.facts["Used in"].text() == "none of your lists"
    assert (card.facts["Numbers"].text(), card.note.text()) == ("in no list", "No list gives its token.")


async def test_the_copied_key_names_the_same_instrument_when_it_is_pasted(desk: Desk) -> None:
    await load_own(desk, "fx", DOLLAR)
    for identity in desk.found("2885"):
        desk.page.search.table.choose(desk.found("2885").index(identity))
        desk.page.search.card.copy.click()
        resolved = Resolver(desk.core.directory).resolve(QApplication.clipboard().text())
        assert [str(one.id) for one in resolved.candidates] == [identity]


async def test_the_buttons_of_the_card_act_on_the_chosen_row(desk: Desk, qtbot: QtBot) -> None:
    desk.found("infy")
    desk.page.search.card.feeds.click()
    desk.page.search.card.add.click()
    assert (desk.asked_feeds, desk.added) == (["NSE:EQ:INFY"], ["NSE:EQ:INFY"])
    assert desk.page.search.count.text() == "Added INFY"
    desk.found("nothing like it")
    card = desk.page.search.card
    assert card.head.text() == "Nothing known here matches “nothing like it”"
    assert all(button.isHidden() for button in (card.add, card.feeds, card.copy))
    qtbot.keyClick(desk.page.search.field, Qt.Key.Key_Return)
    assert desk.added == ["NSE:EQ:INFY"]


async def test_a_list_of_ones_own_is_refreshed_by_the_columns_that_were_confirmed(desk: Desk, qtbot: QtBot) -> None:
    path = desk.folder / "House.csv"
    path.write_text("Kürzel,Firm\nZZTOP,Zz Top Mills\n", encoding="utf-8")
    desk.masters.file_chosen.emit(path)
    await desk.asked()
    confirm = desk.masters.confirm
    symbol = confirm.fields["symbol"]
    symbol.setCurrentIndex(symbol.findData("Kürzel"))
    symbol.activated.emit(symbol.currentIndex())
    confirm.all_rows.setText("NSE")
    confirm.go.click()
    await desk.said("House: 1 instrument")
    path.write_text("Kürzel,Firm\nZZTOP,Zz Top Mills\nZZBOT,Zz Bottom Mills\n", encoding="utf-8")
    desk.masters.table.choose(1)
    qtbot.keyClick(desk.masters.table, Qt.Key.Key_F5)
    await desk.said("House: 2 instruments, no row skipped. Since the one before: 1 new.")
    assert confirm.isHidden()
    assert desk.found("zz bottom") == ["NSE:EQ:ZZBOT"]
    path.write_text("Name of it,Firm\nZZTOP,Zz Top Mills\n", encoding="utf-8")
    desk.refresh(1)
    await desk.asked()  # its columns are others now: what they mean is asked, and the list before stays
    assert desk.found("zz bottom") == ["NSE:EQ:ZZBOT"]


async def test_the_list_that_was_loaded_is_the_chosen_one(desk: Desk) -> None:
    await load_own(desk, "first", "AAA1,NSE,EQ,771,stock")
    await load_own(desk, "second", "BBB1,NSE,EQ,772,stock")
    chosen = desk.masters.chosen
    assert chosen is not None
    assert chosen.label == "second"


async def test_refreshing_all_goes_on_past_a_list_that_fails(desk: Desk) -> None:
    await load_own(desk, "first", "AAA1,NSE,EQ,771,stock")
    await load_own(desk, "second", "BBB1,NSE,EQ,772,stock")
    (desk.folder / "first.csv").unlink()
    (desk.folder / "second.csv").write_text(OWN.format("BBB1,NSE,EQ,773,stock"), encoding="utf-8")
    desk.masters.update_all.click()
    await desk.said("second: 1 instrument, no row skipped. Since the one before: 1 changed token.")
    first, _ = desk.masters.outcome.text().splitlines()
    assert first == "First stays as it was. No such file or directory."
    assert (desk.found("aaa1"), desk.found("773")) == (["NSE:EQ:AAA1"], ["NSE:EQ:BBB1"])


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"<html>Not found</html>", 404, "HTTP 404"),
        (b"<html>log in</html>", 200, "It is a web page, no list of instruments"),
        (b'{"status":"error","message":"Incorrect api_key"}', 200, "It is no list but a message"),
        (KITE.encode()[:-60], 200, "The list is not complete"),
        (bytes(range(256)) * 9, 200, "It is not text"),
    ],
)
async def test_an_answer_that_is_no_list_is_said_and_the_one_before_stays(
    desk: Desk, server: ListServer, body: bytes, status: int, said: str
) -> None:
    server.give("/instruments", KITE.encode())
    desk.masters.address_entered.emit(f"{server.base}/instruments")
    await desk.asked()
    desk.masters.confirm.go.click()
    await desk.said("Kite: 2 instruments")
    server.give("/instruments", body, status)
    desk.refresh(1)
    await desk.said(said)
    assert desk.found("zeenat") == ["NSE:EQ:ZEENAT"]
    assert own_cells(desk, 1)[2:4] == ["2", "1"]


async def test_a_token_that_changed_is_told_when_a_list_of_the_user_has_it(desk: Desk) -> None:
    await desk.load("instruments.csv", KITE)
    await desk.said("Kite: 2")
    desk.watchlists.add(InstrumentId.parse("NSE:EQ:RELIANCE"))
    moved = RELIANCE.replace("738561,2885", "738817,2886")
    (desk.folder / "instruments.csv").write_text(f"{HEADER}\n{moved}\n", encoding="utf-8")
    desk.refresh(1)
    await desk.said("Kite: 1 instrument, no row skipped. Since the one before: 1 changed token, 1 gone.")
    assert [notice.sentence for notice in desk.core.notices] == [
        "RELIANCE (NSE) in My list has another token. 2885 before, 2886 now in Kite’s list. Feeds that ask by number"
        " ask for the new one from now on."
    ]
    desk.masters.changes.click()
    await until(lambda: bool(desk.page.findChildren(ListReport)))
    report = desk.report()
    assert [[cell.text for cell in row.cells][1:] for row in report.model.rows] == [
        ["Kite", "token changed", "RELIANCE", "2885", "2886", "My list"],
        ["Kite", "delisted", "ZEENAT", "—", "—", "—"],
    ]
    desk.masters.show_outcome("")
    desk.control.show()
    assert desk.masters.news.text() == ("Today, Kite: 1 changed token, 1 gone. The change list is kept for 90 days.")


async def test_the_menu_of_a_row_has_everything_and_the_keyboard_too(desk: Desk, qtbot: QtBot) -> None:
    await desk.load("instruments.csv", KITE)
    await desk.said("Kite: 2")
    desk.masters.table.action_asked.emit(1, "⋯")
    entries = {action.text(): action for action in desk.masters.menu.actions()}
    assert {text: action.isEnabled() for text, action in entries.items()} == {
        "Refresh": True,
        "Import file…": True,
        "About this list": True,
        "Show rows left out (1)": True,
        "Show rows in doubt (0)": False,
        "Show changes": True,
        "Remove": True,
    }
    desk.masters.menu.hide()
    desk.masters.table.choose(1)
    qtbot.keyClick(desk.masters.table, Qt.Key.Key_Return)
    await until(lambda: bool(desk.page.findChildren(ListReport)))
    assert desk.report().text.toPlainText().startswith("Kite: 2 instruments from instruments.csv (Kite CSV), fetched ")
    entries["Remove"].trigger()
    await desk.said("Removed Kite")


async def test_while_a_list_is_loaded_its_rows_offer_nothing_that_would_disturb(desk: Desk) -> None:
    await desk.load("instruments.csv", KITE)
    await desk.said("Kite: 2")
    asked: list[str] = []
    for signal in (desk.masters.update_requested, desk.masters.remove_requested):
        signal.connect(asked.append)
    desk.masters.show_progress("Reading", 1, 2)
    assert desk.masters.news.isHidden()
    assert not desk.masters.update_all.isEnabled()
    desk.refresh(1)
    desk.masters.table.delete_asked.emit(1)
    assert asked == []
    desk.masters.show_outcome("")
    assert not desk.masters.news.isHidden()


async def test_tab_goes_through_the_page_in_the_order_one_reads(desk: Desk) -> None:
    search, masters = desk.page.search, desk.masters
    order = [
        search.field, *search.choice.buttons(), search.place, search.source, search.expired, search.table,
        search.card.add, search.card.feeds, search.card.copy, masters.from_file, masters.from_address, masters.tickers,
        masters.update_all, masters.address, masters.go, masters.confirm.go, masters.table, masters.cancel,
        masters.undo, masters.changes,
    ]  # fmt: skip
    chain, at = [], search.field.nextInFocusChain()
    while at is not None and at is not search.field:
        chain.append(at)
        at = at.nextInFocusChain()
    assert [widget for widget in [search.field, *chain] if widget in order] == order


async def test_in_a_small_window_what_is_said_of_a_list_comes_into_view(desk: Desk) -> None:
    desk.page.resize(*SMALL)
    QApplication.processEvents()
    bar = desk.page.area.verticalScrollBar()
    assert bar.value() == 0
    desk.masters.show_outcome("Kite: 2 instruments, no row skipped.")
    bottom = desk.masters.outcome.mapTo(desk.page.area.viewport(), desk.masters.outcome.rect().bottomLeft()).y()
    assert 0 < bottom <= desk.page.area.viewport().height()
    assert bar.value() > 0
