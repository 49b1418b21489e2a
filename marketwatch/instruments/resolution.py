"""Decides what a typed or pasted text names: one instrument, several, or none. Nothing is chosen silently."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import msgspec

from marketwatch.domain.ids import InstrumentId, Segment, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.instruments.directory import InstrumentDirectory
from marketwatch.instruments.masters.facts import VENUE_NAMES
from marketwatch.instruments.masters.kite import SEGMENT_CODES
from marketwatch.instruments.masters.listing import Listing
from marketwatch.instruments.matching import is_number, standing

_SEPARATORS: Final = re.compile(r"[,;|\t\r\n]+")
_ISIN: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")
_SUFFIXES: Final = {".NS": Venue("NSE"), ".BO": Venue("BSE")}
_NSE: Final = Venue("NSE")
_VENUE_OF_CODE: Final = {code: Venue(name) for name, code in SEGMENT_CODES.items() if name != "INDICES"}
_QUOTES: Final = "\"'“”‘’`"


class Outcome(enum.Enum):
    """How far a text names an instrument."""

    TAKEN = "taken"
    AMBIGUOUS = "ambiguous"
    UNKNOWN = "unknown"


class Resolution(msgspec.Struct, frozen=True):
    """What one text names. `candidates` holds the one taken, or those to choose from, best first.

    `field` says what the text was read as: `identity`, `symbol`, `token` or `isin`; `note` what the user should know.
    """

    text: str
    outcome: Outcome
    candidates: tuple[Instrument, ...] = ()
    field: str = ""
    note: str = ""

    @property
    def instrument(self) -> Instrument | None:
        """The one that is meant, None while that is not clear."""
        return self.candidates[0] if self.outcome is Outcome.TAKEN else None


class ListPreview(msgspec.Struct, frozen=True):
    """What a pasted list would add, in its order. `repeated` names instruments already taken further up.

    `items` holds everything once more, as it was pasted.
    """

    taken: tuple[Resolution, ...] = ()
    ambiguous: tuple[Resolution, ...] = ()
    unknown: tuple[Resolution, ...] = ()
    repeated: tuple[Resolution, ...] = ()
    items: tuple[Resolution, ...] = ()

    @property
    def summary(self) -> str:
        """The counts in words."""
        counts = (
            (len(self.taken), "taken"),
            (len(self.ambiguous), "ambiguous"),
            (len(self.unknown), "unknown"),
            (len(self.repeated), "repeated"),
        )
        return ", ".join(f"{count} {word}" for count, word in counts if count) or "nothing to take"


class Resolver:
    """Resolves texts by what the directory knows now.

    `venues`: nothing else can be meant, as with a feed that serves only these; `serves` says the same of each
    instrument. `prefer`: where a symbol or ISIN trades on several venues, the first of these is meant, and the note
    says so; never applied to a bare number. `misprints`: numbers that a guide prints wrongly, with what it means.
    """

    def __init__(
        self,
        directory: InstrumentDirectory,
        *,
        venues: Iterable[Venue] = (),
        prefer: Iterable[Venue] = (),
        misprints: Mapping[str, Listing] | None = None,
        serves: Callable[[InstrumentId], bool] | None = None,
    ) -> None:
        self._directory = directory
        self._serves = serves
        self._venues = frozenset(venues)
        self._prefer = tuple(prefer)
        self._misprints = misprints or {}

    def resolve(self, text: str) -> Resolution:
        """Say what a text names: `SBIN`, `NSE:TCS`, `NSE:2885`, `2885`, an ISIN, `RELIANCE.NS`, `NSE:EQ:RELIANCE`."""
        shown = text.strip()
        written = shown.strip(_QUOTES).removeprefix("$").strip()
        for field, found in self._readings(written):
            usable = self._usable(found)
            if usable:
                return self._judge(shown, field, usable)
            if found:
                note = "the contract has ended" if any(map(self._is_meant, found)) else "it trades elsewhere only"
                return Resolution(shown, Outcome.UNKNOWN, field=field, note=note)
        return self._second_thoughts(shown, written)

    def _second_thoughts(self, shown: str, written: str) -> Resolution:
        """Say what an unknown number may be: Kite's number for a known token, or a misprint."""
        if is_number(written):
            kite = self._usable(self._by_kite_number(int(written)))
            if kite:
                note = f"may be Kite’s number for {kite[0].id}"
                return Resolution(shown, Outcome.AMBIGUOUS, tuple(kite), "token", note)
        misprint = self._misprints.get(written)
        if misprint is not None:
            meant = f"{misprint.id.venue}:{misprint.id.symbol}, whose token is {misprint.token}"
            return Resolution(shown, Outcome.UNKNOWN, note=f"a misprint in the Odin guide for {meant}")
        return Resolution(shown, Outcome.UNKNOWN)

    def resolve_list(self, text: str) -> ListPreview:
        """Read a list of anything, separated by commas, semicolons, tabs or lines; a list of words by blanks too."""
        groups: dict[Outcome, list[Resolution]] = {outcome: [] for outcome in Outcome}
        repeated: list[Resolution] = []
        taken: set[InstrumentId] = set()
        seen: set[str] = set()
        items = tuple(self._items(text))
        for resolution in items:
            instrument = resolution.instrument
            key = resolution.text.upper()
            if key in seen or (instrument is not None and instrument.id in taken):
                repeated.append(resolution)
                continue
            seen.add(key)
            if instrument is not None:
                taken.add(instrument.id)
            groups[resolution.outcome].append(resolution)
        return ListPreview(
            taken=tuple(groups[Outcome.TAKEN]),
            ambiguous=tuple(groups[Outcome.AMBIGUOUS]),
            unknown=tuple(groups[Outcome.UNKNOWN]),
            repeated=tuple(repeated),
            items=items,
        )

    def _items(self, text: str) -> Iterator[Resolution]:
        for item in _SEPARATORS.split(text):
            item = item.strip()
            if not item.strip(_QUOTES) or item.startswith("###"):  # `###name` is how TradingView heads a section
                continue
            whole = self.resolve(item)
            parts = item.split()
            if whole.outcome is Outcome.UNKNOWN and len(parts) > 1:
                single = [self.resolve(part) for part in parts]
                if any(each.outcome is not Outcome.UNKNOWN for each in single):
                    yield from single
                    continue
            yield whole

    def _readings(self, written: str) -> Iterator[tuple[str, list[Instrument]]]:
        """Yield what the text may be read as, the most exact reading first."""
        upper = written.upper()
        yield "identity", self._by_identity(written)
        prefix, colon, rest = upper.partition(":")
        venue = VENUE_NAMES.get(prefix.strip(), Venue(prefix.strip())) if colon else None
        name = rest.strip() if colon else upper
        if is_number(name):
            yield "token", self._at(venue, (*self._by_number(name), *self._directory.by_symbol(name)))
            return
        exact = None if venue is None else self._directory.at(venue, name)
        yield "symbol", self._at(venue, self._directory.by_symbol(name)) if exact is None else [exact]
        yield "symbol", self._at(venue, self._directory.masters.by_alias(name))
        yield "symbol", self._at(venue, self._by_other_spelling(name))
        if _ISIN.fullmatch(name):
            yield "isin", self._at(venue, self._by_isin(name))

    def _by_identity(self, written: str) -> list[Instrument]:
        parts = written.split(":", 2)
        keyed = self._by_key([part.strip() for part in parts])
        if keyed is not None or len(parts) != 3 or not all(parts):
            return [] if keyed is None else [keyed]
        for text in (written, written.upper()):
            found = self._directory.get(InstrumentId.parse(text))
            if found is not None:
                return [found]
        return []

    def _by_key(self, parts: list[str]) -> Instrument | None:
        """Read the key that Settings > Look-up shows, `odin : NSE_EQ : 2885`, with a token or a symbol at its end."""
        if len(parts) < 2 or "_" not in parts[-2]:
            return None
        venue, _, segment = parts[-2].upper().rpartition("_")
        place, name = (Venue(venue), Segment(segment)), parts[-1]
        if is_number(name):
            return self._directory.by_token(*place, name.lstrip("0"))
        found = (self._directory.get(InstrumentId(*place, spelt)) for spelt in (name, name.upper()))
        return next((each for each in found if each is not None), None)

    def _by_number(self, number: str) -> list[Instrument]:
        return self._directory.masters.token_candidates(number.lstrip("0"))

    def _by_kite_number(self, number: int) -> list[Instrument]:
        venue = _VENUE_OF_CODE.get(number & 0xFF)
        owners = self._directory.masters.token_candidates(str(number >> 8))
        return [] if venue is None else self._at(venue, owners)

    def _by_isin(self, isin: str) -> Iterable[Instrument]:
        listed = self._directory.masters.by_isin(isin)
        return listed or [hit.instrument for hit in self._directory.search(isin) if hit.instrument.isin == isin]

    def _by_other_spelling(self, name: str) -> list[Instrument]:
        """Read `RELIANCE.NS`, `BRK-B` for `BRK.B`, and a symbol that trades only in another series, `CENTRALBK-BE`."""
        venue = _SUFFIXES.get(name[-3:])
        if venue is not None:
            return self._at(venue, self._directory.by_symbol(name[:-3]))
        if name[-2:-1] in ("-", "/"):
            return self._directory.by_symbol(f"{name[:-2]}.{name[-1]}")
        return [found for series in _SERIES for found in self._at(_NSE, self._directory.by_symbol(f"{name}-{series}"))]

    @staticmethod
    def _at(venue: Venue | None, found: Iterable[Instrument]) -> list[Instrument]:
        unique = {each.id: each for each in found if venue is None or each.id.venue == venue or each.tag == venue}
        return list(unique.values())

    def _usable(self, found: list[Instrument]) -> list[Instrument]:
        masters = self._directory.masters
        return [
            each
            for each in found
            if self._is_meant(each)
            and not any(listing.is_expired(masters.today) for listing in masters.listings(each.id))
        ]

    def _is_meant(self, instrument: Instrument) -> bool:
        is_here = not self._venues or instrument.id.venue in self._venues
        return is_here and (self._serves is None or self._serves(instrument.id))

    def _judge(self, shown: str, field: str, found: list[Instrument]) -> Resolution:
        found = sorted(found, key=standing)
        if len(found) == 1:
            return Resolution(shown, Outcome.TAKEN, tuple(found), field, _note(found[0], shown, field))
        if field != "token":
            for venue in self._prefer:
                here = [each for each in found if each.id.venue == venue]
                if len(here) == 1:
                    others = ", ".join(sorted({str(each.id.venue) for each in found} - {venue}))
                    return Resolution(shown, Outcome.TAKEN, tuple(here), field, f"{venue} preferred; also on {others}")
        what = f"token {shown}" if field == "token" else shown
        return Resolution(shown, Outcome.AMBIGUOUS, tuple(found), field, f"{what} stands for {len(found)} instruments")


_SERIES: Final = ("BE", "BZ", "SM", "ST", "BL")


def _note(instrument: Instrument, shown: str, field: str) -> str:
    if field == "token":
        return f"token {shown} is {instrument.id}"
    base, _, series = instrument.symbol.rpartition("-")
    return f"only in series {series}" if base and shown.upper().endswith(base.upper()) and series in _SERIES else ""
