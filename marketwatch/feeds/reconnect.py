"""When to try again: back-off, floors and the cap on attempts. Pure; times are monotonic seconds."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import msgspec

from marketwatch.errors import RateLimited
from marketwatch.runtime.backoff import Draw, full_jitter

_MINUTE_S = 60.0
_LIMIT_MEMORY_S = 1800.0
_LIMIT_CAP_S = 900.0


class ConnectionLimited(RateLimited):
    """The account's connections are used up, or another program took ours."""


class ReconnectRules(msgspec.Struct, frozen=True, kw_only=True):
    """`good_data_s` of data, or `good_life_s` of life without data, forget earlier failures.

    After a connection limit every wait is at least `limit_floor_s`, until a connection lived `limit_life_s` or
    delivered data. After `attempts` failures in a row (None: never) only the user begins again.
    """

    first_s: float = 1.0
    cap_s: float = 60.0
    good_data_s: float = 30.0
    good_life_s: float = 300.0
    limit_floor_s: float = 60.0
    limit_life_s: float = 10.0
    attempts_per_minute: int = 10
    attempts: int | None = None


class ReconnectPlan:
    """Remembers the failures of one feed and says how long to wait."""

    def __init__(self, rules: ReconnectRules, draw: Draw) -> None:
        self.rules = rules
        self._draw = draw
        self._delays: Iterator[float] = self._fresh()
        self._attempts: deque[float] = deque(maxlen=rules.attempts_per_minute)
        self._limits: deque[float] = deque(maxlen=8)
        self._has_floor = False
        self._failures = 0

    @property
    def is_exhausted(self) -> bool:
        """Whether all attempts that the rules allow have failed."""
        return self.rules.attempts is not None and self._failures >= self.rules.attempts

    def note_attempt(self, now: float) -> None:
        """Count an attempt that begins now; it counts as failed until `note_end` says better."""
        self._attempts.append(now)
        self._failures += 1

    def note_end(self, *, lived_s: float, data_s: float, delivered: bool) -> None:
        """Take into account how good the connection was that ended, or 0, 0, False for none."""
        rules = self.rules
        if data_s >= rules.good_data_s or lived_s >= rules.good_life_s:
            self._delays = self._fresh()
            self._failures = 0
        if delivered or lived_s >= rules.limit_life_s:
            self._has_floor = False

    def delay_s(self, now: float, *, min_wait_s: float = 0.0, is_limited: bool = False) -> float:
        """Return how long to wait before the next attempt, after a failure that asks for `min_wait_s`.

        Connection limits with less than half an hour from one to the next wait twice as long each time: two programs
        that share an account would otherwise throw each other out for ever.
        """
        floor = min_wait_s
        if is_limited:
            self._has_floor = True
            self._limits.append(now)
            floor = max(floor, min(_LIMIT_CAP_S, self.rules.limit_floor_s * 2 ** (self._limits_in_a_row() - 1)))
        elif self._has_floor:
            floor = max(floor, self.rules.limit_floor_s)
        return max(next(self._delays), floor, self.cap_wait_s(now))

    def _limits_in_a_row(self) -> int:
        count, later = 0, self._limits[-1]
        for at in reversed(self._limits):
            if later - at > _LIMIT_MEMORY_S:
                break
            count, later = count + 1, at
        return count

    def cap_wait_s(self, now: float) -> float:
        """Return how long the cap on attempts per minute makes us wait."""
        if len(self._attempts) < self.rules.attempts_per_minute:
            return 0.0
        return max(0.0, self._attempts[0] + _MINUTE_S - now)

    def forget(self) -> None:
        """Start afresh: the address or the key is another."""
        self._delays = self._fresh()
        self._limits.clear()
        self._has_floor = False
        self._failures = 0

    def _fresh(self) -> Iterator[float]:
        return full_jitter(self._draw, first_s=self.rules.first_s, cap_s=self.rules.cap_s)
