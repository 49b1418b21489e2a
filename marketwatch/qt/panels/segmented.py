"""One choice of a few, side by side in one outline: 28 px high, painted."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from marketwatch.qt.panels.painted import base_line, draw_focus
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role

_PADDING = 11
_RADIUS = 4.0


class SegmentedChoice(QWidget):
    """`chosen` carries the code of the segment the user chose. Arrow keys go from one to the next."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._name = name
        self._group = QButtonGroup(self)
        self._codes: list[str] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        self._group.idClicked.connect(lambda position: self.chosen.emit(self._codes[position]))

    def set_choices(self, choices: Sequence[tuple[str, str]]) -> None:
        """Offer pairs of code and label."""
        for button in self._group.buttons():
            self._group.removeButton(button)
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._codes = [code for code, _ in choices]
        for position, (_, label) in enumerate(choices):
            segment = _Segment(self._theme, label, position == 0, position == len(choices) - 1, self)
            segment.setAccessibleName(f"{self._name}: {label}")
            self._group.addButton(segment, position)
            self._row.addWidget(segment)
        self.updateGeometry()

    def choose(self, code: str) -> None:
        """Show a choice without telling of it."""
        if code in self._codes:
            self._group.button(self._codes.index(code)).setChecked(True)

    @property
    def current(self) -> str:
        """The chosen code, empty for none."""
        position = self._group.checkedId()
        return self._codes[position] if position >= 0 else ""

    def buttons(self) -> list[QAbstractButton]:
        """Return the segments in order."""
        return self._group.buttons()


class _Segment(QAbstractButton):
    def __init__(self, theme: Theme, label: str, is_first: bool, is_last: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._is_first, self._is_last = is_first, is_last
        self.setText(label)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFixedHeight(theme.height("control"))
        theme.changed.connect(self.update)

    def _font(self) -> QFont:
        return self._theme.fonts.numbers("base", "medium")

    def sizeHint(self) -> QSize:
        width = self._theme.fonts.metrics(self._font()).horizontalAdvance(self.text())
        return QSize(round(width) + 2 * _PADDING + 1, self._theme.height("control"))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        box = QRectF(self.rect()).adjusted(0.5 if self._is_first else -0.5, 0.5, -0.5, -0.5)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(theme.pen("control"))
            painter.setBrush(theme.brush(self._ground()))
            painter.drawPath(self._outline(box))
            if self.isChecked():
                painter.fillRect(QRectF(box.left() + 1, box.bottom() - 2, box.width() - 2, 2), theme.brush("accent"))
            font = self._font() if self.isChecked() else theme.fonts.numbers("base")
            width = theme.fonts.metrics(font).horizontalAdvance(self.text())
            painter.setFont(font)
            painter.setPen(theme.pen("text1" if self.isChecked() else "text2" if self.isEnabled() else "disabled"))
            painter.drawText(QPointF((self.width() - width) / 2, base_line(theme, font, self.height())), self.text())
            if self.hasFocus():
                draw_focus(painter, theme, QRectF(self.rect()), _RADIUS)

    def _ground(self) -> Role:
        return "selection" if self.isChecked() else "hover" if self.underMouse() else "sunken"

    def _outline(self, box: QRectF) -> QPainterPath:
        path = QPainterPath()
        path.setFillRule(Qt.FillRule.WindingFill)
        path.addRoundedRect(box, _RADIUS, _RADIUS)
        if not self._is_first:
            path.addRect(QRectF(box.left(), box.top(), _RADIUS, box.height()))
        if not self._is_last:
            path.addRect(QRectF(box.right() - _RADIUS, box.top(), _RADIUS, box.height()))
        return path.simplified()
