"""Everything the loaded masters know, held in memory: by identity, symbol, token and ISIN, and searchable."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final, TypeAlias, TypeVar

from marketwatch.domain.ids import InstrumentId, Segment, Venue
from marketwatch.domain.instrument import Instrument, InstrumentKind
from marketwatch.instruments.masters.listing import ANGEL_ONE, KITE, MASSIVE, OWN_PREFIX, Listing
from marketwatch.instruments.matching import standing
from marketwatch.instruments.search_index import Indexed, SearchIndex
from marketwatch.instruments.similar import SimilarWords

T = TypeVar("T")
_Several: TypeAlias = T | tuple[T, ...]
_SOURCE_ORDER: Final = {KITE: 1, MASSIVE: 2, ANGEL_ONE: 4}
_OWN_FIRST: Final = 0
_OTHERS: Final = 3
_ONE: Final = Decimal(1)


class MasterCatalogue:
    """Immutable. Build it in a worker (about two seconds for 150,000 instruments) and hand it to the directory.

    Tokens of contracts that have ended are not looked up: exchanges use them again.
    """

    def __init__(self, today: dt.date) -> None:
        self.today = today
        self._instruments: dict[InstrumentId, Instrument] = {}
        self._listings: dict[InstrumentId, _Several[Listing]] = {}
        self._by_symbol: dict[str, _Several[Instrument]] = {}
        self._at: dict[Venue, dict[str, Instrument | None]] = {}
        self._by_isin: dict[str, _Several[Instrument]] = {}
        self._by_alias: dict[str, _Several[Instrument]] = {}
        self._by_token: dict[Venue, dict[Segment, dict[str, Instrument]]] = {}
        self._disputed: dict[tuple[Venue, Segment, str], tuple[Instrument, ...]] = {}
        self._by_feed_token: dict[str, dict[str, _Several[Instrument]]] = {}
        self.index = SearchIndex((), today)
        self.similar = SimilarWords(())

    @classmethod
    def build(
        cls, masters: Iterable[Sequence[Listing]], known: Iterable[Instrument] = (), *, today: dt.date
    ) -> MasterCatalogue:
        """Join the masters and the instruments known without them.

        Names that were known stay; tick and lot sizes are the master's, for exchanges change them.
        """
        catalogue = cls(today)
        for instrument in known:
            catalogue._instruments[instrument.id] = instrument
        for listings in sorted(masters, key=_order_of_source):
            catalogue._join(listings)
        catalogue._make_indices()
        return catalogue

    def __len__(self) -> int:
        return len(self._instruments)

    def get(self, instrument_id: InstrumentId) -> Instrument | None:
        """Return the instrument of this identity."""
        return self._instruments.get(instrument_id)

    def instruments(self) -> Iterable[Instrument]:
        """Return all instruments."""
        return self._instruments.values()

    def listings(self, instrument_id: InstrumentId) -> tuple[Listing, ...]:
        """Return what each source says about an instrument, the most trusted source first."""
        return _all(self._listings.get(instrument_id))

    @property
    def by_id(self) -> Mapping[InstrumentId, Instrument]:
        """The instruments by identity; read only."""
        return self._instruments

    @property
    def symbols(self) -> Mapping[str, Instrument | tuple[Instrument, ...]]:
        """The instruments by symbol in upper case, namesakes in order of standing; read only."""
        return self._by_symbol

    @property
    def by_venue(self) -> Mapping[Venue, Mapping[str, Instrument | None]]:
        """The one instrument of a symbol in upper case at each venue, None for one of several segments; read only."""
        return self._at

    @property
    def tokens(self) -> Mapping[Venue, Mapping[Segment, Mapping[str, Instrument]]]:
        """The instruments by the exchanges' tokens, without those that the masters disagree on; read only."""
        return self._by_token

    def by_symbol(self, upper: str) -> tuple[Instrument, ...]:
        """Return the instruments of a symbol in upper case."""
        return _all(self._by_symbol.get(upper))

    def by_isin(self, upper: str) -> tuple[Instrument, ...]:
        """Return the instruments of an ISIN in upper case."""
        return _all(self._by_isin.get(upper))

    def by_alias(self, upper: str) -> tuple[Instrument, ...]:
        """Return the instruments that a source writes so, where that is not their symbol."""
        return _all(self._by_alias.get(upper))

    def by_token(self, venue: Venue, segment: Segment, token: str, source: str = "") -> Instrument | None:
        """Return the instrument of an exchange's token; None also when the masters disagree on it.

        `source` settles a disagreement by what that source says.
        """
        agreed = self._by_token.get(venue, {}).get(segment, {}).get(token)
        return self._said_by(source, (venue, segment, token)) if agreed is None else agreed

    def by_feed_token(self, source: str, token: str) -> Instrument | None:
        """Return the instrument of a source's own token, such as Kite's instrument token."""
        tokens = self._by_feed_token.get(source)
        found = None if tokens is None else tokens.get(token)
        return None if isinstance(found, tuple) else found

    def token_candidates(self, token: str) -> list[Instrument]:
        """Return every instrument that this bare number may mean: exchanges' tokens first, then the sources' own."""
        found: dict[InstrumentId, Instrument] = {}
        for segments in self._by_token.values():
            for tokens in segments.values():
                if token in tokens:
                    found.setdefault(tokens[token].id, tokens[token])
        for several in (one for key, one in self._disputed.items() if key[2] == token):
            found.update((each.id, each) for each in several)
        for feed_tokens in self._by_feed_token.values():
            for instrument in _all(feed_tokens.get(token)):
                found.setdefault(instrument.id, instrument)
        return list(found.values())

    def _said_by(self, source: str, key: tuple[Venue, Segment, str]) -> Instrument | None:
        said = [
            each
            for each in self._disputed.get(key, ())
            if any(listing.source == source and listing.token == key[2] for listing in self.listings(each.id))
        ]
        return said[0] if len(said) == 1 else None

    def _join(self, listings: Sequence[Listing]) -> None:
        for listing in listings:
            instrument = listing.instrument
            known = self._instruments.get(instrument.id)
            others = self._listings.get(instrument.id)
            if known is not None:
                instrument = _joined(known, instrument, is_first=others is None)
            self._instruments[instrument.id] = instrument
            self._listings[instrument.id] = listing if others is None else (*_all(others), listing)

    def _make_indices(self) -> None:
        for instrument in self._instruments.values():
            _add(self._by_symbol, instrument.id.symbol.upper(), instrument)
            if instrument.isin:
                _add(self._by_isin, instrument.isin.upper(), instrument)
        for symbol, namesakes in self._by_symbol.items():
            if isinstance(namesakes, tuple):
                self._by_symbol[symbol] = tuple(sorted(namesakes, key=standing))
                self._place_namesakes(symbol, namesakes)
            else:
                self._at.setdefault(namesakes.id.venue, {})[symbol] = namesakes
        for identity, said in self._listings.items():
            for listing in said if isinstance(said, tuple) else (said,):
                self._add_listing(listing, self._instruments[identity])
        self.index = SearchIndex(self._indexed(), self.today)
        self.similar = SimilarWords(self.index.vocabulary())

    def _place_namesakes(self, symbol: str, namesakes: tuple[Instrument, ...]) -> None:
        for each in namesakes:
            here = self._at.setdefault(each.id.venue, {})
            here[symbol] = None if symbol in here else each

    def _add_listing(self, listing: Listing, instrument: Instrument) -> None:
        if listing.expiry is not None and listing.expiry < self.today:
            return
        identity = instrument.id
        if listing.token:
            self._add_token(identity.venue, identity.segment, listing.token, instrument)
        if listing.feed_token:
            _add(self._by_feed_token.setdefault(listing.source, {}), listing.feed_token, instrument)
        if listing.feed_symbol:
            _add(self._by_alias, listing.feed_symbol.upper(), instrument)

    def _add_token(self, venue: Venue, segment: Segment, token: str, instrument: Instrument) -> None:
        tokens = self._by_token.setdefault(venue, {}).setdefault(segment, {})
        disputed = self._disputed.get((venue, segment, token), ()) if self._disputed else ()
        if not disputed and tokens.setdefault(token, instrument) is not instrument:
            self._disputed[venue, segment, token] = (tokens.pop(token), instrument)
        elif disputed and all(each is not instrument for each in disputed):
            self._disputed[venue, segment, token] = (*disputed, instrument)

    def _indexed(self) -> Iterable[Indexed]:
        cache: dict[tuple[str, ...], frozenset[str]] = {}
        nothing = frozenset[str]()
        for identity, instrument in self._instruments.items():
            said = self._listings.get(identity)
            if said is None:
                yield Indexed(instrument, sources=nothing)
                continue
            if isinstance(said, tuple):
                names = tuple(listing.source for listing in said)
                token = next((listing.token for listing in said if listing.token), "")
                expiry = next((listing.expiry for listing in said if listing.expiry), None)
            else:
                names, token, expiry = (said.source,), said.token, said.expiry
            sources = cache.get(names)
            if sources is None:
                sources = cache[names] = frozenset(names)
            yield Indexed(instrument, token, expiry, sources)


def _joined(known: Instrument, master: Instrument, *, is_first: bool) -> Instrument:
    """Complete what is known by what a master says; the first, most trusted master decides on tick and lot."""
    decides, other = (master, known) if is_first else (known, master)
    is_vague = known.kind in (InstrumentKind.OTHER, InstrumentKind.STOCK) and master.kind is not InstrumentKind.OTHER
    return Instrument(
        id=known.id,
        name=known.name or master.name,
        currency=known.currency or master.currency,
        kind=master.kind if is_vague else known.kind,
        tick_size=other.tick_size if decides.tick_size is None else decides.tick_size,
        lot_size=decides.lot_size if decides.lot_size != 1 else other.lot_size,
        multiplier=known.multiplier if known.multiplier != _ONE else master.multiplier,
        isin=known.isin or master.isin,
        exchange_tag=known.exchange_tag or master.exchange_tag,
    )


def _order_of_source(listings: Sequence[Listing]) -> int:
    if not listings:
        return _OTHERS
    source = listings[0].source
    return _OWN_FIRST if source.startswith(OWN_PREFIX) else _SOURCE_ORDER.get(source, _OTHERS)


def _add(table: dict[str, _Several[T]], key: str, item: T) -> None:
    """Add to a table in which nearly every key has one item; the same item counts once."""
    held = table.setdefault(key, item)
    if held is item:
        return
    if not isinstance(held, tuple):
        table[key] = (held, item)
    elif not any(each is item for each in held):
        table[key] = (*held, item)


def _all(held: _Several[T] | None) -> tuple[T, ...]:
    if held is None:
        return ()
    return held if isinstance(held, tuple) else (held,)
