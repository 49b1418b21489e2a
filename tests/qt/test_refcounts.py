"""PySide6 must not eat references to None and True (RELIABILITY 0.1)."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from PySide6.QtCore import (
    QAbstractTableModel,
    QCoreApplication,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtWidgets import QTableView, QWidget
from pytestqt.qtbot import QtBot

TIMES = 1_000
MOST_LOST_PER_OPERATION = 0.05

pytestmark = pytest.mark.skipif(sys.version_info >= (3, 12), reason="None and True are immortal here")


class Emitter(QObject):
    changed = Signal(bool)
    plain = Signal()


class Painted(QWidget):
    paints = 0

    def paintEvent(self, event: object) -> None:
        self.paints += 1


class Table(QAbstractTableModel):
    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return 5

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return 3

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        return "1.0" if role == Qt.ItemDataRole.DisplayRole else None


def lost_per_operation(operation: Callable[[], None], thing: object) -> float:
    operation()
    before = sys.getrefcount(thing)
    for _ in range(TIMES):
        operation()
    return abs(sys.getrefcount(thing) - before) / TIMES


@pytest.mark.parametrize("thing", [None, True])
def test_timer_events(qtbot: QtBot, thing: object) -> None:
    fired: list[bool] = []
    timer = QTimer()
    timer.setInterval(0)
    timer.timeout.connect(lambda: fired.append(True) if len(fired) < 3 else fired.clear())
    timer.start()
    lost = lost_per_operation(QCoreApplication.processEvents, thing)
    timer.stop()
    assert lost < MOST_LOST_PER_OPERATION


@pytest.mark.parametrize("thing", [None, True])
def test_emits(qtbot: QtBot, thing: object) -> None:
    emitter = Emitter()
    heard = 0

    def on_changed(is_on: bool) -> None:
        nonlocal heard
        heard += 1

    def on_plain() -> None:
        nonlocal heard
        heard += 1

    emitter.changed.connect(on_changed)
    emitter.plain.connect(on_plain)

    def emit() -> None:
        emitter.changed.emit(True)
        emitter.plain.emit()

    assert lost_per_operation(emit, thing) < MOST_LOST_PER_OPERATION
    assert heard == 2 * (TIMES + 1)


@pytest.mark.parametrize("thing", [None, True])
def test_repaints(qtbot: QtBot, thing: object) -> None:
    widget = Painted()
    qtbot.addWidget(widget)
    with qtbot.waitExposed(widget):
        widget.show()
    assert lost_per_operation(widget.repaint, thing) < MOST_LOST_PER_OPERATION
    assert widget.paints > TIMES


@pytest.mark.parametrize("thing", [None, True])
def test_table_refreshes(qtbot: QtBot, thing: object) -> None:
    view = QTableView()
    qtbot.addWidget(view)
    model = Table()
    view.setModel(model)
    with qtbot.waitExposed(view):
        view.show()

    def refresh() -> None:
        model.dataChanged.emit(model.index(0, 0), model.index(4, 2))
        view.viewport().repaint()

    assert lost_per_operation(refresh, thing) < MOST_LOST_PER_OPERATION
