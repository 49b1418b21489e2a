"""Resolves the symbols of a recording to instruments."""

from __future__ import annotations

from collections.abc import Iterable

from marketwatch.domain.ids import CASH, CRYPTO, FUTURES, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument, InstrumentKind
from marketwatch.feeds.recorded.recording import InstrumentHint
from marketwatch.instruments.directory import InstrumentDirectory

_UNITED_STATES = Venue("US")


def resolve_hints(hints: Iterable[InstrumentHint], directory: InstrumentDirectory) -> dict[str, Instrument]:
    """Return an instrument for each symbol by its feed key; the directory learns those that it did not know."""
    return {hint.key: _resolve(hint, directory) for hint in hints}


def _resolve(hint: InstrumentHint, directory: InstrumentDirectory) -> Instrument:
    if hint.is_future:
        venue = Venue(hint.exchange or "")
        return directory.add(
            Instrument(id=InstrumentId(venue, FUTURES, hint.key), currency="USD", kind=InstrumentKind.FUTURE)
        )
    if hint.exchange is not None:
        venue = Venue(hint.exchange)
        return directory.add(Instrument(id=InstrumentId(venue, CRYPTO, hint.key), kind=InstrumentKind.CRYPTO))
    known = [each for each in directory.by_symbol(hint.key) if each.id.segment == CASH and each.currency == "USD"]
    if known:
        return known[0]
    return directory.add(Instrument(id=InstrumentId(_UNITED_STATES, CASH, hint.key), currency="USD"))
