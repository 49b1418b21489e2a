"""When silence is a fault. Pure; all times are monotonic seconds."""

from __future__ import annotations

import enum
import math

import msgspec


class SilenceLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How long silence may last, in seconds.

    `life_s`: no sign of life at all (message or pong) before the rows are marked, `dead_s`: before the connection is
    replaced. `useful_s`: no market data in an open session before the rows are marked; `mute_s`: before the
    connection is replaced, doubled each time that did not help, up to `mute_cap_s`; the user may choose another one
    up to `mute_most_s`, at which the protocol gives the connection up by itself.
    """

    life_s: float = 15.0
    dead_s: float = 25.0
    useful_s: float = 25.0
    mute_s: float = 60.0
    mute_cap_s: float = 960.0
    mute_most_s: float = math.inf
    recheck_s: float = 10.0


class Silence(enum.Enum):
    """What the silence means."""

    FINE = "fine"
    NO_LIFE = "no sign of life"
    NO_DATA = "no data comes"
    DEAD = "the far end gives no sign of life"
    MUTE = "the connection answers, but no data comes although the market is open"


class Liveness:
    """Watches one connection, armed from the moment it opened."""

    def __init__(self, limits: SilenceLimits, now: float, *, mute_s: float | None = None) -> None:
        self._limits = limits
        self._mute_s = limits.mute_s if mute_s is None else mute_s
        self.opened = now
        self.last_life = now
        self.last_useful = now
        self.first_useful: float | None = None
        self._expected_since: float | None = now

    def allow(self, mute_s: float) -> None:
        """Let silence last this long from now on before the connection counts as mute."""
        self._mute_s = mute_s

    def life(self, at: float) -> None:
        """Note a message or a pong."""
        if at > self.last_life:
            self.last_life = at

    def useful(self, at: float) -> None:
        """Note market data."""
        self.last_life = self.last_useful = at
        if self.first_useful is None:
            self.first_useful = at

    def judge(self, now: float, *, session_open: bool | None, expects_data: bool, is_pinged: bool) -> Silence:
        """Say what the silence up to `now` means.

        `session_open` None is not known: then the rows are marked, but the connection is kept. Without pings and
        outside the session nothing can be concluded from silence.
        """
        is_expected = expects_data and session_open is not False
        quiet = self._quiet_s(now, is_expected)
        lifeless = now - self.last_life
        must_live = is_pinged or (is_expected and session_open is True and quiet >= self._limits.life_s)
        if must_live and lifeless >= self._limits.dead_s:
            return Silence.DEAD
        if is_expected and session_open and quiet >= self._mute_s:
            return Silence.MUTE
        if must_live and lifeless >= self._limits.life_s:
            return Silence.NO_LIFE
        if is_expected and quiet >= self._limits.useful_s:
            return Silence.NO_DATA
        return Silence.FINE

    def _quiet_s(self, now: float, is_expected: bool) -> float:
        # The night does not count: at the opening bell the silence begins anew.
        if not is_expected:
            self._expected_since = None
            return 0.0
        if self._expected_since is None:
            self._expected_since = now
        return now - max(self.last_useful, self._expected_since)

    def next_check(self, now: float) -> float:
        """Return when `judge` should be asked again."""
        limits = self._limits
        quiet_from = max(self.last_useful, self._expected_since or 0.0)
        marks = (
            self.last_life + limits.life_s,
            self.last_life + limits.dead_s,
            quiet_from + limits.useful_s,
            quiet_from + self._mute_s,
            now + limits.recheck_s,
        )
        return min(mark for mark in marks if mark > now)

    def good_span_s(self) -> float:
        """Return for how long market data has come, first to last."""
        return 0.0 if self.first_useful is None else self.last_useful - self.first_useful

    def lived_s(self) -> float:
        """Return from opening to the last sign of life."""
        return self.last_life - self.opened
