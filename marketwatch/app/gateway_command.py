"""`marketwatch gateway`: the core without a window, serving a recording or the simulated market."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import msgspec

from marketwatch.app.demo import demo_instruments
from marketwatch.app.options import clock_time, speed
from marketwatch.app.recorded_instruments import resolve_hints
from marketwatch.domain.secret import Secret
from marketwatch.errors import ConfigurationError, MarketWatchError
from marketwatch.feeds.playback import FASTEST, Playback
from marketwatch.feeds.recorded.recording import Recording, open_recording
from marketwatch.feeds.recorded.session_time import time_of_day_ns
from marketwatch.feeds.recorded.source import RecordedSource
from marketwatch.feeds.simulated.market import SimulatedMarket
from marketwatch.instruments.directory import InstrumentDirectory, starter_lists
from marketwatch.runtime.clock import SystemClock

if TYPE_CHECKING:
    from marketwatch.gateway.server import GatewayServer, GatewaySummary
    from marketwatch.gateway.source import MarketSource

EXAMPLES = """\
examples:
  marketwatch gateway --simulate
  marketwatch gateway --replay day.parquet --speed max --start-on-subscribe
"""


class GatewayOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line asked for. `speed` None means as fast as possible."""

    simulate: bool = False
    replay: Path | None = None
    speed: float | None = 1.0
    start_at: str | None = None
    start_on_subscribe: bool = False
    host: str = "127.0.0.1"
    port: int = 8765
    key: str | None = None
    connections: int = 16
    seed: int = 1


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def build_gateway_parser() -> argparse.ArgumentParser:
    """Return the parser of `marketwatch gateway`."""
    parser = _Parser(
        prog="marketwatch gateway",
        description="Serve a recorded session or the simulated market in the Massive dialects, on this machine.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--simulate", action="store_true", help="serve the simulated market")
    source.add_argument("--replay", metavar="FILE", type=Path, help="serve a recorded session (Parquet)")
    add("--speed", metavar="N|max", type=speed, default=1.0, help="0.1 to 1000 times real time, or max")
    add("--from", dest="start_at", metavar="HH:MM", type=clock_time, help="where the replay starts, exchange time")
    add("--start-on-subscribe", action="store_true", help="hold the replay until the first client has subscribed")
    add("--port", type=_port, default=8765, help="port to listen on (default 8765; 0 takes any free one)")
    add("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1: this machine only)")
    add("--key", metavar="NAME", help="environment variable that holds the accepted key (default: any key)")
    add("--connections", metavar="N", type=int, default=16, help="how many clients at once (default 16)")
    add("--seed", metavar="N", type=int, default=1, help="seed of the simulated market")
    return parser


def run_gateway(arguments: Sequence[str]) -> int:
    """Serve until the source ends or a signal comes; return the exit code."""
    options = msgspec.convert(vars(build_gateway_parser().parse_args(arguments)), GatewayOptions)
    try:
        return asyncio.run(_serve(options))
    except MarketWatchError as error:
        sys.stderr.write(f"marketwatch gateway: {error}\n")
        return 2


async def _serve(options: GatewayOptions) -> int:
    from marketwatch.gateway.limits import Limits
    from marketwatch.gateway.server import GatewayServer

    accepts_key = _key_policy(options)
    limits = Limits(connections=options.connections)
    async with _open_source(options) as source:
        server = GatewayServer(source, accepts_key=accepts_key, host=options.host, port=options.port, limits=limits)
        await server.start()
        try:
            _say(f"ready {server.url}")
            await _play_until_signalled(server)
            _say(_summary_line(server.summary()))
        finally:
            await server.stop()
    return 0


async def _play_until_signalled(server: GatewayServer) -> None:
    playing = asyncio.create_task(_play_to_the_end(server), name="gateway-play")
    _on_signals(playing.cancel)
    await asyncio.wait({playing})
    if not playing.cancelled():
        playing.result()


async def _play_to_the_end(server: GatewayServer) -> None:
    await server.play()
    await server.finish()


def _on_signals(stop: Callable[[], object]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows' loops
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))


@contextlib.asynccontextmanager
async def _open_source(options: GatewayOptions) -> AsyncIterator[MarketSource]:
    directory = InstrumentDirectory.load(starter_lists())
    if options.replay is None:
        yield SimulatedMarket(
            demo_instruments(directory), SystemClock(), seed=options.seed, speed=options.speed or FASTEST
        )
        return
    recording = await open_recording(options.replay)
    try:
        yield _recorded_source(recording, options, directory)
    finally:
        await recording.close()


def _recorded_source(recording: Recording, options: GatewayOptions, directory: InstrumentDirectory) -> MarketSource:
    facts = recording.describe()
    playback = Playback(
        recording,
        clock=SystemClock(),
        speed=options.speed,
        start_at_ns=time_of_day_ns(facts, options.start_at) if options.start_at else None,
        hold=options.start_on_subscribe,
    )
    return RecordedSource(playback, resolve_hints(facts.instruments, directory))


def _key_policy(options: GatewayOptions) -> Callable[[str | None], bool]:
    """Return who may come in: the holder of the one key, or on loopback anyone who shows some key."""
    from marketwatch.gateway.limits import is_loopback

    if options.key is None:
        if not is_loopback(options.host):
            raise ConfigurationError("A gateway for other machines needs a key", "", "Name its variable with --key")
        return bool
    text = os.environ.get(options.key, "").strip()
    if not text:
        raise ConfigurationError(f"The environment variable {options.key} is empty", "", "Put the accepted key there")
    secret = Secret(text)
    return lambda key: key is not None and secret.matches(key)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"“{text}” is not a port from 0 to 65535")
    return int(text)


def _summary_line(summary: GatewaySummary) -> str:
    return (
        f"served {summary.events} events ({summary.trades} trades), {summary.delivered} deliveries"
        f" to {summary.clients} clients, {summary.slow_clients} dropped as too slow"
    )


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
