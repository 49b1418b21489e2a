"""Search as you type over all masters: plain string searches in texts laid out in the order of the answers.

Instruments that share exchange, segment and expiry state form a shard; inside it they stand in the order in which
they are to be shown, so that a search ends with the hits it needs.
"""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
import re
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Final

import msgspec

from marketwatch.domain.instrument import Instrument
from marketwatch.instruments.matching import (
    EVERYWHERE,
    SHORTEST_ISIN_PART,
    Found,
    MatchKind,
    Query,
    SearchScope,
    Standing,
    fold,
    is_number,
    letters_of,
    standing,
    word_spans,
)
from marketwatch.instruments.text_column import TextColumn

_WORD: Final = re.compile(r"[^\W_]+")
_MARK: Final = "\x01"
_MOST_NAMES: Final = 10_000


class Indexed(msgspec.Struct, frozen=True, gc=False):
    """An instrument with what the index must know of it besides."""

    instrument: Instrument
    token: str = ""
    expiry: dt.date | None = None
    sources: frozenset[str] = frozenset()


class _Shard:
    """Instruments of one exchange and segment, all expired or none."""

    def __init__(self, members: list[Indexed], *, is_expired: bool) -> None:
        first = members[0].instrument
        self.venue, self.segment, self.is_expired = first.id.venue, first.id.segment, is_expired
        self.exchanges = frozenset({fold(first.id.venue), fold(first.tag)})
        self.members = members = _in_standing(members)
        symbols = [fold(each.instrument.symbol) for each in members]
        letters = [letters_of(symbol) for symbol in symbols]
        self.symbols = TextColumn(symbols)
        self.letters = self.symbols if letters == symbols else TextColumn(letters)
        self.isins = TextColumn(each.instrument.isin.lower() for each in members)
        self.tokens = TextColumn(each.token for each in members)
        by_name: defaultdict[str, array[int]] = defaultdict(lambda: array("L"))
        for number, each in enumerate(members):
            by_name[fold(each.instrument.name)].append(number)
        by_name.pop("", None)
        self.names = TextColumn(map(_marked, by_name))
        self.named = list(by_name.values())


def _in_standing(members: Iterable[Indexed]) -> list[Indexed]:
    """Sort in many small steps: one sort of a hundred thousand would hold up the Qt thread through the interpreter."""
    groups: defaultdict[tuple[int, ...], list[tuple[Standing, Indexed]]] = defaultdict(list)
    for each in members:
        place = standing(each.instrument, each.expiry)
        groups[place[:3]].append((place, each))
    ordered: list[Indexed] = []
    for start in sorted(groups):
        group = groups.pop(start)
        group.sort(key=itemgetter(0))
        ordered += [each for _, each in group]
    return ordered


def _marked(name: str) -> str:
    """Put a mark before each word; what stands before the first word goes."""
    marked = _WORD.sub(lambda found: _MARK + found[0], name)
    return marked[max(0, marked.find(_MARK)) :]


class SearchIndex:
    """Immutable once built; building takes about a second for 150,000 instruments: do it in a worker."""

    def __init__(self, members: Iterable[Indexed], today: dt.date) -> None:
        groups: defaultdict[tuple[str, str, str, bool], list[Indexed]] = defaultdict(list)
        for each in members:
            instrument = each.instrument
            is_expired = each.expiry is not None and each.expiry < today
            groups[instrument.id.venue, instrument.tag, instrument.id.segment, is_expired].append(each)
        self._shards = [_Shard(group, is_expired=key[3]) for key, group in groups.items()]
        self.exchanges = frozenset().union(*(shard.exchanges for shard in self._shards))

    def search(self, query: Query, limit: int, scope: SearchScope = EVERYWHERE) -> list[Found]:
        """Return what matches, best first; each instrument once."""
        shards = [shard for shard in self._shards if _is_within(shard, query, scope)]
        found: list[Found] = []
        seen: set[int] = set()
        for kind, matcher in _matchers(query, scope.kinds):
            needed = limit - len(found)
            hits = [hit for shard in shards for hit in _first(shard, matcher(shard, query), needed, seen, scope)]
            best = heapq.nsmallest(needed, hits, key=itemgetter(0))
            seen.update(id(each) for _, each in best)
            found += [(kind, order, each.instrument) for order, each in best]
            if len(found) >= limit:
                break
        return found

    def vocabulary(self) -> Iterator[str]:
        """Yield the symbols and the words of names that a typing mistake may have meant; contracts excepted."""
        for shard in self._shards:
            if not any(each.expiry for each in shard.members[:1]):
                yield from (shard.letters[number] for number in range(len(shard.letters)))
                for number in range(len(shard.names)):
                    yield from _WORD.findall(shard.names[number])


def _is_within(shard: _Shard, query: Query, scope: SearchScope) -> bool:
    return (
        (scope.include_expired or not shard.is_expired)
        and query.exchanges <= shard.exchanges
        and (not scope.venues or shard.venue in scope.venues)
        and (not scope.segments or shard.segment in scope.segments)
    )


def _first(
    shard: _Shard, numbers: Iterator[int], needed: int, seen: set[int], scope: SearchScope
) -> Iterator[tuple[Standing, Indexed]]:
    """Yield the first members that are new."""
    members, sources = shard.members, scope.sources
    fresh = (
        each
        for each in map(members.__getitem__, numbers)
        if id(each) not in seen and (not sources or sources & each.sources)
    )
    for each in itertools.islice(fresh, needed):
        yield standing(each.instrument, each.expiry), each


Matcher = Callable[[_Shard, Query], Iterator[int]]


def _matchers(query: Query, kinds: frozenset[MatchKind]) -> list[tuple[MatchKind, Matcher]]:
    if not query.text:
        return [(MatchKind.EXCHANGE, _everything)] if query.exchanges else []
    return [(kind, matcher) for kind, matcher in _MATCHERS if not kinds or kind in kinds]


def _everything(shard: _Shard, _: Query) -> Iterator[int]:
    return iter(range(len(shard.members)))


def _symbols_equal(shard: _Shard, query: Query) -> Iterator[int]:
    return shard.letters.equal(query.letters) if query.letters else shard.symbols.equal(query.text)


def _symbols_starting(shard: _Shard, query: Query) -> Iterator[int]:
    return shard.letters.starting(query.letters) if query.letters else shard.symbols.starting(query.text)


def _tokens_equal(shard: _Shard, query: Query) -> Iterator[int]:
    return shard.tokens.equal(query.text) if is_number(query.text) else iter(())


def _tokens_starting(shard: _Shard, query: Query) -> Iterator[int]:
    return shard.tokens.starting(query.text) if is_number(query.text) else iter(())


def _isins_starting(shard: _Shard, query: Query) -> Iterator[int]:
    return shard.isins.starting(query.text) if len(query.text) >= SHORTEST_ISIN_PART else iter(())


def _symbols_holding(shard: _Shard, query: Query) -> Iterator[int]:
    words = query.words
    if len(words) == 1:
        return shard.symbols.containing(words[0])
    rarest = min(words, key=shard.symbols.count)
    symbols = shard.symbols
    return (number for number in symbols.containing(rarest) if word_spans(symbols[number], words))


def _names_starting(shard: _Shard, query: Query) -> Iterator[int]:
    words = _marked_words(query)
    found = (_numbers_with(shard.names, shard.names.starting(word), words) for word in dict.fromkeys(words))
    return _owners(shard, _in_order(found))


def _names_holding(shard: _Shard, query: Query) -> Iterator[int]:
    words = _marked_words(query)
    if not words:
        return iter(())
    rarest = words[0] if len(words) == 1 else min(words, key=shard.names.count)
    return _owners(shard, _numbers_with(shard.names, shard.names.containing(rarest), words))


def _marked_words(query: Query) -> list[str]:
    """Return the words as they stand in the names, nothing when one of them cannot begin a word."""
    marked = [_marked(word) for word in query.words if _WORD.match(word)]
    return marked if len(marked) == len(query.words) else []


def _numbers_with(names: TextColumn, numbers: Iterator[int], words: Sequence[str]) -> Iterator[int]:
    """Yield the names in which each typed word begins another word."""
    if len(words) == 1:
        return numbers
    overlap = any(one.startswith(other) for one, other in itertools.permutations(words, 2))
    return (
        number
        for number, name in ((number, names[number]) for number in itertools.islice(numbers, _MOST_NAMES))
        if all(map(name.__contains__, words)) and (not overlap or _each_has_its_own(name, words))
    )


def _each_has_its_own(name: str, marked: Sequence[str]) -> bool:
    free = [found.start() for found in re.finditer(_MARK, name)]
    for word in marked:
        start = next((start for start in free if name.startswith(word, start)), None)
        if start is None:
            return False
        free.remove(start)
    return True


def _in_order(several: Iterable[Iterator[int]]) -> Iterator[int]:
    """Merge what is in order, each number once."""
    return (number for number, _ in itertools.groupby(heapq.merge(*several)))


def _owners(shard: _Shard, names: Iterator[int]) -> Iterator[int]:
    """Yield the instruments of the names in their order, reading no further than needed.

    Names stand in the order of their first owners: what comes before the next name's first owner is due.
    """
    waiting: list[tuple[int, int, array[int]]] = []
    for name in names:
        owners = shard.named[name]
        yield from _due(waiting, owners[0])
        heapq.heappush(waiting, (owners[0], 0, owners))
    yield from _due(waiting, len(shard.members))


def _due(waiting: list[tuple[int, int, array[int]]], before: int) -> Iterator[int]:
    while waiting and waiting[0][0] < before:
        number, position, owners = waiting[0]
        yield number
        if position + 1 < len(owners):
            heapq.heapreplace(waiting, (owners[position + 1], position + 1, owners))
        else:
            heapq.heappop(waiting)


_MATCHERS: Final[tuple[tuple[MatchKind, Matcher], ...]] = (
    (MatchKind.SYMBOL, _symbols_equal),
    (MatchKind.TOKEN, _tokens_equal),
    (MatchKind.SYMBOL_PREFIX, _symbols_starting),
    (MatchKind.ISIN, _isins_starting),
    (MatchKind.NAME_START, _names_starting),
    (MatchKind.NAME_WORDS, _names_holding),
    (MatchKind.TOKEN_PREFIX, _tokens_starting),
    (MatchKind.SYMBOL_PART, _symbols_holding),
)
