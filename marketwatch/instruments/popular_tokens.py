"""The ten popular tokens of the Odin guide, corrected: three of the guide's are not the exchange's."""

from __future__ import annotations

import csv

import msgspec

from marketwatch.domain.ids import InstrumentId, Segment, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.instruments.masters.listing import BUILT_IN, Listing
from marketwatch.runtime.resources import resource_path


class PopularTokens(msgspec.Struct, frozen=True):
    """The corrected table, and what the guide prints wrongly with what is meant."""

    listings: tuple[Listing, ...]
    misprints: dict[str, Listing]


def popular_tokens() -> PopularTokens:
    """Read the table. Its listings are a small master for `MasterCatalogue.build`."""
    listings: list[Listing] = []
    misprints: dict[str, Listing] = {}
    with resource_path("instruments", "tokens", "odin.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            identity = InstrumentId(Venue(row["venue"]), Segment(row["segment"]), row["symbol"])
            listing = Listing(
                instrument=Instrument(id=identity, currency="INR"), source=BUILT_IN, token=row["token"], series="EQ"
            )
            listings.append(listing)
            if row["guide_token"]:
                misprints[row["guide_token"]] = listing
    return PopularTokens(tuple(listings), misprints)
