"""A box with a thin outline that holds one widget or layout."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLayout, QVBoxLayout, QWidget

from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role

_GROUNDS: dict[str, Role] = {"line": "panel", "alert": "alertTint", "error": "errorTint"}


class Framed(QWidget):
    """`kind` is `line` for a plain box; `alert` asks for a decision, `error` says that something does not work."""

    def __init__(self, theme: Theme, kind: Literal["line", "alert", "error"], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._kind: Literal["line", "alert", "error"] = kind
        self._column = QVBoxLayout(self)
        theme.changed.connect(self.update)

    def hold(self, widget: QWidget, margin: int = 10) -> None:
        """Hold a widget."""
        self._column.setContentsMargins(margin, margin, margin, margin)
        self._column.addWidget(widget)

    def hold_layout(self, layout: QLayout, margin: int = 12) -> None:
        """Hold a layout."""
        self._column.setContentsMargins(margin, margin, margin, margin)
        self._column.addLayout(layout)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(self._theme.pen(self._kind))
            painter.setBrush(self._theme.brush(_GROUNDS[self._kind]))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
