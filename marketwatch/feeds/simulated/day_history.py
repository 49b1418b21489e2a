"""The day so far of one instrument, thinned, for whoever starts to watch it now."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from marketwatch.domain.events import MarketEvent, PriceValue, TradeTick

BUCKET_S = 7.5


class DayHistory:
    """A few trades per bucket of time: they keep the high, the low, the last price and the volume of all."""

    def __init__(self, key: str, *, is_index: bool) -> None:
        self._key = key
        self._is_index = is_index
        self._stamps = array("q")
        self._prices = array("d")
        self._sizes = array("d")
        self._bucket: list[tuple[int, float, float]] = []
        self._bucket_ends_s = 0.0

    def clear(self) -> None:
        """Forget the day."""
        self._stamps, self._prices, self._sizes = array("q"), array("d"), array("d")
        self._bucket.clear()
        self._bucket_ends_s = 0.0

    def add(self, now_s: float, stamp: int, price: float, size: float) -> None:
        """Take in one trade or value at `now_s` seconds of the day."""
        if now_s >= self._bucket_ends_s:
            self._flush()
            self._bucket_ends_s = now_s - now_s % BUCKET_S + BUCKET_S
        self._bucket.append((stamp, price, size))

    def events(self) -> Iterator[MarketEvent]:
        """Return the day up to this call, made while it is read; a day that ends meanwhile ends it too.

        The events carry no sequence number: they are told again to every new subscriber.
        """
        self._flush()
        return self._rows(len(self._stamps))

    def _rows(self, count: int) -> Iterator[MarketEvent]:
        stamps, prices, sizes = self._stamps, self._prices, self._sizes
        for index in range(count):
            if stamps is not self._stamps:
                return
            stamp, price = stamps[index], prices[index]
            if self._is_index:
                yield PriceValue(key=self._key, stamp=stamp, value=price)
            else:
                yield TradeTick(key=self._key, stamp=stamp, price=price, size=sizes[index])

    def _flush(self) -> None:
        for stamp, price, size in self._thinned():
            self._stamps.append(stamp)
            self._prices.append(price)
            self._sizes.append(size)
        self._bucket.clear()

    def _thinned(self) -> list[tuple[int, float, float]]:
        bucket = self._bucket
        if len(bucket) <= 3:
            return bucket
        kept = {max(bucket, key=_price), min(bucket, key=_price), bucket[-1]}
        in_order = sorted(kept)
        share, rest = divmod(sum(size for _, _, size in bucket), len(in_order))
        sizes = [share] * (len(in_order) - 1) + [share + rest]
        return [(stamp, price, size) for (stamp, price, _), size in zip(in_order, sizes, strict=True)]


def _price(row: tuple[int, float, float]) -> float:
    return row[1]
