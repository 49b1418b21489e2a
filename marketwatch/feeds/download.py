"""Fetches a long file by HTTP: told piece by piece, limited in size and time, redirected only where that is safe."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

import msgspec

from marketwatch import __version__
from marketwatch.errors import ConnectionFailed, FeedError, ProtocolError, RateLimited
from marketwatch.runtime.retry import parse_retry_after

if TYPE_CHECKING:
    import aiohttp

    Way = Callable[[str], Awaitable[tuple[aiohttp.ClientSession, str | None]]]

_PIECE: Final = 256 * 1024
_CONNECT_S: Final = 15.0
_SILENCE_S: Final = 30.0
_MOST_REDIRECTS: Final = 5
_PAUSE_S: Final = 60.0
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_WORDS: Final = {
    401: "it wants a login",
    403: "it refused the request",
    404: "there is nothing at this address",
    410: "there is nothing at this address any more",
}

Progress = Callable[[int, int | None], None]
"""Is told the bytes that arrived and those announced, None when none were."""


class Download(msgspec.Struct, frozen=True):
    """What arrived. `announced` bytes were promised; more than arrived means that it was cut."""

    chunks: list[bytes]
    announced: int | None
    size: int


async def download(
    way: Way, url: str, *, limit: int, deadline_s: float, on_progress: Progress, now_ns: int
) -> Download:
    """Return the body as it was sent, compressed or not; `way` gives the session and the proxy for an address.

    Raises FeedError in words: the network failed, the server refused, more than `limit` bytes came, or it took longer
    than `deadline_s`.
    """
    import aiohttp

    host = urlsplit(url).hostname or "The server"
    try:
        async with asyncio.timeout(deadline_s):
            return await _follow(way, url, limit, on_progress, now_ns)
    except TimeoutError as error:
        raise ConnectionFailed(host, "it took too long", "Try again later") from error
    except aiohttp.ClientConnectorCertificateError as error:
        raise ConnectionFailed(host, "its certificate is not valid", "Nothing was taken from it") from error
    except aiohttp.ClientSSLError as error:
        raise ConnectionFailed(host, "no encrypted connection came about", "Check the address") from error
    except aiohttp.InvalidURL as error:
        raise ProtocolError(host, "the address is not valid", "Check the address") from error
    except (aiohttp.ClientError, OSError) as error:
        raise ConnectionFailed(host, _cause(error), "Check the address and the network") from error


async def _follow(way: Way, url: str, limit: int, on_progress: Progress, now_ns: int) -> Download:
    import aiohttp

    waits = aiohttp.ClientTimeout(total=None, connect=_CONNECT_S, sock_read=_SILENCE_S)
    headers = {"User-Agent": f"MarketWatch/{__version__}", "Accept-Encoding": "gzip, identity"}
    for _ in range(_MOST_REDIRECTS + 1):
        session, proxy = await way(url)
        async with session.get(
            url, headers=headers, allow_redirects=False, timeout=waits, auto_decompress=False, proxy=proxy
        ) as answer:
            if answer.status not in _REDIRECTS:
                _refuse(answer, now_ns)
                return await _read(answer, limit, on_progress)
            url = _next_address(url, answer.headers.get("Location", ""))
    raise ProtocolError(urlsplit(url).hostname or "The server", "it sends from one address to the next without end")


def _next_address(url: str, location: str) -> str:
    following = urljoin(url, location)
    before, after = urlsplit(url), urlsplit(following)
    if not location or after.scheme not in ("http", "https"):
        raise ProtocolError(before.hostname or "The server", "it redirects to nowhere")
    if before.scheme == "https" and after.scheme == "http":
        raise ProtocolError(before.hostname or "The server", "it redirects to an address that is not encrypted")
    return following


def _refuse(answer: aiohttp.ClientResponse, now_ns: int) -> None:
    status, host = answer.status, answer.url.host or "The server"
    if 200 <= status < 300:
        return
    error: FeedError
    if status == 429:
        pause_s = parse_retry_after(answer.headers.get("Retry-After", ""), now_ns)
        wait_s = _PAUSE_S if pause_s is None else pause_s
        error = RateLimited(host, "too many requests", f"Try again in {wait_s:.0f} s", retry_after_s=wait_s)
    elif status >= 500:
        error = ConnectionFailed(host, f"the server is in trouble (HTTP {status})", "Try again later")
    else:
        error = ProtocolError(host, f"{_WORDS.get(status, 'it refused the request')} (HTTP {status})")
    raise error


async def _read(answer: aiohttp.ClientResponse, limit: int, on_progress: Progress) -> Download:
    import aiohttp

    host = answer.url.host or "The server"
    announced = answer.content_length
    if announced is not None and announced > limit:
        raise ProtocolError(host, f"the list is larger than {limit // 1024**2} MB")
    chunks: list[bytes] = []
    size = 0
    on_progress(0, announced)
    try:
        async for chunk in answer.content.iter_chunked(_PIECE):
            chunks.append(chunk)
            size += len(chunk)
            if size > limit:
                raise ProtocolError(host, f"the list is larger than {limit // 1024**2} MB")
            on_progress(size, announced)
    except aiohttp.ClientPayloadError:
        announced = max(announced or 0, size + 1)  # the far end went away in the middle
    return Download(chunks, announced, size)


def _cause(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "it cannot be reached"
