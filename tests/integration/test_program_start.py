"""How the program starts: what is said on the command line, and what may be loaded before the window is seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from program_rig import Ended, program, run_for, with_prelude

from marketwatch import __version__

LATE = ("aiohttp", "duckdb", "keyring", "massive", "numpy", "pandas", "pyqtgraph", "websockets")

TELL_MODULES = with_prelude(f"""
import sys
from marketwatch.app.program import Program
begin = Program._begin
def tell(self, commands):
    loaded = sorted(name for name in {LATE} if name in sys.modules)
    sys.stdout.write(f"loaded {{loaded}} painted {{self.screen.window.isVisible()}}\\n")
    sys.stdout.flush()
    begin(self, commands)
Program._begin = tell
""")


STUCK = with_prelude("""
import time
from marketwatch.app.program import Program
begin = Program._begin
def stick(self, commands):
    self._runtime.tasks.start("stuck", self._runtime.pool.run("stuck", lambda: time.sleep(60)))
    begin(self, commands)
Program._begin = stick
""")


async def ended(folder: Path, *arguments: str | Path) -> Ended:
    async with program(folder, *arguments) as running:
        return await running.ended()


async def test_what_is_slow_to_load_waits_for_the_first_paint(tmp_path: Path) -> None:
    run = await run_for(tmp_path, 0.5, code=TELL_MODULES)
    assert (run.code, run.out, run.err) == (0, "loaded [] painted True\n", "")


async def test_a_thread_that_will_not_end_does_not_keep_the_program(tmp_path: Path) -> None:
    run = await run_for(tmp_path, 0.5, code=STUCK)
    assert (run.code, run.err) == (0, "")


async def test_without_options_the_simulated_market_ticks_at_once(tmp_path: Path) -> None:
    async with program(tmp_path, "--size", "1600x1000") as running:
        await running.ready()
        report = await running.report_when(
            lambda report: all(row["Last"] != "—" for row in report["watchlist"]["rows"]) and report["feeds"]
        )
        assert report["session"]["nature"] == "simulated"
        assert "invented" in report["session"]["bar"]
        run = await running.quit()
    assert (run.code, run.out, run.err) == (0, "", "")
    assert run.report["failures"] == {}
    (notice,) = run.report["notices"]
    assert notice.startswith("These prices are simulated.")
    assert "Settings > Feeds" in notice
    assert len(run.report["watchlist"]["rows"]) >= 18


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--feed", "nonsense"], "there is no feed “nonsense”"),
        (["--feed", "massive", "--url", "http://127.0.0.1/x y", "--quit"], "--quit needs --screenshot"),
        (["--replay", "nowhere.parquet"], "there is no file"),
        (["--speed", "fast"], "neither max nor a number"),
        (["--massive-key", "secret"], "unrecognized arguments"),
    ],
)
async def test_what_cannot_be_done_is_said_in_one_line(arguments: list[str], words: str, tmp_path: Path) -> None:
    run = await ended(tmp_path, *arguments)
    assert (run.code, run.out) == (2, "")
    assert words in run.err
    assert run.err.count("\n") == 1
    assert not (tmp_path / "profile").exists()


async def test_version_and_help_are_said_without_a_window(tmp_path: Path) -> None:
    version = await ended(tmp_path, "--version")
    assert (version.code, version.out, version.err) == (0, f"marketwatch {__version__}\n", "")
    helped = await ended(tmp_path, "--help")
    assert (helped.code, helped.err) == (0, "")
    assert all(option in helped.out for option in ("--replay", "--feed", "--url", "--diagnostics", "gateway"))


async def test_lines_of_status_and_pictures_stand_in_for_a_display(tmp_path: Path) -> None:
    async with program(tmp_path, "--headless-status") as running:
        await running.until_said("window.png")
        run = await running.quit()
    assert (run.code, run.err) == (0, "")
    assert "Simulator" in run.out
    assert (tmp_path / "profile" / "cache" / "window.png").stat().st_size > 10_000
