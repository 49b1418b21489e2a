"""Engine.IO over HTTP long polling, behind the interface of a connection: for servers that refuse the WebSocket.

One GET is under way while somebody receives, and answered when the server has something to say; what we say goes by
POST beside it. A session that the server does not know any more is over: the next connection opens one of its own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Mapping
from typing import Final

from marketwatch import __version__
from marketwatch.errors import ProtocolError
from marketwatch.feeds.http import HttpAnswer, HttpClient
from marketwatch.protocols.data_provider.polling import CONTENT_TYPE, GOODBYE, packets_of, read_opening, session_url
from marketwatch.protocols.readings import Unusable
from marketwatch.runtime.clock import Clock
from marketwatch.runtime.retry import HandshakeRejected, PeerClosed, ProxyFailed

_GRACE_S: Final = 5.0
_SHORT_BYTES: Final = 65_536
_REFUSAL_BYTES: Final = 4_096
_PROXY_WANTS_PASSWORD: Final = 407
_TOO_LONG: Final = 1009
_BROKEN: Final = 1006


class PollingConnection:
    """One open session; satisfies `Connection`. Closes its HTTP client with itself."""

    def __init__(
        self, http: HttpClient, clock: Clock, headers: Mapping[str, str], *, max_bytes: int, close_limit_s: float
    ) -> None:
        self._http = http
        self._clock = clock
        self._headers = {"User-Agent": f"MarketWatch/{__version__}", **headers}
        self._max_bytes = max_bytes
        self._close_limit_s = close_limit_s
        self._url = ""
        self._patience_s = 0.0
        self._packets: deque[bytes] = deque()
        self._closing: asyncio.Future[None] | None = None
        self.arrived_ns = 0
        self.response: HttpAnswer | None = None

    async def open(self, url: str) -> None:
        """Open a session. Raises HandshakeRejected for every answer that opens none."""
        answer = await _whole(self._http.get(url, self._headers, limit=self._max_bytes))
        if answer.status == _PROXY_WANTS_PASSWORD:
            raise ProxyFailed(answer.status)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        try:
            opened = read_opening(answer.body if answer.status == 200 else b"")
        except Unusable:
            raise HandshakeRejected(answer.status, headers, answer.body[:_REFUSAL_BYTES]) from None
        self.response = answer
        self._url = session_url(url, opened.session_id)
        self._patience_s = opened.ping_interval_s + opened.ping_timeout_s + _GRACE_S
        self._keep(answer.body)

    @property
    def pending(self) -> int:
        return len(self._packets)

    @property
    def pong_ns(self) -> int | None:
        return None

    async def receive(self) -> bytes:
        while not self._packets:
            self._must_be_open()
            polling = self._http.get(self._url, self._headers, limit=self._max_bytes, patience_s=self._patience_s)
            self._keep(_accepted(await _whole(polling)).body)
        return self._packets.popleft()

    def _keep(self, body: bytes) -> None:
        if not body:
            raise PeerClosed(1000)  # so an open poll is answered when the session ends
        self._packets.extend(packets_of(body))
        self.arrived_ns = self._clock.monotonic_ns()

    async def send(self, message: str | bytes) -> None:
        self._must_be_open()
        text = message if isinstance(message, str) else message.decode()
        typed = {**self._headers, "Content-Type": CONTENT_TYPE}
        _accepted(await _whole(self._http.post_text(self._url, typed, text, limit=_SHORT_BYTES)))

    def _must_be_open(self) -> None:
        if self._closing is not None:
            raise PeerClosed(_BROKEN, is_ours=True)

    async def close(self) -> None:
        try:
            async with asyncio.timeout(self._close_limit_s):
                await self.send(GOODBYE)
        except (OSError, PeerClosed):
            pass  # it is gone already
        await self.wait_closed()

    def abort(self) -> None:
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._http.close())

    async def wait_closed(self) -> None:
        self.abort()
        if self._closing is not None:
            await asyncio.shield(self._closing)


async def open_polling(
    http: HttpClient, clock: Clock, url: str, headers: Mapping[str, str], *, max_bytes: int, close_limit_s: float
) -> PollingConnection:
    """Open a session at the web address `url`; see `Transport.connect`. Owns `http` from now on."""
    connection = PollingConnection(http, clock, headers, max_bytes=max_bytes, close_limit_s=close_limit_s)
    try:
        await connection.open(url)
    except BaseException:
        await connection.wait_closed()
        raise
    return connection


async def _whole(asking: Awaitable[HttpAnswer]) -> HttpAnswer:
    """Return an answer. Raises PeerClosed where the connection broke before it was complete, or it is too long."""
    try:
        return await asking
    except ProtocolError:
        raise PeerClosed(_TOO_LONG, is_ours=True) from None
    except ConnectionError as error:
        if error.errno is None:
            raise PeerClosed(_BROKEN) from error
        raise


def _accepted(answer: HttpAnswer) -> HttpAnswer:
    """Return an answer of an open session. Raises PeerClosed when it says that there is none."""
    if answer.status == 200:
        return answer
    raise PeerClosed(_BROKEN, f"the server does not know the session any more (HTTP {answer.status})")
