"""Runs every `bench_*.py` here, each in a process of its own, prints one table and writes it as JSON.

`python tests/bench [part of a name …] [--json FILE]`. A missed budget is shown, not failed:
machines differ. Ends with 1 when a benchmark broke.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
from harness import Row

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


class Report(msgspec.Struct, kw_only=True):
    """What the JSON file holds."""

    python: str
    system: str
    processors: int | None
    rows: list[Row]
    broken: list[str]


def _measure(module: str, target: Path) -> None:
    sys.path.insert(0, str(ROOT))
    rows: list[Row] = importlib.import_module(module).run()
    target.write_bytes(msgspec.json.encode(rows))


def _measure_apart(module: str) -> list[Row] | None:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "rows.json"
        command = [sys.executable, str(HERE), "--measure", module, "--json", str(target)]
        if subprocess.run(command, cwd=ROOT, check=False).returncode or not target.exists():
            return None
        return msgspec.json.decode(target.read_bytes(), type=list[Row])


def _print_table(rows: list[Row]) -> None:
    lines = [("what", "measured", "ratio", "budget", "peer or limit", "")]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f} x"
        verdict = {True: "ok", False: "MISSED", None: ""}[row.holds]
        lines.append((row.name, f"{row.value:,.4g} {row.unit}", ratio, row.budget, row.peer, verdict))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def main() -> int:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="bench", description="Measure MarketWatch against its named peers.")
    parser.add_argument("names", nargs="*", help="only benchmarks whose name holds one of these")
    parser.add_argument(
        "--json", type=Path, default=ROOT / "bench-results" / "bench.json", help="where to write the table"
    )
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.measure:
        _measure(chosen.measure, chosen.json)
        return 0
    report = Report(
        python=platform.python_version(), system=platform.platform(), processors=os.cpu_count(), rows=[], broken=[]
    )
    for path in sorted(HERE.glob("bench_*.py")):
        if chosen.names and not any(name in path.stem for name in chosen.names):
            continue
        print(f"{path.stem} …", flush=True)
        rows = _measure_apart(path.stem)
        if rows is None:
            report.broken.append(path.stem)
        else:
            report.rows += rows
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    chosen.json.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1))
    _print_table(report.rows)
    print(f"written to {chosen.json}")
    for name in report.broken:
        print(f"broke: {name}")
    return 1 if report.broken else 0


if __name__ == "__main__":
    sys.exit(main())
