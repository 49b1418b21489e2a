"""Decides whether and how well a typed text matches an instrument. Pure."""

from __future__ import annotations

import enum
import re

import msgspec

from marketwatch.domain.instrument import Instrument, InstrumentKind

_WORD = re.compile(r"[^\W_]+")
_KIND_ORDER = (InstrumentKind.STOCK, InstrumentKind.INDEX, InstrumentKind.FUND)
_SHORTEST_ISIN_PART = 4


class MatchKind(enum.IntEnum):
    """What the text matched, best first."""

    SYMBOL = 0
    SYMBOL_PREFIX = 1
    ISIN = 2
    NAME_START = 3
    NAME_WORDS = 4
    SYMBOL_PART = 5
    EXCHANGE = 6

    @property
    def field(self) -> str:
        """Which field of the instrument the spans of a hit lie in: `symbol`, `isin`, `name` or nothing."""
        if self in (MatchKind.SYMBOL, MatchKind.SYMBOL_PREFIX, MatchKind.SYMBOL_PART):
            return "symbol"
        if self is MatchKind.ISIN:
            return "isin"
        return "" if self is MatchKind.EXCHANGE else "name"


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
        name = _fold(instrument.name)
        symbol = _fold(instrument.symbol)
        return cls(
            instrument=instrument,
            symbol=symbol,
            letters=_letters(symbol),
            name=name,
            word_starts=tuple(match.start() for match in _WORD.finditer(name)),
            exchanges=frozenset({_fold(instrument.id.venue), _fold(instrument.tag)}),
        )


class Query:
    """A typed text. Words that are an exchange, as in `infy nse` or `NSE:INFY`, narrow the rest."""

    def __init__(self, text: str, known_exchanges: frozenset[str]) -> None:
        words = _fold(text).replace(":", " ").split()
        self._exchanges = frozenset(word for word in words if word in known_exchanges)
        self._words = [word for word in words if word not in self._exchanges]
        self._text = " ".join(self._words)
        self._letters = _letters(self._text)

    @property
    def is_empty(self) -> bool:
        """Nothing was typed that could match."""
        return not self._text and not self._exchanges

    def match(self, candidate: Candidate) -> SearchHit | None:
        """Return how the candidate matches, None when it does not."""
        if self._exchanges and not self._exchanges <= candidate.exchanges:
            return None
        if not self._text:
            return SearchHit(candidate.instrument, MatchKind.EXCHANGE)
        return self._match_symbol(candidate) or self._match_isin(candidate) or self._match_later(candidate)

    def _match_symbol(self, candidate: Candidate) -> SearchHit | None:
        if candidate.symbol.startswith(self._text):
            kind = MatchKind.SYMBOL if candidate.symbol == self._text else MatchKind.SYMBOL_PREFIX
            return SearchHit(candidate.instrument, kind, ((0, len(self._text)),))
        if self._letters and candidate.letters.startswith(self._letters):
            kind = MatchKind.SYMBOL if candidate.letters == self._letters else MatchKind.SYMBOL_PREFIX
            return SearchHit(candidate.instrument, kind, ((0, _end_of_letters(candidate.symbol, len(self._letters))),))
        return None

    def _match_isin(self, candidate: Candidate) -> SearchHit | None:
        enough = len(self._text) >= _SHORTEST_ISIN_PART
        if enough and candidate.instrument.isin.lower().startswith(self._text):
            return SearchHit(candidate.instrument, MatchKind.ISIN, ((0, len(self._text)),))
        return None

    def _match_later(self, candidate: Candidate) -> SearchHit | None:
        spans = self._name_spans(candidate)
        if spans:
            starts = spans[0][0] == candidate.word_starts[0]
            return SearchHit(candidate.instrument, MatchKind.NAME_START if starts else MatchKind.NAME_WORDS, spans)
        at = candidate.symbol.find(self._text)
        if at > 0:
            return SearchHit(candidate.instrument, MatchKind.SYMBOL_PART, ((at, at + len(self._text)),))
        return None

    def _name_spans(self, candidate: Candidate) -> tuple[tuple[int, int], ...]:
        """Every typed word must begin another word of the name, in any order."""
        free = list(candidate.word_starts)
        spans = []
        for word in self._words:
            start = next((start for start in free if candidate.name.startswith(word, start)), None)
            if start is None:
                return ()
            free.remove(start)
            spans.append((start, start + len(word)))
        return tuple(sorted(spans))


def rank(hit: SearchHit) -> tuple[int, int, int, int, str, str]:
    """Order hits: by what matched, cash before the rest, early before late, short before long."""
    instrument = hit.instrument
    kind = _KIND_ORDER.index(instrument.kind) if instrument.kind in _KIND_ORDER else len(_KIND_ORDER)
    return hit.kind, kind, hit.span[0], len(instrument.symbol), instrument.symbol, instrument.id.venue


def _fold(text: str) -> str:
    """Lower case of the same length, so that spans stay true to the text as shown."""
    if text.isascii():
        return text.lower()
    return "".join(low if len(low := character.lower()) == 1 else character for character in text)


def _letters(folded: str) -> str:
    return "".join(_WORD.findall(folded))


def _end_of_letters(folded: str, count: int) -> int:
    """Position behind the `count`-th letter or digit."""
    for position, character in enumerate(folded):
        count -= character.isalnum()
        if count == 0:
            return position + 1
    return len(folded)
