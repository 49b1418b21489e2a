"""Odin Streamer as it really behaves: one registry of connections by client id, spoilt by every takeover.

A connection that takes over the id of another loses its place in the registry when the older one cleans up: it still
answers, but no broadcast reaches it (protocols/odin.md, section 9). Bad requests end the connection without a word.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

NOW_MS = 1_756_971_590_198


class _Request(msgspec.Struct):
    action: str = ""
    stocks: list[str] | None = None


class FaultyConnection:
    """One connection; `sent` is what the client gets, `is_cut` that it broke without a close frame."""

    def __init__(self, server: FaultyOdin, client_id: str) -> None:
        self.server = server
        self.client_id = client_id
        self.tokens: set[str] = set()
        self.sent: list[bytes] = []
        self.is_cut = False

    def say(self, kind: str, **members: Any) -> None:
        """Send a message."""
        self.sent.append(json.dumps({"type": kind, **members, "timestamp": NOW_MS}).encode() + b"\n")

    def take(self) -> list[bytes]:
        """Hand over what was sent."""
        taken, self.sent = self.sent, []
        return taken

    def receive(self, data: str | bytes) -> None:
        """Take a request as Go's decoder does: a stock that is no text breaks the connection."""
        try:
            request = msgspec.json.decode(data, type=_Request)
        except msgspec.DecodeError:
            self.is_cut = True
            self.server.lost(self)
            return
        stocks = request.stocks or []
        action = request.action
        if action == "subscribe":
            self._subscribe([stock.strip().upper() for stock in stocks])
        elif action == "unsubscribe":
            self._unsubscribe([stock.strip().upper() for stock in stocks])
        elif action == "ping":
            self.say("pong", status="alive")
        elif action == "get_subscriptions":
            self.say("subscriptions", data={"subscribed_tokens": list(self.tokens), "subscribed_symbols": []})
        elif action != "market_status":
            self.say("error", status="error", message=f"Unknown action: {action}")

    def _subscribe(self, stocks: list[str]) -> None:
        done, failed = [], []
        for stock in stocks:
            token = self.server.token_of(stock)
            if token is None:
                if not stock.isdecimal():  # unknown tokens are passed over
                    failed.append(stock)
                continue
            self.tokens.add(token)
            self.server.routes.setdefault(token, set()).add(self.client_id)
            done.append(f"{self.server.symbols[token]} (NSE)" if stock.isdecimal() else stock)
        data = {"action": "subscribe", "subscribed_stocks": done, "failed_stocks": failed}
        self.say("subscription_response", status="success", data=data)

    def _unsubscribe(self, stocks: list[str]) -> None:
        done = []
        for stock in stocks:
            token = self.server.token_of(stock)
            if token in self.tokens:
                self.tokens.discard(token)
                self.server.routes[token].discard(self.client_id)
                done.append(stock)
        self.say("subscription_response", data={"action": "unsubscribe", "unsubscribed_stocks": done})


class FaultyOdin:
    """The server: what it knows, who is in its registry, and which tokens lead to whom."""

    def __init__(self, tokens: dict[str, str]) -> None:
        self.tokens = tokens
        self.symbols = {token: symbol for symbol, token in tokens.items()}
        self.clients: dict[str, FaultyConnection] = {}
        self.routes: dict[str, set[str]] = {}

    def token_of(self, stock: str) -> str | None:
        """Return the token a stock stands for."""
        return (stock if stock in self.symbols else None) if stock.isdecimal() else self.tokens.get(stock)

    def connect(self, client_id: str) -> FaultyConnection:
        """Accept a connection, with the fault of the takeover."""
        new = FaultyConnection(self, client_id)
        old = self.clients.get(client_id)
        if old is not None:
            new.tokens = set(old.tokens)
        self.clients[client_id] = new
        new.say(
            "welcome",
            status="connected",
            data={"subscribed_stocks": len(new.tokens), "market_open": True, "features": ["persistent_connection"]},
        )
        if old is not None:
            self.lost(old)  # its handler wakes up and cleans up after the new one has entered
        return new

    def lost(self, connection: FaultyConnection) -> None:
        """Clean up as the real handler does: by id, whoever holds it now."""
        self.clients.pop(connection.client_id, None)
        for routed in self.routes.values():
            routed.discard(connection.client_id)

    def broadcast(self, symbol: str, frame: bytes, token: str | None = None) -> None:
        """Send a frame to everyone who is routed and registered."""
        for client_id in self.routes.get(token or self.tokens[symbol], set()):
            connection = self.clients.get(client_id)
            if connection is not None:
                connection.sent.append(frame)
