"""Settings > Feeds: the list of feeds at the left, the chosen one at the right. Saves nothing itself."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QScrollArea, QVBoxLayout, QWidget

from marketwatch.domain.feed_config import LONGEST_NAME, FeedConfig, free_name, needs_new_connection, new_feed_id
from marketwatch.domain.ids import FeedId
from marketwatch.domain.secret import Secret
from marketwatch.qt.dialogs.connection_test_panel import ConnectionTestPanel
from marketwatch.qt.dialogs.feed_facts import FeedFactsPanel
from marketwatch.qt.dialogs.feed_form import FeedForm
from marketwatch.qt.dialogs.feed_list import ROW, WIDTH
from marketwatch.qt.dialogs.feeds_card import FeedsCard
from marketwatch.qt.dialogs.settings_page import SettingsPage
from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.feed_drafts import draft_problem
from marketwatch.qt.models.feed_settings_model import FeedListModel, FeedStateView, MeterView, ProblemView, SignInView
from marketwatch.qt.models.kind_views import KindView
from marketwatch.qt.panels.empty_message import EmptyMessage
from marketwatch.qt.theme import Theme
from marketwatch.services.connection_findings import TestReport
from marketwatch.storage.secrets import SecretView

_NARROW = 860
_ROWS_WHEN_NARROW = 3


class FeedsPage(SettingsPage):
    """`config_changed` carries all feeds in order as a tuple, when the user saves. `secret_entered` carries feed id,
    field and Secret, also when the user saves; `forget_requested` feed id and field at once; `test_requested` the
    draft and a dict of field to typed Secret, with nothing saved. `sign_in_requested` carries feed id,
    `mapping_requested` the draft; `mapping_file_requested` asks for a feed by a file.
    """

    config_changed = Signal(object)
    secret_entered = Signal(str, str, object)
    forget_requested = Signal(str, str)
    test_requested = Signal(object, object)
    mapping_requested = Signal(object)
    mapping_file_requested = Signal()
    sign_in_requested = Signal(str)

    def __init__(self, theme: Theme, icons: IconSet, kinds: Sequence[KindView], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icons = icons
        self._saved: tuple[FeedConfig, ...] = ()
        self._secrets: dict[tuple[str, str], SecretView] = {}
        self._sign_ins: dict[FeedId, SignInView] = {}
        self._reports: dict[FeedId, tuple[TestReport, str]] = {}
        self._edited_while_tested: set[FeedId] = set()
        self._facts: dict[FeedId, tuple[Sequence[MeterView], str]] = {}
        self._problems: dict[FeedId, Sequence[ProblemView]] = {}
        self._offer = ""
        self._typed: dict[tuple[str, str], Secret] = {}
        self.model = FeedListModel(kinds, self)
        self._removed: list[tuple[int, FeedConfig, dict[str, Secret]]] = []
        self.card = FeedsCard(theme, icons, self.model, self)
        self.list = self.card.list
        self.form = FeedForm(theme, self)
        self.test = ConnectionTestPanel(theme, icons, self)
        self.facts = FeedFactsPanel(theme, self)
        self.empty = EmptyMessage(theme, icons, self)
        self._place()
        self._connect()
        self._show_current()

    # --- building

    def _place(self) -> None:
        self._area = QScrollArea(self)
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        detail = self._detail()
        self._area.setWidget(detail)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        for ground in (self._area.viewport(), detail):
            ground.setAutoFillBackground(False)  # the dialog's own ground shows
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(16, 16, 6, 0)
        self._layout.setSpacing(20)
        self._layout.addWidget(self.card, 0, Qt.AlignmentFlag.AlignTop)
        self._layout.addWidget(self._area, 1)
        self._layout.addWidget(self.empty, 1)
        self.empty.button_clicked.connect(lambda position: self._undo() if position else self.card.add.showMenu())

    def _detail(self) -> QWidget:
        detail = QWidget(self)
        column = QVBoxLayout(detail)
        column.setContentsMargins(0, 0, 10, 16)
        column.setSpacing(16)
        column.addWidget(self.form)
        column.addWidget(self.test)
        column.addWidget(self.facts)
        column.addStretch(1)
        return detail

    def _connect(self) -> None:
        self.list.feed_chosen.connect(lambda _: self._on_chosen())
        self.card.add_requested.connect(self._add)
        self.card.rename_requested.connect(self._rename)
        self.card.remove_requested.connect(self._remove)
        self.card.move_requested.connect(self._move)
        self.card.undo_requested.connect(self._undo)
        self.form.edited.connect(self._on_edited)
        self.form.secret_edited.connect(self._on_secret_edited)
        self.form.forget_requested.connect(self._on_forget)
        self.card.from_file.clicked.connect(self.mapping_file_requested)
        self.form.mapping_requested.connect(lambda: self.mapping_requested.emit(self.form.config))
        self.form.sign_in_requested.connect(self._on_sign_in)
        self.test.test_requested.connect(self._on_test)
        self.model.dataChanged.connect(lambda *_: self._on_data_changed())

    # --- what the page is told

    def set_feeds(self, feeds: Sequence[FeedConfig]) -> None:
        """Show what is saved; drafts are given up."""
        chosen = self.current_id
        self._saved = tuple(feeds)
        self._typed.clear()
        self._removed.clear()
        self.model.reset(feeds)
        self._choose(max(0, self.model.row_of(chosen)) if chosen is not None else 0)
        self.changed.emit()

    def set_state(self, feed_id: FeedId, state: FeedStateView) -> None:
        """Say how a running feed is doing."""
        self.model.set_state(feed_id, state)

    def set_secret(self, feed_id: FeedId, field: str, view: SecretView) -> None:
        """Say where a key is kept."""
        self._secrets[feed_id, field] = view
        if feed_id == self.current_id:
            self._show_secrets()

    def set_sign_in(self, feed_id: FeedId, view: SignInView) -> None:
        """Say whether the user is signed in for today, for a feed that wants it."""
        self._sign_ins[feed_id] = view
        if feed_id == self.current_id:
            self.form.show_sign_in(view)

    def show_feed(self, feed_id: FeedId) -> None:
        """Choose a feed in the list."""
        row = self.model.row_of(feed_id)
        if row >= 0:
            self._choose(row)

    def set_mapping(self, feed_id: FeedId, name: str) -> None:
        """Let a draft follow a mapping that was made for it."""
        row = self.model.row_of(feed_id)
        if row >= 0:
            self.model.replace(row, msgspec.structs.replace(self.model.feeds[row], mapping=name))

    def set_offer(self, words: str) -> None:
        """Say where a key entered now would go: `stored in the system keychain`."""
        self._offer = words
        self._show_secrets()

    def show_report(self, feed_id: FeedId, report: TestReport, when: str) -> None:
        """Show the result of a test, or its steps so far; what was changed meanwhile is not what was tested."""
        self._reports[feed_id] = (report, when)
        if report.finding is not None and feed_id in self._edited_while_tested:
            self._reports.pop(feed_id)
            self._edited_while_tested.discard(feed_id)
        if feed_id == self.current_id:
            self._show_result(feed_id)

    def set_limits(self, feed_id: FeedId, limits: Sequence[MeterView], since: str = "") -> None:
        """Show what is used of what the vendor allows; `since` says of which key and time."""
        self._facts[feed_id] = (limits, since)
        if feed_id == self.current_id:
            self.facts.show_limits(limits, since)

    def set_problems(self, feed_id: FeedId, problems: Sequence[ProblemView]) -> None:
        """Show the last problems, newest first."""
        self._problems[feed_id] = problems
        if feed_id == self.current_id:
            self.facts.show_problems(problems)

    # --- what the dialog asks

    @property
    def current_id(self) -> FeedId | None:
        """The feed that is chosen."""
        row = self.list.currentIndex().row()
        return self.model.feeds[row].id if 0 <= row < len(self.model.feeds) else None

    @property
    def has_changes(self) -> bool:
        return tuple(self.model.feeds) != self._saved or bool(self._typed)

    @property
    def problem(self) -> str:
        current = self.current_id
        if current is None:
            return ""
        found = next(iter(self.form.problems()), "")
        return found or next(filter(None, (self._problem_of(one) for one in self.model.feeds if one.id != current)), "")

    def _problem_of(self, config: FeedConfig) -> str:
        """Return what is wrong with a draft that is not shown, with its name."""
        kind = self.model.kinds.get(config.kind)
        if kind is None:
            return ""
        words = draft_problem(config, kind, self.model.feeds, has_key=self._has_key(config.id))
        return f"{config.name}: {words}" if words else ""

    def _has_key(self, feed_id: FeedId) -> bool:
        """Tell whether a feed will have a key, or a part of one, after saving."""
        stored = any(view.is_set for (owner, _), view in self._secrets.items() if owner == feed_id)
        return stored or any(owner == feed_id for owner, _ in self._typed)

    @property
    def loss(self) -> str:
        saved = {config.id for config in self._saved}
        removed = [config for _, config, _ in self._removed if config.id in saved]
        names = " and ".join(config.name for config in removed) if len(removed) < 3 else f"{len(removed)} feeds"
        has_key = any(self._has_key(config.id) for config in removed)
        return "" if not removed else f"{names} will be removed{', and the key forgotten' if has_key else ''}."

    @property
    def consequence(self) -> str:
        before = {config.id: config for config in self._saved}
        typed = {feed_id for feed_id, _ in self._typed}
        names = [
            config.name
            for config in self.model.feeds
            if config.enabled
            and config.id in before
            and (config.id in typed or needs_new_connection(before[config.id], config))
        ]
        if not names:
            return ""
        return f"{' and '.join(names) if len(names) < 3 else f'{len(names)} feeds'} will reconnect once."

    def save(self) -> None:
        """Tell of the keys that were typed, then of all feeds."""
        typed, self._typed = self._typed, {}
        self._removed.clear()
        for field in self.form.secrets.values():
            field.take_entered()
        known = {config.id for config in self.model.feeds}
        for (feed_id, code), secret in typed.items():
            if feed_id in known:
                self.secret_entered.emit(feed_id, code, secret)
        if tuple(self.model.feeds) != self._saved:
            self._saved = tuple(self.model.feeds)
            self.config_changed.emit(self._saved)
        self.changed.emit()

    def discard(self) -> None:
        for field in self.form.secrets.values():
            field.take_entered()
        self.set_feeds(self._saved)

    def begin(self) -> None:
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    # --- the list

    def _choose(self, row: int) -> None:
        if self.model.feeds:
            self.list.setCurrentIndex(self.model.index(min(row, len(self.model.feeds) - 1)))
        self._show_current()
        self._fit()

    def add_mapped(self, name: str, mapping: str) -> None:
        """Add a feed that follows a mapping."""
        kind = next(kind for kind in self.model.kinds.values() if kind.has_mapping)
        taken = [config.name for config in self.model.feeds]
        self._add(kind, name=free_name(" ".join(name.split())[:LONGEST_NAME] or kind.label, taken), mapping=mapping)

    def _add(self, kind: KindView, **facts: str) -> None:
        removed = [config for _, config, _ in self._removed]
        taken = [config.id for config in (*self.model.feeds, *self._saved, *removed)]
        config = FeedConfig(
            id=new_feed_id(kind.kind, taken),
            kind=kind.kind,
            name=free_name(kind.label, [config.name for config in self.model.feeds]),
            variant=kind.variants[0].name if kind.variants else "own",
        )
        self._choose(self.model.append(msgspec.structs.replace(config, **facts)))
        self.changed.emit()
        fields = list(self.form.secrets.values())
        (fields[0].edit if fields else self.form.address).setFocus(Qt.FocusReason.OtherFocusReason)

    def _rename(self) -> None:
        if self.current_id is not None:
            self.form.name.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.form.name.selectAll()

    def _move(self, steps: int) -> None:
        row = self.list.currentIndex().row()
        if row >= 0:
            self.list.setCurrentIndex(self.model.index(self.model.move(row, steps)))
            self.changed.emit()

    def _remove(self) -> None:
        row = self.list.currentIndex().row()
        if row < 0:
            return
        removed = self.model.feeds[row]
        typed = {code: secret for (feed_id, code), secret in self._typed.items() if feed_id == removed.id}
        self._removed.append((row, removed, typed))
        self._typed = {key: secret for key, secret in self._typed.items() if key[0] != removed.id}
        self.model.remove(row)
        self._choose(row)
        self.changed.emit()

    def _undo(self) -> None:
        """Bring back the feed that was removed last, with what was typed for it."""
        if not self._removed:
            return
        row, config, typed = self._removed.pop()
        self._typed |= {(config.id, code): secret for code, secret in typed.items()}
        end = self.model.append(config)
        self._choose(self.model.move(end, row - end))
        self.changed.emit()

    # --- the form

    def _show_current(self) -> None:
        row = self.list.currentIndex().row()
        config = self.model.feeds[row] if 0 <= row < len(self.model.feeds) else None
        self._area.setVisible(config is not None)
        self.empty.setVisible(config is None)
        self.card.offer(has_feed=config is not None, can_undo=bool(self._removed))
        if config is None:
            self._show_empty()
            return
        kind = self.model.kinds.get(config.kind) or KindView(
            kind=config.kind, label=config.kind, note="this version does not know this kind of feed"
        )
        is_other = self.form.config is None or self.form.config.id != config.id
        self.form.show_feed(config, kind, self.model.feeds)
        self._show_secrets()
        self.form.show_sign_in(self._sign_ins.get(config.id))
        if is_other:
            self._show_typed(config.id)
            self._show_rest(config.id)

    def _show_empty(self) -> None:
        buttons = ("Add feed", "Undo remove") if self._removed else ("Add feed",)
        words = "Add one and enter its key, or leave this be: the simulated market needs none."
        self.empty.show_message("plug", "No feed left" if self._removed else "No feed yet", words, buttons)

    def _show_rest(self, feed_id: FeedId) -> None:
        self._show_result(feed_id)
        self.facts.show_limits(*self._facts.get(feed_id, ((), "")))
        self.facts.show_problems(self._problems.get(feed_id, ()))
        self._area.verticalScrollBar().setValue(0)

    def _show_result(self, feed_id: FeedId) -> None:
        known = self._reports.get(feed_id)
        if known is None:
            self.test.show_nothing()
        else:
            self.test.show_report(*known)

    def _drop_result(self, feed_id: FeedId) -> None:
        """Take away the result of a test of what is written otherwise now."""
        known = self._reports.get(feed_id)
        if known is None:
            return
        if known[0].finding is None:
            self._edited_while_tested.add(feed_id)
            return
        self._reports.pop(feed_id)
        if feed_id == self.current_id:
            self._show_result(feed_id)

    def _show_secrets(self) -> None:
        feed_id = self.current_id
        if feed_id is not None:
            for code in self.form.secrets:
                self.form.show_secret(code, self._secrets.get((feed_id, code), SecretView()), self._offer)

    def _show_typed(self, feed_id: FeedId) -> None:
        """Put a key that was typed before another feed was looked at back into its field."""
        for code, field in self.form.secrets.items():
            secret = self._typed.get((feed_id, code))
            if secret is not None:
                field.put_back(secret)

    def _on_chosen(self) -> None:
        self._show_current()
        self.changed.emit()  # what is wrong is said with the name of the feed, unless it is the one that is shown

    def _on_edited(self, config: FeedConfig) -> None:
        row = self.model.row_of(config.id)
        if row >= 0 and self.model.feeds[row] != config:
            if _is_tested_otherwise(self.model.feeds[row], config):
                self._drop_result(config.id)
            self.model.replace(row, config)
        self.changed.emit()

    def _on_data_changed(self) -> None:
        row = self.list.currentIndex().row()
        if 0 <= row < len(self.model.feeds) and self.form.config != self.model.feeds[row]:
            self._show_current()
        self.changed.emit()

    def _on_secret_edited(self) -> None:
        feed_id = self.current_id
        if feed_id is None:
            return
        for code, field in self.form.secrets.items():
            secret = field.entered()
            if secret is not None:
                self._typed[feed_id, code] = secret
            else:
                self._typed.pop((feed_id, code), None)
        self._drop_result(feed_id)
        self.changed.emit()

    def _on_forget(self, code: str) -> None:
        if self.current_id is not None:
            self.forget_requested.emit(self.current_id, code)

    def _on_sign_in(self) -> None:
        if self.current_id is not None:
            self.sign_in_requested.emit(self.current_id)

    def _on_test(self) -> None:
        config = self.form.config
        if config is not None:
            typed = {code: secret for (feed_id, code), secret in self._typed.items() if feed_id == config.id}
            self.test_requested.emit(config, typed)

    # --- sizes

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Put the list above the form where there is no room beside it."""
        is_narrow = self.width() < _NARROW
        rows = max(1, len(self.model.feeds))
        direction = QBoxLayout.Direction.TopToBottom if is_narrow else QBoxLayout.Direction.LeftToRight
        self._layout.setDirection(direction)
        self._layout.setSpacing(12 if is_narrow else 20)
        self._layout.setAlignment(self.card, Qt.AlignmentFlag(0) if is_narrow else Qt.AlignmentFlag.AlignTop)
        self.card.setMinimumWidth(0 if is_narrow else WIDTH)
        self.card.setMaximumWidth(16_777_215 if is_narrow else WIDTH)
        shown = min(rows, _ROWS_WHEN_NARROW if is_narrow else max(2, (self.height() - 80) // ROW))
        if is_narrow:
            shown = min(shown, max(1, (self.height() - 380) // ROW))
        self.list.setFixedHeight(shown * ROW)


def _is_tested_otherwise(before: FeedConfig, after: FeedConfig) -> bool:
    """Tell whether a test of one says nothing of the other: a name or a switch changes nothing of a test."""
    return msgspec.structs.replace(before, name=after.name, enabled=after.enabled) != after
