"""What the server says, read without knowing what was asked: a pure function, which may run in another thread."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from marketwatch.protocols.data_provider.keys import zone_of
from marketwatch.protocols.data_provider.packets import (
    EngineKind,
    SocketKind,
    SocketPacket,
    read_event,
    read_frame,
    read_json,
    read_packet,
)
from marketwatch.protocols.data_provider.rows import Rows, read_rows
from marketwatch.protocols.readings import SAMPLE_LENGTH, Unusable, number, text

NO_REASON: Final = "the server gave no reason"
NO_ROWS: Final = "the server has no rows for it"
_PROGRESS: Final = re.compile(r"([0-9]{1,9})/([0-9]{1,9})")
_PING_INTERVAL_S: Final = 25.0
_PING_TIMEOUT_S: Final = 20.0
_LONGEST_PING_S: Final = 3_600.0


class Incoming(msgspec.Struct, frozen=True):
    """One frame of the server, read; this class itself means nothing."""


class Opened(Incoming, frozen=True):
    """The Engine.IO session is open; the server pings each `ping_interval_s`, and late by `ping_timeout_s` at most.

    `session_id` is needed where the session goes over several requests, as long polling does.
    """

    ping_interval_s: float = _PING_INTERVAL_S
    ping_timeout_s: float = _PING_TIMEOUT_S
    session_id: str = ""


class Ping(Incoming, frozen=True):
    """To be answered with the same body."""

    body: str


class Joined(Incoming, frozen=True):
    """We are in the namespace: requests may be sent."""


class Left(Incoming, frozen=True):
    """The server ends the session."""

    reason: str


class Attachments(Incoming, frozen=True):
    """So many binary frames follow."""

    count: int


class Unread(Incoming, frozen=True):
    """A frame that could not be used."""

    reason: str
    sample: str


class Answer(Incoming, frozen=True):
    """Something about a request. `resolution` and `period` are empty where the server did not echo them."""

    resolution: str = ""
    period: str = ""


class DataAnswer(Answer, frozen=True, kw_only=True):
    """Rows of one ticker, in capitals."""

    ticker: str
    rows: Rows


class DataFailure(Answer, frozen=True, kw_only=True):
    """A single request failed; `ticker` is empty when the server did not say which."""

    ticker: str = ""
    reason: str


class DataStatus(Answer, frozen=True, kw_only=True):
    """The server is at work on one ticker."""

    ticker: str
    status: str


class BatchStatus(Answer, frozen=True, kw_only=True):
    """The server is at work on one ticker of a batch."""

    ticker: str
    status: str
    done: int | None
    total: int | None


class BatchAnswer(Answer, frozen=True, kw_only=True):
    """Rows, or a reason why there are none, by ticker in capitals."""

    results: Mapping[str, Rows]
    errors: Mapping[str, str]


class BatchFailure(Answer, frozen=True, kw_only=True):
    """The whole batch failed."""

    reason: str

    @property
    def is_unwritable(self) -> bool:
        """The server has the rows and cannot write them: asked one by one, they come."""
        return "not json serializable" in self.reason.casefold()


def read(frame: bytes) -> Incoming:
    """Read one frame; never raises."""
    try:
        return _read(frame)
    except Unusable as error:
        return Unread(str(error), frame[: 4 * SAMPLE_LENGTH].decode("utf-8", "replace")[:SAMPLE_LENGTH])


def _read(frame: bytes) -> Incoming:
    engine = read_frame(frame)
    match engine.kind:
        case EngineKind.OPEN:
            return _opened(engine.body)
        case EngineKind.CLOSE:
            return Left("the server closed the session")
        case EngineKind.PING:
            return Ping(engine.body[:SAMPLE_LENGTH])
        case EngineKind.MESSAGE:
            return _message(read_packet(engine.body))
    return Incoming()


def _opened(body: str) -> Opened:
    facts = read_json(body)
    if not isinstance(facts, dict):
        raise Unusable("an opening without an object")
    interval, patience = number(facts.get("pingInterval")), number(facts.get("pingTimeout"))
    session_id = facts.get("sid")
    return Opened(
        _seconds(interval, _PING_INTERVAL_S),
        _seconds(patience, _PING_TIMEOUT_S),
        session_id if isinstance(session_id, str) else "",
    )


def _seconds(millis: float | None, otherwise: float) -> float:
    return otherwise if millis is None or millis <= 0 else min(millis / 1_000, _LONGEST_PING_S)


def _message(packet: SocketPacket) -> Incoming:
    if packet.attachments:
        return Attachments(packet.attachments)
    if packet.namespace != "/":
        return Incoming()
    match packet.kind:
        case SocketKind.CONNECT:
            return Joined()
        case SocketKind.DISCONNECT:
            return Left("the server ended the session")
        case SocketKind.CONNECT_ERROR:
            return Left(f"the server let us not in: {_reason(read_json(packet.data) if packet.data else None)}")
        case SocketKind.EVENT:
            name, arguments = read_event(packet)
            reader = _READERS.get(name)
            return Incoming() if reader is None else reader(_payload(arguments))
    return Incoming()


def _payload(arguments: list[Any]) -> dict[str, Any]:
    if not arguments or not isinstance(arguments[0], dict):
        raise Unusable("an event without an object")
    return arguments[0]


def _reason(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("message") or value.get("error")
    return text(value) or NO_REASON


def _ticker(payload: Mapping[str, Any]) -> str:
    return text(payload.get("ticker")).upper()


def _data_answer(payload: dict[str, Any]) -> Incoming:
    ticker, data, resolution = _ticker(payload), payload.get("data"), text(payload.get("resolution"))
    if not ticker:
        raise Unusable("an answer without a ticker")
    if not isinstance(data, list):
        return DataFailure(ticker=ticker, reason="the answer holds no rows", resolution=resolution)
    rows = read_rows(data, resolution, zone_of(ticker))
    return DataAnswer(ticker=ticker, rows=rows, resolution=resolution, period=text(payload.get("period")))


def _data_failure(payload: dict[str, Any]) -> Incoming:
    return DataFailure(ticker=_ticker(payload), reason=_reason(payload.get("error")))


def _data_status(payload: dict[str, Any]) -> Incoming:
    return DataStatus(ticker=_ticker(payload), status=text(payload.get("status")))


def _batch_status(payload: dict[str, Any]) -> Incoming:
    done, total = _progress(payload.get("progress"))
    return BatchStatus(ticker=_ticker(payload), status=text(payload.get("status")), done=done, total=total)


def _progress(value: object) -> tuple[int | None, int | None]:
    """Read `2/3`; what cannot be true is not said."""
    match = _PROGRESS.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None, None
    done, total = int(match[1]), int(match[2])
    return (done, total) if 0 < done <= total else (None, None)


def _batch_answer(payload: dict[str, Any]) -> Incoming:
    resolution, period = text(payload.get("resolution")), text(payload.get("period"))
    results, errors = payload.get("results"), payload.get("errors")
    found: dict[str, Rows] = {}
    failed: dict[str, str] = {}
    for name, result in results.items() if isinstance(results, dict) else ():
        ticker, data = text(name).upper(), result.get("data") if isinstance(result, dict) else None
        if isinstance(data, list):
            found[ticker] = read_rows(data, resolution, zone_of(ticker))
        else:
            failed[ticker] = "the answer holds no rows"
    for name, reason in _errors(errors):
        failed[text(name).upper()] = _reason(reason)
    return BatchAnswer(results=found, errors=failed, resolution=resolution, period=period)


def _errors(errors: object) -> list[tuple[object, object]]:
    """Read the reasons by ticker: an object, a list of tickers or of objects about one each, or nothing."""
    if isinstance(errors, dict):
        return list(errors.items())
    if not isinstance(errors, list):
        return []
    return [(one.get("ticker"), one) if isinstance(one, dict) else (one, None) for one in errors]


def _batch_failure(payload: dict[str, Any]) -> Incoming:
    return BatchFailure(reason=_reason(payload.get("error")))


_READERS: Final[Mapping[str, Callable[[dict[str, Any]], Incoming]]] = {
    "data_response": _data_answer,
    "data_error": _data_failure,
    "data_status": _data_status,
    "batch_progress": _batch_status,
    "batch_response": _batch_answer,
    "batch_error": _batch_failure,
}
