"""Fault scripts: what can happen to a feed, as steps that print as one would write them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from fake_time import NS
from fault_far_end import LATENCY_S
from fault_play import FIRST, SECOND, Play

from marketwatch.feeds.catalog import FeedKind

_STRANGE_PRICE: Final = 987_654.0
_BETWEEN_S: Final = LATENCY_S / 2  # a connection takes two steps: things can happen while it opens

GARBAGE: Final[tuple[bytes, ...]] = (
    b"",
    b"\x00",
    b"\xff\xfe\xfa",
    b"{",
    b"[",
    b"[{]",
    b"null",
    b"42",
    b"42[",
    b"4251-[]",
    b'"text"',
    b"[" * 5_000,
    b'{"a":' * 5_000,
    b"x" * 200_000,
    b"[" + b"{}," * 2_000 + b"{}]",
    b'{"type":"market_data"}',
    b'{"type":"market_data","data":null}',
    b'{"type":"data","symbol":[],"data":"x"}',
    b'{"type":7,"data":[]}',
    b'[{"ev":"T"}]',
    b'[{"ev":null,"sym":"AAPL"}]',
    b'[{"ev":"T","sym":"AAPL","p":NaN,"t":1e400}]',
    b'{"type":"market_data","event_type":"trade","symbol":"AAPL","data":{"price":-1}}',
    b'{"symbol":"AAPL","price":null}',
    b"\x00\x05\x00\xb8" + b"\x07" * 20,
    b"\x00\x01\xff\xff\x00",
    b"\xef\xbb\xbf{}",
    '{"type":"ärger"}'.encode("latin-1"),
)


@dataclass(frozen=True)
class Step:
    """Something that happens; `at` is the feed it happens to."""

    async def happen(self, play: Play) -> None:
        raise NotImplementedError


@dataclass(frozen=True)
class Answers(Step):
    """From now on upgrades are answered like this."""

    how: str
    at: int = 0

    async def happen(self, play: Play) -> None:
        play.ends[self.at].answer = self.how


@dataclass(frozen=True)
class Greets(Step):
    """From now on a server says something, or never a word."""

    is_so: bool
    at: int = 0

    async def happen(self, play: Play) -> None:
        play.ends[self.at].greets = self.is_so


@dataclass(frozen=True)
class Drops(Step):
    """The server closes, in the middle of a message if so asked."""

    code: int
    mid_message: bool = False
    at: int = 0

    async def happen(self, play: Play) -> None:
        current = play.ends[self.at].current
        if current is not None:
            if self.mid_message and play.newest_frame:
                current.say(play.newest_frame[: len(play.newest_frame) // 2])
            current.drop(self.code)


@dataclass(frozen=True)
class Mutes(Step):
    """The way to the server is cut without a word: half open. Deaf, it takes nothing either."""

    deaf: bool = False
    at: int = 0

    async def happen(self, play: Play) -> None:
        current = play.ends[self.at].current
        if current is not None:
            current.is_deaf = self.deaf
            current.cut()


@dataclass(frozen=True)
class CrowdsOut(Step):
    """The server finds that the account has too many connections."""

    at: int = 0

    async def happen(self, play: Play) -> None:
        current = play.ends[self.at].current
        if current is not None:
            current.crowd_out()


@dataclass(frozen=True)
class Says(Step):
    """The server sends nonsense."""

    data: bytes
    at: int = 0

    async def happen(self, play: Play) -> None:
        current = play.ends[self.at].current
        if current is not None:
            current.say(self.data)

    def __repr__(self) -> str:
        short = self.data if len(self.data) < 80 else self.data[:10] + b"..."
        return f"Says({short!r}, at={self.at})" + (f"  # {len(self.data)} bytes" if len(self.data) >= 80 else "")


@dataclass(frozen=True)
class Truncates(Step):
    """The server sends the first part of a good message as if it were whole."""

    share: float
    at: int = 0

    async def happen(self, play: Play) -> None:
        current, frame = play.ends[self.at].current, play.newest_frame
        if current is not None and frame:
            current.say(frame[: int(len(frame) * self.share)])


@dataclass(frozen=True)
class TellsOfStranger(Step):
    """The server sends data of a share that nobody asked for."""

    at: int = 0

    async def happen(self, play: Play) -> None:
        current = play.ends[self.at].current
        if current is not None:
            current.tell(play.tick_of(play.kind.stranger, _STRANGE_PRICE), asked=False)


@dataclass(frozen=True)
class Repeats(Step):
    """The server sends its newest message so many times more."""

    count: int
    at: int = 0

    async def happen(self, play: Play) -> None:
        current = play.ends[self.at].current
        for _ in range(self.count if current is not None and play.newest_frame else 0):
            assert current is not None
            current.say(play.newest_frame)


@dataclass(frozen=True)
class Floods(Step):
    """The server sends so many ticks at once; with `late` seconds, they are of that long ago."""

    count: int
    late: float = 0.0
    at: int = 0

    async def happen(self, play: Play) -> None:
        for _ in range(self.count):
            play.tell_all(self.at, late_s=self.late)


@dataclass(frozen=True)
class Passes(Step):
    """Time passes in which nothing is traded."""

    seconds: float

    async def happen(self, play: Play) -> None:
        await play.time.advance(self.seconds)


@dataclass(frozen=True)
class Trades(Step):
    """Time passes in which every share trades every few seconds."""

    seconds: float

    async def happen(self, play: Play) -> None:
        await play.trade(self.seconds)


@dataclass(frozen=True)
class ClockIsSet(Step):
    """Somebody sets the clock of this computer."""

    seconds: float

    async def happen(self, play: Play) -> None:
        play.time.step_wall(self.seconds)
        play.clock_error_s += self.seconds


@dataclass(frozen=True)
class Sleeps(Step):
    """The machine sleeps: connections are cut, and the monotonic clock may stand still."""

    seconds: float
    stands_still: bool = True

    async def happen(self, play: Play) -> None:
        for end in play.ends:
            for connection in end.open_connections:
                connection.cut()
        if self.stands_still:
            play.time.step_wall(self.seconds)
            play.server_ahead_ns += round(self.seconds * NS)
        else:
            play.time.sleep(self.seconds)
            play.slept_s = self.seconds


@dataclass(frozen=True)
class Network(Step):
    """The network goes, or comes back; the program is told when it comes back."""

    is_there: bool

    async def happen(self, play: Play) -> None:
        for end in play.ends:
            if self.is_there:
                end.has_network = True
            else:
                end.lose_network()
        if self.is_there:
            play.control.retry_now()
            play.user_acted()


@dataclass(frozen=True)
class Session(Step):
    """The market is open, closed, or nobody knows (None); `calendar` leaves it to the calendar."""

    is_open: bool | str | None

    async def happen(self, play: Play) -> None:
        play.session = self.is_open


@dataclass(frozen=True)
class Adds(Step):
    """A row is added; with channels of its own it is asked for more."""

    share: int
    has_channel: bool = False

    async def happen(self, play: Play) -> None:
        play.acquire(self.share, has_channel=self.has_channel)


@dataclass(frozen=True)
class Removes(Step):
    """A row is removed."""

    share: int
    has_channel: bool = False

    async def happen(self, play: Play) -> None:
        play.release(self.share, has_channel=self.has_channel)


@dataclass(frozen=True)
class Reorders(Step):
    """The user puts a feed first."""

    first: int

    async def happen(self, play: Play) -> None:
        play.control.set_order((FIRST, SECOND) if self.first == 0 else (SECOND, FIRST))


@dataclass(frozen=True)
class FallsBack(Step):
    """Rows are to have the next feed as a fall-back, or not."""

    is_on: bool

    async def happen(self, play: Play) -> None:
        play.control.set_fall_back(is_on=self.is_on)


@dataclass(frozen=True)
class Key(Step):
    """The user gives another key, or none."""

    name: str
    at: int = 0

    async def happen(self, play: Play) -> None:
        play.give_key(self.name, self.at)


@dataclass(frozen=True)
class Moves(Step):
    """The user gives another address of the same server."""

    number: int
    at: int = 0

    async def happen(self, play: Play) -> None:
        feed_id = play.feed_ids[self.at]
        if play.control.has_feed(feed_id):
            play.control.replace(feed_id, play.address(self.number))
            play.user_acted()


@dataclass(frozen=True)
class Retries(Step):
    """The user wants it now."""

    async def happen(self, play: Play) -> None:
        play.control.retry_now()
        play.user_acted()


@dataclass(frozen=True)
class LeavesFeed(Step):
    """The user removes the second feed."""

    async def happen(self, play: Play) -> None:
        if play.control.has_feed(SECOND):
            await play.control.remove_feed(SECOND)


@dataclass(frozen=True)
class JoinsFeed(Step):
    """The user adds the second feed."""

    async def happen(self, play: Play) -> None:
        if not play.control.has_feed(SECOND):
            play.add_feed(SECOND, 1)


async def _play(kind: FeedKind, script: list[Step]) -> None:
    play = Play(kind)
    await play.begin()
    play.check()
    for step in script:
        await step.happen(play)
        await play.time.advance(_BETWEEN_S)
        play.check()
    await play.recover()
    await play.end()


def play_script(kind: FeedKind, script: list[Step]) -> None:
    """Play a script against a kind of feed from beginning to end, with all checks."""
    asyncio.run(_play(kind, script))
