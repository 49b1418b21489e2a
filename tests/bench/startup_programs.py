"""The programs that `bench_startup`, `bench_memory` and `bench_idle` start: our own, and a bare PySide6 window.

`python startup_programs.py bare|ours …` writes one JSON line for each event to standard output, with the monotonic
clock, the CPU time and the memory of that moment.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROWS, COLUMNS = 50, 14
_OWN = ("--stay", "--without-chart")
SLOW_TO_IMPORT = ("numpy", "pyqtgraph", "pandas", "duckdb", "aiohttp", "websockets")


def tell(what: str, **facts: object) -> None:
    """Write one event."""
    moment = {"what": what, "at_ns": time.monotonic_ns(), "cpu_s": time.process_time(), "rss_mb": rss_mb()}
    sys.stdout.write(json.dumps({**moment, **facts}) + "\n")
    sys.stdout.flush()


def rss_mb(process: int | str = "self") -> float | None:
    """Return the memory of a process in MiB, None where the system does not say it this way."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def bare(*, is_staying: bool) -> None:
    """Show a plain window with a filled table."""
    from PySide6.QtCore import Qt, QTimer
    from PySide6.QtWidgets import QApplication, QMainWindow, QTableWidget, QTableWidgetItem

    app = QApplication(["bare"])

    class Window(QMainWindow):
        is_painted = False

        def paintEvent(self, event: object) -> None:
            super().paintEvent(event)  # type: ignore[arg-type]
            if not self.is_painted:
                self.is_painted = True
                QTimer.singleShot(0, painted)

    def painted() -> None:
        tell("painted")
        if not is_staying:
            os._exit(0)

    window = Window()
    window.resize(1440, 900)
    table = QTableWidget(ROWS, COLUMNS)
    for row in range(ROWS):
        for column in range(COLUMNS):
            item = QTableWidgetItem(f"{row * column:,.2f}")
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            table.setItem(row, column, item)
    window.setCentralWidget(table)
    window.show()
    app.exec()


def ours(arguments: list[str], *, is_staying: bool, has_chart: bool) -> None:
    """Run MarketWatch, and tell of its first paint and of the first tick on screen."""
    from PySide6 import QtWidgets
    from PySide6.QtCore import QTimer

    told: set[str] = set()

    def tell_once(what: str) -> None:
        if what not in told:
            told.add(what)
            tell(what, slow_modules=[name for name in SLOW_TO_IMPORT if name in sys.modules])
            if what == "ticked" and not is_staying:
                os._exit(0)

    class Application(QtWidgets.QApplication):
        """Begins to watch when the program has imported its modules, in its own order."""

        def __init__(self, names: list[str]) -> None:
            super().__init__(names)
            _watch(lambda: QTimer.singleShot(0, lambda: tell_once("painted")),
                   lambda: QTimer.singleShot(0, lambda: tell_once("ticked")))  # fmt: skip
            if not has_chart:
                _leave_out_the_chart()

    QtWidgets.QApplication = Application  # type: ignore[misc]
    from marketwatch.app.main import main

    main(arguments)


def _watch(on_paint: Callable[[], None], on_tick: Callable[[], None]) -> None:
    from marketwatch.qt.main_window import MainWindow
    from marketwatch.qt.paint_meter import PaintMeter

    note_paint = PaintMeter.note_paint

    def paint_event(window: MainWindow, event: object) -> None:
        super(MainWindow, window).paintEvent(event)  # type: ignore[arg-type]
        on_paint()

    def note(meter: PaintMeter, started_ns: int, oldest_received_ns: int | None) -> None:
        note_paint(meter, started_ns, oldest_received_ns)
        if oldest_received_ns is not None:
            on_tick()

    MainWindow.paintEvent = paint_event  # type: ignore[method-assign,assignment]
    PaintMeter.note_paint = note  # type: ignore[method-assign]


def _leave_out_the_chart() -> None:
    from marketwatch.app import program
    from marketwatch.app.screen import Screen

    program._load_chart = lambda: None
    Screen.build_chart = lambda screen: screen.chart_ready.emit()  # type: ignore[method-assign]


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parents[1]))
    kind, *rest = sys.argv[1:]
    stays = "--stay" in rest
    if kind == "bare":
        bare(is_staying=stays)
    else:
        has_chart = "--without-chart" not in rest
        ours([one for one in rest if one not in _OWN], is_staying=stays, has_chart=has_chart)
