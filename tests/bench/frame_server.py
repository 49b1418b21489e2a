"""A server in a process of its own that speaks just enough of Massive's native dialect, and sends what it is told to.

Writes its address to standard output. Lines on standard input: `flood FRAMES`, `pace EVENTS_PER_S SECONDS`, nothing
for a market that is closed.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import sys
import time
from collections.abc import Iterator
from http import HTTPStatus

import msgspec
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

EVENTS_PER_FRAME = 50
SYMBOLS = 5_000
_START_MS = 1_751_031_000_000


def symbol_name(number: int) -> str:
    """Return the symbol of a number."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return letters[number // 676 % 26] + letters[number // 26 % 26] + letters[number % 26]


def frames() -> Iterator[bytes]:
    """Yield frames for ever, no event twice: 70 % quotes, 28 % trades, 2 % minute bars; activity as in a market."""
    rng = random.Random(20250627)
    names = [symbol_name(number) for number in range(SYMBOLS)]
    cumulative = list(itertools.accumulate(1 / (rank + 10) for rank in range(SYMBOLS)))
    numbers = itertools.count(1)
    while True:
        chosen = rng.choices(names, cum_weights=cumulative, k=EVENTS_PER_FRAME)
        events = (_event(rng.random(), name, next(numbers)) for name in chosen)
        yield f"[{','.join(events)}]".encode()


def _event(kind: float, name: str, number: int) -> str:
    stamp = _START_MS + number // 300
    price = 100 + number % 97 / 100
    if kind < 0.70:
        return (f'{{"ev":"Q","sym":"{name}","bx":11,"bp":{price - 0.01:.2f},"bs":300,"ax":12,"ap":{price:.2f},'
                f'"as":200,"c":1,"i":[604],"t":{stamp},"q":{number},"z":3}}')  # fmt: skip
    if kind < 0.98:
        return (f'{{"ev":"T","sym":"{name}","x":4,"i":"{number}","z":3,"p":{price:.2f},"s":100,"c":[14,37],'
                f'"t":{stamp},"q":{number}}}')  # fmt: skip
    minute = stamp - stamp % 60_000 - 60_000
    return (f'{{"ev":"AM","sym":"{name}","v":4110,"av":9470157,"op":{price:.2f},"vw":{price:.2f},"o":{price:.2f},'
            f'"c":{price:.2f},"h":{price:.2f},"l":{price:.2f},"a":{price:.2f},"z":685,"s":{minute},'
            f'"e":{minute + 60_000}}}')  # fmt: skip


def _status(status: str, message: str) -> bytes:
    return msgspec.json.encode([{"ev": "status", "status": status, "message": message}])


def _ticker(number: int) -> dict[str, object]:
    day = {"o": 100.0, "h": 102.0, "l": 99.0, "c": 101.0, "v": 5000, "vw": 100.5}
    return {"ticker": symbol_name(number), "day": day, "prevDay": {**day, "c": 100.0}, "updated": _START_MS * 1_000_000}


class FrameServer:
    """Serves one client."""

    def __init__(self) -> None:
        self._frames = frames()
        self._client: ServerConnection | None = None

    async def talk(self, client: ServerConnection) -> None:
        """Greet, accept any key and confirm any topic."""
        await client.send(_status("connected", "Connected Successfully"), text=True)
        async for message in client:
            request = msgspec.json.decode(message)
            if request["action"] == "auth":
                await client.send(_status("auth_success", "authenticated"), text=True)
            elif request["action"] == "subscribe":
                for topic in request["params"].split(","):
                    await client.send(_status("success", f"subscribed to: {topic}"), text=True)
                self._client = client

    def answer(self, _client: ServerConnection, request: Request) -> Response | None:
        """Answer the snapshot request that goes beside the stream: the day is over."""
        if not request.path.startswith("/v2/"):
            return None
        body = msgspec.json.encode({"status": "OK", "tickers": [_ticker(number) for number in range(SYMBOLS // 10)]})
        headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(body))})
        return Response(HTTPStatus.OK, "OK", headers, body)

    async def obey(self, line: str) -> None:
        """Send what a line asks for."""
        client = self._client
        if client is None:
            return
        what, *numbers = line.split()
        if what == "flood":
            for frame in list(itertools.islice(self._frames, int(numbers[0]))):
                await client.send(frame, text=True)
        elif what == "pace":
            await self._pace(client, int(numbers[0]) / EVENTS_PER_FRAME, float(numbers[1]))

    async def _pace(self, client: ServerConnection, frames_per_s: float, seconds: float) -> None:
        waiting = list(itertools.islice(self._frames, int(frames_per_s * seconds)))
        began = time.perf_counter()
        sent = 0
        while sent < len(waiting):
            due = min(int((time.perf_counter() - began) * frames_per_s), len(waiting))
            for frame in waiting[sent:due]:
                await client.send(frame, text=True)
            sent = due
            await asyncio.sleep(0.001)


async def main() -> None:
    """Serve until standard input ends."""
    server = FrameServer()
    async with serve(server.talk, "127.0.0.1", 0, compression=None, process_request=server.answer) as listener:
        port = next(iter(listener.sockets)).getsockname()[1]
        sys.stdout.write(f"ws://127.0.0.1:{port}/stocks\n")
        sys.stdout.flush()
        while line := await asyncio.to_thread(sys.stdin.readline):
            await server.obey(line)


if __name__ == "__main__":
    asyncio.run(main())
