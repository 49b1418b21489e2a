"""Plans the fetching of Massive's reference tickers within the rate the plan allows. Pure: the clock is an argument."""

from __future__ import annotations

from collections import deque
from typing import Final
from urllib.parse import urlencode

import msgspec

from marketwatch.errors import FeedError, RateLimited
from marketwatch.instruments.masters.listing import MASSIVE, MasterRows
from marketwatch.instruments.masters.massive_tickers import add_page
from marketwatch.protocols.massive.rest import error_of, next_page

TICKERS_PATH: Final = "/v3/reference/tickers"
PAGE_SIZE: Final = 1000
FREE_PLAN_PER_MINUTE: Final = 5
_MINUTE_NS: Final = 60_000_000_000
_MOST_PAGES: Final = 500
_MOST_REFUSALS: Final = 5


class Ask(msgspec.Struct, frozen=True):
    """Ask the service for this path and query now, and hand the answer to `receive`."""

    path: str


class WaitUntil(msgspec.Struct, frozen=True):
    """Ask nothing before this instant."""

    at_ns: int


class Finished(msgspec.Struct, frozen=True):
    """Nothing is left to ask. `failure` says why the list is not complete, None when it is."""

    failure: FeedError | None = None


class TickerPages:
    """Fetches page after page; what was fetched before a failure stays in `rows`, marked as partial.

    Any monotonic clock will do, as long as it is always the same.
    """

    def __init__(self, *, market: str = "stocks", per_minute: int = FREE_PLAN_PER_MINUTE) -> None:
        query = {"market": market, "active": "true", "order": "asc", "sort": "ticker", "limit": PAGE_SIZE}
        self._page: str | None = f"{TICKERS_PATH}?{urlencode(query)}"
        self._seen = {self._page}
        self._per_minute = per_minute
        self._asked_ns: deque[int] = deque(maxlen=per_minute)
        self._not_before_ns = 0
        self._refusals = 0
        self._failure: FeedError | None = None
        self.pages_read = 0
        self.rows = MasterRows(MASSIVE)

    def next_step(self, now_ns: int) -> Ask | WaitUntil | Finished:
        """Say what to do now. An `Ask` counts against the rate when it is handed out."""
        if self._page is None or self._failure is not None:
            return Finished(self._failure)
        free_ns = self._not_before_ns
        if len(self._asked_ns) == self._per_minute:
            free_ns = max(free_ns, self._asked_ns[0] + _MINUTE_NS)
        if now_ns < free_ns:
            return WaitUntil(free_ns)
        self._asked_ns.append(now_ns)
        return Ask(self._page)

    def receive(self, status: int, body: bytes, now_ns: int, retry_after_s: float | None = None) -> None:
        """Take the answer to the last `Ask`; `retry_after_s` is the pause its header asks for."""
        error = error_of(status, body, retry_after_s)
        if isinstance(error, RateLimited) and self._refusals < _MOST_REFUSALS:
            self._refusals += 1
            self._not_before_ns = now_ns + int(error.retry_after_s * 1e9)
            return
        if error is not None:
            self._fail(error)
            return
        try:
            following = add_page(body, self.rows)
        except FeedError as broken:
            self._fail(broken)
            return
        self.pages_read += 1
        self._refusals = 0
        self._advance(following)

    def lose(self, error: FeedError) -> None:
        """The network failed for good: keep what is there."""
        self._fail(error)

    def _advance(self, following: str | None) -> None:
        self._page = next_page(following, self._seen)
        if following and (self._page is None or self._page.partition("?")[0] != TICKERS_PATH):
            self._page = None
            self._partial("the pages repeat or lead elsewhere")
        elif self._page is not None and self.pages_read >= _MOST_PAGES:
            self._page = None
            self._partial(f"only the first {_MOST_PAGES} pages were read")

    def _fail(self, error: FeedError) -> None:
        self._failure = error
        self._partial(error.cause or str(error))

    def _partial(self, cause: str) -> None:
        self.rows.is_cut = True
        self.rows.warnings.append(f"The list is not complete: {cause}")
