"""`marketwatch`: the program with its window."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import sys

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from marketwatch import __version__
from marketwatch.app.core import Runtime
from marketwatch.app.event_loop import MarketLoop
from marketwatch.app.options import Options
from marketwatch.app.program import Program
from marketwatch.qt.start_guard import check_versions
from marketwatch.qt.theme import STYLE_ARGUMENTS
from marketwatch.storage.profile_lock import ProfileInUse


def run_window(options: Options) -> int:
    """Show the window and run until it is closed; return the exit code. Raises ConfigurationError on a bad set-up."""
    check_versions()
    with contextlib.suppress(AttributeError):  # Windows has no such signal
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # asks for a report; until there is one it must not end us
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    app = QApplication(["marketwatch", *STYLE_ARGUMENTS])
    app.setApplicationName("MarketWatch")
    app.setApplicationVersion(__version__)
    app.setQuitOnLastWindowClosed(False)
    runtime = Runtime()
    runtime.failures.install()
    loop = MarketLoop(app)
    asyncio.set_event_loop(loop)
    try:
        try:
            program = Program(app, options, runtime)
        except ProfileInUse:
            sys.stdout.write("MarketWatch is running with this profile; its window was raised\n")
            return 0
        ticker = loop.when_asked_to_quit(program.ask_to_quit)
        code: int = loop.run_until_complete(program.run())
        if ticker is not None:
            ticker.stop()
        return code
    finally:
        gc.enable()
        runtime.failures.uninstall()
        runtime.logs.stop()
        loop.close()
        asyncio.set_event_loop(None)
