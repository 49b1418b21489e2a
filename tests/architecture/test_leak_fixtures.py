"""The watchers in conftest.py must themselves be seen to bite."""

from __future__ import annotations

from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"

LEAKY = """
    import asyncio, socket, threading, time
    import pytest
    kept = []

    def test_thread():
        threading.Thread(target=time.sleep, args=(4,), name="forgotten-thread", daemon=True).start()

    async def test_task():
        kept.append(asyncio.create_task(asyncio.sleep(60), name="forgotten-task"))

    def test_timer(qtbot):
        from PySide6.QtCore import QTimer
        timer = QTimer()
        timer.setObjectName("forgotten-timer")
        timer.start(1000)
        kept.append(timer)

    def test_network():
        with pytest.raises(RuntimeError, match="must stay on this machine"):
            socket.create_connection(("192.0.2.1", 80), timeout=0.1)
        with pytest.raises(RuntimeError, match="must stay on this machine"):
            socket.getaddrinfo("example.com", 80)

    async def test_tidy(qtbot):
        task = asyncio.create_task(asyncio.sleep(0))
        await task
"""


def test_leaks_are_failures(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST.read_text(encoding="utf-8"))
    pytester.makeini("[pytest]\nasyncio_mode = auto\nqt_api = pyside6\n")
    pytester.makepyfile(LEAKY)
    outcome = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:xdist")
    outcome.assert_outcomes(passed=5, errors=3)
    for name in ("forgotten-thread", "forgotten-task", "forgotten-timer"):
        outcome.stdout.fnmatch_lines([f"*{name}*"])
