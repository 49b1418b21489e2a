"""The time of day of a recording, on the clock of its exchange."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

from marketwatch.errors import RecordingError
from marketwatch.feeds.recorded.recording import RecordingFacts

_NEW_YORK = "America/New_York"


def exchange_zone(facts: RecordingFacts) -> ZoneInfo:
    """Return the zone in which a recording's times are told: New York, or UTC for crypto, which never closes."""
    round_the_clock = all(hint.exchange is not None and not hint.is_future for hint in facts.instruments)
    return ZoneInfo("UTC" if round_the_clock else _NEW_YORK)


def time_of_day_ns(facts: RecordingFacts, text: str) -> int:
    """Turn `HH:MM` or `HH:MM:SS` of the recording's day into ns UTC.

    Raises RecordingError when the recording does not reach that time.
    """
    zone = exchange_zone(facts)
    starts_at = datetime.datetime.fromtimestamp(facts.start_ns / 1e9, zone)
    wanted = datetime.datetime.combine(starts_at.date(), datetime.time.fromisoformat(text), zone)
    wanted_ns = int(wanted.timestamp()) * 1_000_000_000
    if wanted_ns > facts.end_ns:
        ends_at = datetime.datetime.fromtimestamp(facts.end_ns / 1e9, zone)
        raise RecordingError(
            f"{facts.name} does not reach {text}",
            f"it covers {starts_at:%H:%M} to {ends_at:%H:%M} ({zone.key})",
            "Choose an earlier time",
        )
    return max(wanted_ns, facts.start_ns)
