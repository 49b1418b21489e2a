"""What the symbol search needs to know of the lists."""

from __future__ import annotations

from collections.abc import Sequence

from marketwatch.domain.ids import InstrumentId
from marketwatch.qt.dialogs.search_popup import ListChoice
from marketwatch.services.watchlists import WatchlistService


class ListNames:
    """Names the lists for the search."""

    def __init__(self, service: WatchlistService) -> None:
        self._service = service

    def choices(self) -> Sequence[ListChoice]:
        current = self._service.current
        return [ListChoice(one.id, one.name, one is current) for one in self._service.lists]

    def names_holding(self, instrument_id: InstrumentId) -> Sequence[str]:
        return [one.name for one in self._service.lists_holding(instrument_id)]
