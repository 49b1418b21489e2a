from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
from fake_time import until
from gateway_rig import KEY, HandFed, connected, gateway, replaying
from recordings import minutes_of_trading, write_recording

from marketwatch.domain.events import DayStatistics, PriceLimits, PriceValue, Quote, TradeTick
from marketwatch.gateway.limits import Limits
from marketwatch.protocols.base import Channel

_T = 1_381_239_000_000_000_000


def trade(key: str, price: float, size: float = 100, at_s: int = 0) -> TradeTick:
    return TradeTick(key=key, stamp=_T + at_s * 1_000_000_000, price=price, size=size, sequence=at_s)


async def test_a_replay_waits_for_a_subscriber_and_loses_nothing(tmp_path: Path) -> None:
    rows = minutes_of_trading(["AAPL", "SPY"], seconds=1500)
    async with replaying(write_recording(tmp_path / "day.parquet", rows)) as server:
        await asyncio.sleep(0.1)
        assert server.summary().events == 0
        async with connected(server.url) as client:
            await client.log_in()
            assert await client.subscribe("T.*,Q.AAPL,AM.SPY") == [
                "subscribed to: T.*",
                "subscribed to: Q.AAPL",
                "subscribed to: AM.SPY",
            ]
            events, code = await client.hear_all()
    assert code == 1000
    counts = Counter((event["ev"], event["sym"]) for event in events)
    assert counts == {("T", "AAPL"): 3000, ("T", "SPY"): 3000, ("Q", "AAPL"): 3000, ("AM", "SPY"): 25}
    volumes = Counter[str]()
    for event in events:
        if event["ev"] == "T":
            volumes[event["sym"]] += event["s"]
    expected = sum(row[4] for row in rows if row[1] == "AAPL" and row[2] == "T")
    assert volumes == {"AAPL": expected, "SPY": expected}
    assert sum(event["v"] for event in events if event["ev"] == "AM") == expected
    assert [event["av"] for event in events if event["ev"] == "AM"][-1] == expected
    assert (server.summary().trades, server.summary().clients) == (6000, 1)


async def test_a_client_that_pipelines_everything_is_served(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "day.parquet", minutes_of_trading(["AAPL"], seconds=30))
    async with replaying(path) as server, connected(server.url) as client:
        await client.say(action="auth", params=KEY)
        await client.say(action="subscribe", params="T.AAPL")
        await client.say(action="subscribe", params="Q.AAPL")
        events, code = await client.hear_all()
    assert code == 1000
    assert Counter(event["ev"] for event in events) == {"status": 4, "T": 60, "Q": 60}
    assert [event["status"] for event in events[:2]] == ["connected", "auth_success"]


async def test_two_dialects_side_by_side_and_the_empty_path() -> None:
    source = HandFed(["AAPL"])
    async with (
        gateway(source) as server,
        connected(server.url) as native,
        connected(server.url.removesuffix("/stocks"), headers={"Authorization": f"Bearer {KEY}"}) as simple,
    ):
        await native.log_in()
        await native.subscribe("T.AAPL")
        assert (await simple.hear())[0]["status"] == "connected"
        await simple.say(action="subscribe", tickers=["AAPL"])
        await until(lambda: sum(session.has_subscribed for session in server.sessions) == 2)
        await source.batches.put([trade("AAPL", 150.25, 100), trade("AAPL", 150.5, 20, 1)])
        assert [(event["p"], event["s"]) for event in await native.hear()] == [(150.25, 100), (150.5, 20)]
        first, second = await simple.hear(), await simple.hear()
        assert (first["ticker"], first["price"], first["volume"]) == ("AAPL", 150.25, 100)
        assert (second["price"], second["volume"], second["timestamp"]) == (150.5, 120, "2013-10-08T13:30:01Z")


async def test_a_late_subscriber_gets_the_day_so_far_before_what_follows() -> None:
    source = HandFed(["AAPL", "I:SPX"])
    source.missed[("AAPL", Channel.TRADES)] = [trade("AAPL", 149.0, 500), trade("AAPL", 150.0, 700)]
    source.missed[("AAPL", Channel.LIMITS)] = [PriceLimits(key="AAPL", stamp=_T, upper_limit=160.0, lower_limit=140.0)]
    source.missed[("I:SPX", Channel.VALUE)] = [PriceValue(key="I:SPX", stamp=_T, value=6000.5)]
    async with gateway(source) as server, connected(server.url) as client:
        await client.log_in()
        await client.subscribe("T.*,LULD.AAPL,V.I:SPX,Q.AAPL")
        backlog = await client.hear()
        assert [event.get("p", event.get("val", event.get("h"))) for event in backlog] == [149.0, 150.0, 160.0, 6000.5]
        await source.batches.put([Quote(key="AAPL", stamp=_T, bid=150.0, bid_size=100.0), trade("AAPL", 151.0)])
        assert [event["ev"] for event in await client.hear()] == ["Q", "T"]


async def test_bars_carry_the_figures_of_a_day_that_began_before_the_first_trade() -> None:
    source = HandFed(["AAPL"])
    source.known["AAPL"] = DayStatistics(key="AAPL", prev_close=148.0, day_open=149.0, day_volume=1000, day_vwap=150.0)
    async with gateway(source) as server, connected(server.url) as client:
        await client.log_in()
        await client.subscribe("A.AAPL")
        await source.batches.put([trade("AAPL", 151.0, 100), trade("AAPL", 152.0, 100, 1)])
        (bar,) = await client.hear()
        assert (bar["ev"], bar["o"], bar["v"], bar["av"], bar["op"]) == ("A", 151.0, 100, 1100, 149.0)
        assert bar["e"] - bar["s"] == 1000


async def test_a_wrong_key_is_refused_and_no_key_times_out() -> None:
    async with gateway(HandFed(["AAPL"]), limits=Limits(authentication_s=0.15)) as server:
        async with connected(server.url) as client:
            await client.hear()
            await client.say(action="auth", params="guess")
            assert (await client.hear())[0]["status"] == "auth_failed"
            assert await client.hear() == 1008
        async with connected(server.url) as client:
            await client.hear()
            assert (await client.hear())[0]["status"] == "auth_timeout"
            assert await client.hear() == 1008


async def test_one_connection_too_many_is_told_so() -> None:
    async with gateway(HandFed(["AAPL"])) as server, AsyncExitStack() as stack:
        for _ in range(16):
            client = await stack.enter_async_context(connected(server.url))
            await client.log_in()
        late = await stack.enter_async_context(connected(server.url))
        assert (await late.hear())[0]["status"] == "max_connections"
        assert await late.hear() == 1008
        assert len(server.sessions) == 16


async def test_nonsense_is_answered_and_the_connection_lives() -> None:
    source = HandFed(["AAPL"])
    async with gateway(source) as server, connected(server.url) as client:
        await client.log_in()
        for nonsense in ("[" * 50_000, "{" * 50_000, "not json", "[]", '{"action":7}', '{"action":"dance"}', ""):
            await client.socket.send_str(nonsense)
            assert (await client.hear())[0]["status"] == "error"
        await client.socket.send_bytes(b"\xff\xfe\x00")
        assert (await client.hear())[0]["status"] == "error"
        await client.subscribe("T.AAPL")
        await source.batches.put([trade("AAPL", 150.0)])
        assert (await client.hear())[0]["p"] == 150.0


async def test_a_message_that_is_too_long_ends_the_connection_only() -> None:
    async with gateway(HandFed(["AAPL"])) as server:
        async with connected(server.url) as client:
            await client.log_in()
            await client.socket.send_str("x" * 70_000)
            assert await client.hear() == 1009
        async with connected(server.url) as client:
            await client.log_in()


@pytest.mark.parametrize(
    ("headers", "query"),
    [({"Origin": "https://evil.example"}, ""), ({"Host": "evil.example:1234"}, ""), ({}, f"?apiKey={KEY}")],
)
async def test_foreign_pages_and_keys_in_addresses_are_refused(headers: dict[str, str], query: str) -> None:
    async with gateway(HandFed(["AAPL"])) as server, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await session.ws_connect(server.url + query.replace(" ", "%20"), headers=headers)
        assert refusal.value.status == 403


async def test_a_listed_origin_is_let_in() -> None:
    origin = "http://desk.example"
    async with (
        gateway(HandFed(["AAPL"]), origins=frozenset({origin})) as server,
        connected(server.url, headers={"Origin": origin}) as client,
    ):
        await client.log_in()


async def test_a_connection_without_a_request_is_given_up() -> None:
    async with gateway(HandFed(["AAPL"]), limits=Limits(authentication_s=0.15)) as server:
        host, port = "127.0.0.1", int(server.url.split(":")[2].split("/")[0])
        for opening in (b"", b"GET /stocks HTTP/1.1\r\nHost: 127.0", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(opening)
            async with asyncio.timeout(5):
                await reader.read()
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


async def slow_reader(url: str) -> tuple[socket.socket, asyncio.StreamWriter]:
    """Connect and subscribe by hand over a small receive buffer, and read nothing more."""
    port = int(url.split(":")[2].split("/")[0])
    plain = socket.create_connection(("127.0.0.1", port))
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=plain, limit=1024)
    writer.write(
        b"GET /stocks HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        b"Authorization: Bearer open sesame\r\n\r\n"
    )
    await reader.readuntil(b"\r\n\r\n")
    text = b'{"action":"subscribe","params":"T.*"}'
    writer.write(bytes([0x81, 0x80 | len(text)]) + b"\0\0\0\0" + text)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    return plain, writer


async def test_a_stuck_client_is_dropped_and_the_others_get_everything() -> None:
    source = HandFed(["AAPL"])
    async with gateway(source, limits=Limits(stall_s=0.2)) as server, connected(server.url) as client:
        _, writer = await slow_reader(server.url)
        await client.log_in()
        await client.subscribe("T.AAPL")
        await until(lambda: sum(session.has_subscribed for session in server.sessions) == 2)
        heard = 0
        for number in range(100):
            await source.batches.put([trade("AAPL", 150.0, 100, number) for _ in range(1000)])
        while heard < 100_000:
            heard += len(await client.hear())
        assert heard == 100_000
        assert server.summary().slow_clients == 1
        assert len(server.sessions) == 1
        writer.transport.abort()


async def test_a_live_source_does_not_wait_for_a_slow_client() -> None:
    source = HandFed(["AAPL"], waits=False)
    async with gateway(source) as server:
        _, writer = await slow_reader(server.url)
        await until(lambda: any(session.has_subscribed for session in server.sessions))
        for _ in range(200):
            await source.batches.put([trade("AAPL", 150.0) for _ in range(1000)])
        await until(lambda: server.summary().slow_clients == 1)
        assert server.summary().events == 200_000
        writer.transport.abort()


async def test_rest_snapshots_need_a_key_and_give_the_day() -> None:
    source = HandFed(["AAPL", "MSFT"])
    source.known["MSFT"] = DayStatistics(key="MSFT", prev_close=495.0, day_volume=10.0, last_price=496.0)
    async with gateway(source) as server, aiohttp.ClientSession() as session:
        base = server.url.replace("ws://", "http://").removesuffix("/stocks")
        path = f"{base}/v2/snapshot/locale/us/markets/stocks/tickers"
        await source.batches.put([trade("AAPL", 150.0, 100), trade("AAPL", 149.0, 100, 1)])
        await until(lambda: server.summary().trades == 2)
        assert (await session.get(path)).status == 401
        headers = {"Authorization": f"Bearer {KEY}"}
        both = await (await session.get(path, headers=headers)).json()
        assert {each["ticker"]: each["prevDay"].get("c") for each in both["tickers"]} == {"AAPL": None, "MSFT": 495.0}
        one = await (await session.get(path + "?tickers=AAPL", headers=headers)).json()
        day = one["tickers"][0]["day"]
        assert (day["o"], day["h"], day["l"], day["c"], day["v"]) == (150.0, 150.0, 149.0, 149.0, 200)
        single = await (await session.get(path + "/MSFT", headers=headers)).json()
        assert single["ticker"]["lastTrade"] if "lastTrade" in single["ticker"] else single["status"] == "OK"
        assert (await session.get(path + "/NOPE", headers=headers)).status == 404


async def test_a_rewind_lets_every_client_go() -> None:
    source = HandFed(["AAPL"])
    async with gateway(source) as server, connected(server.url) as client:
        await client.log_in()
        await client.subscribe("T.AAPL")
        await source.batches.put([trade("AAPL", 150.0)])
        await client.hear()
        rewinding = asyncio.create_task(server.rewind())
        assert await client.hear() == 1012
        await rewinding
        assert server.sessions == ()
        assert server.statistics("AAPL") is None
