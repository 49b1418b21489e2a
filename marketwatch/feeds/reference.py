"""Fetches what a stream does not carry: previous close and the day so far, by the vendor's REST snapshot."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit, urlunsplit

from marketwatch.domain.events import DayStatistics
from marketwatch.domain.secret import Secret
from marketwatch.errors import (
    AuthenticationRefused,
    ConnectionFailed,
    EntitlementRefused,
    FeedError,
    ProtocolError,
    RateLimited,
)
from marketwatch.protocols.massive.rest import SNAPSHOT_PATH, error_of, parse_snapshot
from marketwatch.runtime.clock import Clock
from marketwatch.runtime.retry import parse_retry_after

_log = logging.getLogger(__name__)
_GATHER_S = 0.2  # a list that opens asks for all its rows at once
_BATCH = 100
_RETRIES = 3
_RETRY_S = 5.0
_LARGEST_BODY = 16 * 1024 * 1024


class Answer(Protocol):
    """One HTTP answer, read whole."""

    @property
    def status(self) -> int:
        """HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers by name."""
        ...

    @property
    def body(self) -> bytes:
        """The whole body."""
        ...


class HttpGet(Protocol):
    """Asks for one address. Raises OSError or TimeoutError when the network fails."""

    async def get(self, url: str, headers: Mapping[str, str], *, limit: int) -> Answer:
        """Return the answer; a body longer than `limit` bytes raises ProtocolError."""
        ...


def rest_base(stream_url: str) -> str | None:
    """Return where the REST service of a stream is: the vendor's own host, else the same host and port.

    None for a remote address that is neither the vendor's nor encrypted.
    """
    parts = urlsplit(stream_url)
    host = parts.hostname or ""
    for vendor in ("massive.com", "polygon.io"):
        if host == vendor or host.endswith(f".{vendor}"):
            return f"https://api.{vendor}"
    if parts.scheme == "wss":
        return urlunsplit(("https", parts.netloc, "", "", ""))
    return urlunsplit(("http", parts.netloc, "", "", "")) if host in {"127.0.0.1", "::1", "localhost"} else None


class ReferenceFetcher:
    """Asks for day statistics of the keys it is told, in batches; hands them to `sink`. Owned by one feed.

    A service that has no such call, or a plan that does not include it, is told once and asked no more.
    """

    def __init__(
        self,
        base: str,
        http: HttpGet,
        credentials: Callable[[], Secret | None],
        sink: Callable[[Sequence[DayStatistics]], None],
        *,
        clock: Clock,
        start_task: Callable[[str, Coroutine[Any, Any, None]], asyncio.Task[None]],
        on_refused: Callable[[FeedError], None],
    ) -> None:
        self._base = base
        self._http = http
        self._credentials = credentials
        self._sink = sink
        self._clock = clock
        self._start_task = start_task
        self._on_refused = on_refused
        self._wanted: dict[str, None] = {}
        self._task: asyncio.Task[None] | None = None
        self._is_refused = False

    def request(self, keys: Iterable[str]) -> None:
        """Ask for these keys soon."""
        if self._is_refused:
            return
        self._wanted.update(dict.fromkeys(keys))
        if self._wanted and (self._task is None or self._task.done()):
            self._task = self._start_task("day statistics", self._fetch_all())

    async def stop(self) -> None:
        """Ask no more."""
        self._is_refused = True
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _fetch_all(self) -> None:
        await asyncio.sleep(_GATHER_S)
        while self._wanted:
            batch = list(self._wanted)[:_BATCH]
            for key in batch:
                del self._wanted[key]
            try:
                self._sink(await self._fetch_patiently(batch))
            except (AuthenticationRefused, EntitlementRefused, ProtocolError) as error:
                self._is_refused = True
                self._wanted.clear()
                self._on_refused(error)
            except ConnectionFailed as error:
                _log.info("day statistics not fetched: %s", error)

    async def _fetch_patiently(self, keys: Sequence[str]) -> list[DayStatistics]:
        for attempt in range(_RETRIES):
            try:
                return await self._fetch(keys)
            except RateLimited as error:
                await asyncio.sleep(error.retry_after_s)
            except ConnectionFailed:
                await asyncio.sleep(_RETRY_S * 2**attempt)
        return await self._fetch(keys)

    async def _fetch(self, keys: Sequence[str]) -> list[DayStatistics]:
        secret = self._credentials()
        headers = {} if secret is None else {"Authorization": f"Bearer {secret.reveal()}"}
        url = f"{self._base}{SNAPSHOT_PATH}?{urlencode({'tickers': ','.join(keys)})}"
        try:
            answer = await self._http.get(url, headers, limit=_LARGEST_BODY)
        except (OSError, TimeoutError) as error:
            raise ConnectionFailed("Day statistics", "the web service did not answer") from error
        pause = parse_retry_after(answer.headers.get("Retry-After", ""), self._clock.now_ns())
        refusal = error_of(answer.status, answer.body, pause)
        if refusal is not None:
            raise refusal
        return parse_snapshot(answer.body)
