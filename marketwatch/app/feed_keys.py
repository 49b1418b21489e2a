"""Which name each feed has for an instrument."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from marketwatch.domain.ids import FeedId, InstrumentId

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


def table_rule(keys: Mapping[InstrumentId, str]) -> KeyOf:
    """Look keys up in a fixed table."""
    return dict(keys).get
