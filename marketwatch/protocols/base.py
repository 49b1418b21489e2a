"""The one shape of every client protocol: bytes in, events and bytes out; no socket, clock or task.

The supervisor hands in what arrived and the monotonic time; it takes market events from `receive`, and everything
that is not market data from `take_control` and `data_to_send`.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from marketwatch.domain.events import MarketEvent


class Channel(enum.Enum):
    """Kinds of data one can subscribe to."""

    TRADES = "T"
    QUOTES = "Q"
    SECOND_BARS = "A"
    MINUTE_BARS = "AM"
    LIMITS = "LULD"
    FAIR_VALUE = "FMV"
    VALUE = "V"
    ANALYSIS = "ANALYSIS"
    ALERTS = "ALERTS"
    PORTFOLIO = "PORTFOLIO"
    LAST_PRICE = "LTP"
    DAY_FIGURES = "DAY"
    DEPTH = "DEPTH"
    BARS = "BARS"


class Topic(msgspec.Struct, frozen=True, gc=False):
    """One thing wanted from a feed: a channel of one feed key; key `*` means all."""

    channel: Channel
    key: str

    def __str__(self) -> str:
        return f"{self.channel.value}.{self.key}"


class Control(msgspec.Struct, frozen=True):
    """Something the protocol learnt that is not market data."""


class Connected(Control, frozen=True):
    """The server greeted us (or the protocol needs no greeting)."""


class Authenticated(Control, frozen=True):
    """The key was accepted, or none is needed."""


class AuthenticationFailed(Control, frozen=True):
    """The key was refused: fatal until it changes. `reason` is the server's text.

    `is_session_over`: the key may be good, but the session of the day that the user signed in to has ended.
    """

    reason: str
    is_session_over: bool = False


class Confirmed(Control, frozen=True):
    """The server acknowledged a subscription."""

    topic: Topic


class Unconfirmed(Control, frozen=True):
    """No acknowledgement came in time."""

    topic: Topic


class Released(Control, frozen=True):
    """The server acknowledged the end of a subscription."""

    topic: Topic


class Refused(Control, frozen=True):
    """The server refused a subscription; `topic` None when it did not say which."""

    topic: Topic | None
    reason: str
    entitlement: bool = False


class ConnectionLimit(Control, frozen=True):
    """The account's connections are used up; wait at least `cool_down_s` before trying again."""

    reason: str
    cool_down_s: float = 60.0


class ServerClosing(Control, frozen=True):
    """The server announced that it drops us (forced disconnect, slow consumer)."""

    reason: str
    slow_consumer: bool = False


class Notice(Control, frozen=True):
    """A server's text worth a line in the list of notices."""

    text: str


class Invalid(Control, frozen=True):
    """Part of a message could not be used; the rest was kept. `sample` is cut short and holds no secret."""

    reason: str
    sample: str = ""
    count: int = 1


class ClientProtocol(Protocol):
    """Client side of one wire protocol, for one connection. A new connection gets a new object."""

    def connection_made(self, now: float) -> None:
        """The transport is open; `now` is monotonic seconds."""
        ...

    def receive(self, data: bytes, now: float) -> Sequence[MarketEvent]:
        """Take one message and return its market events in order. Never raises for a bad message: that is an
        `Invalid` control. Raises ProtocolError only when the stream itself is broken.
        """
        ...

    def take_control(self) -> list[Control]:
        """Hand over and forget what happened besides market data; cheap when nothing did."""
        ...

    def data_to_send(self) -> list[str | bytes]:
        """Hand over and forget the messages to send, text as str and binary as bytes."""
        ...

    def subscribe(self, topics: Iterable[Topic], now: float) -> None:
        """Ask for topics; before authentication they are kept and sent after it."""
        ...

    def unsubscribe(self, topics: Iterable[Topic], now: float) -> None:
        """Ask for the end of topics."""
        ...

    def next_deadline(self) -> float | None:
        """Monotonic second at which `deadline_passed` wants a call."""
        ...

    def deadline_passed(self, now: float) -> None:
        """A deadline passed: missing greetings and acknowledgements become controls or fall-backs.

        Raises ProtocolError when the server cannot be talked to.
        """
        ...
