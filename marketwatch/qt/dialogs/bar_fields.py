"""How a server of bars is asked: what it already has or a download too, how many minutes, how long to wait."""

from __future__ import annotations

from typing import Final

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from marketwatch.domain.feed_config import LONGEST_TIMEOUT_S, MOST_MINUTES, BarOptions, read_count
from marketwatch.errors import ConfigurationError
from marketwatch.qt.dialogs.form_row import FormRow
from marketwatch.qt.panels.painted import set_text_role
from marketwatch.qt.theme import Theme

_WIDTH: Final = 64
_LONGEST: Final = 5
_LONGER: Final = "longer where the server downloads"
_NUMBERS: Final = {
    "minutes": ("Minute rows", MOST_MINUTES),
    "single_timeout_s": ("Time-out of one symbol, in seconds", LONGEST_TIMEOUT_S),
    "batch_timeout_s": ("Time-out of a batch, in seconds", LONGEST_TIMEOUT_S),
}


class BarFields(QWidget):
    """Shows the options of one draft. `edited` carries the BarOptions, also while a number cannot be used."""

    edited = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._options = BarOptions()
        self.local_only = QCheckBox("Only what the server already has", self)
        self.numbers = {name: QLineEdit(self) for name in _NUMBERS}
        for name, field in self.numbers.items():
            field.setAccessibleName(_NUMBERS[name][0])
            field.setMaxLength(_LONGEST)
            field.setFixedWidth(_WIDTH)
            field.textEdited.connect(lambda _, name=name: self._on_number(name))
        self.local_only.setAccessibleName(self.local_only.text())
        self.local_only.clicked.connect(lambda: self._change(local_only=self.local_only.isChecked()))
        one, batch = (self._word(text) for text in ("s for one symbol,", "s for a batch"))
        self._rows = (
            FormRow(theme, "Bars", (self.local_only,), is_wide=False, parent=self),
            FormRow(theme, "Minute rows", (self.numbers["minutes"],), is_wide=False, parent=self),
            FormRow(
                theme,
                "Time-out",
                (self.numbers["single_timeout_s"], one, self.numbers["batch_timeout_s"], batch),
                is_wide=False,
                parent=self,
            ),
        )
        self._rows[0].set_hint("off: the server may download, which takes longer")
        self._rows[1].set_hint(f"per symbol, for the chart; at most {MOST_MINUTES:,}, a whole day")
        self._rows[2].set_hint(_LONGER)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        for row in self._rows:
            column.addWidget(row)

    def _word(self, text: str) -> QLabel:
        word = QLabel(text, self)
        word.setAccessibleName(text)
        set_text_role(word, "text2")
        return word

    def show_options(self, options: BarOptions) -> None:
        """Show options; a number that is written in another way stays as it was typed."""
        self._options = options
        self.local_only.setChecked(options.local_only)
        for name, field in self.numbers.items():
            number = getattr(options, name)
            if self._read(name)[0] != number:
                field.setText(str(number))
        self._judge()

    def fields(self) -> list[QWidget]:
        """Return everything that takes the keyboard, in order."""
        return [self.local_only, *self.numbers.values()]

    def problems(self) -> list[str]:
        """Return what keeps from saving."""
        return [row.error for row in self._rows if row.error]

    def _read(self, name: str) -> tuple[int | None, str]:
        """Return the number in a field, or None and why it cannot be used."""
        thing, most = _NUMBERS[name]
        try:
            return read_count(thing, self.numbers[name].text(), most), ""
        except ConfigurationError as error:
            return None, f"{error.thing}: {error.cause}."

    def _change(self, **changes: object) -> None:
        self._options = msgspec.structs.replace(self._options, **changes)
        self.edited.emit(self._options)

    def _on_number(self, name: str) -> None:
        self._judge()
        number, _ = self._read(name)
        self._change(**({} if number is None else {name: number}))

    def _judge(self) -> None:
        """Say which number cannot be used, and why."""
        wrong = {name: self._read(name)[1] for name in self.numbers}
        self._rows[1].set_error(wrong["minutes"])
        self._rows[2].set_error(wrong["single_timeout_s"] or wrong["batch_timeout_s"])
        self.numbers["batch_timeout_s"].setAccessibleDescription(wrong["batch_timeout_s"] or _LONGER)
