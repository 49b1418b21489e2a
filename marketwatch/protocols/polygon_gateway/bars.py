"""Which bars are of a second and which of a minute: the real server does not say."""

from __future__ import annotations

from typing import Final

from marketwatch.domain.events import stamp_to_ns
from marketwatch.protocols.base import Channel

_MINUTE_NS: Final = 60_000_000_000


class _Seen:
    """The newest bars of one symbol."""

    __slots__ = ("newest_ns", "second_ns")

    def __init__(self) -> None:
        self.newest_ns: int | None = None
        self.second_ns: int | None = None


class BarKinds:
    """Tells the bars of each symbol apart by their starts."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def channel(self, symbol: str, stamp: int | None, *, wants_only: Channel | None) -> Channel:
        """Return the channel of a bar.

        A minute starts on a full minute, and at least a minute after the bar before or behind a bar of a second that
        has passed. `wants_only` decides about the first bar of a symbol that starts on a full minute.
        """
        if stamp is None:
            return wants_only or Channel.MINUTE_BARS
        start_ns = stamp_to_ns(stamp)
        seen = self._seen.setdefault(symbol, _Seen())
        before, second_ns = seen.newest_ns, seen.second_ns
        seen.newest_ns = start_ns if before is None else max(before, start_ns)
        if start_ns % _MINUTE_NS == 0:
            if before is None and wants_only is not Channel.SECOND_BARS:
                return Channel.MINUTE_BARS
            if second_ns is not None and start_ns < second_ns:
                return Channel.MINUTE_BARS
            if before is not None and before != start_ns and abs(start_ns - before) >= _MINUTE_NS:
                return Channel.MINUTE_BARS
            if before == start_ns and second_ns != start_ns:
                return Channel.MINUTE_BARS  # the same minute once more
        seen.second_ns = start_ns if second_ns is None else max(second_ns, start_ns)
        return Channel.SECOND_BARS
