"""Decides whether and how well a typed text matches an instrument. Pure."""

from __future__ import annotations

import datetime as dt
import enum
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from marketwatch.domain.ids import InstrumentId, Segment, Venue
from marketwatch.domain.instrument import Instrument, InstrumentKind

_WORD = re.compile(r"[^\W_]+")
_KIND_ORDER = {
    InstrumentKind.STOCK: 0,
    InstrumentKind.INDEX: 1,
    InstrumentKind.FUND: 2,
    InstrumentKind.FUTURE: 4,
    InstrumentKind.OPTION: 5,
}
_OTHER_KINDS = 3
_SECOND_VENUES = {"BSE": 1, "BFO": 1, "BCD": 1, "OTC": 2}
SHORTEST_ISIN_PART = 4


class MatchKind(enum.IntEnum):
    """What the text matched, best first."""

    SYMBOL = 0
    TOKEN = 1
    SYMBOL_PREFIX = 2
    ISIN = 3
    NAME_START = 4
    NAME_WORDS = 5
    TOKEN_PREFIX = 6
    SYMBOL_PART = 7
    EXCHANGE = 8
    SIMILAR = 9

    @property
    def field(self) -> str:
        """Which field of the instrument the spans of a hit lie in: `symbol`, `isin`, `name` or nothing.

        A token is no field of the instrument: its hits have no spans.
        """
        if self in (MatchKind.SYMBOL, MatchKind.SYMBOL_PREFIX, MatchKind.SYMBOL_PART):
            return "symbol"
        if self is MatchKind.ISIN:
            return "isin"
        return "name" if self in (MatchKind.NAME_START, MatchKind.NAME_WORDS) else ""


class SearchHit(msgspec.Struct, frozen=True):
    """An instrument that matches. `spans` are (start, end) of the matched letters in the field `kind.field`."""

    instrument: Instrument
    kind: MatchKind
    spans: tuple[tuple[int, int], ...] = ()

    @property
    def span(self) -> tuple[int, int]:
        """The first matched stretch; empty when only the exchange matched."""
        return self.spans[0] if self.spans else (0, 0)


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """An instrument with its texts prepared for matching."""

    instrument: Instrument
    symbol: str
    letters: str
    name: str
    word_starts: tuple[int, ...]
    exchanges: frozenset[str]

    @classmethod
    def of(cls, instrument: Instrument) -> Candidate:
        """Prepare an instrument."""
        name = fold(instrument.name)
        symbol = fold(instrument.symbol)
        return cls(
            instrument=instrument,
            symbol=symbol,
            letters=letters_of(symbol),
            name=name,
            word_starts=tuple(match.start() for match in _WORD.finditer(name)),
            exchanges=frozenset({fold(instrument.id.venue), fold(instrument.tag)}),
        )


class Query:
    """A typed text. Words that are an exchange, as in `infy nse` or `NSE:INFY`, narrow the rest."""

    def __init__(self, text: str, known_exchanges: frozenset[str]) -> None:
        words = fold(text).replace(":", " ").split()
        self.exchanges = frozenset(word for word in words if word in known_exchanges)
        self._use([word for word in words if word not in self.exchanges])

    def reworded(self, words: list[str]) -> Query:
        """Return a query for other words in the same exchanges."""
        other = Query("", frozenset())
        other.exchanges = self.exchanges
        other._use(words)
        return other

    def without(self, word: str) -> Query:
        """Return the query that remains without one of its words."""
        return self.reworded([each for each in self.words if each != word])

    def _use(self, words: list[str]) -> None:
        self.words = words
        self.text = " ".join(words)
        self.letters = letters_of(self.text)

    @property
    def is_empty(self) -> bool:
        """Nothing was typed that could match."""
        return not self.text and not self.exchanges

    def match(self, candidate: Candidate) -> SearchHit | None:
        """Return how the candidate matches, None when it does not."""
        if self.exchanges and not self.exchanges <= candidate.exchanges:
            return None
        if not self.text:
            return SearchHit(candidate.instrument, MatchKind.EXCHANGE)
        return self._match_symbol(candidate) or self._match_isin(candidate) or self._match_later(candidate)

    def _match_symbol(self, candidate: Candidate) -> SearchHit | None:
        if candidate.symbol.startswith(self.text):
            end = len(self.text)
        elif self.letters and candidate.letters.startswith(self.letters):
            end = _end_of_letters(candidate.symbol, len(self.letters))
        else:
            return None
        is_all = candidate.letters == self.letters if self.letters else candidate.symbol == self.text
        return SearchHit(candidate.instrument, MatchKind.SYMBOL if is_all else MatchKind.SYMBOL_PREFIX, ((0, end),))

    def _match_isin(self, candidate: Candidate) -> SearchHit | None:
        enough = len(self.text) >= SHORTEST_ISIN_PART
        if enough and candidate.instrument.isin.lower().startswith(self.text):
            return SearchHit(candidate.instrument, MatchKind.ISIN, ((0, len(self.text)),))
        return None

    def _match_later(self, candidate: Candidate) -> SearchHit | None:
        spans = self._name_spans(candidate)
        if spans:
            starts = spans[0][0] == candidate.word_starts[0]
            return SearchHit(candidate.instrument, MatchKind.NAME_START if starts else MatchKind.NAME_WORDS, spans)
        parts = word_spans(candidate.symbol, self.words)
        return SearchHit(candidate.instrument, MatchKind.SYMBOL_PART, parts) if parts else None

    def _name_spans(self, candidate: Candidate) -> tuple[tuple[int, int], ...]:
        """Every typed word must begin another word of the name, in any order."""
        free = list(candidate.word_starts)
        spans = []
        for word in self.words:
            start = next((start for start in free if candidate.name.startswith(word, start)), None)
            if start is None:
                return ()
            free.remove(start)
            spans.append((start, start + len(word)))
        return tuple(sorted(spans))


Standing = tuple[int, int, int, str, int, str, str]


def standing(instrument: Instrument, expiry: dt.date | None = None) -> Standing:
    """Order instruments that match equally well: cash before contracts, near contracts first, short symbols first."""
    return (
        _KIND_ORDER.get(instrument.kind, _OTHER_KINDS),
        0 if expiry is None else expiry.toordinal(),
        len(instrument.id.symbol),
        instrument.id.symbol,
        _SECOND_VENUES.get(instrument.id.venue, 0),
        instrument.id.venue,
        instrument.id.segment,
    )


def word_spans(folded: str, words: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Return where all the words stand in a text, one behind the other; nothing when they do not."""
    spans = []
    position = 0
    for word in words:
        at = folded.find(word, position)
        if at < 0:
            return ()
        position = at + len(word)
        spans.append((at, position))
    return tuple(spans)


def is_number(text: str) -> bool:
    """The text is a bare number."""
    return text.isascii() and text.isdigit()


def fold(text: str) -> str:
    """Lower case of the same length, so that spans stay true to the text as shown."""
    if text.isascii():
        return text.lower()
    return "".join(low if len(low := character.lower()) == 1 else character for character in text)


def letters_of(folded: str) -> str:
    """Letters and digits alone."""
    return folded if folded.isalnum() else "".join(_WORD.findall(folded))


def _end_of_letters(folded: str, count: int) -> int:
    """Position behind the `count`-th letter or digit."""
    for position, character in enumerate(folded):
        count -= character.isalnum()
        if count == 0:
            return position + 1
    return len(folded)


class SearchScope(msgspec.Struct, frozen=True):
    """Narrows a search. Empty means everything; ended contracts are found only when asked for."""

    kinds: frozenset[MatchKind] = frozenset()
    venues: frozenset[Venue] = frozenset()
    segments: frozenset[Segment] = frozenset()
    sources: frozenset[str] = frozenset()
    include_expired: bool = False

    def allows(self, kind: MatchKind, instrument_id: InstrumentId) -> bool:
        """Whether an instrument found so is asked for, its sources aside."""
        return (
            (not self.kinds or kind in self.kinds)
            and (not self.venues or instrument_id.venue in self.venues)
            and (not self.segments or instrument_id.segment in self.segments)
        )


EVERYWHERE: Final = SearchScope()


Found = tuple[MatchKind, Standing, Instrument]
"""A hit before anybody reads where the typed letters stand in it."""


def hit_of(found: Found, query: Query) -> SearchHit:
    """Add where the typed letters stand."""
    kind, _, instrument = found
    hit = query.match(Candidate.of(instrument)) if kind.field else None
    return hit if hit is not None and hit.kind.field == kind.field else SearchHit(instrument, kind)
