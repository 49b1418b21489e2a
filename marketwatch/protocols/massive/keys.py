"""How Massive's stock feed names instruments."""

from __future__ import annotations

from marketwatch.domain.ids import CASH, INDEX, InstrumentId, Venue

VENUES = frozenset(Venue(name) for name in ("US", "XNAS", "XNYS", "ARCX", "XASE", "BATS", "IEXG"))
INDEX_PREFIX = "I:"


def feed_key(instrument_id: InstrumentId) -> str | None:
    """Return the feed's name of an instrument, None when it is of another market."""
    if instrument_id.venue not in VENUES:
        return None
    if instrument_id.segment == INDEX:
        return f"{INDEX_PREFIX}{instrument_id.symbol}"
    return instrument_id.symbol if instrument_id.segment == CASH else None


def instrument_of(key: str) -> InstrumentId:
    """Return the identity of a key that no list of instruments knows: at a US venue not further known."""
    if key.startswith(INDEX_PREFIX):
        return InstrumentId(Venue("US"), INDEX, key.removeprefix(INDEX_PREFIX))
    return InstrumentId(Venue("US"), CASH, key)
