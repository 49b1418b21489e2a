"""“Find a setting” leads to the page of every row and box, and with a rare word to one page alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from PySide6.QtWidgets import QAbstractButton, QApplication, QCheckBox, QWidget
from window_desk import WindowDesk

from marketwatch.app.feed_kinds import kind_views
from marketwatch.app.instrument_lists import InstrumentLists
from marketwatch.app.settings_link import RunOnlyConfigs, SettingsLink
from marketwatch.domain.feed_config import FeedConfig
from marketwatch.domain.ids import FeedId
from marketwatch.qt.dialogs.form_row import FormRow
from marketwatch.qt.dialogs.settings_dialog import SettingsDialog
from marketwatch.qt.dialogs.settings_feeds_page import FeedsPage
from marketwatch.storage.settings import Settings


class Desk(WindowDesk):
    """The window and all pages of its settings."""

    def __init__(self, app: QApplication, folder: Path) -> None:
        super().__init__(app)
        lists = InstrumentLists(self.core, folder / "masters")
        settings = Settings(folder / "settings.json")
        self.link = SettingsLink(self.core, self.screen, RunOnlyConfigs(), folder, lambda _: None, lists, settings)
        self.screen.window.show()

    async def dialog(self) -> SettingsDialog:
        assert self.link is not None
        await self.link.open_dialog()
        (dialog,) = self.screen.window.findChildren(SettingsDialog)
        return dialog


@pytest_asyncio.fixture
async def desk(qapp: QApplication, tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(qapp, tmp_path)
    yield made
    await made.end()


def found(dialog: SettingsDialog, text: str) -> list[str]:
    dialog.nav.search.setText(text)
    return [entry.code for entry, button in dialog.nav._entries if button.isVisible()]


def rows(page: QWidget) -> set[str]:
    """Return the labels of all rows and boxes of a page."""
    labels = {row._label.text() for row in page.findChildren(FormRow)}
    return labels | {box.text() for box in page.findChildren(QCheckBox)}


async def test_every_row_of_every_kind_of_feed_leads_to_feeds(desk: Desk) -> None:
    dialog = await desk.dialog()
    page = dialog.page("feeds")
    assert isinstance(page, FeedsPage)
    seen: set[str] = set()
    for kind in kind_views():
        variant = kind.variants[0].name if kind.variants else "own"
        page.set_feeds([FeedConfig(id=FeedId(kind.kind), kind=kind.kind, name=kind.label, variant=variant)])
        seen |= rows(page)
    assert {"Sessions", "Silent for", "Reconnect", "API key", "Daily login", "From", "Time-out"} <= seen
    missing = [text for text in sorted(seen) if "feeds" not in found(dialog, text)]
    assert missing == []


@pytest.mark.parametrize(("code", "row"), [("lookup", "Show expired"), ("network", "Proxy")])
async def test_so_do_those_of_the_other_pages(desk: Desk, code: str, row: str) -> None:
    dialog = await desk.dialog()
    dialog.show_page(code)
    seen = rows(dialog.page(code))
    assert row in seen
    missing = [text for text in sorted(seen) if code not in found(dialog, text)]
    assert missing == []


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("silent", ["feeds"]),
        ("pre-market", ["feeds"]),
        ("Limits used", ["feeds"]),
        ("last problems", ["feeds"]),
        ("Connection test", ["feeds"]),
        ("reconnect", ["feeds"]),
        ("zerodha", ["feeds"]),
        ("isin", ["lookup"]),
        ("Instrument masters", ["lookup"]),
        ("find a symbol or token", ["lookup"]),
        ("proxy", ["network"]),
        ("PROXY  Address", ["network"]),
        ("nothing like it", []),
    ],
)
async def test_a_rare_word_leads_to_one_page(desk: Desk, text: str, codes: list[str]) -> None:
    assert found(await desk.dialog(), text) == codes


async def test_groups_stand_where_they_have_pages(desk: Desk) -> None:
    dialog = await desk.dialog()
    groups = {entry.group for entry, _ in dialog.nav._entries}
    assert groups == set(dialog.nav._heads)
    for entry, _ in dialog.nav._entries:
        dialog.show_page(entry.code)
        assert dialog.page(entry.code).findChildren(QAbstractButton), entry.code
    found(dialog, "nothing like it")
    assert not any(head.isVisible() for head in dialog.nav._heads.values())
