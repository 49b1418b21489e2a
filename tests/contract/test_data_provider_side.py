"""The Data Provider Server's side: it answers requests for bars, and says nothing of its own accord but pings."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from kind_sides import AMERICAN, AMERICAN_MS, NS, Messages, PlainSide, Sample, SideKind, SideWorld, Tick, shares
from side_talk import Talk
from tiny_protocol import topic_of

from marketwatch.domain.events import BatchBar
from marketwatch.feeds.catalog import FeedKind
from marketwatch.protocols.data_provider.server import DataProviderServer

_FRIDAY_NS = 1_750_982_400_000_000_000  # midnight UTC of 27 June 2025
_SAMPLE = {
    ("AAPL", "1d"): (
        BatchBar(_FRIDAY_NS - 86_400 * NS, 201.4, 202.6, 199.5, 201.0, 50_799_121.0),
        BatchBar(_FRIDAY_NS, 201.9, 203.2, 190.1, 190.55, 73_188_571.0),
    ),
    ("AAPL", "1m"): (BatchBar((AMERICAN_MS - 60_000) * 1_000_000, 190.5, 190.6, 190.4, 190.55, 1_200.0),),
}


class DataWorld(SideWorld):
    """The bars there are: of the day and the minute of each share's newest tick."""

    def __init__(self, now_ms: Callable[[], int], has_sample: bool = False) -> None:
        super().__init__(now_ms, has_sample)
        self.ticks: dict[str, Tick] = {}

    def bars(self, ticker: str, resolution: str) -> Sequence[BatchBar] | None:
        """Return the bars of a ticker, None when there are none."""
        if self.has_sample:
            return _SAMPLE.get((ticker, resolution))
        tick = self.ticks.get(ticker)
        return None if tick is None else (_bar(tick, resolution),)


class DataSide(PlainSide):
    """One connection."""

    every_s: float | None = 25.0

    def __init__(self, world: DataWorld, url: str) -> None:
        super().__init__()
        self._world = world
        self._server = DataProviderServer("a-session", world.bars)

    def opened(self, now: float) -> Messages:
        self._server.connection_made(now)
        return self._out()

    def received(self, message: str | bytes, now: float) -> Messages:
        self._server.receive(message, now)
        return self._out()

    def passed(self, now: float) -> Messages:
        self._server.deadline_passed(now)
        return self._out()

    def tell(self, tick: Tick, *, asked: bool = True) -> Messages:
        if asked:
            self._world.ticks[tick.key] = tick
            return []
        bar = dict.fromkeys(("Open", "High", "Low", "Close"), tick.price)
        row = {"Date": _new_york(tick).date().isoformat(), **bar, "Volume": 100 * tick.number}
        return [_event("data_response", {"ticker": tick.key, "data": [row], "resolution": "1d"})]

    def keys(self) -> set[str]:
        return set()

    def _out(self) -> Messages:
        self._note(self._server.take_events())
        return self._server.data_to_send()


def _new_york(tick: Tick) -> datetime:
    return datetime.fromtimestamp(tick.stamp_ns // NS, UTC).astimezone(ZoneInfo("America/New_York"))


def _bar(tick: Tick, resolution: str) -> BatchBar:
    at = _new_york(tick)
    start = datetime(at.year, at.month, at.day, tzinfo=UTC) if resolution == "1d" else at.replace(second=0)
    return BatchBar(round(start.timestamp()) * NS, *[tick.price] * 4, 100.0 * tick.number)


def _event(name: str, payload: dict[str, Any]) -> str:
    return "42" + json.dumps([name, payload])


SIDE = SideKind(
    make=DataSide,
    world=DataWorld,
    instruments=shares("US", AMERICAN),
    stranger="ZZZ",
    sample=Sample(key="AAPL", symbol="AAPL", price=190.55, volume="73.19\u202fM", at_ms=AMERICAN_MS),
    unknown="BARS.NOBODY",
    knows_subscriptions=False,
    is_pushed=False,
)


def test_what_it_is_asked_for_is_read() -> None:
    talk = Talk(FeedKind.DATA_PROVIDER, has_sample=False)
    talk.tell("AAPL", 191.0)
    assert talk.prices == []  # nobody asked
    talk.subscribe(topic_of("BARS.AAPL"), topic_of("BARS.NOBODY"))
    assert talk.confirmed == {"BARS.AAPL"}
    assert set(talk.prices) == {("AAPL", 191.0)}
    assert talk.invalid == []
