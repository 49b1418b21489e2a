"""Settings > Network: which proxy everything goes through."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout, QWidget

from marketwatch.errors import ConfigurationError
from marketwatch.feeds.connection import SYSTEM_PROXY
from marketwatch.qt.dialogs.form_row import FormRow
from marketwatch.qt.dialogs.settings_page import SettingsPage
from marketwatch.qt.panels.painted import set_text_role
from marketwatch.qt.panels.segmented import SegmentedChoice
from marketwatch.qt.theme import Theme
from marketwatch.services.notices import in_sentences
from marketwatch.services.proxy_words import LOGIN_ADVICE, read_proxy, without_login
from marketwatch.storage.settings import NO_PROXY

_OWN = "own"
_CHOICES = ((SYSTEM_PROXY, "As the environment says"), (NO_PROXY, "No proxy"), (_OWN, "This one"))
_DIRECT = "Every server is reached directly, whatever the environment says."
_LONGEST = 280


class NetworkPage(SettingsPage):
    """Holds the draft of one preference; `chosen` carries it when it is saved: `system`, `none` or an address.

    `environment` says in words which proxy the environment names now.
    """

    chosen = Signal(str)

    def __init__(self, theme: Theme, proxy: str, environment: Callable[[], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._saved = proxy
        self._environment = environment
        self._problem = ""
        self.choice = SegmentedChoice(theme, "Proxy", self)
        self.choice.set_choices(_CHOICES)
        self.address = QLineEdit(self)
        self.address.setFont(theme.fonts.mono("base"))
        self.address.setMaxLength(_LONGEST)
        self.address.setPlaceholderText("proxy.example:3128")
        self.choice_row = FormRow(theme, "Proxy", (self.choice,), is_wide=False, parent=self)
        self.address_row = FormRow(theme, "Address", (self.address,), parent=self)
        self._place(theme)
        self.choice.chosen.connect(self._on_choice)
        self.address.textEdited.connect(self._on_address)
        self.discard()

    def _place(self, theme: Theme) -> None:
        title = QLabel("Network", self)
        title.setFont(theme.fonts.text("dialogTitle", "semibold"))
        note = QLabel(
            "Feeds, web requests and downloads all go this way. Servers on this computer are always reached directly.",
            self,
        )
        note.setWordWrap(True)
        note.setTextFormat(Qt.TextFormat.PlainText)
        set_text_role(note, "text3")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(10)
        for widget in (title, note, self.choice_row, self.address_row):
            column.addWidget(widget)
        column.addStretch(1)

    # --- what the dialog asks

    @property
    def has_changes(self) -> bool:
        return self._draft() != self._saved

    @property
    def problem(self) -> str:
        return self._problem

    @property
    def consequence(self) -> str:
        return "All feeds will reconnect once." if self.has_changes and not self._problem else ""

    def save(self) -> None:
        if self.has_changes and not self._problem:
            self._saved = self._draft()
            self._fill()
            self.chosen.emit(self._saved)

    def discard(self) -> None:
        self._fill()

    def begin(self) -> None:
        chosen = next(button for button in self.choice.buttons() if button.isChecked())
        chosen.setFocus(Qt.FocusReason.OtherFocusReason)

    # --- the draft

    def _fill(self) -> None:
        is_own = self._saved not in (SYSTEM_PROXY, NO_PROXY)
        self.choice.choose(_OWN if is_own else self._saved)
        self.address.setText(self._saved if is_own else "")
        self._judge()

    def _draft(self) -> str:
        """Return the choice as it would be saved; an address with something wrong as it was entered."""
        if self.choice.current != _OWN:
            return self.choice.current
        try:
            return read_proxy(self.address.text())
        except ConfigurationError:
            return self.address.text()

    def _on_choice(self, code: str) -> None:
        self._judge()
        if code == _OWN:
            self.address.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_address(self, text: str) -> None:
        clean = without_login(text)
        if clean != text:
            self.address.setText(clean)  # it forgets what could be undone, too
        self._judge(had_login=clean != text)

    def _judge(self, *, had_login: bool = False) -> None:
        is_own = self.choice.current == _OWN
        if self.choice.current == SYSTEM_PROXY:
            self.choice_row.set_hint(self._environment())
        else:
            self.choice_row.set_hint("" if is_own else _DIRECT)
        self.address_row.setVisible(is_own)
        self._problem = _problem_of(self.address.text()) if is_own else ""
        if had_login:
            self.address_row.set_warning(in_sentences("The login was taken out", LOGIN_ADVICE))
        else:
            self.address_row.set_error(self._problem if self.address.text() else "")
        self.changed.emit()


def _problem_of(text: str) -> str:
    if not text.strip():
        return "Enter the proxy’s address."
    try:
        read_proxy(text)
    except ConfigurationError as error:
        return in_sentences(f"{error.thing} cannot be used: {error.cause}", error.next_step)
    return ""
