"""The page Settings > Look-up with its control over lists in a folder, for tests of what it does."""

from __future__ import annotations

from pathlib import Path

from fake_time import until

from marketwatch.app.core import Core, Runtime
from marketwatch.app.instrument_lists import InstrumentLists
from marketwatch.app.list_changes import tell_watched_changes
from marketwatch.app.list_fetch import MassiveAccess
from marketwatch.app.lookup_control import LookupControl
from marketwatch.domain.ids import InstrumentId
from marketwatch.qt.dialogs.list_report import ListReport
from marketwatch.qt.dialogs.lookup_masters_panel import LookupMastersPanel
from marketwatch.qt.dialogs.settings_lookup_page import LookupPage
from marketwatch.qt.icons import IconSet
from marketwatch.qt.theme import Theme
from marketwatch.services.watchlists import WatchlistService

HEADER = (
    "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,"
    "instrument_type,segment,exchange"
)
RELIANCE = "738561,2885,RELIANCE,RELIANCE INDUSTRIES,0,,,0.05,1,EQ,NSE,NSE"
BROKEN = "1,x,BAD,Bad,0,,,0.05,1,EQ,NSE,NSE"
KITE = "\n".join((HEADER, RELIANCE, "139265,544,ZEENAT,ZEENAT INDIA,0,,,0.05,1,EQ,NSE,NSE", BROKEN, ""))


class Desk:
    """The page with its control, over lists in a folder."""

    def __init__(self, theme: Theme, icons: IconSet, folder: Path) -> None:
        runtime = Runtime()
        runtime.start()
        self.core = Core(runtime)
        self.folder = folder
        self.lists = InstrumentLists(self.core, folder / "masters")
        self.access: MassiveAccess | None = None
        self.added: list[str] = []
        self.watchlists = WatchlistService(self.core.feeds)
        self.lists.replaced.append(lambda new: tell_watched_changes(new, self.watchlists, self.core.notices))
        self.asked_feeds: list[str] = []
        self.control = LookupControl(
            self.core,
            self.lists,
            massive=lambda: self.access,
            add=self.add,
            change_feeds=lambda one: self.asked_feeds.append(str(one)),
            watchlists=self.watchlists,
        )
        self.page: LookupPage = self.control.page(theme, icons)
        self.page.resize(1100, 700)
        self.page.show()

    def add(self, instrument_id: InstrumentId) -> str:
        self.added.append(str(instrument_id))
        return f"Added {instrument_id.symbol}"

    @property
    def masters(self) -> LookupMastersPanel:
        return self.page.masters

    def rows(self) -> list[tuple[str, str, str]]:
        """Label, rows and skipped of the lists shown."""
        model = self.masters.model
        return [
            (model.index(row, 0).data(), model.index(row, 2).data(), model.index(row, 3).data())
            for row in range(model.rowCount())
        ]

    def refresh(self, row: int) -> None:
        """Ask for a list again."""
        self.masters.table.action_asked.emit(row, "Refresh")

    def report(self) -> ListReport:
        """Return the window about a list that is open."""
        return self.page.findChildren(ListReport)[-1]

    def found(self, text: str) -> list[str]:
        self.page.search.field.setText(text)
        return [str(hit.instrument.id) for hit in self.page.search.answer.hits]

    async def said(self, text: str) -> None:
        await until(lambda: text in self.masters.outcome.text() and not self.masters._said.isHidden())

    async def asked(self) -> None:
        await until(lambda: not self.masters.confirm.isHidden())

    async def load(self, name: str, text: str) -> None:
        """Choose a file, and say yes."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        self.masters.file_chosen.emit(path)
        await self.asked()
        self.masters.confirm.go.click()

    async def end(self) -> None:
        await self.control.close()
        self.page.deleteLater()
        assert await self.core.runtime.stop() == []
        assert self.core.runtime.failures.counts == {}
        self.core.runtime.failures.uninstall()
