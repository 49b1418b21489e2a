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

    It states no day figures: a recording begins where it begins. The previous close in particular is not in it, and
    stays unknown; what the trades themselves add up to is counted by the gateway.
    """

    def __init__(self, playback: Playback, instruments: Mapping[str, Instrument]) -> None:
        self.playback = playback
        self._instruments = dict(instruments)

    def instruments(self) -> Mapping[str, Instrument]:
        """Return every instrument of the recording by its feed key."""
        return self._instruments

    def statistics(self, key: str) -> DayStatistics | None:
        """Return None: a recording holds events only."""
        return None

    def backlog(self, key: str, channel: Channel) -> Iterable[MarketEvent]:
        """Return nothing: who subscribes late sees what follows, as on a live feed."""
        return ()

    async def play(self, sink: EventSink) -> None:
        """Play the recording into `sink`."""
        await self.playback.play(sink)
