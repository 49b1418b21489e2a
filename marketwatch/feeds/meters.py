"""Counts, rates and lag of one feed. Cheap to feed, read a few times a second at most."""

from __future__ import annotations

from typing import Any

from marketwatch.domain.events import BatchProgress, MarketEvent

_NS = 1_000_000_000
_SAMPLES = 512


class LagReservoir:
    """The newest few hundred lags, in ns; memory is bounded and percentiles are sorted on demand."""

    def __init__(self, size: int = _SAMPLES) -> None:
        self._size = size
        self._samples: list[int] = []
        self._next = 0

    def add(self, lag_ns: int) -> None:
        """Take one sample; the oldest goes when full."""
        if len(self._samples) < self._size:
            self._samples.append(lag_ns)
        else:
            self._samples[self._next] = lag_ns
            self._next = (self._next + 1) % self._size

    def clear(self) -> None:
        """Forget all samples."""
        self._samples.clear()
        self._next = 0

    def percentiles_ms(self, *quantiles: float) -> tuple[float | None, ...]:
        """Return the lag at each quantile (0 to 1) in ms; None without samples."""
        if not self._samples:
            return tuple(None for _ in quantiles)
        ordered = sorted(self._samples)
        last = len(ordered) - 1
        return tuple(ordered[round(quantile * last)] / 1e6 for quantile in quantiles)


class FeedMeters:
    """What one feed has delivered since it was started; lives through reconnections."""

    def __init__(self, *, delay_s: float = 0.0, measures_lag: bool = True) -> None:
        self._delay_ns = int(delay_s * _NS)
        self._measures_lag = measures_lag
        self.lag = LagReservoir()
        self.message_count = 0
        self.event_count = 0
        self.invalid_count = 0
        self.late_count = 0
        self.sink_failures = 0
        self.last_message_ns: int | None = None
        self.heard_ns: int | None = None
        self.last_invalid: tuple[str, str] | None = None
        self.progress: BatchProgress | None = None
        self.messages_per_s = 0.0
        self.events_per_s = 0.0
        self.behind_ns = 0
        self._behind_ns = 0
        self._marked = (0, 0, 0)

    def frame(self, wall_ns: int, waited_ns: int, now_ns: int | None = None) -> None:
        """Count one message that arrived `waited_ns` before it was taken up, at `now_ns` (monotonic)."""
        self.message_count += 1
        self.last_message_ns = wall_ns
        self.heard_ns = now_ns
        if waited_ns > self._behind_ns:
            self._behind_ns = waited_ns

    def events(self, count: int, last: MarketEvent, wall_ns: int) -> None:
        """Count the events of one message; its last one is the sample for the lag."""
        self.event_count += count
        if self._measures_lag:
            event_ns = last.event_ns
            if event_ns is not None:
                self.lag.add(max(0, wall_ns - event_ns - self._delay_ns))
            elif isinstance(last, BatchProgress) and last.total is not None:
                self.progress = last

    def note_invalid(self, reason: str, sample: str, count: int) -> None:
        """Count parts of messages that could not be used; the newest sample is kept for diagnostics."""
        self.invalid_count += count
        self.last_invalid = (reason, sample)

    def set_delay(self, delay_s: float) -> None:
        """Take another announced delay, and forget the lags measured against the old one."""
        self._delay_ns = int(delay_s * _NS)
        self.lag.clear()

    def mark(self, now_ns: int) -> None:
        """Begin to measure rates at `now_ns` (monotonic), after a quiet time."""
        self._marked = (now_ns, self.message_count, self.event_count)

    def tick(self, now_ns: int) -> bool:
        """Work out the rates since the last tick; `now_ns` is monotonic. Tells whether anything arrived."""
        since_ns, messages, events = self._marked
        passed_s = (now_ns - since_ns) / _NS
        if passed_s > 0:
            self.messages_per_s = (self.message_count - messages) / passed_s
            self.events_per_s = (self.event_count - events) / passed_s
        self.behind_ns, self._behind_ns = self._behind_ns, 0
        self.mark(now_ns)
        return self.message_count != messages

    def figures(self) -> dict[str, Any]:
        """Return counts, rates and lags by their names in the status of a feed."""
        median, p95, p99 = self.lag.percentiles_ms(0.5, 0.95, 0.99)
        return {
            "message_count": self.message_count,
            "event_count": self.event_count,
            "invalid_count": self.invalid_count,
            "invalid_reason": "" if self.last_invalid is None else self.last_invalid[0],
            "batch_progress": _progress_words(self.progress),
            "late_count": self.late_count,
            "sink_failures": self.sink_failures,
            "last_message_ns": self.last_message_ns,
            "heard_ns": self.heard_ns,
            "messages_per_s": self.messages_per_s,
            "events_per_s": self.events_per_s,
            "lag_ms": median,
            "lag_p95_ms": p95,
            "lag_p99_ms": p99,
            "behind_ms": self.behind_ns / 1e6,
        }


def _progress_words(progress: BatchProgress | None) -> str:
    return "" if progress is None else f"{progress.done or 0:,} of {progress.total:,}, {progress.key}"
