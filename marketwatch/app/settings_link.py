"""Settings > Feeds in the running program: the dialog, the keys, and every change taking effect at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from marketwatch.app.configured_feeds import what_is_missing
from marketwatch.app.core import Core
from marketwatch.app.demo import demo_instruments
from marketwatch.app.feed_kinds import spec_of
from marketwatch.app.feed_settings import FeedSettingsControl
from marketwatch.app.screen import Screen
from marketwatch.app.sessions import SessionView
from marketwatch.domain.feed_config import FeedConfig
from marketwatch.domain.ids import FeedId
from marketwatch.errors import MarketWatchError, StorageError
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.qt.models.feed_settings_model import NOT_CONNECTED, FeedStateView
from marketwatch.qt.panels.feed_pill import PillShape
from marketwatch.qt.panels.feed_words import pill_view
from marketwatch.runtime.executors import WorkerPool
from marketwatch.services.notices import Severity
from marketwatch.storage.notices import StorageNotice
from marketwatch.storage.secrets import open_store

if TYPE_CHECKING:
    from marketwatch.app.instrument_lists import InstrumentLists
    from marketwatch.app.lookup_control import LookupControl
    from marketwatch.storage.feed_configs import FeedConfigStore
    from marketwatch.storage.settings import Settings

_STOP_KEYCHAIN_S = 0.1
_FAULTS = {
    FeedState.STALE: "stalled",
    FeedState.BACKING_OFF: "reconnecting",
    FeedState.REFUSED: "refused",
    FeedState.SIGNED_OUT: "signed out",
}
_INCOMPLETE = FeedStateView(PillShape.RING, "not complete")


class RunOnlyConfigs:
    """Keeps configured feeds for this run, where no database can be opened."""

    def __init__(self) -> None:
        self._feeds: list[FeedConfig] = []
        self.notices: list[StorageNotice] = []

    async def load(self) -> list[FeedConfig]:
        """Return all, in order."""
        return list(self._feeds)

    async def save(self, feeds: Sequence[FeedConfig]) -> None:
        """Keep all, in this order."""
        self._feeds = list(feeds)


class SettingsLink:
    """Makes the control of the settings when it is first needed: a keychain may ask the user, and take its time.

    `show` shows a session that was opened; `folder` is where the files of keys lie; `lists` are those of the page
    Look-up, `settings` what the page Network changes.
    """

    def __init__(
        self,
        core: Core,
        screen: Screen,
        store: FeedConfigStore | RunOnlyConfigs,
        folder: Path,
        show: Callable[[SessionView], None],
        lists: InstrumentLists | None = None,
        settings: Settings | None = None,
    ) -> None:
        self._core = core
        self._screen = screen
        self._store = store
        self._folder = folder
        self._show = show
        self._lists = lists
        self._settings = settings
        self._has_network = False
        self._lookup: LookupControl | None = None
        self._keychain = WorkerPool("keychain", core.runtime.failures.report)  # a dialog nobody answers holds a thread
        self._making = asyncio.Lock()
        self._control: FeedSettingsControl | None = None
        self._changes: set[asyncio.Task[None]] = set()
        self._entered: set[FeedId] = set()
        self._incomplete: dict[FeedId, int] = {}

    async def open_feeds(self) -> SessionView | None:
        """Open the configured feeds; None when none is enabled and ready. The caller holds the turn."""
        if self._control is None and not await self._is_any_enabled():
            return None
        control = await self._ready_control()
        for config in control.feeds:
            missing = self._missing_in(config, control)
            if missing is not None and control.is_locked_away(config):
                notice = self._core.notices.add(
                    Severity.DECISION, config.name, "its key is in the vault", "Unlock the vault"
                )
                self._incomplete[config.id] = notice.number
            elif missing is not None:
                notice = self._core.notices.add(Severity.DECISION, missing.thing, missing.cause, missing.next_step)
                self._incomplete[config.id] = notice.number
        control.ask_to_unlock(self._screen.theme, self._screen.window)
        return await self._screen.sessions.open_configured(control.feeds, control.credentials)

    async def open_dialog(self, page: str = "feeds") -> None:
        """Show the settings at a page."""
        control = await self._ready_control()
        dialog = control.open(self._screen.theme, self._screen.icons, self._screen.window)
        if self._lists is not None and self._lookup is None:
            from marketwatch.app.lookup_link import add_lookup_page

            self._lookup = add_lookup_page(dialog, self._core, self._screen, self._lists, control)
        if self._settings is not None and not self._has_network:
            from marketwatch.app.network_link import add_network_page

            add_network_page(dialog, self._core, self._screen.theme, self._settings)
            self._has_network = True
        if page != "feeds":
            dialog.show_page(page)
            dialog.page(page).begin()
        self._show_states()

    async def sign_in(self, feed_id: FeedId) -> None:
        """Begin the daily login of a feed."""
        control = await self._ready_control()
        control.sign_in(feed_id, self._screen.theme, self._screen.icons, self._screen.window)

    def stop(self) -> None:
        """Let no change open anything any more."""
        for task in self._changes:
            task.cancel()
        if self._control is not None:
            self._core.status_changed.remove(self._on_status)
            self._screen.second_passed.disconnect(self._on_second)

    async def close(self) -> None:
        """Leave the keychain alone; call when no task is left that asks it."""
        if self._lookup is not None:
            await self._lookup.close()
        if self._control is not None:
            await self._control.kite.close()
        await self._keychain.stop(_STOP_KEYCHAIN_S)

    # --- the control

    async def _is_any_enabled(self) -> bool:
        try:
            return any(config.enabled for config in await self._store.load())
        except StorageError:
            return True  # the control reads them again, and tells

    async def _ready_control(self) -> FeedSettingsControl:
        async with self._making:
            if self._control is None:
                self._control = await self._make_control()
        return self._control

    async def _make_control(self) -> FeedSettingsControl:
        redactor = self._core.runtime.redactor
        control = FeedSettingsControl(
            self._core,
            self._store,
            open_store(self._folder, self._keychain, on_secret=redactor.register),
            on_feeds=lambda _before, _after: self._change(),
            on_key=self._on_key,
            test_symbol=self._test_symbol,
            zone=lambda: view.zone if (view := self._screen.sessions.view) is not None else "UTC",
        )
        await self._core.mappings.load(self._folder, self._core.runtime.pool)
        await control.load()
        for notice in dict.fromkeys(self._store.notices):
            self._core.notices.add(Severity.DECISION, notice.thing, notice.cause, notice.next_step)
        self._core.status_changed.append(self._on_status)
        self._screen.second_passed.connect(self._on_second)
        return control

    def _test_symbol(self, config: FeedConfig) -> str:
        """Name an instrument the feed has: of the list that is shown, else one that everybody knows."""
        feed_key = spec_of(config).feed_key
        known = [*self._screen.lists.current.instruments()]
        known += [one.id for one in demo_instruments(self._core.directory)]
        return next((key for one in known if (key := feed_key(one)) is not None), "AAPL")

    # --- changes

    def _on_key(self, feed_id: FeedId) -> None:
        self._entered.add(feed_id)
        self._change()

    def _change(self) -> None:
        task = self._core.runtime.tasks.start("apply changed feeds", self._apply())
        self._changes.add(task)
        task.add_done_callback(self._changes.discard)

    def _missing_in(self, config: FeedConfig, control: FeedSettingsControl) -> MarketWatchError | None:
        return what_is_missing(config, control.credentials, self._core.mappings.find) if config.enabled else None

    def _settle_complete(self, control: FeedSettingsControl) -> None:
        """Let the notices of feeds that lack nothing any more, or are not wanted, ask for nothing."""
        lacking = {config.id for config in control.feeds if self._missing_in(config, control) is not None}
        for feed_id in [feed_id for feed_id in self._incomplete if feed_id not in lacking]:
            self._core.notices.settle(self._incomplete.pop(feed_id), "Done since")

    async def _apply(self) -> None:
        sessions, control = self._screen.sessions, self._control
        async with sessions.turn:
            if control is None or not sessions.follows_settings:
                return
            was_configured = sessions.is_configured
            entered, self._entered = self._entered, set()
            try:
                view = await sessions.open_configured(control.feeds, control.credentials, entered)
                if view is None and was_configured:
                    view = await sessions.open_simulated()
            except MarketWatchError as error:
                self._core.notices.add_error(error)
                return
            if view is not None:
                self._show(view)
        self._settle_complete(control)
        self._show_states()

    # --- how the feeds are doing

    def _on_status(self, status: FeedStatus) -> None:
        if self._control is not None:
            self._control.show_state(status, self._state(status))

    def _on_second(self) -> None:
        """Let ages such as `stalled 2:14` grow while they are looked at."""
        if self._control is not None and self._control.is_open:
            self._show_states()

    def _show_states(self) -> None:
        control = self._control
        if control is None:
            return
        statuses = {status.feed_id: status for status in self._core.feeds.statuses()}
        for config in control.feeds:
            status = statuses.get(config.id)
            if status is not None:
                control.show_state(status, self._state(status))
            elif config.enabled:
                missing = self._missing_in(config, control)
                idle = FeedStatus(feed_id=config.id, label=config.name, state=FeedState.IDLE)
                control.show_state(idle, NOT_CONNECTED if missing is None else _INCOMPLETE)

    def _state(self, status: FeedStatus) -> FeedStateView:
        nature = self._core.hub.facts(FeedId(status.feed_id)).nature
        beside = self._screen.status_line.streams_of(FeedId(status.feed_id))
        pill = pill_view(status, nature, self._core.runtime.clock.now_ns(), beside)
        return FeedStateView(pill.shape, pill.words, pill.words_role, _tag(status), _count(status))


def _tag(status: FeedStatus) -> str:
    """Return the word that stands out: a fault before a delay."""
    fault = _FAULTS.get(status.state)
    return fault or (f"D{status.delay_s / 60:.0f}" if status.delay_s else "")


def _count(status: FeedStatus) -> str:
    """Say for how many instruments a feed that is well is asked."""
    if status.state in _FAULTS or not status.instruments:
        return ""
    return f"{status.instruments:,} instrument{'' if status.instruments == 1 else 's'}"
