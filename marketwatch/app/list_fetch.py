"""Instrument lists from the network: an address of the user's, and Massive's tickers page by page."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from marketwatch.app.core import Core
from marketwatch.domain.secret import Secret
from marketwatch.errors import ConfigurationError
from marketwatch.feeds.download import Download, Progress
from marketwatch.feeds.http import HttpClient
from marketwatch.feeds.server_names import is_loopback
from marketwatch.services.ticker_download import TickerDownload, TickerProgress, download_tickers

LARGEST: Final = 200 * 1024 * 1024
DEADLINE_S: Final = 600.0
_KEY_WORDS: Final = ("key", "token", "secret", "password", "auth", "sig")


class Address(NamedTuple):
    """Where a list is. `origin` is what may be shown and stored, `name` what the list is called after.

    `may_store`: nothing in it looks like a key, so that it can be asked again.
    """

    url: str
    origin: str
    name: str
    may_store: bool
    warning: str = ""


class MassiveAccess(NamedTuple):
    """Where Massive's reference service is, and what gives its key."""

    base: str
    key: Callable[[], Secret | None]


def read_address(text: str) -> Address:
    """Check an address. Raises ConfigurationError."""
    text = text.strip()
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ConfigurationError("The address", "it is not valid", "Write it like https://host/list.csv") from None
    if parts.scheme not in ("http", "https") or not host or any(one.isspace() for one in text):
        raise ConfigurationError(
            "The address", "it does not begin with https:// and a host", "Write it like https://host/list.csv"
        )
    if parts.username or parts.password:
        raise ConfigurationError("The address", "it carries a name or password", "Load the file and choose it instead")
    named = f"{host}:{port}" if port else host
    origin = urlunsplit((parts.scheme, named, parts.path, "", ""))
    name = unquote(parts.path.rpartition("/")[2]) or host
    has_key = any(word in field.lower() for field, _ in parse_qsl(parts.query) for word in _KEY_WORDS)
    warning = ""
    if parts.scheme == "http" and not is_loopback(host):
        if has_key:
            raise ConfigurationError("The address", "the key in it would travel unencrypted", "Write it with https://")
        warning = "Not encrypted: anyone on the way can read and change the list"
    return Address(text.partition("#")[0], origin, name, not has_key, warning)


class ListFetch:
    """Owns its web client; close it with `close`."""

    def __init__(self, core: Core, massive: Callable[[], MassiveAccess | None]) -> None:
        self._core = core
        self._massive = massive
        self._http = HttpClient(core.runtime.pool, _make_tls, proxy=core.proxy)

    async def address(self, address: Address, on_progress: Progress) -> Download:
        """Return what lies at an address. Raises FeedError in words."""
        return await self._http.download(
            address.url,
            limit=LARGEST,
            deadline_s=DEADLINE_S,
            on_progress=on_progress,
            now_ns=self._core.runtime.clock.now_ns(),
        )

    async def tickers(self, on_progress: Callable[[TickerProgress], None]) -> TickerDownload:
        """Return Massive's tickers. Raises ConfigurationError when there is no key."""
        access = self._massive()
        if access is None:
            raise ConfigurationError(
                "Massive’s tickers",
                "there is no key for Massive",
                "Add a Massive feed with its key in Settings > Feeds, or set MASSIVE_API_KEY",
            )
        return await download_tickers(self._http, access.key, self._core.runtime.clock, on_progress, base=access.base)

    async def close(self) -> None:
        """Close all connections."""
        await self._http.close()


def _make_tls() -> ssl.SSLContext:
    from marketwatch.feeds.transport import make_tls_context

    return make_tls_context()
