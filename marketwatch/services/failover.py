"""When a row leaves its primary feed for its fall-back, and when it returns. Pure; times are monotonic seconds.

A feed that is down for a moment costs nothing: the row leaves after a grace only, and only for figures that are there.
It returns once the primary was well, with fresh events of this very instrument, for a while that doubles with every
return that did not last; so two feeds that come and go cannot make a row flap.
"""

from __future__ import annotations

import enum

import msgspec

from marketwatch.feeds.status import FeedState

_FRESH_NS = 60_000_000_000


class Trouble(enum.Enum):
    """What is wrong with a feed for one row, as its words go on after the feed's name."""

    OFF = "is not connected"
    DOWN = "is disconnected"
    STALLED = "has stalled"
    GIVEN_UP = "has given up"
    SIGNED_OUT = "is signed out"
    REFUSED = "refused this instrument"
    OVER_LIMIT = "has no room for more instruments"
    SILENT = "is silent"

    @property
    def is_of_the_feed(self) -> bool:
        """Whether every row of the feed has it."""
        return self in _OF_THE_FEED


_OF_THE_FEED = frozenset({Trouble.OFF, Trouble.DOWN, Trouble.STALLED, Trouble.GIVEN_UP, Trouble.SIGNED_OUT})
_AT_ONCE = frozenset({Trouble.GIVEN_UP, Trouble.SIGNED_OUT, Trouble.REFUSED, Trouble.OVER_LIMIT})
_BY_STATE = {
    FeedState.IDLE: Trouble.OFF,
    FeedState.CONNECTING: Trouble.DOWN,
    FeedState.AUTHENTICATING: Trouble.DOWN,
    FeedState.BACKING_OFF: Trouble.DOWN,
    FeedState.STALE: Trouble.STALLED,
    FeedState.REFUSED: Trouble.GIVEN_UP,
    FeedState.SIGNED_OUT: Trouble.SIGNED_OUT,
}


class FailoverRules(msgspec.Struct, frozen=True, kw_only=True):
    """Patience in seconds. `returns_after_s` doubles, up to `returns_cap_s`, after a return that lasted less than
    `memory_s`.
    """

    grace_s: float = 5.0
    silent_s: float = 30.0
    dwell_s: float = 30.0
    returns_after_s: float = 30.0
    returns_cap_s: float = 900.0
    memory_s: float = 600.0


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two feeds as it is now. `bar` is what keeps this row off a feed that is well.

    `newest_ns` is the venue time of its newest event of the instrument, None before the first; `source_ns` is now at
    its source: the feed's delay is taken off.
    """

    state: FeedState
    source_ns: int
    bar: Trouble | None = None
    newest_ns: int | None = None

    @property
    def trouble(self) -> Trouble | None:
        """What is wrong at this moment."""
        return _BY_STATE.get(self.state) or self.bar


class Move(enum.Enum):
    """What a row is to do."""

    STAY = "stay"
    FALL = "fall"
    RETURN = "return"


class _Watched:
    """What was seen of one side over time."""

    __slots__ = ("fresh_at", "fresh_count", "newest_ns", "troubled_at", "well_at")

    def __init__(self) -> None:
        self.newest_ns: int | None = None
        self.fresh_at: float | None = None
        self.fresh_count = 0
        self.troubled_at: float | None = None
        self.well_at: float | None = None

    def note(self, side: Side, now: float) -> bool:
        """Take in a moment; True when a fresh event came since the one before."""
        if side.trouble is None:
            self.troubled_at = None
            if self.well_at is None:
                self.well_at = now
        else:
            self.well_at = self.fresh_at = None
            if self.troubled_at is None:
                self.troubled_at = now
        newest_ns, before_ns = side.newest_ns, self.newest_ns
        self.newest_ns = newest_ns
        is_fresh = (
            side.trouble is None
            and newest_ns is not None
            and newest_ns != before_ns
            and newest_ns >= side.source_ns - _FRESH_NS
        )
        if is_fresh:
            self.fresh_at = now
            self.fresh_count += 1
        return is_fresh


class RowFailover:
    """Judges one row that has a fall-back, as often as it is asked; once a second is enough."""

    def __init__(self, rules: FailoverRules | None = None) -> None:
        self._rules = rules or FailoverRules()
        self._primary, self._fallback = _Watched(), _Watched()
        self._good_at: float | None = None
        self._fallen_at: float | None = None
        self._returned_at: float | None = None
        self._strikes = 0
        self.trouble: Trouble | None = None

    @property
    def is_fallen(self) -> bool:
        """Whether the row is on its fall-back."""
        return self._fallen_at is not None

    @property
    def returns_after_s(self) -> float:
        """How long the primary must be well before the row returns."""
        return min(self._rules.returns_cap_s, self._rules.returns_after_s * 2.0**self._strikes)

    def change_fallback(self) -> None:
        """Begin to watch another fall-back; what is known of the primary, and the patience with it, stay."""
        self._fallback = _Watched()

    def judge(self, now: float, primary: Side, fallback: Side, *, is_open: bool) -> Move:
        """Say what the row is to do now; it is taken for done. `is_open`: ticks are to be expected of the primary."""
        if self._primary.note(primary, now):
            self._fallback.fresh_count = 0
        self._fallback.note(fallback, now)
        trouble = self._lasting_trouble(now, primary, is_open=is_open)
        self._note_good(now, trouble, primary)
        if self._fallen_at is None:
            return self._fall(now, trouble, fallback)
        self.trouble = trouble or self.trouble
        return self._return(now, trouble, primary, fallback)

    def _lasting_trouble(self, now: float, primary: Side, *, is_open: bool) -> Trouble | None:
        trouble, seen = primary.trouble, self._primary
        if trouble is not None:
            lasted_s = 0.0 if seen.troubled_at is None else now - seen.troubled_at
            return trouble if trouble in _AT_ONCE or lasted_s >= self._rules.grace_s else None
        since = seen.fresh_at if seen.fresh_at is not None else seen.well_at
        is_silent = since is not None and now - since >= self._rules.silent_s
        return Trouble.SILENT if is_open and is_silent and self._fallback.fresh_count > 1 else None

    def _note_good(self, now: float, trouble: Trouble | None, primary: Side) -> None:
        if trouble is not None or primary.trouble is not None:
            self._good_at = None
        elif self._good_at is None and self._primary.fresh_at is not None:
            self._good_at = now

    def _fall(self, now: float, trouble: Trouble | None, fallback: Side) -> Move:
        if trouble is None or fallback.trouble is not None or fallback.newest_ns is None:
            return Move.STAY
        returned_at = self._returned_at
        lately = returned_at is not None and now - returned_at < self._rules.memory_s
        self._strikes = self._strikes + 1 if lately else 0
        self._fallen_at, self.trouble = now, trouble
        return Move.FALL

    def _return(self, now: float, trouble: Trouble | None, primary: Side, fallback: Side) -> Move:
        good_s = 0.0 if self._good_at is None else now - self._good_at
        dwelt_s = 0.0 if self._fallen_at is None else now - self._fallen_at
        is_due = self._good_at is not None and good_s >= self.returns_after_s and dwelt_s >= self._rules.dwell_s
        if not is_due and not self._is_forced(now, trouble, primary, fallback):
            return Move.STAY
        self._fallen_at, self._returned_at, self.trouble = None, now, None
        return Move.RETURN

    def _is_forced(self, now: float, trouble: Trouble | None, primary: Side, fallback: Side) -> bool:
        """Tell whether the fall-back fails too while the primary is well: then nothing is to be waited for."""
        failed_at = self._fallback.troubled_at
        is_gone = fallback.trouble in _AT_ONCE or (failed_at is not None and now - failed_at >= self._rules.grace_s)
        return is_gone and trouble is None and primary.trouble is None and self._primary.fresh_at is not None
