"""The settings of one feed: name, delayed or real time, address, keys, channels, sessions, reconnecting."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from marketwatch.domain.feed_config import LONGEST_NAME, OWN_ADDRESS, BarOptions, FeedConfig, ReconnectPolicy
from marketwatch.errors import ConfigurationError
from marketwatch.qt.dialogs.bar_fields import BarFields
from marketwatch.qt.dialogs.flow_layout import FlowLayout
from marketwatch.qt.dialogs.form_row import FormRow
from marketwatch.qt.dialogs.secret_field import SecretField
from marketwatch.qt.dialogs.session_fields import SessionFields
from marketwatch.qt.dialogs.sign_in_field import SignInField
from marketwatch.qt.models.feed_drafts import address_problem, name_problem
from marketwatch.qt.models.feed_settings_model import SignInView
from marketwatch.qt.models.kind_views import KindView
from marketwatch.qt.panels.painted import set_text_role
from marketwatch.qt.panels.segmented import SegmentedChoice
from marketwatch.qt.panels.switch import Switch
from marketwatch.qt.theme import Theme
from marketwatch.storage.secrets import SecretView

_OWN = (OWN_ADDRESS, "Own address")
_ANY_DIALECT = "Found out from the server"
_POLICIES = (
    (ReconnectPolicy.FOREVER, "For ever", ""),  # each kind has its own waits
    (
        ReconnectPolicy.FIVE_ATTEMPTS,
        "Five attempts",
        "waits 1 s at first, then longer, up to 30 s, then stops",
    ),
)


class FeedForm(QWidget):
    """Shows one draft and tells every change of it. `edited` carries the new FeedConfig."""

    edited = Signal(object)
    secret_edited = Signal()
    forget_requested = Signal(str)
    mapping_requested = Signal()
    sign_in_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._config: FeedConfig | None = None
        self._kind: KindView | None = None
        self._others: Sequence[FeedConfig] = ()
        self.title = QLabel(self)
        self.note = QLabel(self)
        self.enabled = Switch(theme, "Enabled", self)
        self.name = QLineEdit(self)
        self.variants = SegmentedChoice(theme, "Feed", self)
        self.address = QLineEdit(self)
        self.default = QPushButton("Default", self)
        self.map = QPushButton("Map fields…", self)
        self.dialect = QComboBox(self)
        self.reconnect = QComboBox(self)
        self.sign_in = SignInField(theme, self)
        self.bars = BarFields(theme, self)
        self.sessions = SessionFields(theme, self)
        self.secrets: dict[str, SecretField] = {}
        self.channels: dict[str, QCheckBox] = {}
        self._secret_lines: list[FormRow] = []
        self._column = QVBoxLayout(self)
        self._secret_rows = QVBoxLayout()
        self._channel_box = QWidget(self)
        self._channel_flow = FlowLayout(self._channel_box, 16, 8)
        self._rows: dict[str, FormRow] = {}
        self._place()
        self._connect()

    # --- building

    def _place(self) -> None:
        self.title.setFont(self._theme.fonts.text("dialogTitle", "semibold"))
        for label in (self.title, self.note):
            label.setTextFormat(Qt.TextFormat.PlainText)
        set_text_role(self.note, "text3")
        on = QLabel("Enabled", self)
        set_text_role(on, "text2")
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self.title)
        head.addWidget(self.note, 1)
        head.addWidget(on)
        head.addWidget(self.enabled)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(10)
        self._column.addLayout(head)
        self._add_row("name", "Name", self.name)
        self._add_row("feed", "Feed", self.variants, is_wide=False)
        self._add_row("address", "Address", self.address, self.default)
        self._add_row("dialect", "Dialect", self.dialect, is_wide=False)
        self._add_row("mapping", "Fields", self.map, is_wide=False)
        self._secret_rows.setSpacing(10)
        self._column.addLayout(self._secret_rows)
        self._add_row("sign_in", "Daily login", self.sign_in)
        self._add_row("channels", "Channels", self._channel_box)
        self._column.addWidget(self.bars)
        self._column.addWidget(self.sessions)
        self._add_row("reconnect", "Reconnect", self.reconnect, is_wide=False)
        self.name.setMaxLength(LONGEST_NAME)
        self.address.setFont(self._theme.fonts.mono("base"))
        self.default.setProperty("kind", "plain")
        for button in (self.default, self.map):
            button.setAutoDefault(False)
        self.default.setAccessibleName("Use the default address")
        for policy, words, _ in _POLICIES:
            self.reconnect.addItem(words, policy.value)

    def _add_row(self, code: str, label: str, *widgets: QWidget, is_wide: bool = True) -> FormRow:
        row = FormRow(self._theme, label, widgets, is_wide=is_wide, parent=self)
        self._rows[code] = row
        self._column.addWidget(row)
        return row

    def _connect(self) -> None:
        self.enabled.clicked.connect(lambda: self._change(enabled=self.enabled.isChecked()))
        self.name.textEdited.connect(self._on_name)
        self.variants.chosen.connect(self._on_variant)
        self.address.textEdited.connect(self._on_address)
        self.default.clicked.connect(self._on_default)
        self.dialect.activated.connect(lambda _: self._change(dialect=self.dialect.currentData()))
        self.map.clicked.connect(self.mapping_requested)
        self.sign_in.requested.connect(self.sign_in_requested)
        self.bars.edited.connect(self._on_bars)
        self.sessions.edited.connect(self._on_sessions)
        self.reconnect.activated.connect(
            lambda: self._change(reconnect=ReconnectPolicy(str(self.reconnect.currentData())))
        )

    # --- what is shown

    @property
    def config(self) -> FeedConfig | None:
        """The draft that is shown."""
        return self._config

    def show_feed(self, config: FeedConfig, kind: KindView, others: Sequence[FeedConfig] = ()) -> None:
        """Show a draft; the fields of its kind are built again when the kind is another. `others` have names too."""
        self._others = others
        if self._kind is None or self._kind.kind != kind.kind or self._config is None or self._config.id != config.id:
            self._build_for(kind)
        self._kind = kind
        self._fill(config)

    def _build_for(self, kind: KindView) -> None:
        for old in self._secret_lines:
            self._secret_rows.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._secret_lines.clear()
        self.secrets.clear()
        for code, label in kind.secrets:
            field = SecretField(self._theme, label, self)
            field.changed.connect(self._on_secret)
            field.forget_requested.connect(lambda code=code: self.forget_requested.emit(code))
            self.secrets[code] = field
            line = FormRow(self._theme, label, (field,), buddy=field.edit, parent=self)
            self._secret_lines.append(line)
            self._secret_rows.addWidget(line)
        self._channel_flow.clear()
        self.channels = {code: QCheckBox(label, self._channel_box) for code, label in kind.channels}
        for code, box in self.channels.items():
            box.setAccessibleName(f"Channel {box.text()}")
            box.clicked.connect(self._on_channel)
            self._channel_flow.addWidget(box)
            box.setVisible(True)
            box.setProperty("code", code)
        self._rows["channels"].setVisible(bool(self.channels))
        self._rows["sign_in"].setVisible(kind.has_sign_in)
        self.bars.setVisible(kind.has_bars)
        self.sessions.build_for(kind)
        self.variants.set_choices([*((one.name, one.label) for one in kind.variants), _OWN])
        self._rows["feed"].setVisible(bool(kind.variants))
        self.dialect.clear()
        for code, label in (("", _ANY_DIALECT), *kind.dialects):
            self.dialect.addItem(label, code)
        self._rows["mapping"].setVisible(kind.has_mapping)
        self.default.setVisible(bool(kind.variants))
        self._set_tab_order()

    def _set_tab_order(self) -> None:
        fields: list[QWidget] = [self.enabled, self.name, *self.variants.buttons(), self.address, self.default]
        fields += [self.dialect, self.map]
        for secret in self.secrets.values():
            fields += [secret.edit, secret.replace, secret.forget, secret.keep]
        fields += [self.sign_in.button, *self.channels.values(), *self.bars.fields()]
        fields += [*self.sessions.fields(), self.reconnect]
        for first, second in itertools.pairwise(fields):
            QWidget.setTabOrder(first, second)

    def _fill(self, config: FeedConfig) -> None:
        kind = self._kind
        assert kind is not None  # noqa: S101 - for mypy: `show_feed` has set it
        self._config = config
        self.title.setText(config.name)
        self.note.setText(kind.note if config.name == kind.label else f"{kind.label}, {kind.note}".rstrip(", "))
        self.enabled.setChecked(config.enabled)
        _set_text(self.name, config.name)
        self._rows["name"].set_error(name_problem(config, self._others))
        self.variants.choose(config.variant)
        variant = kind.variant(config.variant)
        _set_text(self.address, config.own_address if variant is None else variant.address)
        self._rows["feed"].set_hint("" if variant is None else variant.hint)
        self.default.setEnabled(bool(kind.variants) and variant is None)
        self._rows["dialect"].setVisible(bool(kind.dialects) and variant is None)
        self.dialect.setCurrentIndex(max(0, self.dialect.findData(config.dialect)))
        guessed = "Not mapped yet: what they mean is guessed from the first message."
        self._rows["mapping"].set_hint(f"As the mapping “{config.mapping}” says." if config.mapping else guessed)
        chosen = config.channels or kind.default_channels
        for code, box in self.channels.items():
            box.setChecked(code in chosen)
        self._rows["channels"].set_error("")
        self.bars.show_options(config.bars)
        self.sessions.show_config(config)
        position = [policy for policy, *_ in _POLICIES].index(config.reconnect)
        self.reconnect.setCurrentIndex(position)
        self._rows["reconnect"].set_hint(_POLICIES[position][2] or kind.retries)
        self._judge()

    def show_secret(self, code: str, view: SecretView, offer: str) -> None:
        """Say where a key is kept, and where one entered now would go."""
        if code in self.secrets:
            self.secrets[code].show_view(view, offer)
            self._judge()

    def show_sign_in(self, view: SignInView | None) -> None:
        """Say whether the user is signed in for today; None while nothing was saved."""
        self.sign_in.show_view(view)
        self._judge()

    def problems(self) -> Sequence[str]:
        """Return why this draft cannot be saved, empty when it can."""
        found = [row.error for row in self._rows.values() if row.error and not row.isHidden()]
        return [*found, *([] if self.bars.isHidden() else self.bars.problems()), *self.sessions.problems()]

    # --- changes

    def _change(self, **changes: object) -> None:
        if self._config is None:
            return
        config = msgspec.structs.replace(self._config, **changes)
        self._fill(config)
        self.edited.emit(config)

    def _on_name(self, text: str) -> None:
        if self._config is None:
            return
        try:
            config = self._config.renamed(text)
        except ConfigurationError as error:
            self._rows["name"].set_error(f"{error.cause[:1].upper()}{error.cause[1:]}.")
            self.edited.emit(self._config)
            return
        self._change(name=config.name)

    def _on_variant(self, code: str) -> None:
        typed = self.address.text() if code == OWN_ADDRESS and self._config is not None else None
        own = self._config.own_address if self._config is not None else ""
        self._change(variant=code, own_address=own or typed or "")
        if code == OWN_ADDRESS:
            self.address.setFocus(Qt.FocusReason.OtherFocusReason)
            self.address.selectAll()

    def _on_address(self, text: str) -> None:
        clean = text.strip()
        known = next((one for one in self._kind.variants if one.address == clean), None) if self._kind else None
        if known is not None:
            self._change(variant=known.name)
        else:
            self._change(variant=OWN_ADDRESS, own_address=clean)

    def _on_default(self) -> None:
        if self._kind is not None and self._kind.variants:
            self._change(variant=self._kind.variants[0].name)
            self.address.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_channel(self) -> None:
        chosen = tuple(code for code, box in self.channels.items() if box.isChecked())
        if chosen:
            self._rows["channels"].set_error("")
            self._change(channels=chosen)
        elif self._config is not None:
            self._rows["channels"].set_error("Choose at least one channel.")
            self.edited.emit(self._config)

    def _on_bars(self, options: BarOptions) -> None:
        if self._config is None:
            return
        if options != self._config.bars:
            self._change(bars=options)
        else:  # what cannot be used stays as it is typed
            self.edited.emit(self._config)

    def _on_sessions(self, changes: dict[str, object]) -> None:
        if changes:
            self._change(**changes)
        elif self._config is not None:
            self.edited.emit(self._config)

    def _on_secret(self) -> None:
        self._judge()
        self.secret_edited.emit()

    def _judge(self) -> None:
        """Say what is wrong with the address; a warning does not keep from saving."""
        config, kind = self._config, self._kind
        if config is None or kind is None:
            return
        can_sign_in = all(field.is_stored for field in self.secrets.values())
        self.sign_in.allow(is_allowed=can_sign_in)
        self._rows["sign_in"].set_hint("" if can_sign_in else "Save the API key and the API secret first.")
        has_key = any(field.has_key for field in self.secrets.values())
        words, is_warning = address_problem(config, kind, has_key=has_key)
        row = self._rows["address"]
        (row.set_warning if is_warning else row.set_error)(words)


def _set_text(field: QLineEdit, text: str) -> None:
    """Leave the cursor alone where somebody is typing just this."""
    if field.text() != text and not (field.hasFocus() and field.text().strip() == text):
        field.setText(text)
