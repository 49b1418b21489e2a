"""Server side of Kite's ticker, for one connection."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from marketwatch.domain.events import MarketEvent
from marketwatch.protocols.base import Topic
from marketwatch.protocols.kite.book import KiteBook
from marketwatch.protocols.kite.packets import frame
from marketwatch.protocols.kite.requests import (
    CHANNELS_OF_MODE,
    Mode,
    Request,
    parse_token,
    read_request,
    write_error,
    write_instruments_meta,
)
from marketwatch.protocols.kite.rest import build_error
from marketwatch.protocols.kite.subscriptions import CONNECTION_LIMIT
from marketwatch.protocols.percent import read_query
from marketwatch.protocols.serving import ClientAuthenticated, ClientSubscribed, ClientUnsubscribed, ServerSide

HEARTBEAT: Final = b"\x00"
HEARTBEAT_S: Final = 3.0
_NOT_UNDERSTOOD: Final = "error parsing request"


class Refusal(msgspec.Struct, frozen=True):
    """How an upgrade request is refused."""

    http_status: int
    body: bytes


def check_upgrade(query: str, accepts: Callable[[str, str], bool]) -> Refusal | None:
    """Decide about an upgrade request by its query; None lets the client in.

    `accepts` is asked about the API key and the access token.
    """
    values = read_query(query)
    api_key, access_token = values.get("api_key", ""), values.get("access_token", "")
    if not api_key or not access_token:
        return Refusal(400, build_error("Missing `api_key` or `access_token`.", "InputException"))
    if not accepts(api_key, access_token):
        return Refusal(403, build_error("Incorrect `api_key` or `access_token`.", "TokenException"))
    return None


class InstrumentList(msgspec.Struct, frozen=True):
    """Which list of instruments is valid today."""

    count: int
    etag: str


class KiteServer(ServerSide[str | bytes]):
    """Serves one client that was let in: keeps its modes, and sends what changed whenever `flush` is called.

    Like the real ticker it acknowledges nothing, sends a heartbeat every few seconds whatever else it sends, and
    answers a subscription with where the instrument stands.
    """

    def __init__(
        self, book: KiteBook, instruments: InstrumentList | None = None, limit: int = CONNECTION_LIMIT
    ) -> None:
        super().__init__()
        self._book = book
        self._instruments = instruments
        self._limit = limit
        self._modes: dict[int, Mode] = {}
        self._keys: set[str] = set()
        self._changed: dict[int, None] = {}
        self._heartbeat_at: float | None = None

    @property
    def modes(self) -> dict[int, Mode]:
        """What the client is subscribed to, in the order asked; a copy."""
        return dict(self._modes)

    @property
    def topics(self) -> tuple[Topic, ...]:
        """What the client is subscribed to, in the order asked."""
        return tuple(topic for token, mode in self._modes.items() for topic in _topics(token, mode))

    def connection_made(self, now: float) -> None:
        """Begin: the key was already checked with the upgrade."""
        self._heartbeat_at = now + HEARTBEAT_S
        self._events.append(ClientAuthenticated())
        if self._instruments is not None:
            self._out.append(write_instruments_meta(self._instruments.count, self._instruments.etag))

    def receive(self, data: bytes | str) -> None:
        """Take one message of the client. Never raises: nonsense is answered with an error."""
        request = read_request(data)
        if request is None:
            self._out.append(write_error(_NOT_UNDERSTOOD))
            return
        match request.action:
            case "subscribe":
                self._subscribe(request)
            case "unsubscribe":
                self._unsubscribe(request.tokens)
            case _:
                self._set_mode(request)

    def wants(self, event: MarketEvent) -> bool:
        """Tell whether the client is subscribed to an event's instrument."""
        return event.key in self._keys

    def note(self, event: MarketEvent) -> None:
        """Remember that an instrument has changed; the event itself is in the book already."""
        token = parse_token(event.key) if event.key in self._keys else None
        if token is not None:
            self._changed[token] = None

    def flush(self) -> None:
        """Send where the changed instruments stand, all in one message. Kite does so about once a second."""
        changed, self._changed = self._changed, {}
        packets = [packet for token in changed if (packet := self._book.packet(token, self._modes[token])) is not None]
        if packets:
            self._out.append(frame(packets))

    def next_deadline(self) -> float | None:
        """Monotonic second at which `deadline_passed` wants a call."""
        return self._heartbeat_at

    def deadline_passed(self, now: float) -> None:
        """Send a heartbeat when it is due."""
        if self._heartbeat_at is not None and now >= self._heartbeat_at:
            self._heartbeat_at = now + HEARTBEAT_S
            self._out.append(HEARTBEAT)

    def _subscribe(self, request: Request) -> None:
        added: list[Topic] = []
        refused = False
        for token in request.tokens:
            if token not in self._modes:
                if len(self._modes) >= self._limit:
                    refused = True
                    continue
                self._modes[token] = Mode.QUOTE
                self._keys.add(str(token))
                added += _topics(token, Mode.QUOTE)
            self._changed[token] = None
        if refused:
            self._out.append(write_error(f"more than {self._limit} instruments on one connection"))
        self._tell(ClientSubscribed, added)
        self.flush()

    def _set_mode(self, request: Request) -> None:
        """Change modes. A mode for what is not subscribed counts for nothing."""
        mode = request.mode or Mode.QUOTE
        added: list[Topic] = []
        ended: list[Topic] = []
        for token in request.tokens:
            before = self._modes.get(token)
            if before is None:
                continue
            self._modes[token] = mode
            self._changed[token] = None
            old, new = _topics(token, before), _topics(token, mode)
            added += [topic for topic in new if topic not in old]
            ended += [topic for topic in old if topic not in new]
        self._tell(ClientSubscribed, added)
        self._tell(ClientUnsubscribed, ended)
        self.flush()

    def _unsubscribe(self, tokens: Iterable[int]) -> None:
        ended: list[Topic] = []
        for token in tokens:
            mode = self._modes.pop(token, None)
            if mode is not None:
                self._keys.discard(str(token))
                self._changed.pop(token, None)
                ended += _topics(token, mode)
        self._tell(ClientUnsubscribed, ended)


def _topics(token: int, mode: Mode) -> list[Topic]:
    return [Topic(channel, str(token)) for channel in CHANNELS_OF_MODE[mode]]
