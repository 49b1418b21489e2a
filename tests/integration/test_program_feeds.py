"""The program with feeds of Settings > Feeds: it opens what is enabled, and no key is left about."""

from __future__ import annotations

from pathlib import Path

from integration.massive_scripts import greet, status
from integration.program_feed import (
    ENVIRONMENT,
    IN_A_SESSION_MS,
    KEY,
    Feed,
    in_time,
    keep_feeds,
    massive,
    own_list,
    serve,
    ticks,
)
from integration.scripted_server import Peer
from program_rig import files_below, keep_lists, program, rows_of, warnings_in


def assert_key_is_in_no_file(folder: Path, said: str) -> None:
    assert KEY not in said
    files = files_below(folder)
    assert {"state.db", "report.json"} <= {path.name for path in files}
    assert [path.name for path in files if KEY.encode() in path.read_bytes()] == []


async def test_an_enabled_feed_is_opened_instead_of_the_simulation(tmp_path: Path) -> None:
    await keep_lists(tmp_path, own_list())
    async with Feed(serve) as server:
        await keep_feeds(tmp_path, massive(server.url))
        async with program(tmp_path, "--size", "1600x1000", environment=ENVIRONMENT) as running:
            await running.ready()
            report = await running.report_when(lambda report: rows_of(report)["MSFT"]["Last"] == "1,234.50")
            rows = rows_of(report)
            assert [rows["AAPL"][column] for column in ("Last", "Bid", "Ask")] == ["190.55", "190.54", "190.57"]
            assert report["watchlist"]["list"] == "My list"
            assert (report["session"]["nature"], report["session"]["bar"]) == ("live", "")
            (feed,) = report["feeds"]
            assert (feed["label"], feed["state"], feed["event_count"]) == ("My Massive", "live", 3)
            ended = await in_time(running)
    assert warnings_in(running.profile) == []
    assert_key_is_in_no_file(tmp_path, ended.out + ended.err)


async def test_a_disabled_feed_leaves_the_simulation(tmp_path: Path) -> None:
    await keep_lists(tmp_path, own_list())
    async with Feed(serve) as server:
        await keep_feeds(tmp_path, massive(server.url, enabled=False))
        async with program(tmp_path, environment=ENVIRONMENT) as running:
            await running.ready()
            report = await running.report_when(lambda report: report["session"]["nature"] == "simulated")
            assert [feed["label"] for feed in report["feeds"]] == ["Simulator"]
            await in_time(running)
        assert server.streams == 0


async def test_a_feed_without_its_key_is_told_and_the_simulation_shown(tmp_path: Path) -> None:
    await keep_lists(tmp_path, own_list())
    await keep_feeds(tmp_path, massive("wss://feed.example/stocks"))
    none = {"MASSIVE_API_KEY": "", "POLYGON_API_KEY": ""}
    async with program(tmp_path, environment=none) as running:
        await running.ready()
        report = await running.report_when(lambda report: report["session"]["nature"] == "simulated")
        assert any("My Massive" in text and "Settings > Feeds" in text for text in report["notices"])
        await in_time(running)


async def test_a_refused_key_is_in_no_file(tmp_path: Path) -> None:
    async def refuse(peer: Peer) -> None:
        await greet(peer)
        peer.send(status("auth_failed", f"Unknown API key {KEY}"), ticks(IN_A_SESSION_MS))
        await peer.close(1008, f"bad key {KEY}")

    await keep_lists(tmp_path, own_list())
    async with Feed(refuse) as server:
        await keep_feeds(tmp_path, massive(server.url))
        async with program(tmp_path, environment=ENVIRONMENT) as running:
            await running.ready()
            report = await running.report_when(lambda report: report["feeds"][0]["state"] == "refused")
            assert "key" in report["feeds"][0]["reason"].lower()
            ended = await in_time(running)
    assert_key_is_in_no_file(tmp_path, ended.out + ended.err)
