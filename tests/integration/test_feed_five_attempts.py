"""The Polygon guide's policy as an option: five attempts, 1 s to 30 s, then the user decides."""

from __future__ import annotations

import asyncio

import msgspec
from fake_time import until
from integration.scripted_server import Peer, ScriptedServer
from supervisor_rig import Rig, until_state

from marketwatch.feeds.catalog import CATALOG, FeedKind
from marketwatch.feeds.reconnect import ReconnectPlan, ReconnectRules
from marketwatch.feeds.status import FeedState

RULES = ReconnectRules(first_s=1.0, cap_s=30.0, attempts=5)


def test_failures_in_a_row_are_counted_until_a_connection_was_good() -> None:
    plan = ReconnectPlan(RULES, lambda low, high: high)
    waits = []
    for number in range(5):
        assert not plan.is_exhausted
        plan.note_attempt(float(number))
        waits.append(plan.delay_s(float(number)))
    assert waits == [1, 2, 4, 8, 16]
    assert plan.is_exhausted
    plan.note_end(lived_s=40.0, data_s=31.0, delivered=True)
    assert not plan.is_exhausted


def test_for_ever_is_the_default() -> None:
    plan = ReconnectPlan(ReconnectRules(), lambda low, high: high)
    for number in range(500):
        plan.note_attempt(float(number))
    assert not plan.is_exhausted


async def test_after_five_failures_the_feed_waits_for_the_user(rig: Rig) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.reject("500 Internal Server Error")

    spec = CATALOG[FeedKind.MASSIVE]
    spec = msgspec.structs.replace(spec, limits=msgspec.structs.replace(spec.limits, reconnect=RULES))
    async with ScriptedServer(refuse) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL", spec=spec)
        for _ in range(200):
            await asyncio.sleep(0.002)
            await rig.time.advance(1.0)
        await until_state(supervisor, FeedState.REFUSED)
        assert server.count == 5
        assert supervisor.status().reason.startswith("5 attempts failed, at last: the server is in trouble")
        await rig.time.advance(3600.0)
        assert server.count == 5
        supervisor.retry_now()
        await until(lambda: server.count == 6)
        await until_state(supervisor, FeedState.BACKING_OFF)
