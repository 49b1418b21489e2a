"""A plain window of two columns: keys and what they do."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from marketwatch.qt.theme import Theme


class TextWindow(QDialog):
    """Shows pairs of texts; Esc or Close ends it. Open it with `open()`: it never runs a loop of its own."""

    def __init__(self, theme: Theme, title: str, rows: Sequence[tuple[str, str]], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(460, 560)
        page = QWidget()
        grid = QGridLayout(page)
        grid.setContentsMargins(16, 12, 16, 12)
        grid.setHorizontalSpacing(theme.space(7))
        grid.setVerticalSpacing(theme.space(3))
        grid.setColumnStretch(1, 1)
        for number, (left, right) in enumerate(rows):
            name = QLabel(left)
            name.setFont(theme.fonts.numbers("base", "medium"))
            name.setTextFormat(Qt.TextFormat.PlainText)
            meaning = QLabel(right)
            meaning.setTextFormat(Qt.TextFormat.PlainText)
            meaning.setWordWrap(True)
            grid.addWidget(name, number, 0)
            grid.addWidget(meaning, number, 1)
        grid.setRowStretch(len(rows), 1)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setWidget(page)
        page.setBackgroundRole(QPalette.ColorRole.Base)
        page.setAutoFillBackground(True)
        # Not a button box: on some desktops that puts an icon of the desktop's on it.
        close = QPushButton("Close", self)
        close.setProperty("kind", "primary")
        close.setDefault(True)
        close.clicked.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 12)
        column.addWidget(area, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 0, 16, 0)
        foot.addStretch(1)
        foot.addWidget(close)
        column.addLayout(foot)
