"""A feed at an address of one's own, for whole programs: what it serves, and how its program is told of it."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
from integration import massive_scripts
from integration.massive_scripts import status
from integration.scripted_server import Peer, Script, ScriptedServer
from program_rig import Ended, Program, bid_and_ask

from marketwatch.domain.feed_config import OWN_ADDRESS, FeedConfig
from marketwatch.domain.ids import CASH, FeedId, InstrumentId, Venue
from marketwatch.domain.watchlist import WatchlistRecord, entry_to_text
from marketwatch.storage.documents import StateDatabase
from marketwatch.storage.profile import Profile

KEY = "canary-7f3a91c2-do-not-tell"
ENVIRONMENT = {"MASSIVE_API_KEY": KEY}
IN_A_SESSION_MS = 1_751_050_800_000
"""2025-06-27 15:00 in New York."""
ENTRIES = tuple(entry_to_text(InstrumentId(Venue("XNAS"), CASH, symbol)) for symbol in ("AAPL", "MSFT"))


class Feed(ScriptedServer):
    """A scripted server that has streams only; there is no REST service beside them."""

    def __init__(self, *scripts: Script) -> None:
        super().__init__(self._answer)
        self._stream_scripts = scripts
        self.streams = 0

    async def _answer(self, peer: Peer) -> None:
        if not await peer.wants_stream():
            await peer.reject("404 Not Found")
            return
        script = self._stream_scripts[min(self.streams, len(self._stream_scripts) - 1)]
        self.streams += 1
        await script(peer)


async def let_in(peer: Peer) -> None:
    """Take the login with the key, and confirm trades and quotes of both symbols."""
    await massive_scripts.let_in(peer, KEY)
    asked = await peer.receive()
    assert "T.AAPL" in asked
    peer.send(*(status("success", f"subscribed to: {topic}") for topic in ("T.AAPL", "Q.AAPL", "T.MSFT", "Q.MSFT")))


def ticks(now_ms: int = 0) -> str:
    """Return a trade and a quote of a time, or of now, and one trade of another symbol."""
    now_ms = now_ms or time.time_ns() // 1_000_000
    return (
        f'[{{"ev":"T","sym":"AAPL","i":"1","x":4,"p":190.55,"s":100,"t":{now_ms},"q":1,"z":3}},'
        f'{{"ev":"Q","sym":"AAPL","bx":4,"bp":190.54,"bs":300,"ax":4,"ap":190.57,"as":200,"t":{now_ms},"q":2,"z":3}},'
        f'{{"ev":"T","sym":"MSFT","i":"2","x":4,"p":1234.5,"s":7000,"t":{now_ms},"q":1,"z":3}}]'
    )


async def serve(peer: Peer) -> None:
    """Let a program in, and send the prices of a session once."""
    await let_in(peer)
    peer.send(ticks(IN_A_SESSION_MS))
    await peer.hold()


async def in_time(running: Program) -> Ended:
    """Ask it to quit: it has 3 s whatever the network does, and ends well."""
    ended = await running.quit(within_s=6.0)  # the promise is 3 s; a busy machine gets some more
    assert ended.code == 0
    assert ended.err == ""
    assert ended.report["failures"] == {}
    return ended


def own_list() -> WatchlistRecord:
    """A list of both symbols."""
    empty = bid_and_ask("My list")
    return msgspec.structs.replace(empty, entries=ENTRIES)


def massive(url: str, **facts: object) -> FeedConfig:
    """The feed as Settings > Feeds keeps it."""
    made = FeedConfig(id=FeedId("massive"), kind="massive", name="My Massive", variant=OWN_ADDRESS, own_address=url)
    return msgspec.structs.replace(made, **facts)


async def keep_feeds(folder: Path, *feeds: FeedConfig) -> None:
    """Store feeds in the profile of a program that is yet to start."""
    database = await StateDatabase.open(Profile.locate(folder / "profile").database_path)
    await database.feed_configs.save(feeds)
    await database.close()
