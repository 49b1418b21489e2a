"""A stream looked at for a short while, by the supervisor that would read it: its frames as they come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from marketwatch.domain.events import MarketEvent
from marketwatch.domain.ids import FeedId
from marketwatch.domain.secret import Secret
from marketwatch.feeds.catalog import FeedAddress, FeedSpec
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.feeds.supervisor import FeedSupervisor
from marketwatch.feeds.surroundings import FeedSettings, Surroundings
from marketwatch.protocols.base import Topic
from marketwatch.protocols.mapping.client import MappingClient
from marketwatch.protocols.mapping.mapping import Mapping
from marketwatch.runtime.scheduler import wait_until
from marketwatch.services.notices import in_sentences

LONGEST_S: Final = 60.0
_STEP_S: Final = 0.1
_NS: Final = 1_000_000_000
_MOST_FRAMES: Final = 20

FramesTaker = Callable[[Sequence[bytes], int], None]
"""Gets the newest frames, and how many came in all."""


class StreamTrial:
    """Hands on at most twenty frames ten times a second; the rest is counted."""

    def __init__(self, around: Surroundings, on_frames: FramesTaker, on_words: Callable[[str], None]) -> None:
        self._around = around
        self._on_frames = on_frames
        self._on_words = on_words
        self._news = asyncio.Event()
        self._frames: list[bytes] = []
        self._count = 0

    async def run(self, spec: FeedSpec, url: str, mapping: Mapping | None, topics: Iterable[Topic]) -> None:
        """Connect, and look for a minute; cancel it to stop before."""
        settings = FeedSettings(
            feed_id=FeedId("trial"),
            label="The stream",
            spec=msgspec.structs.replace(spec, protocol=lambda key: _Tap(MappingClient(key, mapping), self._take)),
            address=FeedAddress(url),
        )
        supervisor = FeedSupervisor(
            settings, self._around, credentials=_no_key, sink=_nothing, on_status=self._say, session_open=_not_known
        )
        supervisor.want(topics)
        supervisor.start()
        try:
            await self._listen()
        finally:
            await supervisor.stop()

    async def _listen(self) -> None:
        clock, scheduler = self._around.clock, self._around.scheduler
        end_ns = clock.monotonic_ns() + round(LONGEST_S * _NS)
        while (left_s := (end_ns - clock.monotonic_ns()) / _NS) > 0:
            await wait_until(self._news, left_s, scheduler)
            self._news.clear()
            if self._frames:
                frames, self._frames = self._frames, []
                self._on_frames(frames, self._count)
            await wait_until(asyncio.Event(), _STEP_S, scheduler)
        self._on_words("A minute is over." if self._count else "No message came within a minute.")

    def _take(self, frame: bytes) -> None:
        self._count += 1
        self._frames = [*self._frames[-_MOST_FRAMES + 1 :], frame]
        self._news.set()

    def _say(self, status: FeedStatus) -> None:
        if status.state in (FeedState.BACKING_OFF, FeedState.REFUSED):
            self._on_words(in_sentences(status.reason, status.next_step))
        elif status.running and not self._count:
            self._on_words("Connected, no message yet." if status.connected else "Connecting…")


class _Tap:
    """Speaks as a mapped stream does, and hands the frames on as they are; satisfies `ClientProtocol`."""

    def __init__(self, client: MappingClient, on_frame: Callable[[bytes], None]) -> None:
        self._client = client
        self._on_frame = on_frame
        self.connection_made = client.connection_made
        self.take_control = client.take_control
        self.data_to_send = client.data_to_send
        self.subscribe = client.subscribe
        self.unsubscribe = client.unsubscribe
        self.next_deadline = client.next_deadline
        self.deadline_passed = client.deadline_passed

    def receive(self, data: bytes, now: float) -> Sequence[MarketEvent]:
        """Take one frame."""
        self._on_frame(data)
        return self._client.receive(data, now)


def _no_key() -> Secret | None:
    return None


def _nothing(events: Sequence[MarketEvent]) -> None:
    """Take events that nobody keeps: the rows are made of the frames."""


def _not_known(wall_ns: int) -> bool | None:
    return None
