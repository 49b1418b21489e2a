"""A page of detail lines in groups: it scrolls up and down, and touches only the lines that change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from marketwatch.qt.models.detail_rows import DetailRow
from marketwatch.qt.panels.detail_lines import DetailLine, RuleLine
from marketwatch.qt.theme import Theme

_STEP = 21


class LinePage(QScrollArea):
    """What stands above and between the groups is added to `column`. `lines` are all lines made so far, by key."""

    def __init__(self, theme: Theme, top: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.lines: dict[str, DetailLine] = {}
        self.page = QWidget()
        self.page.setBackgroundRole(QPalette.ColorRole.Base)
        self.page.setAutoFillBackground(True)
        self.column = QVBoxLayout(self.page)
        self.column.setContentsMargins(0, top, 0, 6)
        self.column.setSpacing(0)
        self.setWidget(self.page)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.verticalScrollBar().setSingleStep(_STEP)
        theme.changed.connect(self._on_theme_changed)

    def add_rule(self) -> RuleLine:
        """Draw a rule under what is there."""
        rule = RuleLine(self._theme, self.page)
        self.column.addWidget(rule)
        return rule

    def add_group(self) -> QVBoxLayout:
        """Make room for lines under what is there."""
        group = QVBoxLayout()
        group.setSpacing(0)
        self.column.addLayout(group)
        return group

    def shown_lines(self) -> list[DetailLine]:
        """Return the lines that are shown, from top to bottom."""
        return sorted((line for line in self.lines.values() if not line.isHidden()), key=lambda line: line.y())

    def to_top(self) -> None:
        """Scroll back to the first line."""
        self.verticalScrollBar().setValue(0)

    def show_rows(self, groups: Iterable[tuple[QVBoxLayout, Sequence[DetailRow]]]) -> None:
        """Show these rows in their groups, and no others."""
        wanted = set()
        for group, rows in groups:
            for position, row in enumerate(rows):
                wanted.add(row.key)
                line = self.lines.get(row.key)
                if line is None:
                    line = self.lines[row.key] = DetailLine(self._theme, self.page)
                    group.insertWidget(position, line)
                    line.show()
                elif line.isHidden():
                    line.show()
                line.show_row(row)
        for key, line in self.lines.items():
            if key not in wanted and not line.isHidden():
                line.hide()

    def _on_theme_changed(self) -> None:
        self.page.update()
        for line in self.page.findChildren(QWidget):
            line.update()
