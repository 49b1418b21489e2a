"""The analysis panel: indicators, patterns and risk of the chosen instrument as a server computed them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from marketwatch.domain.instrument import Instrument
from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.analysis_rows import AnalysisView, InvalidLine
from marketwatch.qt.models.detail_rows import DetailRow
from marketwatch.qt.panels.empty_message import EmptyMessage
from marketwatch.qt.panels.line_page import LinePage
from marketwatch.qt.panels.painted import set_text_role
from marketwatch.qt.panels.read_panel import ReadPanel
from marketwatch.qt.panels.report_lines import InvalidFigureLine, small_label
from marketwatch.qt.theme import Theme

_MIN_SIZE = (200, 80)
_GROUPS = 4


class AnalysisPanel(ReadPanel):
    """Shows what `read` says of one instrument. Hidden, it does nothing; `shown` tells the symbol for its head."""

    shown = Signal(str)

    def __init__(
        self, theme: Theme, icons: IconSet, read: Callable[[Instrument], AnalysisView], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._read = read
        self._instrument: Instrument | None = None
        self._invalid: list[InvalidFigureLine] = []
        self.setMinimumSize(*_MIN_SIZE)
        self._empty = EmptyMessage(theme, icons, self)
        self.source = small_label(theme, "text3", self)
        self.state = small_label(theme, "error", self)
        self._page = LinePage(theme, 4, self)
        self._page.column.addWidget(self.source)
        self._page.column.addWidget(self.state)
        self._invalid_box = self._page.add_group()
        self._groups: list[QVBoxLayout] = []
        for _ in range(_GROUPS):
            self._page.add_rule()
            self._groups.append(self._page.add_group())
        self._page.column.addStretch(1)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._page)
        self.setFocusProxy(self._page)
        self._say_name()
        self.refresh()

    @property
    def instrument(self) -> Instrument | None:
        """What is shown."""
        return self._instrument

    @property
    def message(self) -> str:
        """Why it is empty, an empty text when it is not."""
        return self._empty.sentence if self._stack.currentIndex() == 0 else ""

    def rows(self) -> dict[str, DetailRow]:
        """Return the figures that are shown, by key."""
        return {key: line.row for key, line in self._page.lines.items() if line.row is not None and not line.isHidden()}

    def invalid(self) -> list[InvalidLine]:
        """Return the figures that are shown as invalid."""
        return [line.line for line in self._invalid if line.line is not None and not line.isHidden()]

    def show_instrument(self, instrument: Instrument | None) -> None:
        """Show another instrument; None empties the panel."""
        if instrument is self._instrument:
            return
        self._instrument = instrument
        self._say_name()
        self._page.to_top()
        self.refresh()
        self.shown.emit("" if instrument is None else instrument.symbol)

    def _say_name(self) -> None:
        words = "Analysis" if self._instrument is None else f"Analysis of {self._instrument.symbol}"
        self.setAccessibleName(words)
        self._page.setAccessibleName(words)

    def refresh(self) -> None:
        """Read everything now; what is the same is not touched."""
        if self._instrument is None:
            self._empty.show_message(
                "info", "No instrument chosen", "Select a row in a list; its analysis appears here."
            )
            self._stack.setCurrentIndex(0)
            return
        view = self._read(self._instrument)
        if view.message is not None:
            message = view.message
            self._empty.show_message("info", message.cause, message.next_step, role=message.role)
            self._stack.setCurrentIndex(0)
            return
        self._stack.setCurrentIndex(1)
        if self.source.text() != view.source:
            self.source.setText(view.source)
        self.state.setText(view.state)
        self.state.setVisible(bool(view.state))
        set_text_role(self.state, view.state_role)
        self._show_invalid(view.invalid)
        self._page.show_rows(zip(self._groups, view.groups, strict=True))

    def _show_invalid(self, invalid: Sequence[InvalidLine]) -> None:
        while len(self._invalid) < len(invalid):
            line = InvalidFigureLine(self._theme, self._page.page)
            self._invalid_box.addWidget(line)
            self._invalid.append(line)
        for place, line in enumerate(self._invalid):
            line.setVisible(place < len(invalid))
            if place < len(invalid):
                line.show_line(invalid[place])

    def sizeHint(self) -> QSize:
        return QSize(340, 320)
