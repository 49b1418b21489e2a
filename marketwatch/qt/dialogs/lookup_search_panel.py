"""Settings > Look-up, upper half: one field for symbol, name, ISIN or token, and everything known of each hit."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal, SignalInstance
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from marketwatch.instruments.lookup import Answer, Field, LookupHit, Question, source_name
from marketwatch.qt.dialogs.flow_layout import FlowLayout
from marketwatch.qt.dialogs.hit_card import HitCard
from marketwatch.qt.dialogs.warning_band import WarningBand
from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.cell_table import CellTableModel
from marketwatch.qt.models.master_views import HIT_COLUMNS, HitFacts, hit_row
from marketwatch.qt.panels.cell_view import CellTable
from marketwatch.qt.panels.find_field import FindField
from marketwatch.qt.panels.framed import Framed
from marketwatch.qt.panels.painted import set_text_role
from marketwatch.qt.panels.segmented import SegmentedChoice
from marketwatch.qt.theme import Theme

_FIELDS: Final = tuple((field.value, "ISIN" if field is Field.ISIN else field.value.capitalize()) for field in Field)
_LEAST_ROWS: Final = 5
_MOST_ROWS: Final = 14
_MOVES: Final = frozenset({Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp})


class LookupSearchPanel(QWidget):
    """`add_requested` and `feeds_requested` carry the identity of the chosen hit.

    `look_up` answers within one frame, `facts_of` says what the program knows of a hit.
    """

    add_requested = Signal(object)
    feeds_requested = Signal(object)

    def __init__(
        self,
        theme: Theme,
        icons: IconSet,
        look_up: Callable[[Question], Answer],
        facts_of: Callable[[LookupHit], HitFacts],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._look_up = look_up
        self._facts_of = facts_of
        self._total = 0
        self.answer = Answer()
        hint = "symbol, name, ISIN or token"
        self.field = FindField(theme, icons, hint, "Symbol, name, ISIN or token to look up", self)
        self.count = QLabel(self)
        self.choice = SegmentedChoice(theme, "Look in", self)
        self.place = QComboBox(self)
        self.source = QComboBox(self)
        self.expired = QCheckBox("Show expired", self)
        self.model = CellTableModel(HIT_COLUMNS, self)
        self.table = CellTable(theme, self.model, "Instruments found", self)
        self.warning = WarningBand(theme, icons, self)
        self.card = HitCard(theme, icons, self)
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
        self.field.setMinimumWidth(220)
        self.choice.set_choices(_FIELDS)
        self.choice.choose(Field.ANYTHING.value)
        filters = QWidget(self)
        flow = FlowLayout(filters, 8, 6, grows=True)
        flow.setContentsMargins(0, 0, 0, 0)
        for widget in (self.field, self.choice, self.place, self.source, self.expired):
            flow.addWidget(widget)
        for combo, name, text in ((self.place, "Segment", "All segments"), (self.source, "List", "All lists")):
            combo.setAccessibleName(name)
            combo.setMinimumWidth(130)
            combo.setMaximumWidth(190)
            combo.addItem(text, "")
        self.table.grow_height(_LEAST_ROWS, _MOST_ROWS)
        box = Framed(theme, "line", self)
        box.hold(self.table, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        for part in (filters, box, self.warning, self.card):
            column.addWidget(part, 1 if part is box else 0)
        card = self.card
        reached = (self.field, *self.choice.buttons(), self.place, self.source, self.expired, self.table)
        for first, second in itertools.pairwise((*reached, card.add, card.feeds, card.copy)):
            QWidget.setTabOrder(first, second)

    def _connect(self) -> None:
        self.field.textChanged.connect(lambda _: self.find_now())
        self.field.installEventFilter(self)
        self.choice.chosen.connect(lambda _: self.find_now())
        self.place.currentIndexChanged.connect(lambda _: self.find_now())
        self.source.currentIndexChanged.connect(lambda _: self.find_now())
        self.expired.toggled.connect(lambda _: self.find_now())
        self.table.row_chosen.connect(lambda _: self._show_hit())
        self.table.activated_row.connect(lambda _: self._tell(self.add_requested))
        self.card.add_requested.connect(lambda: self._tell(self.add_requested))
        self.card.feeds_requested.connect(lambda: self._tell(self.feeds_requested))

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
        self.model.set_rows([hit_row(hit, question.text) for hit in answer.hits])
        self.table.choose(0)
        more = "more than " if answer.is_more else ""
        found = f"{more}{len(answer.hits):,} of {self._total:,} rows, {taken_ms:.0f} ms"
        self.count.setText(found if question.text.strip() else f"{self._total:,} instruments known")
        self.warning.show_words(answer.warning)
        self._show_hit()

    @property
    def hit(self) -> LookupHit | None:
        """The hit that is chosen."""
        return self.answer.hits[self.table.row] if 0 <= self.table.row < len(self.answer.hits) else None

    def _show_hit(self) -> None:
        hit = self.hit
        if hit is not None:
            self.card.show_hit(hit, self._facts_of(hit))
            return
        typed = self.field.text().strip()
        if typed:
            note = "Load the list of your broker or vendor below; then every row of it is found here."
            self.card.show_nothing(f"Nothing known here matches “{typed}”", note)
        else:
            note = "Type above. Each hit shows exchange, segment, series, type, currency, tokens and its lists."
            self.card.show_nothing("Nothing is looked up yet", note)

    def show_facts(self) -> None:
        """Look again what the program knows of the chosen hit."""
        self._show_hit()

    def _tell(self, signal: SignalInstance) -> None:
        if self.hit is not None:
            signal.emit(self.hit.instrument.id)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the field's arrows and Enter act on the results."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        if event.key() in _MOVES:
            self.table.keyPressEvent(event)
            return True
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self._tell(self.add_requested)
            return True
        return False


def _named(sources: Sequence[str]) -> list[tuple[str, str]]:
    return [(source_name(one), one) for one in sources]
