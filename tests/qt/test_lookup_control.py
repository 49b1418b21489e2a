"""Settings > Look-up at work: lists from files, addresses and Massive, removed and put back, with real files."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from fake_time import until
from integration.list_server import ListServer, Pages, list_server, ok, ticker_page
from lookup_desk import KITE, Desk
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QWidget
from pytestqt.qtbot import QtBot

from marketwatch.app.list_fetch import MassiveAccess, read_address
from marketwatch.domain.secret import Secret
from marketwatch.qt.dialogs.list_report import ListReport
from marketwatch.qt.icons import IconSet
from marketwatch.qt.theme import Theme

ANGEL = [{"token": "14366", "symbol": "IDEA-EQ", "name": "IDEA", "expiry": "", "strike": "-1.000000", "lotsize": "1",
          "instrumenttype": "", "exch_seg": "NSE", "tick_size": "5.000000"}]  # fmt: skip
KEY = Secret("canary-lookup-key-19c2")


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


async def test_out_of_the_box_the_popular_tokens_are_known_and_shown(desk: Desk) -> None:
    assert desk.rows() == [("Popular tokens", "10", "—")]
    desk.masters.table.action_asked.emit(0, "Show rows")
    report = desk.report()
    assert report.text.toPlainText().count("the guide prints") == 3
    report.close_it.click()
    desk.masters.table.delete_asked.emit(0)
    assert desk.rows() == [("Popular tokens", "10", "—")]
    assert desk.found("1660") == ["NSE:EQ:ITC"]
    assert desk.found("424") == []
    assert "misprint in the Odin guide" in desk.page.search.warning.text()


async def test_a_file_is_recognised_confirmed_kept_and_searched(desk: Desk) -> None:
    await desk.load("instruments.csv", KITE)
    await desk.said("Kite: 2 instruments, 1 row skipped; 1 × the token is not a positive whole number.")
    assert desk.rows()[1] == ("Kite", "2", "1")
    assert desk.found("zeenat") == ["NSE:EQ:ZEENAT"]
    desk.masters.report_requested.emit("kite", "left-out")
    await until(lambda: bool(desk.page.findChildren(ListReport)))
    report = desk.report()
    assert [cell.text for cell in report.model.rows[0].cells][:2] == ["4", "the token is not a positive whole number"]
    report.copy.click()
    copied = QApplication.clipboard().text().splitlines()[1].split("\t")
    assert copied == ["4", "the token is not a positive whole number", "1,x,BAD,Bad,,,0.05,1,EQ,NSE,NSE"]
    report.choice.buttons()[0].click()
    assert "Kite’s list changes every morning" in report.text.toPlainText()
    assert "  1 x the token is not a positive whole number" in report.text.toPlainText()
    report.copy.click()
    assert QApplication.clipboard().text() == report.text.toPlainText()


async def test_a_file_that_is_declined_changes_nothing(desk: Desk) -> None:
    path = desk.folder / "instruments.csv"
    path.write_text(KITE, encoding="utf-8")
    desk.masters.file_chosen.emit(path)
    await desk.asked()
    desk.masters.confirm.stop.click()
    await desk.said("Nothing was loaded.")
    assert len(desk.rows()) == 1


async def test_a_table_of_ones_own_is_asked_for_what_it_lacks(desk: Desk) -> None:
    path = desk.folder / "House list.csv"
    path.write_text("Code,Firm\nZZTOP,Zz Top Mills\n", encoding="utf-8")
    desk.masters.file_chosen.emit(path)
    await desk.asked()
    confirm = desk.masters.confirm
    assert not confirm.go.isEnabled()
    assert "exchange" in confirm._problem.text()
    confirm.all_rows.setText("NSE")
    name = confirm.fields["name"]
    name.setCurrentIndex(name.findData("Firm"))
    name.activated.emit(name.currentIndex())
    confirm.go.click()
    await desk.said("House list: 1 instrument, no row skipped.")
    assert desk.found("zz top") == ["NSE:EQ:ZZTOP"]


async def test_what_it_was_taken_for_can_be_corrected(desk: Desk) -> None:
    path = desk.folder / "instruments.csv"
    path.write_text(KITE, encoding="utf-8")
    desk.masters.file_chosen.emit(path)
    await desk.asked()
    kind: QComboBox = desk.masters.confirm.kind
    kind.setCurrentIndex(kind.findData("angel-one"))
    kind.activated.emit(kind.currentIndex())
    desk.masters.confirm.go.click()
    await desk.said("is not JSON")
    assert len(desk.rows()) == 1


@pytest.mark.parametrize(("text", "cause"), [("", "It is empty"), ("<html>", "It is a web page")])
async def test_what_is_no_list_is_refused_in_words(desk: Desk, text: str, cause: str) -> None:
    path = desk.folder / "page.csv"
    path.write_text(text, encoding="utf-8")
    desk.masters.file_chosen.emit(path)
    await desk.said(cause)


async def test_removed_it_is_found_no_longer_and_undo_brings_it_back(desk: Desk, qtbot: QtBot) -> None:
    await desk.load("instruments.csv", KITE)
    await desk.said("Kite: 2")
    desk.masters.table.choose(1)
    qtbot.keyClick(desk.masters.table, Qt.Key.Key_Delete)
    await desk.said("Removed Kite")
    assert (desk.found("zeenat"), len(desk.rows())) == ([], 1)
    desk.masters.undo.click()
    await desk.said("Kite is back.")
    assert (desk.found("zeenat"), len(desk.rows())) == (["NSE:EQ:ZEENAT"], 2)


async def test_an_address_is_fetched_confirmed_and_updated_again(desk: Desk, server: ListServer) -> None:
    server.give("/lists/master.json", json.dumps(ANGEL).encode())
    desk.masters.ask_address()
    desk.masters.address.setText(f"{server.base}/lists/master.json")
    desk.masters.go.click()
    await desk.asked()
    assert "Angel One JSON" in desk.masters.confirm._title.text()
    desk.masters.confirm.go.click()
    await desk.said("Angel One: 1 instrument, no row skipped.")
    assert desk.found("idea") == ["NSE:EQ:IDEA"]
    server.give(
        "/lists/master.json", json.dumps([*ANGEL, {**ANGEL[0], "symbol": "YESBANK-EQ", "token": "11915"}]).encode()
    )
    desk.refresh(1)
    await desk.said("Angel One: 2 instruments")
    assert server.asked == ["/lists/master.json"] * 2


async def test_an_address_that_fails_leaves_the_list_before(desk: Desk, server: ListServer) -> None:
    await desk.load("instruments.csv", KITE)
    await desk.said("Kite: 2")
    server.give("/kite", b"<html>busy</html>", 503)
    desk.masters.address_entered.emit(f"{server.base}/kite")
    await desk.said("The server is in trouble (HTTP 503)")
    assert desk.found("zeenat") == ["NSE:EQ:ZEENAT"]


async def test_another_file_takes_the_question_about_the_one_before_away(desk: Desk) -> None:
    path = desk.folder / "instruments.csv"
    path.write_text(KITE, encoding="utf-8")
    desk.masters.file_chosen.emit(path)
    await desk.asked()
    empty = desk.folder / "zero.csv"
    empty.touch()
    desk.masters.file_chosen.emit(empty)
    await desk.said("zero.csv. It is empty.")
    assert desk.masters.confirm.isHidden()
    desk.masters.confirm.go.click()
    assert desk.masters.confirm.wanted() is None


async def test_an_open_address_elsewhere_is_warned_of_first(desk: Desk) -> None:
    desk.masters.ask_address()
    desk.masters.address.setText("http://lists.invalid/kite.csv")
    desk.masters.go.click()
    assert "Not encrypted" in desk.masters._address_note.text()
    desk.masters.go.click()
    await desk.said("lists.invalid.")


@pytest.mark.parametrize("text", ["ftp://host/list", "host/list.csv", "https://me:secret@host/list", "https://h h/"])
async def test_an_address_that_cannot_be_used_is_said(desk: Desk, text: str) -> None:
    desk.masters.ask_address()
    desk.masters.address.setText(text)
    desk.masters.go.click()
    assert desk.masters._address_note.text()
    assert "secret" not in desk.masters._address_note.text()


async def test_cancel_in_the_middle_of_a_download_changes_nothing(desk: Desk, server: ListServer) -> None:
    import asyncio

    release, gone = asyncio.Event(), asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "5000000"})
        await answer.prepare(request)
        await answer.write(b"x" * 300_000)
        await release.wait()
        gone.set()
        return answer

    server.answers["/kite"] = slow
    desk.masters.address_entered.emit(f"{server.base}/kite")
    await until(lambda: "of 4.8 MB" in desk.masters.progress_text.text())
    assert desk.masters.bar.maximum() == 1000
    assert not desk.masters.from_file.isEnabled()
    desk.masters.cancel.click()
    await desk.said("Cancelled: nothing was changed.")
    assert desk.masters.from_file.isEnabled()
    assert len(desk.rows()) == 1
    release.set()
    await gone.wait()


async def test_tickers_come_with_the_key_and_say_what_they_wait_for(desk: Desk, server: ListServer) -> None:
    server.answers["/v3/reference/tickers"] = Pages(ok(ticker_page("ZZZA", cursor="2")), ok(ticker_page("ZZZB")))
    desk.access = MassiveAccess(server.base, lambda: KEY)
    desk.masters.tickers.click()
    await desk.said("Massive: 2 instruments, no row skipped.")
    assert desk.found("zzza") == ["XNAS:EQ:ZZZA"]
    assert set(server.keys) == {f"Bearer {KEY.reveal()}"}


async def test_tickers_that_break_off_are_kept_marked_and_replace_no_whole_list(desk: Desk, server: ListServer) -> None:
    refusal = (401, b'{"status":"ERROR","error":"Unknown API Key"}', {})
    server.answers["/v3/reference/tickers"] = Pages(ok(ticker_page("ZZZA", cursor="2")), refusal)
    desk.access = MassiveAccess(server.base, lambda: KEY)
    desk.masters.tickers.click()
    await desk.said("The list is not complete: Unknown API Key. It is kept as far as it came.")
    assert desk.found("zzza") == ["XNAS:EQ:ZZZA"]
    assert desk.masters.model.index(1, 6).data() == "not complete: load it again"
    server.answers["/v3/reference/tickers"] = Pages(ok(ticker_page("ZZZA", "ZZZB", "ZZZC")))
    desk.refresh(1)
    await desk.said("Massive: 3 instruments")
    server.answers["/v3/reference/tickers"] = Pages(ok(ticker_page("ZZZA", "ZZZB", cursor="2")), refusal)
    desk.refresh(1)
    await desk.said("The one before stays in use")
    assert desk.found("zzzc") == ["XNAS:EQ:ZZZC"]


async def test_where_the_vendors_publish_is_one_click_away(desk: Desk) -> None:
    desk.masters.from_address.click()
    assert [one.text() for one in desk.masters.published] == ["Kite", "Angel One"]
    for button in desk.masters.published:
        button.click()
        address = read_address(desk.masters.address.text())
        assert (address.url[:8], address.warning, address.may_store) == ("https://", "", True)
    assert desk.masters.address.text().endswith("OpenAPIScripMaster.json")


async def test_without_a_key_the_next_step_is_said(desk: Desk) -> None:
    desk.masters.tickers.click()
    await desk.said("There is no key for Massive. Add a Massive feed with its key in Settings > Feeds")


async def test_a_hit_is_added_by_enter_and_its_key_is_copied(desk: Desk, qtbot: QtBot) -> None:
    await desk.load("instruments.csv", KITE)
    await desk.said("Kite: 2")
    desk.found("2885")
    qtbot.keyClick(desk.page.search.field, Qt.Key.Key_Return)
    assert desk.added == ["NSE:EQ:RELIANCE"]
    desk.page.search.card.copy.click()
    assert QApplication.clipboard().text() == "kite : NSE_EQ : 2885"
    assert "Kite: 738561, exchange token 2885" in desk.page.search.card.facts["Numbers"].text()


async def test_segments_and_lists_can_be_chosen(desk: Desk) -> None:
    await desk.load("instruments.csv", KITE)
    await desk.said("Kite: 2")
    search = desk.page.search
    assert [search.source.itemText(at) for at in range(search.source.count())] == ["All lists", "built in", "Kite"]
    desk.found("india")
    before = search.model.rowCount()
    search.source.setCurrentIndex(2)
    assert search.model.rowCount() < before
    spoken = search.model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "ZEENAT, ZEENAT INDIA, NSE, segment EQ, series EQ, stock, INR, token 544, from Kite"


async def test_everything_has_a_name_and_nothing_is_cut_where_there_is_little_room(desk: Desk) -> None:
    for size in ((560, 440), (1190, 700)):
        desk.page.resize(*size)
        QApplication.processEvents()
        assert desk.page.area.horizontalScrollBar().maximum() == 0
        assert desk.page.search.width() <= desk.page.area.viewport().width()
    named: list[QWidget] = [desk.masters.table, desk.masters.address, desk.page.search.field, desk.page.search.table]
    assert all(widget.accessibleName() for widget in named)


async def test_what_ends_behind_a_closed_dialog_is_a_notice(desk: Desk) -> None:
    desk.page.hide()
    await desk.load("instruments.csv", KITE)
    await desk.said("Kite: 2")
    desk.masters.file_chosen.emit(desk.folder / "gone.csv")
    await desk.said("gone.csv. No such file or directory.")
    said = [notice.sentence for notice in desk.core.notices]
    assert said[0].startswith("Instrument list Kite: 2 instruments, 1 row skipped")
    assert said[1] == "gone.csv. No such file or directory."
