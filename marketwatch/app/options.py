"""The command line: what can be asked for, checked before anything is built."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import NoReturn

import msgspec

from marketwatch import __version__

EXAMPLES = """\
examples:
  marketwatch                                    the simulated market, plainly marked
  marketwatch --replay day.parquet --speed 10    a recorded session, ten times as fast
  marketwatch --replay day.parquet --from 09:35  start at 09:35 of the session's own time
  marketwatch --feed massive --url ws://127.0.0.1:9000/stocks --watch AAPL,MSFT
  marketwatch --feed kite --watch SBIN,2885      by symbol, or by number of the exchange
  marketwatch --feed mapping --url ws://127.0.0.1:9000/x --watch AAPL --mapping mine.json
  marketwatch gateway --simulate --port 8765     the server alone, without a window
"""
_KEYS = "Keys are read from the environment, never from the command line."


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line asked for. `speed` None means as fast as possible."""

    replay: Path | None = None
    speed: float | None = 1.0
    start_at: str | None = None
    closes: Path | None = None
    feed: str | None = None
    url: str | None = None
    watch: tuple[str, ...] = ()
    mapping: Path | None = None
    screenshot: Path | None = None
    after_s: float = 5.0
    size: tuple[int, int] | None = None
    quit_after: bool = False
    diagnostics: Path | None = None
    profile: Path | None = None
    theme: str | None = None
    headless_status: bool = False


class _Parser(argparse.ArgumentParser):
    def format_help(self) -> str:
        self.epilog = f"{EXAMPLES}\n{feed_help()}"  # only now: a start must not wait for the feeds
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def speed(text: str) -> float | None:
    """Read `max` or a factor from 0.1 to 1000."""
    if text == "max":
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.1 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"“{text}” is neither max nor a number from 0.1 to 1000")
    return value


def clock_time(text: str) -> str:
    """Check a time of day of the form HH:MM or HH:MM:SS."""
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?", text):
        raise argparse.ArgumentTypeError(f"“{text}” is not a time of day such as 09:35")
    return text


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{3,5})x(\d{3,5})", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"“{text}” is not a size such as 1600x1000")
    return int(match[1]), int(match[2])


def _symbols(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 86_400:
        raise argparse.ArgumentTypeError(f"“{text}” is not a number of seconds")
    return value


def _existing_file(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text}")
    return path


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the app itself; `marketwatch gateway` has its own."""
    parser = _Parser(
        prog="marketwatch",
        description="A desktop market-watch program. With no options it opens on a simulated market.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--version", action="version", version=f"marketwatch {__version__}")
    add("--replay", metavar="FILE", type=_existing_file, help="replay a recorded session (Parquet)")
    add("--speed", metavar="N|max", type=speed, default=1.0, help="speed of the replay, 0.1 to 1000 or max")
    add("--from", dest="start_at", metavar="HH:MM", type=clock_time, help="where the replay starts, exchange time")
    add("--closes", metavar="FILE", type=_existing_file, help="daily bars (Parquet) with the closes before a replay")
    add("--feed", metavar="KIND", help="read a feed of this kind (listed below)")
    add("--url", metavar="ADDRESS", help="address of the feed's server, such as ws://127.0.0.1:9000/stocks")
    add("--watch", metavar="A,B", type=_symbols, default=(), help="symbols to watch in a list of their own")
    add("--mapping", metavar="FILE", type=_existing_file, help="what the fields of a stream of your own mean (JSON)")
    add("--theme", choices=("dark", "light", "highContrast"), help="theme of this run")
    add("--profile", metavar="DIR", type=Path, help="keep settings, lists and logs in this folder")
    add("--screenshot", metavar="FILE", type=Path, help="write a picture (PNG) of the main window")
    add("--after", dest="after_s", metavar="S", type=_seconds, default=5.0, help="seconds before the picture")
    add("--size", metavar="WxH", type=_size, help="size of the main window, such as 1600x1000")
    add("--quit", dest="quit_after", action="store_true", help="leave after the picture")
    add("--diagnostics", metavar="FILE", type=Path, help="write a report (JSON, no secrets) at exit and on SIGUSR1")
    add("--headless-status", action="store_true", help=argparse.SUPPRESS)
    return parser


def read_options(arguments: list[str]) -> Options:
    """Read the command line; leaves the program with one clear line when it cannot be used."""
    parser = build_parser()
    given = vars(parser.parse_args(arguments))
    if given["replay"] and (given["feed"] or given["url"]):
        parser.error("--replay and --feed do not go together")
    if given["start_at"] and not given["replay"]:
        parser.error("--from needs --replay")
    if given["closes"] and not given["replay"]:
        parser.error("--closes needs --replay")
    if given["url"] and not given["feed"]:
        parser.error("--url needs --feed, for example --feed massive")
    if given["mapping"] and given["feed"] != "mapping":
        parser.error("--mapping needs --feed mapping")
    if given["feed"] and given["feed"] not in _feed_kinds():
        parser.error(f"there is no feed “{given['feed']}”: choose one of {', '.join(_feed_kinds())}")
    if given["quit_after"] and not given["screenshot"]:
        parser.error("--quit needs --screenshot")
    return Options(**given)


def feed_help() -> str:
    """Return a line for each kind of feed there is: what it is, and where its key is read from."""
    from marketwatch.feeds.catalog import CATALOG  # late: only a run with a feed needs it

    width = max(len(kind.value) for kind in CATALOG) + 2
    lines = ["kinds of feed:"]
    for kind, spec in CATALOG.items():
        note = f" ({spec.note})" if spec.note else ""
        key = f", key in {spec.credential_words}" if spec.credential_names else ""
        lines.append(f"  {kind.value:{width}}{spec.label}{note}{key}")
    return "\n".join([*lines, _KEYS])


def _feed_kinds() -> list[str]:
    from marketwatch.feeds.catalog import FeedKind  # late: only a run with a feed needs it

    return [kind.value for kind in FeedKind]
