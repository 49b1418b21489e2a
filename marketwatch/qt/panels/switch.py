"""An on-off switch: 30 x 16, painted."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from marketwatch.qt.panels.painted import PaintedButton, draw_focus
from marketwatch.qt.theme import Theme

SWITCH = QSize(30, 16)
_MARGIN = 4
_KNOB = 5.0


class Switch(PaintedButton):
    """Checked means on. Space and Enter turn it over."""

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.setCheckable(True)
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setFixedSize(SWITCH.width() + 2 * _MARGIN, SWITCH.height() + 2 * _MARGIN)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            draw_switch(painter, self._theme, QPointF(_MARGIN, _MARGIN), is_on=self.isChecked())
            if self.hasFocus():
                draw_focus(painter, self._theme, QRectF(self.rect()), 10.0)


def draw_switch(painter: QPainter, theme: Theme, at: QPointF, *, is_on: bool) -> None:
    """Draw a switch with its top left corner at `at`; its position says on or off without colour."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    box = QRectF(at.x() + 0.5, at.y() + 0.5, SWITCH.width() - 1, SWITCH.height() - 1)
    radius = box.height() / 2
    painter.setPen(theme.pen("accentFill" if is_on else "control"))
    painter.setBrush(theme.brush("accentFill" if is_on else "sunken"))
    painter.drawRoundedRect(box, radius, radius)
    middle = QPointF(box.right() - radius if is_on else box.left() + radius, box.center().y())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.brush("onAccent" if is_on else "control"))
    painter.drawEllipse(middle, _KNOB, _KNOB)
