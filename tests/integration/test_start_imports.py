from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[1] / "bench" / "startup_programs.py"


def test_slow_libraries_wait_for_the_first_paint_and_a_tick_follows_it(tmp_path: Path) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, str(PROGRAM), "ours", "--profile", str(tmp_path / "profile")],
        capture_output=True, text=True, timeout=50, check=True, env=environment,
    )  # fmt: skip
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert [one["what"] for one in told] == ["painted", "ticked"]
    assert told[0]["slow_modules"] == []
