"""Asks whether a list is what it was taken for; for a table of one's own also which column is what."""

from __future__ import annotations

from typing import Final

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from marketwatch.instruments.library import MasterKind
from marketwatch.instruments.recognition import Recognition
from marketwatch.qt.dialogs.flow_layout import FlowLayout
from marketwatch.qt.panels.framed import Framed
from marketwatch.qt.panels.painted import set_text_role
from marketwatch.qt.theme import Theme

KIND_NAMES: Final = {
    MasterKind.KITE: "Kite CSV",
    MasterKind.ANGEL_ONE: "Angel One JSON",
    MasterKind.OWN_CSV: "CSV of your own",
}
_ASKED: Final = {
    "symbol": "Symbol",
    "venue": "Exchange",
    "segment": "Segment",
    "name": "Name",
    "token": "Token",
    "isin": "ISIN",
    "currency": "Currency",
    "series": "Series",
}


_WIDEST: Final = 220


class MasterConfirm(QWidget):
    """`confirmed` carries the Recognition as the user wants it; `declined` means that nothing is loaded."""

    confirmed = Signal(object)
    declined = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: Recognition | None = None
        self._box = Framed(theme, "line", self)
        self._title = QLabel(self)
        self._title.setFont(theme.fonts.text("title", "semibold"))
        self._reason = QLabel(self)
        self._problem = QLabel(self)
        self.kind = QComboBox(self)
        self.kind.setAccessibleName("What the list is")
        for kind, name in KIND_NAMES.items():
            self.kind.addItem(name, kind.value)
        self._columns = QWidget(self)
        self._flow = FlowLayout(self._columns, 12, 6)
        self.fields: dict[str, QComboBox] = {}
        self.all_rows = QLineEdit(self)
        self.go = QPushButton("Load this list", self)
        self.stop = QPushButton("Do not load", self)
        self._place()
        self.kind.activated.connect(lambda _: self._on_kind())
        self.all_rows.textChanged.connect(lambda _: self._judge())
        self.all_rows.returnPressed.connect(self._on_go)
        self.go.clicked.connect(self._on_go)
        self.stop.clicked.connect(self._on_stop)
        self.hide()

    def _place(self) -> None:
        for label in (self._title, self._reason, self._problem):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        set_text_role(self._reason, "text2")
        set_text_role(self._problem, "alert")
        self.go.setProperty("kind", "primary")
        self.stop.setProperty("kind", "plain")
        for field, title in _ASKED.items():
            combo = QComboBox(self)
            combo.setAccessibleName(f"Column of the {title.lower()}")
            combo.setMinimumWidth(110)
            combo.setMaximumWidth(_WIDEST)
            combo.activated.connect(lambda _: self._judge())
            self.fields[field] = combo
            self._flow.addWidget(self._named(title, combo))
        self.all_rows.setPlaceholderText("such as NSE")
        self.all_rows.setFixedWidth(110)
        self.all_rows.setAccessibleName("One exchange for all rows")
        self._flow.addWidget(self._named("or one exchange for all", self.all_rows))
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.kind)
        row.addStretch(1)
        for button in (self.stop, self.go):
            button.setAutoDefault(False)
            row.addWidget(button)
        inside = QVBoxLayout()
        inside.setSpacing(8)
        for widget in (self._title, self._reason, self._columns, self._problem):
            inside.addWidget(widget)
        inside.addLayout(row)
        self._box.hold_layout(inside)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._box)

    def _named(self, title: str, field: QWidget) -> QWidget:
        pair = QWidget(self._columns)
        column = QVBoxLayout(pair)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        label = QLabel(title, pair)
        label.setBuddy(field)
        set_text_role(label, "text3")
        column.addWidget(label)
        column.addWidget(field)
        return pair

    def ask(self, found: Recognition) -> None:
        """Ask about a list."""
        self._found = found
        self.kind.setCurrentIndex(self.kind.findData(found.kind.value))
        for field, combo in self.fields.items():
            combo.clear()
            combo.addItem("—", "")
            for column in found.columns:
                combo.addItem(column, column)
            combo.setCurrentIndex(max(0, combo.findData(found.mapping.columns.get(field, ""))))
        self.all_rows.setText(found.mapping.defaults.get("venue", ""))
        self._on_kind()
        self.show()
        (self.go if self.go.isEnabled() else self.all_rows).setFocus(Qt.FocusReason.OtherFocusReason)

    def withdraw(self) -> None:
        """Ask no longer: something else is looked at."""
        self._found = None
        self.hide()

    def wanted(self) -> Recognition | None:
        """Return what was asked about, as it is answered now."""
        found = self._found
        if found is None:
            return None
        kind = MasterKind(self.kind.currentData())
        chosen = {field: str(combo.currentData() or "") for field, combo in self.fields.items()}
        columns = {field: column for field, column in found.mapping.columns.items() if field not in chosen}
        columns.update({field: column for field, column in chosen.items() if column})
        one = self.all_rows.text().strip()
        mapping = msgspec.structs.replace(found.mapping, columns=columns, defaults={"venue": one} if one else {})
        return (found if kind is found.kind else found.as_kind(kind)).with_mapping(mapping)

    def _on_kind(self) -> None:
        found, wanted = self._found, self.wanted()
        if found is None or wanted is None:
            return
        self._title.setText(f"{found.name}: taken for {KIND_NAMES[wanted.kind]}")
        self._reason.setText(f"{wanted.reason[:1].upper()}{wanted.reason[1:]}.")
        self._columns.setVisible(wanted.kind is MasterKind.OWN_CSV)
        self._judge()

    def _judge(self) -> None:
        wanted = self.wanted()
        problem = "" if wanted is None else wanted.problem
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        self.go.setEnabled(wanted is not None and not problem)

    def _on_go(self) -> None:
        wanted = self.wanted()
        if wanted is not None and not wanted.problem:
            self._found = None
            self.hide()
            self.confirmed.emit(wanted)

    def _on_stop(self) -> None:
        self._found = None
        self.hide()
        self.declined.emit()
