"""What the small painted widgets share: theme, sharp edges, runs of text and the focus outline."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget

from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role

TextRun = tuple[str, QFont, Role]
"""A piece of a line: what it says, in which font, in which colour."""


class PaintedButton(QAbstractButton):
    """A button that paints itself whole, anew when the theme changes; Enter presses it as the space bar does."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        theme.changed.connect(self.update)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
            return
        super().keyPressEvent(event)


def runs_width(theme: Theme, runs: Sequence[TextRun], gap: float) -> float:
    """Measure pieces of text standing side by side."""
    shown = [run for run in runs if run[0]]
    return sum(theme.fonts.metrics(font).horizontalAdvance(text) for text, font, _ in shown) + gap * max(
        0, len(shown) - 1
    )


def draw_runs(painter: QPainter, theme: Theme, at: QPointF, runs: Sequence[TextRun], gap: float) -> float:
    """Draw pieces of text from a point on the base line; return where the last one ends."""
    x = at.x()
    for text, font, role in runs:
        if not text:
            continue
        painter.setFont(font)
        painter.setPen(theme.pen(role))
        painter.drawText(QPointF(x, at.y()), text)
        x += theme.fonts.metrics(font).horizontalAdvance(text) + gap
    return x - gap


def base_line(theme: Theme, font: QFont, height: float) -> float:
    """Return where the base line stands so that capitals look centred in `height`."""
    return float(round((height + theme.fonts.metrics(font).capHeight()) / 2))


def draw_focus(painter: QPainter, theme: Theme, rect: QRectF, radius: float) -> None:
    """Draw the 2 px focus outline inside `rect`."""
    width = theme.line_width("focus")
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.colour("focus"), width))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inset = width / 2
    painter.drawRoundedRect(rect.adjusted(inset, inset, -inset, -inset), radius, radius)


def plain_label(font: QFont, parent: QWidget, role: Role = "text1") -> QLabel:
    """Return a label for words that may take several lines; nothing in them is read as markup."""
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setFont(font)
    label.setWordWrap(True)
    if role != "text1":
        set_text_role(label, role)
    return label


def set_text_role(label: QLabel, role: Role) -> None:
    """Colour a label by role; the style sheet knows the roles of text, so it follows the theme by itself."""
    if label.property("role") == role:
        return
    label.setProperty("role", role)
    repolish(label)


def is_in_sight(widget: QWidget) -> bool:
    """Tell whether a panel could be seen: Qt keeps a dock behind another tab visible, but outside its window."""
    return widget.isVisible() and widget.mapTo(widget.window(), widget.rect().bottomRight()).x() >= 0


def repolish(widget: QWidget) -> None:
    """Let the style sheet see a changed property; it has yet to see a widget that was never shown."""
    if not widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
        return
    widget.style().unpolish(widget)
    widget.style().polish(widget)
