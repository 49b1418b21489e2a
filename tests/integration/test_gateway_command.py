from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from gateway_rig import PlainClient, connected
from massive import WebSocketClient
from massive.websocket.models import EquityAgg, EquityQuote, EquityTrade
from recordings import minutes_of_trading, write_recording
from shared_data import shared_data

_RUN = (
    "import sys; from marketwatch.app.gateway_command import run_gateway; code = run_gateway(sys.argv[1:]);"
    " assert not [name for name in sys.modules if name.startswith(('PySide6', 'shiboken6', 'qasync', 'pyqtgraph',"
    " 'numpy', 'pandas'))]; sys.exit(code)"
)


class Gateway:
    """The command as a child process."""

    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self.process = process
        self.url = url

    async def end(self) -> tuple[int, str, str]:
        async with asyncio.timeout(30):
            out, err = await self.process.communicate()
        return self.process.returncode or 0, out.decode(), err.decode()


@asynccontextmanager
async def gateway_command(*arguments: str, **environment: str) -> AsyncIterator[Gateway]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "error",
        "-c",
        _RUN,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            line = (await process.stdout.readline()).decode()
        ready = re.fullmatch(r"ready (ws://127\.0\.0\.1:\d+/stocks)\n", line)
        yield Gateway(process, ready[1] if ready else "")
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def hear_officially(url: str, subscriptions: list[str], key: str = "any") -> list[Any]:
    """Let the vendor's own client collect everything until the server closes."""
    heard: list[Any] = []

    async def take(messages: list[Any]) -> None:
        heard.extend(messages)

    client = WebSocketClient(
        api_key=key, feed=url.removeprefix("ws://").removesuffix("/stocks"), secure=False, subscriptions=subscriptions
    )
    async with asyncio.timeout(50):
        await client.connect(take)
    return heard


async def test_the_official_client_gets_every_event_and_the_command_ends_by_itself(tmp_path: Path) -> None:
    rows = minutes_of_trading(["AAPL", "SPY"], seconds=130)
    path = write_recording(tmp_path / "day.parquet", rows)
    arguments = ("--replay", str(path), "--speed", "max", "--start-on-subscribe", "--port", "0", "--key", "TEST_KEY")
    async with gateway_command(*arguments, TEST_KEY="open sesame") as command:
        heard = await hear_officially(command.url, ["T.*", "Q.AAPL", "AM.SPY"], "open sesame")
        code, out, err = await command.end()
    kinds = Counter((type(each), each.symbol) for each in heard)
    assert kinds == {
        (EquityTrade, "AAPL"): 260,
        (EquityTrade, "SPY"): 260,
        (EquityQuote, "AAPL"): 260,
        (EquityAgg, "SPY"): 3,
    }
    trades = [each for each in heard if isinstance(each, EquityTrade) and each.symbol == "SPY"]
    assert [(each.price, each.size, each.timestamp) for each in trades] == [
        (row[3], row[4], row[0] // 1_000_000) for row in rows if row[1] == "SPY" and row[2] == "T"
    ]
    quotes = [each for each in heard if isinstance(each, EquityQuote)]
    assert [(each.bid_price, each.bid_size, each.ask_price, each.ask_size) for each in quotes] == [
        tuple(row[5:9]) for row in rows if row[1] == "AAPL" and row[2] == "Q"
    ]
    minute = next(each for each in heard if isinstance(each, EquityAgg))
    in_it = [row for row in rows if row[1] == "SPY" and row[2] == "T"][:120]
    prices = [row[3] for row in in_it]
    assert (minute.open, minute.high, minute.low, minute.close) == (prices[0], max(prices), min(prices), prices[-1])
    assert (minute.volume, minute.accumulated_volume) == (sum(row[4] for row in in_it),) * 2
    assert minute.end_timestamp - minute.start_timestamp == 60_000
    assert (code, err) == (0, "")
    assert out == "served 1040 events (520 trades), 783 deliveries to 1 clients, 0 dropped as too slow\n"


@pytest.mark.slow
async def test_a_real_session_at_full_speed_loses_no_trade(tmp_path: Path) -> None:
    path = shared_data("session", "session_2025-06-27_consolidated.parquet")
    with duckdb.connect() as database:
        query = f"SELECT symbol, kind, count(*), coalesce(sum(size), 0) FROM '{path}' GROUP BY ALL"
        expected = {(symbol, kind): (count, volume) for symbol, kind, count, volume in database.sql(query).fetchall()}
    counts, volumes = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    arguments = ("--replay", str(path), "--speed", "max", "--start-on-subscribe", "--port", "0")
    async with gateway_command(*arguments) as command:
        async with connected(command.url) as client:
            await client.hear()
            await client.say(action="auth", params="any")
            await client.hear()
            await client.subscribe("T.*,Q.*")
            while isinstance(frame := await client.hear(), list):
                for event in frame:
                    counts[event["sym"], event["ev"]] += 1
                    volumes[event["sym"], event["ev"]] += event.get("s", 0)
        code, out, _ = await command.end()
    assert {key: (counts[key], volumes[key]) for key in counts} == expected
    assert code == 0
    assert "served 385152 events (290895 trades)" in out


async def test_the_simulated_market_is_served_until_a_signal_comes() -> None:
    async with gateway_command("--simulate", "--port", "0") as command, connected(command.url) as client:
        await client.hear()
        await client.say(action="auth", params="any")
        await client.hear()
        await client.subscribe("T.AAPL,V.I:NIFTY50")
        day_so_far = await client.hear()
        assert {event["ev"] for event in day_so_far} <= {"T", "V"}
        assert len(day_so_far) > 100
        command.process.send_signal(signal.SIGTERM)
        assert await close_code_of(client) == 1001
        code, out, err = await command.end()
    assert (code, err) == (0, "")
    assert out.startswith("served ")


async def close_code_of(client: PlainClient) -> int:
    while not isinstance(heard := await client.hear(), int):
        pass
    return heard


async def test_a_port_in_use_is_said_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with gateway_command("--simulate", "--port", str(port)) as command:
            code, out, err = await command.end()
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert f"Port {port} is in use" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--replay", "nowhere.parquet"], "does not exist"),
        (["--simulate", "--key", "NO_SUCH_VARIABLE"], "NO_SUCH_VARIABLE is empty"),
        (["--simulate", "--host", "0.0.0.0"], "needs a key"),  # noqa: S104 the very thing that is refused
        (["--simulate", "--speed", "fast"], "neither max nor a number"),
        (["--simulate", "--port", "99999"], "not a port"),
        ([], "required"),
    ],
)
async def test_what_cannot_be_done_is_said_in_one_line(arguments: list[str], words: str) -> None:
    async with gateway_command(*arguments) as command:
        code, out, err = await command.end()
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1
