"""The page Look-up in the settings of the window: opened at once, with the key of the feeds or of the environment."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from PySide6.QtWidgets import QApplication
from window_desk import WindowDesk

from marketwatch.app.instrument_lists import InstrumentLists
from marketwatch.app.lookup_link import massive_access
from marketwatch.app.settings_link import RunOnlyConfigs, SettingsLink
from marketwatch.domain.feed_config import OWN_ADDRESS, FeedConfig
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.qt.dialogs.settings_dialog import SettingsDialog
from marketwatch.qt.dialogs.settings_lookup_page import LookupPage
from marketwatch.services.ticker_download import VENDOR

KEY = "canary-lookup-link-5d10"


class Desk(WindowDesk):
    """The window and its settings, with lists."""

    def __init__(self, app: QApplication, folder: Path) -> None:
        super().__init__(app)
        self.known = InstrumentLists(self.core, folder / "masters")
        self.store = RunOnlyConfigs()
        self.link = SettingsLink(self.core, self.screen, self.store, folder, lambda _: None, self.known)
        self.screen.window.show()

    async def page(self) -> LookupPage:
        await self.link.open_dialog("lookup")
        (dialog,) = self.screen.window.findChildren(SettingsDialog)
        page = dialog.stack.currentWidget()
        assert isinstance(page, LookupPage)
        assert dialog.nav.button("lookup").text() == "Look-up"
        return page


@pytest_asyncio.fixture
async def desk(qapp: QApplication, tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(qapp, tmp_path)
    await made.known.use_stored()
    yield made
    await made.end()


async def test_the_page_opens_looks_up_and_adds(desk: Desk) -> None:
    page = await desk.page()
    page.search.field.setText("2885")
    page.search.card.add.click()
    assert desk.lists.current.instruments() == [InstrumentId.parse("NSE:EQ:RELIANCE")]
    assert page.search.count.text() == "Added RELIANCE"
    page.search.card.add.click()
    assert page.search.count.text() == "RELIANCE is already in My list"
    desk.lists.undo()
    assert desk.lists.current.instruments() == []
    assert await desk.page() is page


async def test_the_key_is_the_first_massive_feeds_else_that_of_the_environment(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.page()
    control = desk.link._control
    assert control is not None
    assert massive_access(desk.core, control) is None
    monkeypatch.setenv("POLYGON_API_KEY", KEY)
    access = massive_access(desk.core, control)
    assert access is not None
    key = access.key()
    assert key is not None
    assert (access.base, key.reveal()) == (VENDOR, KEY)
    assert desk.core.runtime.redactor.redact(f"asked with {KEY}") == "asked with ***"
    mine = FeedConfig(
        id=FeedId("m"), kind="massive", name="Mine", variant=OWN_ADDRESS, own_address="ws://127.0.0.1:9000/stocks"
    )
    control.feeds = (mine,)
    await control._load_secrets(mine)
    own = massive_access(desk.core, control)
    assert own is not None
    assert own.base == "http://127.0.0.1:9000"


async def test_stored_lists_are_used_once_and_old_ones_are_told_of(desk: Desk, tmp_path: Path) -> None:
    own = tmp_path / "mine.csv"
    own.write_text("symbol,exchange\nZZTOP,NSE\n", encoding="utf-8")
    await desk.known.load(own)
    catalogue = desk.core.directory.masters
    await desk.known.use_stored()
    assert desk.core.directory.masters is catalogue
    again = InstrumentLists(desk.core, tmp_path / "masters")
    await again.use_stored()
    assert desk.core.directory.masters is not catalogue
    assert [one.id.symbol for one in desk.core.directory.by_symbol("zztop")] == ["ZZTOP"]
    assert [one.label for one in again.summaries] == ["mine"]
