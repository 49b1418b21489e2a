"""Promise P21: an exception nobody expected reaches one handler, wherever it is raised, and the program lives on."""

from __future__ import annotations

from pathlib import Path

import pytest
from program_rig import program, warnings_in, with_prelude

FEED = ("--feed", "massive", "--url", "ws://127.0.0.1:9/stocks", "--watch", "AAPL")

# Raises twice at one place of a program that runs, and says so; painting goes on afterwards.
INJECTED = """
import asyncio, gc, sys, threading
from marketwatch.app.program import Program
begin = Program._begin

def fail(*_):
    raise ValueError("made by a test")

async def fail_later():
    fail()

def inject(self, commands):
    begin(self, commands)
    self._runtime.tasks.start("injection", later(self))

async def later(self):
    while self.screen.chart is None:
        await asyncio.sleep(0.02)
    for _ in range(2):
        await PLACE(self)
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.2)
    sys.stdout.write("injected\\n")
    sys.stdout.flush()

Program._begin = inject

async def slot(self):
    from PySide6.QtCore import QTimer
    QTimer.singleShot(0, fail)

async def virtual_method(self):
    from PySide6.QtCore import QObject, QTimer
    class Failing(QObject):
        def timerEvent(self, event):
            self.killTimer(event.timerId())
            fail()
    self.failing = Failing()
    self.failing.startTimer(0)

async def task(self):
    self._runtime.tasks.start("doomed", fail_later())

async def thread(self):
    threading.Thread(target=fail, name="doomed").start()

async def executor(self):
    self._runtime.pool.start("doomed", fail)

async def loop_callback(self):
    asyncio.get_running_loop().call_soon(fail)

async def finaliser(self):
    class Doomed:
        __del__ = fail
    Doomed()
    gc.collect()

async def painting(self):
    # Fails where a painter is at work, in every kind of painted panel.
    from PySide6.QtGui import QPainter
    from PySide6.QtWidgets import QWidget
    methods = {name: getattr(QPainter, name) for name in ("fillRect", "drawText", "drawPixmap", "setPen")}
    for name in methods:
        setattr(QPainter, name, fail)
    screen = self.screen
    try:
        screen.list_panel.view.repaint_all()
        for widget in screen.window.findChildren(QWidget):
            widget.update()
        await asyncio.sleep(0.3)
    finally:
        for name, method in methods.items():
            setattr(QPainter, name, method)
    for widget in screen.window.findChildren(QWidget):
        widget.update()
"""


@pytest.mark.parametrize(
    ("place", "where"),
    [
        ("slot", "main thread"),
        ("virtual_method", "main thread"),
        ("task", "task doomed"),
        ("thread", "thread doomed"),
        ("executor", "worker: doomed"),
        ("loop_callback", ""),
        ("finaliser", ""),
    ],
)
async def test_the_program_outlives_an_exception(place: str, where: str, tmp_path: Path) -> None:
    code = with_prelude(INJECTED.replace("PLACE", place))
    async with program(tmp_path, *FEED, code=code) as running:
        await running.until_said("injected")
        ended = await running.quit()
    assert ended.code == 0
    assert sum(ended.report["failures"].values()) == 2
    assert any(where in name for name in ended.report["failures"]), ended.report["failures"]
    told = [notice for notice in ended.report["notices"] if "made by a test" in notice]
    assert len(told) == 1, ended.report["notices"]
    logged = [line for line in warnings_in(running.profile) if "unexpected ValueError" in line]
    assert len(logged) == 1


async def test_the_program_outlives_exceptions_in_every_painter(tmp_path: Path) -> None:
    code = with_prelude(INJECTED.replace("PLACE", "painting"))
    picture = tmp_path / "after.png"
    async with program(tmp_path, *FEED, "--screenshot", picture, "--after", "2", code=code) as running:
        await running.until_said("injected")
        report = await running.report_when(lambda _: picture.exists())
        ended = await running.quit()
    assert ended.code == 0
    assert report["failures"]["main thread"] >= 10
    assert picture.stat().st_size > 10_000
    assert "active painter" not in ended.err
    assert "being painted" not in ended.err
