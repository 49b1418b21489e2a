"""Data Provider feed against the library its server is made of: a real Flask-SocketIO server, and a stock client."""

from __future__ import annotations

import asyncio
import datetime as dt
import math
from collections.abc import Iterator
from typing import Any

import pytest
import socketio
from data_provider_rig import BARS, bar_server
from fake_time import until
from flask_bars import FlaskBars, flask_bars, minutes

from marketwatch.client import FeedClient
from marketwatch.domain.events import BarBatch, BatchProgress, RequestFailed
from marketwatch.errors import FeedError

pytestmark = pytest.mark.slow  # the server is slow to let go of a connection


@pytest.fixture(params=["websocket", "polling"])
def bars(request: pytest.FixtureRequest) -> Iterator[FlaskBars]:
    """Run the server as it is, and as one that has no WebSocket library."""
    with flask_bars(is_polled=request.param == "polling") as running:
        yield running
        assert [how for how, *_ in running.transports if how == request.param]
        sessions = {session_id for how, _, session_id in running.transports if how == "polling" and session_id}
        assert bool(sessions) is (request.param == "polling")


def sent(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Return the server's rows as they should arrive."""
    return [
        (
            dt.datetime.fromisoformat(next(iter(row.values()))),
            *(None if math.isnan(row[name]) else row[name] for name in ("Open", "High", "Low", "Close", "Volume")),
        )
        for row in rows
    ]


def came(batch: BarBatch) -> list[tuple[Any, ...]]:
    return [
        (
            dt.datetime.fromtimestamp(bar.opens_ns / 1e9, dt.UTC).replace(tzinfo=None),
            *(bar.open, bar.high, bar.low, bar.close, bar.volume),
        )
        for bar in batch.bars
    ]


async def gather(client: FeedClient, symbols: list[str], count: int) -> list[Any]:
    """Subscribe and return the next events, progress left out."""
    events = aiter(client)
    await client.subscribe(symbols)
    found = []
    async with asyncio.timeout(20):
        while len(found) < count:
            event = await anext(events)
            if not isinstance(event, BatchProgress):
                found.append(event)
    return found


async def test_one_ticker_comes_value_for_value(bars: FlaskBars) -> None:
    async with FeedClient("data-provider", url=bars.url) as client:
        (batch,) = await gather(client, ["spy"], 1)
    assert came(batch) == sent(bars.rows["SPY", "1d"])
    assert bars.asked == [
        ("get_data", {"ticker": "SPY", "resolution": "1d", "period": "max", "local_only": True}),
    ]


async def test_a_frame_has_the_values_of_the_server(bars: FlaskBars) -> None:
    options = {"resolution": "DAY_01", "period": "YEAR_01", "limit": 10, "local_only": False}
    async with FeedClient("data-provider", url=bars.url, **options) as client:  # type: ignore[arg-type]
        frames = client.frames()
        await client.subscribe("SPY")
        frame = await anext(frames)
    rows = bars.rows["SPY", "1d"][-10:]
    assert list(frame.columns) == ["Open", "High", "Low", "Close", "Volume"]
    assert [str(day)[:16] for day in frame.index] == [row["Date"] for row in rows]
    assert (frame.index.tz, frame.index.name) == (None, "Date")
    for name in frame.columns:
        assert list(frame[name]) == [row[name] for row in rows]
    assert frame.attrs == {"symbol": "SPY", "resolution": "1d", "period": "1y"}
    asked = {"ticker": "SPY", "resolution": "1d", "period": "1y", "limit": 10, "local_only": False}
    assert bars.asked == [("get_data", asked)]


async def test_answers_are_cut_to_dates_here(bars: FlaskBars) -> None:
    async with FeedClient("data-provider", url=bars.url, start="2024-01-04", end=dt.date(2024, 1, 6)) as client:
        frames = client.frames()
        await client.subscribe("SPY")
        frame = await anext(frames)
    assert [f"{day:%d}" for day in frame.index] == ["04", "05", "06"]
    assert frame["Open"].tolist() == [402.0, 403.0, 404.0]
    assert math.isnan(frame["Close"].iloc[2]), "the server's bare NaN"


async def test_hours_of_new_york(bars: FlaskBars) -> None:
    bars.rows["SPY", "1h"] = [{"Datetime": "2024-07-01 09:30", "Open": 1.0, "High": 2.0, "Low": 0.5, "Close": 1.5}]
    async with FeedClient("data-provider", url=bars.url, resolution="1h") as client:
        frames = client.frames()
        await client.subscribe("SPY")
        frame = await anext(frames)
    assert [str(moment) for moment in frame.index] == ["2024-07-01 09:30:00-04:00"]
    assert math.isnan(frame["Volume"].iloc[0])


async def test_a_batch_that_cannot_be_written_comes_one_by_one(bars: FlaskBars) -> None:
    told: list[tuple[str, Any, Any]] = []

    def listen(data: dict[str, Any]) -> None:
        if data["event_type"] == "progress":
            told.append((data["symbol"], data["done"], data["total"]))

    async with FeedClient("data-provider", url=bars.url) as client:
        await client.subscribe(["BTC-USD", "SPY", "ZZZ"], callback=listen)
        found = await gather(client, ["BTC-USD", "SPY", "ZZZ"], 3)
    assert {one.key: came(one) for one in found if isinstance(one, BarBatch)} == {
        ticker: sent(bars.rows[ticker, "1d"]) for ticker in ("BTC-USD", "SPY")
    }
    assert [(one.key, one.reason) for one in found if isinstance(one, RequestFailed)] == [
        ("ZZZ", "No local data available for ZZZ")
    ]
    assert sorted(told) == [("BTC-USD", 1, 3), ("SPY", 2, 3), ("ZZZ", 3, 3)]
    assert [name for name, _ in bars.asked] == ["get_batch_data", "get_data", "get_data", "get_data"]


async def test_a_batch_that_can_be_written_comes_as_one(bars: FlaskBars) -> None:
    bars.can_write_batches = True
    async with FeedClient("data-provider", url=bars.url) as client:
        found = await gather(client, ["BTC-USD", "SPY"], 2)
    assert [came(one) for one in found] == [sent(bars.rows[ticker, "1d"]) for ticker in ("BTC-USD", "SPY")]
    assert [name for name, _ in bars.asked] == ["get_batch_data"]


async def test_every_ticker_of_a_batch_may_fail(bars: FlaskBars) -> None:
    async with FeedClient("data-provider", url=bars.url) as client:
        found = await gather(client, ["YYY", "ZZZ"], 2)
    assert [(one.key, one.reason) for one in found] == [
        (ticker, f"No local data available for {ticker}") for ticker in ("YYY", "ZZZ")
    ]


async def test_a_silent_server_is_given_up_and_the_next_is_asked(bars: FlaskBars) -> None:
    bars.mute.add("SPY")
    errors: list[Exception] = []
    async with FeedClient("data-provider", url=bars.url, timeout_s=0.2, on_error=errors.append) as client:
        frames = client.frames()
        await client.subscribe("SPY")
        await client.subscribe("BTC-USD")
        with pytest.raises(FeedError, match=r"Bars of SPY\. no answer within 0\.2 s"):
            await anext(frames)
        assert (await anext(frames)).attrs["symbol"] == "BTC-USD"
    assert [asked["ticker"] for _, asked in bars.asked] == ["SPY", "BTC-USD"]


async def test_a_server_that_hangs_up_is_called_again_and_asked_again(bars: FlaskBars) -> None:
    bars.hangs_up = True
    async with FeedClient("data-provider", url=bars.url) as client:
        events = aiter(client)
        await client.subscribe("SPY")
        await until(lambda: bool(bars.asked))
        bars.hangs_up = False
        batch = await anext(events)
    assert came(batch) == sent(bars.rows["SPY", "1d"])
    assert len(bars.asked) == 2
    assert client.get_status()["reconnect_attempts"] == 1


async def test_ten_megabytes_come_in_one_message(bars: FlaskBars) -> None:
    bars.rows["BTC-USD", "1m"] = minutes(40_000.0, 80_000)
    async with FeedClient("data-provider", url=bars.url, resolution="1m") as client:
        (batch,) = await gather(client, ["BTC-USD"], 1)
        assert client.status.invalid_count == 0
    assert came(batch) == sent(bars.rows["BTC-USD", "1m"])


async def test_the_local_list(bars: FlaskBars) -> None:
    bars.rows["^GSPC", "1h"] = []
    async with FeedClient("data-provider", url=bars.url) as client:
        assert await client.get_instruments_local() == {"1d": ["SPY", "BTC-USD"], "1h": ["^GSPC"]}


async def test_a_stock_client_is_served_by_our_side() -> None:
    heard: list[tuple[str, Any]] = []
    done = asyncio.Event()
    async with bar_server() as server:
        client = socketio.AsyncClient(reconnection=False)

        @client.on("*")  # type: ignore[untyped-decorator]
        async def hear(name: str, payload: Any) -> None:
            heard.append((name, payload))
            if name in ("batch_response", "data_error"):
                done.set()

        await client.connect(server.url, transports=["websocket"])
        acknowledged = await client.call("get_data", {"ticker": "SPY", "resolution": "1d", "limit": 1}, timeout=5)
        assert acknowledged is None
        await client.emit("get_batch_data", {"tickers": ["SPY", "BTC-USD", "ZZZ"], "resolution": "1d"})
        async with asyncio.timeout(10):
            await done.wait()
        await client.disconnect()
    by_name = dict(heard)
    assert by_name["connection_response"]["status"] == "connected"
    (row,) = by_name["data_response"]["data"]
    assert (row["Date"], row["Close"]) == ("2024-01-03 00:00", 468.8)
    results = by_name["batch_response"]["results"]
    assert {ticker: [row["Close"] for row in results[ticker]["data"]] for ticker in results} == {
        ticker: [bar.close for bar in found] for (ticker, _), found in BARS.items()
    }
    assert by_name["batch_response"]["errors"] == {"ZZZ": "No local data available for ZZZ"}
    progress = [payload["progress"] for name, payload in heard if name == "batch_progress"]
    assert progress == ["1/3", "2/3", "3/3"]
