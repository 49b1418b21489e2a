"""The pill of one feed in the status bar: shape, name, state in words, messages per second and lag."""

from __future__ import annotations

import enum

import msgspec
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from marketwatch.qt.panels.painted import PaintedButton, TextRun, base_line, draw_focus, draw_runs, runs_width
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role

_HEIGHT = 20
_PADDING = 8
_GAP = 6
_SHAPE_SIZE = 8.0
_LEAST_WIDTH = 64
_LEAST_NAME = 30


class PillShape(enum.Enum):
    """The state of a feed without colour or words."""

    DISC = "disc"
    RING = "ring"
    DIAMOND = "diamond"
    TRIANGLE = "triangle"
    SQUARE = "square"
    OPEN = "open"


_SHAPE_ROLES: dict[PillShape, Role] = {
    PillShape.DISC: "success",
    PillShape.RING: "success",
    PillShape.DIAMOND: "delayed",
    PillShape.TRIANGLE: "error",
    PillShape.SQUARE: "simulated",
    PillShape.OPEN: "alert",
}


class PillView(msgspec.Struct, frozen=True, kw_only=True):
    """What a pill says. `figures` are the live numbers at right, `widest` what they may grow to."""

    shape: PillShape
    name: str
    words: str
    words_role: Role
    figures: tuple[str, ...] = ()
    widest: tuple[str, ...] = ()
    spoken: str = ""
    explanation: str = ""

    @property
    def is_fault(self) -> bool:
        """Tell whether the feed needs attention."""
        return self.shape is PillShape.TRIANGLE


class FeedPill(PaintedButton):
    """Shows a PillView. `clicked` opens the details. Its width only ever grows, so live numbers shift nothing;
    where the window has less room, figures are left out.
    """

    def __init__(self, theme: Theme, view: PillView, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._view = view
        self._width = 0
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_HEIGHT)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._take(view)

    @property
    def view(self) -> PillView:
        """What it says now."""
        return self._view

    def set_view(self, view: PillView) -> None:
        """Say something else; repaints only when it differs."""
        if view != self._view:
            self._take(view)

    def _take(self, view: PillView) -> None:
        self._view = view
        self.setAccessibleName(view.spoken)
        self.setToolTip(view.explanation)
        width = max(self._width, self._needed(view.figures), self._needed(view.widest))
        if width != self._width:
            self._width = width
            self.setMaximumWidth(width)
        self.setMinimumWidth(self._needed(()) if view.is_fault else min(_LEAST_WIDTH, self._needed(())))
        self.updateGeometry()
        self.update()

    def _needed(self, figures: tuple[str, ...]) -> int:
        runs = [*self._name_runs(), *self._figure_runs(figures)]
        return int(2 * _PADDING + _SHAPE_SIZE + _GAP + runs_width(self._theme, runs, _GAP)) + 1

    def _name_runs(self) -> list[TextRun]:
        view, fonts = self._view, self._theme.fonts
        return [
            (view.name, fonts.numbers("small", "medium"), "text1"),
            (view.words, fonts.numbers("small"), view.words_role),
        ]

    def _figure_runs(self, figures: tuple[str, ...]) -> list[TextRun]:
        font = self._theme.fonts.numbers("small")
        return [(text, font, "text3") for text in figures]

    def sizeHint(self) -> QSize:
        return QSize(self._width, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            theme, view = self._theme, self._view
            frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
            radius = theme.radius("pill")
            painter.setPen(theme.pen(self._outline()))
            painter.setBrush(theme.brush("errorTint" if view.is_fault else "hover" if self.underMouse() else "panel"))
            painter.drawRoundedRect(frame, radius, radius)
            draw_shape(painter, theme, view.shape, QPointF(_PADDING, (_HEIGHT - _SHAPE_SIZE) / 2))
            y = base_line(theme, theme.fonts.numbers("small"), _HEIGHT)
            draw_runs(painter, theme, QPointF(_PADDING + _SHAPE_SIZE + _GAP, y), self._fitting_names(), _GAP)
            figures = self._figure_runs(self._fitting_figures())
            left = self.width() - _PADDING - runs_width(theme, figures, _GAP)
            draw_runs(painter, theme, QPointF(left, y), figures, _GAP)
            if self.hasFocus():
                draw_focus(painter, theme, QRectF(self.rect()), radius)

    def _fitting_names(self) -> list[TextRun]:
        """Leave the words out, then shorten the name, where many feeds share a narrow window.

        Words that warn stay beside a shortened name; without room for that the name has their colour.
        """
        runs = self._name_runs()
        if self._needed(()) <= self.width():
            return runs
        name, font, role = runs[0]
        room = int(self.width() - 2 * _PADDING - _SHAPE_SIZE - _GAP)
        if self._view.words_role != "text2":
            left = room - int(runs_width(self._theme, runs[1:], _GAP)) - _GAP - 1
            if left >= _LEAST_NAME:
                return [(self._elided(name, font, left), font, role), runs[1]]
            role = self._view.words_role
        return [(self._elided(name, font, room), font, role)]

    def _elided(self, text: str, font: QFont, room: int) -> str:
        return self._theme.fonts.metrics(font).elidedText(text, Qt.TextElideMode.ElideRight, room)

    def _fitting_figures(self) -> tuple[str, ...]:
        """Leave whole figures out where the window is narrow; never cut one."""
        figures = self._view.figures
        while figures and self._needed(figures) > self.width():
            figures = figures[:-1]
        return figures

    def _outline(self) -> Role:
        if self._view.is_fault:
            return "error"
        return "simulated" if self._view.shape is PillShape.SQUARE else "lineStrong"


def draw_shape(painter: QPainter, theme: Theme, shape: PillShape, at: QPointF, size: float = _SHAPE_SIZE) -> None:
    """Draw the mark of a state with its top left corner at `at`."""
    role = _SHAPE_ROLES[shape]
    box = QRectF(at.x(), at.y(), size, size)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.brush(role))
    if shape is PillShape.DISC:
        painter.drawEllipse(box)
    elif shape in (PillShape.RING, PillShape.OPEN):
        painter.setPen(QPen(theme.colour(role), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(box.adjusted(0.8, 0.8, -0.8, -0.8))
    elif shape is PillShape.SQUARE:
        painter.drawRect(box)
    else:
        middle = box.center()
        top, right = QPointF(middle.x(), box.top()), QPointF(box.right(), middle.y())
        bottom, left = QPointF(middle.x(), box.bottom()), QPointF(box.left(), middle.y())
        corners = (
            [top, right, bottom, left] if shape is PillShape.DIAMOND else [top, box.bottomRight(), box.bottomLeft()]
        )
        painter.drawPolygon(QPolygonF(corners))
