"""What the symbol search asks of the program, answered by fixed values."""

from __future__ import annotations

from collections.abc import Sequence

from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.snapshot import Snapshot
from marketwatch.qt.dialogs.search_popup import ListChoice
from marketwatch.qt.models.search_model import ListingWords


class Details:
    """Everything comes from one delayed feed."""

    def feed_label(self, instrument_id: InstrumentId) -> str:
        return "Massive"

    def delay_tag(self, instrument_id: InstrumentId) -> str:
        return "D15"

    def snapshot(self, instrument_id: InstrumentId) -> Snapshot | None:
        return None

    def listing(self, instrument: Instrument) -> ListingWords:
        return ListingWords(f"{instrument.id.segment} {instrument.kind.value}", instrument.name)

    def limit_after_adding(self, instrument_id: InstrumentId) -> str:
        return "then 11 of 1,000 symbols"


class Lists:
    """Two lists; `held` is what stands in them, by name."""

    def __init__(self) -> None:
        self.held: dict[str, set[InstrumentId]] = {"Core": set(), "Swing": set()}

    def choices(self) -> Sequence[ListChoice]:
        return [ListChoice("1", "Core"), ListChoice("2", "Swing", is_current=True)]

    def names_holding(self, instrument_id: InstrumentId) -> Sequence[str]:
        return [name for name, held in self.held.items() if instrument_id in held]
