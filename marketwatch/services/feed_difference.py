"""How two feeds that cover one instrument differ: in the last price, and in how late the same trade arrives.

The delay between them is measured on equal trades: same venue time and same price. Times of arrival are monotonic and
of this machine, so neither the feeds' clocks nor ours can be wrong about it. Where a feed gives whole seconds only,
trades are equal to the second, and the result is good to a second. A feed that is minutes behind is measured on a
sample by venue time that both feeds agree on, so that little has to be remembered.
"""

from __future__ import annotations

import statistics
from collections import deque

import msgspec

from marketwatch.domain.ids import FeedId
from marketwatch.domain.snapshot import Snapshot, percent
from marketwatch.services.feed_route import FeedFacts

_NS = 1_000_000_000
_MS = 1_000_000
_MOST_KEPT = 4_096
_MOST_SAMPLES = 200
_LEAST_SAMPLES = 5
_SAMPLED_SECONDS = 60


class DelayMeter:
    """Compares arrivals of one instrument at two feeds. `apart_s` is how far apart they are by contract."""

    def __init__(self, apart_s: float = 0.0) -> None:
        self._every_s = max(1, round(abs(apart_s) / _SAMPLED_SECONDS))
        self._arrivals: tuple[dict[tuple[int, float], int], ...] = ({}, {})
        self._counts = [0, 0]
        self._is_untimed = [False, False]
        self._has_fraction = [False, False]
        self._samples: deque[int] = deque(maxlen=_MOST_SAMPLES)

    @property
    def is_fine(self) -> bool:
        """Whether both feeds tell times finer than a second."""
        return all(self._has_fraction)

    @property
    def matches(self) -> int:
        """How many trades were found at both, of those the result rests on."""
        return len(self._samples)

    def note_untimed(self, place: int) -> None:
        """Learn that a feed does not say when its trades were: nothing can be measured then."""
        self._is_untimed[place] = True

    @property
    def median_s(self) -> float | None:
        """How much later a trade arrives at the second feed, negative when sooner; None while too few are equal."""
        if len(self._samples) < _LEAST_SAMPLES or any(self._is_untimed):
            return None
        return statistics.median(self._samples) / _NS

    def take(self, place: int, event_ns: int, price: float, received_ns: int) -> None:
        """Take in a trade of the first (0) or second (1) feed."""
        self._counts[place] += 1
        if event_ns % _NS and not self._has_fraction[place]:
            self._has_fraction[place] = True
            if self.is_fine:
                self._begin_fine()
        if event_ns // _NS % self._every_s:
            return
        key = (event_ns // (_MS if self.is_fine else _NS), price)
        own, other = self._arrivals[place], self._arrivals[1 - place]
        if key in own:
            return  # only the first of a second or millisecond is comparable
        own[key] = received_ns
        if len(own) > _MOST_KEPT:
            del own[next(iter(own))]
        if key in other:
            later_ns = received_ns - other[key]
            self._samples.append(later_ns if place else -later_ns)

    def _begin_fine(self) -> None:
        self._samples.clear()
        for arrivals in self._arrivals:
            arrivals.clear()

    def obstacle(self, first: str, second: str) -> str:
        """Say why nothing is measured yet, naming the feeds."""
        for label, count, is_untimed in zip((first, second), self._counts, self._is_untimed, strict=True):
            if is_untimed:
                return f"{label} does not say when its trades were"
            if not count:
                return f"no trade came from {label} yet"
        return f"{self.matches} of {_LEAST_SAMPLES} equal trades came from both so far"


class FeedSide(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two: its last price with its age at the source, and how far it is behind by contract.

    `is_history`: the price is of a day in the past that the user chose.
    """

    feed_id: FeedId
    label: str
    delay_s: float
    price: float | None
    age_s: float | None
    is_history: bool = False


class FeedDifference(msgspec.Struct, frozen=True, kw_only=True):
    """The feed that is shown against the second one, which `delay_s` follows.

    `difference` is the second last price minus the shown one. `obstacle` says why there is no measured delay.
    """

    shown: FeedSide
    second: FeedSide
    difference: float | None
    difference_pct: float | None
    delay_s: float | None
    is_fine: bool
    matches: int
    obstacle: str


def side_of(snapshot: Snapshot, facts: FeedFacts) -> FeedSide:
    """Describe one feed's view of an instrument as of now."""
    price, price_ns = snapshot.shown_price, snapshot.updated_ns
    now_ns = facts.market_clock.now_ns(snapshot.instrument.id.venue) - round(facts.delay_s * _NS)
    return FeedSide(
        feed_id=facts.id,
        label=facts.label,
        delay_s=facts.delay_s,
        price=price,
        age_s=None if price_ns is None else max(0.0, (now_ns - price_ns) / _NS),
        is_history=facts.is_history(now_ns, snapshot.calendar.zone),
    )


def difference_of(shown: FeedSide, second: FeedSide, meter: DelayMeter) -> FeedDifference:
    """Compare two views."""
    past = next((side.label for side in (shown, second) if side.is_history), None)
    difference = None
    if past is None and shown.price is not None and second.price is not None:
        difference = second.price - shown.price
    obstacle = meter.obstacle(shown.label, second.label) if past is None else f"{past} shows history, not prices of now"
    return FeedDifference(
        shown=shown,
        second=second,
        difference=difference,
        difference_pct=percent(difference, shown.price),
        delay_s=meter.median_s,
        is_fine=meter.is_fine,
        matches=meter.matches,
        obstacle="" if meter.median_s is not None else obstacle,
    )
