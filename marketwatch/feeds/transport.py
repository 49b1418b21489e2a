"""The only client use of websockets: opens connections with every limit said aloud, and never logs them."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import sys
import urllib.parse
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import aiohappyeyeballs
import certifi
import msgspec
import truststore
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as ws_connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidProxy,
    InvalidProxyStatus,
    InvalidStatus,
    InvalidURI,
    ProxyError,
    WebSocketException,
)
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.proxy import get_proxy
from websockets.uri import parse_uri

from marketwatch import __version__
from marketwatch.errors import ConfigurationError
from marketwatch.feeds.connection import SYSTEM_PROXY, Connection
from marketwatch.feeds.http import HttpClient
from marketwatch.feeds.server_names import is_loopback, look_up, numbered_proxy
from marketwatch.runtime.clock import Clock
from marketwatch.runtime.executors import WorkerPool
from marketwatch.runtime.retry import HandshakeBroken, HandshakeRejected, PeerClosed, ProxyFailed, RedirectRefused

_MEBIBYTE = 1024 * 1024
_DEFAULT_PORTS = {"ws": 80, "wss": 443}
_MAX_REDIRECTS = 3
_EYEBALLS_DELAY_S = 0.25
_CREDENTIAL_HEADERS = frozenset({"authorization", "cookie", "x-api-key"})
_HARMLESS_VALUES = frozenset({"client_id", "EIO", "transport"})  # the last two are Socket.IO's

# websockets writes headers and messages at DEBUG and tells of lost connections at ERROR; we say it in our words.
_silent = logging.getLogger(f"{__name__}.silent")
_silent.propagate = False
_silent.disabled = True


class TransportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of a connection; seconds, bytes and messages."""

    max_message_bytes: int = 4 * _MEBIBYTE
    max_queue: tuple[int, int] = (128, 32)
    open_timeout_s: float = 10.0
    close_timeout_s: float = 2.0
    ping_interval_s: float | None = 10.0
    ping_timeout_s: float | None = 20.0
    is_compressed: bool = True
    proxy: str | None = SYSTEM_PROXY
    """`system` takes the proxy of the environment, None uses none, anything else is the proxy's address."""


class WebSocketTransport:
    """Opens WebSocket connections; looks names up in `pool`, never in the loop's thread."""

    def __init__(self, clock: Clock, pool: WorkerPool, options: TransportOptions | None = None) -> None:
        self._clock = clock
        self._pool = pool
        self._options = TransportOptions() if options is None else options
        self._tls: ssl.SSLContext | None = None

    async def connect(self, url: str, headers: Mapping[str, str], *, max_bytes: int | None = None) -> Connection:
        """Open a connection to `url`, by long polling if it is a web address; see `Transport.connect`."""
        if url.startswith(("http:", "https:")):
            return await self._poll(url, headers, max_bytes or self._options.max_message_bytes)
        check_address(url, has_credentials=not _CREDENTIAL_HEADERS.isdisjoint(name.lower() for name in headers))
        async with asyncio.timeout(self._options.open_timeout_s):
            for _ in range(_MAX_REDIRECTS):
                try:
                    return await self._open(url, headers, max_bytes or self._options.max_message_bytes)
                except InvalidStatus as refusal:
                    answer = refusal.response
                except (InvalidURI, InvalidProxy) as error:
                    raise _translated(error) from None  # its text holds the whole address, and so perhaps a key
                except (WebSocketException, EOFError, ImportError) as error:
                    raise _translated(error) from error
                url = _redirected(url, answer)
        raise HandshakeBroken("too many redirects")

    async def _poll(self, url: str, headers: Mapping[str, str], max_bytes: int) -> Connection:
        from marketwatch.feeds.polling import open_polling  # few servers need it

        has_credentials = not _CREDENTIAL_HEADERS.isdisjoint(name.lower() for name in headers)
        check_address(url.replace("http", "ws", 1), has_credentials=has_credentials)
        http = HttpClient(self._pool, make_tls_context, proxy=lambda: self._options.proxy)
        async with asyncio.timeout(self._options.open_timeout_s):
            return await open_polling(
                http, self._clock, url, headers, max_bytes=max_bytes, close_limit_s=self._options.close_timeout_s
            )

    async def _open(self, url: str, headers: Mapping[str, str], max_bytes: int) -> Connection:
        proxy = self._proxy_for(url)
        keywords: dict[str, Any] = {"proxy": None}
        if url.startswith("wss:"):
            keywords["ssl"] = await self._tls_context()
        if proxy is None:
            keywords["sock"] = await self._open_socket(url)
        else:
            keywords |= await self._proxy_keywords(proxy)
        options = self._options
        is_local = is_loopback(urllib.parse.urlsplit(url).hostname or "")
        try:
            opened = await _Connect(
                url,
                additional_headers=dict(headers),
                user_agent_header=f"MarketWatch/{__version__}",
                compression="deflate" if options.is_compressed and not is_local else None,
                max_size=max_bytes,
                max_queue=options.max_queue,
                open_timeout=options.open_timeout_s,
                close_timeout=options.close_timeout_s,
                ping_interval=options.ping_interval_s,
                ping_timeout=options.ping_timeout_s,
                logger=_silent,
                create_connection=self._make_connection,  # type: ignore[arg-type]  # a factory of the subclass
                **keywords,
            )
        except BaseException:
            if proxy is None:
                keywords["sock"].close()
            raise
        return cast("WebSocketConnection", opened)

    def _make_connection(self, *arguments: Any, **keywords: Any) -> ClientConnection:
        connection = WebSocketConnection(*arguments, **keywords)
        connection.set_up(self._clock, self._options.close_timeout_s)
        return connection

    def _proxy_for(self, url: str) -> str | None:
        if is_loopback(urllib.parse.urlsplit(url).hostname or ""):
            return None
        return get_proxy(parse_uri(url)) if self._options.proxy == SYSTEM_PROXY else self._options.proxy

    async def _proxy_keywords(self, proxy: str) -> dict[str, Any]:
        numbered, name = await numbered_proxy(self._pool, proxy)
        if not proxy.startswith("https:"):
            return {"proxy": numbered}
        return {"proxy": numbered, "proxy_ssl": await self._tls_context(), "proxy_server_hostname": name}

    async def _open_socket(self, url: str) -> socket.socket:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname or "", parts.port or _DEFAULT_PORTS[parts.scheme]
        found = await look_up(self._pool, host, port)
        return await aiohappyeyeballs.start_connection(found, happy_eyeballs_delay=_EYEBALLS_DELAY_S, interleave=1)

    async def _tls_context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = await self._pool.run("load the certificates that this computer trusts", make_tls_context)
        return self._tls


class _Connect(ws_connect):
    """Follows no redirect: the transport decides, because vendors' headers carry keys that websockets does not know."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class WebSocketConnection(ClientConnection):
    """A connection that knows when each message and each pong arrived."""

    def set_up(self, clock: Clock, close_limit_s: float) -> None:
        """Give the clock and the limit for `close`; websockets calls the constructor itself."""
        self._clock = clock
        self._close_limit_s = close_limit_s
        self._arrivals: deque[int] = deque()
        self.arrived_ns = 0
        self.pong_ns: int | None = None

    @property
    def pending(self) -> int:
        return len(self._arrivals)

    async def receive(self) -> bytes:
        try:
            data = await self.recv(decode=False)
        except ConnectionClosed as closed:
            raise _as_peer_closed(closed) from closed
        if self._arrivals:
            self.arrived_ns = self._arrivals.popleft()
        return data

    async def send(self, message: str | bytes) -> None:  # type: ignore[override]  # whole messages only
        try:
            await super().send(message)
        except ConnectionClosed as closed:
            raise _as_peer_closed(closed) from closed

    async def close(self) -> None:  # type: ignore[override]  # always a normal goodbye
        # websockets limits the wait for the answer, but not the wait for a full write buffer: a server that does
        # not read would hold us for ever.
        try:
            async with asyncio.timeout(self._close_limit_s):
                await super().close()
        except (TimeoutError, OSError):
            self.abort()
            await self.wait_closed()

    def abort(self) -> None:
        self.transport.abort()

    def process_event(self, event: Any) -> None:
        super().process_event(event)
        if isinstance(event, Frame):
            if event.opcode is Opcode.PONG:
                self.pong_ns = self._clock.monotonic_ns()
            elif event.fin and event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                self._arrivals.append(self._clock.monotonic_ns())


def check_address(url: str, *, has_credentials: bool) -> None:
    """Raise ConfigurationError for an address that is no WebSocket, or that would send a key in the clear.

    A query counts as credentials, unless all it holds is the name of the connection or of the protocol.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise ConfigurationError("Feed address", "it is not a valid address", "Check it in the settings") from error
    if parts.scheme not in _DEFAULT_PORTS or not host:
        raise ConfigurationError("Feed address", "it must begin with wss:// or ws:// and name a host")
    if parts.username or parts.password:
        raise ConfigurationError("Feed address", "it must not hold a name or password", "Enter the key as a key")
    has_credentials = has_credentials or _holds_credentials(parts.query)
    if parts.scheme == "ws" and has_credentials and not is_loopback(host):
        raise ConfigurationError(
            f"Feed address ws://{host}", "a key would travel unencrypted", "Use wss://, or a server on this computer"
        )


def _holds_credentials(query: str) -> bool:
    return any(part.partition("=")[0] not in _HARMLESS_VALUES for part in query.split("&") if part)


def make_tls_context() -> ssl.SSLContext:
    """Return a context that verifies always: by the system's trusted roots, else by the bundled ones."""
    context: ssl.SSLContext
    if _system_has_roots():
        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    else:
        context = ssl.create_default_context(cafile=certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _system_has_roots() -> bool:
    if sys.platform in ("darwin", "win32"):
        return True
    paths = ssl.get_default_verify_paths()
    if paths.cafile and Path(paths.cafile).stat().st_size:
        return True
    return bool(paths.capath) and any(Path(paths.capath).iterdir())


def _redirected(url: str, response: Response) -> str:
    """Return where a same-origin redirect leads; raises for every other answer."""
    headers = {name.lower(): value for name, value in response.headers.raw_items()}
    location = headers.get("location")
    if not 300 <= response.status_code < 400 or location is None:
        raise HandshakeRejected(response.status_code, headers, bytes(response.body or b"")[:4096])
    target = urllib.parse.urljoin(url, location.replace("https:", "wss:", 1).replace("http:", "ws:", 1))
    if _origin(target) != _origin(url):
        parts = urllib.parse.urlsplit(target)
        raise RedirectRefused(f"{parts.scheme}://{parts.hostname}")
    return target


def _origin(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urllib.parse.urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return "", None, None


def _as_peer_closed(closed: ConnectionClosed) -> PeerClosed:
    # What the far end said comes first; without a word from it, what we said.
    close = closed.rcvd or closed.sent
    if close is None:
        return PeerClosed(1006)
    return PeerClosed(int(close.code), close.reason, is_ours=closed.rcvd is None)


def _translated(error: Exception) -> Exception:
    if isinstance(error, ImportError):
        return ConfigurationError("Proxy", "SOCKS proxies need a part that is not installed", "Choose an HTTP proxy")
    if isinstance(error, InvalidURI):
        return ConfigurationError("Feed address", "it is not a valid address", "Check it in the settings")
    if isinstance(error, InvalidProxyStatus):
        return ProxyFailed(error.response.status_code)
    if isinstance(error, ProxyError | InvalidProxy):
        return ProxyFailed()
    if isinstance(error, InvalidMessage) and isinstance(error.__cause__, EOFError | OSError):
        return PeerClosed(1006)
    if isinstance(error, ConnectionClosed):
        return _as_peer_closed(error)
    if isinstance(error, InvalidHandshake | EOFError):
        return HandshakeBroken(type(error).__name__)
    return error
