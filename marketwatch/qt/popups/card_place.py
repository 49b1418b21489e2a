"""Where the stack of alert cards stands: in its corner, and beside what matters of a dialog that is open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

import msgspec
from PySide6.QtCore import QAbstractItemModel, QEvent, QObject, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractScrollArea,
    QApplication,
    QDialog,
    QLabel,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)
from shiboken6 import isValid

EDGE = 6
IN_FRONT = "inFront"
"""The property of a part of a window that is no dialog and yet must be free to work with while it has the keyboard."""
_HEAD = 40
_FOOT = 60
_AROUND_FIELD = 8
_SETTLED_MS = 50  # then a page that was turned to is laid out
_AT_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVertical_Mask
_TOLD_BY = frozenset({QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.Move, QEvent.Type.Resize})


class DialogArea(msgspec.Struct, frozen=True):
    """A dialog on screen. Head and foot have its buttons, `field` is what has the keyboard.

    `controls` are what else can be worked with, `texts` what is only read.
    """

    whole: QRect
    head: QRect
    foot: QRect
    field: QRect
    controls: tuple[QRect, ...] = ()
    texts: tuple[QRect, ...] = ()


def area_of(
    frame: QRect, inner: QRect, field: QRect, controls: Sequence[QRect] = (), texts: Sequence[QRect] = ()
) -> DialogArea:
    """Return the parts of a dialog; `frame` is with what the window system draws around `inner`."""
    return DialogArea(
        whole=frame,
        head=QRect(frame.left(), frame.top(), frame.width(), inner.top() - frame.top() + _HEAD),
        foot=QRect(frame.left(), inner.bottom() + 1 - _FOOT, frame.width(), frame.bottom() - inner.bottom() + _FOOT),
        field=field,
        controls=tuple(controls),
        texts=tuple(texts),
    )


def stack_foot(screen: QRect, size: QSize, dialogs: Sequence[DialogArea], before: QPoint | None = None) -> QPoint:
    """Return the bottom left corner of a stack of this size: the screen's corner, if no dialog is in the way.

    Else the place that covers no button and not the field with the keyboard, and least of what can be worked with, of
    what can be read, and of the dialogs; `before`, where it stands, as long as that is in nobody's way, so that it does
    not wander with every key.
    """
    right, left = screen.right() + 1 - EDGE - size.width(), screen.left() + EDGE
    lowest = screen.bottom() + 1 - EDGE
    home = QPoint(right, lowest)
    if not dialogs:
        return home
    if before is not None and before.x() in (right, left) and _is_free(_rect(before, size), screen, dialogs):
        return before
    places = [
        QPoint(x, y)
        for x in (right, left)
        for y in _heights(QRect(x, screen.top(), size.width(), screen.height()), size.height(), dialogs)
    ]
    return min(places or [home], key=lambda one: (_harm(_rect(one, size), dialogs), lowest - one.y()))


def _heights(column: QRect, height: int, dialogs: Sequence[DialogArea]) -> list[int]:
    """Return where the foot of a stack in this column of the screen may stand: at its end, above or below something."""
    lowest, highest = column.bottom() + 1 - EDGE, column.top() + height
    parts = [part for one in dialogs for part in (one.whole, one.foot, one.field, one.head, *one.controls, *one.texts)]
    beside = [part for part in parts if not part.isEmpty() and part.intersects(column)]
    heights = [lowest, *(part.top() - EDGE for part in beside), *(part.bottom() + 1 + EDGE + height for part in beside)]
    return [one for one in dict.fromkeys(heights) if highest <= one <= lowest]


def _rect(foot: QPoint, size: QSize) -> QRect:
    return QRect(QPoint(foot.x(), foot.y() - size.height()), size)


def _is_free(stack: QRect, screen: QRect, dialogs: Sequence[DialogArea]) -> bool:
    return screen.contains(stack) and not any(_harm(stack, dialogs)[:-1])


def _harm(stack: QRect, dialogs: Sequence[DialogArea]) -> tuple[int, ...]:
    """Return how much it covers of each kind of part, the kind that weighs most first."""
    return (
        _covered(stack, (bar for one in dialogs for bar in (one.head, one.foot))),
        _covered(stack, (one.field for one in dialogs)),
        _covered(stack, (part for one in dialogs for part in one.controls)),
        _covered(stack, (part for one in dialogs for part in one.texts)),
        _covered(stack, (one.whole for one in dialogs)),
    )


def _covered(stack: QRect, bars: Iterable[QRect]) -> int:
    return sum(common.width() * common.height() for bar in bars if not (common := stack.intersected(bar)).isEmpty())


class DialogWatch(QObject):
    """Looks at the dialogs that are open. `changed`: one may have come, gone, moved, or moved the keyboard."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._dialogs: list[QWidget] = []
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self.changed)
        self._is_on = False

    def look(self) -> list[DialogArea]:
        """Return the dialogs that are open, and watch them from now on."""
        if not self._is_on:
            self._is_on = True
            QApplication.instance().focusObjectChanged.connect(self._on_focus)  # type: ignore[union-attr]
        self._follow(_in_front())
        return [area_of(*_frames(one), _field(one), *_parts(one)) for one in self._dialogs]

    def stop(self) -> None:
        """Watch nothing any more."""
        if self._is_on:
            self._is_on = False
            QApplication.instance().focusObjectChanged.disconnect(self._on_focus)  # type: ignore[union-attr]
        self._soon.stop()
        self._follow([])

    def _follow(self, dialogs: list[QWidget]) -> None:
        for dialog in self._dialogs:
            if dialog not in dialogs and isValid(dialog):
                dialog.removeEventFilter(self)
        for dialog in dialogs:
            if dialog not in self._dialogs:
                dialog.installEventFilter(self)
        self._dialogs = dialogs

    def _on_focus(self) -> None:
        self._soon.start(_SETTLED_MS)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note that a dialog moved, grew or went; nothing is kept from it."""
        if event.type() in _TOLD_BY:
            self._soon.start(_SETTLED_MS)
        return False


def _in_front() -> list[QWidget]:
    """Return the dialogs on screen, and what else is in front while it has the keyboard."""
    found: list[QWidget] = [one for one in QApplication.topLevelWidgets() if isinstance(one, QDialog)]
    widget = QApplication.focusWidget()
    while widget is not None and not widget.property(IN_FRONT):
        widget = widget.parentWidget()
    return [one for one in (*found, *([] if widget is None else [widget])) if one.isVisible()]


def _frames(widget: QWidget) -> tuple[QRect, QRect]:
    """Return where it is on screen, with and without what the window system draws around it."""
    if widget.isWindow():
        return widget.frameGeometry(), widget.geometry()
    inner = QRect(widget.mapToGlobal(QPoint(0, 0)), widget.size())
    return inner, inner


def _field(dialog: QWidget) -> QRect:
    widget: QWidget | None = dialog.focusWidget()
    if widget is None or widget is dialog or not widget.isVisible():
        return QRect()
    rect = QRect(widget.mapToGlobal(QPoint(0, 0)), widget.size())
    return rect.adjusted(-_AROUND_FIELD, -_AROUND_FIELD, _AROUND_FIELD, _AROUND_FIELD)


def _parts(dialog: QWidget) -> tuple[list[QRect], list[QRect]]:
    """Return what of the dialog can be worked with and what is only read, as far as it is on screen."""
    controls, texts = [], []
    for widget in dialog.findChildren(QWidget):
        if not widget.isVisible():
            continue
        if isinstance(widget, QLabel):
            if widget.text():
                texts.append(_on_screen(widget, _written(widget)))
        elif isinstance(widget, QAbstractItemView):
            controls.append(_on_screen(widget.viewport(), _rows(widget)))
        elif widget.focusPolicy() != Qt.FocusPolicy.NoFocus and not _is_frame(widget):
            controls.append(_on_screen(widget, widget.rect()))
    return controls, texts


def _is_frame(widget: QWidget) -> bool:
    """Tell whether it can be focused only so that the keyboard can scroll what is in it."""
    return isinstance(widget, QAbstractScrollArea) and not isinstance(widget, QTextEdit | QPlainTextEdit)


def _written(label: QLabel) -> QRect:
    """Return the part of a label that has its words."""
    wanted = label.sizeHint()
    if label.wordWrap() or label.alignment() & ~_AT_LEFT:
        return label.rect()
    return QRect(0, 0, min(label.width(), wanted.width()), label.height())


def _rows(view: QAbstractItemView) -> QRect:
    """Return the part of a list that has rows."""
    model = cast("QAbstractItemModel | None", view.model())
    area = view.viewport().rect()
    count = 0 if model is None else model.rowCount(view.rootIndex())
    if model is None or not count:
        return QRect()
    last = view.visualRect(model.index(count - 1, 0, view.rootIndex()))
    return area.intersected(QRect(0, 0, area.width(), last.bottom() + 1)) if last.isValid() else area


def _on_screen(widget: QWidget, part: QRect) -> QRect:
    seen = widget.visibleRegion().boundingRect().intersected(part)
    return QRect(widget.mapToGlobal(seen.topLeft()), seen.size())
