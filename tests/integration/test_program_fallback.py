"""The program with two feeds for one instrument: the first dies and comes back, and no row is lost by it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path
from typing import Any

import msgspec
from fake_time import until
from integration.kind_servers import kind_server
from integration.massive_scripts import status
from integration.program_feed import ENVIRONMENT, Feed, in_time, keep_feeds, massive, own_list
from integration.scripted_server import Peer
from program_rig import Report, keep_lists, program, warnings_in

from marketwatch.app.core import Core, Runtime
from marketwatch.app.sessions import Sessions
from marketwatch.domain.feed_choice import FeedChoice
from marketwatch.domain.feed_config import OWN_ADDRESS, FeedConfig
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.domain.secret import Secret
from marketwatch.feeds.catalog import FeedKind
from marketwatch.feeds.status import FeedState
from marketwatch.runtime.scheduler import Cancellable
from marketwatch.services.failover import FailoverRules
from marketwatch.services.failover_watch import FailoverWatch
from marketwatch.storage.documents import StateDatabase
from marketwatch.storage.profile import Profile

AAPL = InstrumentId.parse("XNAS:EQ:AAPL")
FIRST, LOCAL = FeedId("massive"), FeedId("local")


class Ticker(Feed):
    """A Massive server that sends a new price of AAPL ten times a second, until it is told to die."""

    def __init__(self) -> None:
        super().__init__(self._tick)
        self.is_dead = False
        self.price = 200.0

    async def _tick(self, peer: Peer) -> None:
        await peer.accept()
        if self.is_dead:
            await peer.close(1011, "shut down")
            return
        peer.send(status("connected", "Connected Successfully"))
        await peer.receive()
        peer.send(status("auth_success", "authenticated"))
        asked = await peer.receive()
        topics = [topic for topic in ("T.AAPL", "Q.AAPL", "T.MSFT", "Q.MSFT") if topic in asked]
        peer.send(*(status("success", f"subscribed to: {topic}") for topic in topics))
        while not self.is_dead:
            self.price += 0.01
            now_ms = time.time_ns() // 1_000_000
            peer.send(f'[{{"ev":"T","sym":"AAPL","x":4,"p":{self.price:.2f},"s":100,"t":{now_ms},"z":3}}]')
            await asyncio.sleep(0.1)
        await peer.close(1011, "shut down")


def local(url: str) -> FeedConfig:
    return FeedConfig(
        id=LOCAL, kind="polygon-local", name="Local server", variant=OWN_ADDRESS, own_address=f"{url}/api/v1/ws"
    )


async def keep_choice(folder: Path, choice: FeedChoice) -> None:
    database = await StateDatabase.open(Profile.locate(folder / "profile").database_path)
    await database.feed_choices.save({AAPL: choice})
    await database.close()


def shown(report: Report) -> tuple[str, str, list[str]]:
    row = row_of(report)
    return row["source"], row["Last"], row["tags"]


def row_of(report: Report) -> dict[str, Any]:
    """Return everything the report has about AAPL."""
    found: dict[str, Any] = next(row for row in report["watchlist"]["rows"] if row["Symbol"] == "AAPL")
    return found


async def test_the_row_goes_on_with_the_other_feed_and_says_so(tmp_path: Path) -> None:
    await keep_lists(tmp_path, own_list())
    server = Ticker()
    async with server, kind_server(FeedKind.POLYGON_LOCAL) as second:
        await keep_feeds(tmp_path, massive(server.url), local(second.url))
        await keep_choice(tmp_path, FeedChoice(fallback=LOCAL))
        async with program(tmp_path, "--size", "1600x1000", environment=ENVIRONMENT) as running:
            await running.ready()
            report = await running.report_when(
                lambda report: shown(report)[0] == "My Massive" and shown(report)[1] > "200"
            )
            assert [feed["label"] for feed in report["feeds"]] == ["My Massive", "Local server"]
            assert not any("via" in tag for tag in shown(report)[2])
            server.is_dead = True
            report = await running.report_when(lambda report: shown(report)[0] == "Local server")
            assert shown(report)[1] == "190.55"  # its own price, not one of the feed that is gone
            assert "via Local" in shown(report)[2]
            row = row_of(report)
            assert row["explanation"].startswith("From Local server since ")
            assert "My Massive is disconnected" in row["explanation"]
            assert row["feeds"]["second"] == FIRST
            notices = [text for text in report["notices"] if "continue on" in text]
            assert len(notices) == 1
            assert notices[0].startswith("Rows of My Massive continue on Local server. My Massive is disconnected")
            await in_time(running)
    assert warnings_in(running.profile) == []


class Quickly:
    """A scheduler whose seconds are short."""

    def call_later(self, delay_s: float, callback: object) -> Cancellable:
        assert callable(callback)
        return asyncio.get_running_loop().call_later(delay_s / 20, callback)


async def test_it_returns_once_the_first_has_been_well_for_a_while() -> None:
    core = Core(Runtime())
    sessions = Sessions(core)
    seen: list[FeedId | None] = []
    core.assigned.append(lambda instrument_id, feed_id, key: seen.append(feed_id))
    rules = FailoverRules(grace_s=0.2, dwell_s=0.3, returns_after_s=0.5)
    told: list[str] = []
    watch = FailoverWatch(
        core.feeds, core.hub, core.runtime.clock, Quickly(), lambda thing, cause, step: told.append(thing), rules
    )
    server = Ticker()
    async with server, kind_server(FeedKind.POLYGON_LOCAL) as second:
        core.start()
        core.feeds.choose({AAPL: FeedChoice(fallback=LOCAL)})
        core.feeds.acquire(AAPL)
        configs = [massive(server.url), local(second.url)]
        await sessions.open_configured(configs, lambda feed_id: lambda: Secret("any"))
        watch.start()
        first = core.hub.snapshot(AAPL)
        assert first is not None
        await until(lambda: first.last_price is not None)
        await until(lambda: (warm := core.hub.warm_snapshot(AAPL)) is not None and warm.last_price == 190.55)
        assert told == []
        server.is_dead = True
        await until(lambda: seen[-1] == LOCAL)
        assert told == ["Rows of My Massive continue on Local server"]
        other = core.hub.snapshot(AAPL)
        assert other is not None
        assert (other.last_price, first.last_price == other.last_price) == (190.55, False)
        server.is_dead = False
        core.feeds.retry_now()
        await until(lambda: core.feeds.state(FIRST)[0] is FeedState.LIVE)
        assert seen[-1] == LOCAL
        await until(lambda: seen[-1] == FIRST)
        assert core.hub.snapshot(AAPL) is first
        assert told[1:] == ["All rows are back on My Massive"]
        await until(lambda: first.last_price == round(server.price, 2))
        # Other channels for the feed that serves: connection, row and figures stay.
        streams = server.streams
        await sessions.open_configured(
            [msgspec.structs.replace(configs[0], channels=("T",)), configs[1]], lambda feed_id: lambda: Secret("any")
        )
        assert core.hub.snapshot(AAPL) is first
        assert server.streams == streams
    watch.stop()
    with contextlib.suppress(TimeoutError):
        await sessions.close()
    await core.stop()
    assert await core.runtime.stop() == []
    assert core.runtime.failures.counts == {}
