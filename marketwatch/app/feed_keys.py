"""Which name each feed has for an instrument."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from marketwatch.domain.ids import FeedId, InstrumentId

if TYPE_CHECKING:
    from marketwatch.feeds.catalog import FeedSpec
    from marketwatch.instruments.catalogue import MasterCatalogue

KeyOf = Callable[[InstrumentId], str | None]


class FeedKeys:
    """Resolves instruments to feed keys by one rule per feed."""

    def __init__(self) -> None:
        self._rules: dict[FeedId, KeyOf] = {}

    def set_rule(self, feed_id: FeedId, rule: KeyOf) -> None:
        """Ask `rule` for the keys of a feed from now on."""
        self._rules[feed_id] = rule

    def forget(self, feed_id: FeedId) -> None:
        """Know no keys of a feed any more."""
        self._rules.pop(feed_id, None)

    def feed_key(self, feed_id: FeedId, instrument_id: InstrumentId) -> str | None:
        rule = self._rules.get(feed_id)
        return None if rule is None else rule(instrument_id)


class Lists(Protocol):
    """What the loaded lists of instruments say."""

    @property
    def masters(self) -> MasterCatalogue: ...


def listed_rule(lists: Lists, spec: FeedSpec) -> KeyOf:
    """Take a feed's keys from the loaded lists, whatever is loaded at the time, and from the feed's own knowledge.

    The feed's own list counts first. A contract that has ended has no key any more, nor has an instrument whose token
    the list gives twice.
    """
    return lambda instrument_id: _listed_key(lists.masters, spec, instrument_id)


def _listed_key(masters: MasterCatalogue, spec: FeedSpec, instrument_id: InstrumentId) -> str | None:
    listings = masters.listings(instrument_id)
    if any(one.is_expired(masters.today) for one in listings):
        return None
    own = next((one.feed_token for one in listings if one.source == spec.listed_as and one.feed_token), None)
    if own is not None:
        return own if masters.by_feed_token(spec.listed_as, own) is not None else None
    known = spec.feed_key(instrument_id)
    if known is not None or spec.key_of_token is None:
        return known
    tokens = {one.token for one in listings if one.token}
    return spec.key_of_token(instrument_id, tokens.pop()) if len(tokens) == 1 else None


def table_rule(keys: Mapping[InstrumentId, str]) -> KeyOf:
    """Look keys up in a fixed table."""
    return dict(keys).get
