"""Below the form of a feed: limits used of limits allowed, and the last problems with their times."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from marketwatch.qt.models.feed_settings_model import MeterView, ProblemView
from marketwatch.qt.panels.meter import Meter
from marketwatch.qt.panels.painted import set_text_role
from marketwatch.qt.theme import Theme

MOST_PROBLEMS = 5
_TIME_WIDTH = 92


class FeedFactsPanel(QWidget):
    """Parts without anything to say are hidden, except that no problem is said."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._limits_title = self._title("Limits used")
        self._since = self._words("", "text3")
        self.meters: list[Meter] = []
        self.problems: list[tuple[QLabel, QLabel]] = []
        self._none = self._words("None since MarketWatch started.", "text3")
        head = QHBoxLayout()
        head.addWidget(self._limits_title)
        head.addStretch(1)
        head.addWidget(self._since)
        self._meters = QVBoxLayout()
        self._meters.setSpacing(0)
        self._problems = QGridLayout()
        self._problems.setHorizontalSpacing(12)
        self._problems.setVerticalSpacing(6)
        self._problems.setColumnStretch(1, 1)
        self._problems_title = self._title("Last problems")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addLayout(self._meters)
        column.addSpacing(12)
        column.addWidget(self._problems_title)
        column.addWidget(self._none)
        column.addLayout(self._problems)

    def show_limits(self, limits: Sequence[MeterView], since: str = "") -> None:
        """Show meters; the widgets are used again, because figures change every second."""
        while len(self.meters) < len(limits):
            meter = Meter(self._theme, self)
            self.meters.append(meter)
            self._meters.addWidget(meter)
        for number, meter in enumerate(self.meters):
            meter.setVisible(number < len(limits))
            if number < len(limits):
                view = limits[number]
                meter.show_limit(view.label, view.used, view.allowed, view.note)
        self._limits_title.setVisible(bool(limits))
        self._since.setText(since)
        self._since.setVisible(bool(limits) and bool(since))

    def show_problems(self, problems: Sequence[ProblemView]) -> None:
        """Show the newest problems, with their times."""
        shown = problems[:MOST_PROBLEMS]
        while len(self.problems) < len(shown):
            time, text = self._words("", "text3"), self._words("", "text1")
            time.setMinimumWidth(_TIME_WIDTH)
            text.setWordWrap(True)
            row = len(self.problems)
            self._problems.addWidget(time, row, 0, Qt.AlignmentFlag.AlignTop)
            self._problems.addWidget(text, row, 1)
            self.problems.append((time, text))
        for number, (time, text) in enumerate(self.problems):
            is_shown = number < len(shown)
            time.setText(shown[number].time if is_shown else "")
            text.setText(shown[number].text if is_shown else "")
            time.setVisible(is_shown)
            text.setVisible(is_shown)
        self._none.setVisible(not shown)

    def _title(self, text: str) -> QLabel:
        title = QLabel(text, self)
        title.setFont(self._theme.fonts.text("title", "semibold"))
        return title

    def _words(self, text: str, role: str) -> QLabel:
        label = QLabel(text, self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        if role != "text1":
            set_text_role(label, "text3")
        return label
