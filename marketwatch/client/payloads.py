"""Market events as plain dictionaries: what callbacks get and what the rows of frames are made of."""

from __future__ import annotations

import functools
from typing import Any

import msgspec

from marketwatch.domain import events
from marketwatch.domain.events import Depth, MarketEvent
from marketwatch.protocols.polygon_gateway import encoding

_MILLI = 1_000_000


def payload(event: MarketEvent) -> dict[str, Any]:
    """Return an event as the Polygon guide's callbacks get it: `event_type`, `symbol`, `timestamp` (ms UTC), figures.

    Trades, quotes and bars have the guide's keys, whatever feed they come from; a book adds `bids` and `asks`, and
    what the guide does not know (statistics, limits, values, analysis ...) has its own field names. Unknown is None.

    >>> from marketwatch.domain.events import TradeTick
    >>> data = payload(TradeTick(key="AAPL", stamp=1701439845000, price=175.5, size=100, exchange=11))
    >>> data["event_type"], data["symbol"], data["timestamp"], data["price"], data["size"]
    ('trade', 'AAPL', 1701439845000, 175.5, 100)
    """
    data = encoding.payload(event)
    if data is None:
        stamp_ns = event.event_ns
        data = {
            "event_type": event.kind.name.lower(),
            "symbol": event.key,
            "timestamp": None if stamp_ns is None else stamp_ns // _MILLI,
        }
        data.update((name, getattr(event, name)) for name in _own_fields(type(event)))
    elif isinstance(event, Depth):
        data["bids"] = [msgspec.structs.asdict(level) for level in event.bids]
        data["asks"] = [msgspec.structs.asdict(level) for level in event.asks]
    if "conditions" in data:
        data["conditions"] = list(data["conditions"])
    return data


@functools.cache
def _own_fields(kind: type[MarketEvent]) -> tuple[str, ...]:
    """Return the fields of the event as the domain declares it, without what a wire format adds to them."""
    plain = next(each for each in kind.__mro__ if each.__module__ == events.__name__)
    return tuple(field.name for field in msgspec.structs.fields(plain) if field.name not in ("key", "stamp"))
