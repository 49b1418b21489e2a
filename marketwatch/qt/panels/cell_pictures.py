"""The drawn parts of a list row: state edge, sparkline, day range."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QPolygonF

from marketwatch.qt.models.watchlist_row import WatchRow
from marketwatch.qt.panels.row_looks import Edge, Look
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role

_SPARK_WIDTH = 46
_SPARK_HEIGHT = 16
_LEAST_POINTS = 5
_MOST_PICTURES = 512
_RANGE_INSET = 3
_EDGE = 3
_HATCH = 6


def paint_edge(painter: QPainter, theme: Theme, look: Look, x: int, y: int, height: int) -> None:
    """Draw the pattern of a state at the left end of a row."""
    edge = look.edge
    if edge is Edge.NONE:
        return
    colour = theme.colour(look.edge_role)
    if edge is Edge.SOLID:
        painter.fillRect(x, y, _EDGE, height, colour)
    elif edge is Edge.DOTS:
        _stripes(painter, x, y, height, 2, 3, colour)
    elif edge is Edge.BLOCKS:
        _stripes(painter, x, y, height, 5, 2, colour)
    elif edge is Edge.LOWER_HALF:
        painter.fillRect(x, y + height // 2, _EDGE, height - height // 2, colour)
    elif edge is Edge.OUTLINE:
        painter.fillRect(x, y, _EDGE, height, colour)
        painter.fillRect(x + 1, y + 1, _EDGE - 2, height - 2, theme.colour("panel"))
    else:
        _hatch(painter, x, y, height, theme.pen(look.edge_role))


def _stripes(painter: QPainter, x: int, y: int, height: int, on: int, off: int, colour: QColor) -> None:
    for top in range(0, height, on + off):
        painter.fillRect(x, y + top, _EDGE, min(on, height - top), colour)


def _hatch(painter: QPainter, x: int, y: int, height: int, pen: QPen) -> None:
    painter.save()
    painter.setClipRect(x, y, _HATCH, height, Qt.ClipOperation.IntersectClip)
    painter.setPen(pen)
    for top in range(-_HATCH, height + _HATCH, 4):
        painter.drawLine(x, y + top + _HATCH, x + _HATCH, y + top)
        painter.drawLine(x, y + top + _HATCH + 1, x + _HATCH, y + top + 1)
    painter.restore()


def paint_range(painter: QPainter, theme: Theme, row: WatchRow, look: Look, box: tuple[int, int, int, int]) -> None:
    """Draw the track from low to high, the part from open to last, and the last price; nothing while unknown."""
    snapshot = row.snapshot
    if snapshot is None:
        return
    low, high, last = snapshot.day_low, snapshot.day_high, snapshot.last_price
    if low is None or high is None or last is None or high < low:
        return
    x, y, width, height = box
    left, room = x + _RANGE_INSET, width - 2 * _RANGE_INSET
    if room < 12:
        return
    middle = y + height // 2
    scale = (room - 2) / (high - low) if high > low else 0.0

    def place(value: float) -> int:
        offset = (value - low) * scale if scale else (room - 2) / 2
        return left + round(min(max(offset, 0.0), room - 2.0))

    painter.fillRect(left, middle - 1, room, 2, theme.colour("control"))
    at = place(last)
    opened = snapshot.day_open
    if opened is not None:
        start = place(opened)
        painter.fillRect(min(start, at), middle - 2, abs(at - start), 4, theme.colour(_range_role(look, last, opened)))
    painter.fillRect(at, middle - 5, 2, 10, theme.colour(look.figures or "text1"))


def _range_role(look: Look, last: float, opened: float) -> Role:
    if look.changes is not None:
        return look.changes
    return "gain" if last >= opened else "loss"


class SparkCache:
    """Sparklines as pictures, one per row, made anew when the line, the theme or the pixel ratio changes."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._pictures: dict[int, tuple[tuple[object, ...], QPixmap]] = {}

    def clear(self) -> None:
        """Drop every picture."""
        self._pictures.clear()

    def paint(self, painter: QPainter, row: WatchRow, look: Look, box: tuple[int, int, int, int]) -> None:
        """Draw the sparkline of a row; nothing when there are fewer than five points."""
        snapshot = row.snapshot
        if snapshot is None:
            return
        points = snapshot.sparkline
        x, y, width, height = box
        if len(points) < _LEAST_POINTS or width < _SPARK_WIDTH:
            return
        ratio = painter.device().devicePixelRatioF()
        role = self._role(row, look)
        key = (len(points), points[-1], snapshot.prev_close, role, self._theme.generation, ratio)
        kept = self._pictures.get(id(row))
        if kept is None or kept[0] != key:
            if len(self._pictures) >= _MOST_PICTURES:
                self._pictures.clear()
            picture = self._draw(points, snapshot.prev_close, role, ratio)
            kept = self._pictures[id(row)] = (key, picture)
        painter.drawPixmap(x + (width - _SPARK_WIDTH) // 2, y + (height - _SPARK_HEIGHT) // 2, kept[1])

    def _role(self, row: WatchRow, look: Look) -> Role:
        snapshot = row.snapshot
        if look.figures is not None or snapshot is None:
            return "text3"
        change = snapshot.day_change
        return "text3" if not change else "gain" if change > 0 else "loss"

    def _draw(self, points: list[tuple[int, float]], reference: float | None, role: Role, ratio: float) -> QPixmap:
        picture = QPixmap(round(_SPARK_WIDTH * ratio), round(_SPARK_HEIGHT * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        # A previous close far away would press the line flat; the chart shows it, this line shows the day.
        prices = [price for _, price in points]
        low, high = min(prices), max(prices)
        if reference is not None and abs(reference - (low + high) / 2) <= 2 * (high - low):
            low, high = min(low, reference), max(high, reference)
        span = (high - low) or 1.0

        def level(value: float) -> float:
            return _SPARK_HEIGHT - 2 - (value - low) / span * (_SPARK_HEIGHT - 4)

        with QPainter(picture) as painter:
            if reference is not None and low <= reference <= high:
                dots = QPen(self._theme.colour("lineStrong"), 1.0)
                dots.setDashPattern([2.0, 2.0])
                painter.setPen(dots)
                painter.drawLine(QPointF(0, level(reference)), QPointF(_SPARK_WIDTH, level(reference)))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self._theme.colour(role), 1.25))
            start = points[0][0]
            per_ns = (_SPARK_WIDTH - 2) / ((points[-1][0] - start) or 1)
            line = [QPointF(1 + (at - start) * per_ns, level(price)) for at, price in points]
            painter.drawPolyline(QPolygonF(line))
        return picture
