"""Turns rows of the tick format into market events."""

from __future__ import annotations

from collections.abc import Iterable

from marketwatch.domain.events import MarketEvent, Quote, TradeTick
from marketwatch.feeds.recorded.flags import conditions_of, exchange_of

_Number = float | None
_Text = str | None
Row = tuple[int, str, str, _Number, _Number, _Number, _Number, _Number, _Number, _Text, _Text]
"""ts_ns, symbol, kind, price, size, bid, bid_size, ask, ask_size, exchange, conditions."""

_Side = tuple[float | None, float | None]


class RowConverter:
    """Converts the rows of one playing of a recording, in order.

    Numbers the events per symbol, and carries the other side into quotes of symbols whose rows hold one side only: such
    a row says that one side changed, not that the other went away.
    """

    def __init__(self, *, flag_words: bool, one_sided: frozenset[str]) -> None:
        self._flag_words = flag_words
        self._one_sided = one_sided
        self._sequence: dict[str, int] = {}
        self._bids: dict[str, _Side] = {}
        self._asks: dict[str, _Side] = {}
        self.skipped = 0

    def convert(self, rows: Iterable[Row]) -> tuple[list[MarketEvent], list[int]]:
        """Return the events and, beside them, their times in ns UTC. Rows without a price are counted in `skipped`."""
        events: list[MarketEvent] = []
        stamps: list[int] = []
        sequence, flag_words = self._sequence, self._flag_words
        for stamp, key, kind, price, size, bid, bid_size, ask, ask_size, exchange, conditions in rows:
            number = sequence.get(key, 0) + 1
            event: MarketEvent
            if kind == "T":
                if price is None or size is None:
                    self.skipped += 1
                    continue
                event = TradeTick(
                    key=key,
                    stamp=stamp,
                    price=price,
                    size=size,
                    conditions=conditions_of(conditions, flag_words=flag_words),
                    exchange=exchange_of(exchange),
                    sequence=number,
                )
            elif key in self._one_sided:
                event = self._carried(stamp, key, (bid, bid_size), (ask, ask_size), number)
            else:
                event = Quote(
                    key=key, stamp=stamp, bid=bid, bid_size=bid_size, ask=ask, ask_size=ask_size, sequence=number
                )
            sequence[key] = number
            events.append(event)
            stamps.append(stamp)
        return events, stamps

    def _carried(self, stamp: int, key: str, bid: _Side, ask: _Side, number: int) -> Quote:
        if bid[0] is None:
            bid = self._bids.get(key, bid)
        else:
            self._bids[key] = bid
        if ask[0] is None:
            ask = self._asks.get(key, ask)
        else:
            self._asks[key] = ask
        return Quote(key=key, stamp=stamp, bid=bid[0], bid_size=bid[1], ask=ask[0], ask_size=ask[1], sequence=number)
