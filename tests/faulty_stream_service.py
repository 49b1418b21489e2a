"""The stream service as it really behaves: it acknowledges and stays silent, sends zeros, made-up numbers, or the
figures of one symbol under the name of another (protocols/stream-service.md, section 5)."""

from __future__ import annotations

import json
import random
from typing import Any


class FaultyStreamService:
    """One connection of one endpoint; `sent` is what the client gets, `is_cut` that it broke without a close frame."""

    def __init__(self) -> None:
        self.symbols: list[str] = []
        self.sent: list[bytes] = []
        self.is_cut = False
        self._random = random.Random(8081)
        self.say(type="connection", status="connected", endpoint="main", data_types=["tick_data"])

    def say(self, **members: Any) -> None:
        """Send a message with a time that names no zone."""
        self.sent.append(json.dumps({**members, "timestamp": "2025-01-27T16:00:00.123456"}).encode())

    def take(self) -> list[bytes]:
        """Hand over what was sent."""
        taken, self.sent = self.sent, []
        return taken

    def receive(self, data: str | bytes) -> None:
        """Take a request: whatever is no object ends the connection, whatever is unknown gets no answer."""
        try:
            request = json.loads(data)
        except ValueError:
            self.say(type="error", message="Invalid JSON format")
            return
        if not isinstance(request, dict):
            self.is_cut = True
        elif request.get("type") == "subscribe" and request.get("symbol"):
            self.symbols.append(request["symbol"])
            self.say(type="subscription", status="subscribed", symbol=request["symbol"])
        elif request.get("type") == "unsubscribe" and request.get("symbol"):
            self.say(type="subscription", status="unsubscribed", symbol=request["symbol"])
        elif request.get("type") == "ping":
            self.say(type="pong")

    def data(self, symbol: str, **figures: Any) -> None:
        """Send figures of a symbol."""
        self.say(type="data", symbol=symbol, endpoint="main", data=figures)

    def zeros(self, symbol: str) -> None:
        """Send what comes out when the upstream's names are not those the service reads."""
        self.data(symbol, **dict.fromkeys(("price", "volume", "change", "change_percent", "open", "high", "low"), 0))

    def overwritten(self, **figures: Any) -> None:
        """Send one upstream tick: the only callback slot belongs to the symbol subscribed last."""
        self.data(self.symbols[-1], **figures)

    def mock(self, symbol: str) -> dict[str, float]:
        """Send numbers of the mock mode, each drawn for itself; return them."""
        draw = self._random.uniform
        figures = {name: round(draw(2400.0, 2600.0), 2) for name in ("price", "open", "high", "low", "close")}
        figures |= {"volume": self._random.randint(10_000, 10_000_000), "change": round(draw(-50.0, 50.0), 2)}
        figures["change_percent"] = round(draw(-3.0, 3.0), 2)
        self.data(symbol, **figures)
        return figures
