"""The Python client against servers that misbehave: what it raises, and what it survives."""

from __future__ import annotations

import asyncio
import functools
import logging
from typing import Any

import pytest
from fake_time import FakeTime, until
from integration import massive_scripts
from integration.massive_scripts import refusing, status
from integration.scripted_server import Peer, ScriptedServer, unused_url

from marketwatch.client import FeedClient
from marketwatch.errors import AuthenticationRefused, ConnectionFailed, EntitlementRefused, FeedError, ProtocolError
from marketwatch.feeds.reconnect import ReconnectRules

KEY = "canary-key-9f31"


def trade(price: float, symbol: str = "AAPL") -> str:
    return f'[{{"ev":"T","sym":"{symbol}","p":{price},"s":100,"t":1700000000000,"q":{int(price)}}}]'


let_in = functools.partial(massive_scripts.let_in, key=KEY)


async def confirm(peer: Peer, params: str) -> None:
    assert await peer.receive() == f'{{"action":"subscribe","params":"{params}"}}'
    peer.send(*(status("success", f"subscribed to: {param}") for param in params.split(",")))


def client_of(url: str, time: FakeTime, **options: Any) -> FeedClient:
    return FeedClient("massive", url=url, key=KEY, clock=time, scheduler=time, **options)


async def test_after_a_drop_it_connects_again_with_everything_subscribed() -> None:
    async def dropped(peer: Peer) -> None:
        await let_in(peer)
        await confirm(peer, "T.AAPL")
        await confirm(peer, "T.MSFT")
        peer.send(trade(1.0))
        await peer.close(1001)

    async def serve(peer: Peer) -> None:
        await let_in(peer)
        await confirm(peer, "T.AAPL,T.MSFT")
        peer.send(trade(2.0))
        await peer.hold()

    time = FakeTime()
    heard: list[float] = []
    async with ScriptedServer(dropped, serve) as server, client_of(server.url, time) as client:
        listening = asyncio.create_task(client.listen())
        events = aiter(client)
        await client.subscribe("AAPL", "T", lambda data: heard.append(data["price"]))
        await client.subscribe("MSFT", "T")
        await until(lambda: client.status.state.value == "backing off")
        assert client.get_status()["subscriptions"] == {"AAPL": ["T"], "MSFT": ["T"]}
        await time.advance(1.0)
        await until(lambda: heard == [1.0, 2.0])
        assert [(await anext(events)).key, (await anext(events)).key] == ["AAPL", "AAPL"]
        assert client.get_status()["reconnect_attempts"] == 1
        assert not listening.done()
        await client.disconnect()
        await listening
        with pytest.raises(StopAsyncIteration):
            await anext(events)
        assert server.count == 2


async def test_a_mute_server_is_replaced_and_asked_again() -> None:
    async def mute(peer: Peer) -> None:
        await let_in(peer)
        await confirm(peer, "T.AAPL")
        peer.send(trade(1.0))
        await peer.hold(answers_pings=False)

    async def serve(peer: Peer) -> None:
        await let_in(peer)
        await confirm(peer, "T.AAPL")
        peer.send(trade(2.0))
        await peer.hold()

    time = FakeTime()
    heard: list[float] = []
    async with ScriptedServer(mute, serve) as server, client_of(server.url, time) as client:
        await client.subscribe("AAPL", "T", lambda data: heard.append(data["price"]))
        await until(lambda: heard == [1.0])
        await time.advance(16.0)
        assert client.status.reason == "no sign of life"
        await time.advance(9.5)
        await until(lambda: not client.status.connected or server.count == 2)
        await time.advance(1.0)
        await until(lambda: heard == [1.0, 2.0])
        assert client.status.stall_count == 1


async def test_nothing_listens_here() -> None:
    with pytest.raises(ConnectionFailed, match="nothing listens"):
        await FeedClient("massive", url=await unused_url(), key=KEY).connect()


async def test_a_server_that_does_not_answer_the_key_breaks_the_protocol() -> None:
    async def silent(peer: Peer) -> None:
        await peer.accept()
        peer.send(status("connected", "Connected Successfully"))
        await peer.receive()
        await peer.hold()

    time = FakeTime()
    async with ScriptedServer(silent) as server:
        client = client_of(server.url, time)
        connecting = asyncio.create_task(client.connect())
        await until(lambda: bool(server.peers and server.peers[0].received))
        await time.advance(10.5)
        with pytest.raises(ProtocolError, match="did not answer the key"):
            await connecting
        assert not client.get_status()["running"]


async def test_a_refused_plan_is_an_entitlement() -> None:
    async def refuse(peer: Peer) -> None:
        await peer.reject("403 Forbidden", body='{"status":"NOT_AUTHORIZED","message":"You are not entitled"}')

    async with ScriptedServer(refuse) as server:
        with pytest.raises(EntitlementRefused, match="You are not entitled"):
            await FeedClient("massive", url=server.url, key=KEY).connect()
        assert server.count == 1


async def test_data_the_plan_does_not_hold_ends_listening_until_other_data_is_asked_for() -> None:
    async def refuse(peer: Peer) -> None:
        await let_in(peer)
        await peer.receive()
        peer.send(status("error", "not authorized to access Q.AAPL"))
        await confirm(peer, "T.AAPL")
        peer.send(trade(3.0))
        await peer.hold()

    told: list[Exception] = []
    async with ScriptedServer(refuse) as server, client_of(server.url, FakeTime(), on_error=told.append) as client:
        events = aiter(client)
        refused = await client.subscribe("AAPL", "Q")
        with pytest.raises(EntitlementRefused, match=r"Q\.AAPL was refused"):
            await client.listen()
        with pytest.raises(EntitlementRefused):
            await anext(events)
        assert [type(error) for error in told] == [EntitlementRefused]

        await client.unsubscribe(subscription_id=refused)
        await client.subscribe("AAPL", "T")
        listening = asyncio.create_task(client.listen())
        async for event in client:
            assert event.key == "AAPL"
            break
        assert not listening.done()
        await client.disconnect()
        await listening


async def test_one_refused_of_two_is_told_and_ends_nothing() -> None:
    async def refuse_one(peer: Peer) -> None:
        await let_in(peer)
        await peer.receive()
        peer.send(status("success", "subscribed to: T.AAPL"), status("error", "not authorized to access Q.AAPL"))
        peer.send(trade(3.0))
        await peer.hold()

    told: list[Exception] = []
    async with ScriptedServer(refuse_one) as server, client_of(server.url, FakeTime(), on_error=told.append) as client:
        await client.subscribe("AAPL", ["T", "Q"])
        events = aiter(client)
        assert (await anext(events)).key == "AAPL"
        await until(lambda: len(told) == 1)
        assert isinstance(told[0], FeedError)
        assert client.status.state.value == "live"


async def test_when_the_allowed_attempts_are_used_up_everybody_who_waits_is_told() -> None:
    async def drop(peer: Peer) -> None:
        await let_in(peer)
        await peer.close(1001)

    async def refuse(peer: Peer) -> None:
        await peer.reject("502 Bad Gateway")

    time = FakeTime()
    rules = ReconnectRules(attempts=3, cap_s=2.0)
    async with ScriptedServer(drop, refuse) as server, client_of(server.url, time, reconnect=rules) as client:
        events = aiter(client)
        listening, reading = asyncio.create_task(client.listen()), asyncio.ensure_future(anext(events))
        async with asyncio.timeout(10):
            while not listening.done():
                await time.advance(0.5)
                await asyncio.sleep(0.002)
        assert server.count == 3
        for waiting in (listening, reading):
            with pytest.raises(ConnectionFailed, match="3 attempts failed"):
                await waiting
        with pytest.raises(ConnectionFailed, match="3 attempts failed"):
            await anext(aiter(client))


async def test_a_key_withdrawn_while_listening_is_raised() -> None:
    async def drop(peer: Peer) -> None:
        await let_in(peer)
        await peer.close(1001)

    time = FakeTime()
    async with ScriptedServer(drop, refusing("unknown key")) as server, client_of(server.url, time) as client:
        listening = asyncio.create_task(client.listen())
        await until(lambda: client.status.state.value == "backing off")
        await time.advance(1.0)
        with pytest.raises(AuthenticationRefused, match="unknown key"):
            await listening


async def test_cancelled_while_connecting_nothing_is_left() -> None:
    async def silent(peer: Peer) -> None:
        await peer.read_request()
        await peer.hold()

    async with ScriptedServer(silent) as server:
        client = FeedClient("massive", url=server.url, key=KEY)
        connecting = asyncio.create_task(client.connect())
        await until(lambda: server.count == 1)
        connecting.cancel()
        await asyncio.wait([connecting])
        assert connecting.cancelled()
        assert not client.get_status()["running"]


async def test_the_key_is_in_no_log_and_no_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "marketwatch")
    async with ScriptedServer(refusing(f"the key {KEY} is unknown")) as server:
        with pytest.raises(AuthenticationRefused) as caught:
            await FeedClient("massive", url=server.url, key=KEY).connect()
    assert KEY not in caplog.text
    assert KEY not in str(caught.value)
