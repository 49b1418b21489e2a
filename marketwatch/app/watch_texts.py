"""What the texts of `--watch` mean to one feed: instruments, and in words what was refused or taken on trust."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from marketwatch.domain.ids import InstrumentId, Venue
from marketwatch.domain.instrument import Instrument, kind_in
from marketwatch.feeds.catalog import FeedKind, FeedSpec
from marketwatch.instruments.directory import InstrumentDirectory
from marketwatch.instruments.matching import is_number
from marketwatch.instruments.popular_tokens import popular_tokens
from marketwatch.instruments.resolution import Outcome, Resolution, Resolver
from marketwatch.services.notices import Severity

TOKEN_MARK: Final = "#"  # noqa: S105 - the sign before an exchange's number, not a secret
_PREFERRED: Final = tuple(map(Venue, ("NSE", "XNAS", "XNYS", "ARCX", "XASE", "BATS")))
_MOST_NAMED: Final = 4
_LONGEST: Final = 64


class Remark(msgspec.Struct, frozen=True):
    """What the user should know of one text."""

    severity: Severity
    thing: str
    cause: str
    next_step: str = ""


class Watched(msgspec.Struct, frozen=True):
    """The instruments of the texts, in their order and each once, and the remarks on them."""

    instruments: tuple[Instrument, ...]
    remarks: tuple[Remark, ...] = ()


def watched(
    directory: InstrumentDirectory,
    spec: FeedSpec,
    texts: Sequence[str],
    *,
    feed_key: Callable[[InstrumentId], str | None] | None = None,
) -> Watched:
    """Resolve texts for a feed. A number is taken only when it stands for exactly one instrument the feed has.

    What no list knows is watched as it is written, if the feed could know it so. `feed_key` is the feed's rule where
    that knows more than the catalog's.
    """
    return _Reading(directory, spec, feed_key or spec.feed_key).read(texts)


class _Reading:
    def __init__(
        self, directory: InstrumentDirectory, spec: FeedSpec, feed_key: Callable[[InstrumentId], str | None]
    ) -> None:
        self._directory = directory
        self._spec = spec
        self._feed_key = feed_key
        self._resolver = Resolver(
            directory, prefer=_PREFERRED, misprints=popular_tokens().misprints, serves=self._is_served
        )
        self._remarks: list[Remark] = []

    def read(self, texts: Sequence[str]) -> Watched:
        found = {one.id: one for text in texts if (one := self._one(text)) is not None}
        return Watched(tuple(found.values()), tuple(self._remarks))

    def _is_served(self, instrument_id: InstrumentId) -> bool:
        return self._feed_key(instrument_id) is not None

    def _one(self, text: str) -> Instrument | None:
        if is_number(text) and self._spec.kind is FeedKind.MAPPING:
            return self._trusted(self._spec.instrument_of(text))  # a stream of one's own may name by number
        resolution = self._resolver.resolve(text)
        if resolution.instrument is not None:
            return resolution.instrument
        as_written = self._as_written(text)
        if as_written is not None and (known := self._directory.get(as_written)) is not None:
            return known  # such as Kite's own number of a well-known share
        listed = None if is_number(text) else self._directory.get(self._spec.instrument_of(text.strip().upper()))
        if listed is not None:
            self._say_no_number(listed)
            return listed
        if resolution.outcome is Outcome.AMBIGUOUS:
            self._refuse(text, resolution.note, self._choices(resolution))
            return None
        return self._unknown(text, resolution, as_written)

    def _unknown(self, text: str, resolution: Resolution, as_written: InstrumentId | None) -> Instrument | None:
        if as_written is None or (resolution.note and is_number(text)):
            cause = resolution.note or f"{self._spec.label} has nothing of that name"
            self._refuse(text, cause, "Type the symbol, or load a list that has it in Settings > Look-up")
            return None
        if as_written.symbol.startswith(TOKEN_MARK):
            self._remarks.append(
                Remark(
                    Severity.INFO,
                    f"{text} is in no list known here",
                    f"it is watched as token {as_written.symbol.removeprefix(TOKEN_MARK)} of the {as_written.venue}",
                    "Load your broker's list in Settings > Look-up to see its name",
                )
            )
        return self._trusted(as_written)

    def _trusted(self, identity: InstrumentId) -> Instrument:
        return self._directory.add(
            Instrument(id=identity, currency=self._spec.currency_at(identity), kind=kind_in(identity.segment))
        )

    def _as_written(self, text: str) -> InstrumentId | None:
        """Return the instrument a feed may know under this text; a number only where the feed names by number."""
        text = text.strip()
        if not text.isprintable() or not 0 < len(text) <= _LONGEST:
            return None
        identity = self._spec.instrument_of(text)
        if is_number(text) and is_number(identity.symbol):
            return None  # a number is never a symbol
        return identity if self._is_served(identity) else None

    def _refuse(self, text: str, cause: str, next_step: str) -> None:
        self._remarks.append(Remark(Severity.DECISION, f"“{text}” is not watched", cause, next_step))

    def _say_no_number(self, instrument: Instrument) -> None:
        """A feed that names by number may know the instrument, but not by what is known here."""
        self._remarks.append(
            Remark(
                Severity.DECISION,
                f"{self._spec.label} cannot be asked for {instrument.symbol} yet",
                "its number is in no list loaded here",
                f"Load the list of {self._spec.label} in Settings > Look-up",
            )
        )

    def _choices(self, resolution: Resolution) -> str:
        named = [_words(each) for each in resolution.candidates[:_MOST_NAMED]]
        more = len(resolution.candidates) - len(named)
        return f"Type one of {', '.join(named)}{f' or {more} more' if more else ''}"


def _words(instrument: Instrument) -> str:
    name = f" ({instrument.name})" if instrument.name else ""
    return f"{instrument.id}{name}"
