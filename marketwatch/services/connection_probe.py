"""Ears around a connection and its protocol: they change nothing and remember what passed by."""

from __future__ import annotations

import email.utils
from collections.abc import Callable, Iterable, Mapping, Sequence

from marketwatch.domain.events import MarketEvent
from marketwatch.domain.secret import Secret
from marketwatch.feeds.connection import Connection, Transport
from marketwatch.protocols.base import ClientProtocol, Control, Topic
from marketwatch.runtime.clock import Clock
from marketwatch.runtime.retry import HandshakeRejected

_NS = 1_000_000_000


class Ears:
    """What was heard: the first error, the server's controls, when it answered and what time it said it was."""

    def __init__(self, clock: Clock, on_news: Callable[[], None]) -> None:
        self._clock = clock
        self._on_news = on_news
        self.asked_ns: int | None = None
        self.answered_ns: int | None = None
        self.is_open = False
        self.is_polled = False
        self.server_ahead_s: float | None = None
        self.error: BaseException | None = None
        self.controls: list[Control] = []

    def asked(self, url: str) -> None:
        """Note that the server is called now; a web address is polled."""
        self.asked_ns = self._clock.monotonic_ns()
        self.is_polled = url.startswith("http")

    def answered(self, headers: Mapping[str, str], *, is_open: bool) -> None:
        """Note that the server answered; header names are lower case."""
        self.answered_ns = self._clock.monotonic_ns()
        self.is_open = is_open
        if is_open:
            self.error = None  # another way in was refused before
        self.server_ahead_s = ahead_s(headers.get("date", ""), self._clock.now_ns())
        self._on_news()

    def failed(self, error: BaseException) -> None:
        """Note the first thing that went wrong."""
        if self.error is None:
            self.error = error
        if isinstance(error, HandshakeRejected):
            self.answered(error.headers, is_open=False)
        self._on_news()

    def heard(self, controls: Iterable[Control]) -> None:
        """Note what the protocol learnt."""
        self.controls.extend(controls)
        self._on_news()


class HeardTransport:
    """Opens connections by another transport, and listens."""

    def __init__(self, transport: Transport, ears: Ears) -> None:
        self._transport = transport
        self._ears = ears

    async def connect(self, url: str, headers: Mapping[str, str], *, max_bytes: int | None = None) -> Connection:
        self._ears.asked(url)
        try:
            connection = await self._transport.connect(url, headers, max_bytes=max_bytes)
        except Exception as error:
            self._ears.failed(error)
            raise
        self._ears.answered(_headers_of(connection), is_open=True)
        return _HeardConnection(connection, self._ears)


class _HeardConnection:
    def __init__(self, connection: Connection, ears: Ears) -> None:
        self._connection = connection
        self._ears = ears
        self.send = connection.send
        self.close = connection.close
        self.abort = connection.abort
        self.wait_closed = connection.wait_closed

    @property
    def pending(self) -> int:
        return self._connection.pending

    @property
    def arrived_ns(self) -> int:
        return self._connection.arrived_ns

    @property
    def pong_ns(self) -> int | None:
        return self._connection.pong_ns

    async def receive(self) -> bytes:
        try:
            return await self._connection.receive()
        except Exception as error:
            self._ears.failed(error)
            raise


class HeardProtocol:
    """Speaks as another protocol does, and listens; satisfies `ClientProtocol`."""

    def __init__(self, protocol: ClientProtocol, ears: Ears) -> None:
        self._protocol = protocol
        self._ears = ears

    def connection_made(self, now: float) -> None:
        self._protocol.connection_made(now)

    def receive(self, data: bytes, now: float) -> Sequence[MarketEvent]:
        try:
            return self._protocol.receive(data, now)
        except Exception as error:
            self._ears.failed(error)
            raise

    def take_control(self) -> list[Control]:
        controls = self._protocol.take_control()
        if controls:
            self._ears.heard(controls)
        return controls

    def data_to_send(self) -> list[str | bytes]:
        return self._protocol.data_to_send()

    def subscribe(self, topics: Iterable[Topic], now: float) -> None:
        self._protocol.subscribe(topics, now)

    def unsubscribe(self, topics: Iterable[Topic], now: float) -> None:
        self._protocol.unsubscribe(topics, now)

    def next_deadline(self) -> float | None:
        return self._protocol.next_deadline()

    def deadline_passed(self, now: float) -> None:
        try:
            self._protocol.deadline_passed(now)
        except Exception as error:
            self._ears.failed(error)
            raise


def heard_factory(
    make: Callable[[Secret | None], ClientProtocol], ears: Ears
) -> Callable[[Secret | None], ClientProtocol]:
    """Return a factory whose protocols are listened to."""
    return lambda key: HeardProtocol(make(key), ears)


def ahead_s(date: str, now_ns: int) -> float | None:
    """Return how far the time of an HTTP Date header is ahead of ours; None when it is no date."""
    try:
        at_s = email.utils.parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None
    # The header counts whole seconds: its middle is the best guess.
    return at_s + 0.5 - now_ns / _NS


def _headers_of(connection: Connection) -> dict[str, str]:
    """Return the headers of the answer that opened the connection, where the transport keeps them."""
    headers = getattr(getattr(connection, "response", None), "headers", None)
    if headers is None:
        return {}
    items = headers.raw_items() if hasattr(headers, "raw_items") else headers.items()
    return {name.lower(): value for name, value in items}
