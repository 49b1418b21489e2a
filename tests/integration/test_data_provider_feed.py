"""A supervised Data Provider feed with real sockets: restarts, silence, long messages, and the rows of the window."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from data_provider_rig import BARS, DAYS, JAN_2_NS, ServedOverSockets, bar_server
from fake_time import until
from program_rig import program, rows_of, warnings_in
from supervisor_rig import Rig, until_confirmed, until_state

from marketwatch.domain.events import BarBatch, BatchBar, DayStatistics, RequestFailed
from marketwatch.feeds.catalog import CATALOG, FeedAddress, FeedKind, FeedSpec
from marketwatch.feeds.status import FeedState
from marketwatch.feeds.subscriptions import TopicPhase
from marketwatch.protocols.base import Channel, Topic
from marketwatch.services.connection_findings import Finding, Step, StepState, TestReport
from marketwatch.services.connection_test import ConnectionTester, TestPlan

SPEC = CATALOG[FeedKind.DATA_PROVIDER]
SPY = Topic(Channel.BARS, "SPY")
MINUTES = tuple(BatchBar(JAN_2_NS + place * 60_000_000_000, 1.0, 2.0, 0.5, 1.5, float(place)) for place in range(1_440))


def last_prices(rig: Rig) -> list[float | None]:
    return [event.last_price for event in rig.events if isinstance(event, DayStatistics)]


def days_asked(server: ServedOverSockets) -> list[dict[str, Any]]:
    """Return the requests for daily bars."""
    asked: list[dict[str, Any]] = [json.loads(message[2:])[1] for message in server.asked]
    return [request for request in asked if request["resolution"] == "1d"]


async def pass_time(rig: Rig, server: ServedOverSockets, seconds: int) -> None:
    """Let time pass on a connection that lives."""
    for _ in range(seconds // 10):
        await rig.time.advance(10.0)
        await server.ping()


async def test_a_restart_between_request_and_answer_is_survived(rig: Rig) -> None:
    is_mute = True
    async with bar_server(is_mute=lambda: is_mute) as server:
        supervisor = rig.supervisor(SPEC.normalise_url(server.url), "BARS.SPY", spec=SPEC)
        await until(lambda: len(server.asked) == 1)
        assert supervisor.topic_state(SPY).phase is TopicPhase.ASKED
        is_mute = False
        await server.drop()
        await until_state(supervisor, FeedState.BACKING_OFF)
        await rig.time.advance(1.0)
        await until_confirmed(supervisor, "BARS.SPY")
        assert last_prices(rig) == [468.8]
        assert (server.count, len(days_asked(server))) == (2, 2)
        assert supervisor.status().generation == 2
        assert not supervisor.difference().missing
    assert rig.failures == []


async def test_every_minute_the_rows_are_asked_for_again(rig: Rig) -> None:
    days = [DAYS]
    async with bar_server(lambda ticker, resolution: days[-1] if resolution == "1d" else None) as server:
        supervisor = rig.supervisor(SPEC.normalise_url(server.url), "BARS.SPY", spec=SPEC)
        await until_confirmed(supervisor, "BARS.SPY")
        days.append((DAYS[0], msgspec.structs.replace(DAYS[1], close=469.9)))
        await pass_time(rig, server, 60)
        await until(lambda: last_prices(rig) == [468.8, 469.9])
        assert supervisor.status().state is FeedState.LIVE
        assert [asked["limit"] for asked in days_asked(server)] == [5, 5]


async def test_a_request_without_an_answer_is_said_and_the_feed_stays(rig: Rig) -> None:
    async with bar_server(is_mute=lambda: True) as server:
        supervisor = rig.supervisor(SPEC.normalise_url(server.url), "BARS.SPY", spec=SPEC)
        await until(lambda: len(server.asked) == 1)
        await pass_time(rig, server, 30)
        assert supervisor.topic_state(SPY).phase is TopicPhase.UNCONFIRMED
        assert supervisor.status().state is FeedState.LIVE
        assert server.count == 1


async def test_what_the_server_does_not_have_is_said_with_its_words(rig: Rig) -> None:
    async with bar_server() as server:
        supervisor = rig.supervisor(SPEC.normalise_url(server.url), "BARS.ZZZ", "AM.SPY", "BARS.SPY", spec=SPEC)
        await until_confirmed(supervisor, "BARS.SPY")
        await until(lambda: supervisor.status().refused_topics == 2)
        refused = (Topic(Channel.BARS, "ZZZ"), Topic(Channel.MINUTE_BARS, "SPY"))
        states = {topic.key: supervisor.topic_state(topic) for topic in refused}
        assert {key: state.reason for key, state in states.items()} == {
            key: f"No local data available for {key}" for key in ("ZZZ", "SPY")
        }
        assert last_prices(rig) == [468.8]
    assert {event.key for event in rig.events if isinstance(event, RequestFailed)} == {"ZZZ", "SPY"}


async def test_a_long_answer_is_read_in_another_thread_and_a_short_one_here(rig: Rig) -> None:
    threads: list[str] = []

    def read(data: bytes) -> Any:
        threads.append(threading.current_thread().name)
        assert SPEC.read_elsewhere is not None
        return SPEC.read_elsewhere(data)

    spec = msgspec.structs.replace(SPEC, read_elsewhere=read)
    rig.surroundings = msgspec.structs.replace(rig.surroundings, pool=rig.pool)
    found = {**BARS, ("SPY", "1m"): MINUTES}
    async with bar_server(lambda ticker, resolution: found.get((ticker, resolution))) as server:
        supervisor = rig.supervisor(spec.normalise_url(server.url), "BARS.SPY", "AM.SPY", spec=spec)
        await until_confirmed(supervisor, "BARS.SPY", "AM.SPY")
    batches = {event.resolution: event.bars for event in rig.events if isinstance(event, BarBatch)}
    assert batches == {"1d": DAYS, "1m": MINUTES}
    assert len(threads) == 1
    assert threads[0].startswith("test worker")


def limited(size: int) -> FeedSpec:
    return msgspec.structs.replace(SPEC, limits=msgspec.structs.replace(SPEC.limits, message_bytes=size))


async def test_the_longest_message_is_the_feeds_own(rig: Rig) -> None:
    found = {("SPY", "1m"): MINUTES}
    async with bar_server(lambda ticker, resolution: found.get((ticker, resolution))) as server:
        url = SPEC.normalise_url(server.url)
        supervisor = rig.supervisor(url, "AM.SPY", spec=limited(50_000))
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert "larger than allowed" in supervisor.status().reason
        await until_confirmed(rig.supervisor(url, "AM.SPY", spec=SPEC), "AM.SPY")
    assert SPEC.limits.message_bytes == 64 * 1024 * 1024


async def test_a_server_of_another_kind_is_said_to_be_one(rig: Rig) -> None:
    async with bar_server() as server:
        supervisor = rig.supervisor(SPEC.normalise_url(f"{server.url}/elsewhere"), spec=SPEC)
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert "404" in supervisor.status().reason


async def test_rows_say_that_they_are_bars(tmp_path: Path) -> None:
    given = ("--feed", "data-provider", "--watch", "SPY,btc-usd,ZZZ", "--size", "1600x1000")
    async with bar_server() as server, program(tmp_path, *given, "--url", server.url) as running:
        await running.ready()
        report = await running.report_when(
            lambda report: (
                rows_of(report)["SPY"]["Last"] == "468.80" and rows_of(report)["ZZZ"]["Exchange time"] == "refused"
            )
        )
        rows = {row["Symbol"]: row for row in report["watchlist"]["rows"]}
        assert (rows["SPY"]["Chg"], rows["SPY"]["Chg %"]) == ("−3.90", "−0.83%")
        assert "Close of the daily bar of 3 Jan 2024, not a live price" in rows["SPY"]["explanation"]
        assert rows["BTC-USD"]["Last"] == "44,957.90"
        assert (rows["BTC-USD"]["Exchange time"], rows["BTC-USD"]["Chg"]) == ("bar 2 Jan", "—")
        assert "No local data available for ZZZ" in rows["ZZZ"]["explanation"]
        (feed,) = report["feeds"]
        assert (feed["state"], feed["label"], feed["invalid_count"]) == ("live", "Data Provider Server", 0)
        assert feed["difference"]["refused"] == ["BARS.ZZZ"]
        ended = await running.quit()
    assert (ended.code, ended.err, ended.report["failures"]) == (0, "", {})
    assert warnings_in(running.profile) == []


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "ws://127.0.0.1:1/socket.io/"])
async def test_a_server_that_is_not_there_is_tried_again(address: str, rig: Rig) -> None:
    supervisor = rig.supervisor(SPEC.normalise_url(address), "BARS.SPY", spec=SPEC)
    await until_state(supervisor, FeedState.BACKING_OFF)
    assert supervisor.topic_state(SPY).phase is TopicPhase.WAITING


async def run_connection_test(rig: Rig, url: str, key: str) -> TestReport:
    tester = ConnectionTester(rig.surroundings, rig.pool, proxy_for=lambda url: None)
    topics = tuple(Topic(channel, key) for channel in SPEC.default_channels)
    plan = TestPlan(spec=SPEC, address=FeedAddress(SPEC.normalise_url(url)), key=None, topics=topics)
    task = asyncio.ensure_future(tester.test(plan, session_open=lambda now_ns: True, on_progress=lambda report: None))
    for _ in range(1_000):
        if task.done():
            break
        await asyncio.sleep(0.003)
        await rig.time.advance(0.1)
    return await task


async def test_the_connection_test_says_that_it_sends_bars(rig: Rig) -> None:
    rig.time.step_wall(time.time() - rig.time.now_ns() / 1e9)  # the web server states the real one
    async with bar_server() as server:
        report = await run_connection_test(rig, server.url, "SPY")
    assert report.finding is Finding.WORKS
    assert report.sentence.startswith("The feed works. It sends bars on request, not live prices; the first bar began ")
    assert report.step(Step.PRICE).detail.startswith("SPY 468.8, stamped 09:30:00 EST")
    assert report.step(Step.PERMISSION).detail.startswith("BARS.SPY confirmed")


async def test_the_connection_test_takes_no_refusal_for_a_price(rig: Rig) -> None:
    async with bar_server() as server:
        report = await run_connection_test(rig, server.url, "ZZZ")
    assert report.finding is Finding.SYMBOL_REFUSED
    assert "No local data available for ZZZ" in report.step(Step.PERMISSION).detail
    assert report.step(Step.PRICE).state is not StepState.OK
