"""What a feed says about itself, for the status pill, the notices and the diagnostics."""

from __future__ import annotations

import enum

import msgspec

from marketwatch.domain.ids import FeedId


class FeedState(enum.Enum):
    """The states of a supervisor."""

    IDLE = "idle"
    CONNECTING = "connecting"
    AUTHENTICATING = "authenticating"
    LIVE = "live"
    STALE = "stale"
    BACKING_OFF = "backing off"
    REFUSED = "refused"
    SIGNED_OUT = "signed out"

    @property
    def waits_for_user(self) -> bool:
        """Whether nothing happens before the user does something; nothing is tried again meanwhile."""
        return self in (FeedState.REFUSED, FeedState.SIGNED_OUT)


class KeyTrouble(enum.Enum):
    """What is the matter with a feed's key."""

    REFUSED = "refused"
    MISSING = "missing"


class FeedStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One moment of a feed. Times `*_ns` are wall clock; unknown is None.

    `heard_ns` is when the last message came, by the monotonic clock.

    `subscriptions` counts the confirmed ones. `lag_*_ms` is receive time minus event time, beyond the announced
    delay, None for feeds that do not run in real time. `behind_ms` is how long messages waited inside the program.
    `unconfirmed_topics` were not confirmed in time; `topics_over_limit` are not asked for, because the connection takes
    only `instruments_allowed` (None: no limit known); `instruments` counts the wanted ones.
    `invalid_reason` is why the newest unusable part of a message was that.
    `batch_progress` is how far the server has come with the newest batch: `2 of 3, ETH-USD`; empty without one.
    `key_trouble`: the state is `REFUSED`, and it is for the key.
    `signed_out_since` is when the session of a feed that is signed out ended, empty when that is not known.
    A feed that may spread over several connections (`connections_allowed`) has the status of each one in use in
    `parts`, under its number, `connection`; its own state is that of the worst, its counts are those of all.
    """

    feed_id: FeedId
    label: str
    state: FeedState
    connected: bool = False
    authenticated: bool = False
    running: bool = False
    subscriptions: int = 0
    wanted: int = 0
    refused_topics: int = 0
    unconfirmed_topics: int = 0
    topics_over_limit: int = 0
    instruments: int = 0
    instruments_allowed: int | None = None
    message_count: int = 0
    event_count: int = 0
    invalid_count: int = 0
    invalid_reason: str = ""
    batch_progress: str = ""
    late_count: int = 0
    sink_failures: int = 0
    last_message_ns: int | None = None
    heard_ns: int | None = None
    since_ns: int | None = None
    uptime_s: float | None = None
    reconnect_attempts: int = 0
    generation: int = 0
    stall_count: int = 0
    messages_per_s: float = 0.0
    events_per_s: float = 0.0
    lag_ms: float | None = None
    lag_p95_ms: float | None = None
    lag_p99_ms: float | None = None
    behind_ms: float = 0.0
    delay_s: float = 0.0
    retry_in_s: float | None = None
    key_trouble: KeyTrouble | None = None
    signed_out_since: str = ""
    reason: str = ""
    next_step: str = ""
    connections_allowed: int | None = None
    connection: int | None = None
    parts: tuple[FeedStatus, ...] = ()

    @property
    def connections(self) -> int:
        """How many connections stand."""
        return sum(part.connected for part in self.parts) if self.parts else int(self.connected)

    def of_connection(self, number: int | None) -> FeedStatus:
        """Return the status of one of the feed's connections; its own where it has but one, or not this one."""
        return next((part for part in self.parts if part.connection == number), self)

    def guide_fields(self) -> dict[str, object]:
        """Return the status keys of the Polygon guide."""
        return {
            "connected": self.connected,
            "authenticated": self.authenticated,
            "running": self.running,
            "subscriptions": self.subscriptions,
            "message_count": self.message_count,
            "last_message_time": self.last_message_ns,
            "uptime": self.uptime_s,
            "reconnect_attempts": self.reconnect_attempts,
        }
