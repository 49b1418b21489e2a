"""Single-colour icons, tinted with a role and rendered for the device pixel ratio."""

from __future__ import annotations

import functools
import weakref
from typing import Literal

import shiboken6
from PySide6.QtCore import QObject, QRectF, Qt
from PySide6.QtGui import QAction, QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton

from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role
from marketwatch.runtime.resources import resource_path

IconName = Literal[
    "bell", "bell-off", "briefcase", "camera", "chart", "check", "chevron-down", "chevron-left", "chevron-right",
    "chevron-up", "clock", "close", "columns", "contrast", "database", "dots", "download", "edit", "external",
    "eye", "eye-off", "folder", "gear", "globe", "grip", "help", "info", "key", "keyboard", "link", "list", "lock",
    "maximise", "minus", "monitor", "moon", "palette", "pause", "pin", "play", "plug", "plus", "redo", "refresh",
    "restart", "search", "seek", "snooze", "sort", "speaker", "speaker-off", "stop", "sun", "to-latest", "trash",
    "undo", "upload", "warning"
]  # fmt: skip


@functools.cache
def _svg(name: IconName) -> bytes:
    return resource_path("icons", f"{name}.svg").read_bytes()


def _render(name: IconName, size: int, ratio: float) -> QPixmap:
    pixmap = QPixmap(round(size * ratio), round(size * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    with QPainter(pixmap) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        QSvgRenderer(_svg(name)).render(painter, QRectF(0, 0, size, size))
    return pixmap


class IconSet(QObject):
    """Gives icons in the colours of the theme, and changes those it was told to keep when the theme changes."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._theme = theme
        self._shapes: dict[tuple[IconName, int, float], QPixmap] = {}
        self._pixmaps: dict[tuple[IconName, Role, int, float], QPixmap] = {}
        self._icons: dict[tuple[IconName, Role, int], QIcon] = {}
        self._kept: list[tuple[weakref.ref[QAction | QAbstractButton], IconName, Role, int]] = []
        theme.changed.connect(self._draw_again)
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.screenAdded.connect(self._draw_again)

    def pixmap(self, name: IconName, role: Role = "text2", size: int = 16, ratio: float = 1.0) -> QPixmap:
        """Return one icon for painting; `ratio` is the device pixel ratio of where it will be drawn."""
        key = (name, role, size, ratio)
        found = self._pixmaps.get(key)
        if found is None:
            found = self._pixmaps[key] = self._tinted(name, role, size, ratio)
        return found

    def icon(self, name: IconName, role: Role = "text2", size: int = 16) -> QIcon:
        """Return an icon for an action or button, sharp on every screen, greyed when disabled."""
        key = (name, role, size)
        found = self._icons.get(key)
        if found is None:
            found = self._icons[key] = self._build(name, role, size)
        return found

    def keep(self, target: QAction | QAbstractButton, name: IconName, role: Role = "text2", size: int = 16) -> None:
        """Set an icon on `target`, and again whenever the theme changes; replaces what was kept for it before."""
        self._kept = [kept for kept in self._kept if kept[0]() not in (None, target)]
        self._kept.append((weakref.ref(target), name, role, size))
        target.setIcon(self.icon(name, role, size))

    @property
    def kept_count(self) -> int:
        """How many icons will follow the theme."""
        return len(self._kept)

    def _build(self, name: IconName, role: Role, size: int) -> QIcon:
        icon = QIcon()
        for ratio in sorted({1.0, *(screen.devicePixelRatio() for screen in QGuiApplication.screens())}):
            icon.addPixmap(self.pixmap(name, role, size, ratio), QIcon.Mode.Normal)
            icon.addPixmap(self.pixmap(name, "disabled", size, ratio), QIcon.Mode.Disabled)
        return icon

    def _tinted(self, name: IconName, role: Role, size: int, ratio: float) -> QPixmap:
        shape = self._shapes.get((name, size, ratio))
        if shape is None:
            shape = self._shapes[name, size, ratio] = _render(name, size, ratio)
        pixmap = QPixmap(shape)
        with QPainter(pixmap) as painter:
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
            painter.fillRect(QRectF(0, 0, size, size), self._theme.colour(role))
        return pixmap

    def _draw_again(self) -> None:
        self._pixmaps.clear()
        self._icons.clear()
        alive = []
        for kept in self._kept:
            target = kept[0]()
            if target is not None and shiboken6.isValid(target):
                target.setIcon(self.icon(*kept[1:]))
                alive.append(kept)
        self._kept = alive
