"""The one HTTP client: verified TLS, deadlines, no redirects to elsewhere, bodies of limited size."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec

from marketwatch.errors import ProtocolError
from marketwatch.runtime.executors import WorkerPool

if TYPE_CHECKING:
    import aiohttp

_CONNECT_S = 10.0
_TOTAL_S = 20.0
_CHUNK = 65_536


class HttpAnswer(msgspec.Struct, frozen=True):
    """Status, headers and whole body of an answer."""

    status: int
    headers: dict[str, str]
    body: bytes


class HttpClient:
    """Owns the client's connections; aiohttp is imported with the first request. Close it with `close`."""

    def __init__(self, pool: WorkerPool, make_tls: Callable[[], ssl.SSLContext]) -> None:
        self._pool = pool
        self._make_tls = make_tls
        self._session: aiohttp.ClientSession | None = None
        self._opening = asyncio.Lock()

    async def get(self, url: str, headers: Mapping[str, str], *, limit: int) -> HttpAnswer:
        """Return the answer to a GET. Redirects are not followed: a key must not travel.

        Raises OSError or TimeoutError when the network fails, ProtocolError when the body exceeds `limit` bytes.
        """
        session = await self._open()
        async with session.get(url, headers=dict(headers), allow_redirects=False) as response:
            body = bytearray()
            async for chunk in response.content.iter_chunked(_CHUNK):
                body += chunk
                if len(body) > limit:
                    raise ProtocolError("The web service", "its answer is too long")
            return HttpAnswer(response.status, dict(response.headers), bytes(body))

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _open(self) -> aiohttp.ClientSession:
        async with self._opening:
            if self._session is None:
                tls = await self._pool.run("load the web client", self._prepare)
                import aiohttp

                self._session = aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(ssl=tls, limit_per_host=2),
                    timeout=aiohttp.ClientTimeout(total=_TOTAL_S, connect=_CONNECT_S),
                    trust_env=True,
                )
        return self._session

    def _prepare(self) -> ssl.SSLContext:
        import aiohttp  # noqa: F401 - here, in the worker thread, so that the loop does not stand still

        return self._make_tls()
