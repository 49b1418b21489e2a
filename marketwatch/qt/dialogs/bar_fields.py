"""How a server of bars is asked: what it already has or a download too, of which days, how many minutes, how long."""

from __future__ import annotations

import datetime as dt
from typing import Final

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from marketwatch.domain.feed_config import LONGEST_TIMEOUT_S, MOST_MINUTES, BarOptions, read_count, read_day
from marketwatch.errors import ConfigurationError
from marketwatch.qt.dialogs.form_row import FormRow
from marketwatch.qt.panels.painted import set_text_role
from marketwatch.qt.theme import Theme

_WIDTH: Final = 64
_DAY_WIDTH: Final = 100
_LONGEST_DAY: Final = 10
_DAYS: Final = {"first": "From", "last": "To"}
_NO_DAY: Final = "none"
_DAYS_HINT: Final = "like 2025-06-30; empty: no limit. With To in the past the rows are history"
_LONGEST: Final = 5
_LONGER: Final = "longer where the server downloads"
_NUMBERS: Final = {
    "minutes": ("Minute rows", MOST_MINUTES),
    "single_timeout_s": ("Time-out of one symbol, in seconds", LONGEST_TIMEOUT_S),
    "batch_timeout_s": ("Time-out of a batch, in seconds", LONGEST_TIMEOUT_S),
}


class BarFields(QWidget):
    """Shows the options of one draft. `edited` carries the BarOptions, also while a day or number cannot be used."""

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
        self.days = {name: QLineEdit(self) for name in _DAYS}
        for name, field in self.days.items():
            field.setAccessibleName(f"{_DAYS[name]}, a day or none")
            field.setPlaceholderText(_NO_DAY)
            field.setMaxLength(_LONGEST_DAY)
            field.setFixedWidth(_DAY_WIDTH)
            field.textEdited.connect(lambda _, name=name: self._on_day(name))
        self.all_days = QPushButton("All days", self)
        self.all_days.setAccessibleName(self.all_days.text())
        self.all_days.setProperty("kind", "plain")
        self.all_days.setAutoDefault(False)
        self.all_days.clicked.connect(self._forget_days)
        self.local_only.setAccessibleName(self.local_only.text())
        self.local_only.clicked.connect(lambda: self._change(local_only=self.local_only.isChecked()))
        self._rows = self._make_rows(theme)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        for row in self._rows:
            column.addWidget(row)

    def _make_rows(self, theme: Theme) -> tuple[FormRow, ...]:
        days, numbers = self.days, self.numbers
        to, one, batch = (self._word(text) for text in (_DAYS["last"], "s for one symbol,", "s for a batch"))
        times = (numbers["single_timeout_s"], one, numbers["batch_timeout_s"], batch)
        lines: tuple[tuple[str, tuple[QWidget, ...], str], ...] = (
            ("Bars", (self.local_only,), "off: the server may download, which takes longer"),
            (_DAYS["first"], (days["first"], to, days["last"], self.all_days), _DAYS_HINT),
            ("Minute rows", (numbers["minutes"],), f"per symbol, for the chart; at most {MOST_MINUTES:,}, a whole day"),
            ("Time-out", times, _LONGER),
        )
        rows = tuple(FormRow(theme, label, widgets, is_wide=False, parent=self) for label, widgets, _ in lines)
        for row, (_, _, hint) in zip(rows, lines, strict=True):
            row.set_hint(hint)
        return rows

    def _word(self, text: str) -> QLabel:
        word = QLabel(text, self)
        word.setAccessibleName(text)
        set_text_role(word, "text2")
        return word

    def show_options(self, options: BarOptions) -> None:
        """Show options; a day or number that is written in another way stays as it was typed."""
        self._options = options
        self.local_only.setChecked(options.local_only)
        for name, field in self.days.items():
            day = getattr(options, name)
            if self._read_day(name) != (day, ""):
                field.setText("" if day is None else day.isoformat())
        for name, field in self.numbers.items():
            number = getattr(options, name)
            if self._read(name)[0] != number:
                field.setText(str(number))
        self._judge()

    def fields(self) -> list[QWidget]:
        """Return everything that takes the keyboard, in order."""
        return [self.local_only, *self.days.values(), self.all_days, *self.numbers.values()]

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

    def _read_day(self, name: str) -> tuple[dt.date | None, str]:
        """Return the day in a field, None without one, and why it cannot be used."""
        try:
            return read_day(_DAYS[name], self.days[name].text()), ""
        except ConfigurationError as error:
            return None, f"{error.thing}: {error.cause}. {error.next_step}."

    def _change(self, **changes: object) -> None:
        self._options = msgspec.structs.replace(self._options, **changes)
        self.edited.emit(self._options)

    def _on_number(self, name: str) -> None:
        self._judge()
        number, _ = self._read(name)
        self._change(**({} if number is None else {name: number}))

    def _on_day(self, name: str) -> None:
        self._judge()
        day, problem = self._read_day(name)
        self._change(**({} if problem else {name: day}))

    def _forget_days(self) -> None:
        for field in self.days.values():
            field.clear()
        self.days["first"].setFocus(Qt.FocusReason.OtherFocusReason)  # the button cannot keep it
        self._change(first=None, last=None)

    def _judge_days(self) -> str:
        (first, wrong_first), (last, wrong_last) = (self._read_day(name) for name in self.days)
        if first is not None and last is not None and first > last:
            return f"From: {first.isoformat()} is after To, {last.isoformat()}. No day lies between them."
        return wrong_first or wrong_last

    def _judge(self) -> None:
        """Say which day or number cannot be used, and why."""
        self._rows[1].set_error(wrong_days := self._judge_days())
        self.days["last"].setAccessibleDescription(wrong_days or _DAYS_HINT)
        self.all_days.setEnabled(any(field.text() for field in self.days.values()))
        wrong = {name: self._read(name)[1] for name in self.numbers}
        self._rows[2].set_error(wrong["minutes"])
        self._rows[3].set_error(wrong["single_timeout_s"] or wrong["batch_timeout_s"])
        self.numbers["batch_timeout_s"].setAccessibleDescription(wrong["batch_timeout_s"] or _LONGER)
