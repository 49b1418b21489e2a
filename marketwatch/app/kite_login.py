"""Kite's daily login: the dialog, the exchange of the request token, and the end of the day."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from marketwatch.app.core import Core
from marketwatch.app.feed_kinds import API_SECRET, DAY_SESSION, resolve, spec_of
from marketwatch.app.kite_day import KiteDay, day_of
from marketwatch.domain.feed_config import FeedConfig
from marketwatch.domain.ids import FeedId
from marketwatch.domain.secret import Secret
from marketwatch.errors import ConfigurationError, MarketWatchError
from marketwatch.feeds.http import HttpClient
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.protocols.kite.address import VERSION_HEADERS, login_page, rest_root
from marketwatch.protocols.kite.exchange import network_error, read_exchange
from marketwatch.protocols.kite.login import (
    SESSION_PATH,
    KiteSession,
    dump_session,
    login_url,
    parse_request_token,
    session_form,
)
from marketwatch.qt.models.feed_settings_model import SignInView
from marketwatch.services.notices import SIGN_IN_COMMAND, NoticeAction, Severity, in_sentences
from marketwatch.storage.secrets import SecretStore, SecretView

if TYPE_CHECKING:
    import ssl

    from PySide6.QtWidgets import QWidget

    from marketwatch.qt.dialogs.kite_login import KiteLoginDialog
    from marketwatch.qt.theme import Theme
    from marketwatch.runtime.scheduler import Cancellable

_DEADLINE_S: Final = 25.0
_LARGEST_ANSWER: Final = 64 * 1024
_LOOK_AGAIN_S: Final = 60.0  # the clock of the computer may be set, or stand still while it sleeps
_NS: Final = 1_000_000_000


class KiteLogin:
    """Knows which token each Kite feed may use now, and gets a new one with the user's help.

    `keep` stores a secret of a feed and ends with `kept`; `on_day` is told the feed whose day ended.
    """

    def __init__(
        self,
        core: Core,
        secrets: SecretStore,
        *,
        keep: Callable[[FeedId, str, Secret], None],
        on_day: Callable[[FeedId], None],
    ) -> None:
        self._core = core
        self._secrets = secrets
        self._keep = keep
        self._on_day = on_day
        self._began_ns = core.runtime.clock.now_ns()
        self._http = HttpClient(core.runtime.pool, _make_tls, proxy=core.proxy)
        self._dialogs: dict[FeedId, KiteLoginDialog] = {}
        self._watched: dict[FeedId, tuple[FeedConfig, bool]] = {}
        self._told: dict[FeedId, int] = {}
        self._timer: Cancellable | None = None

    # --- the day

    def day(self, config: FeedConfig, typed_key: Secret | None = None) -> KiteDay:
        """Return what is known of a feed's day now, or would be with the API key that was typed."""
        codes = [name.lower() for name in spec_of(config).credential_names]
        known = {code: self._secrets.known(config.id, code) for code in (*codes, DAY_SESSION)}
        api_key = typed_key or known[codes[0]]
        return day_of(api_key, known[DAY_SESSION], known[codes[-1]], began_ns=self._began_ns, now_ns=self._now_ns())

    def view(self, config: FeedConfig, state: FeedState | None = None) -> SignInView:
        """Return the day as the settings show it; a token that the server refused counts for nothing."""
        day = self.day(config)
        if day.token is not None and state is FeedState.SIGNED_OUT:
            return SignInView("Sign in for today: Kite does not take the token any more")
        return SignInView(day.words(self._now_ns()), day.token is not None)

    def watch(self, feeds: Iterable[FeedConfig]) -> None:
        """Follow these feeds: the end of each one's day is told, whatever the clock does meanwhile."""
        daily = [config for config in feeds if _has_daily_login(config)]
        self._watched = {config.id: (config, self.day(config).token is not None) for config in daily}
        self._told = {feed_id: told for feed_id, told in self._told.items() if feed_id in self._watched}
        self._look_again()

    def _look_again(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now_ns, ends = self._now_ns(), []
        for feed_id, (config, was_signed_in) in list(self._watched.items()):
            day = self.day(config)
            self._watched[feed_id] = (config, day.token is not None)
            if was_signed_in and day.token is None:
                self._on_day(feed_id)
            elif day.token is not None and day.ends_ns is not None:
                ends.append(day.ends_ns)
        if ends:
            wait_s = min(_LOOK_AGAIN_S, max(0.0, (min(ends) - now_ns) / _NS))
            self._timer = self._core.runtime.scheduler.call_later(wait_s, self._look_again)

    def on_status(self, status: FeedStatus) -> None:
        """Prompt the user once whenever a feed waits for the sign-in."""
        if status.state is FeedState.LIVE and status.feed_id in self._told:
            self._core.notices.settle(self._told.pop(status.feed_id), "Signed in since")
        if status.feed_id not in self._watched or status.state is not FeedState.SIGNED_OUT:
            return
        if status.feed_id in self._told:
            return
        since = f" since {status.signed_out_since}" if status.signed_out_since else ""
        notice = self._core.notices.add(
            Severity.DECISION,
            f"{status.label}: signed out{since}",
            status.reason,
            "Sign in for today",
            NoticeAction(f"{SIGN_IN_COMMAND}:{status.feed_id}", "Sign in…"),
        )
        self._told[status.feed_id] = notice.number

    async def close(self) -> None:
        """Follow nothing any more, and close the connections."""
        if self._timer is not None:
            self._timer.cancel()
        self._watched.clear()
        for dialog in list(self._dialogs.values()):
            dialog.reject()
        await self._http.close()

    # --- signing in

    def is_ready(self, config: FeedConfig) -> bool:
        """Tell whether key and secret are known, without which nobody can sign in."""
        key = spec_of(config).credential_names[0].lower()
        return all(self._secrets.known(config.id, code) is not None for code in (key, API_SECRET))

    def sign_in(self, config: FeedConfig, theme: Theme, parent: QWidget) -> None:
        """Show the dialog, or bring the one that is open to the front."""
        from marketwatch.qt.dialogs.kite_login import KiteLoginDialog

        dialog = self._dialogs.get(config.id)
        if dialog is None:
            try:
                api_key, page = self._api_key(config), login_page(resolve(config).address.url)
            except MarketWatchError as error:
                self._core.notices.add_error(error)
                return
            dialog = KiteLoginDialog(
                theme,
                name=config.name,
                address=login_url(api_key, page),
                check=lambda text: _problem(text, api_key),
                place=self._secrets.situation.words,
                parent=parent,
            )
            dialog.entered.connect(lambda pasted: self._begin(config, pasted))
            dialog.finished.connect(lambda _: self._dialogs.pop(config.id, None))
            self._dialogs[config.id] = dialog
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    def kept(self, feed_id: FeedId, view: SecretView) -> None:
        """Say in the dialog where the token of the day was kept."""
        dialog, watched = self._dialogs.get(feed_id), self._watched.get(feed_id)
        if dialog is None or watched is None:
            return
        day = self.day(watched[0])
        user = f" as {day.user_id}" if day.user_id else ""
        words = day.words(self._now_ns()).replace("Signed in", f"Signed in{user}", 1)
        dialog.show_done(in_sentences(words, f"The token is {view.words}", view.trouble))

    def _begin(self, config: FeedConfig, pasted: Secret) -> None:
        self._core.runtime.tasks.start("sign in to Kite", self._exchange(config, pasted))

    async def _exchange(self, config: FeedConfig, pasted: Secret) -> None:
        try:
            api_key = self._api_key(config)
            session = await self._ask(config, api_key, parse_request_token(pasted.reveal(), api_key))
        except MarketWatchError as error:
            dialog = self._dialogs.get(config.id)
            if dialog is not None:
                dialog.show_error(self._core.runtime.redactor.redact(in_sentences(error.cause, error.next_step)))
            return
        self._core.runtime.redactor.register(session.access_token)
        self._keep(config.id, DAY_SESSION, dump_session(session))

    async def _ask(self, config: FeedConfig, api_key: str, request_token: Secret) -> KiteSession:
        """Exchange a request token. Raises MarketWatchError in words."""
        redactor = self._core.runtime.redactor
        redactor.register(request_token)
        api_secret = self._secrets.known(config.id, API_SECRET)
        if api_secret is None:
            raise ConfigurationError(config.name, "its API secret is not known", "Enter it in Settings > Feeds")
        form = session_form(api_key, request_token, api_secret)
        redactor.register(Secret(form.reveal().rpartition("=")[2]))
        url = f"{rest_root(resolve(config).address.url)}{SESSION_PATH}"
        try:
            async with asyncio.timeout(_DEADLINE_S):
                answer = await self._http.post(url, VERSION_HEADERS, form, limit=_LARGEST_ANSWER)
        except OSError as error:  # TimeoutError is one
            raise network_error(error) from error
        return read_exchange(answer.status, answer.body, api_key, self._now_ns())

    def _api_key(self, config: FeedConfig) -> str:
        key = self._secrets.known(config.id, spec_of(config).credential_names[0].lower())
        if key is None:
            raise ConfigurationError(config.name, "it has no API key yet", "Enter it in Settings > Feeds")
        return key.reveal()

    def _now_ns(self) -> int:
        return self._core.runtime.clock.now_ns()


def _has_daily_login(config: FeedConfig) -> bool:
    try:
        return spec_of(config).has_daily_login
    except ConfigurationError:
        return False


def _problem(text: str, api_key: str) -> str:
    try:
        parse_request_token(text, api_key)
    except MarketWatchError as error:
        return in_sentences(error.cause, error.next_step)
    return ""


def _make_tls() -> ssl.SSLContext:
    from marketwatch.feeds.transport import make_tls_context

    return make_tls_context()
