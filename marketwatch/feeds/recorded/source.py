"""A recorded session as a source for the gateway."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from marketwatch.domain.events import DayStatistics, MarketEvent
from marketwatch.domain.instrument import Instrument
from marketwatch.feeds.delivery import EventSink
from marketwatch.feeds.playback import Playback
from marketwatch.protocols.base import Channel


class RecordedSource:
    """Joins a playback with the instruments that its keys were resolved to.

    It states no day figures of its own: a recording begins where it begins, and what its trades add up to is counted
    by the gateway. The previous close is not in it either: it is stated for the keys of `closes` only.
    """

    def __init__(
        self, playback: Playback, instruments: Mapping[str, Instrument], closes: Mapping[str, float] | None = None
    ) -> None:
        self.playback = playback
        self._instruments = dict(instruments)
        self._closes = dict(closes or {})

    def instruments(self) -> Mapping[str, Instrument]:
        """Return every instrument of the recording by its feed key."""
        return self._instruments

    def statistics(self, key: str) -> DayStatistics | None:
        """Return the close of the session before, where it is known."""
        close = self._closes.get(key)
        return None if close is None else DayStatistics(key=key, prev_close=close)

    def backlog(self, key: str, channel: Channel) -> Iterable[MarketEvent]:
        """Return nothing: who subscribes late sees what follows, as on a live feed."""
        return ()

    async def play(self, sink: EventSink) -> None:
        """Play the recording into `sink`."""
        await self.playback.play(sink)
