from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pandas
import pytest
from fake_time import FakeTime, settle

from marketwatch.client.callbacks import Tally
from marketwatch.client.streams import EventStream, FrameStream, make_frame
from marketwatch.domain.events import DayStatistics, MarketEvent, Quote, TradeTick
from marketwatch.errors import ConnectionFailed


def trade(number: int) -> TradeTick:
    return TradeTick(key="AAPL", stamp=1701439845000000000 + number, price=float(number), size=1.0)


def stream_of(*numbers: int, size: int = 100) -> EventStream:
    stream = EventStream(size, Tally())
    for number in numbers:
        stream._put(trade(number))
    return stream


async def test_events_come_in_order_then_the_end() -> None:
    stream = stream_of(1, 2)
    stream._end(None)
    assert [event.price async for event in stream if isinstance(event, TradeTick)] == [1.0, 2.0]


async def test_the_error_that_ended_the_feed_comes_after_its_events() -> None:
    stream = stream_of(1)
    stream._end(ConnectionFailed("Massive", "gone"))
    assert (await anext(stream)) == trade(1)
    with pytest.raises(ConnectionFailed, match="gone"):
        await anext(stream)


async def test_a_slow_reader_loses_the_oldest_and_that_is_counted() -> None:
    tally = Tally()
    stream = EventStream(2, tally)
    for number in range(5):
        stream._put(trade(number))
    stream._end(None)
    assert [event async for event in stream] == [trade(3), trade(4)]
    assert (stream.dropped, tally.dropped) == (3, 3)


async def test_a_cancelled_reader_loses_nothing() -> None:
    stream = stream_of()
    reading = asyncio.create_task(anext(stream))
    await settle()
    reading.cancel()
    await asyncio.wait([reading])
    stream._put(trade(1))
    assert await anext(stream) == trade(1)


def frames_of(stream: EventStream, time: FakeTime, max_rows: int = 3) -> FrameStream:
    async def counted(events: Sequence[MarketEvent]) -> list[float]:
        return [event.price for event in events if isinstance(event, TradeTick)]

    return FrameStream(stream, max_rows=max_rows, every_s=1.0, scheduler=time, make=counted)


async def test_a_full_batch_does_not_wait() -> None:
    frames = frames_of(stream_of(1, 2, 3, 4), FakeTime())
    assert await anext(frames) == [1.0, 2.0, 3.0]  # type: ignore[comparison-overlap]


async def test_a_batch_ends_one_period_after_its_first_row() -> None:
    time = FakeTime()
    stream = stream_of()
    reading = asyncio.create_task(anext(frames_of(stream, time)))
    await time.advance(5.0)
    stream._put(trade(1))
    await time.advance(0.9)
    stream._put(trade(2))
    await settle()
    assert not reading.done()
    await time.advance(0.2)
    assert await reading == [1.0, 2.0]
    assert time.waiting() == 0


async def test_what_came_before_the_end_is_a_batch_too() -> None:
    time = FakeTime()
    stream = stream_of(1)
    frames = frames_of(stream, time)
    reading = asyncio.create_task(anext(frames))
    await settle()
    stream._end(None)
    assert await reading == [1.0]
    with pytest.raises(StopAsyncIteration):
        await anext(frames)


async def test_a_queue_smaller_than_a_batch_fills_a_smaller_batch() -> None:
    stream = stream_of(size=2)
    reading = asyncio.create_task(anext(frames_of(stream, FakeTime())))
    await settle()
    stream._put(trade(1))
    await settle()
    stream._put(trade(2))
    assert await reading == [1.0, 2.0]
    assert stream.dropped == 0


def test_a_frame_has_a_row_per_event_and_keeps_nanoseconds() -> None:
    events = [trade(7), Quote(key="MSFT", bid=1.5), DayStatistics(key="AAPL", prev_close=3.0)]
    frame = make_frame(events, {"MSFT": "Microsoft"})
    assert list(frame["symbol"]) == ["AAPL", "Microsoft", "AAPL"]
    assert list(frame.columns[:4]) == ["event_type", "symbol", "time", "timestamp"]
    assert list(frame["event_type"]) == ["trade", "quote", "statistics"]
    assert frame["time"][0] == pandas.Timestamp(1701439845000000007, tz="UTC")
    assert frame["time"].isna().tolist() == [False, True, True]
    assert frame["price"].tolist()[0] == 7.0
    assert frame["price"].isna().tolist() == [False, True, True]
    assert (frame["bid_price"][1], frame["prev_close"][2]) == (1.5, 3.0)
