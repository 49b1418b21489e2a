"""The page Network put into the settings: the proxy is kept as a preference and used at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marketwatch.app import settings_words
from marketwatch.qt.dialogs.settings_nav import NavEntry
from marketwatch.services.proxy_words import system_proxy

if TYPE_CHECKING:
    from marketwatch.app.core import Core
    from marketwatch.qt.dialogs.settings_dialog import SettingsDialog
    from marketwatch.qt.dialogs.settings_network_page import NetworkPage
    from marketwatch.qt.theme import Theme
    from marketwatch.storage.settings import Settings

_ENTRY = NavEntry(code="network", group="Data", title="Network", icon="globe", words=settings_words.NETWORK)
_SOME_SERVER = "https://server.example/"


def add_network_page(dialog: SettingsDialog, core: Core, theme: Theme, settings: Settings) -> None:
    """Declare the page; it is made when it is first shown."""

    def use(proxy: str) -> None:
        core.use_proxy(settings.change(proxy=proxy).proxy_address)

    def make() -> NetworkPage:
        from marketwatch.qt.dialogs.settings_network_page import NetworkPage

        page = NetworkPage(theme, settings.preferences.proxy, environment_words, dialog)
        page.chosen.connect(use)
        return page

    dialog.add_page(_ENTRY, make)


def environment_words() -> str:
    """Say which proxy the environment names; no name or password of it."""
    try:
        proxy = system_proxy(_SOME_SERVER)
    except ValueError:
        return "The proxy it names has no valid address. Check the HTTPS_PROXY variable."
    return "It names no proxy: every server is reached directly." if proxy is None else f"Now that is {proxy}."
