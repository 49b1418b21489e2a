from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from marketwatch.qt import first_paint
from marketwatch.qt.first_paint import FirstPaint


class _Painted(QLabel):
    paints = 0

    def paintEvent(self, event: object) -> None:
        self.paints += 1
        super().paintEvent(event)  # type: ignore[arg-type]


def test_tells_once_and_after_the_children_were_painted(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    child = _Painted("text", window)
    seen: list[int] = []
    FirstPaint(window, lambda: seen.append(child.paints))
    assert seen == []
    window.show()
    qtbot.waitUntil(lambda: bool(seen))
    window.repaint()
    qtbot.wait(20)
    assert seen == [1]


def test_a_window_that_nobody_sees_is_not_waited_for(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_paint, "_LONGEST_MS", 10)
    window = QWidget()
    qtbot.addWidget(window)
    calls: list[str] = []
    FirstPaint(window, lambda: calls.append("told"))
    qtbot.waitUntil(lambda: calls == ["told"])
