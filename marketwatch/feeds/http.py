"""The one HTTP client: verified TLS, deadlines, no redirects to elsewhere, bodies of limited size."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from marketwatch.domain.secret import Secret
from marketwatch.errors import ProtocolError
from marketwatch.feeds.connection import SYSTEM_PROXY
from marketwatch.feeds.server_names import PoolResolver, is_loopback
from marketwatch.runtime.executors import WorkerPool

if TYPE_CHECKING:
    import aiohttp

    from marketwatch.feeds.download import Download, Progress

_CONNECT_S = 10.0
_TOTAL_S = 20.0
_CHUNK = 65_536


class HttpAnswer(msgspec.Struct, frozen=True):
    """Status, headers and whole body of an answer."""

    status: int
    headers: dict[str, str]
    body: bytes


class HttpClient:
    """Owns the client's connections; aiohttp is imported with the first request. Close it with `close`.

    `proxy` is asked anew for every request: `system`, None for none, or an address. This computer is always reached
    directly.
    """

    def __init__(
        self,
        pool: WorkerPool,
        make_tls: Callable[[], ssl.SSLContext],
        *,
        proxy: Callable[[], str | None] = lambda: SYSTEM_PROXY,
    ) -> None:
        self._pool = pool
        self._make_tls = make_tls
        self._proxy = proxy
        self._tls: ssl.SSLContext | None = None
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        self._opening = asyncio.Lock()

    async def get(
        self, url: str, headers: Mapping[str, str], *, limit: int, patience_s: float | None = None
    ) -> HttpAnswer:
        """Return the answer to a GET. Redirects are not followed: a key must not travel.

        `patience_s` is how long each piece of the answer may take, where the whole may take as long as it does.
        Raises OSError or TimeoutError when the network fails, ProtocolError when the body exceeds `limit` bytes.
        """
        return await self._ask("GET", url, headers, None, limit, patience_s)

    async def post(self, url: str, headers: Mapping[str, str], form: Secret, *, limit: int) -> HttpAnswer:
        """Return the answer to a POST of a form, written as a query string; otherwise as `get`."""
        typed = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
        return await self._ask("POST", url, typed, form.reveal().encode(), limit)

    async def post_text(self, url: str, headers: Mapping[str, str], text: str, *, limit: int) -> HttpAnswer:
        """Return the answer to a POST of a text, whose type is among the headers; otherwise as `get`."""
        return await self._ask("POST", url, headers, text.encode(), limit)

    async def download(
        self, url: str, *, limit: int, deadline_s: float, on_progress: Progress, now_ns: int
    ) -> Download:
        """Return a long file, told piece by piece; no key goes with the request. Raises FeedError in words."""
        from marketwatch.feeds.download import download

        return await download(
            self._way, url, limit=limit, deadline_s=deadline_s, on_progress=on_progress, now_ns=now_ns
        )

    async def close(self) -> None:
        """Close all connections."""
        while self._sessions:
            _, session = self._sessions.popitem()
            await session.close()

    async def _ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        data: bytes | None,
        limit: int,
        patience_s: float | None = None,
    ) -> HttpAnswer:
        session, proxy = await self._way(url)
        import aiohttp

        limits = session.timeout
        if patience_s is not None:
            limits = aiohttp.ClientTimeout(total=None, connect=_CONNECT_S, sock_read=patience_s)
        try:
            asking = session.request(
                method, url, headers=headers, data=data, allow_redirects=False, proxy=proxy, timeout=limits
            )
            return await self._read(asking, limit)
        except aiohttp.ClientError as error:
            if isinstance(error, OSError):
                raise
            raise ConnectionError(type(error).__name__) from None  # its text may hold the address

    async def _read(self, asking: AbstractAsyncContextManager[aiohttp.ClientResponse], limit: int) -> HttpAnswer:
        async with asking as response:
            body = bytearray()
            async for chunk in response.content.iter_chunked(_CHUNK):
                body += chunk
                if len(body) > limit:
                    raise ProtocolError("The web service", "its answer is too long")
            return HttpAnswer(response.status, dict(response.headers), bytes(body))

    async def _way(self, url: str) -> tuple[aiohttp.ClientSession, str | None]:
        """Return the session for an address, and the proxy to name to it."""
        proxy = None if is_loopback(urlsplit(url).hostname or "") else self._proxy()
        if proxy == SYSTEM_PROXY:
            return await self._open(follows_system=True), None
        return await self._open(follows_system=False), proxy

    async def _open(self, *, follows_system: bool) -> aiohttp.ClientSession:
        async with self._opening:
            if self._tls is None:
                self._tls = await self._pool.run("load the web client", self._prepare)
            if follows_system not in self._sessions:
                import aiohttp

                self._sessions[follows_system] = aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(
                        ssl=self._tls,
                        limit_per_host=2,
                        resolver=PoolResolver(self._pool),  # type: ignore[arg-type]  # has what aiohttp asks for
                    ),
                    timeout=aiohttp.ClientTimeout(total=_TOTAL_S, connect=_CONNECT_S),
                    trust_env=follows_system,
                )
            return self._sessions[follows_system]

    def _prepare(self) -> ssl.SSLContext:
        import aiohttp  # noqa: F401 - here, in the worker thread, so that the loop does not stand still

        return self._make_tls()
