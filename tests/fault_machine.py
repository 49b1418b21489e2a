"""What can happen to a feed, as rules of a state machine: hypothesis makes the scripts, and prints one that fails."""

from __future__ import annotations

import asyncio
import functools
import inspect
import sys
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final, NamedTuple

import hypothesis.strategies as st
from fault_checks import check, check_recovery
from fault_far_end import HANGS, LATENCY_S, REFUSALS
from fault_reports import CONDITIONS
from fault_world import ADDRESSES, FEEDS, FIRST, SECOND, World
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from kind_sides import ACCEPTED

from marketwatch.domain.ids import FeedId
from marketwatch.feeds.catalog import CATALOG, FeedKind
from marketwatch.protocols.base import Channel

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


class Nonsense(bytes):
    """Bytes that print as one reads them."""

    def __repr__(self) -> str:
        return super().__repr__() if len(self) < 80 else f"{bytes(self[:10])!r} and so on, {len(self)} bytes"


class Pause(NamedTuple):
    """Time that passes after a deed; with `trades` every share trades every few seconds meanwhile."""

    seconds: float
    trades: bool


moments = (0.5, 3.0, 12.0, 19.0, 26.0, 45.0, 70.0, 200.0)
pauses = st.sampled_from([None] * 7 + [Pause(one, trades) for trades in (True, False) for one in moments])
places = st.runner().flatmap(lambda machine: st.sampled_from(machine.places))
feeds = st.sampled_from([FIRST, FIRST, FIRST, SECOND])
shares = st.integers(0, 3)
watched = st.sampled_from([0, 0, 0, 1])  # the first is there from the beginning
conditions = st.sampled_from(CONDITIONS)
codes = st.sampled_from([1000, 1001, 1006, 1008, 1009, 1011, 1012, 1013, 4001])
nonsense = (
    st.sampled_from(GARBAGE) | st.binary(max_size=40) | st.text(max_size=20).map(str.encode)
).map(Nonsense)  # fmt: skip


class Rules:
    """Base of what can happen; every rule is one deed in the world, after which time may pass."""

    world: World


def happens(**given: st.SearchStrategy[Any]) -> Callable[[Callable[..., Any]], Callable[..., None]]:
    """Make a rule of a method: it happens to the world, and then time may pass."""

    def make(method: Callable[..., Any]) -> Callable[..., None]:
        @functools.wraps(method)
        def step(machine: Any, *, then: Pause | None, **drawn: Any) -> None:
            machine.play(functools.partial(method, machine, **drawn), then)

        made: Callable[..., None] = rule(then=pauses, **given)(step)
        return made

    return make


class Machine(RuleBasedStateMachine):
    """Two feeds of a kind, without rules. `runs` counts the scripts that came to their end."""

    kind: ClassVar[FeedKind]
    runs: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self._outer = sys.exc_info()[1]
        self._loop = asyncio.new_event_loop()
        self.world = World(self.kind)
        self._loop.run_until_complete(self.world.begin())

    @property
    def places(self) -> Sequence[str]:
        """Where something can happen, the first feed's prices most of all."""
        return (FIRST, FIRST, FIRST, SECOND, *(name for name in self.world.ends if "/" in name))

    def play(self, deed: Callable[[], Any], then: Pause | None) -> None:
        """Let something happen, and time pass."""
        self._loop.run_until_complete(self._play(deed, then))

    async def _play(self, deed: Callable[[], Any], then: Pause | None) -> None:
        result = deed()
        if inspect.isawaitable(result):
            await result
        await self.world.time.advance(_BETWEEN_S)
        if then is not None:
            check(self.world)
            await (self.world.trade if then.trades else self.world.time.advance)(then.seconds)

    @invariant()
    def all_is_told_as_it_is(self) -> None:
        """Nothing raised, nothing wanted lost, nothing old shown as live."""
        check(self.world)

    def teardown(self) -> None:
        """End all faults: everything must come back, and nothing be left. A script that failed is only cleaned up."""
        try:
            if sys.exc_info()[1] is self._outer:
                self._loop.run_until_complete(self._end())
                type(self).runs += 1
        finally:
            self._loop.run_until_complete(self.world.close())
            self._loop.close()

    async def _end(self) -> None:
        await check_recovery(self.world)
        await self.world.end()


class ConnectionRules(Rules):
    """What can happen to connections: by servers, and on the way to them."""

    @happens(at=places, how=st.sampled_from([ACCEPTED, HANGS, *REFUSALS]))
    def answers(self, at: str, how: str) -> None:
        """From now on upgrades are answered like this."""
        self.world.ends[at].answer = how

    @happens(at=places, is_so=st.booleans())
    def greets(self, at: str, is_so: bool) -> None:
        """From now on a server says something, or never a word."""
        self.world.ends[at].greets = is_so

    @happens(at=places, code=codes, mid_message=st.booleans())
    def drops(self, at: str, code: int, mid_message: bool) -> None:
        """The server closes."""
        self.world.ends[at].drop(code, mid_message=mid_message)

    @happens(at=places, is_deaf=st.booleans())
    def falls_mute(self, at: str, is_deaf: bool) -> None:
        """The way to the server is cut without a word."""
        self.world.ends[at].mute(is_deaf=is_deaf)

    @happens(at=places)
    def another_takes_over(self, at: str) -> None:
        """Another connection gets what was ours, which stays open and answers pings."""
        self.world.ends[at].take_over()

    @happens(at=places)
    def crowds_out(self, at: str) -> None:
        """The server finds that the account has too many connections."""
        self.world.crowd_out(at)

    @happens(at=places, count=st.integers(1, 20))
    def repeats(self, at: str, count: int) -> None:
        """The server sends its newest message once more, or more often."""
        self.world.ends[at].repeat(count)

    @happens(seconds=st.sampled_from([-3_600.0, -4.0, 4.0, 3_600.0, 86_400.0]))
    def clock_is_set(self, seconds: float) -> None:
        """Somebody sets the clock of this computer."""
        self.world.set_clock(seconds)

    @happens(seconds=st.sampled_from([5.0, 300.0, 3 * 86_400.0]), stands_still=st.booleans())
    def sleeps(self, seconds: float, stands_still: bool) -> None:
        """The machine sleeps."""
        self.world.sleep(seconds, stands_still=stands_still)

    @happens(is_there=st.booleans())
    def network(self, is_there: bool) -> None:
        """The network goes, or comes back."""
        (self.world.find_network if is_there else self.world.lose_network)()


class UserRules(Rules):
    """What the user can do."""

    @happens(share=shares, has_channel=st.booleans())
    def adds_row(self, share: int, has_channel: bool) -> None:
        """A row is added; with a channel of its own it is asked for more."""
        self.world.acquire(share, has_channel=has_channel)

    @happens(share=shares, has_channel=st.booleans())
    def removes_row(self, share: int, has_channel: bool) -> None:
        """A row is removed."""
        self.world.release(share, has_channel=has_channel)

    @happens(number=st.sampled_from(ADDRESSES[FIRST]))
    def moves(self, number: int) -> None:
        """The user gives another address of the same server."""
        self.world.move(FIRST, number)

    @happens(at=feeds, few=st.booleans())
    async def chooses_channels(self, at: FeedId, few: bool) -> None:
        """The user wants little of a feed and few attempts, or everything and for ever."""
        await self.world.choose_channels(at, few=few)

    @happens()
    def retries(self) -> None:
        """The user wants it now."""
        self.world.retry()

    @happens()
    async def leaves_feed(self) -> None:
        """The user removes the second feed."""
        await self.world.leave_feed(SECOND)

    @happens()
    def joins_feed(self) -> None:
        """The user adds the second feed."""
        self.world.join_feed(SECOND)


class PriceRules(Rules):
    """What can happen to prices, and to the order of those who give them."""

    @happens(at=places, data=nonsense)
    def says(self, at: str, data: bytes) -> None:
        """The server sends nonsense."""
        self.world.ends[at].say(bytes(data))

    @happens(at=places, share=st.floats(0.0, 1.0))
    def truncates(self, at: str, share: float) -> None:
        """The server sends the first part of a good message as if it were whole."""
        newest = self.world.ends[at].newest
        self.world.ends[at].say(newest[: int(len(newest) * share)])

    @happens(at=places)
    def tells_of_stranger(self, at: str) -> None:
        """The server sends data of a share that nobody asked for."""
        self.world.tell_of_stranger(at)

    @happens(at=feeds)
    def tells_nothing_but_zeros(self, at: str) -> None:
        """The server sends zeros for prices."""
        self.world.tell_nothing_but_zeros(at)

    @happens(at=feeds, count=st.sampled_from([1, 40]), late=st.sampled_from([0.0, 0.0, 30.0]))
    def floods(self, at: FeedId, count: int, late: float) -> None:
        """The server sends so many ticks at once, or late."""
        for _ in range(count):
            self.world.tell_all(at, late_s=late)

    @happens()
    def time_passes(self) -> None:
        """Nothing happens."""

    @happens(is_open=st.sampled_from(["calendar", True, False, None]))
    def session(self, is_open: bool | str | None) -> None:
        """The market is open, closed, or nobody knows (None); `calendar` leaves it to the calendar."""
        self.world.session = is_open

    @happens(first=st.sampled_from(FEEDS))
    def reorders(self, first: FeedId) -> None:
        """The user puts a feed first."""
        self.world.control.set_order(sorted(FEEDS, key=lambda feed_id: feed_id != first))

    @happens(is_on=st.booleans())
    def falls_back(self, is_on: bool) -> None:
        """Rows are to have the next feed as a fall-back, or not."""
        self.world.control.set_fall_back(is_on=is_on)

    @happens(at=feeds, name=st.sampled_from(["right", "wrong", "none"]))
    def key(self, at: FeedId, name: str) -> None:
        """The user gives another key, or none."""
        self.world.give_key(at, name)


class ReportRules(Rules):
    """What servers can have to say beside prices."""

    @happens(at=feeds, share=watched)
    def computes(self, at: FeedId, share: int) -> None:
        """A server states a new analysis."""
        self.world.desk.compute(at, share)

    @happens(at=feeds, share=watched)
    def trades(self, at: FeedId, share: int) -> None:
        """A server states another position."""
        self.world.desk.trade(at, share)

    @happens(at=feeds, share=watched, condition=conditions)
    def alert_fires(self, at: FeedId, share: int, condition: str) -> None:
        """An alert of a server is triggered."""
        self.world.desk.change_alert(at, share, condition, "triggered")

    @happens(at=feeds, share=watched, condition=conditions, becomes=st.sampled_from(["armed", "moved"]))
    def alert_changes(self, at: FeedId, share: int, condition: str, becomes: str) -> None:
        """An alert of a server is armed, or its threshold moves."""
        self.world.desk.change_alert(at, share, condition, becomes)

    @happens(
        at=feeds, share=watched, condition=conditions, becomes=st.sampled_from(["triggered", "moved", "withdrawn"])
    )
    async def alert_changes_meanwhile(self, at: FeedId, share: int, condition: str, becomes: str) -> None:
        """An alert of a server becomes something else just when the line is down."""
        self.world.desk.place(at, Channel.ALERTS).drop(1006)
        await self.world.time.advance(_BETWEEN_S)
        self.world.desk.change_alert(at, share, condition, becomes)

    @happens(at=feeds, share=watched, condition=conditions)
    def alert_goes(self, at: FeedId, share: int, condition: str) -> None:
        """An alert of a server is there no more."""
        self.world.desk.change_alert(at, share, condition, "withdrawn")

    @happens(at=places, what=st.sampled_from([Channel.ALERTS, Channel.ANALYSIS, Channel.PORTFOLIO]), share=watched)
    def mixes_up(self, at: str, what: Channel, share: int) -> None:
        """A server says in one place what belongs in another."""
        self.world.desk.mix_up(at, what, share)


class FaultMachine(ConnectionRules, UserRules, PriceRules, Machine):
    """A kind that gives prices, and whatever can happen to it."""


class FullMachine(ReportRules, FaultMachine):
    """A kind whose servers say something beside prices as well."""


class ReportMachine(ReportRules, ConnectionRules, UserRules, Machine):
    """What servers say beside prices, and whatever can happen to its connections: most of all to those of alerts."""

    def __init__(self) -> None:
        super().__init__()
        self.play(self.world.retry, Pause(3.0, trades=True))

    @property
    def places(self) -> Sequence[str]:
        """Where something can happen."""
        reports = [name for name in self.world.ends if name.startswith(f"{FIRST}/")]
        return (*reports, *(name for name in reports if name.endswith("/alerts")), f"{SECOND}/alerts", FIRST)


def machine_of(kind: FeedKind, base: type[Machine] | None = None) -> type[Machine]:
    """Return the machine of a kind."""
    base = base or (FullMachine if CATALOG[kind].report_streams else FaultMachine)
    return type(f"{kind.value.title().replace('-', '')}{base.__name__}", (base,), {"kind": kind, "runs": 0})
