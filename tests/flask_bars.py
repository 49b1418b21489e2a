"""A real Flask-SocketIO server whose handlers have the shape of the documented ones, faults included."""

from __future__ import annotations

import datetime as dt
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl

from flask import Flask, Response, jsonify
from flask_socketio import SocketIO, disconnect, emit
from werkzeug.serving import make_server

Rows = list[dict[str, Any]]
_PING_S = 0.2  # its threads sleep from ping to ping, also after the end


class Timestamp:
    """What the real server forgets to turn into text."""


class FlaskBars:
    """The server's data and habits; a test sets them. `asked` are the requests that came, in order, and `transports`
    how each was made: transport, method and session.
    """

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Rows] = {("SPY", "1d"): daily(400.0), ("BTC-USD", "1d"): daily(40_000.0)}
        self.asked: list[tuple[str, Any]] = []
        self.can_write_batches = False
        self.mute: set[str] = set()
        self.hangs_up = False
        self.transports: list[tuple[str, str, str]] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def daily(price: float, count: int = 30) -> Rows:
    """Return days from 2 January 2024 on, the fifth without a close."""
    first = dt.date(2024, 1, 2)
    rows = [
        {
            "Date": f"{first + dt.timedelta(days=day)} 00:00",
            "Open": price + day,
            "High": price + day + 2.25,
            "Low": price + day - 1.75,
            "Close": price + day + 0.5,
            "Volume": 1_000_000.0 + day,
        }
        for day in range(count)
    ]
    rows[4]["Close"] = math.nan
    return rows


def minutes(price: float, count: int) -> Rows:
    """Return minutes from midnight of 2 January 2024 on."""
    first = dt.datetime(2024, 1, 2)  # noqa: DTZ001 - the server's own texts name no zone
    return [
        {
            "Datetime": f"{first + dt.timedelta(minutes=minute):%Y-%m-%d %H:%M}",
            "Open": price + minute,
            "High": price + minute + 2.25,
            "Low": price + minute - 1.75,
            "Close": price + minute + 0.5,
            "Volume": 7.0 + minute,
        }
        for minute in range(count)
    ]


def _result(rows: Rows, limit: int | None) -> dict[str, Any]:
    kept = rows[-limit:] if limit else rows
    dates = [next(iter(row.values())) for row in kept]
    first, last = (dates[0], dates[-1]) if dates else (None, None)
    return {"rows": len(kept), "start_date": first, "end_date": last, "data": kept}


class _Handlers:
    """The server's events, as the documented one handles them."""

    def __init__(self, bars: FlaskBars) -> None:
        self._bars = bars

    def connected(self) -> None:
        emit("connection_response", {"status": "connected", "message": "Connected to Data Provider Server"})

    def get_data(self, asked: dict[str, Any]) -> None:
        bars, ticker = self._bars, asked.get("ticker", "").upper()
        bars.asked.append(("get_data", asked))
        if bars.hangs_up:
            disconnect()
        elif ticker not in bars.mute:
            self._answer(ticker, asked)

    def _answer(self, ticker: str, asked: dict[str, Any]) -> None:
        if not asked.get("local_only", False):
            emit("data_status", {"status": "downloading", "ticker": ticker})
        rows = self._bars.rows.get((ticker, asked.get("resolution", "1d")))
        if rows is None:
            emit("data_error", {"error": f"No local data available for {ticker}", "ticker": ticker})
            return
        head = {"ticker": ticker, "resolution": asked["resolution"], "period": asked["period"]}
        columns = list(rows[0]) if rows else []
        emit("data_response", {**head, **_result(rows, asked.get("limit")), "columns": columns})

    def get_batch_data(self, asked: dict[str, Any]) -> None:
        self._bars.asked.append(("get_batch_data", asked))
        try:
            emit("batch_response", self._batch(asked))
        except Exception as error:  # noqa: BLE001 - as the real server does
            emit("batch_error", {"error": str(error)})

    def _batch(self, asked: dict[str, Any]) -> dict[str, Any]:
        tickers = [ticker.upper() for ticker in asked.get("tickers", [])]
        results: dict[str, Any] = {}
        errors: dict[str, str] = {}
        for place, ticker in enumerate(tickers, start=1):
            emit("batch_progress", {"status": "processing", "ticker": ticker, "progress": f"{place}/{len(tickers)}"})
            rows = self._bars.rows.get((ticker, asked["resolution"]))
            if rows is None:
                errors[ticker] = f"No local data available for {ticker}"
            else:
                results[ticker] = _result(rows, asked.get("limit"))
        if results and not self._bars.can_write_batches:
            next(iter(results.values()))["data"] = [{"Date": Timestamp()}]
        head = {"resolution": asked["resolution"], "period": asked["period"]}
        counts = {"success_count": len(results), "error_count": len(errors)}
        return {**head, "results": results, "errors": errors or None, **counts}


def _make(bars: FlaskBars, *, is_polled: bool) -> Flask:
    app = Flask(__name__)
    only = {"transports": ["polling"], "allow_upgrades": False} if is_polled else {}
    sockets = SocketIO(
        app, cors_allowed_origins="*", async_mode="threading", monitor_clients=False, ping_interval=_PING_S, **only
    )

    handlers = _Handlers(bars)
    sockets.on_event("connect", handlers.connected)
    sockets.on_event("get_data", handlers.get_data)
    sockets.on_event("get_batch_data", handlers.get_batch_data)

    @app.get("/api/local-instruments")
    def local_instruments() -> Response:
        by_resolution: dict[str, list[str]] = {}
        for ticker, resolution in bars.rows:
            by_resolution.setdefault(resolution, []).append(ticker)
        tickers = sorted({ticker for ticker, _ in bars.rows})
        return jsonify(by_resolution=by_resolution, all_tickers=tickers, total=len(tickers), resolutions=["1d"])

    return app


@contextmanager
def flask_bars(*, is_polled: bool = False) -> Iterator[FlaskBars]:
    """Run the server in a thread of its own, on loopback; with `is_polled` as if it had no WebSocket library."""
    bars = FlaskBars()
    app = _make(bars, is_polled=is_polled)

    def noted(environ: dict[str, Any], start_response: Any) -> Any:
        asked = dict(parse_qsl(environ["QUERY_STRING"]))
        if environ["PATH_INFO"] == "/socket.io/":
            bars.transports.append((asked["transport"], environ["REQUEST_METHOD"], asked.get("sid", "")))
        return app(environ, start_response)

    server = make_server("127.0.0.1", 0, noted, threaded=True)
    server.daemon_threads = True
    bars.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield bars
    finally:
        server.shutdown()
        thread.join(5.0)
        server.server_close()
        for other in threading.enumerate():
            if "_send_ping" in other.name:
                other.join(5.0)
