"""The programs that `bench_startup`, `bench_memory` and `bench_idle` start: our own, and a bare PySide6 window.

`python startup_programs.py bare|ours …` writes one JSON line for each event to standard output, with the monotonic
clock, the CPU time and the memory of that moment.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROWS, COLUMNS = 50, 14
SLOW_TO_IMPORT = ("numpy", "pyqtgraph", "pandas", "duckdb", "aiohttp", "websockets")


def tell(what: str, **facts: object) -> None:
    """Write one event."""
    moment = {"what": what, "at_ns": time.monotonic_ns(), "cpu_s": time.process_time(), "rss_mb": rss_mb()}
    sys.stdout.write(json.dumps({**moment, **facts}) + "\n")
    sys.stdout.flush()


def rss_mb() -> float | None:
    """Return the memory of this process in MiB, None where the system does not say it this way."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def bare(*, is_staying: bool) -> None:
    """Show a plain window with a filled table."""
    from PySide6.QtCore import QTimer
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
            table.setItem(row, column, QTableWidgetItem(f"{row * column:,.2f}"))
    window.setCentralWidget(table)
    window.show()
    app.exec()


def ours(arguments: list[str], *, is_staying: bool) -> None:
    """Run MarketWatch, and tell of its first paint and of the first tick on screen."""
    from PySide6.QtCore import QTimer

    from marketwatch.app.main import main
    from marketwatch.qt.main_window import MainWindow
    from marketwatch.qt.paint_meter import PaintMeter

    told: set[str] = set()

    def tell_once(what: str) -> None:
        if what not in told:
            told.add(what)
            tell(what, slow_modules=[name for name in SLOW_TO_IMPORT if name in sys.modules])
            if what == "ticked" and not is_staying:
                os._exit(0)

    def paint_event(window: MainWindow, event: object) -> None:
        super(MainWindow, window).paintEvent(event)  # type: ignore[arg-type]
        QTimer.singleShot(0, lambda: tell_once("painted"))

    note_paint = PaintMeter.note_paint

    def note(meter: PaintMeter, started_ns: int, oldest_received_ns: int | None) -> None:
        note_paint(meter, started_ns, oldest_received_ns)
        if oldest_received_ns is not None:
            QTimer.singleShot(0, lambda: tell_once("ticked"))

    MainWindow.paintEvent = paint_event  # type: ignore[method-assign,assignment]
    PaintMeter.note_paint = note  # type: ignore[method-assign]
    main(arguments)


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parents[1]))
    kind, *rest = sys.argv[1:]
    stays = "--stay" in rest
    if kind == "bare":
        bare(is_staying=stays)
    else:
        ours([one for one in rest if one != "--stay"], is_staying=stays)
