"""The window with one Kite feed, its settings and its vendor, in a time of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from fake_time import FakeTime, until
from kite_vendor import API_KEY, API_SECRET, KiteVendor, kite_vendor, share
from PySide6.QtWidgets import QApplication
from window_desk import WindowDesk

from marketwatch.app.core import Runtime
from marketwatch.app.sessions import SessionView
from marketwatch.app.settings_link import RunOnlyConfigs, SettingsLink
from marketwatch.domain.feed_config import OWN_ADDRESS, FeedConfig
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.domain.secret import Secret
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.qt.dialogs.kite_login import KiteLoginDialog
from marketwatch.qt.dialogs.settings_feeds_page import FeedsPage

SBIN, KITE = InstrumentId.parse("NSE:EQ:SBIN"), FeedId("kite")
SBIN_TOKEN = "779521"
DAWN = "2025-09-04T05:59:50+05:30"
"""A Thursday, ten seconds before every session ends."""


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


class Desk(WindowDesk):
    """The window and the settings, in a time of their own."""

    def __init__(self, app: QApplication, folder: Path, start: str) -> None:
        self.time = FakeTime(seconds(start) * 10**9)
        runtime = Runtime(self.time)
        runtime.scheduler = self.time
        super().__init__(app, SBIN, runtime=runtime)
        self.store = RunOnlyConfigs()
        self.statuses: list[FeedStatus] = []
        self.core.status_changed.append(self.statuses.append)
        self.opened_pages: list[str] = []
        self.link = SettingsLink(self.core, self.screen, self.store, folder, self.show)

    def show(self, view: SessionView) -> None:
        self.screen.show_session(view)

    async def begin(self, url: str) -> None:
        await self.store.save([FeedConfig(id=KITE, kind="kite", name="My Kite", variant=OWN_ADDRESS, own_address=url)])
        self.core.start()
        self.screen.window.show()
        async with self.sessions.turn:
            view = await self.link.open_feeds()
        assert view is not None
        self.show(view)

    async def page(self) -> FeedsPage:
        await self.link.open_dialog()
        page = self.screen.window.findChild(FeedsPage)
        assert page is not None
        return page

    async def enter(self, code: str, text: str) -> None:
        """Save a key as the page does, and have it kept for this run."""
        page = await self.page()
        page.secret_entered.emit(KITE, code, Secret(text))
        control = self.link._control
        assert control is not None
        if control._secrets.situation.asks_for_passphrase and not control._has_declined:
            await until(lambda: control._passphrase is not None)
            assert control._passphrase is not None
            control._passphrase.reject()
        await until(lambda: control._secrets.known(KITE, code) == Secret(text))

    async def enter_both(self) -> None:
        await self.enter("kite_api_key", API_KEY)
        await self.enter("api_secret", API_SECRET)
        await self.is_in(FeedState.SIGNED_OUT)

    async def dialog(self) -> KiteLoginDialog:
        await self.link.sign_in(KITE)
        dialogs = self.screen.window.findChildren(KiteLoginDialog)
        assert len(dialogs) == 1
        dialogs[0]._open_page = self.open_page
        return dialogs[0]

    def open_page(self, address: str) -> bool:
        self.opened_pages.append(address)
        return True

    async def sign_in(self, pasted: str) -> KiteLoginDialog:
        dialog = await self.dialog()
        dialog.pasted.setText(pasted)
        assert dialog.go.isEnabled()
        dialog.go.click()
        assert dialog.pasted.text() == ""
        await until(lambda: "Asking Kite" not in dialog.words.text())
        return dialog

    async def sign_in_again(self, vendor: KiteVendor, dialog: KiteLoginDialog) -> KiteLoginDialog:
        """Close the dialog of the last login and go through another."""
        dialog.reject()
        QApplication.processEvents()
        dialog = await self.sign_in(vendor.log_in())
        await self.is_in(FeedState.LIVE)
        return dialog

    async def pass_dawn(self) -> None:
        """Let the hour come at which every session ends."""
        await self.time.advance(10.0)
        await self.is_in(FeedState.SIGNED_OUT)

    async def lose_session(self, vendor: KiteVendor) -> None:
        """Have Kite end the session, and the program find out."""
        vendor.end_sessions()
        await vendor.cut()
        await until(lambda: self.status().state is FeedState.BACKING_OFF)
        await self.time.advance(3.0)
        await self.is_in(FeedState.SIGNED_OUT)

    def status(self) -> FeedStatus:
        return self.core.feeds.supervisor(KITE).status()

    async def is_in(self, state: FeedState) -> None:
        await until(lambda: self.status().state is state)

    def last_price(self) -> float | None:
        snapshot = self.core.hub.snapshot(SBIN)
        return None if snapshot is None else snapshot.last_price

    def prompts(self) -> list[str]:
        return [one.sentence for one in self.core.notices if one.action and one.action.command == "sign_in:kite"]


@asynccontextmanager
async def vendor_of(desk: Desk) -> AsyncIterator[KiteVendor]:
    """Kite's servers, in the time of the desk."""
    stamp = seconds("2025-09-03T15:29:59+05:30")
    async with kite_vendor(desk.time.now_ns, share(SBIN_TOKEN, 807.75, stamp)) as vendor:
        yield vendor


@asynccontextmanager
async def keyed(desk: Desk) -> AsyncIterator[KiteVendor]:
    """The feed is there with key and secret, and waits for somebody to sign in."""
    async with vendor_of(desk) as vendor:
        await desk.begin(vendor.url)
        await desk.enter_both()
        yield vendor


@asynccontextmanager
async def signed_in(desk: Desk) -> AsyncIterator[tuple[KiteVendor, KiteLoginDialog]]:
    """The user has signed in, ten seconds before the session ends, and prices have come."""
    async with keyed(desk) as vendor:
        dialog = await desk.sign_in(vendor.log_in())
        await desk.is_in(FeedState.LIVE)
        await until(lambda: desk.last_price() == 807.75)
        yield vendor, dialog
