"""Asks for the passphrase of the vault, once per run: to open it, or to begin one."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from marketwatch.domain.secret import Secret
from marketwatch.qt.panels.painted import plain_label, set_text_role
from marketwatch.qt.theme import Theme
from marketwatch.storage.vault import SHORTEST_PASSPHRASE

_WIDTH = 440


class PassphraseDialog(QDialog):
    """`entered` carries the passphrase and whether it begins a new vault; `declined` means: memory for this run.

    After `entered` call `accept`, or `show_error` when it does not fit. Show it with `open()`.
    """

    entered = Signal(object, bool)
    declined = Signal()

    def __init__(self, theme: Theme, *, is_new: bool, reason: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._is_new = is_new
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(_WIDTH)
        self.title = plain_label(theme.fonts.text("lead", "semibold"), self)
        self.text = plain_label(theme.fonts.text("base"), self)
        self.error = plain_label(theme.fonts.text("base"), self, "error")
        self.first = self._field("Passphrase")
        self.second = self._field("Passphrase again")
        self.begin_anew = QPushButton("Begin a new vault", self)
        self.memory = QPushButton("Keep keys for this run only", self)
        self.go = QPushButton(self)
        self._place()
        self._show(reason)
        self.first.textChanged.connect(self._judge)
        self.second.textChanged.connect(self._judge)
        self.go.clicked.connect(self._on_go)
        self.memory.clicked.connect(self.reject)
        self.begin_anew.clicked.connect(self._on_anew)

    def _field(self, name: str) -> QLineEdit:
        field = QLineEdit(self)
        field.setEchoMode(QLineEdit.EchoMode.Password)
        field.setAccessibleName(name)
        field.setInputMethodHints(Qt.InputMethodHint.ImhHiddenText | Qt.InputMethodHint.ImhSensitiveData)
        return field

    def _place(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(8)
        self._labels = []
        for widget in (self.title, self.text, self.first, self.second):
            if isinstance(widget, QLineEdit):
                label = QLabel(widget.accessibleName(), self)
                label.setBuddy(widget)
                set_text_role(label, "text2")
                self._labels.append(label)
                column.addWidget(label)
            column.addWidget(widget)
        column.addWidget(self.error)
        column.addSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(8)
        for button, kind in ((self.begin_anew, "plain"), (self.memory, ""), (self.go, "primary")):
            button.setProperty("kind", kind)
            button.setAutoDefault(button is self.go)
            row.addWidget(button)
            if button is self.begin_anew:
                row.addStretch(1)
        column.addLayout(row)

    def _show(self, reason: str = "") -> None:
        why = f"{reason[:1].upper()}{reason[1:]}. " if reason else ""
        self.setWindowTitle("Vault of keys")
        if self._is_new:
            self.title.setText("Choose a passphrase for your keys")
            self.text.setText(
                f"{why}MarketWatch can keep keys in an encrypted file of its own. It asks for the passphrase once per"
                " start; nobody can recover it."
            )
        else:
            self.title.setText("Unlock your keys")
            self.text.setText(f"{why}Your keys are in MarketWatch's vault. Feeds that need them wait for this.")
        self.go.setText("Begin the vault" if self._is_new else "Unlock")
        self.second.setVisible(self._is_new)
        self._labels[1].setVisible(self._is_new)
        self.begin_anew.setVisible(not self._is_new)
        self.error.hide()
        self._judge()

    def show_error(self, text: str) -> None:
        """Say why the passphrase does not do; the dialog stays open."""
        self.error.setText(text)
        self.error.show()
        self.first.setEnabled(True)
        self.go.setEnabled(True)
        self.first.setFocus(Qt.FocusReason.OtherFocusReason)
        self.first.selectAll()

    def reject(self) -> None:
        """Close without a passphrase."""
        self._wipe()
        self.declined.emit()
        super().reject()

    def accept(self) -> None:
        """Close; the passphrase did."""
        self._wipe()
        super().accept()

    def _judge(self) -> None:
        text = self.first.text()
        problem = ""
        if self._is_new and text and len(text) < SHORTEST_PASSPHRASE:
            problem = f"At least {SHORTEST_PASSPHRASE} characters."
        elif self._is_new and self.second.text() and self.second.text() != text:
            problem = "The two differ."
        self.error.setText(problem)
        self.error.setVisible(bool(problem))
        is_repeated = not self._is_new or self.second.text() == text
        self.go.setEnabled(bool(text) and not problem and is_repeated)

    def _on_go(self) -> None:
        self.go.setEnabled(False)
        self.entered.emit(Secret(self.first.text()), self._is_new)

    def _on_anew(self) -> None:
        """Give the old vault up; it is set aside, not removed."""
        self._is_new = True
        self._wipe()
        self._show("The old vault is kept beside the new one, still locked")
        self.first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _wipe(self) -> None:
        self.first.clear()
        self.second.clear()
