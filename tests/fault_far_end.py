"""A far end without sockets, for fault scripts: a transport, its connections, and the ways in which both can fail."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable, Mapping
from typing import Any, Final

from fake_time import NS, FakeHandle, FakeTime
from kind_sides import ACCEPTED, Messages, Side, Tick

from marketwatch.runtime.retry import HandshakeBroken, HandshakeRejected, PeerClosed

LATENCY_S: Final = 0.02
OPEN_LIMIT_S: Final = 10.0
PING_S: Final = 10.0
_PAGE: Final = ({"content-type": "text/html"}, b"<html><title>Sign in</title></html>")

REFUSALS: Final[Mapping[str, Callable[[], Exception]]] = {
    "HTTP 401": lambda: HandshakeRejected(401, {}, b'{"status":"error","message":"the key is not known"}'),
    "HTTP 403": lambda: HandshakeRejected(403, {}, b'{"status":"error","message":"the key is not known"}'),
    "HTTP 404": lambda: HandshakeRejected(404, {}, b""),
    "HTTP 429": lambda: HandshakeRejected(429, {"retry-after": "30"}, b""),
    "HTTP 502": lambda: HandshakeRejected(502, *_PAGE),
    "a web page": lambda: HandshakeRejected(200, *_PAGE),
    "no WebSocket": lambda: HandshakeBroken("InvalidMessage"),
    "nobody listens": lambda: ConnectionRefusedError(errno.ECONNREFUSED, "refused"),
    "reset": lambda: PeerClosed(1006),
    "name not found": lambda: socket.gaierror(-2, "not known"),
}
HANGS: Final = "no answer"


class FarConnection:
    """One open connection; satisfies feeds.connection.Connection.

    `is_cut`: nothing passes in either direction any more, and nobody is told. `is_deaf`: sending blocks as well.
    `is_silent`: the server answers pings and never says a word. `on_read` is told what the client has read.
    """

    def __init__(self, far_end: FarEnd, side: Side) -> None:
        self._far_end = far_end
        self._time = far_end.time
        self.side = side
        self.arrived_ns = 0
        self.is_silent = not far_end.greets
        self.is_cut = False
        self.is_deaf = False
        self.is_open = True
        self.was_cut_at: int | None = None
        self._opened_ns = self._time.monotonic_ns()
        self._inbox: list[bytes] = []
        self._end: PeerClosed | None = None
        self._news = asyncio.Event()
        self._passing: FakeHandle | None = None
        self._on_read = far_end.on_read

    # --- what the supervisor uses

    @property
    def pending(self) -> int:
        return len(self._inbox)

    @property
    def pong_ns(self) -> int | None:
        until = self._time.monotonic_ns() if self.was_cut_at is None else self.was_cut_at
        pings = (until - self._opened_ns) // round(PING_S * NS)
        return self._opened_ns + pings * round(PING_S * NS) if pings else None

    async def receive(self) -> bytes:
        while not self._inbox:
            if self._end is not None:
                raise self._end
            self._news.clear()
            await self._news.wait()
        self.arrived_ns = self._time.monotonic_ns()
        message = self._inbox.pop(0)
        if self._on_read is not None:
            self._on_read(self, message)
        return message

    async def send(self, message: str | bytes) -> None:
        if self.is_deaf:
            await asyncio.Event().wait()
        if self._end is not None:
            raise self._end
        if not self.is_cut and not self.is_silent:
            self._deliver(self.side.received(message, self._far_end.now()))

    async def close(self) -> None:
        self.abort()

    def abort(self) -> None:
        self.is_open = False
        if self._passing is not None:
            self._passing.cancel()
        if self._end is None:
            self._end = PeerClosed(1006, is_ours=True)
        self._news.set()

    async def wait_closed(self) -> None:
        assert not self.is_open

    # --- what the far end does

    def begin(self) -> None:
        """Greet, and let the server's time pass."""
        if not self.is_silent:
            self._deliver(self.side.opened(self._far_end.now()))
        self._wait()

    def cut(self) -> None:
        """Let nothing pass any more, without telling anybody."""
        if not self.is_cut:
            self.is_cut = True
            self.was_cut_at = self._time.monotonic_ns()

    def drop(self, code: int, reason: str = "") -> None:
        """Close; what was sent before is still read."""
        if self.is_open and not self.is_cut and self._end is None:
            self._end = PeerClosed(code, reason)
            self._news.set()

    def say(self, message: bytes) -> None:
        """Put one message on the wire."""
        if self.is_open and not self.is_cut and self._end is None:
            self._inbox.append(message)
            self._far_end.heard_ns = self._time.monotonic_ns()
            self._news.set()

    def tell(self, tick: Tick, *, asked: bool = True) -> None:
        """Tell of a share."""
        self._put(self.side.tell(tick, asked=asked))

    def report(self, key: str) -> None:
        """Say what there is to say beside prices of a share."""
        self._put(self.side.report(key))

    def _put(self, messages: Messages) -> None:
        for message in messages if not self.is_silent else ():
            self._far_end.newest = message.encode() if isinstance(message, str) else message
            self.say(self._far_end.newest)

    def crowd_out(self) -> None:
        """Announce that there are too many connections, and close."""
        if not self.is_silent:
            self._deliver(self.side.crowd_out())

    def _deliver(self, messages: Messages) -> None:
        for message in messages:
            self.say(message.encode() if isinstance(message, str) else message)
        closing = self.side.closing()
        if closing is not None:
            self.drop(*closing)

    def _wait(self) -> None:
        if self.side.every_s is not None:
            self._passing = self._time.call_later(self.side.every_s, self._passed)

    def _passed(self) -> None:
        if self.is_open and self._end is None:
            if not self.is_silent and not self.is_cut:
                self._deliver(self.side.passed(self._far_end.now()))
            self._wait()


class FarEnd:
    """One place of a server, and the way to it; satisfies feeds.connection.Transport.

    `make` opens its side of a connection. `answer` is one of REFUSALS, HANGS or ACCEPTED.
    """

    def __init__(
        self,
        time: FakeTime,
        make: Callable[[str], Side],
        on_read: Callable[[FarConnection, bytes], None] | None = None,
    ) -> None:
        self.time = time
        self.on_read = on_read
        self._make = make
        self.answer = ACCEPTED
        self.greets = True
        self.has_network = True
        self.connections: list[FarConnection] = []
        self.attempts_ns: list[int] = []
        self.heard_ns = time.monotonic_ns()
        self.newest = b""

    def now(self) -> float:
        """Monotonic seconds."""
        return self.time.monotonic_ns() / NS

    @property
    def open_connections(self) -> list[FarConnection]:
        """Those that the client has not given up."""
        return [connection for connection in self.connections if connection.is_open]

    @property
    def current(self) -> FarConnection | None:
        """The newest connection, if it is open."""
        return self.connections[-1] if self.connections and self.connections[-1].is_open else None

    async def connect(self, url: str, headers: Mapping[str, str], **options: Any) -> FarConnection:
        """Open a connection, or fail as told. Asking once more by other means (HTTP) is the same attempt."""
        if not url.startswith("http"):
            self.attempts_ns.append(self.time.monotonic_ns())
        await self._wait(LATENCY_S)
        if not self.has_network:
            raise OSError(errno.ENETUNREACH, "no network")
        if self.answer == HANGS:
            await self._wait(OPEN_LIMIT_S)
            raise TimeoutError
        if self.answer != ACCEPTED:
            raise REFUSALS[self.answer]()
        connection = FarConnection(self, self._make(url))
        self.connections.append(connection)
        connection.begin()
        return connection

    def repeat(self, count: int) -> None:
        """Send the newest data once more, or more often."""
        for _ in range(count if self.current is not None and self.newest else 0):
            assert self.current is not None
            self.current.say(self.newest)

    def drop(self, code: int, *, mid_message: bool = False) -> None:
        """Close, in the middle of a message if so asked."""
        if self.current is not None:
            if mid_message and self.newest:
                self.current.say(self.newest[: len(self.newest) // 2])
            self.current.drop(code)

    def mute(self, *, is_deaf: bool) -> None:
        """Cut the way without a word: half open. Deaf, it takes nothing either."""
        if self.current is not None:
            self.current.is_deaf = is_deaf
            self.current.cut()

    def take_over(self) -> None:
        """Give the place of the connection to another: it stays open, and nothing comes on it any more."""
        if self.current is not None:
            self.current.is_silent = True

    def say(self, data: bytes) -> None:
        """Send whatever it is."""
        if self.current is not None:
            self.current.say(data)

    def slept(self, ns: int) -> None:
        """Let the clocks have run on while nothing happened: nobody could hear anything."""
        self.heard_ns += ns

    def lose_network(self) -> None:
        """Cut the way to all servers."""
        self.has_network = False
        for connection in self.open_connections:
            connection.cut()

    def heal(self) -> None:
        """End all faults: servers that never greeted are started again, ways that are cut stay cut."""
        self.answer, self.greets, self.has_network = ACCEPTED, True, True
        for connection in self.open_connections:
            if connection.is_silent:
                connection.drop(1012)

    async def _wait(self, seconds: float) -> None:
        passed = asyncio.Event()
        handle = self.time.call_later(seconds, passed.set)
        try:
            await passed.wait()
        finally:
            handle.cancel()
