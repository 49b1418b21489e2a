"""Who wants what: the subscriptions of one client, and who gets an event. Pure."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator, Mapping

from marketwatch.client.callbacks import Callback
from marketwatch.client.options import EVERYTHING
from marketwatch.domain.events import (
    AnalysisReport,
    Depth,
    FairValue,
    MarketEvent,
    PriceLimits,
    PriceValue,
    Quote,
    SecondBar,
    ServerAlert,
    ServerPosition,
    TradeTick,
    VendorBar,
)
from marketwatch.protocols.base import Channel, Topic

_CHANNELS: dict[type[MarketEvent], frozenset[Channel]] = {
    TradeTick: frozenset({Channel.TRADES}),
    Depth: frozenset({Channel.DEPTH, Channel.QUOTES}),
    Quote: frozenset({Channel.QUOTES}),
    SecondBar: frozenset({Channel.SECOND_BARS}),
    VendorBar: frozenset({Channel.MINUTE_BARS}),
    PriceLimits: frozenset({Channel.LIMITS}),
    FairValue: frozenset({Channel.FAIR_VALUE}),
    PriceValue: frozenset({Channel.VALUE, Channel.TRADES}),  # some feeds state prices without a trade
    AnalysisReport: frozenset({Channel.ANALYSIS}),
    ServerAlert: frozenset({Channel.ALERTS}),
    ServerPosition: frozenset({Channel.PORTFOLIO}),
}
_COMPOSITE = frozenset({Channel.LAST_PRICE, Channel.DAY_FIGURES, Channel.DEPTH})
"""Channels whose packets carry several kinds of event: whoever has one gets whatever comes for its symbols."""


class Subscription:
    """One call of `subscribe`; `callback` None for who reads by iteration.

    `names` are the symbols as they were written, by the feed's names of them.
    """

    __slots__ = ("callback", "id", "names", "topics")

    def __init__(
        self, identity: str, topics: Iterable[Topic], callback: Callback | None, names: Mapping[str, str] | None = None
    ) -> None:
        self.id = identity
        self.topics = set(topics)
        self.callback = callback
        self.names = names or {}

    def takes(self, key: str, kind: type[MarketEvent]) -> bool:
        """Tell whether an event of this type is for this subscription."""
        keys = (key, EVERYTHING)  # looked up one by one: there may be thousands of topics
        mine = {channel for channel in Channel for one in keys if Topic(channel, one) in self.topics}
        if not mine:
            return False
        carriers = _carriers(kind)
        return carriers is None or not mine.isdisjoint(carriers) or not mine.isdisjoint(_COMPOSITE)


class SubscriptionTable:
    """The subscriptions by id, and per symbol and type of event who gets it."""

    def __init__(self) -> None:
        self._by_id: dict[str, Subscription] = {}
        self._receivers: dict[tuple[str, type[MarketEvent]], tuple[Subscription, ...]] = {}
        self._last = 0

    def __iter__(self) -> Iterator[Subscription]:
        return iter(tuple(self._by_id.values()))

    def topics(self) -> list[Topic]:
        """Return the wanted topics, once per subscription that wants them."""
        return [topic for subscription in self for topic in sorted(subscription.topics, key=str)]

    def channels_by_symbol(self) -> dict[str, list[str]]:
        """Return what is wanted as the guide shows it: symbol to names of channels."""
        found: dict[str, set[str]] = {}
        for subscription in self:
            for topic in sorted(subscription.topics, key=str):
                found.setdefault(subscription.names.get(topic.key, topic.key), set()).add(topic.channel.value)
        return {key: sorted(names) for key, names in found.items()}

    def names(self) -> dict[str, str]:
        """Return how the symbols were written, by the feed's names of them; the newest way counts."""
        return {key: written for subscription in self for key, written in subscription.names.items()}

    def new_id(self) -> str:
        """Return an id that no subscription has."""
        while True:
            self._last += 1
            identity = f"sub-{self._last}"
            if identity not in self._by_id:
                return identity

    def add(self, subscription: Subscription) -> list[Topic]:
        """Take a subscription in; return the topics of the one of the same id that it replaces."""
        replaced = self._by_id.pop(subscription.id, None)
        self._by_id[subscription.id] = subscription
        self._receivers.clear()
        if replaced is None:
            return []
        _clear(replaced)
        return list(replaced.topics)

    def remove(
        self, identity: str | None, keys: Collection[str] | None, channels: Collection[Channel] | None
    ) -> list[Topic]:
        """Take topics out, None meaning all; return them, once per subscription that had them."""
        removed: list[Topic] = []
        for subscription in self:
            if identity is not None and subscription.id != identity:
                continue
            gone = {
                topic
                for topic in subscription.topics
                if (keys is None or topic.key in keys) and (channels is None or topic.channel in channels)
            }
            subscription.topics -= gone
            removed.extend(gone)
            if not subscription.topics:
                del self._by_id[subscription.id]
                _clear(subscription)
        self._receivers.clear()
        return removed

    def receivers(self, event: MarketEvent) -> tuple[Subscription, ...]:
        """Return who gets an event."""
        key, kind = event.key, type(event)
        found = self._receivers.get((key, kind))
        if found is None:
            found = tuple(subscription for subscription in self if subscription.takes(key, kind))
            self._receivers[key, kind] = found
        return found

    def clear_callbacks(self) -> None:
        """Forget what waits for async callbacks."""
        for subscription in self:
            _clear(subscription)


def _clear(subscription: Subscription) -> None:
    if subscription.callback is not None:
        subscription.callback.clear()


@functools.cache
def _carriers(kind: type[MarketEvent]) -> frozenset[Channel] | None:
    """Return the channels that carry a type of event, None for what comes beside any of them."""
    return next((_CHANNELS[each] for each in kind.__mro__ if each in _CHANNELS), None)
