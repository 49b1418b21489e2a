"""Decode, and the whole path from bytes to bars, against the official client's parse step alone."""

from __future__ import annotations

import gc
import itertools
import json
import logging
import random
from collections.abc import Callable
from typing import Any

import msgspec
from harness import Row, at_least, paired
from massive.websocket.models import parse
from massive.websocket.models.common import Market

from marketwatch.domain.events import MarketEvent
from marketwatch.domain.ids import CASH, FeedId, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.snapshot import Snapshot
from marketwatch.protocols.massive.client import MassiveClient
from marketwatch.protocols.massive.messages import FRAME_DECODER
from marketwatch.runtime.clock import LiveMarketClock, SystemClock
from marketwatch.services.market_hub import FeedFacts, FeedNature, MarketHub

SYMBOLS = 5_000
ROUNDS = 7
EVENTS_PER_ROUND = 60_000
FRAME_MEAN = 37
EVENTS_PER_SECOND = 1_000_000  # market time advances as in a market that makes the program work at its budget
ALERTS = 200
POSITIONS = 50
DRAINS_PER_SECOND = 10
_FEED = FeedId("bench")
_START_MS = 1_751_031_000_000  # 2025-06-27 09:30 in New York
_CONDITIONS: tuple[list[int] | None, ...] = (None, [14], [14, 41], [37], [14, 37, 41], [12, 37])
_CONDITION_WEIGHTS = (30, 12, 14, 26, 17, 1)


def _symbol(number: int) -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return letters[number // 676 % 26] + letters[number // 26 % 26] + letters[number % 26]


def _encode(events: list[dict[str, Any]]) -> bytes:
    return json.dumps(events, separators=(",", ":")).encode()


class _Mix:
    """Frames of 70 % quotes, 28 % trades, 2 % minute bars; the activity of the symbols follows Zipf's law."""

    def __init__(self) -> None:
        self._random = random.Random(20250627)
        self._symbols = [_symbol(number) for number in range(SYMBOLS)]
        self._cumulative = list(itertools.accumulate(1 / (rank + 1) for rank in range(SYMBOLS)))
        self._prices = [self._random.uniform(5, 500) for _ in range(SYMBOLS)]
        self._sequence = 0
        self._position = 0

    def opening(self) -> list[bytes]:
        """Return one quote, trade and bar of every symbol: afterwards the pipeline has all its state."""
        events = [
            make(symbol, price, _START_MS)
            for symbol, price in zip(self._symbols, self._prices, strict=True)
            for make in (self._bar, self._quote, self._trade)
        ]
        self._position = EVENTS_PER_SECOND
        return [_encode(events)]

    def frames(self, events: int) -> list[bytes]:
        """Return the next frames that hold this many events together."""
        frames = []
        left = events
        while left:
            size = min(self._random.randint(1, 2 * FRAME_MEAN - 1), left)
            numbers = self._random.choices(range(SYMBOLS), cum_weights=self._cumulative, k=size)
            frames.append(_encode([self._event(number) for number in numbers]))
            left -= size
        return frames

    def _event(self, number: int) -> dict[str, Any]:
        stamp = _START_MS + self._position * 1_000 // EVENTS_PER_SECOND
        self._position += 1
        self._prices[number] = price = round(self._prices[number] * (1 + self._random.gauss(0, 1e-4)), 2)
        kind = self._random.random()
        if kind < 0.70:
            return self._quote(self._symbols[number], price, stamp)
        if kind < 0.98:
            return self._trade(self._symbols[number], price, stamp)
        return self._bar(self._symbols[number], price, stamp)

    def _quote(self, symbol: str, price: float, stamp: int) -> dict[str, Any]:
        self._sequence += 1
        return {
            **{
                "ev": "Q",
                "sym": symbol,
                "bx": 11,
                "bp": round(price - 0.01, 2),
                "bs": self._random.randint(1, 20) * 100,
            },
            **{"ax": 12, "ap": round(price + 0.01, 2), "as": self._random.randint(1, 20) * 100, "c": 1, "i": [604]},
            **{"t": stamp, "q": self._sequence, "z": 3},
        }

    def _trade(self, symbol: str, price: float, stamp: int) -> dict[str, Any]:
        self._sequence += 1
        trade = {
            **{"ev": "T", "sym": symbol, "x": 4, "i": str(self._sequence), "z": 3, "p": price},
            **{"s": self._random.randint(1, 400), "t": stamp, "q": self._sequence},
        }
        conditions = self._random.choices(_CONDITIONS, _CONDITION_WEIGHTS)[0]
        return trade if conditions is None else {**trade, "c": conditions}

    def _bar(self, symbol: str, price: float, stamp: int) -> dict[str, Any]:
        minute = stamp - stamp % 60_000 - 60_000
        return {
            **{"ev": "AM", "sym": symbol, "v": 4110, "av": 9_470_157, "op": price, "vw": price, "o": price, "c": price},
            **{"h": price, "l": price, "a": price, "z": 685, "s": minute, "e": minute + 60_000},
        }


class _Alert:
    """Two sentinels per instrument, as alert rules will keep them: no rule is looked at unless one is crossed."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._upper = 1e9
        self._lower = 0.0
        self.crossings = 0
        self.snapshot = snapshot

    def __call__(self, snapshot: Snapshot, _event: MarketEvent) -> None:
        price = snapshot.price
        if price is not None and (price >= self._upper or price <= self._lower):
            self.crossings += 1


class _Pipeline:
    """Everything a message goes through, except the socket and the screen."""

    def __init__(self, symbols: int = SYMBOLS) -> None:
        clock = SystemClock()
        self.hub = MarketHub(clock)
        self.hub.add_feed(
            FeedFacts(id=_FEED, label="bench", nature=FeedNature.LIVE, market_clock=LiveMarketClock(clock))
        )
        snapshots = []
        for number in range(symbols):
            symbol = _symbol(number)
            instrument = Instrument(id=InstrumentId(Venue("XNAS"), CASH, symbol), currency="USD")
            snapshots.append(self.hub.track(instrument, _FEED, symbol))
        for snapshot in snapshots[:: SYMBOLS // ALERTS]:
            self.hub.add_sink(snapshot.instrument.id, _Alert(snapshot), quotes=False)
        self._positions = {snapshot.instrument.id: 100.0 for snapshot in snapshots[:: SYMBOLS // POSITIONS]}
        self._value = 0.0
        self._client = MassiveClient()

    def run(self, frames: list[bytes]) -> None:
        """Decode, apply, and at every display tick drain and value the positions that changed."""
        receive, publish = self._client.receive, self.hub.publish
        since_drain = 0
        for frame in frames:
            events = receive(frame, 0.0)
            publish(_FEED, events)
            since_drain += len(events)
            if since_drain >= EVENTS_PER_SECOND // DRAINS_PER_SECOND:
                since_drain = 0
                self._drain()
        self._drain()

    def _drain(self) -> None:
        positions = self._positions
        for snapshot in self.hub.drain():
            quantity = positions.get(snapshot.instrument.id)
            if quantity is not None:
                self._value += quantity * (snapshot.day_change or 0.0)


class _Rounds:
    """Hands a work its next share of the frames at every call."""

    def __init__(self, work: Callable[[list[bytes]], None], shares: list[list[bytes]]) -> None:
        self._work = work
        self._shares = iter(shares)

    def __call__(self) -> None:
        self._work(next(self._shares))


def _official(frames: list[bytes]) -> None:
    """Do what the official client does with a message before it calls its user, and nothing else."""
    logger = logging.getLogger("massive")
    for frame in frames:
        message = json.loads(frame)
        for event in message:
            if event["ev"] == "status":
                logger.debug("status: %s", event["message"])
        parse(message, logger, Market.Stocks)


def _decode(frames: list[bytes]) -> None:
    for frame in frames:
        FRAME_DECODER.decode(frame)


def run() -> list[Row]:
    """Measure in one process, both sides alternately, on the same frames."""
    mix = _Mix()
    pipeline = _Pipeline()
    pipeline.run(mix.opening())
    shares = [mix.frames(EVENTS_PER_ROUND) for _ in range(ROUNDS + 1)]
    gc.freeze()
    decode = paired(_Rounds(_decode, shares), _Rounds(_official, shares), ROUNDS)
    whole = paired(_Rounds(pipeline.run, shares), _Rounds(_official, shares), ROUNDS)
    gc.unfreeze()
    decode_share = decode.ours_s / whole.ours_s
    return [
        at_least(
            "decode, 5,000 symbols",
            decode,
            peer="official massive parse",
            budget=10,
            value=EVENTS_PER_ROUND / decode.ours_s,
            unit="events/s",
        ),
        at_least(
            "decode, quotes, trades, bars, 200 alerts, 50 positions",
            whole,
            peer="official massive parse alone",
            budget=5.5,
            value=EVENTS_PER_ROUND / whole.ours_s,
            unit="events/s",
        ),
        Row(
            name="share of bare decoding in the whole",
            value=100 * decode_share,
            unit="%",
            peer="bare msgspec decode",
            ratio=decode_share,
        ),
    ]


if __name__ == "__main__":
    for row in run():
        print(msgspec.json.encode(row).decode())
