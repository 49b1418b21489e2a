"""The whole program as a child process: started off screen with a profile of its own, watched through its reports."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from marketwatch.domain.watchlist import ColumnLayout, WatchlistRecord
from marketwatch.storage.documents import StateDatabase
from marketwatch.storage.profile import Profile

Report = dict[str, Any]

_PROGRAM = "import sys; from marketwatch.app.main import main; sys.exit(main())"
_DEADLINE_S = 30.0
_POLL_S = 0.05


class Ended(msgspec.Struct, frozen=True):
    """How a run ended: exit code, what it said, and its last report."""

    code: int
    out: str
    err: str
    report: Report


class Program:
    """A running program. Reports are asked for by signal and read from a file, as a helper of a user would."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self.process = process
        self.profile = folder / "profile"
        self._report = folder / "report.json"
        self._out = bytearray()
        self._reading = asyncio.create_task(self._read())

    async def ready(self) -> None:
        """Wait until the program answers to signals: then its window is complete."""
        async with asyncio.timeout(_DEADLINE_S):
            while not _handles(self.process.pid, signal.SIGUSR1):
                assert not self._reading.done(), await self._last_words()
                await asyncio.sleep(_POLL_S)

    async def until_said(self, text: str) -> None:
        """Wait until the program has printed `text`."""
        async with asyncio.timeout(_DEADLINE_S):
            while text not in self.said:
                assert not self._reading.done(), await self._last_words()
                await asyncio.sleep(_POLL_S)

    @property
    def said(self) -> str:
        """What it has printed so far."""
        return self._out.decode()

    async def report(self) -> Report:
        """Ask for a report of this moment."""
        self._report.unlink(missing_ok=True)
        self.process.send_signal(signal.SIGUSR1)
        async with asyncio.timeout(_DEADLINE_S):
            while not self._report.exists():
                assert self.process.returncode is None, f"ended with {self.process.returncode}: {self.said}"
                await asyncio.sleep(0.02)
        return _decoded(self._report)

    async def report_when(self, condition: Callable[[Report], object]) -> Report:
        """Ask for reports until one fulfils `condition`; a report that has no such part yet does not."""
        report: Report = {}
        deadline = time.monotonic() + _DEADLINE_S
        while time.monotonic() < deadline:
            report = await self.report()
            try:
                if condition(report):
                    return report
            except (IndexError, KeyError, TypeError):
                pass
            await asyncio.sleep(_POLL_S)
        raise AssertionError(f"no report was as wanted; the last one: {_brief(report)}")

    async def ended(self, within_s: float = _DEADLINE_S) -> Ended:
        """Wait for the end of the process."""
        assert self.process.stderr is not None
        async with asyncio.timeout(within_s):
            await self._reading
            err = await self.process.stderr.read()
            code = await self.process.wait()
        return Ended(code, self.said, err.decode(), _decoded(self._report))

    async def quit(self, within_s: float = _DEADLINE_S) -> Ended:
        """Ask it to end, and wait."""
        self.process.send_signal(signal.SIGTERM)
        return await self.ended(within_s)

    async def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        await self.process.wait()

    async def _last_words(self) -> str:
        assert self.process.stderr is not None
        return self.said + (await self.process.stderr.read()).decode()

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while part := await self.process.stdout.read(65_536):
            self._out += part

    async def clean_up(self) -> None:
        """Leave no process and no task."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.communicate() if self._reading.done() else await self.process.wait()
        await self._reading


@asynccontextmanager
async def program(
    folder: Path, *arguments: str | Path, code: str = _PROGRAM, environment: dict[str, str] | None = None
) -> AsyncIterator[Program]:
    """Start the program with its profile in `folder`; `code` may prepare it before it runs."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - nothing else waits in this loop yet
    given = [str(argument) for argument in arguments]
    own = ["--profile", str(folder / "profile"), "--diagnostics", str(folder / "report.json")]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        code,
        *own,
        *given,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **(environment or {})},
    )
    running = Program(process, folder)
    try:
        yield running
    finally:
        await running.clean_up()


async def run_for(folder: Path, seconds: float, *arguments: str | Path, **options: Any) -> Ended:
    """Run until `seconds` after the session was opened, and return how it ended."""
    picture = folder / "window.png"
    given = [*arguments, "--screenshot", picture, "--after", f"{seconds:g}", "--size", "1600x1000", "--quit"]
    async with program(folder, *given, **options) as running:
        ended = await running.ended(seconds + _DEADLINE_S)
    assert picture.stat().st_size > 10_000
    return ended


def with_prelude(code: str) -> str:
    """Return the program preceded by `code`."""
    return f"{code}\n{_PROGRAM}"


def rows_of(report: Report) -> dict[str, dict[str, str]]:
    """Return the displayed texts of the rows by symbol; what else is said of a row has small letters."""
    rows = report["watchlist"]["rows"]
    return {row["Symbol"]: {title: text for title, text in row.items() if title[:1].isupper()} for row in rows}


async def keep_lists(folder: Path, *records: WatchlistRecord) -> None:
    """Put lists into a profile before the program starts."""
    profile = Profile.locate(folder / "profile")
    profile.prepare()
    database = await StateDatabase.open(profile.database_path)
    for record in records:
        await database.save_watchlist(record)
    await database.close()


async def kept_lists(folder: Path) -> dict[str, tuple[str, ...]]:
    """Return the entries of the lists that a profile holds, by name."""
    database = await StateDatabase.open(Profile.locate(folder / "profile").database_path)
    records = await database.load_watchlists()
    await database.close()
    return {record.name: record.entries for record in records}


def bid_and_ask(name: str) -> WatchlistRecord:
    """Return an empty list with columns that have room beside the chart."""
    columns = ("symbol", "last_price", "bid", "ask", "volume")
    return WatchlistRecord(id="made-by-a-test", name=name, layout=ColumnLayout(columns=columns))


def warnings_in(profile: Path) -> list[str]:
    """Return the lines of the log that are worse than information."""
    lines = [line for path in (profile / "logs").glob("*.log*") for line in path.read_text("utf-8").splitlines()]
    return [line for line in lines if re.search(r"\b(WARNING|ERROR|CRITICAL)\b", line)]


def files_below(folder: Path) -> list[Path]:
    """Return every file below a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


def _handles(pid: int, number: signal.Signals) -> bool:
    """Tell whether a process catches a signal, where the system says so."""
    if not Path("/proc/self/status").exists():
        pytest.skip("needs /proc to see when the program answers to signals")
    try:
        text = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    except FileNotFoundError:
        return False
    caught = re.search(r"^SigCgt:\s*([0-9a-f]+)$", text, re.MULTILINE)
    return caught is not None and bool(int(caught[1], 16) >> (number - 1) & 1)


def _decoded(path: Path) -> Report:
    return msgspec.json.decode(path.read_bytes(), type=Report) if path.exists() else {}


def _brief(report: Report) -> dict[str, Any]:
    parts = {name: report.get(name) for name in ("session", "failures", "notices", "watchlist")}
    feeds = [{name: feed[name] for name in ("state", "reason", "event_count")} for feed in report.get("feeds", [])]
    return {**parts, "feeds": feeds}
