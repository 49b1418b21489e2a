"""What panels share that read what they show: out of sight they do nothing, seen again they read at once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.snapshot import Snapshot
from marketwatch.qt.panels.painted import is_in_sight
from marketwatch.services.feed_route import FeedFacts
from marketwatch.services.presentation import RowState


class InstrumentSource(Protocol):
    """Where a panel reads the market."""

    def snapshot(self, instrument_id: InstrumentId) -> Snapshot | None:
        """Return market data, None before anything was asked."""
        ...

    def row_state(self, instrument_id: InstrumentId) -> RowState:
        """Judge the state as of now."""
        ...

    def zone(self, instrument_id: InstrumentId) -> str:
        """Return the time zone of its exchange."""
        ...

    def facts(self, instrument_id: InstrumentId) -> FeedFacts | None:
        """Return the feed that serves it, None when none does."""
        ...


class ReadPanel(QWidget):
    """Say in `refresh` what is read."""

    def is_live(self) -> bool:
        """Tell whether anybody could see it now."""
        return is_in_sight(self)

    @abstractmethod
    def refresh(self) -> None:
        """Read everything now; what is the same is not touched."""

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()


class InstrumentPanel(ReadPanel):
    """Shows one instrument at a time. A surface of the flush timer."""

    _instrument: Instrument | None = None

    @property
    def instrument(self) -> Instrument | None:
        """What is shown."""
        return self._instrument

    def is_live(self) -> bool:
        """Tell whether anybody could see it now."""
        return self._instrument is not None and super().is_live()

    def apply(self, changed: Sequence[Snapshot]) -> None:
        """Show what changed of this instrument."""
        shown = self._instrument
        if shown is not None and any(one.instrument.id == shown.id for one in changed):
            self.refresh()
