"""Seeking in a replay: the state afterwards equals that of a session that ends there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from fake_time import until
from recordings import minutes_of_trading, trade, write_recording
from shared_data import shared_data

from marketwatch.app.core import Core, Runtime
from marketwatch.app.sessions import REPLAY, Sessions
from marketwatch.domain.bars import BarSeries
from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.snapshot import Snapshot
from marketwatch.feeds.status import FeedState

_MINUTE_NS = 60_000_000_000
_NO_FIGURES = {
    *("bid_ask_reports", "bid_ask_sinks", "calendar", "feed_id", "instrument", "is_dirty", "is_tracked", "make_bars"),
    *("day", "minutes", "origin", "received_ns", "reports", "seconds", "session", "sinks", "version"),
}
_FIGURES = [name for name, part in vars(Snapshot).items() if hasattr(part, "__get__") and not callable(part)]
_COLUMNS = ("opens_ns", "open", "high", "low", "close", "volume", "count", "first_ns", "last_ns")

State = dict[str, str]


class Replay:
    """A replay without a window, every symbol of the recording watched."""

    def __init__(self, core: Core, sessions: Sessions, keys: dict[str, InstrumentId]) -> None:
        assert sessions.replay is not None
        self.core = core
        self.control = sessions.replay
        self.playback = sessions.replay.playback
        self._keys = keys

    @property
    def events(self) -> int:
        return self.core.hub.counts(REPLAY).events

    async def has_taken(self, events: int, position_ns: int) -> None:
        """Wait until the playing has come to a position, then for so many events and no more."""
        await until(lambda: self.playback.position_ns == position_ns and not self.playback.is_seeking, limit_s=30)
        await until(lambda: self.core.feeds.supervisor(REPLAY).status().state is FeedState.LIVE)
        await until(lambda: self.events >= events)
        await asyncio.sleep(0.02)
        assert self.events == events

    def state(self) -> dict[str, State]:
        """Return every figure and bar of every symbol in words, so that NaN equals NaN."""
        return {key: self._state_of(instrument_id) for key, instrument_id in self._keys.items()}

    def _state_of(self, instrument_id: InstrumentId) -> State:
        snapshot = self.core.hub.snapshot(instrument_id)
        assert snapshot is not None
        bars = self.core.hub.bars(instrument_id)  # first: this folds the trades in hand into the figures
        figures = {name: repr(getattr(snapshot, name)) for name in _FIGURES if name not in _NO_FIGURES}
        for name, day in (("day", snapshot.day), ("session", snapshot.session)):
            figures[name] = "None" if day is None else repr(day.date)
        for name, series in zip(("seconds", "minutes"), bars or (), strict=bars is not None):
            figures.update(_columns(name, series))
        return figures


def _columns(name: str, series: BarSeries) -> State:
    return {f"{name}.{column}": repr(list(getattr(series, column))) for column in _COLUMNS}


@asynccontextmanager
async def replay(path: Path, **options: Any) -> AsyncIterator[Replay]:
    """Open a recording at full speed, stopped before its first event."""
    runtime = Runtime()
    runtime.start()
    core = Core(runtime)
    core.start()
    sessions = Sessions(core)
    try:
        view = await sessions.open_replay(path, speed=None, **options)
        assert sessions.replay is not None
        sessions.replay.playback.pause()
        for instrument in view.instruments:
            core.feeds.acquire(instrument.id)
        yield Replay(core, sessions, {one.symbol: one.id for one in view.instruments})
    finally:
        await sessions.close()
        await core.stop()
        assert await runtime.stop() == []
        runtime.failures.uninstall()
    assert runtime.failures.counts == {}


def session_until(path: Path, end_ns: int, folder: Path) -> tuple[Path, int]:
    """Write the part of a recording up to a time, in the recording's own order; return it and its number of events."""
    part = folder / f"until_{end_ns}.parquet"
    with duckdb.connect() as database:
        database.execute(f"COPY (SELECT * FROM '{path}' WHERE ts_ns <= {end_ns}) TO '{part}' (FORMAT parquet)")
        return part, database.sql(f"SELECT count(*) FROM '{part}'").fetchall()[0][0]


async def played_to_the_end(path: Path, events: int) -> dict[str, State]:
    async with replay(path) as run:
        run.playback.resume()
        await run.has_taken(events, run.playback.end_ns)
        return run.state()


async def check_seeks(path: Path, targets: list[int], folder: Path) -> None:
    """Seek to each target in turn; every time the state must be that of a session which ends there."""
    parts = {target: session_until(path, target, folder) for target in set(targets)}
    wanted = {target: await played_to_the_end(*parts[target]) for target in parts}
    assert len({repr(state) for state in wanted.values()}) == len(wanted)
    async with replay(path) as run:
        before, taken = 0, 0
        for target in targets:
            # Counts go on when the state is forgotten: going back plays everything up to the target once more.
            taken += parts[target][1] - (parts[before][1] if 0 < before <= target else 0)
            run.control.seek(target)
            await run.has_taken(taken, target)
            assert_same(run.state(), wanted[target])
            before = target


def assert_same(state: dict[str, State], wanted: dict[str, State]) -> None:
    # A session that ends early may lack a symbol that trades only later: then the other has no figures of it.
    differences = {
        (key, name): (text, wanted[key][name])
        for key, figures in state.items()
        if key in wanted
        for name, text in figures.items()
        if text != wanted[key].get(name)
    }
    assert differences == {}
    assert all(state[key]["price"] == state[key]["bid"] == "None" for key in state.keys() - wanted.keys())


async def test_a_seek_forward_back_and_forward_again_is_as_if_played(tmp_path: Path) -> None:
    rows = [*minutes_of_trading(["IBM", "SPY"], seconds=300), trade(250.1, "BAC", 14.0, 300)]
    path = write_recording(tmp_path / "day.parquet", sorted(rows, key=lambda row: row[0]))
    start = min(row[0] for row in rows)
    targets = [start + round(minutes * _MINUTE_NS) for minutes in (1.5, 4.5, 1.5, 3.0, 0.25, 4.5)]
    await check_seeks(path, targets, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["session_2013-10-08_twosided.parquet", "session_2025-06-27_consolidated.parquet"], ids=["2013", "2025"]
)
async def test_a_seek_in_a_real_session_is_as_if_played(name: str, tmp_path: Path) -> None:
    path = shared_data("session", name)
    with duckdb.connect() as database:
        start, end = database.sql(f"SELECT min(ts_ns), max(ts_ns) FROM '{path}'").fetchall()[0]
    early, late = start + (end - start) // 5, start + (end - start) * 3 // 5
    await check_seeks(path, [late, early, late, early], tmp_path)


@pytest.mark.parametrize("turns", [0, 1, 5, 25])
async def test_closing_while_seeking_back_leaves_nothing(turns: int, tmp_path: Path) -> None:
    rows = minutes_of_trading(["IBM", "SPY"], seconds=60)
    path = write_recording(tmp_path / "day.parquet", rows)
    async with replay(path) as run:
        run.control.seek(rows[200][0])
        await run.has_taken(204, rows[200][0])
        run.control.seek(rows[0][0])
        for _ in range(turns):
            await asyncio.sleep(0)


async def test_beginning_late_comes_to_the_same_end(tmp_path: Path) -> None:
    rows = minutes_of_trading(["IBM", "SPY"], seconds=420)
    path = write_recording(tmp_path / "day.parquet", rows)
    wanted = await played_to_the_end(path, len(rows))
    async with replay(path, start_at="09:35") as run:
        assert run.playback.position_ns == rows[0][0] + 5 * _MINUTE_NS
        run.playback.resume()
        await run.has_taken(len(rows), rows[-1][0])
        assert_same(run.state(), wanted)
