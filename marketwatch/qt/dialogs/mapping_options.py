"""What a mapping says besides paths: its name, how times are written, what is sent to ask for symbols."""

from __future__ import annotations

import math
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QLineEdit, QWidget

from marketwatch.domain.feed_config import LONGEST_NAME
from marketwatch.protocols.mapping.mapping import Mapping
from marketwatch.qt.panels.painted import set_text_role
from marketwatch.qt.theme import Theme
from marketwatch.services.mapping_draft import MappingDraft

_UNITS: Final = (
    ("auto", "as it looks"),
    ("s", "seconds"),
    ("ms", "milliseconds"),
    ("us", "microseconds"),
    ("ns", "nanoseconds"),
    ("iso", "date and time"),
)
_HELP: Final = {
    "unsubscribe": "Sent when a symbol is not wanted any more",
    "utc_offset": "Of times that name no zone",
    "price_divisor": "100 for prices in cents or paise",
    "constant_symbol": "For a stream whose messages name none",
}
_SUBSCRIBE: Final = 'sent for each symbol, such as {"subscribe":"{symbol}"}; all at once: {symbols}'


class MappingOptions(QWidget):
    """`edited` carries the name of a field of Mapping and its new value."""

    edited = Signal(str, object)

    def __init__(self, theme: Theme, mapping: Mapping | None, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(6)
        self.name = self._field("Name", 0, 0, "name")
        self.constant = self._field("One symbol", 0, 2, "constant_symbol", "if no field names it")
        self.types = self._field("Only types", 0, 4, "types", "trade, quote")
        self.subscribe = self._field("Subscribe with", 1, 0, "subscribe", _SUBSCRIBE, columns=3)
        self.unsubscribe = self._field("End with", 1, 4, "unsubscribe", "nothing")
        self.unit = self._units()
        self.offset = self._field("UTC offset", 2, 2, "utc_offset", "+00:00")
        self.divisor = self._field("Divide prices by", 2, 4, "price_divisor", "1")
        for column in (1, 3, 5):
            self._grid.setColumnStretch(column, 2 if column == 1 else 1)
        self._show(mapping, name)

    def _show(self, mapping: Mapping | None, name: str) -> None:
        given = mapping or Mapping(name=name, symbol="s", price="p")
        self.name.setMaxLength(LONGEST_NAME)
        self.name.setText(given.name or name)
        for field, text in (
            (self.constant, given.constant_symbol),
            (self.types, ", ".join(given.types)),
            (self.subscribe, given.subscribe),
            (self.unsubscribe, given.unsubscribe),
            (self.offset, given.utc_offset),
            (self.divisor, "" if given.price_divisor == 1 else f"{given.price_divisor:g}"),
        ):
            field.setText(text)
        self.unit.setCurrentIndex([code for code, _ in _UNITS].index(given.time_unit))

    def _field(self, label: str, row: int, column: int, name: str, hint: str = "", *, columns: int = 1) -> QLineEdit:
        field = QLineEdit(self)
        field.setProperty("small", True)
        field.setPlaceholderText(hint)
        field.setToolTip(_HELP.get(name, hint))
        field.textEdited.connect(lambda text: self.edited.emit(name, self._value(name, text)))
        self._put(label, field, row, column, columns)
        return field

    def _units(self) -> QComboBox:
        unit = QComboBox(self)
        unit.setProperty("small", True)
        for code, words in _UNITS:
            unit.addItem(words, code)
        unit.activated.connect(lambda _: self.edited.emit("time_unit", str(unit.currentData())))
        self._put("Times are", unit, 2, 0, 1)
        return unit

    def _put(self, label: str, field: QWidget, row: int, column: int, columns: int) -> None:
        words = QLabel(label, self)
        words.setBuddy(field)
        words.setFont(self._theme.fonts.text("small"))
        set_text_role(words, "text2")
        field.setAccessibleName(label)
        self._grid.addWidget(words, row, column)
        self._grid.addWidget(field, row, column + 1, 1, columns)

    def show_types(self, draft: MappingDraft) -> None:
        """Show the types that were taken from a sample, and let them be typed only when a field holds them."""
        types = ", ".join(draft.option("types") or ())
        has_field = "type" in draft.roles
        self.types.setEnabled(has_field)
        self.types.setToolTip("" if has_field else "Choose the field that is the type first")
        if not self.types.hasFocus() and self.types.text() != types:
            self.types.setText(types)

    def _value(self, name: str, text: str) -> object:
        clean = text.strip()
        if name == "types":
            return tuple(part.strip() for part in clean.split(",") if part.strip())
        if name == "price_divisor":
            try:
                return float(clean or "1")
            except ValueError:
                return math.nan  # the mapping itself says what is wrong
        return clean
