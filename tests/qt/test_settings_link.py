"""Settings > Feeds in the window: what is saved there opens, changes and closes feeds at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from fake_time import until
from integration.program_feed import KEY, Feed, serve
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot
from window_desk import WindowDesk

from marketwatch.app.sessions import SessionView
from marketwatch.app.settings_link import RunOnlyConfigs, SettingsLink
from marketwatch.domain.feed_config import OWN_ADDRESS, FeedConfig
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.errors import StorageError
from marketwatch.qt.dialogs.settings_feeds_page import FeedsPage
from marketwatch.services.feed_route import FeedNature
from marketwatch.services.notices import Severity
from marketwatch.storage.notices import StorageNotice

AAPL, MSFT = InstrumentId.parse("XNAS:EQ:AAPL"), InstrumentId.parse("XNAS:EQ:MSFT")
MASSIVE = FeedId("massive")


class Desk(WindowDesk):
    """The window and the settings, as the program joins them."""

    def __init__(self, app: QApplication, folder: Path) -> None:
        super().__init__(app, AAPL, MSFT)
        self.store = RunOnlyConfigs()
        self.shown: list[SessionView] = []
        self.link = SettingsLink(self.core, self.screen, self.store, folder, self.show)

    def show(self, view: SessionView) -> None:
        self.shown.append(view)
        self.screen.show_session(view)

    async def begin(self) -> None:
        """Open what the program would open."""
        self.core.start()
        self.screen.window.show()
        async with self.sessions.turn:
            self.show(await self.link.open_feeds() or await self.sessions.open_simulated())

    async def dialog(self) -> FeedsPage:
        await self.link.open_dialog()
        page = self.screen.window.findChild(FeedsPage)
        assert page is not None
        return page

    async def shows(self, nature: FeedNature) -> None:
        await until(lambda: bool(self.shown) and self.shown[-1].nature is nature, limit_s=10)

    async def save(self, feeds: Sequence[FeedConfig]) -> None:
        page = await self.dialog()
        page.config_changed.emit(tuple(feeds))


@pytest_asyncio.fixture
async def desk(qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setenv("MASSIVE_API_KEY", KEY)
    made = Desk(qapp, tmp_path)
    yield made
    await made.end()


def massive(url: str) -> FeedConfig:
    return FeedConfig(id=MASSIVE, kind="massive", name="Mine", variant=OWN_ADDRESS, own_address=url)


async def test_the_first_enabled_feed_ends_the_simulation_and_the_last_disabled_brings_it_back(desk: Desk) -> None:
    await desk.begin()
    assert not desk.screen.session_bar.isHidden()
    async with Feed(serve) as server:
        await desk.save([massive(server.url)])
        await desk.shows(FeedNature.LIVE)
        await until(lambda: (s := desk.core.hub.snapshot(MSFT)) is not None and s.last_price == 1234.5)
        assert [status.label for status in desk.core.feeds.statuses()] == ["Mine"]
        assert not desk.screen.session_bar.isVisible()
        await desk.save([msgspec.structs.replace(massive(server.url), enabled=False)])
        await desk.shows(FeedNature.SIMULATED)
        assert [status.label for status in desk.core.feeds.statuses()] == ["Simulator"]
        assert desk.screen.session_bar.isVisible()


async def test_the_page_shows_how_the_feed_is_doing(desk: Desk) -> None:
    async with Feed(serve) as server:
        desk.store = desk.link._store = RunOnlyConfigs()
        await desk.store.save([massive(server.url)])
        await desk.begin()
        await desk.shows(FeedNature.LIVE)
        page = await desk.dialog()
        await until(lambda: page.model.state(massive(server.url)).words == "live")
        keyless = FeedConfig(id=FeedId("massive-2"), kind="massive", name="No address", variant=OWN_ADDRESS)
        await desk.save([massive(server.url), keyless])
        await until(lambda: page.model.state(keyless).words == "not complete")


async def test_a_feed_at_start_that_lacks_something_is_told(desk: Desk) -> None:
    await desk.store.save([massive("")])
    await desk.begin()
    await desk.shows(FeedNature.SIMULATED)
    (told,) = [notice for notice in desk.core.notices if "it has no address yet" in notice.sentence.lower()]
    assert told.severity is Severity.DECISION
    async with Feed(serve) as server:
        await desk.save([massive(server.url)])
        await desk.shows(FeedNature.LIVE)
        await until(lambda: any(notice.sentence.endswith("Done since.") for notice in desk.core.notices))
    assert [notice.severity for notice in desk.core.notices if notice.number == told.number] == [Severity.INFO]


async def test_settings_do_not_disturb_a_feed_of_the_command_line(desk: Desk) -> None:
    async with Feed(serve) as given, Feed(serve) as configured:
        desk.core.start()
        desk.show(await desk.sessions.open_feed("massive", given.url, ["AAPL", "MSFT"]))
        await until(lambda: given.streams == 1)
        await desk.save([massive(configured.url)])
        await until(lambda: desk.link._control is not None and len(desk.link._control.feeds) == 1)
        await until(lambda: not desk.link._changes)
        assert (len(desk.shown), configured.streams) == (1, 0)
        async with desk.sessions.turn:
            view = await desk.link.open_feeds()
        assert view is not None
        await until(lambda: configured.streams == 1)


async def test_unreadable_feeds_are_told_and_the_program_goes_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail() -> list[FeedConfig]:
        raise StorageError("The feeds", "the disk is gone")

    monkeypatch.setattr(desk.store, "load", fail)
    desk.store.notices.append(StorageNotice("The settings of the feed “x”", "not readable", "It is left out"))
    await desk.begin()
    await desk.shows(FeedNature.SIMULATED)
    told = " ".join(notice.sentence for notice in desk.core.notices)
    assert "The disk is gone" in told
    assert "The settings of the feed “x”" in told


async def test_a_test_asks_for_an_instrument_the_feed_has(desk: Desk) -> None:
    odin = FeedConfig(id=FeedId("odin"), kind="odin", name="Odin", variant="local")
    assert desk.link._test_symbol(massive("ws://127.0.0.1:9/")) == "AAPL"
    assert desk.link._test_symbol(odin) not in ("", "AAPL")


async def test_the_gear_asks_for_the_settings(desk: Desk, qtbot: QtBot) -> None:
    bar = desk.screen.tool_bar
    gear = next(one for one in bar.findChildren(QToolButton) if one.text() == "Settings")
    with qtbot.waitSignal(bar.settings_requested):
        qtbot.mouseClick(gear, Qt.MouseButton.LeftButton)
