"""Limits used of limits allowed, as Settings > Feeds shows them."""

from __future__ import annotations

from collections.abc import Sequence

from marketwatch.app.feed_kinds import spec_of
from marketwatch.domain.feed_config import FeedConfig
from marketwatch.errors import ConfigurationError
from marketwatch.feeds.status import FeedStatus
from marketwatch.qt.models.feed_settings_model import MeterView


def meter_views(config: FeedConfig, status: FeedStatus) -> Sequence[MeterView]:
    """Return what a feed uses of what its vendor allows; nothing for a kind not known here."""
    try:
        spec = spec_of(config)
    except ConfigurationError:
        return ()
    limits = spec.limits
    meters = [MeterView("Subscriptions", status.subscriptions, limits.topics, _limit_note(status))]
    if status.instruments_allowed is not None:
        used, most = status.instruments, status.instruments_allowed
        note = "" if status.connections_allowed is None else f"{limits.instruments:,} on each connection"
        note = f"{used - most:,} wait until there is room" if used > most else note
        meters.insert(0, MeterView("Instruments", min(used, most), most, note))
    if spec.credential_names:
        note = "another program with this key will push this one out"
        if limits.connections > 1:
            note = "every program with this key takes one"
        meters.insert(0, MeterView("Connections", status.connections, limits.connections, note))
    return meters


def _limit_note(status: FeedStatus) -> str:
    if status.refused_topics:
        return f"{status.refused_topics:,} refused"
    return "" if status.wanted == status.subscriptions else f"{status.wanted:,} wanted"
