"""Where an instrument belongs: at the feed named for it, else at the first that has it; and where its fall-back is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from marketwatch.domain.feed_choice import NO_CHOICE, FeedChoice
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.services.feed_rows import FeedEntry, Place


class KeyResolver(Protocol):
    """Knows the feeds' own names of instruments."""

    def feed_key(self, feed_id: FeedId, instrument_id: InstrumentId) -> str | None:
        """Return the feed's key of the instrument, None when the feed does not have it."""
        ...


class PlacePlan(msgspec.Struct, frozen=True):
    """`first` None: no feed has it. `is_backed`: `second` is a fall-back, not only for comparison."""

    first: Place | None
    second: Place | None
    is_backed: bool


_NOWHERE = PlacePlan(None, None, is_backed=False)


class FeedPlaces:
    """What the user named, and what the order of the feeds makes of it."""

    def __init__(self, resolver: KeyResolver) -> None:
        self._resolver = resolver
        self._choices: dict[InstrumentId, FeedChoice] = {}
        self.falls_back = False
        self.compared: set[InstrumentId] = set()
        self.feeds: dict[FeedId, FeedEntry] = {}
        self._passed: dict[InstrumentId, set[FeedId]] = {}
        self._waiting: dict[tuple[FeedId, str], set[InstrumentId]] = {}

    def choice(self, instrument_id: InstrumentId) -> FeedChoice:
        """Return what was named for an instrument."""
        return self._choices.get(instrument_id, NO_CHOICE)

    def choose(self, choices: Mapping[InstrumentId, FeedChoice]) -> None:
        """Name feeds for instruments; the others stay as they were."""
        for instrument_id, choice in choices.items():
            self._passed.pop(instrument_id, None)
            if choice.is_default:
                self._choices.pop(instrument_id, None)
            else:
                self._choices[instrument_id] = choice

    def missing_primary(self, instrument_id: InstrumentId) -> FeedId | None:
        """Return the feed named first for an instrument if it is not open."""
        primary = self.choice(instrument_id).primary if self._choices else None
        return None if primary in self.feeds else primary

    def set_order(self, rank: Mapping[FeedId, int]) -> None:
        """Ask the feeds by rank from now on, those without one last."""
        self.feeds = dict(sorted(self.feeds.items(), key=lambda one: rank.get(one[0], len(rank))))

    def of(self, instrument_id: InstrumentId) -> list[Place]:
        """Return the feeds that have an instrument, in order, with their keys of it."""
        key_of = self._resolver.feed_key
        keys = ((feed, key_of(feed_id, instrument_id)) for feed_id, feed in self.feeds.items())
        return [(feed, key) for feed, key in keys if key is not None and self._is_free(feed, key, instrument_id)]

    def _is_free(self, feed: FeedEntry, key: str, instrument_id: InstrumentId) -> bool:
        """Tell whether a key does not stand for another instrument: a stream of one's own knows no exchanges."""
        holder = feed.rows.get(key)
        if holder is None or holder.instrument_id == instrument_id:
            return True
        self._waiting.setdefault((feed.id, key), set()).add(instrument_id)
        return False

    def take_waiting(self, feed_id: FeedId, key: str) -> set[InstrumentId]:
        """Return, and forget, the instruments that were denied a key because it stood for another one."""
        return self._waiting.pop((feed_id, key), set())

    def has(self, place: Place, instrument_id: InstrumentId) -> bool:
        """Tell whether a feed is open and still has an instrument under this key."""
        feed, key = place
        return self.feeds.get(feed.id) is feed and self._resolver.feed_key(feed.id, instrument_id) == key

    def leave(self, instrument_id: InstrumentId) -> None:
        """Forget what was seen of an instrument that nobody uses any more."""
        self.compared.discard(instrument_id)
        self._passed.pop(instrument_id, None)

    def pass_over(self, instrument_id: InstrumentId, feed_id: FeedId) -> Place | None:
        """Take a feed for no fall-back of an instrument any more, and return the next one that has it.

        None when the fall-back was named, or when no other is left: the last one stays, so that nothing goes round.
        """
        if self.choice(instrument_id).fallback is not None:
            return None
        first, passed = self.plan(instrument_id).first, self._passed.get(instrument_id, set()) | {feed_id}
        left = (place for place in self.of(instrument_id) if place != first and place[0].id not in passed)
        following = next(left, None)
        if following is not None:
            self._passed[instrument_id] = passed
        return following

    def forgive(self, feed_id: FeedId) -> list[InstrumentId]:
        """Let a feed be a fall-back again; return the instruments it had been passed over for."""
        forgiven = [one for one, passed in self._passed.items() if feed_id in passed]
        for one in forgiven:
            self._passed[one].discard(feed_id)
        return forgiven

    def plan(self, instrument_id: InstrumentId, kept: FeedId | None = None) -> PlacePlan:
        """Return where an instrument belongs now; `kept` is the fall-back it is on, which stays the fall-back."""
        places = self.of(instrument_id)
        if not places:
            return _NOWHERE
        choice = self.choice(instrument_id)
        by_id = {feed.id: (feed, key) for feed, key in places}
        named = None if choice.fallback is None else by_id.get(choice.fallback)
        first = None if choice.primary is None else by_id.get(choice.primary)
        if first is None:
            first = named if choice.primary is not None and named is not None else places[0]
        if named is not None and named != first:
            return PlacePlan(first, named, is_backed=True)
        following = self._following(instrument_id, [place for place in places if place != first], kept)
        is_backed = self.falls_back and choice.fallback is None
        is_wanted = is_backed or instrument_id in self.compared
        return PlacePlan(first, following if is_wanted else None, is_backed=is_backed)

    def _following(self, instrument_id: InstrumentId, others: list[Place], kept: FeedId | None) -> Place | None:
        passed = self._passed.get(instrument_id, set())
        by_wish = sorted(others, key=lambda place: (place[0].id != kept, place[0].id in passed))
        return next(iter(by_wish), None)
