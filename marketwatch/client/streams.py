"""Reading by iteration: events one by one, or batches of them as pandas frames."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from marketwatch.client.callbacks import Tally
from marketwatch.client.payloads import payload
from marketwatch.domain.events import MarketEvent
from marketwatch.errors import MarketWatchError
from marketwatch.runtime.scheduler import Scheduler, wait_until

if TYPE_CHECKING:
    from pandas import DataFrame

MakeFrame = Callable[[Sequence[MarketEvent]], Awaitable[Any]]


class EventStream:
    """Events of a client from the moment it was asked for; several streams each see all of them.

    Holds as many events as the option `queue_size` says; when a reader is slower, the oldest are dropped and
    counted in `dropped`. Ends when the client disconnects; raises the error that ended the feed, if one did, after
    the events that came before it.

    >>> async with FeedClient("massive", url=url, key=key) as client:
    ...     await client.subscribe("AAPL", "T")
    ...     events = aiter(client)
    ...     first = await anext(events)
    'sub-1'
    >>> type(events).__name__, first.key, first.price, events.dropped
    ('EventStream', 'AAPL', 175.5, 0)
    """

    def __init__(self, size: int, tally: Tally) -> None:
        self.dropped = 0
        self._events: deque[MarketEvent] = deque()
        self._size = size
        self._tally = tally
        self._enough = 1
        self._wake = asyncio.Event()
        self._is_ended = False
        self._error: MarketWatchError | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> MarketEvent:
        await self._wait_for_one()
        return self._events.popleft()

    def _put(self, event: MarketEvent) -> None:
        if len(self._events) >= self._size:
            self._events.popleft()
            self.dropped += 1
            self._tally.dropped += 1
        self._events.append(event)
        if len(self._events) >= self._enough:
            self._wake.set()

    def _end(self, error: MarketWatchError | None) -> None:
        self._is_ended = True
        self._error = error
        self._wake.set()

    async def _wait_for_one(self) -> None:
        while not self._events:
            if self._error is not None:
                raise self._error.with_traceback(None)  # several may wait for it
            if self._is_ended:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()

    async def _take(self, count: int, within_s: float, scheduler: Scheduler) -> list[MarketEvent]:
        """Return what comes within a time that begins with the first event, `count` at most."""
        await self._wait_for_one()
        if len(self._events) < count and not self._is_ended:
            self._enough = min(count, self._size)
            self._wake.clear()
            try:
                await wait_until(self._wake, within_s, scheduler)
            finally:
                self._enough = 1
        return [self._events.popleft() for _ in range(min(count, len(self._events)))]


class FrameStream:
    """Batches of events as pandas frames: one row per event, columns as in `payload`, and `time` (ns, UTC).

    A batch ends after the asked number of rows, or the asked time after its first row. What an event does not have
    is missing in its row. Drops and ends like `EventStream`; `dropped` counts the events lost.

    >>> async with FeedClient("massive", url=url, key=key) as client:
    ...     await client.subscribe("AAPL", "T")
    ...     frame = await anext(client.frames(max_rows=2))
    'sub-1'
    >>> list(frame["price"]), str(frame["time"].dt.tz), frame["symbol"].unique().tolist()
    ([175.5, 175.75], 'UTC', ['AAPL'])
    """

    def __init__(
        self, events: EventStream, *, max_rows: int, every_s: float, scheduler: Scheduler, make: MakeFrame
    ) -> None:
        self._events = events
        self._max_rows = max_rows
        self._every_s = every_s
        self._scheduler = scheduler
        self._make = make

    @property
    def dropped(self) -> int:
        """How many events were lost because the reader was slower than the feed.

        >>> async with FeedClient("massive", url=url, key=key) as client:
        ...     client.frames().dropped
        0
        """
        return self._events.dropped

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> DataFrame:
        events = await self._events._take(self._max_rows, self._every_s, self._scheduler)
        return await self._make(events)


def make_frame(events: Sequence[MarketEvent], names: Mapping[str, str]) -> DataFrame:
    """Return events as the rows of a frame; `names` has the symbols that were written otherwise.

    Imports pandas, which is slow: call it in a worker.
    """
    import pandas

    rows = [payload(event) for event in events]
    for row in rows:
        row["symbol"] = names.get(row["symbol"], row["symbol"])
    frame = pandas.DataFrame.from_records(rows)
    times = pandas.to_datetime(pandas.Series([event.event_ns for event in events], dtype="Int64"), unit="ns", utc=True)
    frame.insert(2, "time", times)
    return frame
