"""Kite's daily login: opens the vendor's page, takes what it led to, and says how the exchange went."""

from __future__ import annotations

import re
from collections.abc import Callable

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from marketwatch.domain.secret import Secret
from marketwatch.qt.panels.painted import set_text_role
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role

_WIDTH = 480
_LONGEST = 4_096
_API_KEY = re.compile(r"(\bapi_key=)[^&#]*")
_DOTS = "••••••"


def open_in_browser(address: str) -> bool:
    """Open an address in the user's browser; tell whether that worked."""
    return QDesktopServices.openUrl(QUrl(address))


class KiteLoginDialog(QDialog):
    """`entered` carries what was pasted, as a Secret; after it call `show_done` or `show_error`. Show it with `show()`.

    `check` says what is wrong with a text, empty for nothing; `place` says where the token of the day will be kept.
    The API key in `address` is not shown, for screens are shared; it is opened and copied with it.
    """

    entered = Signal(object)

    def __init__(
        self,
        theme: Theme,
        *,
        name: str,
        address: str,
        check: Callable[[str], str],
        place: str,
        open_page: Callable[[str], bool] = open_in_browser,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._check = check
        self._open_page = open_page
        self._is_busy = False
        self.setWindowTitle(f"Sign in to {name}")
        self.setWindowModality(Qt.WindowModality.NonModal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(_WIDTH)
        self.page = QPushButton("Open login page", self)
        self.copy = QPushButton("Copy address", self)
        self._address = address
        self.address = QLineEdit(_API_KEY.sub(r"\1" + _DOTS, address), self)
        self.pasted = QLineEdit(self)
        self.words = self._label("", "text3")
        self.go = QPushButton("Sign in", self)
        self.cancel = QPushButton("Close", self)
        self._dress(place)
        self._place(name)
        self.page.clicked.connect(self._on_page)
        self.copy.clicked.connect(self._on_copy)
        self.pasted.textChanged.connect(self._judge)
        self.go.clicked.connect(self._on_go)
        self.cancel.clicked.connect(self.reject)
        self._judge()

    # --- building

    def _label(self, text: str, role: Role = "text2", *, is_title: bool = False) -> QLabel:
        label = QLabel(text, self)
        fonts = self._theme.fonts
        label.setFont(fonts.text("title", "semibold") if is_title else fonts.text("base"))
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        set_text_role(label, role)
        return label

    def _dress(self, place: str) -> None:
        self.address.setReadOnly(True)
        self.address.setCursorPosition(0)
        self.address.setFont(self._theme.fonts.mono("base"))
        self.address.setAccessibleName("Address of the login page")
        self.pasted.setEchoMode(QLineEdit.EchoMode.Password)
        self.pasted.setMaxLength(_LONGEST)
        self.pasted.setPlaceholderText("Address after the login, or the request token")
        self.pasted.setAccessibleName("Address after the login, or the request token")
        self.pasted.setInputMethodHints(Qt.InputMethodHint.ImhHiddenText | Qt.InputMethodHint.ImhSensitiveData)
        self._kept = self._label(f"The token of the day will be {place}; it ends in the morning.", "text3")
        for button, kind in ((self.page, ""), (self.copy, "plain"), (self.cancel, ""), (self.go, "primary")):
            button.setProperty("kind", kind)
            button.setAutoDefault(button is self.go)

    def _place(self, name: str) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(8)
        column.addWidget(self._label(f"1  Log in to {name} in your browser", "text1", is_title=True))
        column.addWidget(self.address)
        buttons = _row(self.page, self.copy)
        buttons.addStretch(1)
        column.addLayout(buttons)
        column.addSpacing(8)
        column.addWidget(self._label("2  Paste the address that the login leads to", "text1", is_title=True))
        column.addWidget(
            self._label(
                "Kite sends the browser to the address registered for your API key. Whether that page opens does not"
                " matter: copy its whole address from the browser."
            )
        )
        column.addWidget(self.pasted)
        column.addWidget(self.words)
        column.addWidget(self._kept)
        column.addSpacing(8)
        foot = _row(self.cancel, self.go)
        foot.insertStretch(0, 1)
        column.addLayout(foot)

    # --- how it went

    def show_error(self, text: str) -> None:
        """Say why it did not work; something else can be pasted."""
        self._is_busy = False
        self.pasted.clear()
        self._say(text, "error")
        self.pasted.setEnabled(True)
        self.pasted.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_done(self, text: str) -> None:
        """Say that the user is signed in."""
        self._is_busy = False
        self._kept.hide()
        self._say(text, "success")
        self.go.hide()
        self.pasted.setEnabled(False)
        self.cancel.setDefault(True)
        self.cancel.setFocus(Qt.FocusReason.OtherFocusReason)

    def reject(self) -> None:
        """Close; what was pasted is wiped."""
        self.pasted.clear()
        super().reject()

    # --- inside

    def _say(self, text: str, role: Role) -> None:
        set_text_role(self.words, role)
        self.words.setText(text)
        self.words.setVisible(bool(text))
        self.adjustSize()

    def _judge(self) -> None:
        """Say at once whether what was pasted can be used."""
        if self._is_busy:
            return
        text = self.pasted.text()
        problem = self._check(text) if text.strip() else ""
        self.go.setEnabled(bool(text.strip()) and not problem)
        found = "A request token was found." if text.strip() else ""
        self._say(problem or found, "error" if problem else "text3")

    def _on_page(self) -> None:
        if not self._open_page(self._address):
            self._say("No browser could be opened: copy the address and open it yourself.", "alert")
        self.pasted.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._address)
        self.pasted.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_go(self) -> None:
        secret = Secret(self.pasted.text())
        self._is_busy = True
        self.pasted.clear()
        self.pasted.setEnabled(False)
        self.go.setEnabled(False)
        self._say("Asking Kite for the token of the day…", "text3")
        self.entered.emit(secret)


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    for widget in widgets:
        row.addWidget(widget)
    return row
