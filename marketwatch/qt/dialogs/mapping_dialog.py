"""Map a stream of one's own: a sample message, what each of its fields means, and the rows that this gives."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from marketwatch.errors import ConfigurationError
from marketwatch.protocols.mapping.mapping import Mapping
from marketwatch.qt.dialogs.flow_layout import FlowLayout
from marketwatch.qt.dialogs.mapping_options import MappingOptions
from marketwatch.qt.dialogs.sheet import Sheet
from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.cell_table import CellTableModel
from marketwatch.qt.models.mapping_rows import (
    FIELD_COLUMNS,
    PREVIEW_COLUMNS,
    ROLE_KEYS,
    ROLE_WORDS,
    field_row,
    preview_row,
)
from marketwatch.qt.panels.cell_view import CellTable
from marketwatch.qt.panels.framed import Framed
from marketwatch.qt.panels.painted import set_text_role
from marketwatch.qt.theme import Theme
from marketwatch.services.mapping_draft import FieldLine, MappingDraft, can_be_mapped

_SIZE: Final = QSize(1120, 760)
_LONGEST_SAMPLE: Final = 200_000
_FRAMES_SHOWN: Final = 30
_MOST_LOOKED_AT: Final = 100
_EXAMPLE: Final = '{"type":"trade","data":[{"s":"AAPL","p":190.55,"v":100,"t":1751050800123}]}'


class MappingDialog(Sheet):
    """`save_requested` carries a Mapping; call `accept` when it is kept, or `show_problem`. `trial_requested` asks for
    a look at the stream: give what comes to `take_frames` and `say`. `trial_ended` asks for its end: call `end_trial`.
    """

    save_requested = Signal(object)
    trial_requested = Signal()
    trial_ended = Signal()

    def __init__(
        self,
        theme: Theme,
        icons: IconSet,
        feed_name: str,
        mapping: Mapping | None = None,
        *,
        can_connect: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, icons, f"Map the fields of {feed_name}", parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._can_connect = can_connect
        self.draft = MappingDraft(mapping)
        self.draft.set_option("name", (mapping.name if mapping is not None else "") or feed_name)
        self._lines: list[FieldLine] = []
        self._frames: list[bytes] | None = None
        self._wants_sample = False
        self._newest = ""
        self.sample = QPlainTextEdit(self)
        self.take = QPushButton("Take one from the stream", self)
        self.note = QLabel(self)
        self.field_model = CellTableModel(FIELD_COLUMNS, self)
        self.fields = CellTable(theme, self.field_model, "Fields of the message", self)
        self.roles = {role: self._role_button(role) for role in ROLE_WORDS}
        self.clear = QPushButton("Nothing", self)
        self.options = MappingOptions(theme, mapping, feed_name, self)
        self.rows_title = QLabel(self)
        self.rows_words = QLabel(self)
        self.row_model = CellTableModel(PREVIEW_COLUMNS, self)
        self.rows = CellTable(theme, self.row_model, "Rows that come out", self)
        self.cancel = self.add_button("Cancel", "plain")
        self.trial = self.add_button("Try it")
        self.save = self.add_button("Save mapping", "primary")
        self._place_page()
        self._connect()
        self._read_sample()

    def _role_button(self, role: str) -> QPushButton:
        button = QPushButton(f"{ROLE_WORDS[role]}  {ROLE_KEYS[role]}", self)
        button.setCheckable(True)
        button.setProperty("small", True)
        button.setAutoDefault(False)
        button.setAccessibleName(f"The chosen field is the {ROLE_WORDS[role].lower()}, key {ROLE_KEYS[role]}")
        button.clicked.connect(partial(self._choose, role))
        return button

    # --- building

    def _place_page(self) -> None:
        left, right = QVBoxLayout(), QVBoxLayout()
        for column in (left, right):
            column.setSpacing(6)
        left.addLayout(self._head_of("A message of the stream", self.take))
        frame = Framed(self._theme, "line", self)
        frame.hold(self.sample, 2)
        left.addWidget(frame, 1)
        left.addWidget(self.note)
        right.addLayout(self._head_of("Choose a field, then what it means", None))
        right.addWidget(self.fields, 1)
        right.addWidget(self._role_row())
        upper = QHBoxLayout()
        upper.setSpacing(16)
        upper.addLayout(left, 2)
        upper.addLayout(right, 3)
        column = QVBoxLayout(self.body)
        column.setContentsMargins(16, 10, 16, 10)
        column.setSpacing(8)
        column.addLayout(upper, 3)
        column.addWidget(self.options)
        self.rows_title.setFont(self._theme.fonts.text("base", "semibold"))
        set_text_role(self.rows_words, "text3")
        head = QHBoxLayout()
        head.addWidget(self.rows_title)
        head.addWidget(self.rows_words, 1)
        column.addLayout(head)
        column.addWidget(self.rows, 2)
        self._dress()

    def _dress(self) -> None:
        self.sample.setAccessibleName("A message of the stream, as JSON")
        self.sample.setTabChangesFocus(True)
        self.sample.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.sample.setPlaceholderText(f"Paste one message here, such as\n{_EXAMPLE}")
        self.sample.setFont(self._theme.fonts.mono("small"))
        for table, least in ((self.fields, 112), (self.rows, 84)):
            table.setMinimumHeight(least)
        for label in (self.note, self.rows_words, self.rows_title):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setWordWrap(True)
        set_text_role(self.note, "text3")
        self.take.setEnabled(self._can_connect)
        self.trial.setEnabled(self._can_connect)
        if not self._can_connect:
            self.take.setToolTip("Type the address of the feed first")
            self.trial.setToolTip("Type the address of the feed first")

    def _head_of(self, text: str, button: QPushButton | None) -> QHBoxLayout:
        title = QLabel(text, self)
        title.setFont(self._theme.fonts.text("base", "semibold"))
        head = QHBoxLayout()
        head.addWidget(title, 1)
        if button is not None:
            button.setProperty("small", True)
            button.setAutoDefault(False)
            head.addWidget(button)
        return head

    def _role_row(self) -> QWidget:
        row = QWidget(self)
        flow = FlowLayout(row, 6, 6)
        self.clear.setProperty("kind", "plain")
        self.clear.setProperty("small", True)
        self.clear.setAutoDefault(False)
        self.clear.setAccessibleName("The chosen field means nothing, key Delete")
        for button in (*self.roles.values(), self.clear):
            flow.addWidget(button)
        return row

    def _connect(self) -> None:
        self.sample.textChanged.connect(self._read_sample)
        self.take.clicked.connect(self._take_one)
        self.fields.row_chosen.connect(lambda _: self._show_role())
        self.clear.clicked.connect(lambda: self._choose(""))
        self.options.edited.connect(self._on_option)
        self.cancel.clicked.connect(self.reject)
        self.trial.clicked.connect(self._try)
        self.save.clicked.connect(self._on_save)
        self.finished.connect(lambda _: self.trial_ended.emit())

    def open_here(self) -> None:
        """Show the dialog, ready to paste."""
        self.open_sized(_SIZE)
        self.sample.setFocus(Qt.FocusReason.OtherFocusReason)

    # --- the sample and its fields

    def show_sample(self, text: str) -> None:
        """Show a message as the sample."""
        self.sample.setPlainText(text[:_LONGEST_SAMPLE])

    def _read_sample(self) -> None:
        self.draft.take_sample(self.sample.toPlainText()[:_LONGEST_SAMPLE])
        self._frames = None
        self._show_fields()
        self.fields.choose(next((row for row, line in enumerate(self._lines) if line.path), 0))

    def _show_fields(self) -> None:
        row = self.fields.row
        self._lines = self.draft.lines()
        self.field_model.set_rows([field_row(line) for line in self._lines])
        self.fields.choose(row)
        self.options.show_types(self.draft)
        self.note.setText(self.draft.note)
        self.note.setVisible(bool(self.draft.note))
        set_text_role(self.note, "text3" if self._lines else "error")
        self._show_role()
        self._show_rows()

    def _line(self) -> FieldLine | None:
        row = self.fields.row
        return self._lines[row] if 0 <= row < len(self._lines) and self._lines[row].path else None

    def _show_role(self) -> None:
        line = self._line()
        for role, button in self.roles.items():
            button.setEnabled(line is not None)
            button.setChecked(line is not None and line.role == role)
        self.clear.setEnabled(line is not None and bool(line.role))

    def _choose(self, role: str, *_: object) -> None:
        line = self._line()
        if line is not None:
            self.draft.choose(line.path, "" if line.role == role else role)
            self._show_fields()

    def _on_option(self, name: str, value: object) -> None:
        self.draft.set_option(name, value)
        self._show_rows()

    # --- the rows

    def _show_rows(self) -> None:
        problem = self.draft.problem
        rows = self.draft.preview(self._frames)
        self.row_model.set_rows([preview_row(row) for row in rows])
        self.rows_title.setText("Rows of this message" if self._frames is None else "Rows of the stream")
        self.save.setEnabled(not problem)
        self.show_problem("" if not self._lines and not self._frames else problem)

    def show_problem(self, words: str) -> None:
        """Say what keeps the mapping from being used; empty for nothing."""
        quiet = "Saving writes a small file that any editor can open." if not self.draft.problem else ""
        self.hint.setText(words or quiet or "Paste a message, or take one from the stream.")
        set_text_role(self.hint, "error" if words else "text3")

    def take_frames(self, frames: Sequence[bytes], count: int) -> None:
        """Show what the stream sent last; `count` is how many messages came in all."""
        if self._wants_sample:
            self._find_sample(frames, count)
            return
        if not self._lines and not self.draft.roles:
            self._find_sample(frames, 0)
        self._frames = [*(self._frames or ()), *frames][-_FRAMES_SHOWN:]
        self.say(f"{count:,} messages so far" if count != 1 else "one message so far")
        self._show_rows()
        self.rows.scrollToBottom()

    def _find_sample(self, frames: Sequence[bytes], count: int) -> None:
        """Take the first message that tells of prices; after many others the newest, whatever it is."""
        texts = [frame.decode("utf-8", "replace") for frame in frames]
        found = next((text for text in texts if can_be_mapped(text)), None)
        if found is None and (not texts or count < _MOST_LOOKED_AT):
            self._newest = texts[-1] if texts else self._newest
            self.say(f"{count:,} messages so far, none with a symbol and a price" if count else "")
            return
        self.show_sample(found if found is not None else texts[-1])
        if self._wants_sample:
            self._wants_sample = False
            self.say("")
            self.trial_ended.emit()

    def say(self, words: str) -> None:
        """Say how the connection is doing."""
        self.rows_words.setText(words)

    def end_trial(self) -> None:
        """Offer to connect again."""
        if self._wants_sample and self._newest:
            self.show_sample(self._newest)
        self._wants_sample, self._newest = False, ""
        self.trial.setText("Try it")
        self.take.setEnabled(self._can_connect)

    def _take_one(self) -> None:
        self._wants_sample = True
        self._begin_trial()

    def _try(self) -> None:
        if self.trial.text() == "Stop":
            self.trial_ended.emit()
            return
        self._frames = []
        self._show_rows()
        self._begin_trial()

    def _begin_trial(self) -> None:
        self.trial.setText("Stop")
        self.take.setEnabled(False)
        self.say("Connecting…")
        self.trial_requested.emit()

    # --- the end

    def _on_save(self) -> None:
        try:
            mapping = self.draft.mapping()
        except ConfigurationError as error:
            self.show_problem(f"{error.cause[:1].upper()}{error.cause[1:]}.")
            return
        self.save_requested.emit(mapping)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter:
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier and self.save.isEnabled():
                self._on_save()
            elif isinstance(self.focusWidget(), QPushButton):
                super().keyPressEvent(event)
            return
        if self.fields.hasFocus() and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            role = next((role for role, key in ROLE_KEYS.items() if key == event.text().upper()), None)
            if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
                role = ""
            if role is not None:
                self._choose(role)
                return
        super().keyPressEvent(event)
