"""The windows about instrument lists: what was left out of one, and what changed in one or in all."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from marketwatch.app.list_changes import watched_names
from marketwatch.app.list_words import built_in_view, master_view
from marketwatch.errors import MarketWatchError
from marketwatch.instruments.masters.listing import BUILT_IN
from marketwatch.qt.dialogs.list_report import ListReport
from marketwatch.qt.models.list_report_tables import NotedChange, changes_table, notes_table

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from marketwatch.app.core import Core
    from marketwatch.app.instrument_lists import InstrumentLists
    from marketwatch.qt.icons import IconSet
    from marketwatch.qt.theme import Theme
    from marketwatch.services.watchlists import WatchlistService

_NOTHING_LEFT_OUT = "Every row of the file was taken."
_NO_DOUBT = "No row was taken with a doubt."


class ListReports:
    """Opens them over a page. What they show is read in a worker."""

    def __init__(
        self,
        core: Core,
        lists: InstrumentLists,
        page: QWidget,
        watchlists: WatchlistService | None,
        zone: Callable[[], str],
    ) -> None:
        self._core = core
        self._lists = lists
        self._page = page
        self._watchlists = watchlists
        self._zone = zone
        self.window: ListReport | None = None

    def open_list(self, theme: Theme, icons: IconSet, source: str, wanted: str) -> None:
        """Show all about one list, beginning with `wanted`: `about`, `left-out`, `doubt` or `changes`."""
        if source == BUILT_IN:
            window = self._make(theme, icons, "Popular tokens")
            window.show_report(built_in_view().about, ())
            window.open_report()
            return
        self._core.runtime.tasks.start("show a list", self._show_list(theme, icons, source, wanted))

    def open_changes(self, theme: Theme, icons: IconSet) -> None:
        """Show what changed in all lists."""
        self._core.runtime.tasks.start("show changes", self._show_changes(theme, icons))

    async def _show_list(self, theme: Theme, icons: IconSet, source: str, wanted: str) -> None:
        summary = next((one for one in self._lists.summaries if one.source == source), None)
        if summary is None:
            return
        try:
            details = await self._lists.details(source)
        except MarketWatchError as error:
            self._core.notices.add_error(error)
            return
        zone = self._zone()
        changes = [NotedChange(noted_ns, summary.label, change) for noted_ns, change in details.changes]
        tables = (
            notes_table("left-out", "Left out", details.left_out, summary.skipped, _NOTHING_LEFT_OUT),
            notes_table("doubt", "In doubt", details.in_doubt, summary.noted, _NO_DOUBT),
            changes_table(changes, zone, self._watched()),
        )
        window = self._make(theme, icons, summary.label)
        window.show_report(master_view(summary, self._core.runtime.clock.now_ns(), zone).about, tables, wanted)
        window.open_report()

    async def _show_changes(self, theme: Theme, icons: IconSet) -> None:
        changes: list[NotedChange] = []
        for summary in self._lists.summaries:
            try:
                details = await self._lists.details(summary.source)
            except MarketWatchError as error:
                self._core.notices.add_error(error)
                continue
            changes += [NotedChange(noted_ns, summary.label, change) for noted_ns, change in details.changes]
        changes.sort(key=lambda one: -one.noted_ns)
        window = self._make(theme, icons, "Changes of the instrument lists in the last 90 days")
        window.show_report("", (changes_table(changes, self._zone(), self._watched()),))
        window.open_report()

    def _make(self, theme: Theme, icons: IconSet, title: str) -> ListReport:
        self.window = ListReport(theme, icons, title, self._page.window())
        return self.window

    def _watched(self) -> dict[str, tuple[str, ...]]:
        return {} if self._watchlists is None else watched_names(self._watchlists)
