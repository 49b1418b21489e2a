"""Settings > Feeds joined to what it changes: configured feeds, keys, the connection test."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from marketwatch.app.core import Core
from marketwatch.app.feed_kinds import (
    API_SECRET,
    DAY_SESSION,
    joined_key,
    kind_views,
    resolve,
    secret_fields,
    spec_of,
)
from marketwatch.app.feed_meters import meter_views
from marketwatch.app.kite_login import KiteLogin
from marketwatch.app.mapping_control import MappingControl
from marketwatch.app.problem_log import ProblemLog
from marketwatch.app.settings_words import feeds_words
from marketwatch.domain.calendar import Phase
from marketwatch.domain.feed_config import FeedConfig
from marketwatch.domain.ids import FeedId
from marketwatch.domain.secret import Secret
from marketwatch.errors import ConfigurationError, MarketWatchError, StorageError
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.protocols.base import Topic
from marketwatch.qt import time_text
from marketwatch.qt.models.feed_settings_model import FeedStateView
from marketwatch.services.connection_test import ConnectionTester, TestPlan
from marketwatch.services.notices import Severity, in_sentences
from marketwatch.services.proxy_words import proxy_for
from marketwatch.storage.secrets import SecretStore, SecretView

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from marketwatch.qt.dialogs.passphrase_dialog import PassphraseDialog
    from marketwatch.qt.dialogs.settings_dialog import SettingsDialog
    from marketwatch.qt.dialogs.settings_feeds_page import FeedsPage
    from marketwatch.qt.icons import IconSet
    from marketwatch.qt.theme import Theme
    from marketwatch.services.connection_findings import TestReport

_TROUBLED = frozenset({FeedState.STALE, FeedState.BACKING_OFF, FeedState.REFUSED})
_NS = 1_000_000_000


class ConfigStore(Protocol):
    """Keeps the configured feeds."""

    async def load(self) -> list[FeedConfig]:
        """Return all, in order."""
        ...

    async def save(self, feeds: Sequence[FeedConfig]) -> None:
        """Keep all, in this order."""
        ...


class FeedSettingsControl:
    """Owner of the configured feeds and their keys.

    `on_feeds` is told (before, after) once changed feeds are stored, `on_key` a feed whose key is another;
    `test_symbol` names the instrument a test asks for; `zone` is the one times are shown in.
    """

    def __init__(
        self,
        core: Core,
        store: ConfigStore,
        secrets: SecretStore,
        *,
        on_feeds: Callable[[Sequence[FeedConfig], Sequence[FeedConfig]], None],
        on_key: Callable[[FeedId], None],
        test_symbol: Callable[[FeedConfig], str],
        zone: Callable[[], str] = lambda: "UTC",
    ) -> None:
        self._core = core
        self._store = store
        self._secrets = secrets
        self._on_feeds = on_feeds
        self._on_key = on_key
        self._test_symbol = test_symbol
        self._zone = zone
        self.feeds: tuple[FeedConfig, ...] = ()
        self._page: FeedsPage | None = None
        self._dialog: SettingsDialog | None = None
        self._passphrase: PassphraseDialog | None = None
        self._problems = ProblemLog()
        self._states: dict[FeedId, FeedState] = {}
        self.kite = KiteLogin(core, secrets, keep=self._on_secret, on_day=self._on_day)
        self.mapping = MappingControl(core, self._on_mapping, test_symbol)
        self._waiting: list[tuple[FeedId, str, Secret]] = []
        self._has_declined = False
        self._ask: Callable[[bool, str], PassphraseDialog]

    async def load(self) -> Sequence[FeedConfig]:
        """Read feeds and keys; what cannot be read is a notice. Returns the feeds in order."""
        situation = await self._secrets.open()
        if situation.note:
            self._core.notices.add(Severity.INFO, "Keys", situation.note)
        try:
            self.feeds = tuple(await self._store.load())
        except StorageError as error:
            self._core.notices.add_error(error)
        for config in self.feeds:
            await self._load_secrets(config)
        self.kite.watch(self.feeds)
        return self.feeds

    def credentials(self, feed_id: FeedId) -> Callable[[], Secret | None]:
        """Return what a supervisor asks for its key; the answer follows every change.

        It raises SignedOut where only the daily login is missing.
        """

        def key() -> Secret | None:
            config = self.find(feed_id)
            if config is None:
                return None
            found = self._key(config, {})
            if found is None and self.is_signed_out(config):
                raise self.kite.day(config).signed_out(config.name, self._core.runtime.clock.now_ns())
            return found

        return key

    def find(self, feed_id: FeedId) -> FeedConfig | None:
        """Return a configured feed, None when it is none of the settings'."""
        return next((one for one in self.feeds if one.id == feed_id), None)

    def is_signed_out(self, config: FeedConfig, typed: Mapping[str, Secret] | None = None) -> bool:
        """Tell whether the daily login is all that a feed lacks."""
        spec = spec_of(config)
        if not spec.has_daily_login:
            return False
        code = spec.credential_names[0].lower()
        typed_key = None if typed is None else typed.get(code)
        has_key = bool(typed_key or self._secrets.known(config.id, code))
        return has_key and self.kite.day(config, typed_key).token is None

    def _key(self, config: FeedConfig, typed: Mapping[str, Secret]) -> Secret | None:
        """Return the key with what was typed instead of what is stored; redacted from now on."""
        spec = spec_of(config)
        names, redactor = [name.lower() for name in spec.credential_names], self._core.runtime.redactor

        def part(code: str) -> Secret | None:
            found = typed.get(code) or self._secrets.known(config.id, code)
            if spec.has_daily_login and code == names[-1]:
                found = self.kite.day(config, typed.get(names[0])).token
            if found is not None:
                redactor.register(found)
            return found

        key = joined_key(spec, part)
        if key is not None:
            redactor.register(key)
        return key

    # --- the daily login

    def sign_in(self, feed_id: FeedId, theme: Theme, icons: IconSet, window: QWidget) -> None:
        """Begin the daily login of a feed; where key or secret are missing, show the settings, which ask for them."""
        config = self.find(feed_id)
        if config is not None and spec_of(config).has_daily_login and self.kite.is_ready(config):
            self._prepare_asking(theme, window)
            self.kite.sign_in(config, theme, window)
            return
        dialog = self.open(theme, icons, window)
        page = dialog.page("feeds")
        if self._page is page:
            self._page.show_feed(feed_id)

    def _on_sign_in(self, feed: str, theme: Theme, window: QWidget) -> None:
        config = self.find(FeedId(feed))
        if config is not None:
            self.kite.sign_in(config, theme, window)

    def _on_day(self, feed_id: FeedId) -> None:
        """The day of a feed ended: it is signed out now."""
        self._show_sign_in(feed_id)
        self._on_key(feed_id)

    def _show_sign_in(self, feed_id: FeedId) -> None:
        config = self.find(feed_id)
        if self._page is not None and config is not None and spec_of(config).has_daily_login:
            self._page.set_sign_in(feed_id, self.kite.view(config, self._states.get(feed_id)))

    def _on_mapping(self, feed_id: FeedId, name: str) -> None:
        if self._page is not None:
            self._page.set_mapping(feed_id, name)

    # --- the dialog

    def open(self, theme: Theme, icons: IconSet, window: QWidget) -> SettingsDialog:
        """Show the settings at the page of feeds; further pages may be added to what is returned."""
        if self._dialog is None:
            self._dialog = self._build(theme, icons, window)
        page = self._dialog.page("feeds")
        self._show_everything()
        self._dialog.open_over("feeds")
        page.begin()
        return self._dialog

    @property
    def is_open(self) -> bool:
        """Whether somebody looks at the page of feeds."""
        return self._page is not None and self._page.isVisible()

    def _build(self, theme: Theme, icons: IconSet, window: QWidget) -> SettingsDialog:
        from marketwatch.qt.dialogs.settings_dialog import SettingsDialog
        from marketwatch.qt.dialogs.settings_feeds_page import FeedsPage
        from marketwatch.qt.dialogs.settings_nav import NavEntry

        dialog = SettingsDialog(theme, icons, window)
        kinds = kind_views()
        page = self._page = FeedsPage(theme, icons, kinds, dialog)
        page.config_changed.connect(lambda feeds: self._start("save the feeds", self._save(feeds)))
        page.secret_entered.connect(self._on_secret)
        page.forget_requested.connect(
            lambda feed, field: self._start("forget a key", self._forget(FeedId(feed), field))
        )
        page.test_requested.connect(lambda config, typed: self._start("test a connection", self._test(config, typed)))
        page.mapping_file_requested.connect(lambda: self.mapping.choose_file(dialog, page.add_mapped))
        page.mapping_requested.connect(lambda config: self.mapping.open(config, theme, icons, dialog))
        page.sign_in_requested.connect(lambda feed: self._on_sign_in(feed, theme, dialog))
        entry = NavEntry(
            code="feeds",
            group="Data",
            title="Feeds",
            icon="plug",
            words=feeds_words(kinds),
        )
        dialog.add_page(entry, lambda: page)
        self._prepare_asking(theme, window)
        return dialog

    def _prepare_asking(self, theme: Theme, window: QWidget) -> None:
        from marketwatch.qt.dialogs.passphrase_dialog import PassphraseDialog

        self._ask = lambda is_new, reason: PassphraseDialog(theme, is_new=is_new, reason=reason, parent=window)

    def _show_everything(self) -> None:
        page = self._page
        if page is None:
            return
        page.set_feeds(self.feeds)
        page.set_offer(self._secrets.situation.words)
        for config in self.feeds:
            self._show_secrets(config)
            self._show_sign_in(config.id)
            page.set_problems(config.id, self._problems.views(config.id))

    def show_state(self, status: FeedStatus, state: FeedStateView) -> None:
        """Show how a feed is doing, and keep its problems; call it for every status."""
        is_other = self._states.get(status.feed_id) is not status.state
        self._note_problem(status)
        self.kite.on_status(status)
        page, config = self._page, self.find(status.feed_id)
        if page is None or config is None:
            return
        if is_other:
            self._show_sign_in(status.feed_id)
        page.set_state(status.feed_id, state)
        if page.isVisible():
            page.set_limits(status.feed_id, meter_views(config, status), self._since(status))
            page.set_problems(status.feed_id, self._problems.views(status.feed_id))

    def _since(self, status: FeedStatus) -> str:
        if status.uptime_s is None:
            return "not connected now"
        return f"connected since {self._time(self._core.runtime.clock.now_ns() - round(status.uptime_s) * _NS)}"

    def _note_problem(self, status: FeedStatus) -> None:
        before = self._states.get(status.feed_id)
        self._states[status.feed_id] = status.state
        if status.state in _TROUBLED and status.state is not before and status.reason:
            time = self._time(self._core.runtime.clock.now_ns())
            self._problems.note(status.feed_id, in_sentences(status.reason, status.next_step), time)

    # --- keys

    def _on_secret(self, feed: str, field: str, secret: Secret) -> None:
        situation = self._secrets.situation
        if not situation.asks_for_passphrase or self._has_declined:
            self._start("keep a key", self._put(FeedId(feed), field, secret))
            return
        self._waiting.append((FeedId(feed), field, secret))
        self._ask_for_passphrase()

    def is_locked_away(self, config: FeedConfig) -> bool:
        """Tell whether a key of a feed lies in the vault, and that is locked."""
        return any(self._secrets.is_locked_away(config.id, code) for code, *_ in self._fields(config))

    def ask_to_unlock(self, theme: Theme, window: QWidget) -> None:
        """Ask for the passphrase where enabled feeds wait for it; no more after it was declined."""
        if not self._has_declined and any(one.enabled and self.is_locked_away(one) for one in self.feeds):
            self._prepare_asking(theme, window)
            self._ask_for_passphrase()

    def _ask_for_passphrase(self) -> None:
        if self._passphrase is not None:
            return
        situation = self._secrets.situation
        self._passphrase = self._ask(situation.vault.value == "none", situation.reason)
        self._passphrase.entered.connect(
            lambda text, is_new: self._start("open the vault", self._open_vault(text, is_new))
        )
        self._passphrase.declined.connect(self._on_declined)
        self._passphrase.open()

    async def _open_vault(self, passphrase: Secret, is_new: bool) -> None:
        dialog = self._passphrase
        before = self._known_secrets()
        try:
            await (self._secrets.create_vault(passphrase) if is_new else self._secrets.unlock(passphrase))
        except StorageError as error:
            if dialog is not None:
                dialog.show_error(in_sentences(error.cause, error.next_step))
            return
        self._passphrase = None
        if dialog is not None:
            dialog.accept()
        opened = self._known_secrets() - before
        await self._put_waiting()
        for config in self.feeds:
            self._show_secrets(config)
        for feed_id, field in sorted(opened):
            self._after_secret(feed_id, field, self._secrets.view(feed_id, field))

    def _known_secrets(self) -> set[tuple[FeedId, str]]:
        fields = {(config.id, code) for config in self.feeds for code, *_ in self._fields(config)}
        return {(feed_id, code) for feed_id, code in fields if self._secrets.known(feed_id, code) is not None}

    def _fields(self, config: FeedConfig) -> Sequence[tuple[str, str, tuple[str, ...]]]:
        try:
            return secret_fields(spec_of(config))
        except ConfigurationError:
            return ()

    def _on_declined(self) -> None:
        self._passphrase = None
        self._has_declined = True  # asked once per run
        self._start("keep keys for this run", self._put_waiting())

    async def _put_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for feed_id, field, secret in waiting:
            await self._put(feed_id, field, secret)

    async def _put(self, feed_id: FeedId, field: str, secret: Secret) -> None:
        try:
            view = await self._secrets.put(feed_id, field, secret)
        except StorageError as error:
            self._core.notices.add_error(error)
            self._show_secret(feed_id, field, SecretView(trouble=in_sentences(error.cause, error.next_step)))
            return
        self._show_secret(feed_id, field, view)
        self._after_secret(feed_id, field, view)

    def _after_secret(self, feed_id: FeedId, field: str, view: SecretView) -> None:
        self.kite.watch(self.feeds)
        if field == DAY_SESSION:
            self.kite.kept(feed_id, view)
        self._show_sign_in(feed_id)
        if field != API_SECRET:  # it is for the login alone
            self._on_key(feed_id)

    async def _forget(self, feed_id: FeedId, field: str) -> None:
        try:
            view = await self._secrets.forget(feed_id, field)
        except StorageError as error:
            self._core.notices.add_error(error)
            return
        self._show_secret(feed_id, field, view)
        self._after_secret(feed_id, field, view)

    async def _load_secrets(self, config: FeedConfig) -> None:
        try:
            fields = secret_fields(spec_of(config))
        except ConfigurationError as error:
            self._core.notices.add_error(error)
            return
        for code, _, variables in fields:
            await self._secrets.load(config.id, code, variables)

    def _show_secrets(self, config: FeedConfig) -> None:
        for code, *_ in self._fields(config):
            self._show_secret(config.id, code, self._secrets.view(config.id, code))

    def _show_secret(self, feed_id: FeedId, field: str, view: SecretView) -> None:
        if self._page is not None:
            self._page.set_secret(feed_id, field, view)
            self._page.set_offer(self._secrets.situation.words)

    # --- feeds

    async def _save(self, feeds: tuple[FeedConfig, ...]) -> None:
        before, self.feeds = self.feeds, feeds
        try:
            await self._store.save(feeds)
        except MarketWatchError as error:
            self._core.notices.add_error(error)  # they hold for this run
        for config in feeds:
            if config.id not in {one.id for one in before}:
                await self._load_secrets(config)
                self._show_secrets(config)
        for config in before:
            if config.id not in {one.id for one in feeds}:
                await self._forget_all(config)
        self.kite.watch(feeds)
        self._on_feeds(before, feeds)

    async def _forget_all(self, config: FeedConfig) -> None:
        """A removed feed leaves no key behind."""
        try:
            for code, *_ in secret_fields(spec_of(config)):
                await self._secrets.forget(config.id, code)
        except MarketWatchError as error:
            self._core.notices.add_error(error)

    async def _test(self, config: FeedConfig, typed: dict[str, Secret]) -> None:
        page, around = self._page, self._core.feeds.surroundings
        if page is None:
            return
        try:
            settings = resolve(config, self._core.mappings.find, around.clock.now_ns)
        except ConfigurationError as error:
            self._core.notices.add_error(error)
            return
        for secret in typed.values():
            self._core.runtime.redactor.register(secret)
        channels = settings.spec.default_channels or settings.spec.channels  # it may give no prices, but it has them
        topics = tuple(Topic(channel, self._test_symbol(config)) for channel in channels)
        plan = TestPlan(
            spec=settings.spec,
            address=settings.address,
            key=self._key(config, typed),
            topics=topics,
            is_signed_out=self.is_signed_out(config, typed),
        )

        def show(report: TestReport) -> None:
            page.show_report(config.id, report, self._time(report.ran_ns))

        # The vendor may allow one connection per key: our own must not be the one in the way. Without keys it is not.
        running = self._core.feeds.has_feed(config.id) and bool(settings.spec.credential_names)
        if running:
            await self._core.feeds.supervisor(config.id).stop()
        try:
            proxy = self._core.proxy()
            tester = ConnectionTester(around, self._core.runtime.pool, proxy_for=lambda url: proxy_for(proxy, url))
            show(await tester.test(plan, session_open=self._session_open(config), on_progress=show))
        finally:
            if running and self._core.feeds.has_feed(config.id):
                self._core.feeds.supervisor(config.id).start()

    def _session_open(self, config: FeedConfig) -> Callable[[int], bool | None]:
        calendar = self._core.calendars.by_rules(spec_of(config).rules)

        def is_open(wall_ns: int) -> bool | None:
            phase = calendar.phase(wall_ns)
            return None if phase is Phase.UNKNOWN else phase is not Phase.CLOSED

        return is_open

    # --- small things

    def _time(self, ns: int) -> str:
        zone = self._zone()
        return f"{time_text.local_time(ns, zone):%H:%M:%S} {time_text.zone_name(zone, ns)}"

    def _start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        self._core.runtime.tasks.start(name, work)
