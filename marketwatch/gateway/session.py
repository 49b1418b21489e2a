"""One WebSocket client of the gateway: its protocol, its outbox, and the two loops that serve it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Protocol

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web

from marketwatch.domain.events import MarketEvent
from marketwatch.gateway.fan_out import Encode
from marketwatch.gateway.limits import Limits, RequestRate
from marketwatch.gateway.outbox import Outbox
from marketwatch.protocols.base import Topic
from marketwatch.protocols.massive.server import ClientSubscribed, CloseConnection, MassiveServer, WireDialect

_LINGER_S = 0.002  # events this close together share a frame
_PATIENCE_S = 1.0
_ABORT_AFTER_S = 5.0


class SessionHost(Protocol):
    """What a session needs of its server."""

    def subscriptions_changed(self, session: ClientSession, added: tuple[Topic, ...]) -> None:
        """Hear that a client wants these topics too, or fewer when there are none."""
        ...

    def encoder_of(self, dialect: WireDialect) -> Encode:
        """Return the one encoder of a dialect."""
        ...


class _Ending(msgspec.Struct, frozen=True):
    """How a session ends on our side; `patience_s` is how long the client has to read and answer."""

    code: int
    reason: str
    patience_s: float = _PATIENCE_S


class ClientSession:
    """Serves one client until either side ends it."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        protocol: MassiveServer,
        host: SessionHost,
        limits: Limits,
    ) -> None:
        self.outbox = Outbox()
        self.was_slow = False
        self._socket = socket
        self._transport = transport
        self._protocol = protocol
        self._host = host
        self._limits = limits
        self._rate = RequestRate(limits.requests_per_s, limits.request_burst)
        self._ending: _Ending | None = None
        self._ended = asyncio.Event()
        self._gone = asyncio.Event()

    @property
    def encode(self) -> Encode:
        """The encoder of this client's dialect."""
        return self._host.encoder_of(self._protocol.dialect)

    @property
    def has_subscribed(self) -> bool:
        """True while the client wants something."""
        return bool(self._protocol.topics)

    def wants(self, event: MarketEvent) -> bool:
        """Tell whether the client subscribed to events of this type and key."""
        return self._protocol.wants(event)

    async def serve(self) -> None:
        """Greet, authenticate and serve; returns when the connection is over."""
        try:
            self._protocol.connection_made()
            self._act()
            async with asyncio.TaskGroup() as group:
                loops = [group.create_task(self._send_all()), group.create_task(self._receive_all())]
                await self._ended.wait()
                for loop in loops:
                    loop.cancel()
            await self._say_farewell()
        finally:
            self.outbox.close()
            self._gone.set()

    async def refuse(self) -> None:
        """Tell the client that too many are connected, and close."""
        self._protocol.refuse_connection()
        self._act()
        await self._say_farewell()

    async def finish(self, reason: str) -> None:
        """Send what waits and close politely; returns when the client is gone."""
        await self.outbox.wait_until_drained()
        self._end(_Ending(WSCloseCode.OK, reason, self._limits.close_s))
        await self._gone.wait()

    async def dismiss(self, code: int, reason: str) -> None:
        """Drop what waits and close. Returns when the client is gone."""
        self.outbox.close()
        self._end(_Ending(code, reason))
        await self._gone.wait()

    def drop_slow(self) -> None:
        """Let go of a client that has fallen too far behind."""
        self.was_slow = True
        self.outbox.close()
        self._protocol.drop_slow_consumer()
        self._end(_Ending(WSCloseCode.POLICY_VIOLATION, "slow_consumer"))

    def _end(self, ending: _Ending | None) -> None:
        if not self._ended.is_set():
            self._ending = ending
            self._ended.set()

    async def _receive_all(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._limits.authentication_s
        while not self._ended.is_set():
            timeout_s = None if self._protocol.is_authenticated else max(0.0, deadline - loop.time())
            try:
                message = await self._socket.receive(timeout_s)
            except TimeoutError:
                self._protocol.authentication_timed_out()
                self._act()
                return
            if message.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
                self._end(None)
                return
            wait_s = self._rate.wait_s(loop.time())
            if wait_s:
                await asyncio.sleep(wait_s)
            self._protocol.receive(message.data)
            self._act()

    def _act(self) -> None:
        """Send the protocol's answers and do what it asks."""
        self.outbox.single = self._protocol.dialect is WireDialect.SIMPLE
        for frame in self._protocol.data_to_send():
            self.outbox.add_frame(frame)
        events = self._protocol.take_events()
        for event in events:
            if isinstance(event, CloseConnection):
                self._end(_Ending(event.code, event.reason))
        if self._ended.is_set() or not events:
            return
        added = tuple(topic for event in events if isinstance(event, ClientSubscribed) for topic in event.topics)
        self._host.subscriptions_changed(self, added)

    async def _send_all(self) -> None:
        outbox = self.outbox
        while await outbox.wait_for_frame():
            if outbox.is_sparse:
                await asyncio.sleep(_LINGER_S)
            frame = outbox.next_frame()
            if frame is None:
                continue
            try:
                async with asyncio.timeout(self._limits.stall_s):
                    await self._socket.send_frame(frame.data, WSMsgType.TEXT)
            except TimeoutError:
                self.drop_slow()
                return
            except (ConnectionError, RuntimeError):  # RuntimeError: aiohttp's word for a socket that is closing
                self._end(None)
                return
            outbox.sent(frame)
            if frame.was_deferred:
                await asyncio.sleep(0)  # encoding it was work: let others have a turn

    async def _say_farewell(self) -> None:
        ending = self._ending
        if ending is None or self._socket.closed:
            return
        with contextlib.suppress(TimeoutError, ConnectionError, RuntimeError):
            async with asyncio.timeout(ending.patience_s):
                for data in self._last_words():
                    await self._socket.send_frame(data, WSMsgType.TEXT)
                await self._socket.close(code=ending.code, message=ending.reason.encode())
        if self._transport is not None and not self._transport.is_closing():
            # A client that does not read must not keep the connection open for ever.
            asyncio.get_running_loop().call_later(_ABORT_AFTER_S, self._transport.abort)

    def _last_words(self) -> list[bytes]:
        words = []
        while (frame := self.outbox.next_frame()) is not None:
            words.append(frame.data)
        return words + self._protocol.data_to_send()
