"""What the panels of reports share: the line of a figure that cannot be true, cells and small sentences."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, Qt
from PySide6.QtGui import QFont, QPainter, QPalette
from PySide6.QtWidgets import QLabel, QStyle, QStyleOptionViewItem, QWidget

from marketwatch.qt.models.analysis_rows import InvalidLine
from marketwatch.qt.panels.detail_lines import MARGIN, PaintedLine
from marketwatch.qt.panels.painted import base_line, plain_label
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role

Index = QModelIndex | QPersistentModelIndex

PADDING = 5
_FIRST_LINE = 21
_HEIGHT = 38
_MARK = "invalid"


class InvalidFigureLine(PaintedLine):
    """Name, the mark “invalid”, and what was sent, struck out; below it the reason."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, _HEIGHT, parent)
        self._line: InvalidLine | None = None

    @property
    def line(self) -> InvalidLine | None:
        """What it shows."""
        return self._line

    def show_line(self, line: InvalidLine) -> None:
        """Show another figure; nothing is painted when all is as it was."""
        if line == self._line:
            return
        self._line = line
        self.setAccessibleName(line.sentence)
        self.setToolTip(line.sentence)
        self.update()

    def _paint(self, painter: QPainter) -> None:
        line, fonts, right = self._line, self._theme.fonts, float(self.width() - MARGIN)
        if line is None:
            return
        font, small = fonts.numbers("base"), fonts.numbers("small")
        y = base_line(self._theme, font, _FIRST_LINE)
        self._draw(painter, line.name, font, "text2", MARGIN, y)
        x = MARGIN + self._width(line.name, font) + 8
        self._draw(painter, _MARK, small, "error", x, y)
        room = right - x - self._width(_MARK, small) - 12
        sent = fonts.metrics(font).elidedText(line.sent, Qt.TextElideMode.ElideRight, max(0.0, room))
        self._draw(painter, sent, struck(font), "text3", right - self._width(sent, font), y)
        reason = fonts.metrics(small).elidedText(line.reason, Qt.TextElideMode.ElideRight, right - MARGIN)
        self._draw(painter, reason, small, "text3", MARGIN, _FIRST_LINE + 12)


def struck(font: QFont) -> QFont:
    """Return a font with a line through its letters."""
    crossed = QFont(font)
    crossed.setStrikeOut(True)
    return crossed


def paint_ground(
    painter: QPainter, theme: Theme, option: QStyleOptionViewItem, ground: Role | None = None
) -> None:  # fmt: skip
    """Fill a cell: selected, marked, or as the panel is."""
    if option.state & QStyle.StateFlag.State_Selected:
        has_focus = bool(option.state & QStyle.StateFlag.State_Active) and option.widget.hasFocus()
        painter.fillRect(option.rect, theme.brush("selection" if has_focus else "selectionIdle"))
    elif ground is not None:
        painter.fillRect(option.rect, theme.brush(ground))


def draw_text(painter: QPainter, theme: Theme, text: str, font: QFont, role: Role, x: float, y: float) -> float:
    """Draw a piece of text and return where it ends."""
    painter.setFont(font)
    painter.setPen(theme.pen(role))
    painter.drawText(QPointF(x, y), text)
    return x + theme.fonts.metrics(font).horizontalAdvance(text)


def stand_on_panel(widget: QWidget) -> None:
    """Give a widget the ground of a panel, where nothing else is painted."""
    widget.setBackgroundRole(QPalette.ColorRole.Base)
    widget.setAutoFillBackground(True)


def small_label(theme: Theme, role: Role, parent: QWidget) -> QLabel:
    """Return a label for a small sentence that may take several lines."""
    label = plain_label(theme.fonts.numbers("small"), parent, role)
    label.setContentsMargins(MARGIN, 3, MARGIN, 3)
    return label
