"""A stream of one's own over sockets: the program, the Python client, and a look at the stream from the settings."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from fake_time import until
from integration.scripted_server import Peer, ScriptedServer, unused_url
from mapping_rig import AT_MS, TRADES, trade
from program_rig import bid_and_ask, keep_lists, program, rows_of, warnings_in
from supervisor_rig import Rig

from marketwatch.client import FeedClient
from marketwatch.domain.events import Quote, TradeTick
from marketwatch.domain.feed_config import OWN_ADDRESS, FeedConfig
from marketwatch.domain.ids import FeedId
from marketwatch.domain.watchlist import entry_to_text
from marketwatch.feeds.catalog import CATALOG, FeedKind
from marketwatch.protocols.base import Channel, Topic
from marketwatch.protocols.mapping.keys import instrument_of
from marketwatch.protocols.mapping.mapping import Mapping, write_mapping
from marketwatch.services.stream_trial import LONGEST_S, StreamTrial
from marketwatch.storage.documents import StateDatabase
from marketwatch.storage.profile import Profile

SPEC = CATALOG[FeedKind.MAPPING]
DESK = Mapping(
    name="Desk",
    symbol="rows[].id",
    price="rows[].x",
    size="rows[].n",
    bid="rows[].lo",
    ask="rows[].hi",
    price_divisor=100.0,
    subscribe='{"want":"{symbol}"}',
)
TOPICS = [Topic(Channel.TRADES, "AAPL")]


def desk_row(**fields: Any) -> str:
    row = {"id": "AAPL", "x": 19055, "n": 100, "lo": 19054, "hi": 19057, **fields}
    return json.dumps({"rows": [row, {"id": "GOLD", "x": 267050}]})


async def answer(peer: Peer) -> None:
    """Serve whoever asks in the words of the desk; what else is said is nonsense."""
    await peer.accept()
    peer.send("<html>", "")
    while True:
        wanted = json.loads(await peer.receive())["want"]
        if wanted.upper() == "AAPL":
            peer.send('{"rows":[{"id":"AAPL","x":"none"}]}', desk_row())


async def speak(peer: Peer) -> None:
    """Say one trade after the other, to nobody in particular."""
    await peer.accept()
    speaking = asyncio.create_task(_speaking(peer))
    try:
        await peer.hold()
    finally:
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)


async def _speaking(peer: Peer) -> None:
    for number in range(10_000):
        peer.send(json.dumps(trade(t=AT_MS + number)))
        await asyncio.sleep(0.01)


def watching(url: str, *more: str | Path) -> tuple[str | Path, ...]:
    return ("--feed", "mapping", "--url", url, "--watch", "AAPL,gold", "--size", "1600x1000", *more)


async def test_a_mapped_stream_is_watched_from_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "desk.json"
    path.write_bytes(write_mapping(DESK))
    await keep_lists(tmp_path, bid_and_ask("Watched"))
    async with (
        ScriptedServer(answer) as server,
        program(tmp_path, *watching(server.url, "--mapping", path)) as running,
    ):
        await running.ready()
        report = await running.report_when(lambda report: rows_of(report)["AAPL"]["Last"] == "190.55")
        assert [rows_of(report)["AAPL"][column] for column in ("Bid", "Ask", "Volume")] == ["190.54", "190.57", "100"]
        assert rows_of(report)["gold"]["Last"] in ("2,670.5", "2,670.50")
        (feed,) = report["feeds"]
        assert (feed["state"], feed["label"], feed["subscriptions"]) == ("live", "Own stream", 4)
        assert (feed["difference"]["missing"], feed["invalid_count"]) == ([], 3)
        assert server.peers[0].received == ['{"want":"AAPL"}', '{"want":"gold"}']
        assert not any("key" in notice for notice in report["notices"])
        ended = await running.quit()
    assert (ended.code, ended.err, ended.report["failures"]) == (0, "", {})
    assert warnings_in(running.profile) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"symbol": "s"}', "The mapping “bad.json”. It does not say which field is the price"),
        ("{", "It cannot be read"),
    ],
)
async def test_a_mapping_that_cannot_be_used_is_said(content: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text(content, "utf-8")
    async with program(tmp_path, *watching(await unused_url(), "--mapping", path)) as running:
        await running.ready()
        report = await running.report_when(lambda report: words in str(report["notices"]))
        assert report["feeds"] == []
        assert (await running.quit()).code == 0


async def test_a_stream_without_a_usual_address_wants_one(tmp_path: Path) -> None:
    async with program(tmp_path, "--feed", "mapping", "--watch", "AAPL") as running:
        await running.ready()
        await running.report_when(lambda report: "Give one with --url" in json.dumps(report["notices"]))
        assert (await running.quit()).code == 0


async def test_a_feed_of_the_settings_reads_by_the_file_of_its_mapping(tmp_path: Path) -> None:
    rows = bid_and_ask("Watched")
    rows = type(rows)(id=rows.id, name=rows.name, layout=rows.layout, entries=(entry_to_text(instrument_of("AAPL")),))
    await keep_lists(tmp_path, rows)
    folder = tmp_path / "profile" / "mappings"
    folder.mkdir()
    (folder / "Desk.json").write_bytes(write_mapping(DESK))
    async with ScriptedServer(answer) as server:
        made = FeedConfig(
            id=FeedId("mapping"),
            kind="mapping",
            name="Desk",
            variant=OWN_ADDRESS,
            own_address=server.url,
            mapping="Desk",
        )
        lost = FeedConfig(
            id=FeedId("mapping-2"),
            kind="mapping",
            name="Lost",
            variant=OWN_ADDRESS,
            own_address=server.url,
            mapping="X",
        )
        database = await StateDatabase.open(Profile.locate(tmp_path / "profile").database_path)
        await database.feed_configs.save([made, lost])
        await database.close()
        async with program(tmp_path, "--size", "1600x1000") as running:
            await running.ready()
            report = await running.report_when(lambda report: rows_of(report)["AAPL"]["Last"] == "190.55")
            assert [feed["label"] for feed in report["feeds"]] == ["Desk"]
            assert "The mapping “X”" in json.dumps(report["notices"], ensure_ascii=False)
            assert (await running.quit()).code == 0


@pytest.mark.parametrize("form", ["mapping", "dict", "file"])
async def test_the_python_client_reads_by_a_mapping(form: str, tmp_path: Path) -> None:
    path = tmp_path / "desk.json"
    path.write_bytes(write_mapping(DESK))
    given: Any = {"mapping": DESK, "dict": json.loads(write_mapping(DESK)), "file": path}[form]
    async with ScriptedServer(answer) as server, FeedClient("mapping", url=server.url, mapping=given) as client:
        await client.subscribe("aapl")
        found = []
        async for event in client:
            found.append(event)
            if len(found) == 2:
                break
        assert found == [
            TradeTick(key="aapl", price=190.55, size=100.0),
            Quote(key="aapl", bid=190.54, ask=190.57),
        ]


async def test_the_python_client_guesses_without_a_mapping() -> None:
    async with ScriptedServer(speak) as server, FeedClient("mapping", url=server.url) as client:
        await client.subscribe("AAPL", "T")
        async for event in client:
            assert isinstance(event, TradeTick)
            assert (event.key, event.price, event.size) == ("AAPL", 190.55, 100.0)
            break


class Look:
    """What a look at a stream tells."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.counts: list[int] = []
        self.words: list[str] = []

    def take(self, frames: Any, count: int) -> None:
        self.frames += frames
        self.counts.append(count)


async def looking(rig: Rig, url: str, mapping: Mapping | None) -> tuple[Look, Any]:
    look = Look()
    trial = StreamTrial(rig.surroundings, look.take, look.words.append)
    task = asyncio.create_task(trial.run(SPEC, url, mapping, TOPICS))
    return look, task


async def test_a_look_at_a_stream_that_speaks_unasked(rig: Rig) -> None:
    async with ScriptedServer(speak) as server:
        look, task = await looking(rig, server.url, None)
        await until(lambda: bool(look.frames))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert json.loads(look.frames[0]) == trade()
        assert look.words[:2] == ["Connecting…", "Connected, no message yet."]
    assert rig.failures == []


async def test_a_look_asks_as_the_mapping_says_and_ends_after_a_minute(rig: Rig) -> None:
    async with ScriptedServer(answer) as server:
        look, task = await looking(rig, server.url, DESK)
        while not look.frames or look.frames[-1] != desk_row().encode():
            await rig.time.advance(0.1)
            await asyncio.sleep(0.01)
        assert server.peers[0].received == ['{"want":"AAPL"}']
        assert look.frames == [b"<html>", b"", b'{"rows":[{"id":"AAPL","x":"none"}]}', desk_row().encode()]
        assert look.counts[-1] == 4
        await rig.time.advance(LONGEST_S)
        await task
        assert look.words[-1] == "A minute is over."
    assert rig.failures == []


async def test_a_look_that_finds_no_server_says_so_and_can_be_ended(rig: Rig) -> None:
    look, task = await looking(rig, await unused_url(), TRADES)
    await until(lambda: any("Nothing listens" in words for words in look.words))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    assert look.counts == []
