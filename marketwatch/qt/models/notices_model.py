"""The notices as rows, newest first."""

from __future__ import annotations

import enum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from marketwatch.qt import time_text
from marketwatch.services.notices import Notice, NoticeLog, Severity

Index = QModelIndex | QPersistentModelIndex

NOTICE_ROLE = int(Qt.ItemDataRole.UserRole) + 1

_SEVERITY_WORDS = {Severity.INFO: "note", Severity.DECISION: "decide", Severity.ERROR: "problem"}
_DISPLAY = int(Qt.ItemDataRole.DisplayRole)
_TOOLTIP = int(Qt.ItemDataRole.ToolTipRole)
_ACCESSIBLE = int(Qt.ItemDataRole.AccessibleTextRole)
_ROOT = QModelIndex()


class NoticeColumn(enum.IntEnum):
    """Columns from left to right."""

    TIME = 0
    KIND = 1
    DETAIL = 2


def severity_word(severity: Severity) -> str:
    """Return how a severity is called on screen."""
    return _SEVERITY_WORDS[severity]


class NoticesModel(QAbstractTableModel):
    """Follows a NoticeLog until `detach`. `NOTICE_ROLE` gives the notice itself."""

    def __init__(self, log: NoticeLog, *, zone: str = "UTC", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._log = log
        self._zone = zone
        self._rows: list[Notice] = list(reversed(list(log)))
        log.subscribe(self._on_added, self._on_changed)

    def detach(self) -> None:
        """Stop following; call before the model goes."""
        self._log.unsubscribe(self._on_added, self._on_changed)

    @property
    def zone(self) -> str:
        """In which zone times are shown."""
        return self._zone

    def notice(self, row: int) -> Notice | None:
        """Return the notice of a row."""
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(NoticeColumn)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> object:
        if role != _DISPLAY or orientation is not Qt.Orientation.Horizontal:
            return None
        zone = time_text.zone_name(self._zone, self._rows[0].time_ns if self._rows else 0)
        return (f"Time {zone}", "What", "Detail")[section]

    def data(self, index: Index, role: int = _DISPLAY) -> object:
        notice = self.notice(index.row()) if index.isValid() else None
        if notice is None:
            return None
        if role == _DISPLAY:
            return self._text(notice, index.column())
        if role == NOTICE_ROLE:
            return notice
        if role == _TOOLTIP:
            return notice.sentence
        if role == _ACCESSIBLE:
            return ", ".join(self._text(notice, column) for column in NoticeColumn)
        return None

    def _text(self, notice: Notice, column: int) -> str:
        if column == NoticeColumn.TIME:
            return time_text.clock_time(notice.time_ns, self._zone)
        if column == NoticeColumn.KIND:
            return severity_word(notice.severity)
        times = f" ({notice.count} times)" if notice.count > 1 else ""
        return f"{notice.sentence}{times}"

    def _on_added(self, notice: Notice) -> None:
        if len(self._rows) >= self._log.most:
            last = len(self._rows) - 1
            self.beginRemoveRows(QModelIndex(), last, last)
            self._rows.pop()
            self.endRemoveRows()
        self.beginInsertRows(QModelIndex(), 0, 0)
        self._rows.insert(0, notice)
        self.endInsertRows()

    def _on_changed(self, notice: Notice) -> None:
        for row, shown in enumerate(self._rows):
            if shown.number == notice.number:
                self._rows[row] = notice
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(NoticeColumn) - 1))
                return
