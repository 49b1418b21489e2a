"""A feed protocol of a few words, for tests of what is around protocols.

Server: `hello`, `welcome`, `refuse TEXT`, `ok TOPIC`, `no TOPIC TEXT`, `gone TOPIC`, `limit SECONDS`, `bye TEXT`,
`deny TEXT`, `note TEXT`, `t KEY PRICE [MS]`. Client: `auth KEY`, `sub TOPIC`, `unsub TOPIC`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from marketwatch.domain.events import MarketEvent, TradeTick
from marketwatch.domain.secret import Secret
from marketwatch.domain.venues import UNITED_STATES
from marketwatch.errors import ProtocolError
from marketwatch.feeds.catalog import FeedKind, FeedLimits, FeedSpec
from marketwatch.feeds.reconnect import ReconnectRules
from marketwatch.protocols import base
from marketwatch.protocols.base import Channel, Control, Topic
from marketwatch.protocols.massive.keys import feed_key, instrument_of

GREETING_S = 10.0


def topic_of(text: str) -> Topic:
    channel, _, key = text.partition(".")
    return Topic(Channel(channel), key)


class TinyClient:
    """Satisfies ClientProtocol."""

    def __init__(self, key: Secret | None) -> None:
        self._key = key
        self._out: list[str | bytes] = []
        self._control: list[Control] = []
        self._kept: list[Topic] = []
        self._is_ready = False
        self._deadline: float | None = None

    def connection_made(self, now: float) -> None:
        self._deadline = now + GREETING_S

    def receive(self, data: bytes, now: float) -> Sequence[MarketEvent]:
        try:
            word, *rest = data.decode().split(" ")
        except UnicodeDecodeError:
            self._control.append(base.Invalid("not text"))
            return []
        if word == "t":
            stamp = int(rest[2]) if len(rest) > 2 else None
            return [TradeTick(key=rest[0], price=float(rest[1]), size=1.0, stamp=stamp)]
        if word == "bug":
            raise KeyError("a bug in the protocol")
        if word == "broken":
            raise ProtocolError("Tiny", "the stream is broken")
        if word == "hello":
            self._deadline = None
            self._control.append(base.Connected())
            self._out.append(f"auth {self._key.reveal() if self._key else ''}")
        elif word == "welcome":
            self._is_ready = True
            self._control.append(base.Authenticated())
            self._ask(self._kept)
        else:
            self._control.append(self._answer(word, rest))
        return []

    def _answer(self, word: str, rest: list[str]) -> Control:
        answers: dict[str, Callable[[], Control]] = {
            "refuse": lambda: base.AuthenticationFailed(" ".join(rest)),
            "ok": lambda: base.Confirmed(topic_of(rest[0])),
            "late": lambda: base.Unconfirmed(topic_of(rest[0])),
            "gone": lambda: base.Released(topic_of(rest[0])),
            "no": lambda: base.Refused(topic_of(rest[0]), " ".join(rest[1:])),
            "deny": lambda: base.Refused(None, " ".join(rest), entitlement=True),
            "limit": lambda: base.ConnectionLimit("too many connections", float(rest[0])),
            "bye": lambda: base.ServerClosing(" ".join(rest)),
            "note": lambda: base.Notice(" ".join(rest)),
        }
        return answers.get(word, lambda: base.Invalid("unknown word", word[:10]))()

    def take_control(self) -> list[Control]:
        taken, self._control = self._control, []
        return taken

    def data_to_send(self) -> list[str | bytes]:
        taken, self._out = self._out, []
        return taken

    def subscribe(self, topics: Iterable[Topic], now: float) -> None:
        if self._is_ready:
            self._ask(topics)
        else:
            self._kept.extend(topics)

    def unsubscribe(self, topics: Iterable[Topic], now: float) -> None:
        for topic in topics:
            if self._is_ready:
                self._out.append(f"unsub {topic}")
            elif topic in self._kept:
                self._kept.remove(topic)

    def next_deadline(self) -> float | None:
        return self._deadline

    def deadline_passed(self, now: float) -> None:
        raise ProtocolError("Tiny", "the server did not greet")

    def _ask(self, topics: Iterable[Topic]) -> None:
        self._out.extend(f"sub {topic}" for topic in topics)


def tiny_spec(limits: FeedLimits | None = None) -> FeedSpec:
    """A row of the catalog for this protocol; its key travels in a header as well."""
    return FeedSpec(
        kind=FeedKind.MASSIVE,
        label="Tiny",
        protocol=TinyClient,
        headers=lambda key: {"Authorization": f"Bearer {key.reveal()}"} if key else {},
        normalise_url=str,
        addresses={},
        credential_names=("TINY_KEY",),
        channels=(Channel.TRADES, Channel.QUOTES),
        default_channels=(Channel.TRADES,),
        feed_key=feed_key,
        instrument_of=instrument_of,
        currency="USD",
        rules=UNITED_STATES,
        limits=limits or FeedLimits(reconnect=ReconnectRules()),
    )
