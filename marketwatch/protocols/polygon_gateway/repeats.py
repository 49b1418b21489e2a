"""Drops what the server sends twice: each subscription to a symbol makes it send everything once more."""

from __future__ import annotations

from typing import Final, TypeAlias

from marketwatch.domain.events import MarketEvent, Quote, TradeTick, VendorBar

REMEMBERED: Final = 4_096
"""Trades among which a repeat is recognised."""

_Trade: TypeAlias = tuple[str, int | None, float, float, str | None, int | None, tuple[int, ...] | None]


class RepeatFilter:
    """Recognises trades among the latest ones, quotes and bars by the latest of their symbol.

    A trade without an id counts as a repeat when everything else is equal: a volume that grows at double speed is
    worse than one that misses the second of two equal trades within a millisecond.
    """

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._recent: set[_Trade] = set()
        self._older: set[_Trade] = set()
        self._latest: dict[tuple[str, int], MarketEvent] = {}

    def is_repeat(self, event: MarketEvent) -> bool:
        """Tell whether an event came before, and remember it."""
        if isinstance(event, TradeTick):
            return self._is_known(event)
        if not isinstance(event, Quote | VendorBar) or event.stamp is None:
            return False
        place = (event.key, event.interval_s if isinstance(event, VendorBar) else 0)
        before, self._latest[place] = self._latest.get(place), event
        return before == event

    def _is_known(self, trade: TradeTick) -> bool:
        if trade.stamp is None:
            return False
        identity = (
            trade.key,
            trade.stamp,
            trade.price,
            trade.size,
            trade.trade_id,
            trade.exchange,
            trade.conditions or None,
        )
        if identity in self._recent or identity in self._older:
            return True
        self._recent.add(identity)
        if len(self._recent) >= self._remembered:
            self._older, self._recent = self._recent, set()
        return False
