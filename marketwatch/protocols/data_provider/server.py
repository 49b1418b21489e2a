"""Server side of the Data Provider Server, for one connection: its events, right where the real one is wrong.

Batches arrive, missing prices are null, every request is answered, and no answer is so long that it would disconnect
the usual clients.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final

from marketwatch.domain.events import BatchBar
from marketwatch.protocols.data_provider.keys import zone_of
from marketwatch.protocols.data_provider.packets import (
    EngineKind,
    SocketKind,
    SocketPacket,
    read_event,
    read_frame,
    read_packet,
    write_frame,
    write_json,
    write_packet,
)
from marketwatch.protocols.data_provider.requests import RESOLUTIONS
from marketwatch.protocols.data_provider.rows import DATED
from marketwatch.protocols.deadlines import soonest
from marketwatch.protocols.readings import Unusable, text
from marketwatch.protocols.serving import CloseConnection, ServerSide

LONGEST_ANSWER: Final = 3_000_000
"""Characters of one event: the asyncio client of Python hangs up over 4 MiB."""
MOST_TICKERS: Final = 500
PING_INTERVAL_S: Final = 25.0
PING_TIMEOUT_S: Final = 20.0
_MAX_PAYLOAD: Final = 1_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TOO_LONG: Final = "The answer is too long: ask for fewer rows with limit"

FindBars = Callable[[str, str], Sequence[BatchBar] | None]
"""Gives the bars of a ticker in capitals at a resolution, oldest first; None when there are none."""


class DataProviderServer(ServerSide[str]):
    """Serves one client. It wants no key. `session_id` must be hard to guess and used once."""

    def __init__(self, session_id: str, find_bars: FindBars) -> None:
        super().__init__()
        self._session_id = session_id
        self._find_bars = find_bars
        self._is_joined = False
        self._ping_at: float | None = None
        self._gone_at: float | None = None

    def connection_made(self, now: float) -> None:
        """Open the session."""
        facts = {
            "sid": self._session_id,
            "upgrades": [],
            "pingTimeout": round(PING_TIMEOUT_S * 1_000),
            "pingInterval": round(PING_INTERVAL_S * 1_000),
            "maxPayload": _MAX_PAYLOAD,
        }
        self._out.append(write_frame(EngineKind.OPEN, write_json(facts)))
        self._ping_at = now + PING_INTERVAL_S

    def receive(self, data: bytes | str, now: float) -> None:
        """Take one frame of the client. Never raises: nonsense is ignored, as Socket.IO does."""
        self._gone_at = None
        try:
            engine = read_frame(data)
            if engine.kind is EngineKind.PING:
                self._out.append(write_frame(EngineKind.PONG, engine.body))
            elif engine.kind is EngineKind.CLOSE:
                self._events.append(CloseConnection(1000, "the client closed the session"))
            elif engine.kind is EngineKind.MESSAGE:
                self._take(read_packet(engine.body))
        except Unusable:
            return

    def next_deadline(self) -> float | None:
        """Monotonic second at which `deadline_passed` wants a call."""
        return soonest(self._ping_at, self._gone_at)

    def deadline_passed(self, now: float) -> None:
        """Ping, or let go of a client that did not answer the last ping."""
        if self._gone_at is not None and now >= self._gone_at:
            self._events.append(CloseConnection(1001, "ping timeout"))
            self._ping_at = self._gone_at = None
        elif self._ping_at is not None and now >= self._ping_at:
            self._out.append(write_frame(EngineKind.PING))
            self._ping_at = now + PING_INTERVAL_S
            self._gone_at = now + PING_TIMEOUT_S

    def _take(self, packet: SocketPacket) -> None:
        if packet.kind is SocketKind.CONNECT:
            self._join(packet.namespace)
        elif packet.kind is SocketKind.DISCONNECT:
            self._events.append(CloseConnection(1000, "the client left"))
        elif packet.kind is SocketKind.EVENT and self._is_joined and packet.namespace == "/":
            name, arguments = read_event(packet)
            answer = _ANSWERS.get(name)
            if answer is not None:
                answer(self, arguments[0] if arguments and isinstance(arguments[0], dict) else {})
            if packet.ack_id is not None:
                self._out.append(write_packet(SocketKind.ACK, [], ack_id=packet.ack_id))

    def _join(self, namespace: str) -> None:
        if namespace != "/":
            refusal = write_packet(SocketKind.CONNECT_ERROR, {"message": "Unable to connect"}, namespace=namespace)
            self._out.append(refusal)
            return
        self._is_joined = True
        self._out.append(write_packet(SocketKind.CONNECT, {"sid": self._session_id}))
        self._say("connection_response", {"status": "connected", "message": "Connected to Data Provider Server"})

    # --- answers -----------------------------------------------------------------------------------------------

    def _data(self, request: Mapping[str, Any]) -> None:
        ticker = text(request.get("ticker")).upper()
        if not ticker:
            self._say("data_error", {"error": "Ticker is required"})
            return
        resolution, period = _asked(request)
        found = self._rows(ticker, resolution, request.get("limit"))
        if found is None:
            self._say("data_error", {"error": _not_here(ticker), "ticker": ticker})
            return
        head = {"ticker": ticker, "resolution": resolution, "period": period}
        answer = write_packet(SocketKind.EVENT, ["data_response", {**head, **found, "columns": _columns(resolution)}])
        if len(answer) > LONGEST_ANSWER:
            self._say("data_error", {"error": _TOO_LONG, "ticker": ticker})
        else:
            self._out.append(answer)

    def _batch(self, request: Mapping[str, Any]) -> None:
        named = request.get("tickers")
        tickers = [ticker for each in named if (ticker := text(each).upper())] if isinstance(named, list) else []
        if not tickers:
            self._say("batch_error", {"error": "Tickers list is required"})
            return
        if len(tickers) > MOST_TICKERS:
            self._say("batch_error", {"error": f"At most {MOST_TICKERS} tickers can be asked for at once"})
            return
        resolution, period = _asked(request)
        results: dict[str, Any] = {}
        errors: dict[str, str] = {}
        for place, ticker in enumerate(tickers, start=1):
            self._say(
                "batch_progress", {"status": "processing", "ticker": ticker, "progress": f"{place}/{len(tickers)}"}
            )
            found = self._rows(ticker, resolution, request.get("limit"))
            if found is None:
                errors[ticker] = _not_here(ticker)
            else:
                results[ticker] = found
        answer = {
            "resolution": resolution,
            "period": period,
            "results": results,
            "errors": errors or None,
            "success_count": len(results),
            "error_count": len(errors),
        }
        frame = write_packet(SocketKind.EVENT, ["batch_response", answer])
        if len(frame) > LONGEST_ANSWER:
            self._say("batch_error", {"error": _TOO_LONG})
        else:
            self._out.append(frame)

    def _rows(self, ticker: str, resolution: str, limit: object) -> dict[str, Any] | None:
        bars = self._find_bars(ticker, resolution if resolution in RESOLUTIONS else "1d")
        if bars is None:
            return None
        if isinstance(limit, int) and limit > 0:
            bars = bars[-limit:]
        index, *names = _columns(resolution)
        zone = UTC if resolution in DATED else zone_of(ticker)
        rows = [{index: _date(bar, zone), **{name: getattr(bar, name.lower()) for name in names}} for bar in bars]
        first, last = (rows[0][index], rows[-1][index]) if rows else (None, None)
        return {"rows": len(rows), "start_date": first, "end_date": last, "data": rows}

    def _say(self, name: str, payload: Mapping[str, Any]) -> None:
        self._out.append(write_packet(SocketKind.EVENT, [name, payload]))


def _asked(request: Mapping[str, Any]) -> tuple[str, str]:
    return text(request.get("resolution")) or "1d", text(request.get("period")) or "max"


def _columns(resolution: str) -> list[str]:
    return ["Date" if resolution in DATED else "Datetime", "Open", "High", "Low", "Close", "Volume"]


def _date(bar: BatchBar, zone: tzinfo) -> str:
    return f"{(_EPOCH + timedelta(microseconds=bar.opens_ns // 1_000)).astimezone(zone):%Y-%m-%d %H:%M}"


def _not_here(ticker: str) -> str:
    return f"No local data available for {ticker}"


_ANSWERS: Final[Mapping[str, Callable[[DataProviderServer, Mapping[str, Any]], None]]] = {
    "get_data": DataProviderServer._data,
    "get_batch_data": DataProviderServer._batch,
}
