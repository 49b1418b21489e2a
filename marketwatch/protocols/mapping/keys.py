"""How a stream of one's own names instruments: by bare symbols of which nothing else is known."""

from __future__ import annotations

from typing import Final

from marketwatch.domain.ids import InstrumentId, Segment, Venue

OWN: Final = Venue("OWN")
STREAM: Final = Segment("STREAM")


def feed_key(instrument_id: InstrumentId) -> str | None:
    """Return the symbol: the user says with the feed which market it is of."""
    return instrument_id.symbol


def instrument_of(key: str) -> InstrumentId:
    """Return the identity of a key that no list of instruments knows: at no venue but the stream itself."""
    return InstrumentId(OWN, STREAM, key.strip())
