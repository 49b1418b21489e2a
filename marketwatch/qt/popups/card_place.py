"""Where the stack of alert cards stands: in its corner, and beside what matters of a dialog that is open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, QTimer, Signal
from PySide6.QtWidgets import QApplication, QDialog, QWidget
from shiboken6 import isValid

EDGE = 6
_HEAD = 40
_FOOT = 60
_AROUND_FIELD = 8
_TOLD_BY = frozenset({QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.Move, QEvent.Type.Resize})


class DialogArea(msgspec.Struct, frozen=True):
    """A dialog on screen. Head and foot have its buttons, `field` is what has the keyboard."""

    whole: QRect
    head: QRect
    foot: QRect
    field: QRect


def area_of(frame: QRect, inner: QRect, field: QRect) -> DialogArea:
    """Return the parts of a dialog; `frame` is with what the window system draws around `inner`."""
    return DialogArea(
        whole=frame,
        head=QRect(frame.left(), frame.top(), frame.width(), inner.top() - frame.top() + _HEAD),
        foot=QRect(frame.left(), inner.bottom() + 1 - _FOOT, frame.width(), frame.bottom() - inner.bottom() + _FOOT),
        field=field,
    )


def stack_foot(screen: QRect, size: QSize, dialogs: Sequence[DialogArea], before: QPoint | None = None) -> QPoint:
    """Return the bottom left corner of a stack of this size: the screen's corner, if no dialog is in the way.

    Else the place that covers no button and not the field with the keyboard, and least of the dialogs; `before`, where
    it stands, as long as that is such a place, so that it does not wander with every key.
    """
    right, left = screen.right() + 1 - EDGE - size.width(), screen.left() + EDGE
    lowest = screen.bottom() + 1 - EDGE
    home = QPoint(right, lowest)
    if not dialogs:
        return home
    if before is not None and before.x() in (right, left) and _is_free(_rect(before, size), screen, dialogs):
        return before
    bars = [bar for one in dialogs for bar in (one.whole, one.foot, one.field, one.head) if not bar.isEmpty()]
    heights = [lowest, *(bar.top() - EDGE for bar in bars), *(bar.bottom() + 1 + EDGE + size.height() for bar in bars)]
    places = [QPoint(x, y) for y in dict.fromkeys(heights) for x in (right, left)]
    fitting = [one for one in places if one.y() <= lowest and one.y() - size.height() >= screen.top()]
    return min(fitting or [home], key=lambda one: _harm(_rect(one, size), dialogs))


def _rect(foot: QPoint, size: QSize) -> QRect:
    return QRect(QPoint(foot.x(), foot.y() - size.height()), size)


def _is_free(stack: QRect, screen: QRect, dialogs: Sequence[DialogArea]) -> bool:
    return screen.contains(stack) and _harm(stack, dialogs)[:2] == (0, 0)


def _harm(stack: QRect, dialogs: Sequence[DialogArea]) -> tuple[int, int, int]:
    """Return how much it covers of buttons, of fields and of dialogs: the first weighs most."""
    return (
        _covered(stack, (bar for one in dialogs for bar in (one.head, one.foot))),
        _covered(stack, (one.field for one in dialogs)),
        _covered(stack, (one.whole for one in dialogs)),
    )


def _covered(stack: QRect, bars: Iterable[QRect]) -> int:
    return sum(common.width() * common.height() for bar in bars if not (common := stack.intersected(bar)).isEmpty())


class DialogWatch(QObject):
    """Looks at the dialogs that are open. `changed`: one may have come, gone, moved, or moved the keyboard."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._dialogs: list[QDialog] = []
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self.changed)
        self._is_on = False

    def look(self) -> list[DialogArea]:
        """Return the dialogs that are open, and watch them from now on."""
        if not self._is_on:
            self._is_on = True
            QApplication.instance().focusObjectChanged.connect(self._on_focus)  # type: ignore[union-attr]
        dialogs = [one for one in QApplication.topLevelWidgets() if isinstance(one, QDialog) and one.isVisible()]
        self._follow(dialogs)
        return [area_of(one.frameGeometry(), one.geometry(), _field(one)) for one in dialogs]

    def stop(self) -> None:
        """Watch nothing any more."""
        if self._is_on:
            self._is_on = False
            QApplication.instance().focusObjectChanged.disconnect(self._on_focus)  # type: ignore[union-attr]
        self._soon.stop()
        self._follow([])

    def _follow(self, dialogs: list[QDialog]) -> None:
        for dialog in self._dialogs:
            if dialog not in dialogs and isValid(dialog):
                dialog.removeEventFilter(self)
        for dialog in dialogs:
            if dialog not in self._dialogs:
                dialog.installEventFilter(self)
        self._dialogs = dialogs

    def _on_focus(self) -> None:
        self._soon.start(0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note that a dialog moved, grew or went; nothing is kept from it."""
        if event.type() in _TOLD_BY:
            self._soon.start(0)
        return False


def _field(dialog: QDialog) -> QRect:
    widget: QWidget | None = dialog.focusWidget()
    if widget is None or widget is dialog or not widget.isVisible():
        return QRect()
    rect = QRect(widget.mapToGlobal(QPoint(0, 0)), widget.size())
    return rect.adjusted(-_AROUND_FIELD, -_AROUND_FIELD, _AROUND_FIELD, _AROUND_FIELD)
