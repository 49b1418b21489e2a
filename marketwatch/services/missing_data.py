"""Why a row has nothing to show: one word for the row, and a sentence with the next step. Pure."""

from __future__ import annotations

from typing import Protocol

import msgspec

from marketwatch.feeds.status import FeedState, FeedStatus, KeyTrouble

_NS = 1_000_000_000
_SILENT_S = 60  # a confirmed row without a tick for longer waits for more than its first one
_PERMISSION_WORDS = ("authoriz", "authoris", "permission", "entitle", "plan", "upgrade", "subscription")
_NO_BARS_WORDS = ("it has no bars from ", "it has no bars to ")
_UNKNOWN_WORDS = (
    "unknown",
    "does not know",
    "not found",
    "no such",
    "does not exist",
    "invalid symbol",
    "invalid token",
)


class SubscriptionState(Protocol):
    """How far the wish for an instrument has come; times are wall clock."""

    @property
    def asked_ns(self) -> int: ...
    @property
    def confirmed(self) -> bool: ...
    @property
    def unconfirmed(self) -> bool: ...
    @property
    def refused_reason(self) -> str | None: ...
    @property
    def is_entitlement(self) -> bool: ...
    @property
    def over_limit(self) -> bool: ...


class Missing(msgspec.Struct, frozen=True):
    """Why there are no data: the word for the row, the cause, and what helps."""

    word: str
    cause: str
    next_step: str

    @property
    def explanation(self) -> str:
        """Both sentences, each on its line."""
        return f"{self.cause}\n{self.next_step}"


_KEY_TROUBLE = {KeyTrouble.REFUSED: "the feed refused the key", KeyTrouble.MISSING: "the feed has no key"}
_KEY_WORDS = {KeyTrouble.REFUSED: "key refused", KeyTrouble.MISSING: "no key"}
_FEED_TROUBLE = {
    FeedState.IDLE: "the feed is switched off",
    FeedState.CONNECTING: "the feed is connecting",
    FeedState.AUTHENTICATING: "the feed is connecting",
    FeedState.STALE: "the feed has stalled",
    FeedState.BACKING_OFF: "the feed is disconnected",
    FeedState.REFUSED: "the feed has given up",
    FeedState.SIGNED_OUT: "you are signed out of the feed",
}
_FEED_WORDS = {
    FeedState.IDLE: "feed is off",
    FeedState.CONNECTING: "connecting",
    FeedState.AUTHENTICATING: "connecting",
    FeedState.STALE: "feed is silent",
    FeedState.BACKING_OFF: "feed is down",
    FeedState.REFUSED: "feed gave up",
    FeedState.SIGNED_OUT: "signed out",
}
_FEED_STEPS = {
    FeedState.IDLE: "Switch it on in Settings > Feeds",
    FeedState.CONNECTING: "The row fills once the connection stands",
    FeedState.AUTHENTICATING: "The row fills once the connection stands",
    FeedState.STALE: "MarketWatch renews the connection by itself if it stays silent",
    FeedState.BACKING_OFF: "MarketWatch tries again by itself; Retry is behind the feed's name in the status bar",
    FeedState.REFUSED: "Test the connection in Settings > Feeds",
    FeedState.SIGNED_OUT: "Log in again in Settings > Feeds",
}


def feed_trouble(status: FeedStatus) -> str | None:
    """Return what keeps a feed from delivering, None when nothing does."""
    return _FEED_TROUBLE.get(status.state) if status.key_trouble is None else _KEY_TROUBLE[status.key_trouble]


def why_no_data(
    subscription: SubscriptionState | None,
    status: FeedStatus | None,
    why_closed: str,
    wall_ns: int,
) -> Missing:
    """Judge how far a row has come on its way to the first tick; `why_closed` is why none is to be expected now."""
    if subscription is None or status is None:
        return Missing(
            "no feed", "No feed has this instrument", "Add or switch on a feed that has it in Settings > Feeds"
        )
    if subscription.refused_reason is not None:
        return _refused(subscription.refused_reason, is_entitlement=subscription.is_entitlement)
    if subscription.over_limit:
        on = "one connection" if status.connections_allowed is None else f"{status.connections_allowed} connections"
        cause = f"More instruments are asked for than this feed allows on {on}"
        return Missing("over limit", cause, "Remove rows, or add another feed in Settings > Feeds")
    if status.state in _FEED_WORDS:
        return _feed_trouble(status)
    asked_s = max(0, (wall_ns - subscription.asked_ns) // _NS)
    return _with_unusable(_patient(subscription, why_closed, asked_s), status)


def _patient(subscription: SubscriptionState, why_closed: str, asked_s: int) -> Missing:
    """Judge a row of a feed that is well."""
    if why_closed:
        heard = "the feed confirmed it" if subscription.confirmed else "the feed has not confirmed it"
        why = f"{why_closed[:1].lower()}{why_closed[1:]}"
        cause = f"No data yet: {why}. Asked {age_in_words(asked_s)} ago, {heard}"
        return Missing("closed", cause, "The row fills when the market opens")
    return _awaited(subscription, asked_s)


def _with_unusable(missing: Missing, status: FeedStatus) -> Missing:
    """Add what the feed sends in vain: a row may be empty because of it."""
    if not status.invalid_count or not status.invalid_reason:
        return missing
    count = status.invalid_count
    told = f"{count:,} of the feed's messages could not be used, the newest because of {status.invalid_reason}"
    return msgspec.structs.replace(missing, cause=f"{missing.cause}. {told}")


def _refused(reason: str, *, is_entitlement: bool) -> Missing:
    said = reason.lower()
    if said.startswith(_NO_BARS_WORDS):
        cause = f"The feed has {reason.removeprefix('it has ')}, as chosen in Settings > Feeds"
        return Missing("no bars", cause, "Choose other days in Settings > Feeds")
    cause = f"The feed refused it: {reason or 'no reason given'}"
    if is_entitlement or any(word in said for word in _PERMISSION_WORDS):
        return Missing(
            "no permission", cause, "Ask the vendor for this data, or choose its delayed data in Settings > Feeds"
        )
    if any(word in said for word in _UNKNOWN_WORDS):
        return Missing("unknown symbol", cause, "Find the instrument with Ctrl+K, or use a feed that knows it")
    return Missing("refused", cause, "Check the symbol, or use another feed for it")


def _feed_trouble(status: FeedStatus) -> Missing:
    reason = f": {status.reason}" if status.reason else ""
    cause = f"No data yet, {feed_trouble(status)}{reason}"
    if status.key_trouble is not None:
        return Missing(_KEY_WORDS[status.key_trouble], cause, status.next_step or "Check the key in Settings > Feeds")
    return Missing(_FEED_WORDS[status.state], cause, status.next_step or _FEED_STEPS[status.state])


def _awaited(subscription: SubscriptionState, asked_s: int) -> Missing:
    """Tell asked, not answered, confirmed and silent apart: the feed is well and the market is open."""
    asked = f"{asked_s} s" if asked_s < _SILENT_S else age_in_words(asked_s)
    if subscription.confirmed and asked_s >= _SILENT_S:
        cause = f"The feed confirmed it, and has sent nothing since it was asked {asked} ago"
        return Missing(f"silent {asked}", cause, "It may not be traded at present; another feed may have it")
    if subscription.confirmed:
        cause = f"No data yet. Asked {asked} ago, the feed confirmed it"
        return Missing("no tick yet", cause, "The row fills with the first trade or quote")
    if subscription.unconfirmed:
        cause = f"No data yet. Asked {asked} ago, the feed has not confirmed it in time"
        return Missing("no answer", cause, "Check that the feed has this symbol; MarketWatch goes on listening")
    cause = f"No data yet. Asked {asked} ago, the feed has not confirmed it"
    return Missing(f"asked {asked} ago", cause, "MarketWatch waits for the answer")


def age_in_words(seconds: float) -> str:
    """Write how old something is: `0:48`, `17 h 26 min`, `3 d`."""
    whole = int(seconds)
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d}"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86_400} d"
