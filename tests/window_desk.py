"""The program's window over a core of its own, for tests of what the program joins to it."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from marketwatch.app.core import Core, Runtime
from marketwatch.app.screen import Screen
from marketwatch.app.sessions import Sessions
from marketwatch.app.settings_link import SettingsLink
from marketwatch.domain.ids import InstrumentId
from marketwatch.services.watchlists import WatchlistService
from marketwatch.storage.settings import Preferences


class WindowDesk:
    """Core, sessions, a list of these instruments, and the screen; a desk with settings sets `link`."""

    link: SettingsLink | None = None

    def __init__(
        self, app: QApplication, *instruments: InstrumentId, preferences: Preferences | None = None,
        runtime: Runtime | None = None,
    ) -> None:  # fmt: skip
        self.core = Core(runtime or Runtime())
        self.sessions = Sessions(self.core)
        self.lists = WatchlistService(self.core.feeds)
        for instrument in instruments:
            self.lists.add(instrument)
        self.screen = Screen(app, self.core, self.lists, self.sessions, preferences or Preferences())

    async def end(self) -> None:
        """Close all as the program does; nothing may be left running, and nothing may have failed."""
        self.screen.list_panel.footer.hide_note()
        self.screen.stop()
        if self.link is not None:
            self.link.stop()
        await self.sessions.close()
        await self.core.stop()
        self.screen.window.allow_closing()
        self.screen.window.close()
        assert await self.core.runtime.stop() == []
        if self.link is not None:
            await self.link.close()
        assert self.core.runtime.failures.counts == {}
