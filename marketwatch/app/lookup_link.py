"""The page Look-up put into the settings: which key Massive's tickers use, and where a chosen instrument goes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from marketwatch.app import settings_words
from marketwatch.app.feed_kinds import resolve
from marketwatch.app.list_fetch import MassiveAccess
from marketwatch.app.lookup_control import LookupControl
from marketwatch.domain.ids import InstrumentId
from marketwatch.errors import ConfigurationError
from marketwatch.feeds.catalog import CATALOG, FeedKind
from marketwatch.feeds.reference import rest_base
from marketwatch.qt.dialogs.settings_nav import NavEntry
from marketwatch.services.ticker_download import VENDOR

if TYPE_CHECKING:
    from marketwatch.app.core import Core
    from marketwatch.app.feed_settings import FeedSettingsControl
    from marketwatch.app.instrument_lists import InstrumentLists
    from marketwatch.app.screen import Screen
    from marketwatch.qt.dialogs.settings_dialog import SettingsDialog

_ENTRY = NavEntry(
    code="lookup",
    group="Data",
    title="Look-up",
    icon="search",
    words=settings_words.LOOKUP,
)


def add_lookup_page(
    dialog: SettingsDialog, core: Core, screen: Screen, lists: InstrumentLists, feeds: FeedSettingsControl
) -> LookupControl:
    """Declare the page; it is made when it is first shown."""

    def add(instrument_id: InstrumentId) -> str:
        said = screen.lists.add_several([instrument_id])
        screen.list_panel.show_instrument(instrument_id)
        return said or f"{instrument_id.symbol} is already in {screen.lists.current.name}"

    def zone() -> str:
        return view.zone if (view := screen.sessions.view) is not None else "UTC"

    def change_feeds(instrument_id: InstrumentId) -> None:
        dialog.reject()  # asks first when something on another page is not saved
        if not dialog.isVisible():
            screen.list_panel.feeds_requested.emit([instrument_id])

    control = LookupControl(
        core,
        lists,
        massive=partial(massive_access, core, feeds),
        add=add,
        change_feeds=change_feeds,
        watchlists=screen.lists,
        zone=zone,
    )
    dialog.add_page(_ENTRY, lambda: control.page(screen.theme, screen.icons))
    return control


def massive_access(core: Core, feeds: FeedSettingsControl) -> MassiveAccess | None:
    """Return the access of the first Massive feed with a key, else that of the environment; None without a key."""
    for config in feeds.feeds:
        key = feeds.credentials(config.id)
        if config.kind != FeedKind.MASSIVE.value or key() is None:
            continue
        try:
            base = rest_base(resolve(config).address.url)
        except ConfigurationError:
            continue
        if base is not None:
            return MassiveAccess(base, key)
    secret = core.runtime.secret_from_environment(CATALOG[FeedKind.MASSIVE].credential_names)
    return None if secret is None else MassiveAccess(VENDOR, lambda: secret)
