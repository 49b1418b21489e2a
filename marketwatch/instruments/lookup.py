"""Looks instruments up for the page of the settings: by one field or any, with tokens, series and sources."""

from __future__ import annotations

import enum
from typing import Final

import msgspec

from marketwatch.domain.ids import Segment, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.instruments.directory import InstrumentDirectory
from marketwatch.instruments.masters.listing import ANGEL_ONE, BUILT_IN, KITE, MASSIVE, OWN_PREFIX, Listing
from marketwatch.instruments.matching import MatchKind, SearchHit, SearchScope, is_number, standing
from marketwatch.instruments.popular_tokens import popular_tokens

LIMIT: Final = 200
SOURCE_NAMES: Final = {KITE: "Kite", ANGEL_ONE: "Angel One", MASSIVE: "Massive", BUILT_IN: "built in"}


class Field(enum.Enum):
    """Where a text is looked for."""

    ANYTHING = "anything"
    SYMBOL = "symbol"
    NAME = "name"
    ISIN = "isin"
    TOKEN = "token"  # noqa: S105 - the field of an exchange's number, not a secret


_KINDS: Final = {
    Field.ANYTHING: frozenset[MatchKind](),
    Field.SYMBOL: frozenset({MatchKind.SYMBOL, MatchKind.SYMBOL_PREFIX, MatchKind.SYMBOL_PART}),
    Field.NAME: frozenset({MatchKind.NAME_START, MatchKind.NAME_WORDS}),
    Field.ISIN: frozenset({MatchKind.ISIN}),
    Field.TOKEN: frozenset({MatchKind.TOKEN, MatchKind.TOKEN_PREFIX}),
}


class Question(msgspec.Struct, frozen=True):
    """What is asked. `place` is one of `places`, such as `NSE_EQ`, `source` the name of a list; empty means all."""

    text: str
    field: Field = Field.ANYTHING
    place: str = ""
    source: str = ""
    include_expired: bool = False


class LookupHit(msgspec.Struct, frozen=True):
    """One instrument found, with what each list says of it."""

    hit: SearchHit
    listings: tuple[Listing, ...]

    @property
    def instrument(self) -> Instrument:
        """What was found."""
        return self.hit.instrument

    @property
    def series(self) -> str:
        """The series as the first list that has one says it."""
        return next((one.series for one in self.listings if one.series), "")

    @property
    def tokens(self) -> tuple[str, ...]:
        """The exchange's numbers, as the lists give them."""
        return tuple(dict.fromkeys(one.token for one in self.listings if one.token))

    @property
    def own_numbers(self) -> tuple[str, ...]:
        """The lists' own numbers, such as Kite's."""
        return tuple(dict.fromkeys(one.feed_token for one in self.listings if one.feed_token))

    @property
    def sources(self) -> tuple[str, ...]:
        """The lists it comes from, as they are called."""
        return tuple(dict.fromkeys(source_name(one.source) for one in self.listings)) or ("shipped",)

    @property
    def name(self) -> str:
        """The name, with strike and expiry of a contract."""
        described = next((one.description for one in self.listings if one.expiry is not None), "")
        return described or self.instrument.name


class Answer(msgspec.Struct, frozen=True):
    """The hits, best first. `warning` is what must be known before one of them is chosen."""

    hits: tuple[LookupHit, ...] = ()
    warning: str = ""
    is_more: bool = False


def look_up(directory: InstrumentDirectory, question: Question) -> Answer:
    """Answer a question; a token held by several instruments is answered with all of them, and a warning."""
    text = question.text.strip()
    if not text:
        return Answer()
    venue, _, segment = question.place.rpartition("_")
    scope = SearchScope(
        kinds=_KINDS[question.field],
        venues=frozenset({Venue(venue)} if venue else ()),
        segments=frozenset({Segment(segment)} if segment else ()),
        sources=frozenset({question.source} if question.source else ()),
        include_expired=question.include_expired,
    )
    found = directory.search(text, LIMIT + 1, scope)
    listings = directory.masters.listings
    hits = tuple(LookupHit(hit, listings(hit.instrument.id)) for hit in found[:LIMIT])
    return Answer(hits, _warning(directory, text), len(found) > LIMIT)


def _warning(directory: InstrumentDirectory, text: str) -> str:
    number = next((word for word in text.split() if is_number(word)), "")
    if not number:
        return ""
    holders = sorted(directory.masters.token_candidates(number.lstrip("0")), key=standing)
    if len(holders) > 1:
        named = ", ".join(str(each.id) for each in holders[:3])
        more = f" and {len(holders) - 3} more" if len(holders) > 3 else ""
        return (
            f"Token {number} stands for {len(holders)} instruments. {named}{more}: choose by segment. A pasted list"
            " that names only the token is held back until you choose."
        )
    misprint = popular_tokens().misprints.get(number)
    if misprint is not None and not holders:
        return (
            f"{number} is a misprint in the Odin guide. It means {misprint.id.venue}:{misprint.id.symbol}, whose token"
            f" is {misprint.token}."
        )
    return ""


def source_name(source: str) -> str:
    """Return what a list is called on screen."""
    return SOURCE_NAMES.get(source) or source.removeprefix(OWN_PREFIX)


def popular_lines() -> list[str]:
    """Return the table of the ten popular tokens as lines; the guide's misprints are named."""
    known = popular_tokens()
    printed = {listing.id: number for number, listing in known.misprints.items()}
    lines = []
    for listing in known.listings:
        wrong = printed.get(listing.id)
        note = f"   the guide prints {wrong}: the first digits of Kite’s number, and wrong" if wrong else ""
        lines.append(f"{listing.id.venue}  {listing.id.symbol:<12} {listing.token:>6}{note}")
    return lines
