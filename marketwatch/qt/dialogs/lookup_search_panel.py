"""Settings > Look-up, upper half: one field for symbol, name, ISIN or token, and everything known of each hit."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from marketwatch.instruments.lookup import Answer, Field, LookupHit, Question, source_name
from marketwatch.qt.dialogs.flow_layout import FlowLayout
from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.cell_table import CellTableModel
from marketwatch.qt.models.master_views import HIT_COLUMNS, hit_row
from marketwatch.qt.panels.cell_view import CellTable
from marketwatch.qt.panels.framed import Framed
from marketwatch.qt.panels.painted import set_text_role
from marketwatch.qt.panels.segmented import SegmentedChoice
from marketwatch.qt.theme import Theme

_FIELDS: Final = tuple((field.value, "ISIN" if field is Field.ISIN else field.value.capitalize()) for field in Field)
_MOST_ROWS: Final = 8
_LEAST_ROWS: Final = 4
_MOVES: Final = frozenset({Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp})


class LookupSearchPanel(QWidget):
    """`add_requested` carries the identity of the chosen hit. `look_up` answers within one frame."""

    add_requested = Signal(object)

    def __init__(
        self,
        theme: Theme,
        icons: IconSet,
        look_up: Callable[[Question], Answer],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._look_up = look_up
        self._total = 0
        self.answer = Answer()
        self.field = QLineEdit(self)
        self.count = QLabel(self)
        self.choice = SegmentedChoice(theme, "Look in", self)
        self.place = QComboBox(self)
        self.source = QComboBox(self)
        self.expired = QCheckBox("Show expired", self)
        self.model = CellTableModel(HIT_COLUMNS, self)
        self.table = CellTable(theme, self.model, "Instruments found", self)
        self.warning = QLabel(self)
        self._warning_box = Framed(theme, "alert", self)
        self._card = Framed(theme, "line", self)
        self._head = QLabel(self._card)
        self._facts = QLabel(self._card)
        self.add = QPushButton("Add to list", self._card)
        self.copy = QPushButton("Copy key", self._card)
        icons.keep(self.add, "plus", "text2", 16)
        self._place()
        self._connect()
        self.find_now()

    def _place(self) -> None:
        theme = self._theme
        title = QLabel("Find a symbol or token", self)
        title.setFont(theme.fonts.text("lead", "semibold"))
        set_text_role(self.count, "text3")
        self.expired.setFixedHeight(theme.height("control"))
        self.count.setFont(theme.fonts.numbers("small"))
        head = QHBoxLayout()
        head.addWidget(title, 1)
        head.addWidget(self.count)
        self.field.setPlaceholderText("symbol, name, ISIN or token")
        self.field.setAccessibleName("Symbol, name, ISIN or token to look up")
        self.field.setClearButtonEnabled(True)
        self.field.setMinimumWidth(220)
        self.choice.set_choices(_FIELDS)
        self.choice.choose(Field.ANYTHING.value)
        filters = QWidget(self)
        flow = FlowLayout(filters, 8, 6)
        for widget in (self.choice, self.place, self.source, self.expired):
            flow.addWidget(widget)
        for combo, name, text in ((self.place, "Segment", "All segments"), (self.source, "List", "All lists")):
            combo.setAccessibleName(name)
            combo.setMinimumWidth(130)
            combo.addItem(text, "")
        for label in (self.warning, self._head, self._facts):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._head.setFont(theme.fonts.text("title", "semibold"))
        self._facts.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        set_text_role(self._facts, "text2")
        self._warning_box.hold(self.warning)
        self._fill_card()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.field)
        column.addWidget(filters)
        box = Framed(theme, "line", self)
        box.hold(self.table, 1)
        for part in (box, self._warning_box, self._card):
            column.addWidget(part)

    def _fill_card(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self.add, self.copy):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout()
        column.setSpacing(6)
        column.addWidget(self._head)
        column.addWidget(self._facts)
        column.addLayout(buttons)
        self._card.hold_layout(column)

    def _connect(self) -> None:
        self.field.textChanged.connect(lambda _: self.find_now())
        self.field.installEventFilter(self)
        self.choice.chosen.connect(lambda _: self.find_now())
        self.place.currentIndexChanged.connect(lambda _: self.find_now())
        self.source.currentIndexChanged.connect(lambda _: self.find_now())
        self.expired.toggled.connect(lambda _: self.find_now())
        self.table.row_chosen.connect(lambda _: self._show_hit())
        self.table.activated_row.connect(lambda _: self._add())
        self.add.clicked.connect(self._add)
        self.copy.clicked.connect(self._copy)

    def set_scope(self, places: Sequence[str], sources: Sequence[str], total: int) -> None:
        """Offer these segments and lists; `total` instruments are known."""
        self._total = total
        for combo, texts in ((self.place, [(one, one) for one in places]), (self.source, _named(sources))):
            chosen = combo.currentData()
            combo.blockSignals(True)
            while combo.count() > 1:
                combo.removeItem(1)
            for text, data in texts:
                combo.addItem(text, data)
            combo.setCurrentIndex(max(0, combo.findData(chosen)))
            combo.blockSignals(False)
        self.find_now()

    def find_now(self) -> None:
        """Look up what is typed now."""
        started = time.perf_counter()
        question = Question(
            self.field.text(),
            Field(self.choice.current or Field.ANYTHING.value),
            str(self.place.currentData() or ""),
            str(self.source.currentData() or ""),
            self.expired.isChecked(),
        )
        self.answer = answer = self._look_up(question)
        taken_ms = (time.perf_counter() - started) * 1e3
        self.model.set_rows([hit_row(hit) for hit in answer.hits])
        self.table.fit_height(_MOST_ROWS, _LEAST_ROWS)
        self.table.choose(0)
        more = "more than " if answer.is_more else ""
        found = f"{more}{len(answer.hits):,} of {self._total:,} rows, {taken_ms:.0f} ms"
        self.count.setText(found if question.text.strip() else f"{self._total:,} instruments known")
        self.warning.setText(answer.warning)
        self._warning_box.setVisible(bool(answer.warning))
        self._show_hit()

    @property
    def hit(self) -> LookupHit | None:
        """The hit that is chosen."""
        return self.answer.hits[self.table.row] if 0 <= self.table.row < len(self.answer.hits) else None

    def _show_hit(self) -> None:
        hit = self.hit
        for button in (self.add, self.copy):
            button.setVisible(hit is not None)
        if hit is None:
            typed = self.field.text().strip()
            self._head.setText(f"Nothing known here matches “{typed}”" if typed else "Nothing is looked up yet")
            self._facts.setText(
                "Load the list of your broker or vendor below; then every row of it is found here."
                if typed
                else "Type above. Each hit shows exchange, segment, series, type, currency, tokens and its lists."
            )
            return
        one = hit.instrument
        self._head.setText(f"{one.symbol}   {one.id.venue}_{one.id.segment}   {hit.name}")
        self._facts.setText("\n".join(fact_lines(hit)))

    def _add(self) -> None:
        if self.hit is not None:
            self.add_requested.emit(self.hit.instrument.id)

    def _copy(self) -> None:
        if self.hit is not None:
            QGuiApplication.clipboard().setText(str(self.hit.instrument.id))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the field's arrows and Enter act on the results."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        if event.key() in _MOVES:
            self.table.keyPressEvent(event)
            return True
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self._add()
            return True
        return False


def fact_lines(hit: LookupHit) -> list[str]:
    """Say under which names and numbers an instrument is known, one line per list."""
    lines = [f"Known here as {hit.instrument.id}"]
    for listing in hit.listings:
        parts = [
            f"token {listing.token}" if listing.token else "",
            f"own number {listing.feed_token}" if listing.feed_token else "",
            f"written {listing.feed_symbol}" if listing.feed_symbol else "",
            f"series {listing.series}" if listing.series else "",
        ]
        said = ", ".join(part for part in parts if part) or "no number"
        lines.append(f"{source_name(listing.source)}: {said}")
    if any(listing.token for listing in hit.listings):
        lines.append("A token alone never names an instrument: it holds only inside its exchange and segment.")
    return lines


def _named(sources: Sequence[str]) -> list[tuple[str, str]]:
    return [(source_name(one), one) for one in sources]
