"""The bars of one chart as numpy columns with spare capacity."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]

_FIRST_CAPACITY = 1024
_PRICES = ("open", "high", "low", "close", "volume")


def grown(column: npt.NDArray[np.generic], capacity: int) -> npt.NDArray[np.generic]:
    """Return a column of `capacity` slots that begins with what `column` holds."""
    larger = np.empty(capacity, dtype=column.dtype)
    larger[: len(column)] = column
    return larger


class BarColumns:
    """Rows of bars, one numpy column per figure; a row of NaN is a hole and draws nothing.

    The first `count` slots of every column are in use. `volume_sum[i]` is the volume of all rows before row `i`, and
    `known_sum[i]` how many of them are not holes, so that any average is one subtraction.
    """

    def __init__(self) -> None:
        self.count = 0
        self.capacity = _FIRST_CAPACITY
        self.opens_ns: IntArray = np.zeros(_FIRST_CAPACITY, dtype=np.int64)
        self.open: FloatArray = np.zeros(_FIRST_CAPACITY)
        self.high: FloatArray = np.zeros(_FIRST_CAPACITY)
        self.low: FloatArray = np.zeros(_FIRST_CAPACITY)
        self.close: FloatArray = np.zeros(_FIRST_CAPACITY)
        self.volume: FloatArray = np.zeros(_FIRST_CAPACITY)
        self.volume_sum: FloatArray = np.zeros(_FIRST_CAPACITY + 1)
        self.known_sum: IntArray = np.zeros(_FIRST_CAPACITY + 1, dtype=np.int64)

    def clear(self) -> None:
        """Forget every row, keep the space."""
        self.count = 0

    def write(self, first: int, opens_ns: IntArray, prices: tuple[FloatArray, ...]) -> None:
        """Replace everything from row `first` on by these rows: open, high, low, close, volume in `prices`."""
        end = first + len(opens_ns)
        self._reserve(end)
        self.opens_ns[first:end] = opens_ns
        for name, values in zip(_PRICES, prices, strict=True):
            getattr(self, name)[first:end] = values
        self.count = end
        known = ~np.isnan(prices[3]) | (prices[4] > 0)
        if end == first + 1:  # one tick into the last bar: no array arithmetic for one number
            self.volume_sum[end] = self.volume_sum[first] + prices[4][0]
            self.known_sum[end] = self.known_sum[first] + int(known[0])
            return
        np.cumsum(prices[4], out=self.volume_sum[first + 1 : end + 1])
        self.volume_sum[first + 1 : end + 1] += self.volume_sum[first]
        np.cumsum(known, out=self.known_sum[first + 1 : end + 1])
        self.known_sum[first + 1 : end + 1] += self.known_sum[first]

    def average_volumes(self, ends: IntArray, length: int) -> FloatArray:
        """Return the mean volume of the `length` rows before each of `ends`, holes left out; NaN where too few."""
        starts = np.maximum(ends - length, 0)
        known = self.known_sum[ends] - self.known_sum[starts]
        means: FloatArray = (self.volume_sum[ends] - self.volume_sum[starts]) / np.maximum(known, 1)
        means[(ends < length) | (self.known_sum[ends] == self.known_sum[np.maximum(ends - 1, 0)])] = np.nan
        return means

    def is_hole(self, row: int) -> bool:
        """Tell whether nothing is known of this row."""
        return bool(np.isnan(self.close[row]))

    def _reserve(self, rows: int) -> None:
        if rows <= self.capacity:
            return
        self.capacity = max(rows + rows // 4, self.capacity * 2)
        self.opens_ns = grown(self.opens_ns, self.capacity)  # type: ignore[assignment]
        for name in _PRICES:
            setattr(self, name, grown(getattr(self, name), self.capacity))
        self.volume_sum = grown(self.volume_sum, self.capacity + 1)  # type: ignore[assignment]
        self.known_sum = grown(self.known_sum, self.capacity + 1)  # type: ignore[assignment]
