"""Which part of the bars is in view. Pure arithmetic in px and bars; knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_PITCH = 7.0
_WIDEST_PITCH = 96.0
_END_ROOM_PX = 26.0
_FEWEST_IN_VIEW = 2.0
_EMPTY_SHARE = 0.75
_ROUNDING = 1e-9
_PRICE_ZOOM_LIMIT = 1e6
_WIDTH_BEFORE_LAYOUT = 592.0


@dataclass(slots=True)
class PriceScale:
    """The range of the price axis: chosen by hand, or None for the extremes in view."""

    low: float
    high: float

    def stretched(self, factor: float) -> PriceScale:
        """Return the same middle with `factor` times the height."""
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2 * factor
        return PriceScale(middle - half, middle + half)

    def moved(self, delta: float) -> PriceScale:
        """Return the range moved by a price difference."""
        return PriceScale(self.low + delta, self.high + delta)


class Viewport:
    """Maps bar positions to px. Bar `i` covers positions `i` to `i + 1`; `right` is the position at the right edge.

    `version` changes whenever the picture must be drawn anew.
    """

    def __init__(self) -> None:
        self.count = 0
        self.width = _WIDTH_BEFORE_LAYOUT
        self.pitch = DEFAULT_PITCH
        self.right = 0.0
        self.manual: PriceScale | None = None
        self.version = 0

    @property
    def left(self) -> float:
        """Position at the left edge; negative when the bars do not fill the width."""
        return self.right - self.width / self.pitch

    @property
    def is_at_end(self) -> bool:
        """Tell whether the last bar is in view, so that new bars move the view."""
        return self.right >= self.count - 0.5

    @property
    def state(self) -> tuple[float, float]:
        """Pitch and bars between the last bar and the right edge: what `restore` takes."""
        return self.pitch, self.right - self.count

    def x_of(self, position: float) -> float:
        """Return the px of a position."""
        return self.width - (self.right - position) * self.pitch

    def position_at(self, x: float) -> float:
        """Return the position at a px."""
        return self.right - (self.width - x) / self.pitch

    def row_at(self, x: float) -> int | None:
        """Return the bar nearest to a px, None without bars."""
        if not self.count:
            return None
        return min(self.count - 1, max(0, int(self.position_at(x) // 1)))

    def visible_rows(self) -> tuple[int, int]:
        """Return first and last (exclusive) bar that is at least partly in view."""
        first = max(0, int(self.left // 1))
        last = min(self.count, int(-(-self.right // 1)))
        return (first, max(first, last))

    def set_width(self, width: float) -> None:
        """Take a new width; the right edge stays where it is."""
        if width != self.width and width > 0:
            self.width = width
            self._settle()

    def set_count(self, count: int) -> None:
        """Take a new number of bars; the view follows only when the end was in view."""
        if count == self.count:
            return
        follow = self.is_at_end
        added = count - self.count
        self.count = count
        if follow:
            self.right += added
        self._settle()

    def drop_oldest(self, rows: int) -> None:
        """Take note that the oldest rows are gone: what is in view keeps its place."""
        self.count -= rows
        self.right -= rows
        self.version += 1

    def reset(self) -> None:
        """Go to the latest bar with the default zoom and automatic scales."""
        self.pitch = DEFAULT_PITCH
        self.manual = None
        self.to_latest()

    def to_latest(self) -> None:
        """Show the latest bar with some room to its right; the zoom stays."""
        self.right = self.count + self._end_room()
        self._settle()

    def auto_time(self) -> None:
        """Restore the default width of a bar and show the latest."""
        self.pitch = DEFAULT_PITCH
        self.to_latest()

    def restore(self, state: tuple[float, float]) -> None:
        """Take pitch and distance from the end as `state` gave them."""
        self.pitch, beyond = state
        self.right = self.count + beyond
        self._settle()

    def zoom_time(self, factor: float, x: float) -> None:
        """Make bars `factor` times as wide; the position under px `x` stays there."""
        anchor = self.position_at(x)
        self.pitch *= factor
        self._limit_pitch()
        self.right = anchor + (self.width - x) / self.pitch
        self._settle()

    def pan(self, delta_px: float) -> None:
        """Drag the bars by px; to the right shows older bars."""
        self.right -= delta_px / self.pitch
        self._settle()

    def page(self, direction: int) -> None:
        """Move by nearly a screenful: -1 to older, 1 to newer bars."""
        self.right += direction * 0.9 * self.width / self.pitch
        self._settle()

    def reveal(self, row: int) -> None:
        """Move just enough that a bar is in view."""
        if row < self.left:
            self.right = row + self.width / self.pitch
            self._settle()
        elif row + 1 > self.right:
            self.right = row + 1.0
            self._settle()

    def set_manual(self, scale: PriceScale) -> None:
        """Hold the price axis at a range until `auto_price`."""
        if scale.high - scale.low > abs(scale.high) / _PRICE_ZOOM_LIMIT:
            self.manual = scale
            self.version += 1

    def auto_price(self) -> None:
        """Let the price axis follow the bars in view again."""
        if self.manual is not None:
            self.manual = None
            self.version += 1

    def _end_room(self) -> float:
        return _END_ROOM_PX / self.pitch

    def _limit_pitch(self) -> None:
        narrowest = min(DEFAULT_PITCH, max(self.width - _END_ROOM_PX, 1.0) / max(self.count, 1))
        self.pitch = min(max(self.pitch, narrowest), _WIDEST_PITCH, max(self.width / _FEWEST_IN_VIEW, 1.0))

    def _settle(self) -> None:
        self._limit_pitch()
        in_view, latest = self.width / self.pitch, self.count + self._end_room()
        if in_view * (1 + _ROUNDING) >= latest:  # all bars fit: there is nowhere to go
            self.right = latest
        else:
            self.right = min(max(self.right, _FEWEST_IN_VIEW), max(latest, self.count + in_view * _EMPTY_SHARE))
        self.version += 1
