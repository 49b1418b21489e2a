"""What the loaded lists say of an instrument, in the words of a result line."""

from __future__ import annotations

from marketwatch.domain.ids import CASH
from marketwatch.domain.instrument import Instrument
from marketwatch.instruments.directory import InstrumentDirectory
from marketwatch.qt.models.search_model import ListingWords


def listing_words(directory: InstrumentDirectory, instrument: Instrument) -> ListingWords:
    """Return segment, type, series, token and lot as far as they are known, and the name with strike and expiry."""
    listings = directory.masters.listings(instrument.id)
    segment, kind = instrument.id.segment, instrument.kind.value
    series = next((one.series for one in listings if one.series), "")
    token = next((one.token for one in listings if one.token), "")
    facts = [f"{segment} {kind}"]
    if series and series != segment:
        facts.append(f"series {series}" if segment == CASH else series)
    if token:
        facts.append(f"token {token}")
    if instrument.lot_size != 1:
        facts.append(f"lot {instrument.lot_size:,}")
    described = next((one.description for one in listings if one.expiry is not None), "")
    return ListingWords(", ".join(facts), described or instrument.name)
