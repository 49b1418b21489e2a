"""Settings > Look-up joined to the lists: loading from files, addresses and Massive, removing, and looking up."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from marketwatch.app.core import Core
from marketwatch.app.instrument_lists import InstrumentLists, counted, skipped_words
from marketwatch.app.list_changes import count_words
from marketwatch.app.list_fetch import Address, ListFetch, MassiveAccess, read_address
from marketwatch.app.list_reports import ListReports
from marketwatch.app.list_words import built_in_view, master_view, news_words
from marketwatch.app.lookup_facts import hit_facts
from marketwatch.domain.ids import InstrumentId
from marketwatch.errors import InstrumentError, MarketWatchError
from marketwatch.instruments.lookup import look_up
from marketwatch.instruments.masters.listing import MASSIVE
from marketwatch.instruments.recognition import Recognition, recognise
from marketwatch.qt.dialogs.settings_lookup_page import LookupPage
from marketwatch.services.notices import Severity, in_sentences
from marketwatch.services.ticker_download import TickerProgress

if TYPE_CHECKING:
    from marketwatch.instruments.masters.store import Replacement
    from marketwatch.instruments.masters.summary import MasterSummary
    from marketwatch.qt.icons import IconSet
    from marketwatch.qt.theme import Theme
    from marketwatch.services.watchlists import WatchlistService

_TELL_S: Final = 0.1
_MEGABYTE: Final = 1024 * 1024
_ANNOUNCED_PAGES: Final = 12
_Keep = Callable[[Recognition], Coroutine[Any, Any, "Replacement"]]


class LookupControl:
    """Owner of what is being loaded: one list at a time, and Cancel leaves the lists as they were.

    `massive` gives the access to Massive's service, None without a key; `add` puts an instrument into the current
    list and says so; `change_feeds` asks which feeds serve one; `zone` is the one times are shown in.
    """

    def __init__(
        self,
        core: Core,
        lists: InstrumentLists,
        *,
        massive: Callable[[], MassiveAccess | None],
        add: Callable[[InstrumentId], str],
        change_feeds: Callable[[InstrumentId], None] = lambda _: None,
        watchlists: WatchlistService | None = None,
        zone: Callable[[], str] = lambda: "UTC",
    ) -> None:
        self._core = core
        self._lists = lists
        self._fetch = ListFetch(core, massive)
        self._add = add
        self._change_feeds = change_feeds
        self._watchlists = watchlists
        self._zone = zone
        self._page: LookupPage | None = None
        self._job: asyncio.Task[None] | None = None
        self._stop = threading.Event()
        self._told_at = 0.0
        self._removed: tuple[str, str] | None = None
        self._warned: str = ""
        self._pending: _Keep | None = None
        lists.changed.append(self.show)
        lists.began_storing.append(self._on_storing)

    def page(self, theme: Theme, icons: IconSet) -> LookupPage:
        """Return the page, made now if it was not yet."""
        if self._page is None:
            facts = partial(hit_facts, self._core, self._watchlists)
            page = self._page = LookupPage(theme, icons, partial(look_up, self._core.directory), facts)
            masters, reports = page.masters, ListReports(self._core, self._lists, page, self._watchlists, self._zone)
            masters.report_requested.connect(partial(reports.open_list, theme, icons))
            masters.changes_requested.connect(partial(reports.open_changes, theme, icons))
            page.search.add_requested.connect(self._on_add)
            page.search.feeds_requested.connect(self._change_feeds)
            masters.file_chosen.connect(lambda path: self._start(self._from_file(path)))
            masters.address_entered.connect(self._on_address)
            masters.tickers_requested.connect(lambda: self._start(self._tickers()))
            masters.update_requested.connect(self._update)
            masters.update_all_requested.connect(lambda: self._start(self._update_all()))
            masters.remove_requested.connect(lambda source: self._start(self._remove(source)))
            masters.undo_requested.connect(lambda: self._start(self._undo()))
            masters.cancel_requested.connect(self.cancel)
            masters.confirmed.connect(self._on_confirmed)
            masters.declined.connect(self._on_declined)
            self.show()
        return self._page

    def show(self) -> None:
        """Show the lists there are now."""
        if self._page is None:
            return
        now_ns, zone, summaries = self._core.runtime.clock.now_ns(), self._zone(), self._lists.summaries
        views = [built_in_view(), *(master_view(summary, now_ns, zone) for summary in summaries)]
        self._page.masters.show_masters(views, news_words(summaries, now_ns, zone))
        places = sorted({place for view in views for place in view.segments})
        self._page.search.set_scope(places, [view.source for view in views], len(self._core.directory))

    async def close(self) -> None:
        """End what is being loaded; close connections."""
        self.cancel()
        self._lists.changed.remove(self.show)
        self._lists.began_storing.remove(self._on_storing)
        await self._fetch.close()

    def cancel(self) -> None:
        """Load no further; what is being stored already is stored."""
        self._stop.set()
        if self._job is not None and not self._lists.is_storing:
            self._job.cancel()

    # --- jobs

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        if self._job is not None and not self._job.done():
            work.close()
            return
        self._stop.clear()
        if self._page is not None:
            self._page.masters.confirm.withdraw()
        self._job = self._core.runtime.tasks.start("instrument lists", self._run(work))

    async def _run(self, work: Coroutine[Any, Any, None]) -> None:
        page = self._page
        try:
            await work
        except asyncio.CancelledError:
            if page is not None and self._stop.is_set():
                page.masters.show_outcome("Cancelled: nothing was changed. The lists before stay in use.")
            raise
        except MarketWatchError as error:
            if page is not None:
                page.masters.show_outcome(in_sentences(error.thing, error.cause, error.next_step), "error")
            if page is None or not page.isVisible():
                self._core.notices.add_error(error)

    async def _from_file(self, path: Path, known: str = "") -> None:
        found, keep = await self._look_at_file(path)
        await self._take(found, keep, known)

    async def _look_at_file(self, path: Path) -> tuple[Recognition, _Keep]:
        self._progress(f"Looking at {path.name}")
        return await self._lists.recognise(path), partial(self._keep_file, path)

    async def _take(self, found: Recognition, keep: _Keep, known: str) -> None:
        """Load what is the same list as before; ask about everything else."""
        same = self._as_before(found, known)
        if same is None:
            self._ask(found, keep)
        else:
            await self._store(keep(same))

    def _as_before(self, found: Recognition, known: str) -> Recognition | None:
        """Return what was found with the columns that were confirmed before; None for another list."""
        if found.source != known:
            return None
        mapping = next((one.mapping for one in self._lists.summaries if one.source == known), None)
        if mapping is not None and set(mapping.columns.values()) <= set(found.columns):
            found = found.with_mapping(mapping)
        return None if found.problem else found

    async def _keep_file(self, path: Path, wanted: Recognition) -> Replacement:
        loop = asyncio.get_running_loop()

        def told(done: int, total: int) -> None:  # in the worker
            if self._stop.is_set():
                raise InstrumentError(path.name, "cancelled: nothing was changed")
            words = f"Reading {path.name}: {_size(done)} of {_size(total)}"
            loop.call_soon_threadsafe(self._progress, words, done, total)

        self._progress(f"Reading {path.name}")
        return await self._lists.keep_file(path, wanted, told)

    async def _from_address(self, address: Address, known: str = "") -> None:
        found, keep = await self._look_at_address(address)
        await self._take(found, keep, known)

    async def _look_at_address(self, address: Address) -> tuple[Recognition, _Keep]:
        def told(done: int, announced: int | None) -> None:
            if time.monotonic() - self._told_at >= _TELL_S or done == announced:
                self._told_at = time.monotonic()
                of = f" of {_size(announced)}" if announced else ""
                self._progress(f"Fetching {address.name}: {_size(done)}{of}", done, announced)

        self._progress(f"Asking {address.origin}")
        arrived = await self._fetch.address(address, told)
        found = await self._core.runtime.pool.run("look at the list", lambda: recognise(arrived.chunks, address.name))
        place = address.url if address.may_store else ""

        async def keep(wanted: Recognition) -> Replacement:
            self._progress(f"Reading {address.name}", can_cancel=False)
            return await self._lists.keep_chunks(arrived.chunks, wanted, address.origin, place, arrived.announced)

        return found, keep

    async def _tickers(self) -> None:
        work, failure = await self._fetch_tickers()
        await self._store(work, failure)

    async def _fetch_tickers(self) -> tuple[Coroutine[Any, Any, Replacement], str]:
        def told(progress: TickerProgress) -> None:
            self._progress(progress.words, progress.pages, _ANNOUNCED_PAGES)

        self._progress("Asking Massive for the first page of tickers")
        came = await self._fetch.tickers(told)
        if not len(came.rows):
            raise InstrumentError("Massive’s tickers", came.failure or "none came", came.next_step)
        return self._lists.keep(came.rows, "Massive", "Massive, reference tickers"), came.failure

    async def _update_all(self) -> None:
        """Load every list again; one that fails stays as it was, and the others go on."""
        said, has_failed = [], False
        for summary in self._lists.summaries:
            try:
                said.append(await self._again(summary))
            except MarketWatchError as error:
                has_failed = True
                said.append(in_sentences(f"{summary.label} stays as it was", error.cause, error.next_step))
        if self._page is not None:
            self._page.masters.show_outcome("\n".join(said), "alert" if has_failed else "text1")

    async def _again(self, summary: MasterSummary) -> str:
        """Load one list from where it came, and say what came of it."""
        place = summary.place
        if summary.source == MASSIVE:
            work, failure = await self._fetch_tickers()
            return _outcome_words(await work, failure)
        if not place:
            raise InstrumentError(summary.label, "it is not known where it came from", "Import its file again")
        is_address = place.startswith(("http://", "https://"))
        looked = self._look_at_address(read_address(place)) if is_address else self._look_at_file(Path(place))
        found, keep = await looked
        same = self._as_before(found, summary.source)
        if same is None:
            raise InstrumentError(summary.label, "what lies there now is another list", "Refresh it by itself")
        return _outcome_words(await keep(same))

    async def _remove(self, source: str) -> None:
        label = next((one.label for one in self._lists.summaries if one.source == source), source)
        await self._lists.remove(source)
        self._removed = (source, label)
        if self._page is not None:
            self._page.masters.show_outcome(f"Removed {label}: it is searched no longer.", can_undo=True)

    async def _undo(self) -> None:
        removed, self._removed = self._removed, None
        if removed is None:
            return
        source, label = removed
        await self._lists.put_back(source)
        if self._page is not None:
            self._page.masters.show_outcome(f"{label} is back.")

    async def _store(self, work: Coroutine[Any, Any, Replacement], failure: str = "") -> None:
        """Read and store a list, and say what came of it."""
        replaced = await work
        words = _outcome_words(replaced, failure)
        if self._page is None:
            return
        self._page.masters.choose_list(replaced.summary.source)
        self._page.masters.show_outcome(words, "alert" if failure else "text1")
        if not self._page.isVisible():
            self._core.notices.add(Severity.INFO, f"Instrument list {words}")

    # --- what the page asks

    def _on_address(self, text: str) -> None:
        page = self._page
        if page is None:
            return
        try:
            address = read_address(text)
        except MarketWatchError as error:
            page.masters.warn_of_address(in_sentences(error.cause, error.next_step))
            return
        if address.warning and self._warned != text:
            self._warned = text
            page.masters.warn_of_address(f"{address.warning}. Press Load again to load it all the same.")
            return
        page.masters.close_address()
        self._start(self._from_address(address))

    def _update(self, source: str) -> None:
        page = self._page
        summary = next((one for one in self._lists.summaries if one.source == source), None)
        if page is None or summary is None:
            return
        if source == MASSIVE:
            self._start(self._tickers())
        elif summary.place.startswith(("http://", "https://")):
            self._start(self._from_address(read_address(summary.place), source))
        elif summary.place:
            self._start(self._from_file(Path(summary.place), source))
        elif summary.origin.startswith(("http://", "https://")):
            page.masters.ask_address(summary.origin)
        else:
            page.masters.from_file.click()

    def _ask(self, found: Recognition, keep: _Keep) -> None:
        if self._page is not None:
            self._pending = keep
            self._page.masters.show_outcome("")
            self._page.masters.confirm.ask(found)
            self._page.reveal(self._page.masters.confirm)

    def _on_confirmed(self, wanted: Recognition) -> None:
        pending, self._pending = self._pending, None
        if pending is not None:
            self._start(self._store(pending(wanted)))

    def _on_declined(self) -> None:
        self._pending = None
        if self._page is not None:
            self._page.masters.show_outcome("Nothing was loaded.")

    def _on_add(self, instrument_id: InstrumentId) -> None:
        said = self._add(instrument_id)
        if self._page is not None:
            self._page.search.show_facts()
            self._page.search.count.setText(said)

    def _on_storing(self, _label: str) -> None:
        self._progress("Storing and indexing the list", can_cancel=False)

    def _progress(self, words: str, done: int = 0, total: int | None = None, *, can_cancel: bool = True) -> None:
        if self._page is not None and self._job is not None and not self._job.done():
            self._page.masters.show_progress(words, done, total, can_cancel=can_cancel)


def _outcome_words(replaced: Replacement, failure: str = "") -> str:
    summary = replaced.summary
    changes = count_words(summary.changes)
    since = f" Since the one before: {changes}." if changes else ""
    words = f"{summary.label}: {counted(summary.rows, 'instrument')}, {skipped_words(summary)}.{since}"
    return f"{words} The list is not complete: {failure}. It is kept as far as it came." if failure else words


def _size(count: int | None) -> str:
    if count is None:
        return "?"
    return f"{count / _MEGABYTE:.1f} MB" if count >= _MEGABYTE else f"{count / 1024:.0f} KB"
