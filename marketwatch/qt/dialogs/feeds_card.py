"""The left side of Settings > Feeds: the list of feeds, and below it what can be done with them."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QAction, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from marketwatch.qt.dialogs.feed_list import FeedListView
from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.feed_settings_model import FeedListModel
from marketwatch.qt.theme import Theme


class FeedsCard(QFrame):
    """Asks for everything by signals. `add_requested` carries the KindView, `move_requested` up or down."""

    add_requested = Signal(object)
    rename_requested = Signal()
    move_requested = Signal(int)
    remove_requested = Signal()
    undo_requested = Signal()

    def __init__(self, theme: Theme, icons: IconSet, model: FeedListModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.list = FeedListView(theme, model, self)
        self.add = QPushButton("Add feed", self)
        self.from_file = QPushButton("From mapping file", self)
        self.more = QToolButton(self)
        self._actions: dict[str, QAction] = {}
        self._build(icons, model)
        self._place()
        for mine, of_list in (
            (self.rename_requested, self.list.rename_requested),
            (self.move_requested, self.list.move_requested),
            (self.remove_requested, self.list.remove_requested),
            (self.undo_requested, self.list.undo_requested),
        ):
            of_list.connect(mine)

    def _build(self, icons: IconSet, model: FeedListModel) -> None:
        icons.keep(self.add, "plus", "text2", 16)
        icons.keep(self.from_file, "folder", "text2", 16)
        self.from_file.setVisible(any(kind.has_mapping for kind in model.kinds.values()))
        for button in (self.add, self.from_file):
            button.setProperty("kind", "plain")
            button.setAutoDefault(False)
        kinds = QMenu(self.add)
        for kind in model.kinds.values():
            words = f"{kind.label}, {kind.note}" if kind.note else kind.label
            kinds.addAction(words, partial(self.add_requested.emit, kind))
        self.add.setMenu(kinds)
        icons.keep(self.more, "dots", "text2", 16)
        self.more.setAccessibleName("More about this feed")
        self.more.setToolTip("Rename, move or remove this feed")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.more)
        entries = (
            ("Rename", "F2", self.rename_requested.emit),
            ("Move up", "Alt+Up", partial(self.move_requested.emit, -1)),
            ("Move down", "Alt+Down", partial(self.move_requested.emit, 1)),
            ("Remove", "Del", self.remove_requested.emit),
            ("Undo remove", "Ctrl+Z", self.undo_requested.emit),
        )
        for text, keys, ask in entries:
            # The list itself handles the keys: they must not work while somebody types into the form.
            shown = QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
            self._actions[text] = menu.addAction(f"{text}\t{shown}", ask)
        self.more.setMenu(menu)
        self.offer(has_feed=False, can_undo=False)

    def _place(self) -> None:
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(1, 1, 1, 1)
        inside.setSpacing(0)
        inside.addWidget(self.list)
        foot = QHBoxLayout()
        foot.setContentsMargins(8, 8, 8, 8)
        foot.addWidget(self.add)
        foot.addWidget(self.from_file)
        foot.addStretch(1)
        foot.addWidget(self.more)
        inside.addLayout(foot)

    def offer(self, *, has_feed: bool, can_undo: bool) -> None:
        """Offer what can be done now."""
        for text, action in self._actions.items():
            action.setEnabled(can_undo if text == "Undo remove" else has_feed)
        self.more.setEnabled(has_feed or can_undo)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(self._theme.pen("line"))
            painter.setBrush(self._theme.brush("panel"))
            radius = self._theme.radius("card")
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
