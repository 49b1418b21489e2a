"""What the supervisor needs of a connection. The real one is in transport.py, which is imported late."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

SYSTEM_PROXY = "system"
"""In the place of a proxy's address: the one of the environment."""


class Connection(Protocol):
    """One open connection that carries whole messages."""

    @property
    def pending(self) -> int:
        """How many whole messages have arrived and were not taken."""
        ...

    @property
    def arrived_ns(self) -> int:
        """Monotonic ns at which the message taken last arrived."""
        ...

    @property
    def pong_ns(self) -> int | None:
        """Monotonic ns of the last answer to a ping, None when there was none or the transport does not ping."""
        ...

    async def receive(self) -> bytes:
        """Take the next message. Returns at once, without giving up the loop, while one is pending.

        Raises PeerClosed when the connection is over.
        """
        ...

    async def send(self, message: str | bytes) -> None:
        """Send one message; waits while the far end does not read. Raises PeerClosed when the connection is over."""
        ...

    async def close(self) -> None:
        """Say goodbye and wait for the end, at most the close limit; then cut. Never raises for the network."""
        ...

    def abort(self) -> None:
        """Cut the connection now."""
        ...

    async def wait_closed(self) -> None:
        """Wait until the socket is gone."""
        ...


class Transport(Protocol):
    """Opens connections."""

    async def connect(self, url: str, headers: Mapping[str, str], *, max_bytes: int | None = None) -> Connection:
        """Open a connection that takes messages of `max_bytes`, None meaning what the transport takes anyway.

        Raises ConfigurationError, OSError or one of the plain exceptions of runtime.retry; `retry.judge` reads all.
        """
        ...
