"""What a pasted list would add, before anything is added: taken, already there, ambiguous and unknown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from marketwatch.domain.ids import InstrumentId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.instruments.resolution import ListPreview
from marketwatch.qt.dialogs.flow_layout import FlowLayout
from marketwatch.qt.dialogs.key_help import KeyHelp
from marketwatch.qt.dialogs.paste_counts import PasteCounts
from marketwatch.qt.dialogs.sheet import Sheet
from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.cell_table import Cell, CellRow, CellTableModel, Column
from marketwatch.qt.models.paste_lines import LineState, PasteLine, PasteLines
from marketwatch.qt.panels.cell_view import CellTable
from marketwatch.qt.panels.framed import Framed
from marketwatch.qt.panels.painted import set_text_role
from marketwatch.qt.panels.segmented import SegmentedChoice
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role

LONGEST_TEXT: Final = 100_000
_SIZE: Final = QSize(1180, 780)
_LOW: Final = 640
_TEXT: Final = 58
_LOW_TEXT: Final = 30
_MOST_CHOICES: Final = 9
_COLUMNS: Final = (
    Column("Line", least=64),
    Column("Result", least=104),
    Column("Pasted", least=110),
    Column("Instrument here", least=180),
    Column("Why", stretches=True, rank=1, least=150),
)
_ROLES: Final[dict[LineState, Role]] = {
    LineState.TAKEN: "success",
    LineState.DUPLICATE: "text3",
    LineState.AMBIGUOUS: "alert",
    LineState.UNKNOWN: "error",
}
_KEYS: Final = (("↑ ↓", "line"), ("1 … 9", "choose"), ("Space", "take or leave"), ("N", "next open"), ("Enter", "add"))


class PastePreview(Sheet):
    """`accepted_list` carries the identities in order, when the user adds them. Nothing is added before.

    `resolve` reads a text, `near` names instruments that a text may have meant, `is_held` tells what the list has.
    `targets` are the lists to choose from, as pairs of id and name; `target_chosen` carries the id of another one,
    which `is_held` speaks of from then on.
    """

    accepted_list = Signal(object)
    target_chosen = Signal(str)

    def __init__(
        self,
        theme: Theme,
        icons: IconSet,
        resolve: Callable[[str], ListPreview],
        is_held: Callable[[InstrumentId], bool],
        near: Callable[[str], Sequence[Instrument]],
        list_name: str,
        parent: QWidget | None = None,
        *,
        targets: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(theme, icons, f"Paste into {list_name}", parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._resolve, self._is_held, self._near = resolve, is_held, near
        self.lines = PasteLines(ListPreview(), is_held)
        self._shown: list[PasteLine] = []
        self.text = QPlainTextEdit(self)
        self.counts = PasteCounts(theme, icons, self)
        self.filter = SegmentedChoice(theme, "Lines shown", self)
        self.model = CellTableModel(_COLUMNS, self)
        self.table = CellTable(theme, self.model, "Lines of the pasted list", self)
        self._prefer = QWidget(self)
        self._prefer_row = FlowLayout(self._prefer, 8, 4)
        self._question = QLabel(self)
        self._choices = QWidget(self)
        self._choices_row = FlowLayout(self._choices, 8, 4)
        self.target = QComboBox(self)
        self._into = QLabel("into", self)
        self._offer(targets, list_name)
        self.copy_rest = self.add_button("Copy what is not taken")
        self._keys = KeyHelp(theme, _KEYS, self)
        self._cancel = self.add_button("Cancel", "plain")
        self.add = self.add_button("Add", "primary")
        self._place_page()
        self.text.textChanged.connect(self._read)
        self.filter.chosen.connect(lambda _: self._show_lines())
        self.table.row_chosen.connect(lambda _: self._show_choices())
        self.table.check_asked.connect(self._toggle)
        self.table.activated_row.connect(lambda _: self._accept())
        self._cancel.clicked.connect(self.reject)
        self.add.clicked.connect(self._accept)
        self.target.activated.connect(lambda _: self._on_target())
        self.copy_rest.clicked.connect(self._copy_rest)

    def _offer(self, targets: Sequence[tuple[str, str]], list_name: str) -> None:
        self.target.setAccessibleName("List that symbols are added to")
        self.target.setMinimumWidth(140)
        for list_id, name in targets:
            self.target.addItem(name, list_id)
        self.target.setCurrentIndex(self.target.findText(list_name))
        self.target.setVisible(bool(targets))
        self._into.setVisible(bool(targets))
        set_text_role(self._into, "text3")

    def _place_page(self) -> None:
        self.text.setAccessibleName("Pasted text; may be corrected here")
        self.text.setTabChangesFocus(True)
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.setFixedHeight(_TEXT)
        self.text.setPlaceholderText("Paste or type here: SBIN, 2885, NSE:TCS, AAPL")
        self.text.setFont(self._theme.fonts.mono("small"))
        self._question.setFont(self._theme.fonts.text("base", "semibold"))
        self._question.setTextFormat(Qt.TextFormat.PlainText)
        self._question.setWordWrap(True)
        above = QHBoxLayout()
        above.addWidget(self.filter)
        above.addStretch(1)
        above.addWidget(self._into)
        above.addWidget(self.target)
        column = QVBoxLayout(self.body)
        column.setContentsMargins(18, 14, 18, 6)
        column.setSpacing(10)
        box = Framed(self._theme, "line", self)
        box.hold(self.text, 2)
        for widget in (box, self.counts):
            column.addWidget(widget)
        column.addLayout(above)
        column.addWidget(self.table, 1)
        column.addWidget(self._prefer)
        column.addWidget(self._question)
        column.addWidget(self._choices)
        column.addWidget(self._keys)

    def open_with(self, text: str) -> None:
        """Show what this text would add."""
        self.text.setPlainText(text[:LONGEST_TEXT])
        self._read()
        self.open_sized(_SIZE)
        (self.table if self.lines.lines else self.text).setFocus(Qt.FocusReason.PopupFocusReason)

    # --- reading

    def _read(self) -> None:
        text = self.text.toPlainText()
        self.lines = PasteLines(self._resolve(text[:LONGEST_TEXT]), self._is_held, self._near)
        self._show_all()
        self.table.choose(0)

    def _show_all(self) -> None:
        lines = self.lines
        numbers = {state: lines.count(state) for state in LineState}
        self.counts.show_counts(numbers)
        chosen = self.filter.current or "all"
        self.filter.set_choices(
            [("all", f"All {len(lines.lines)}")]
            + [(state.value, f"{state.value.capitalize()} {count}") for state, count in numbers.items() if count]
        )
        self.filter.choose(chosen if chosen == "all" or numbers[LineState(chosen)] else "all")
        self._show_lines()
        self._show_preferences()
        count = len(lines.instruments())
        self.add.setText(f"Add {count} symbol{'' if count == 1 else 's'}" if count else "Nothing to add")
        self.add.setEnabled(bool(count))
        self.copy_rest.setEnabled(bool(lines.left()))
        self.hint.setText(self._hint_text(numbers))

    def _hint_text(self, numbers: dict[LineState, int]) -> str:
        if len(self.text.toPlainText()) > LONGEST_TEXT:
            return f"The text is very long: only its first {LONGEST_TEXT:,} characters are read."
        left = numbers[LineState.AMBIGUOUS] + numbers[LineState.UNKNOWN]
        rest = f" {left} left out unless you choose." if left else ""
        return f"Nothing is added before you press Add. Undo takes all of it back.{rest}"

    def _show_lines(self) -> None:
        wanted = self.filter.current
        number = self._shown[self.table.row].number if 0 <= self.table.row < len(self._shown) else 0
        self._shown = [line for line in self.lines.lines if wanted in ("all", "", line.state.value)]
        self.model.set_rows([_row(line) for line in self._shown])
        self.table.choose(next((at for at, line in enumerate(self._shown) if line.number == number), 0))
        self._show_choices()

    def _show_preferences(self) -> None:
        venues = self.lines.venues()
        self._prefer_row.clear()
        self._prefer.setVisible(len(venues) > 1)
        if len(venues) < 2:
            return
        label = QLabel("Traded on several exchanges. Take all from:", self._prefer)
        set_text_role(label, "text2")
        self._prefer_row.addWidget(label)
        for venue in venues:
            button = QPushButton(venue, self._prefer)
            button.setProperty("small", True)
            button.setAutoDefault(False)
            button.setAccessibleName(f"Take every undecided symbol from {venue}")
            button.clicked.connect(partial(self._on_prefer, venue))
            self._prefer_row.addWidget(button)
            button.show()
        label.show()

    # --- deciding

    @property
    def line(self) -> PasteLine | None:
        """The line that is current."""
        return self._shown[self.table.row] if 0 <= self.table.row < len(self._shown) else None

    def _show_choices(self) -> None:
        line = self.line
        self._choices_row.clear()
        choices = () if line is None or not (line.needs_choice or len(line.choices) > 1) else line.choices
        has_question = line is not None and bool(choices)
        self._question.setVisible(has_question)
        self._choices.setVisible(has_question)
        if line is None or not has_question:
            return
        self._question.setText(f"Line {line.number}, “{line.text}”: which one is meant?")
        for number, each in enumerate(choices[:_MOST_CHOICES], start=1):
            button = QPushButton(f"{number}  {choice_words(each)}", self._choices)
            button.setCheckable(True)
            button.setChecked(line.chosen is not None and line.chosen.id == each.id)
            button.setAutoDefault(False)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(partial(self._choose, line, each))
            self._choices_row.addWidget(button)
            button.show()

    def _choose(self, line: PasteLine, instrument: Instrument, _checked: bool = False) -> None:
        self.lines.choose(line, instrument)
        self._show_all()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_target(self) -> None:
        self.target_chosen.emit(str(self.target.currentData()))
        self.title.setText(f"Paste into {self.target.currentText()}")
        self.lines.judge_anew()
        self._show_all()

    def _copy_rest(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(self.lines.left()))
        self.hint.setText("Copied: one text per line, as it was pasted.")

    def _on_prefer(self, venue: Venue, _checked: bool = False) -> None:
        self.lines.prefer(venue)
        self._show_all()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _toggle(self, row: int) -> None:
        line = self._shown[row]
        if line.state is LineState.TAKEN and line.is_wanted and line.outcome.value != "taken":
            self.lines.forget(line)
        else:
            self.lines.toggle(line)
        self._show_all()

    def _next_open(self) -> None:
        count = len(self._shown)
        for step in range(1, count + 1):
            at = (self.table.row + step) % count
            if self._shown[at].needs_choice:
                self.table.choose(at)
                return

    def _accept(self) -> None:
        found = self.lines.instruments()
        if found:
            self.accepted_list.emit(found)
            self.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the lines what room there is in a low window."""
        super().resizeEvent(event)
        is_low = self.height() < _LOW
        self.text.setFixedHeight(_LOW_TEXT if is_low else _TEXT)
        self._keys.setVisible(not is_low)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Digits choose, N goes on, Enter adds; keys of the text field never come here."""
        line, key = self.line, event.text().upper()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if isinstance(self.focusWidget(), QPushButton):
                super().keyPressEvent(event)  # presses it: Enter on Cancel adds nothing
            else:
                self._accept()
        elif line is not None and key.isdecimal() and 0 < int(key) <= min(len(line.choices), _MOST_CHOICES):
            self._choose(line, line.choices[int(key) - 1])
        elif key == "N":
            self._next_open()
        else:
            super().keyPressEvent(event)


def choice_words(instrument: Instrument) -> str:
    """Name an instrument so that it cannot be taken for another."""
    name = f" {instrument.name}" if instrument.name else ""
    return f"{instrument.symbol}  {instrument.tag} {instrument.id.segment}{name}"


def _row(line: PasteLine) -> CellRow:
    role = _ROLES[line.state]
    is_quiet = line.state is LineState.DUPLICATE or not line.is_wanted
    ink: Role = "text3" if is_quiet else "text1"
    chosen = line.chosen
    if chosen is not None:
        here = Cell(chosen.name or chosen.symbol, ink, tags=(f"{chosen.tag} {chosen.id.segment}",))
    elif line.choices and line.state is not LineState.DUPLICATE:
        last = min(len(line.choices), _MOST_CHOICES)
        here = Cell(f"choose below, or press 1 to {last}" if last > 1 else "choose below, or press 1", "text2")
    else:
        here = Cell("—", "text3")
    result = "left out" if line.state is LineState.TAKEN and not line.is_wanted else line.state.value
    why = Cell(line.why, role if line.needs_choice else "text2", tooltip=line.why)
    cells = (
        Cell(f"{line.number}", "text3"),
        Cell(result, "text3" if result == "left out" else role),
        Cell(line.text, ink, is_mono=True),
        here,
        why,
    )
    named = "" if chosen is None else f", {chosen.name or chosen.symbol} {chosen.tag}"
    spoken = f"Line {line.number}, {line.text}, {result}{named}{f', {line.why}' if line.why else ''}"
    return CellRow(cells, spoken, line.is_added, can_check=line.state is LineState.TAKEN)
