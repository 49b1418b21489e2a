"""Server side of Odin Streamer's `/enhanced-stream`, for one connection: what the guide promises, kept.

Other than the real server it restores subscriptions by client id, says so in `features`, lets the newest connection
win without spoiling it, and answers bad requests instead of hanging up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from marketwatch.protocols.base import Channel, Topic
from marketwatch.protocols.odin.encoding import MARKET_HOURS, clock_text, date_text, envelope
from marketwatch.protocols.odin.keys import symbol_key
from marketwatch.protocols.odin.listings import Listing, ListingTable
from marketwatch.protocols.serving import ClientSubscribed, ClientUnsubscribed, CloseConnection, ServerSide

TAKEN_OVER: Final = 4001
"""Close code of a connection whose client id another one uses now."""
KEPT_MS: Final = 24 * 3_600_000
_MOST_STOCKS: Final = 20_000
_FEATURES: Final = [
    "dynamic_subscriptions",
    "market_hours_control",
    "persistent_connection",
    "real_time_data",
    "subscription_restore",
]
_INSTRUCTIONS: Final = {
    "subscribe": {"action": "subscribe", "stocks": ["SBIN", "2885"]},
    "unsubscribe": {"action": "unsubscribe", "stocks": ["SBIN"]},
    "get_subscriptions": {"action": "get_subscriptions"},
}


class _Request(msgspec.Struct, frozen=True):
    action: str = ""
    stocks: list[str | int] | None = None


_REQUEST: Final = msgspec.json.Decoder(_Request)


class Market(msgspec.Struct, frozen=True):
    """What the server knows of its market, as questions about an instant in ms."""

    is_open: Callable[[int], bool]
    next_open_ms: Callable[[int], int]


class ClientBook:
    """All clients by id: who is connected, and what those who left were subscribed to, for a day."""

    def __init__(self) -> None:
        self._active: dict[str, OdinServer] = {}
        self._kept: dict[str, tuple[dict[str, Listing], int]] = {}

    def enter(self, server: OdinServer, now_ms: int) -> dict[str, Listing]:
        """Let a connection hold its client id: an older one is told to go. Returns what the client had."""
        self._kept = {name: entry for name, entry in self._kept.items() if now_ms - entry[1] <= KEPT_MS}
        older = self._active.get(server.client_id)
        self._active[server.client_id] = server
        if older is not None and older is not server:
            older.taken_over()
            return dict(older.held)
        return self._kept.pop(server.client_id, ({}, 0))[0]

    def leave(self, server: OdinServer, now_ms: int) -> None:
        """Keep what a connection held, unless another has taken its id over."""
        if self._active.get(server.client_id) is server:
            del self._active[server.client_id]
            if server.held:
                self._kept[server.client_id] = (dict(server.held), now_ms)


class OdinServer(ServerSide[bytes]):
    """Serves one client; `held` are the listings it is subscribed to, by token. `now_ms` is the wall clock."""

    def __init__(
        self, client_id: str, table: ListingTable, book: ClientBook, market: Market, now_ms: Callable[[], int]
    ) -> None:
        super().__init__()
        self.client_id = client_id
        self.held: dict[str, Listing] = {}
        self._table = table
        self._book = book
        self._market = market
        self._now_ms = now_ms
        self._is_closing = False

    def connection_made(self) -> None:
        """Restore what the client had, and greet it."""
        now_ms = self._now_ms()
        self.held = self._book.enter(self, now_ms)
        data: dict[str, Any] = {
            "message": "Connected to Odin Streamer Enhanced WebSocket",
            "client_id": self.client_id,
            "features": _FEATURES,
            "market_hours": MARKET_HOURS,
            "market_open": self._market.is_open(now_ms),
            "current_time": clock_text(now_ms),
            "subscribed_stocks": len(self.held),
            "instructions": _INSTRUCTIONS,
        }
        self._say("welcome", status="connected", data=data)
        self._tell(ClientSubscribed, map(_topic, self.held.values()))

    def connection_lost(self) -> None:
        """Keep the subscriptions for the client's return."""
        self._book.leave(self, self._now_ms())

    def receive(self, data: bytes | str) -> None:
        """Take one message of the client. Never raises: nonsense is answered with an error."""
        if self._is_closing:
            return
        try:
            request = _REQUEST.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, UnicodeEncodeError, RecursionError):
            self._error("Invalid request: action and a list of stocks are expected")
            return
        answer = _ANSWERS.get(request.action)
        if answer is None:
            self._error(f"Unknown action: {request.action[:64]}")
        else:
            answer(self, request.stocks)

    def wants(self, listing: Listing) -> bool:
        """Tell whether the client is subscribed to a listing."""
        return self.held.get(listing.token) == listing

    def market_changed(self, is_open: bool) -> None:
        """Tell the client that the market has opened or closed."""
        now_ms = self._now_ms()
        word, activity = ("open", "started") if is_open else ("closed", "stopped")
        self._out.append(
            envelope(
                "market_opened" if is_open else "market_closed",
                now_ms,
                status="info",
                message=f"Market is now {word} - data streaming {activity}",
                data={"market_open": is_open, "current_time": clock_text(now_ms)},
            )
        )

    def taken_over(self) -> None:
        """Let go of the client: a newer connection uses its id."""
        if not self._is_closing:
            self._is_closing = True
            self._events.append(CloseConnection(TAKEN_OVER, "Another connection uses this client_id"))

    # --- answers -----------------------------------------------------------------------------------------------

    def _subscribe(self, stocks: list[str | int] | None) -> None:
        items = _items(stocks)
        if not items:
            self._error("No stocks provided for subscription")
            return
        subscribed: list[str] = []
        failed: list[str] = []
        new: list[Topic] = []
        for item in items:
            listing = self._table.find(item)
            is_full = listing is not None and listing.token not in self.held and len(self.held) >= _MOST_STOCKS
            if listing is None or is_full:
                failed.append(item)
                continue
            if listing.token not in self.held:
                new.append(_topic(listing))
            self.held[listing.token] = listing
            subscribed.append(str(listing) if item.isdecimal() else item)
        data = {
            "action": "subscribe",
            "subscribed_stocks": subscribed,
            "failed_stocks": failed,
            "total_subscribed": len(self.held),
        }
        self._say("subscription_response", status="success", data=data)
        self._tell(ClientSubscribed, new)

    def _unsubscribe(self, stocks: list[str | int] | None) -> None:
        items = _items(stocks)
        if not items:
            self._error("No stocks provided for unsubscription")
            return
        ended: list[str] = []
        topics: list[Topic] = []
        for item in items:
            listing = self._table.find(item)
            if listing is not None and self.held.pop(listing.token, None) is not None:
                ended.append(str(listing) if item.isdecimal() else item)
                topics.append(_topic(listing))
        data = {"action": "unsubscribe", "unsubscribed_stocks": ended, "total_subscribed": len(self.held)}
        self._say("subscription_response", status="success", data=data)
        self._tell(ClientUnsubscribed, topics)

    def _subscriptions(self, stocks: list[str | int] | None) -> None:
        data = {
            "subscribed_tokens": list(self.held),
            "subscribed_symbols": [listing.symbol for listing in self.held.values()],
            "total_subscribed": len(self.held),
        }
        self._say("subscriptions", status="success", data=data)

    def _market_status(self, stocks: list[str | int] | None) -> None:
        now_ms = self._now_ms()
        is_open = self._market.is_open(now_ms)
        data = {
            "market_open": is_open,
            "market_hours": MARKET_HOURS,
            "current_time": clock_text(now_ms),
            "next_open": date_text(self._market.next_open_ms(now_ms)),
            "streaming_data": is_open,
        }
        self._say("market_status", status="success", data=data)

    def _pong(self, stocks: list[str | int] | None) -> None:
        self._say("pong", status="alive")

    def _error(self, message: str) -> None:
        self._say("error", status="error", message=message)

    def _say(self, kind: str, **members: Any) -> None:
        self._out.append(envelope(kind, self._now_ms(), **members, client_id=self.client_id))


def _items(stocks: list[str | int] | None) -> list[str]:
    entries = (str(entry).strip().upper() for entry in stocks or ())
    return [entry for entry in entries if entry]


def _topic(listing: Listing) -> Topic:
    return Topic(Channel.TRADES, symbol_key(listing.venue, listing.symbol))


_ANSWERS: Final[dict[str, Callable[[OdinServer, list[str | int] | None], None]]] = {
    "subscribe": OdinServer._subscribe,
    "unsubscribe": OdinServer._unsubscribe,
    "get_subscriptions": OdinServer._subscriptions,
    "market_status": OdinServer._market_status,
    "ping": OdinServer._pong,
}
