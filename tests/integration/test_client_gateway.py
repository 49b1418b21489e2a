"""The Python client against our own gateway: real values, several callbacks, a replay from beginning to end."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pandas
import pytest
from client_rig import T_NS, quote, serving, trade
from fake_time import until
from gateway_rig import KEY, replaying
from recordings import minutes_of_trading, write_recording

from marketwatch.client import FeedClient
from marketwatch.domain.events import Quote, TradeTick
from marketwatch.errors import AuthenticationRefused


async def test_a_replay_arrives_whole_at_callbacks_and_readers(tmp_path: Path) -> None:
    rows = minutes_of_trading(["AAPL", "SPY"], seconds=60)
    sent = [(row[1], row[3], row[4]) for row in rows if row[2] == "T"]
    heard: list[tuple[str, float, float]] = []
    heard_later: list[tuple[str, float, float]] = []

    def hear(data: dict[str, Any]) -> None:
        heard.append((data["symbol"], data["price"], data["size"]))

    async def hear_later(data: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        heard_later.append((data["symbol"], data["price"], data["size"]))

    async with (
        replaying(write_recording(tmp_path / "day.parquet", rows)) as server,
        FeedClient("massive", url=server.url, key=KEY) as client,
    ):
        events = aiter(client)
        await client.subscribe(["AAPL", "SPY"], ["T"], hear)
        await client.subscribe("AAPL", "T", hear_later)
        await client.subscribe("SPY", ["Q"])
        await until(lambda: len(heard) == len(sent) and len(heard_later) == len(sent) // 2)
        read = [await anext(events) for _ in range(len(sent) + len(sent) // 2)]
    assert heard == sent
    assert heard_later == [one for one in sent if one[0] == "AAPL"]
    assert [(event.key, event.price, event.size) for event in read if isinstance(event, TradeTick)] == sent
    assert [(event.bid, event.ask) for event in read if isinstance(event, Quote)] == [
        (row[5], row[7]) for row in rows if row[1] == "SPY" and row[2] == "Q"
    ]
    assert (client.dropped_events, client.callback_failures) == (0, 0)


async def test_the_status_has_the_guides_keys_and_values() -> None:
    async with serving() as (server, _):
        client = FeedClient("massive", url=server.url, key=KEY)
        await client.subscribe(["MSFT", "AAPL"], ["T", "Q"])
        await client.subscribe("AAPL", "AM", subscription_id="bars")
        async with client:
            events = aiter(client)
            assert [(await anext(events)).key for _ in range(4)].count("AAPL") == 3
            status = client.get_status()
        assert (status["connected"], status["authenticated"], status["running"]) == (True, True, True)
        assert status["subscriptions"] == {"MSFT": ["Q", "T"], "AAPL": ["AM", "Q", "T"]}
        assert status["message_count"] >= 4
        assert status["last_message_time"].endswith("+00:00")
        assert status["uptime_seconds"] > 0
        assert status["reconnect_attempts"] == 0
        after = client.get_status()
        assert (after["connected"], after["running"], after["uptime_seconds"]) == (False, False, 0.0)
        assert after["message_count"] >= status["message_count"]


async def test_unsubscribing_one_leaves_the_others() -> None:
    heard: list[tuple[str, str, float]] = []
    async with serving() as (server, source), FeedClient("massive", url=server.url, key=KEY) as client:
        first = await client.subscribe("AAPL", "T", lambda data: heard.append(("first", "T", data["price"])))
        await client.subscribe(
            "AAPL",
            ["T", "Q"],
            lambda data: heard.append(("second", data["event_type"], data.get("price") or data["bid_price"])),
            subscription_id="second",
        )
        await until(lambda: len(heard) == 5)
        await client.unsubscribe(subscription_id=first)
        heard.clear()
        await source.batches.put([trade("AAPL", 180.0, at_s=10)])
        await until(lambda: heard == [("second", "trade", 180.0)])

        await client.unsubscribe("AAPL", "T")
        await source.batches.put([trade("AAPL", 181.0, at_s=11), quote("AAPL", 180.5, 181.5, at_s=11)])
        await until(lambda: len(heard) == 2)
        assert heard[1] == ("second", "quote", 180.5)

        await client.unsubscribe()
        assert client.get_status()["subscriptions"] == {}
        await until(lambda: client.status.wanted == 0)


async def test_a_failing_callback_ends_nothing_and_is_told() -> None:
    told: list[Exception] = []
    heard: list[float] = []

    def fails(data: dict[str, Any]) -> None:
        raise ZeroDivisionError(f"{data['symbol']} at {data['price']}")

    async with (
        serving() as (server, _),
        FeedClient("massive", url=server.url, key=KEY, on_error=told.append) as client,
    ):
        await client.subscribe("AAPL", "T", fails)
        await client.subscribe("AAPL", "T", lambda data: heard.append(data["price"]))
        await until(lambda: heard == [175.5, 175.75])
        assert [str(error) for error in told] == ["AAPL at 175.5", "AAPL at 175.75"]
        assert client.callback_failures == 2
        assert client.status.state.value == "live"


async def test_a_failing_on_error_ends_nothing_either() -> None:
    heard: list[float] = []

    def fails(thing: Any) -> None:
        raise ValueError("no")

    async with serving() as (server, _), FeedClient("massive", url=server.url, key=KEY, on_error=fails) as client:
        await client.subscribe("AAPL", "T", fails)
        await client.subscribe("AAPL", "T", lambda data: heard.append(data["price"]))
        await until(lambda: heard == [175.5, 175.75])


async def test_a_callback_may_disconnect_and_connecting_again_brings_the_same_subscriptions() -> None:
    heard: list[float] = []
    async with serving() as (server, _):
        client = FeedClient("massive", url=server.url, key=KEY)

        async def once(data: dict[str, Any]) -> None:
            heard.append(data["price"])
            await client.disconnect()

        await client.subscribe("AAPL", "T", once)
        for _ in range(2):
            await client.connect()
            await client.listen()
            await client.disconnect()
        assert heard == [175.5, 175.5]
        await until(lambda: server.sessions == ())


async def test_leaving_in_the_middle_leaves_nothing_behind() -> None:
    before = set(threading.enumerate())

    async def read(url: str, began: asyncio.Event) -> None:
        async with FeedClient("massive", url=url, key=KEY) as client:
            await client.subscribe("AAPL", "T", lambda data: asyncio.sleep(3600))
            async for _ in client:
                began.set()

    async with serving() as (server, _):
        began = asyncio.Event()
        reading = asyncio.create_task(read(server.url, began))
        await began.wait()
        reading.cancel()
        await asyncio.wait([reading])
        assert reading.cancelled()
        await until(lambda: server.sessions == ())
        names = {task.get_name() for task in asyncio.all_tasks()}
        assert not [name for name in names if "feed" in name or "callback" in name]
        await until(lambda: not [one for one in set(threading.enumerate()) - before if "feed client" in one.name])


async def test_two_connects_at_once_are_one() -> None:
    async with serving() as (server, _):
        client = FeedClient("massive", url=server.url, key=KEY)
        await asyncio.gather(client.connect(), client.connect())
        await client.connect()
        assert server.summary().clients == 1
        await asyncio.gather(client.disconnect(), client.disconnect())
        assert client.get_status()["connected"] is False


async def test_a_wrong_key_is_refused_by_connect_run_and_async_with() -> None:
    async with serving() as (server, _):
        client = FeedClient("massive", url=server.url, key="guess")
        with pytest.raises(AuthenticationRefused, match="Massive"):
            await client.connect()
        with pytest.raises(AuthenticationRefused):
            await client.run("AAPL", 5.0)
        with pytest.raises(AuthenticationRefused):
            async with client:
                pytest.fail("nobody gets in with a wrong key")
        assert client.get_status()["subscriptions"] == {}
        assert client.get_status()["running"] is False


async def test_frames_hold_the_values_of_the_replay(tmp_path: Path) -> None:
    rows = minutes_of_trading(["AAPL"], seconds=30)
    trades = [row for row in rows if row[2] == "T"]
    parts = []
    async with (
        replaying(write_recording(tmp_path / "day.parquet", rows)) as server,
        FeedClient("massive", url=server.url, key=KEY) as client,
    ):
        frames = client.frames(max_rows=25, every_s=0.1)
        await client.subscribe("AAPL", "T")
        while sum(map(len, parts)) < len(trades):
            parts.append(await anext(frames))
        assert max(map(len, parts)) <= 25
        assert frames.dropped == 0
    frame = pandas.concat(parts, ignore_index=True)
    assert frame["price"].tolist() == [row[3] for row in trades]
    assert frame["size"].tolist() == [row[4] for row in trades]
    assert frame["time"].iloc[0] == pandas.Timestamp(T_NS, tz="UTC")
    with pytest.raises(StopAsyncIteration):
        await anext(frames)


async def test_run_listens_for_a_while_and_gives_everything_back() -> None:
    heard: list[float] = []
    async with serving() as (server, _):
        client = FeedClient("massive", url=server.url, key=KEY)
        await client.run(["AAPL", "MSFT"], 0.1, "T", lambda data: heard.append(data["price"]))
        assert sorted(heard) == [175.5, 175.75, 410.0]
        assert client.get_status()["subscriptions"] == {}
        assert client.get_status()["running"] is False
