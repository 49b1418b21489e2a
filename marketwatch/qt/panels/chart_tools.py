"""The tool row of a chart: bar intervals, automatic price scale, picture."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QWidget

from marketwatch.domain.bar_interval import BarInterval
from marketwatch.qt.icons import IconSet
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role

HEIGHT_PX = 32
_SEGMENT_PX = 22
_PADDING = 15

_SHAPE = """
QToolButton {{ background: {sunken}; color: {text2}; border: 1px solid {control}; border-right: 0; border-radius: 0;
  min-height: 20px; padding: 0; }}
QToolButton[place="first"] {{ border-top-left-radius: 4px; border-bottom-left-radius: 4px; }}
QToolButton[place="last"] {{ border-right: 1px solid {control}; border-top-right-radius: 4px;
  border-bottom-right-radius: 4px; }}
QToolButton:hover {{ background: {hover}; color: {text1}; }}
QToolButton:checked {{ background: {selection}; color: {text1}; border-bottom: 2px solid {accent}; min-height: 19px; }}
QToolButton:focus {{ border: 2px solid {focus}; min-height: 18px; }}
"""


_SMALL = """
QToolButton { min-height: 20px; padding: 0 7px; border-radius: 3px; }
QToolButton:focus { min-height: 18px; padding: 0 6px; }
"""


class IntervalButtons(QWidget):
    """One segmented button for the intervals; arrow keys move inside it."""

    chosen = Signal(object)

    def __init__(self, theme: Theme, intervals: Sequence[BarInterval], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._group = QButtonGroup(self)
        self._buttons: dict[BarInterval, QToolButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for index, interval in enumerate(intervals):
            button = QToolButton(self)
            button.setText(interval.label)
            button.setCheckable(True)
            font = theme.fonts.numbers("small")
            button.setFont(font)
            button.setFixedSize(
                int(theme.fonts.metrics(font).horizontalAdvance(interval.label)) + _PADDING, _SEGMENT_PX
            )
            button.setToolTip(f"Bars of {interval.label} (type {interval.label}, Enter)")
            button.setAccessibleName(f"Bars of {interval.label}")
            place = {0: "first", len(intervals) - 1: "last"}.get(index, "middle")
            button.setProperty("place", place)
            self._group.addButton(button, index)
            self._buttons[interval] = button
            row.addWidget(button)
        self._group.idClicked.connect(lambda index: self.chosen.emit(intervals[index]))
        theme.changed.connect(self._dress)
        self._dress()

    def show_choice(self, interval: BarInterval) -> None:
        """Mark the interval in use, without telling anybody."""
        self._buttons[interval].setChecked(True)

    def _dress(self) -> None:
        roles: tuple[Role, ...] = ("sunken", "text1", "text2", "control", "hover", "selection", "accent", "focus")
        self.setStyleSheet(_SHAPE.format(**{role: self._theme.css(role) for role in roles}))


class ChartTools(QWidget):
    """Tool row above the chart; says what was asked and decides nothing."""

    interval_chosen = Signal(object)
    auto_scale_asked = Signal(bool)
    picture_asked = Signal()

    def __init__(self, theme: Theme, icons: IconSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setFixedHeight(HEIGHT_PX)
        self.setStyleSheet(_SMALL)
        self.intervals = IntervalButtons(theme, list(BarInterval), self)
        self.intervals.chosen.connect(self.interval_chosen)
        self.auto = self._button("Auto", "The price axis follows the bars in view; off while it is held by hand")
        self.auto.setCheckable(True)
        self.auto.setChecked(True)
        self.auto.setFont(theme.fonts.text("small"))
        self.auto.clicked.connect(self.auto_scale_asked)
        self.picture = self._button("", "Copy a picture of the chart (Alt+S)")
        self.picture.setAccessibleName("Copy picture")
        self.picture.setIconSize(QSize(15, 15))
        icons.keep(self.picture, "camera", "text2", 15)
        self.picture.clicked.connect(self.picture_asked)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, 1)
        row.setSpacing(4)
        row.addWidget(self.intervals)
        row.addStretch(1)
        row.addWidget(self.auto)
        row.addWidget(self.picture)
        theme.changed.connect(self.update)

    def show_auto(self, *, is_auto: bool) -> None:
        """Show whether the price axis is automatic: `Auto` pressed, or `Manual` as a visible mark."""
        self.auto.setChecked(is_auto)
        self.auto.setText("Auto" if is_auto else "Manual")

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), self._theme.brush("panel"))
            painter.fillRect(0, self.height() - 1, self.width(), 1, self._theme.brush("line"))

    def _button(self, text: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button
