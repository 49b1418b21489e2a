"""Names the feed an instrument comes from, and the one it falls back to. A small window beside the list."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from marketwatch.qt.dialogs.form_row import FormRow
from marketwatch.qt.panels.painted import set_text_role
from marketwatch.qt.theme import Theme

DEFAULT = ""
"""The feed that no name stands for: the first in the order, and no fall-back but the next one if that is wanted."""
AS_THEY_ARE = "*"
"""Several instruments with different choices stay different."""
_WIDTH = 480


class FeedOption(msgspec.Struct, frozen=True):
    """A feed that has the instrument: its id, its name, and how real and late it is in words."""

    id: str
    name: str
    nature: str

    @property
    def words(self) -> str:
        """Both, as the boxes show them."""
        return f"{self.name}, {self.nature}"


class FeedChoiceView(msgspec.Struct, frozen=True, kw_only=True):
    """What is chosen now. `whose` names the instrument, or how many; None: they differ."""

    whose: str
    options: tuple[FeedOption, ...]
    primary: str | None
    fallback: str | None
    falls_back_to_next: bool
    returns_after_s: float


class FeedChoiceDialog(QDialog):
    """`chosen` carries primary and fall-back (`DEFAULT`, `AS_THEY_ARE` or a feed's id), and whether every other
    instrument falls back to the next feed. Show it with `show()`: the list stays usable beside it.
    """

    chosen = Signal(str, str, bool)

    def __init__(self, theme: Theme, view: FeedChoiceView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._view = view
        self.setWindowTitle(f"Feeds for {view.whose}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(_WIDTH)
        self.title = QLabel(f"Feeds for {view.whose}", self)
        self.title.setFont(theme.fonts.text("lead", "semibold"))
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.primary = QComboBox(self)
        self.fallback = QComboBox(self)
        self.next_for_all = QCheckBox("Without a named one, fall back to the next feed that has it (all lists)", self)
        self.next_for_all.setChecked(view.falls_back_to_next)
        self.sentence = QLabel(self)
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.sentence.setWordWrap(True)
        set_text_role(self.sentence, "text2")
        self._primary_row = FormRow(theme, "Primary", [self.primary])
        self._fallback_row = FormRow(theme, "Fall-back", [self.fallback])
        self.cancel = QPushButton("Cancel", self)
        self.go = QPushButton("Use these feeds", self)
        self._fill()
        self._place()
        self.primary.currentIndexChanged.connect(self._judge)
        self.fallback.currentIndexChanged.connect(self._judge)
        self.next_for_all.toggled.connect(self._judge)
        self.cancel.clicked.connect(self.reject)
        self.go.clicked.connect(self._on_go)
        self._judge()

    def _fill(self) -> None:
        view = self._view
        first = view.options[0].name if view.options else "none"
        for box, chosen, default in (
            (self.primary, view.primary, f"The first in the order: {first}"),
            (self.fallback, view.fallback, ""),
        ):
            if chosen is None:
                box.addItem("As they are", AS_THEY_ARE)
            box.addItem(default, DEFAULT)
            for option in view.options:
                box.addItem(option.words, option.id)
            box.setCurrentIndex(max(0, box.findData(AS_THEY_ARE if chosen is None else chosen)))

    def _place(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(10)
        for widget in (self.title, self._primary_row, self._fallback_row, self.next_for_all, self.sentence):
            column.addWidget(widget)
        column.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        self.go.setProperty("kind", "primary")
        self.go.setDefault(True)
        self.cancel.setAutoDefault(False)
        row.addWidget(self.cancel)
        row.addWidget(self.go)
        column.addLayout(row)

    def _judge(self) -> None:
        """Say what these choices mean, or what is wrong with them."""
        takes_next = self.next_for_all.isChecked()
        self.fallback.setItemText(
            self.fallback.findData(DEFAULT), "The next feed that has it" if takes_next else "None"
        )
        primary, fallback = self._option(self.primary), self._option(self.fallback)
        if self.primary.currentData() == DEFAULT and self._view.options:
            primary = self._view.options[0]
        is_same = primary is not None and primary == fallback
        self._fallback_row.set_error("Choose another feed than the primary one." if is_same else "")
        self.go.setEnabled(not is_same)
        self.sentence.setText(self._sentence())

    def _sentence(self) -> str:
        view = self._view
        if len(view.options) < 2:
            count = "no open feed has it" if not view.options else f"only {view.options[0].name} has it"
            return (
                f"A fall-back needs a second open feed that has the instrument; {count}. Add one in Settings > Feeds."
            )
        if self.primary.currentData() == AS_THEY_ARE or self.fallback.currentData() == AS_THEY_ARE:
            return "Where it says “As they are”, each instrument keeps what was chosen for it."
        primary = self._option(self.primary) or view.options[0]
        fallback = self._option(self.fallback)
        if fallback is None and self.next_for_all.isChecked():
            fallback = next((one for one in view.options if one != primary), None)
        if fallback is None:
            return f"Prices come from {primary.name}. When it fails, the row shows its last figures as stale."
        if fallback == primary:
            return ""
        return (
            f"When {primary.name} fails, the row continues on {fallback.name} ({fallback.nature}), marked “via”."
            f" It returns once {primary.name} has been well for {view.returns_after_s:.0f} s."
        )

    def _option(self, box: QComboBox) -> FeedOption | None:
        return next((one for one in self._view.options if one.id == box.currentData()), None)

    def _on_go(self) -> None:
        self.chosen.emit(self.primary.currentData(), self.fallback.currentData(), self.next_for_all.isChecked())
        self.accept()
