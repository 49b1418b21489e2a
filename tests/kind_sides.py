"""The server side of each kind of feed, as tests of every kind want it: one object per connection, no sockets.

A kind of the catalog has its side in `tests/contract/test_<kind>_side.py`, as `SIDE`: that file is all a new one needs.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from marketwatch.domain.events import MarketEvent, TradeTick
from marketwatch.domain.ids import CASH, InstrumentId, Venue
from marketwatch.feeds.catalog import FeedKind
from marketwatch.protocols.base import Channel
from marketwatch.protocols.serving import CloseConnection, ServerEvent

NS: Final = 1_000_000_000
INDIAN_MS: Final = 1_756_971_590_198
"""13:09:50.198 in Mumbai on 4 September 2025."""
AMERICAN_MS: Final = 1_751_050_800_000
"""15:00 in New York on 27 June 2025."""
API_KEY, ACCESS_TOKEN = "canary-api-key-51d0", "canary-access-token-8e7c"
RIGHT_KEY: Final = f"{API_KEY}:{ACCESS_TOKEN}"
WRONG_KEY: Final = "wrong-key:wrong-token"
INDIAN: Final = ("SBIN", "RELIANCE", "TCS", "INFY")
AMERICAN: Final = ("AAPL", "MSFT", "IBM", "BRK.A")
ACCEPTED: Final = "accept"

Messages = Sequence[str | bytes]


class Tick(msgspec.Struct, frozen=True):
    """What a server has to tell of one share: `number` rises with every one."""

    key: str
    price: float
    stamp_ns: int
    number: int

    @property
    def trade(self) -> TradeTick:
        """The tick as a trade of a hundred shares."""
        return TradeTick(
            key=self.key,
            stamp=self.stamp_ns // 1_000_000,
            price=self.price,
            size=100.0,
            conditions=(),
            exchange=4,
            trade_id=str(self.number),
        )


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """The one share that a server on loopback has something to tell of, and what the program must make of it.

    `key` is the feed's name for it, `symbol` what a user types; `volume` is as the list shows it.
    """

    key: str
    symbol: str
    price: float
    volume: str
    at_ms: int
    quote: tuple[float, float] | None = None


AMERICAN_SAMPLE: Final = Sample(
    key="AAPL", symbol="AAPL", price=190.55, volume="100", at_ms=AMERICAN_MS, quote=(190.54, 190.57)
)


class Side(Protocol):
    """Server side of one connection."""

    every_s: float | None
    """How often `passed` is to be called."""

    def opened(self, now: float) -> Messages:
        """Begin; return what to send."""
        ...

    def received(self, message: str | bytes, now: float) -> Messages:
        """Take a message; return what to send."""
        ...

    def passed(self, now: float) -> Messages:
        """Let time pass; return what to send."""
        ...

    def tell(self, tick: Tick, *, asked: bool = True) -> Messages:
        """Return what to send about a share, if it was asked for, or although it was not."""
        ...

    def report(self, key: str) -> Messages:
        """Return what to send beside prices about a share, if it was asked for."""
        ...

    def keys(self) -> set[str]:
        """The feed's names of what the client is subscribed to."""
        ...

    def closing(self) -> tuple[int, str] | None:
        """Code and reason with which the server closes, if it does."""
        ...

    def crowd_out(self) -> Messages:
        """Decide that the account has too many connections."""
        ...


class SideWorld:
    """What the connections of one server share. `now_ms` is its own clock, which is right.

    `has_sample`: the server knows the sample alone, and tells whoever asks for it of it. `stated` is what it has to say
    beside prices, by channel and the feed's name of the share; `written` are the messages that said it, with what they
    say of which share.
    """

    def __init__(self, now_ms: Callable[[], int], has_sample: bool = False) -> None:
        self.now_ms = now_ms
        self.has_sample = has_sample
        self.stated: dict[tuple[Channel, str], Sequence[MarketEvent]] = {}
        self.written: dict[bytes, tuple[Channel, str, Sequence[MarketEvent]]] = {}


class PlainSide:
    """What most sides have in common."""

    every_s: float | None = None

    def __init__(self) -> None:
        self._close: tuple[int, str] | None = None

    def passed(self, now: float) -> Messages:
        """Say nothing of one's own accord."""
        return []

    def report(self, key: str) -> Messages:
        """Say nothing beside prices."""
        return []

    def closing(self) -> tuple[int, str] | None:
        """Close when that was decided."""
        return self._close

    def crowd_out(self) -> Messages:
        """Close as servers do."""
        self._close = (1013, "Too many connections")
        return []

    def _note(self, events: Iterable[ServerEvent]) -> None:
        for event in events:
            if isinstance(event, CloseConnection):
                self._close = (event.code, event.reason)


class SideKind(msgspec.Struct, frozen=True, kw_only=True):
    """How one kind takes part in the tests of all kinds.

    `make` makes the side of a connection from its server's world and the address that is called; it raises
    HandshakeRejected to refuse the upgrade. `instruments` are four the server knows, `stranger` is a key that is never
    asked for, `unknown` a topic that it does not fulfil, None when it acknowledges whatever it is asked.
    `knows_subscriptions`: the server can say what the client is subscribed to. `is_pushed`: it tells of each tick.
    `is_binary`: its messages are not all text. `crowded` is how it answers an upgrade of a key with too many
    connections.
    """

    make: Callable[[Any, str], Side]
    instruments: tuple[InstrumentId, ...]
    stranger: str
    sample: Sample
    unknown: str | None
    world: type[SideWorld] = SideWorld
    knows_subscriptions: bool = True
    is_pushed: bool = True
    is_binary: bool = False
    crowded: str = ACCEPTED

    def start(self, now_ms: Callable[[], int], *, has_sample: bool = False) -> tuple[SideWorld, Callable[[str], Side]]:
        """Start a server: return its world, and what opens a connection at an address."""
        world = self.world(now_ms, has_sample)
        return world, partial(self.make, world)


def shares(venue: str, symbols: Iterable[str]) -> tuple[InstrumentId, ...]:
    """Return shares of a venue."""
    return tuple(InstrumentId(Venue(venue), CASH, symbol) for symbol in symbols)


def side_file(kind: FeedKind) -> Path:
    """Return where the side of a kind is kept."""
    return Path(__file__).with_name("contract") / f"test_{kind.value.replace('-', '_')}_side.py"


def side_of(kind: FeedKind) -> SideKind:
    """Return the side of a kind; fails with the name of the file when nobody has written it."""
    path = side_file(kind)
    assert path.exists(), f"the feed “{kind.value}” has no tests/contract/{path.name} with its SIDE"
    side = importlib.import_module(f"contract.{path.stem}").SIDE
    assert isinstance(side, SideKind)
    return side
