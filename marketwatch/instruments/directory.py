"""The instrument directory: looks instruments up by identity, symbol, name, ISIN and token."""

from __future__ import annotations

import csv
import datetime as dt
import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from marketwatch.domain.ids import InstrumentId, Segment, Venue
from marketwatch.domain.instrument import Instrument, InstrumentKind
from marketwatch.errors import InstrumentError
from marketwatch.instruments.matching import (
    EVERYWHERE,
    Candidate,
    Found,
    MatchKind,
    Query,
    SearchHit,
    SearchScope,
    hit_of,
    is_number,
    standing,
)
from marketwatch.runtime.resources import resource_path

if TYPE_CHECKING:
    from marketwatch.instruments.catalogue import MasterCatalogue

_INDEX_FROM = 2000  # fewer are looked through one by one, in less than two milliseconds
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
    """All instruments known here. Held in memory; a look-up is a dictionary access.

    Besides those of the bundled lists and those learnt, it knows what the loaded masters know: see `use_masters`.
    """

    def __init__(self, instruments: Iterable[Instrument] = ()) -> None:
        self._own: dict[InstrumentId, Instrument] = {}
        self._candidates: dict[InstrumentId, Candidate] = {}
        self._by_symbol: defaultdict[str, list[Instrument]] = defaultdict(list)
        self._exchanges: frozenset[str] = frozenset()
        self._masters: MasterCatalogue | None = None
        self._listed: Mapping[InstrumentId, Instrument] = {}
        self._listed_symbols: Mapping[str, Instrument | tuple[Instrument, ...]] = {}
        self._listed_at: Mapping[Venue, Mapping[str, Instrument | None]] = {}
        self._listed_tokens: Mapping[Venue, Mapping[Segment, Mapping[str, Instrument]]] = {}
        for instrument in instruments:
            self.add(instrument)
        if len(self._candidates) > _INDEX_FROM:
            from marketwatch.instruments.catalogue import MasterCatalogue

            self.use_masters(MasterCatalogue.build((), self._own.values(), today=dt.date.min))

    @classmethod
    def load(cls, paths: Iterable[Path]) -> InstrumentDirectory:
        """Read instrument lists; the first list that names an instrument wins. Reads files: not for the Qt thread.

        Raises InstrumentError naming file and line.
        """
        return cls(instrument for path in paths for instrument in read_list(path))

    @property
    def masters(self) -> MasterCatalogue:
        """What the loaded masters know: tokens, sources, series. Replaced as a whole by `use_masters`."""
        if self._masters is None:
            from marketwatch.instruments.catalogue import MasterCatalogue  # the first paint need not wait for it

            self._masters = MasterCatalogue(dt.date.min)
        return self._masters

    def own_instruments(self) -> list[Instrument]:
        """Return what is known without masters: give it to `MasterCatalogue.build` as `known`."""
        return list(self._own.values())

    def use_masters(self, catalogue: MasterCatalogue) -> MasterCatalogue:
        """Know what these masters know, and no longer what those before knew.

        Returns the ones before: let a worker drop them, for to free a large catalogue takes a tenth of a second.
        """
        before, self._masters = self.masters, catalogue
        self._listed = catalogue.by_id
        self._listed_symbols = catalogue.symbols
        self._listed_at = catalogue.by_venue
        self._listed_tokens = catalogue.tokens
        self._candidates.clear()
        self._by_symbol.clear()
        self._exchanges = catalogue.index.exchanges
        for instrument in self._own.values():
            if catalogue.get(instrument.id) is None:
                self._hold(instrument)
        return before

    def __len__(self) -> int:
        return len(self._listed) + len(self._candidates)

    def __iter__(self) -> Iterator[Instrument]:
        yield from self._listed.values()
        for candidate in self._candidates.values():
            yield candidate.instrument

    def get(self, instrument_id: InstrumentId) -> Instrument | None:
        """Return the instrument of this identity, None when it is unknown here."""
        listed = self._listed.get(instrument_id)
        if listed is not None:
            return listed
        candidate = self._candidates.get(instrument_id)
        return None if candidate is None else candidate.instrument

    def by_symbol(self, symbol: str) -> list[Instrument]:
        """Return every instrument written so, whatever the case: shares first, then indices, funds and the rest."""
        listed = self._listed_symbols.get(symbol)
        if listed is None or symbol in self._by_symbol:
            return self._namesakes(symbol.strip().upper())
        return [listed] if isinstance(listed, Instrument) else list(listed)

    def at(self, venue: Venue, symbol: str) -> Instrument | None:
        """Return the one instrument written so at a venue; None also when several of its segments have one."""
        symbols = self._listed_at.get(venue)
        listed = None if symbols is None else symbols.get(symbol)
        if listed is not None and symbol not in self._by_symbol:
            return listed
        here = [each for each in self.by_symbol(symbol) if each.id.venue == venue]
        return here[0] if len(here) == 1 else None

    def by_token(self, venue: Venue, segment: Segment, token: str, source: str = "") -> Instrument | None:
        """Return the instrument of an exchange's token; None when unknown or when the masters disagree on it."""
        segments = self._listed_tokens.get(venue)
        tokens = None if segments is None else segments.get(segment)
        listed = None if tokens is None else tokens.get(token)
        return self.masters.by_token(venue, segment, token, source) if listed is None else listed

    def add(self, instrument: Instrument) -> Instrument:
        """Learn an instrument, for example from a recording, and return the one held now.

        A known one keeps its facts: a list knows more than a stream of ticks.
        """
        known = self.get(instrument.id)
        if known is not None:
            return known
        self._own[instrument.id] = instrument
        self._hold(instrument)
        return instrument

    def search(self, text: str, limit: int = 50, scope: SearchScope = EVERYWHERE) -> list[SearchHit]:
        """Return the best matches of what was typed so far, best first; nothing for an empty text.

        A text that matches nothing is taken for mistyped: kind SIMILAR then.
        """
        query = Query(text, self._exchanges)
        if query.is_empty or limit <= 0:
            return []
        hits = self._find(query, limit, scope)
        if not query.text:  # an exchange alone may also be a company, as BSE and MCX are
            hits = _joined(self._find(Query(text, frozenset()), limit, scope), hits)
        else:
            hits = self._with_token(query, hits, limit, scope) or self._similar(query, limit, scope)
        return hits[:limit]

    def _hold(self, instrument: Instrument) -> None:
        candidate = Candidate.of(instrument)
        self._candidates[instrument.id] = candidate
        self._exchanges |= candidate.exchanges
        namesakes = self._by_symbol[instrument.symbol.upper()]
        namesakes.append(instrument)
        if len(namesakes) > 1:
            namesakes.sort(key=standing)

    def _namesakes(self, upper: str) -> list[Instrument]:
        listed, own = self.masters.by_symbol(upper), self._by_symbol.get(upper, [])
        return sorted((*listed, *own), key=standing) if listed and own else [*listed, *own]

    def _find(self, query: Query, limit: int, scope: SearchScope) -> list[SearchHit]:
        listed = self.masters.index.search(query, limit, scope)
        if not self._candidates or scope.sources:
            return [hit_of(found, query) for found in listed]
        own = (query.match(candidate) for candidate in self._candidates.values())
        found: list[Found] = [
            (hit.kind, standing(hit.instrument), hit.instrument)
            for hit in own
            if hit is not None and scope.allows(hit.kind, hit.instrument.id)
        ]
        return [hit_of(each, query) for each in heapq.nsmallest(limit, (*listed, *found), key=itemgetter(0, 1))]

    def _with_token(self, query: Query, hits: list[SearchHit], limit: int, scope: SearchScope) -> list[SearchHit]:
        """Add what `reliance 2885` means: the owners of the token, first those that the other words name."""
        numbers = [word for word in query.words if is_number(word)]
        if len(numbers) != 1 or len(query.words) < 2:
            return hits
        rest = query.without(numbers[0])
        owners = [
            SearchHit(each, MatchKind.TOKEN)
            for each in self.masters.token_candidates(numbers[0])
            if scope.allows(MatchKind.TOKEN, each.id)
        ]
        if not owners:
            return hits
        named = [hit for hit in owners if rest.match(Candidate.of(hit.instrument))]
        if hits:
            exact = [hit for hit in hits if hit.kind is MatchKind.SYMBOL]
            return _joined(exact, named, hits)
        return _joined(named, owners, self._find(rest, limit, scope))

    def _similar(self, query: Query, limit: int, scope: SearchScope) -> list[SearchHit]:
        if scope.kinds:
            return []
        correct = self.masters.similar.correct
        whole = correct(query.letters)
        words = [whole] if whole else [correct(word) or word for word in query.words]
        if words == query.words:
            return []
        hits = self._find(query.reworded(words), limit, scope)
        return [SearchHit(hit.instrument, MatchKind.SIMILAR) for hit in hits]


def _joined(*parts: list[SearchHit]) -> list[SearchHit]:
    """Return the hits in this order, each instrument once."""
    unique: dict[InstrumentId, SearchHit] = {}
    for part in parts:
        for hit in part:
            unique.setdefault(hit.instrument.id, hit)
    return list(unique.values())


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
