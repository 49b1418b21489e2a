"""What waits to be sent to one client, put into frames, with a limit."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Iterator

import msgspec

FRAME_EVENTS = 200
FRAME_BYTES = 65_536
ROOM_BYTES = 1_048_576
"""A source that waits stops above this and goes on below it."""

FULL_BYTES = 8 * ROOM_BYTES
"""A client that a source does not wait for is let go above this."""


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One WebSocket message. `size` is what it counts in the outbox."""

    data: bytes
    events: int
    size: int
    was_deferred: bool = False


class Outbox:
    """Frames for one client. Market data is gathered into arrays; with `single` each event is a frame of its own."""

    def __init__(self, *, single: bool = False) -> None:
        self.single = single
        self.waiting_bytes = 0
        self.sent_events = 0
        self.is_closed = False
        self._frames: deque[Frame | Iterator[bytes]] = deque()
        self._events: list[bytes] = []
        self._event_bytes = 0
        self._filled = asyncio.Event()
        self._roomy = asyncio.Event()
        self._roomy.set()
        self._drained = asyncio.Event()
        self._drained.set()

    @property
    def has_room(self) -> bool:
        """True when a source that waits may go on."""
        return self.is_closed or self.waiting_bytes < ROOM_BYTES

    @property
    def is_full(self) -> bool:
        """True when the client has fallen too far behind."""
        return self.waiting_bytes > FULL_BYTES

    def add(self, event: bytes) -> None:
        """Queue one encoded event; `wake` makes the sender notice."""
        self.waiting_bytes += len(event)
        if self.single:
            self._frames.append(Frame(event, 1, len(event)))
            return
        self._events.append(event)
        self._event_bytes += len(event) + 1
        if len(self._events) >= FRAME_EVENTS or self._event_bytes >= FRAME_BYTES:
            self._seal()

    def add_frame(self, frame: bytes) -> None:
        """Queue a finished frame, such as a status, behind everything queued so far."""
        self._seal()
        self._frames.append(Frame(frame, 0, len(frame)))
        self.waiting_bytes += len(frame)
        self.wake()

    def add_later(self, events: Iterator[bytes]) -> None:
        """Queue events that are encoded only when their turn to be sent comes: much work, done in small pieces."""
        self._seal()
        self._frames.append(events)
        self.waiting_bytes += 1  # stands for them until they are known
        self.wake()

    def wake(self) -> None:
        """Tell the sender that something waits, and the source whether there is room."""
        if self.waiting_bytes:
            self._filled.set()
            self._drained.clear()
        if not self.has_room:
            self._roomy.clear()

    def close(self) -> None:
        """Drop what waits: nobody will read it."""
        self.is_closed = True
        self._frames.clear()
        self._events.clear()
        self._event_bytes = self.waiting_bytes = 0
        for event in (self._filled, self._roomy, self._drained):
            event.set()

    async def wait_for_frame(self) -> bool:
        """Wait until something can be sent; False after `close`."""
        while not (self._frames or self._events or self.is_closed):
            self._filled.clear()
            await self._filled.wait()
        return not self.is_closed

    def next_frame(self) -> Frame | None:
        """Hand over the next frame; None when nothing waits. `sent` must follow once it is on its way."""
        if not self._frames:
            self._seal()
        while self._frames:
            head = self._frames[0]
            if isinstance(head, Frame):
                self._frames.popleft()
                return head
            elements = list(itertools.islice(head, 1 if self.single else FRAME_EVENTS))
            if elements:
                return self._deferred(elements)
            self._frames.popleft()
            self.waiting_bytes -= 1
            self._settle()
            if not self._frames:
                self._seal()
        return None

    def sent(self, frame: Frame) -> None:
        """Count a frame that `next_frame` gave as sent."""
        if self.is_closed:
            return
        self.sent_events += frame.events
        self.waiting_bytes -= frame.size
        self._settle()

    @property
    def is_sparse(self) -> bool:
        """True when what waits would make less than one full frame: a short pause may gather more."""
        return not self._frames

    async def wait_for_room(self) -> None:
        """Return when there is room or the client is gone."""
        await self._roomy.wait()

    async def wait_until_drained(self) -> None:
        """Return when everything has been sent or the client is gone."""
        await self._drained.wait()

    def _settle(self) -> None:
        if self.has_room:
            self._roomy.set()
        if not self.waiting_bytes:
            self._drained.set()

    def _deferred(self, elements: list[bytes]) -> Frame:
        size = sum(map(len, elements))
        self.waiting_bytes += size
        data = elements[0] if self.single else b"[" + b",".join(elements) + b"]"
        return Frame(data, len(elements), size, was_deferred=True)

    def _seal(self) -> None:
        if self._events:
            size = self._event_bytes - len(self._events)
            self._frames.append(Frame(b"[" + b",".join(self._events) + b"]", len(self._events), size))
            self._events = []
            self._event_bytes = 0
