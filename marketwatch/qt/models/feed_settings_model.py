"""The feeds of the settings as a list model, and the plain values that the page is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from marketwatch.domain.feed_config import FeedConfig
from marketwatch.domain.ids import FeedId
from marketwatch.qt.models.feed_drafts import endpoint_words, place_words
from marketwatch.qt.models.kind_views import KindView
from marketwatch.qt.panels.feed_pill import PillShape
from marketwatch.qt.theme_tokens import Role

CONFIG_ROLE = int(Qt.ItemDataRole.UserRole) + 1
STATE_ROLE = CONFIG_ROLE + 1
NOTES_ROLE = CONFIG_ROLE + 2
"""The second line of a row, and what is left of it where there is less and less room."""
_Index = QModelIndex | QPersistentModelIndex


class SignInView(msgspec.Struct, frozen=True):
    """Whether the user is signed in for today, in words."""

    words: str
    is_signed_in: bool = False


class FeedStateView(msgspec.Struct, frozen=True):
    """How a feed is doing: shape and word, its colour, a tag such as `D15`, and `13 instruments`."""

    shape: PillShape
    words: str
    role: Role = "text3"
    tag: str = ""
    count: str = ""


class MeterView(msgspec.Struct, frozen=True):
    """A limit: how much of it is used, and what happens beyond. `allowed` None: no limit known."""

    label: str
    used: int
    allowed: int | None
    note: str = ""


class ProblemView(msgspec.Struct, frozen=True):
    """Something that went wrong before, with its time as it is shown."""

    time: str
    text: str


_OFF = FeedStateView(PillShape.RING, "off")
_NEW = FeedStateView(PillShape.RING, "not saved yet")
NOT_CONNECTED = FeedStateView(PillShape.RING, "not connected")


class FeedListModel(QAbstractListModel):
    """The drafts in the user's order, each with the state of the feed that runs."""

    def __init__(self, kinds: Sequence[KindView], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.kinds = {kind.kind: kind for kind in kinds}
        self.feeds: list[FeedConfig] = []
        self._states: dict[FeedId, FeedStateView] = {}
        self._saved: dict[FeedId, FeedConfig] = {}

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.feeds)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.feeds):
            return None
        config = self.feeds[index.row()]
        values: dict[int, Callable[[], Any]] = {
            int(Qt.ItemDataRole.DisplayRole): lambda: config.name,
            int(Qt.ItemDataRole.ToolTipRole): lambda: f"{config.name}: {self.note(config)}",
            int(Qt.ItemDataRole.CheckStateRole): lambda: (
                Qt.CheckState.Checked if config.enabled else Qt.CheckState.Unchecked
            ),
            int(Qt.ItemDataRole.AccessibleTextRole): lambda: self._spoken(config),
            CONFIG_ROLE: lambda: config,
            STATE_ROLE: lambda: self.state(config),
            NOTES_ROLE: lambda: self.notes(config),
        }
        give = values.get(int(role))
        return None if give is None else give()

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if not index.isValid() or int(role) != int(Qt.ItemDataRole.CheckStateRole):
            return False
        enabled = Qt.CheckState(value) is Qt.CheckState.Checked
        self.replace(index.row(), msgspec.structs.replace(self.feeds[index.row()], enabled=enabled))
        return True

    def flags(self, index: _Index) -> Qt.ItemFlag:
        usable = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable
        return usable if index.isValid() else Qt.ItemFlag.NoItemFlags

    def reset(self, feeds: Sequence[FeedConfig]) -> None:
        """Show other feeds: those that are saved."""
        self._saved = {config.id: config for config in feeds}
        self.beginResetModel()
        self.feeds = list(feeds)
        self.endResetModel()

    def replace(self, row: int, config: FeedConfig) -> None:
        """Change one feed."""
        self.feeds[row] = config
        self.dataChanged.emit(self.index(row), self.index(row))

    def append(self, config: FeedConfig) -> int:
        """Add a feed at the end; return its row."""
        row = len(self.feeds)
        self.beginInsertRows(QModelIndex(), row, row)
        self.feeds.append(config)
        self.endInsertRows()
        return row

    def remove(self, row: int) -> None:
        """Take a feed out."""
        self.beginRemoveRows(QModelIndex(), row, row)
        del self.feeds[row]
        self.endRemoveRows()

    def move(self, row: int, steps: int) -> int:
        """Move a feed up or down; return its new row, the old one where there is no room."""
        target = row + steps
        if not (0 <= row < len(self.feeds) and 0 <= target < len(self.feeds)) or not steps:
            return row
        self.beginMoveRows(QModelIndex(), row, row, QModelIndex(), target + (1 if steps > 0 else 0))
        self.feeds.insert(target, self.feeds.pop(row))
        self.endMoveRows()
        return target

    def row_of(self, feed_id: FeedId) -> int:
        """Return the row of a feed, -1 when it is not there."""
        return next((row for row, config in enumerate(self.feeds) if config.id == feed_id), -1)

    def set_state(self, feed_id: FeedId, state: FeedStateView) -> None:
        """Say how a running feed is doing; repaints only what differs."""
        if self._states.get(feed_id) == state:
            return
        self._states[feed_id] = state
        row = self.row_of(feed_id)
        if row >= 0:
            self.dataChanged.emit(self.index(row), self.index(row))

    def state(self, config: FeedConfig) -> FeedStateView:
        """Return how a feed is doing."""
        if not config.enabled:
            return _OFF
        return self._states.get(config.id, NOT_CONNECTED if config.id in self._saved else _NEW)

    def note(self, config: FeedConfig) -> str:
        """Return the second line of a feed: what it brings or where it is, and its state in words."""
        return self.notes(config)[0]

    def notes(self, config: FeedConfig) -> tuple[str, ...]:
        """Return that line and shorter ones; the state is in all of them."""
        kind, state = self.kinds.get(config.kind), self.state(config)
        if kind is None:
            return (f"kind “{config.kind}” is not known here, {state.words}", state.words)
        place = place_words(self._saved.get(config.id, config), kind)  # the state is of where it is, not of a draft
        endpoints = endpoint_words(config, kind) if config.enabled else ""
        lines = ((place, endpoints, state.words, state.count), (place, endpoints, state.words), (place, state.words))
        return (*(", ".join(part for part in line if part) for line in lines), state.words)

    def _spoken(self, config: FeedConfig) -> str:
        return f"{config.name}, {'on, ' if config.enabled else ''}{self.note(config)}"
