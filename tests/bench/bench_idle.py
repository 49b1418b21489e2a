"""What the program does when nothing happens: wake-ups and CPU time of the whole process.

It is connected to a server that is silent, as when the market is closed, with 500 instruments in its list. Wake-ups
are voluntary context switches of all its threads.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
from frame_server import symbol_name
from harness import Row, at_most
from programs import Place, used_place

from marketwatch.domain.calendar import Phase
from marketwatch.domain.venues import UNITED_STATES, Calendars

INSTRUMENTS = 500
SECONDS = 20.0
_SETTLE_S = 8.0
_SERVER = Path(__file__).resolve().parent / "frame_server.py"


def _switches(pid: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        lines = (task / "status").read_text().splitlines()
        facts = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        found[f"{facts['Name']} {task.name}"] = int(facts["voluntary_ctxt_switches"])
    return found


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _idle(place: Place, until: str, *arguments: str) -> tuple[float, float, str]:
    """Return wake-ups per second, CPU share, and the busiest threads."""
    with place.running(until, *arguments) as (process, _):
        time.sleep(_SETTLE_S)
        switches, cpu_s = _switches(process.pid), _cpu_s(process.pid)
        time.sleep(SECONDS)
        later = _switches(process.pid)
        per_thread = {name: (count - switches.get(name, 0)) / SECONDS for name, count in later.items()}
        busiest = sorted(per_thread, key=lambda name: -per_thread[name])[:3]
        words = ", ".join(f"{name.rsplit(' ', 1)[0]} {per_thread[name]:.1f}" for name in busiest if per_thread[name])
        return sum(per_thread.values()), (_cpu_s(process.pid) - cpu_s) / SECONDS, words


def run() -> list[Row]:
    """Measure where there is /proc; elsewhere there is nothing to say."""
    if not Path("/proc/self/task").exists():
        return []
    with used_place() as place, _silent_server() as server:
        try:
            assert server.stdout is not None
            watched = ",".join(symbol_name(number) for number in range(INSTRUMENTS))
            feed = ("--feed", "massive", "--url", server.stdout.readline().strip(), "--watch", watched)
            bare_wakes, bare_share, _ = _idle(place, "painted", "bare")
            wakes, share, words = _idle(place, "painted", "ours", "--profile", str(place.profile), *feed)
        finally:
            server.terminate()
    what = f"idle, market closed, {INSTRUMENTS} instruments"
    rows = [
        at_most(f"{what}: wake-ups ({words})", wakes, "/s", 1, peer=f"bare window: {bare_wakes:.1f} /s"),
        at_most(f"{what}: CPU", share * 100, "% of a core", 1, peer=f"bare window: {bare_share:.1%}"),
    ]
    return rows if _is_market_closed() else [_unjudged(row) for row in rows]


def _is_market_closed() -> bool:
    return Calendars().by_rules(UNITED_STATES).phase(time.time_ns()) is Phase.CLOSED


def _unjudged(row: Row) -> Row:
    """The budget is for a closed market; while it is open the program shows seconds and ages."""
    return msgspec.structs.replace(row, name=row.name.replace("market closed", "market open now"), holds=None)


def _silent_server() -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, str(_SERVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
