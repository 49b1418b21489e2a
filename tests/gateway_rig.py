"""A gateway in the test's own loop, and a plain client to talk to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiohttp import WSMsgType

from marketwatch.domain.events import DayStatistics, MarketEvent
from marketwatch.domain.ids import CASH, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.feeds.delivery import EventSink
from marketwatch.feeds.playback import Playback
from marketwatch.feeds.recorded.recording import open_recording
from marketwatch.feeds.recorded.source import RecordedSource
from marketwatch.gateway.server import GatewayServer
from marketwatch.protocols.base import Channel
from marketwatch.runtime.clock import SystemClock

KEY = "open sesame"


def instruments_of(keys: Sequence[str]) -> dict[str, Instrument]:
    return {key: Instrument(id=InstrumentId(Venue("US"), CASH, key), currency="USD") for key in keys}


class HandFed:
    """A source that plays what the test puts in."""

    def __init__(self, keys: Sequence[str], *, waits: bool = True) -> None:
        self._instruments = instruments_of(keys)
        self._waits = waits
        self.batches: asyncio.Queue[Sequence[MarketEvent] | None] = asyncio.Queue()
        self.known: dict[str, DayStatistics] = {}
        self.missed: dict[tuple[str, Channel], Sequence[MarketEvent]] = {}

    def instruments(self) -> Mapping[str, Instrument]:
        return self._instruments

    def statistics(self, key: str) -> DayStatistics | None:
        return self.known.get(key)

    def backlog(self, key: str, channel: Channel) -> Sequence[MarketEvent]:
        return self.missed.get((key, channel), ())

    async def play(self, sink: EventSink) -> None:
        while (events := await self.batches.get()) is not None:
            if self._waits:
                await sink.deliver(events)
            else:
                sink.offer(events)


@asynccontextmanager
async def gateway(source: Any, *, finish: bool = False, **options: Any) -> AsyncIterator[GatewayServer]:
    """Run a gateway that accepts KEY on a free port."""
    server = GatewayServer(source, accepts_key=lambda key: key == KEY, **options)
    await server.start()

    async def play() -> None:
        await server.play()
        if finish:
            await server.finish()

    playing = asyncio.create_task(play())
    try:
        yield server
    finally:
        playing.cancel()
        await asyncio.wait([playing])
        await server.stop()
        if not playing.cancelled():
            playing.result()


@asynccontextmanager
async def replaying(path: Path, *, speed: float | None = None, **options: Any) -> AsyncIterator[GatewayServer]:
    """Replay a recording as soon as somebody has subscribed, and end politely."""
    recording = await open_recording(path)
    try:
        playback = Playback(recording, clock=SystemClock(), speed=speed, hold=True)
        source = RecordedSource(playback, instruments_of(recording.describe().symbols))
        async with gateway(source, finish=True, **options) as server:
            yield server
    finally:
        await recording.close()


class PlainClient:
    """Talks to the gateway without any protocol code of ours."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def say(self, **message: Any) -> None:
        await self.socket.send_str(msgspec.json.encode(message).decode())

    async def hear(self) -> Any:
        """Return the next frame as JSON; the close code when the connection ends."""
        async with asyncio.timeout(10):
            message = await self.socket.receive()
        return msgspec.json.decode(message.data) if message.type is WSMsgType.TEXT else self.socket.close_code

    async def log_in(self) -> None:
        assert (await self.hear())[0]["status"] == "connected"
        await self.say(action="auth", params=KEY)
        assert (await self.hear())[0]["status"] == "auth_success"

    async def subscribe(self, params: str) -> list[str]:
        await self.say(action="subscribe", params=params)
        return [status["message"] for status in await self.hear()]

    async def hear_all(self) -> tuple[list[dict[str, Any]], int | None]:
        """Return everything until the close, and its code."""
        events: list[dict[str, Any]] = []
        while not isinstance(frame := await self.hear(), int | None):
            events.extend(frame if isinstance(frame, list) else [frame])
        return events, frame


@asynccontextmanager
async def connected(url: str, **options: Any) -> AsyncIterator[PlainClient]:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, max_msg_size=1_000_000, **options) as socket,
    ):
        yield PlainClient(socket)
