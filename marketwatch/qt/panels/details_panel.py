"""The details panel: everything known about the instrument chosen in a linked list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QStackedLayout, QVBoxLayout, QWidget

from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.detail_rows import DetailRow, Subject, detail_rows, head_view, range_view, year_range_view
from marketwatch.qt.models.pair_rows import pair_rows
from marketwatch.qt.panels.detail_lines import MARGIN, DetailLine, RangeLine
from marketwatch.qt.panels.details_head import DetailsHead
from marketwatch.qt.panels.empty_message import EmptyMessage
from marketwatch.qt.panels.line_page import LinePage
from marketwatch.qt.panels.painted import plain_label, set_text_role
from marketwatch.qt.panels.read_panel import InstrumentPanel, InstrumentSource
from marketwatch.qt.theme import Theme
from marketwatch.services.feed_difference import FeedDifference

_MIN_WIDTH = 280
_MIN_HEIGHT = 120
_STATE_LINES = 2
_GROUPS = 4
_GROUPS_ABOVE_RANGE = 2


class DetailsSource(InstrumentSource, Protocol):
    """Where the panel reads the market."""

    def difference(self, instrument_id: InstrumentId) -> FeedDifference | None:
        """Compare the two feeds that cover it, None where one alone does."""
        ...


class DetailsPanel(InstrumentPanel):
    """Shows one instrument at a time. A surface of the flush timer: hidden, it does nothing.

    `shown` tells the symbol for the head of the dock. Lines are repainted one by one, and only when they change.
    """

    shown = Signal(str)
    became_live = Signal()

    def __init__(self, theme: Theme, icons: IconSet, source: DetailsSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._source = source
        self.setMinimumSize(_MIN_WIDTH, _MIN_HEIGHT)
        self._empty = EmptyMessage(theme, icons, self)
        self._empty.show_message("info", "No instrument chosen", "Select a row in a list; its figures appear here.")
        self.head = DetailsHead(theme)
        self.state = self._label()
        self.source_line = self._label()
        set_text_role(self.source_line, "text3")
        self.range_line = RangeLine(theme)
        self.year_line = RangeLine(theme)
        self.year_line.hide()
        self._page = LinePage(theme, 2, self)
        self._groups: list[QVBoxLayout] = []
        self._fill_page()
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._page)
        self.setFocusProxy(self._page)
        self._say_name()

    def _label(self) -> QLabel:
        label = plain_label(self._theme.fonts.numbers("small"), self)
        label.setContentsMargins(MARGIN, 0, MARGIN, 0)
        label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        return label

    def _fill_page(self) -> None:
        page, column = self._page, self._page.column
        # Room for two lines of state: a row that falls quiet must not push the figures about.
        line = self._theme.fonts.metrics(self.state.font()).lineSpacing()
        self.state.setMinimumHeight(int(line * _STATE_LINES) + 2)
        self.source_line.setMinimumHeight(int(line))
        for widget in (self.head, self.source_line, self.state):
            column.addWidget(widget)
        self._pair_rule = page.add_rule()
        self._pair_rule.hide()
        self._pair_group = page.add_group()
        for position in range(_GROUPS):
            if position == _GROUPS_ABOVE_RANGE:
                page.add_rule()
                column.addWidget(self.range_line)
                column.addWidget(self.year_line)
            page.add_rule()
            self._groups.append(page.add_group())
        column.addStretch(1)

    def lines(self) -> list[DetailLine]:
        """Return the lines that are shown, from top to bottom."""
        return self._page.shown_lines()

    def line(self, key: str) -> DetailLine | None:
        """Return the line of a figure, None while it is not shown."""
        found = self._page.lines.get(key)
        return None if found is None or found.isHidden() else found

    def show_instrument(self, instrument: Instrument | None) -> None:
        """Show another instrument; None empties the panel."""
        if instrument is self._instrument:
            return
        self._instrument = instrument
        self._stack.setCurrentIndex(0 if instrument is None else 1)
        self._say_name()
        self._page.to_top()
        self.refresh()
        self.shown.emit("" if instrument is None else instrument.symbol)

    def _say_name(self) -> None:
        words = "Details" if self._instrument is None else f"Details of {self._instrument.symbol}"
        self.setAccessibleName(words)
        self._page.setAccessibleName(words)

    def refresh(self) -> None:
        """Read figures and state now; what is the same is not touched."""
        instrument = self._instrument
        if instrument is None:
            return
        source, key = self._source, instrument.id
        subject = Subject(instrument, source.snapshot(key), source.row_state(key), source.facts(key), source.zone(key))
        view = head_view(subject)
        self.head.show_view(view)
        _set_text(self.state, view.state)
        set_text_role(self.state, view.state_role)
        _set_text(self.source_line, view.source)
        self.range_line.show_range(range_view(subject))
        self._show_year(subject)
        self._show_rows(subject, pair_rows(instrument, source.difference(key)))

    def _show_year(self, subject: Subject) -> None:
        year = year_range_view(subject)
        if year is not None:
            self.year_line.show_range(year)
        if self.year_line.isHidden() is not (year is None):
            self.year_line.setVisible(year is not None)

    def _show_rows(self, subject: Subject, of_feeds: Sequence[DetailRow]) -> None:
        if self._pair_rule.isHidden() is bool(of_feeds):
            self._pair_rule.setVisible(bool(of_feeds))
        self._page.show_rows([(self._pair_group, of_feeds), *zip(self._groups, detail_rows(subject), strict=True)])

    # Events

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.became_live.emit()

    def sizeHint(self) -> QSize:
        return QSize(340, 560)


def _set_text(label: QLabel, text: str) -> None:
    if label.text() != text:
        label.setText(text)
