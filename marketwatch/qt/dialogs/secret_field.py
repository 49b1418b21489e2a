"""A key in the settings: typed masked, never shown again, with the place where it is kept."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from marketwatch.domain.secret import Secret
from marketwatch.qt.panels.painted import set_text_role
from marketwatch.qt.theme import Theme
from marketwatch.storage.secrets import SecretView

DOTS = "•" * 16
"""What stands for a stored key, whatever its length."""
_LONGEST = 16_384


class SecretField(QWidget):
    """`changed` tells that something was typed or given up; `forget_requested` that the stored one shall go.

    What is typed leaves through `take_entered`, which also wipes the field.
    """

    changed = Signal()
    forget_requested = Signal()

    def __init__(self, theme: Theme, label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._label = label
        self._view = SecretView()
        self._offer = ""
        self._is_typing = False
        self.edit = QLineEdit(self)
        self.replace = self._button("Replace", f"Replace the {label}")
        self.forget = self._button("Forget", f"Forget the {label}", kind="plain")
        self.keep = self._button("Keep the stored one", f"Keep the stored {label}", kind="plain")
        self._inside = QLabel(self.edit)
        self._below = QLabel(self)
        self._place()
        self.edit.textEdited.connect(self._on_edited)
        self.replace.clicked.connect(self._begin)
        self.keep.clicked.connect(self.give_up)
        self.forget.clicked.connect(self.forget_requested)
        self.show_view(self._view)

    def _button(self, text: str, name: str, kind: str = "") -> QPushButton:
        button = QPushButton(text, self)
        button.setProperty("kind", kind)
        button.setAutoDefault(False)
        button.setAccessibleName(name)
        return button

    def _place(self) -> None:
        self.edit.setAccessibleName(self._label)
        self.edit.setMaxLength(_LONGEST)
        self.edit.setMinimumWidth(140)
        self.edit.setContextMenuPolicy(Qt.ContextMenuPolicy.DefaultContextMenu)
        self.edit.setInputMethodHints(
            Qt.InputMethodHint.ImhHiddenText
            | Qt.InputMethodHint.ImhSensitiveData
            | Qt.InputMethodHint.ImhNoPredictiveText
        )
        self.edit.installEventFilter(self)
        for label in (self._inside, self._below):
            label.setTextFormat(Qt.TextFormat.PlainText)
            set_text_role(label, "text3")
        self._inside.setFont(self._theme.fonts.text("base"))
        self._below.setFont(self._theme.fonts.text("small"))
        self._below.setWordWrap(True)
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self.edit, 1)
        for button in (self.replace, self.forget, self.keep):
            line.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(line)
        column.addWidget(self._below)

    # --- what is shown

    def show_view(self, view: SecretView, offer: str = "") -> None:
        """Say where the key is kept; `offer` says where one that is entered now would go."""
        self._view = view
        self._offer = offer or self._offer
        if not view.is_set or view.is_read_only:
            self._is_typing = self.has_entered
        self._dress()

    @property
    def has_entered(self) -> bool:
        """Whether something was typed that is not saved."""
        return self._is_typing and bool(self.edit.text().strip())

    @property
    def is_stored(self) -> bool:
        """Whether there is a key, and nothing else was typed in its place."""
        return self._view.is_set and not self.has_entered

    @property
    def has_key(self) -> bool:
        """Whether there will be a key after saving."""
        return self.has_entered or self._view.is_set

    def entered(self) -> Secret | None:
        """Return what was typed, for a test before saving; None when nothing was."""
        return Secret(self.edit.text().strip()) if self.has_entered else None

    def put_back(self, secret: Secret) -> None:
        """Show as typed what was typed before another feed was looked at."""
        self._is_typing = True
        self.edit.setText(secret.reveal())
        self._dress()

    def take_entered(self) -> Secret | None:
        """Return what was typed and wipe the field."""
        secret = self.entered()
        self.give_up()
        return secret

    def give_up(self) -> None:
        """Wipe what was typed and show the stored key again."""
        was_typing = self._is_typing
        self._is_typing = False
        self.edit.clear()
        self._dress()
        if was_typing:
            self.changed.emit()

    # --- inside

    def _begin(self) -> None:
        self._is_typing = True
        self._dress()
        self.edit.setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit()

    def _on_edited(self, text: str) -> None:
        self._is_typing = True
        self._dress()
        self.changed.emit()

    def _dress(self) -> None:
        view = self._view
        is_stored = view.is_set and not self._is_typing
        if is_stored:
            self.edit.setEchoMode(QLineEdit.EchoMode.Normal)
            self.edit.setText(DOTS)
        else:
            if self.edit.text() == DOTS:
                self.edit.clear()
            self.edit.setEchoMode(QLineEdit.EchoMode.Password)
        self.edit.setReadOnly(is_stored)
        self.edit.setAccessibleDescription(self._words())
        self.replace.setVisible(is_stored)
        self.forget.setVisible(is_stored and not view.is_read_only)
        self.keep.setVisible(self._is_typing and view.is_set)
        self._write()

    def _words(self) -> str:
        if self._view.is_set and not self._is_typing:
            return self._view.words
        if self.has_entered:
            return f"will be {self._offer}" if self._offer else ""
        return "none is set" if not self._view.is_set else ""

    def _write(self) -> None:
        words, trouble = self._words(), self._view.trouble
        self._inside.setText(words)
        self._inside.adjustSize()
        dots = self._theme.fonts.metrics(self.edit.font()).horizontalAdvance(DOTS)
        has_room = self._inside.width() + dots + 40 <= self.edit.width()
        self._inside.setVisible(bool(words) and has_room)
        self._inside.move(
            self.edit.width() - self._inside.width() - 9, (self.edit.height() - self._inside.height()) // 2
        )
        self.edit.setTextMargins(0, 0, self._inside.width() + 12 if has_room and words else 0, 0)
        below = [] if has_room or not words else [words]
        shown = trouble if trouble and not self.has_entered else ""
        text = ". ".join(part for part in (*below, shown) if part)
        set_text_role(self._below, "alert" if shown else "text3")
        self._below.setText(f"{text[:1].upper()}{text[1:]}" if text else "")
        self._below.setVisible(bool(text))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._write()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the size of the field; Esc gives up what was typed."""
        if event.type() == QEvent.Type.Resize:
            self._write()
        is_escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if is_escape and event.type() == QEvent.Type.KeyPress and self._is_typing and self.edit.text():
            self.give_up()
            return True
        return False
