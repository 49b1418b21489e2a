"""What is asked of the server, and in which order: one request at a time, rows that wait longest first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from marketwatch.protocols.base import Channel, Topic
from marketwatch.protocols.data_provider.rows import DATED, TIMED, Bound

RESOLUTIONS: Final = TIMED | DATED
PERIODS: Final = frozenset(["1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"])
TICKERS_PER_BATCH: Final = 50


class BarQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which bars of a ticker are asked for. `limit` None: all; the newest are kept.

    `again_limit` is the limit of every further request for the same, `stated` how many of the newest bars are stated
    (None: as many as `limit`). `is_row`: the newest day is stated as the day's figures too. With `is_batched` many
    tickers are asked for at once, and before those that are not.
    """

    resolution: str = "1d"
    period: str = "max"
    limit: int | None = None
    again_limit: int | None = None
    stated: int | None = None
    is_row: bool = False
    is_batched: bool = True


class DataOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the server is asked. Times in seconds; `refresh_s` None: everything is asked for once.

    `local_only` is always sent, because client and server disagree about its default. `first` and `last` cut the
    answers here: the server knows no dates. For `refresh_for_s` from the connection on new bars can come between them,
    None for ever; later, what was answered is asked for no more. `has_minutes`: who asks for bars gets those of a
    minute too where the server has them, and is refused nothing where it has none.
    """

    bars: BarQuery = BarQuery()
    minutes: BarQuery = BarQuery(resolution="1m", is_batched=False)
    local_only: bool = True
    first: Bound | None = None
    last: Bound | None = None
    single_timeout_s: float = 30.0
    batch_timeout_s: float = 60.0
    refresh_s: float | None = None
    refresh_for_s: float | None = None
    has_minutes: bool = False

    def query_of(self, channel: Channel) -> BarQuery | None:
        """Return what a channel asks for above all, None for a channel that this server does not have."""
        return next(iter(self.queries_of(channel)), None)

    def queries_of(self, channel: Channel) -> tuple[BarQuery, ...]:
        """Return everything that a channel asks for."""
        if channel is Channel.MINUTE_BARS:
            return (self.minutes,)
        if channel not in (Channel.BARS, Channel.VALUE):
            return ()
        return (self.bars, self.minutes) if self.has_minutes else (self.bars,)


ROWS: Final = DataOptions(
    bars=BarQuery(limit=5, is_row=True),
    minutes=BarQuery(resolution="1m", limit=1440, again_limit=30, is_batched=False),
    refresh_s=60.0,
    has_minutes=True,
)
"""What rows of a list need: the newest days, a day of minutes for the chart, and both again each minute."""


class Request(msgspec.Struct, frozen=True):
    """One request. `tickers` are in capitals."""

    query: BarQuery
    tickers: tuple[str, ...]
    limit: int | None
    is_batch: bool

    def payload(self, *, local_only: bool) -> dict[str, Any]:
        """Return what is sent."""
        asked: dict[str, Any] = {"tickers": list(self.tickers)} if self.is_batch else {"ticker": self.tickers[0]}
        asked |= {"resolution": self.query.resolution, "period": self.query.period}
        if self.limit is not None:
            asked["limit"] = self.limit
        return asked | {"local_only": local_only}

    def fits(self, resolution: str, period: str) -> bool:
        """Tell whether an answer that echoes these may be to this request; what is not echoed always fits."""
        return resolution in ("", self.query.resolution) and period in ("", self.query.period)


class Wish(msgspec.Struct):
    """One ticker that is wanted by one query. `due` is when it is asked for next, None for never again."""

    keys: set[str]
    due: float | None
    was_answered: bool = False


Wishes = dict[tuple[BarQuery, str], Wish]


class RequestPlan:
    """Everything that is wanted, and what of it is asked for next. Times are monotonic seconds."""

    def __init__(self, options: DataOptions) -> None:
        self._options = options
        self._wishes: Wishes = {}
        self._one_by_one: deque[tuple[BarQuery, str]] = deque()
        self.can_batch = True
        """False once the server has shown that it cannot write a batch."""

    def add(self, topic: Topic, now: float) -> None:
        """Want a topic: it is asked for as soon as the server is free."""
        for query in self._options.queries_of(topic.channel):
            wish = self._wishes.get((query, topic.key.upper()))
            if wish is None:
                self._wishes[query, topic.key.upper()] = Wish({topic.key}, now)
            else:
                wish.keys.add(topic.key)
                wish.due = now

    def remove(self, topic: Topic, still_wanted: Iterable[Topic]) -> None:
        """Want a topic no more."""
        others = {
            query
            for other in still_wanted
            if other.key == topic.key
            for query in self._options.queries_of(other.channel)
        }
        for query in self._options.queries_of(topic.channel):
            wish = self._wishes.get((query, topic.key.upper()))
            if wish is not None and query not in others:
                wish.keys.discard(topic.key)
                if not wish.keys:
                    del self._wishes[query, topic.key.upper()]

    def keys_of(self, query: BarQuery, ticker: str) -> list[str]:
        """Return the keys as they are wanted of a ticker in capitals; empty when nobody wants it any more."""
        wish = self._wishes.get((query, ticker))
        return [] if wish is None else sorted(wish.keys)

    def settle(self, query: BarQuery, ticker: str, now: float, *, was_answered: bool, is_final: bool = False) -> None:
        """Note that a ticker was answered, or failed: it is asked for again at the next refresh, if there is one."""
        wish = self._wishes.get((query, ticker))
        if wish is not None:
            wish.due = None if is_final or self._options.refresh_s is None else now + self._options.refresh_s
            wish.was_answered |= was_answered

    def split(self, request: Request) -> None:
        """Ask for the tickers of a batch one by one, before anything else."""
        self._one_by_one.extend((request.query, ticker) for ticker in request.tickers)

    def next_due(self) -> float | None:
        """Return when something is to be asked for; the past when something waits."""
        if self._one_by_one:
            return 0.0
        return min((wish.due for wish in self._wishes.values() if wish.due is not None), default=None)

    def next_request(self, now: float) -> Request | None:
        """Return what to ask for now, None when nothing is due."""
        while self._one_by_one:
            query, ticker = self._one_by_one.popleft()
            if (query, ticker) in self._wishes:
                return self._request(query, [ticker])
        due = [(wish.due, place) for place, wish in self._wishes.items() if wish.due is not None and wish.due <= now]
        if not due:
            return None
        _, (query, first) = min(due, key=lambda one: (not one[1][0].is_batched, one[0]))
        if not (query.is_batched and self.can_batch):
            return self._request(query, [first])
        alike = sorted((one for one in due if one[1][0] == query), key=lambda one: one[0])
        return self._request(query, [ticker for _, (_, ticker) in alike[:TICKERS_PER_BATCH]])

    def _request(self, query: BarQuery, tickers: list[str]) -> Request:
        is_again = query.again_limit is not None and all(self._wishes[query, ticker].was_answered for ticker in tickers)
        limit = query.again_limit if is_again else query.limit
        return Request(query, tuple(tickers), limit, len(tickers) > 1)
