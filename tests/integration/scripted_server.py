"""A server of real sockets on loopback that behaves as badly as a test asks.

Each connection runs the next script; the last one is used for all that follow. A script is a coroutine function that
takes a `Peer`.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

Script = Callable[["Peer"], Awaitable[None]]


class Gone(Exception):
    """The client left."""


class Peer:
    """Server side of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._protocol = ServerProtocol()
        self._waiting: list[Request | Frame] = []
        self.headers: dict[str, str] = {}
        self.path = ""
        self.received: list[str] = []
        self.close_code: int | None = None

    async def accept(self) -> None:
        """Answer the upgrade with 101."""
        request = await self._request()
        self._protocol.send_response(self._protocol.accept(request))
        self._flush()

    async def reject(self, status: str, headers: str = "", body: str = "") -> None:
        """Answer the upgrade with something else."""
        await self._request()
        self.raw(
            f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()
        )

    async def wants_stream(self) -> bool:
        """Look at the request without answering it: True for a WebSocket, False for anything else."""
        request = await self._request()
        self._waiting.insert(0, request)
        return "upgrade" in self.headers

    async def read_request(self) -> None:
        """Read the upgrade request and say nothing."""
        await self._request()

    def send(self, *messages: str) -> None:
        """Send text messages."""
        for message in messages:
            self._protocol.send_text(message.encode())
        self._flush()

    def send_bytes(self, message: bytes, *, as_text: bool = False) -> None:
        """Send a binary message, or any bytes as if they were text."""
        (self._protocol.send_text if as_text else self._protocol.send_binary)(message)
        self._flush()

    def raw(self, data: bytes) -> None:
        """Put bytes on the wire as they are."""
        self._writer.write(data)

    async def drain(self) -> None:
        """Wait until the client has read."""
        await self._writer.drain()

    async def receive(self, *, answers_pings: bool = True) -> str:
        """Wait for the next text message; raises Gone when the client leaves."""
        frame = await self._event(answers_pings=answers_pings)
        while not (isinstance(frame, Frame) and frame.opcode is Opcode.TEXT):
            if isinstance(frame, Frame) and frame.opcode is Opcode.CLOSE:
                self.close_code = int(Close.parse(bytes(frame.data)).code)
            frame = await self._event(answers_pings=answers_pings)
        text = bytes(frame.data).decode()
        self.received.append(text)
        return text

    async def hold(self, *, answers_pings: bool = True) -> None:
        """Keep the connection until the client leaves; without pongs and goodbyes when so asked."""
        while True:
            await self.receive(answers_pings=answers_pings)

    async def deaf(self) -> None:
        """Read nothing any more, for ever."""
        transport = self._writer.transport
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()
        await asyncio.Event().wait()

    async def welcome(self) -> None:
        """Accept, greet and let in, in the words of the tiny protocol; leaves the subscriptions unread."""
        await self.accept()
        self.send("hello")
        await self.receive()
        self.send("welcome")

    async def serve(self, wanted: int = 0) -> None:
        """Like `welcome`, then confirm `wanted` subscriptions."""
        await self.welcome()
        for _ in range(wanted):
            word, topic = (await self.receive()).split(" ")
            if word == "sub":
                self.send(f"ok {topic}")

    async def close(self, code: int, reason: str = "") -> None:
        """Close with a code, in an orderly way."""
        self._protocol.send_close(code, reason)
        self._flush()
        with contextlib.suppress(Gone):
            await self.hold()

    def reset(self) -> None:
        """Cut the connection with a TCP reset, so that the client sees 1006."""
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def _request(self) -> Request:
        request = await self._event()
        assert isinstance(request, Request)
        self.headers = {name.lower(): value for name, value in request.headers.raw_items()}
        self.path = request.path
        return request

    async def _event(self, *, answers_pings: bool = True) -> Request | Frame:
        while not self._waiting:
            data = await self._reader.read(65_536)
            if not data:
                raise Gone
            self._protocol.receive_data(data)
            self._waiting.extend(self._protocol.events_received())  # type: ignore[arg-type]
            answers = self._protocol.data_to_send()
            if answers_pings:
                self._write(answers)
        return self._waiting.pop(0)

    def _flush(self) -> None:
        self._write(self._protocol.data_to_send())

    def _write(self, parts: list[bytes]) -> None:
        for part in parts:
            if part:
                self._writer.write(part)
            elif self._writer.can_write_eof():
                self._writer.write_eof()


class ScriptedServer:
    """Use as `async with ScriptedServer(script, …) as server`; everything ends with the block."""

    def __init__(self, *scripts: Script) -> None:
        self._scripts = scripts
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.peers: list[Peer] = []
        self.failures: list[BaseException] = []
        self.url = ""

    @property
    def count(self) -> int:
        """How many connections were made."""
        return len(self.peers)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._on_connection, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/stocks"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        if kind is None:
            assert not self.failures, self.failures

    async def _on_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        script = self._scripts[min(self.count, len(self._scripts) - 1)]
        peer = Peer(reader, writer)
        self.peers.append(peer)
        try:
            await script(peer)
        except (Gone, ConnectionError, asyncio.CancelledError):
            pass
        except Exception as error:  # noqa: BLE001 - boundary: the test is told at its end
            self.failures.append(error)
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


async def unused_url() -> str:
    """Return an address where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"ws://127.0.0.1:{probe.getsockname()[1]}/stocks"
