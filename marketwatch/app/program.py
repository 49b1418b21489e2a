"""One run of the program with a window: built, shown, fed, and ended in order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from marketwatch.app.core import Core, Runtime
from marketwatch.app.crash import CrashGuard
from marketwatch.app.options import Options
from marketwatch.app.screen import Screen
from marketwatch.app.sessions import Sessions, SessionView
from marketwatch.app.single_instance import SingleInstance
from marketwatch.app.user_commands import UserCommands
from marketwatch.domain.ids import FeedId
from marketwatch.errors import ConfigurationError, MarketWatchError, StorageError
from marketwatch.qt.first_paint import FirstPaint
from marketwatch.runtime.resources import resource_path
from marketwatch.services.notices import FEED_SETTINGS_COMMAND, SIGN_IN_COMMAND, Severity
from marketwatch.services.watchlist_saver import WatchlistSaver
from marketwatch.services.watchlists import WatchlistService
from marketwatch.storage.documents import StateDatabase
from marketwatch.storage.notices import StorageNotice
from marketwatch.storage.profile import Profile
from marketwatch.storage.settings import Settings

if TYPE_CHECKING:
    from marketwatch.app.diagnostics import Diagnostics
    from marketwatch.app.feed_choices import FeedChoices
    from marketwatch.app.instrument_lists import InstrumentLists
    from marketwatch.app.settings_link import SettingsLink
    from marketwatch.services.told_alert_saver import ToldAlertSaver

_SAVE_S = 0.5
_CLOSE_LISTS_S = 0.5


class Program:
    """Owns everything that lives as long as the window."""

    def __init__(self, app: QApplication, options: Options, runtime: Runtime) -> None:
        self._app = app
        self._options = options
        self._runtime = runtime
        self._asked_to_quit = asyncio.Event()
        profile = Profile.locate(options.profile)
        self._profile = profile
        self._early: list[StorageNotice] = []
        self._prepare_profile()
        self._instance = SingleInstance(profile.state)
        self._crash = CrashGuard(profile.logs)
        self._crash.start()
        self._settings = Settings.load(profile.settings_path)
        self._database: StateDatabase | None = None
        self._link: SettingsLink | None = None
        self._choices: FeedChoices | None = None
        self._lists: InstrumentLists | None = None
        self._told: ToldAlertSaver | None = None
        self.screen: Screen
        self.core: Core

    def _prepare_profile(self) -> None:
        try:
            self._profile.prepare()
        except StorageError as error:
            self._early.append(StorageNotice(error.thing, error.cause, error.next_step))
        self._runtime.logs.hold()

    def _open_log(self) -> None:
        """Write what is logged to the profile's file, from the very start on; once. Raises OSError."""
        if self._runtime.logs.is_holding:
            self._runtime.logs.to_file(self._profile.logs)

    def ask_to_quit(self) -> None:
        """Begin the end; everything is saved and closed in order."""
        self._asked_to_quit.set()

    async def run(self) -> int:
        """Show the window and run until asked to quit; return the exit code."""
        self._runtime.start()
        self._database = database = await self._open_database()
        try:
            return await self._run(database)
        finally:
            with contextlib.suppress(OSError):  # it was told when the window came
                self._open_log()
            await self._close_database(database)
            await self._runtime.stop()
            if self._link is not None:
                await self._link.close()

    async def _run(self, database: StateDatabase | None) -> int:
        records = [] if database is None else await database.load_watchlists()
        self.core = core = Core(self._runtime, self._settings.preferences.proxy_address)
        lists = WatchlistService(core.feeds, records, self._settings.preferences.current_list)
        saver = None
        if database is not None and not database.is_read_only:
            saver = WatchlistSaver(lists, database, self._runtime.tasks.start)
        sessions = Sessions(core)
        self.screen = screen = self._build_screen(lists, sessions)
        commands = self._connect_commands(screen)
        if saver is not None:
            saver.on_failed = lambda error: _forget(core.notices.add_error(error))
        self._tell_early_notices(database)
        screen.window.show()
        core.start()
        screen.start()
        self._first_paint = FirstPaint(screen.window, lambda: self._begin(commands))
        await self._asked_to_quit.wait()
        await self._shut_down(saver)
        return 0

    # --- beginning

    async def _open_database(self) -> StateDatabase | None:
        try:
            return await StateDatabase.open(self._profile.database_path, self._profile.backup_folder)
        except StorageError as error:
            self._early.append(StorageNotice(error.thing, error.cause, error.next_step or "Lists are not saved"))
            return None

    def _build_screen(self, lists: WatchlistService, sessions: Sessions) -> Screen:
        preferences = self._settings.preferences
        if self._options.theme is not None:
            preferences = self._settings.change(theme=self._options.theme)
        screen = Screen(self._app, self.core, lists, sessions, preferences)
        screen.second_passed.connect(self._on_second)
        screen.quit_requested.connect(self.ask_to_quit)
        screen.right.action_requested.connect(self._on_notice_action)
        screen.status_line.sign_in_requested.connect(self._sign_in)
        if self._options.size is not None:
            screen.window.resize(*self._options.size)
            screen.window.arrange()
        return screen

    def _on_second(self) -> None:
        if self._instance.was_asked_to_show():
            self.screen.window.showNormal()
            self.screen.window.raise_()
            self.screen.window.activateWindow()

    def _connect_commands(self, screen: Screen) -> UserCommands:
        tasks = self._runtime.tasks
        return UserCommands(
            screen,
            self._settings,
            open_recording=lambda path: _forget(tasks.start("open recording", self._open_recording(path))),
            open_feeds=lambda: _forget(tasks.start("open live feeds", self._open_feeds())),
            open_simulated=lambda: _forget(tasks.start("open simulated market", self._open_simulated())),
            open_settings=lambda: _forget(tasks.start("open settings", self._settings_link().open_dialog())),
            open_lookup=lambda: _forget(tasks.start("open look-up", self._settings_link().open_dialog("lookup"))),
            load_instruments=lambda path: _forget(
                tasks.start("load instrument list", self._lists_of_instruments().load(path))
            ),
            write_report=lambda path: self._diagnostics().write(path),
        )

    def _tell_early_notices(self, database: StateDatabase | None) -> None:
        notices = [*self._early, *self._settings.notices, *([] if database is None else database.notices)]
        for notice in notices:
            self.core.notices.add(Severity.DECISION, notice.thing, notice.cause, notice.next_step)
        if self._crash.ended_unexpectedly:
            self.core.notices.add(
                Severity.INFO,
                "MarketWatch ended unexpectedly last time",
                "",
                "Lists and settings were kept; a report can be saved from the File menu",
            )

    def _begin(self, commands: UserCommands) -> None:
        """Go on with what the first paint need not wait for."""
        gc.freeze()  # what start-up made lives on: the collector, off until here, need not look at it again
        gc.enable()
        try:
            self._open_log()
        except OSError as error:
            cause = error.strerror or "it cannot be written"
            self.core.notices.add(Severity.DECISION, "The log", cause, "Nothing is logged")
        if self._asked_to_quit.is_set():
            return
        opening = self._runtime.tasks.start("open session", self._open_first(commands))
        self._runtime.tasks.start("chores", self._chores(opening))

    async def _open_first(self, commands: UserCommands) -> None:
        options, sessions = self._options, self.screen.sessions
        self._commands = commands
        await self._load_calendars()
        await self._load_feed_choices()
        await self._load_told_alerts()
        if options.replay is None:
            await self._runtime.pool.run("load the feeds", _load_feeds)
        try:
            async with sessions.turn:
                if options.replay is not None:
                    view = await sessions.open_replay(
                        options.replay, speed=options.speed, start_at=options.start_at, closes=options.closes
                    )
                elif options.feed is not None:
                    if not self._are_plain_symbols(options.watch):
                        await self._lists_of_instruments().use_stored()
                    view = await sessions.open_feed(options.feed, options.url, options.watch, options.mapping)
                else:
                    view = await self._settings_link().open_feeds() or await sessions.open_simulated()
                self._show(view)
        except MarketWatchError as error:
            self.core.notices.add_error(error)
            self.screen.window.hint(error.thing)

    async def _load_feed_choices(self) -> None:
        """Take over which feeds were named for instruments, before any feed is asked for them."""
        from marketwatch.app.feed_choices import FeedChoices

        store = None if self._database is None else self._database.feed_choices
        self._choices = FeedChoices(self.core, self.screen, self._settings, store)
        await self._choices.load()

    async def _load_told_alerts(self) -> None:
        """Learn which fired alerts earlier runs told of, before any server can send them again."""
        if self._database is None:
            return
        from marketwatch.services.told_alert_saver import ToldAlertSaver

        options, told = self._options, self.core.reports.reports.alerts.told
        tried = "" if options.feed is None else f"{options.feed} {options.url}"
        self._told = ToldAlertSaver(told, self._database.told_alerts, self._runtime.tasks.start, address=tried)
        try:
            await self._told.load()
        except StorageError as error:
            self.core.notices.add(Severity.INFO, "Alerts that fired earlier are told once more", error.cause)

    def _show(self, view: SessionView) -> None:
        self.screen.show_session(view)
        self._commands.show_choices()

    def _settings_link(self) -> SettingsLink:
        if self._link is None:
            from marketwatch.app.settings_link import RunOnlyConfigs, SettingsLink

            store = RunOnlyConfigs() if self._database is None else self._database.feed_configs
            lists = self._lists_of_instruments()
            self._link = SettingsLink(
                self.core, self.screen, store, self._profile.config, self._show, lists, self._settings
            )
        return self._link

    async def _load_calendars(self) -> None:
        """Learn holidays and early closes; the user's own files in the profile amend the shipped lists."""
        from marketwatch.instruments.calendars import apply_exceptions, read_all

        own = self._profile.config / "calendars"
        try:
            lists = await self._runtime.pool.run("calendars", lambda: read_all(resource_path("calendars"), own))
        except ConfigurationError as error:
            self.core.notices.add_error(error)
            lists = read_all(resource_path("calendars"))
        apply_exceptions(self.core.calendars, lists)

    def _are_plain_symbols(self, texts: Sequence[str]) -> bool:
        """Tell whether all of these are known without the stored lists, which take a while to read."""
        return all(self.core.directory.by_symbol(text) for text in texts)

    def _lists_of_instruments(self) -> InstrumentLists:
        if self._lists is None:
            from marketwatch.app.instrument_lists import InstrumentLists
            from marketwatch.app.list_changes import tell_watched_changes

            self._lists = InstrumentLists(self.core, self._profile.state / "masters")
            self._lists.changed.append(self._on_lists_changed)
            self._lists.replaced.append(lambda new: tell_watched_changes(new, self.screen.lists, self.core.notices))
        return self._lists

    def _on_lists_changed(self) -> None:
        """Ask the feeds again for rows whose key only the loaded lists know."""
        for feed_id in self.core.feeds.feed_ids:
            self.core.feeds.keys_changed(feed_id)

    def _on_notice_action(self, command: str) -> None:
        name, _, argument = command.partition(":")
        if name == SIGN_IN_COMMAND:
            self._sign_in(argument)
        elif name == FEED_SETTINGS_COMMAND:
            self._runtime.tasks.start("open settings", self._settings_link().open_dialog())

    def _sign_in(self, feed: str) -> None:
        self._runtime.tasks.start("sign in", self._settings_link().sign_in(FeedId(feed)))

    async def _open_recording(self, path: Path) -> None:
        try:
            async with self.screen.sessions.turn:
                self._show(await self.screen.sessions.open_replay(path))
        except MarketWatchError as error:
            self.core.notices.add_error(error)

    async def _open_simulated(self) -> None:
        async with self.screen.sessions.turn:
            self._show(await self.screen.sessions.open_simulated())

    async def _open_feeds(self) -> None:
        async with self.screen.sessions.turn:
            view = await self._settings_link().open_feeds()
            if view is not None:
                self._show(view)
        if view is None:
            await self._settings_link().open_dialog()

    # --- what was asked for on the command line, and what can wait

    async def _chores(self, opening: asyncio.Task[None]) -> None:
        await self._runtime.pool.run("load the panels", _load_panels)
        self.screen.right.fill()
        self.screen.build_chart()
        self.screen.build_depth()
        self.screen.build_reports()
        with contextlib.suppress(AttributeError, NotImplementedError):  # Windows has no such signal
            asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self._write_asked_report)
        if self._options.headless_status:
            from marketwatch.app.headless_status import HeadlessStatus

            self._runtime.tasks.start("status lines", HeadlessStatus(self.screen, self._profile.cache).run())
        await asyncio.wait([opening])
        if self._told is not None:
            self._told.start()  # from now on what is told is on screen
        await self._lists_of_instruments().use_stored()
        if self._options.screenshot is not None:
            await self._take_picture(self._options.screenshot)

    async def _take_picture(self, path: Path) -> None:
        from marketwatch.app.pictures import save_picture

        await asyncio.sleep(self._options.after_s)
        try:
            save_picture(self.screen.window, path)
        except StorageError as error:
            self.core.notices.add_error(error)
        if self._options.quit_after:
            self.ask_to_quit()

    def _write_asked_report(self) -> None:
        if self._options.diagnostics is None:
            return
        try:
            self._diagnostics().write(self._options.diagnostics)
        except StorageError as error:
            self.core.notices.add_error(error)

    def _diagnostics(self) -> Diagnostics:
        from marketwatch.app.report import diagnostics_of

        return diagnostics_of(self._runtime, self.core, self.screen)

    # --- the end

    async def _shut_down(self, saver: WatchlistSaver | None) -> None:
        """Save, then close from the outside in; every step has its deadline, so that the whole takes 3 s at most."""
        self._write_asked_report()
        self._save_settings()
        self.screen.stop()
        if self._link is not None:
            self._link.stop()
        if self._choices is not None:
            self._choices.stop()
        self.screen.window.hide()
        if saver is not None:
            with contextlib.suppress(TimeoutError, StorageError):
                async with asyncio.timeout(_SAVE_S):
                    await saver.flush()
        if self._told is not None:
            with contextlib.suppress(TimeoutError, StorageError):
                async with asyncio.timeout(_SAVE_S):
                    await self._told.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2.4):
                await self.screen.sessions.close()
        await self.core.stop()
        self.screen.window.allow_closing()
        self.screen.window.close()
        self._crash.finish()
        self._instance.release()

    async def _close_database(self, database: StateDatabase | None) -> None:
        if database is not None:
            with contextlib.suppress(TimeoutError, StorageError):
                async with asyncio.timeout(_CLOSE_LISTS_S):
                    await database.close()

    def _save_settings(self) -> None:
        geometry, state = self.screen.window.layout_state()
        current = self.screen.lists.current.id
        with contextlib.suppress(StorageError):
            changes: dict[str, object] = {"current_list": current}
            if self._options.size is None:
                changes.update(window_geometry=geometry, window_state=state)
            if self.screen.chart is not None:
                changes["chart_interval"] = self.screen.chart.interval.label
            self._settings.change(**changes)
            self._settings.save()


def _load_panels() -> None:
    """Import what the panels need and is slow, in a worker thread.

    Nothing of Qt: its binding makes classes as they are first used, and two threads at that end the process.
    """
    import marketwatch.qt.charts.pyramid  # noqa: F401 - it knows numpy, and nothing of Qt


def _load_feeds() -> None:
    """Import what feeds need in a worker thread, so that the loop does not stand still; nothing of Qt, as above."""
    import marketwatch.app.live_feed
    import marketwatch.feeds.spread
    import marketwatch.feeds.transport
    import marketwatch.services.connection_test  # noqa: F401


def _forget(_answer: object) -> None:
    """Take an answer that nobody needs: the task or notice belongs to its owner."""
