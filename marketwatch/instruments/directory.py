"""The instrument directory: looks instruments up by identity, symbol, name and ISIN."""

from __future__ import annotations

import csv
import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path

from marketwatch.domain.ids import InstrumentId, Segment, Venue
from marketwatch.domain.instrument import Instrument, InstrumentKind
from marketwatch.errors import InstrumentError
from marketwatch.instruments.matching import Candidate, Query, SearchHit, rank
from marketwatch.runtime.resources import resource_path

COLUMNS = (
    "venue",
    "segment",
    "symbol",
    "name",
    "currency",
    "kind",
    "tick_size",
    "lot_size",
    "multiplier",
    "isin",
    "exchange_tag",
)


def starter_lists() -> list[Path]:
    """Return the bundled instrument lists."""
    return sorted(resource_path("instruments").glob("*.csv"))


class InstrumentDirectory:
    """All instruments known here. Held in memory; a look-up is a dictionary access."""

    def __init__(self, instruments: Iterable[Instrument] = ()) -> None:
        self._candidates: dict[InstrumentId, Candidate] = {}
        self._by_symbol: defaultdict[str, list[Instrument]] = defaultdict(list)
        self._exchanges: frozenset[str] = frozenset()
        for instrument in instruments:
            self.add(instrument)

    @classmethod
    def load(cls, paths: Iterable[Path]) -> InstrumentDirectory:
        """Read instrument lists; the first list that names an instrument wins. Reads files: not for the Qt thread.

        Raises InstrumentError naming file and line.
        """
        return cls(instrument for path in paths for instrument in read_list(path))

    def __len__(self) -> int:
        return len(self._candidates)

    def __iter__(self) -> Iterator[Instrument]:
        return (candidate.instrument for candidate in self._candidates.values())

    def get(self, instrument_id: InstrumentId) -> Instrument | None:
        """Return the instrument of this identity, None when it is unknown here."""
        candidate = self._candidates.get(instrument_id)
        return None if candidate is None else candidate.instrument

    def by_symbol(self, symbol: str) -> list[Instrument]:
        """Return every instrument written so, whatever the case: shares first, then indices, funds and the rest."""
        return list(self._by_symbol.get(symbol.strip().upper(), ()))

    def add(self, instrument: Instrument) -> Instrument:
        """Learn an instrument, for example from a recording, and return the one held now.

        A known one keeps its facts: a list knows more than a stream of ticks.
        """
        known = self.get(instrument.id)
        if known is not None:
            return known
        candidate = Candidate.of(instrument)
        self._candidates[instrument.id] = candidate
        self._exchanges |= candidate.exchanges
        namesakes = self._by_symbol[instrument.symbol.upper()]
        namesakes.append(instrument)
        if len(namesakes) > 1:
            namesakes.sort(key=_preference)
        return instrument

    def search(self, text: str, limit: int = 50) -> list[SearchHit]:
        """Return the best matches of what was typed so far, best first; nothing for an empty text."""
        query = Query(text, self._exchanges)
        if query.is_empty or limit <= 0:
            return []
        hits = (query.match(candidate) for candidate in self._candidates.values())
        return heapq.nsmallest(limit, (hit for hit in hits if hit is not None), key=rank)


def read_list(path: Path) -> Iterator[Instrument]:
    """Read one instrument list (CSV with the columns COLUMNS). Raises InstrumentError naming file and line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
            if missing:
                raise _refusal(path, 1, f"the column {missing[0]} is missing")
            for row in rows:
                yield _instrument(path, rows.line_num, row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InstrumentError(f"Instrument list {path.name}", str(error)) from error


def _instrument(path: Path, line: int, row: dict[str, str | None]) -> Instrument:
    facts = {column: (row[column] or "").strip() for column in COLUMNS}
    for column in ("venue", "segment", "symbol"):
        if not facts[column]:
            raise _refusal(path, line, f"{column} is empty")
    try:
        return Instrument(
            id=InstrumentId(Venue(facts["venue"]), Segment(facts["segment"]), facts["symbol"]),
            name=facts["name"],
            currency=facts["currency"],
            kind=InstrumentKind(facts["kind"]),
            tick_size=_positive(facts["tick_size"]) if facts["tick_size"] else None,
            lot_size=int(_positive(facts["lot_size"] or "1")),
            multiplier=_positive(facts["multiplier"] or "1"),
            isin=facts["isin"],
            exchange_tag=facts["exchange_tag"],
        )
    except (ValueError, InvalidOperation) as error:
        raise _refusal(path, line, str(error) or "a number cannot be read") from error


def _positive(text: str) -> Decimal:
    number = Decimal(text)
    if not (number.is_finite() and number > 0):
        raise ValueError(f"{text} is not a positive number")
    return number


def _refusal(path: Path, line: int, cause: str) -> InstrumentError:
    return InstrumentError(f"Instrument list {path.name}", f"line {line}: {cause}", "Correct or remove that line.")


def _preference(instrument: Instrument) -> tuple[int, str, str]:
    kinds = (InstrumentKind.STOCK, InstrumentKind.INDEX, InstrumentKind.FUND)
    position = kinds.index(instrument.kind) if instrument.kind in kinds else len(kinds)
    return position, instrument.id.venue, instrument.id.segment
