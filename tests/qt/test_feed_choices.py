"""Naming the feeds of an instrument: the small window, what it does, and the way back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from fake_time import until
from integration.kind_servers import kind_server
from integration.program_feed import massive
from integration.test_program_fallback import AAPL, FIRST, LOCAL, Ticker, local
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from marketwatch.app.core import Core, Runtime
from marketwatch.app.feed_choices import FeedChoices
from marketwatch.app.screen import Screen
from marketwatch.app.sessions import Sessions
from marketwatch.domain.feed_choice import FeedChoice
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.domain.secret import Secret
from marketwatch.feeds.catalog import FeedKind
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.qt.dialogs.feed_choice_dialog import (
    AS_THEY_ARE,
    DEFAULT,
    FeedChoiceDialog,
    FeedChoiceView,
    FeedOption,
)
from marketwatch.qt.theme import Theme
from marketwatch.services.watchlists import WatchlistService
from marketwatch.storage.documents import StateDatabase
from marketwatch.storage.settings import Settings

MSFT = InstrumentId.parse("XNAS:EQ:MSFT")
MASSIVE = FeedOption("massive", "Massive", "delayed 15 min")
ODIN = FeedOption("odin", "Odin", "real time")


def view(**facts: object) -> FeedChoiceView:
    made = FeedChoiceView(
        whose="RELIANCE",
        options=(MASSIVE, ODIN),
        primary=DEFAULT,
        fallback=DEFAULT,
        falls_back_to_next=False,
        returns_after_s=30.0,
    )
    return msgspec.structs.replace(made, **facts)


@pytest.fixture
def dialog(theme: Theme, qtbot: QtBot, request: pytest.FixtureRequest) -> FeedChoiceDialog:
    made = FeedChoiceDialog(theme, getattr(request, "param", view()))
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
    qtbot.addWidget(made)
    made.show()
    return made


def items(dialog: FeedChoiceDialog) -> tuple[list[str], list[str]]:
    boxes = (dialog.primary, dialog.fallback)
    first, second = ([box.itemText(place) for place in range(box.count())] for box in boxes)
    return first, second


def test_the_boxes_name_the_feeds_with_their_delay_in_words(dialog: FeedChoiceDialog) -> None:
    feeds = ["Massive, delayed 15 min", "Odin, real time"]
    assert items(dialog) == (["The first in the order: Massive", *feeds], ["None", *feeds])
    assert (dialog.primary.accessibleName(), dialog.fallback.accessibleName()) == ("Primary", "Fall-back")
    assert dialog.windowTitle() == "Feeds for RELIANCE"
    assert not dialog.isModal()
    assert dialog.sentence.text() == (
        "Prices come from Massive. When it fails, the row shows its last figures as stale."
    )


def test_choosing_by_keyboard_says_what_will_happen(dialog: FeedChoiceDialog, qtbot: QtBot) -> None:
    heard: list[tuple[object, ...]] = []
    dialog.chosen.connect(lambda *what: heard.append(what))
    dialog.fallback.setFocus()
    qtbot.keyClick(dialog.fallback, Qt.Key.Key_Down)
    qtbot.keyClick(dialog.fallback, Qt.Key.Key_Down)
    assert dialog.sentence.text() == (
        "When Massive fails, the row continues on Odin (real time), marked “via”."
        " It returns once Massive has been well for 30 s."
    )
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert heard == [(DEFAULT, "odin", False)]
    assert not dialog.isVisible()


def test_one_feed_twice_is_refused_and_escape_changes_nothing(dialog: FeedChoiceDialog, qtbot: QtBot) -> None:
    heard: list[object] = []
    dialog.chosen.connect(lambda *what: heard.append(what))
    dialog.primary.setCurrentIndex(2)
    dialog.fallback.setCurrentIndex(2)
    assert not dialog.go.isEnabled()
    assert dialog._fallback_row.error == "Choose another feed than the primary one."
    dialog.fallback.setCurrentIndex(1)
    assert dialog.go.isEnabled()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert heard == []


def test_the_first_in_the_order_is_no_fall_back_of_itself(dialog: FeedChoiceDialog) -> None:
    dialog.fallback.setCurrentIndex(dialog.fallback.findData(MASSIVE.id))
    assert dialog._fallback_row.error == "Choose another feed than the primary one."
    assert not dialog.go.isEnabled()
    dialog.fallback.setCurrentIndex(dialog.fallback.findData(ODIN.id))
    assert (dialog._fallback_row.error, dialog.go.isEnabled()) == ("", True)


def test_the_next_feed_for_all_is_named_in_the_box(dialog: FeedChoiceDialog) -> None:
    dialog.next_for_all.setChecked(True)
    assert dialog.fallback.currentText() == "The next feed that has it"
    assert "continues on Odin" in dialog.sentence.text()


@pytest.mark.parametrize("dialog", [view(primary=None, fallback="odin", whose="3 instruments")], indirect=True)
def test_several_rows_may_stay_different(dialog: FeedChoiceDialog) -> None:
    assert (dialog.primary.currentData(), dialog.fallback.currentData()) == (AS_THEY_ARE, "odin")
    assert "keeps what was chosen" in dialog.sentence.text()


@pytest.mark.parametrize(
    ("dialog", "words"),
    [(view(options=(MASSIVE,)), "only Massive has it"), (view(options=()), "no open feed has it")],
    indirect=["dialog"],
)
def test_without_a_second_feed_the_next_step_is_said(dialog: FeedChoiceDialog, words: str) -> None:
    assert words in dialog.sentence.text()
    assert "Settings > Feeds" in dialog.sentence.text()


# --- joined to the program


class Desk:
    """The window with two feeds that have AAPL, as the program joins them."""

    def __init__(self, app: QApplication, folder: Path, database: StateDatabase) -> None:
        self.core = Core(Runtime())
        self.sessions = Sessions(self.core)
        self.settings = Settings(folder / "settings.json")
        lists = WatchlistService(self.core.feeds)
        for one in (AAPL, MSFT):
            lists.add(one)
        self.screen = Screen(app, self.core, lists, self.sessions, self.settings.preferences)
        self.store = database.feed_choices
        self.choices = FeedChoices(self.core, self.screen, self.settings, self.store)

    async def dialog(self) -> FeedChoiceDialog:
        self.screen.list_panel.request_feeds()
        (found,) = (one for one in self.screen.window.findChildren(FeedChoiceDialog) if one.isVisible())
        return found


@pytest_asyncio.fixture
async def desk(qapp: QApplication, tmp_path: Path) -> AsyncIterator[Desk]:
    database = await StateDatabase.open(tmp_path / "state.db")
    made = Desk(qapp, tmp_path, database)
    async with Ticker() as first, kind_server(FeedKind.POLYGON_LOCAL) as second:
        made.core.start()
        made.screen.window.show()
        await made.choices.load()
        await made.sessions.open_configured(
            [massive(first.url), local(second.url)], lambda feed_id: lambda: Secret("any")
        )
        made.screen.list_panel.show_instrument(AAPL)
        yield made
        made.choices.stop()
        await made.sessions.close()
        made.screen.list_panel.footer.hide_note()
        await until(lambda: qapp.processEvents() is None and not made.screen.flush.is_running)
        made.screen.stop()
    await made.core.stop()
    made.screen.window.allow_closing()
    made.screen.window.close()
    assert await made.core.runtime.stop() == []
    assert made.core.runtime.failures.counts == {}
    await database.close()


async def test_a_fall_back_named_in_the_window_is_followed_kept_and_undone(desk: Desk) -> None:
    dialog = await desk.dialog()
    assert items(dialog)[1] == ["None", "My Massive, real time", "Local server, real time"]
    dialog.fallback.setCurrentIndex(2)
    dialog.go.click()
    feeds = desk.core.feeds
    row = feeds.row_feeds(AAPL)
    assert row is not None
    assert (row.serving, row.second, row.is_backed) == (FIRST, LOCAL, True)
    await until(lambda: (warm := desk.core.hub.warm_snapshot(AAPL)) is not None and warm.last_price == 190.55)

    async def kept() -> dict[InstrumentId, FeedChoice]:
        return await desk.store.load()

    for _ in range(100):
        if AAPL in await kept():
            break
    assert await kept() == {AAPL: FeedChoice(None, LOCAL)}
    desk.screen.list_panel.undo()
    assert (feeds.backed_rows(), desk.core.hub.warm_snapshot(AAPL)) == ([], None)
    for _ in range(100):
        if AAPL not in await kept():
            break
    assert await kept() == {}
    desk.screen.list_panel.redo()
    assert feeds.backed_rows() == [AAPL]


async def test_the_next_feed_for_all_is_a_preference(desk: Desk) -> None:
    dialog = await desk.dialog()
    dialog.next_for_all.setChecked(True)
    dialog.go.click()
    assert desk.core.feeds.backed_rows() == [AAPL, MSFT]
    assert desk.settings.preferences.falls_back_to_next
    desk.screen.list_panel.undo()
    assert desk.core.feeds.backed_rows() == []


async def test_several_rows_get_their_feeds_at_once_and_the_same_again_is_nothing(desk: Desk) -> None:
    desk.screen.list_panel.view.selectAll()
    dialog = await desk.dialog()
    assert dialog.windowTitle() == "Feeds for 2 instruments"
    dialog.primary.setCurrentIndex(dialog.primary.findData(LOCAL))
    dialog.go.click()
    assert [desk.core.feeds.choice(one).primary for one in (AAPL, MSFT)] == [LOCAL, LOCAL]
    assert desk.screen.lists.undo_text == "Named feeds for 2 instruments"
    (await desk.dialog()).go.click()
    desk.screen.lists.undo()
    assert desk.core.feeds.choice(AAPL) == FeedChoice()


async def test_comparing_shows_the_difference_in_the_details_until_it_is_ended(desk: Desk) -> None:
    panel = desk.screen.list_panel
    assert desk.screen.market.difference(AAPL) is None
    panel.request_compare()
    await until(lambda: (found := desk.screen.market.difference(AAPL)) is not None and found.difference is not None)
    found = desk.screen.market.difference(AAPL)
    assert found is not None
    assert (found.shown.label, found.second.label, found.second.price) == ("My Massive", "Local server", 190.55)
    panel.request_compare()
    assert desk.screen.market.difference(AAPL) is None
    desk.core.feeds.choose({AAPL: FeedChoice(fallback=LOCAL)})
    panel.request_compare()
    assert not desk.core.feeds.is_compared(AAPL)


async def test_an_instrument_of_one_feed_has_nothing_to_compare(desk: Desk) -> None:
    desk.core.keys.set_rule(LOCAL, lambda one: None)
    desk.core.feeds.keys_changed(LOCAL)
    desk.screen.list_panel.request_compare()
    assert not desk.core.feeds.is_compared(AAPL)


async def test_the_menu_of_a_row_offers_its_feeds(desk: Desk) -> None:
    menu = QMenu(desk.screen.list_panel)
    desk.screen.list_panel._menus.fill_row(menu)
    texts = [action.text() for action in menu.actions()]
    assert "Feeds for AAPL…\tCtrl+Shift+F" in texts
    assert "Compare feeds\tCtrl+Shift+D" in texts


async def test_limits_are_said_before_they_bite(desk: Desk) -> None:
    market = desk.screen.market
    assert market.limit_used([AAPL]) == ("", "My Massive: 1 row of this list")
    full = FeedStatus(
        feed_id=FIRST, label="My Massive", state=FeedState.LIVE, instruments=3000, instruments_allowed=3000
    )
    market._on_status(full)
    used = "3,000 of 3,000 instruments"
    assert market.limit_used([AAPL]) == (f"{used}, My Massive", f"My Massive: 1 row of this list, {used} used in all")
    nvidia = InstrumentId.parse("XNAS:EQ:NVDA")
    assert market.limit_after_adding(nvidia) == (
        "then 3,001 of 3,000 instruments on My Massive, over the limit: it would get no prices"
    )
    assert market.limit_after_adding(AAPL) == ""
    market._on_status(msgspec.structs.replace(full, instruments=12))
    assert market.limit_after_adding(nvidia) == "then 13 of 3,000 instruments on My Massive"
    assert market.limit_after_adding(InstrumentId.parse("NSE:EQ:NOBODY")) == ""
    desk.screen.list_panel.set_limit_text(*market.limit_used([AAPL]))
    assert desk.screen.list_panel.footer.limit_text == "12 of 3,000 instruments, My Massive"


async def test_a_choice_for_a_feed_that_is_off_is_said_in_the_row(desk: Desk) -> None:
    desk.core.feeds.choose({AAPL: FeedChoice(primary=FeedId("gone"))})
    state = desk.screen.market.row_state(AAPL)
    assert "via My" in state.tags
    assert state.explanation.startswith("From My Massive: its primary feed is switched off")
