"""Fetches Massive's reference tickers page by page, no faster than the plan allows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from marketwatch.domain.secret import Secret
from marketwatch.errors import ConnectionFailed, ProtocolError
from marketwatch.feeds.reference import HttpGet
from marketwatch.instruments.masters.listing import MasterRows
from marketwatch.instruments.masters.ticker_pages import FREE_PLAN_PER_MINUTE, Ask, Finished, TickerPages, WaitUntil
from marketwatch.runtime.clock import Clock
from marketwatch.runtime.retry import parse_retry_after

VENDOR: Final = "https://api.massive.com"
_LARGEST_PAGE: Final = 16 * 1024 * 1024
_ATTEMPTS: Final = 3
_SECOND_NS: Final = 1_000_000_000
_SERVICE: Final = "Massive's web service"


class TickerProgress(msgspec.Struct, frozen=True):
    """How far it is: pages and tickers read, and how long until the next request, None while one is under way."""

    pages: int
    tickers: int
    wait_s: int | None
    per_minute: int = FREE_PLAN_PER_MINUTE

    @property
    def words(self) -> str:
        """The same as a sentence."""
        pages = "1 page" if self.pages == 1 else f"{self.pages} pages"
        read = f"{pages} read, {self.tickers:,} tickers" if self.pages else "Asking for the first page"
        budget = f"{self.per_minute} requests a minute"
        return f"{read}; {budget}" if self.wait_s is None else f"{read}; {budget}, next in {self.wait_s} s"


class TickerDownload(msgspec.Struct, frozen=True):
    """What came. `failure` says why it is not complete, empty when it is."""

    rows: MasterRows
    pages: int
    failure: str = ""
    next_step: str = ""


async def download_tickers(
    http: HttpGet,
    credentials: Callable[[], Secret | None],
    clock: Clock,
    on_progress: Callable[[TickerProgress], None],
    *,
    base: str = VENDOR,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> TickerDownload:
    """Return all tickers, or those that came before something failed for good. Cancelling it leaves nothing."""
    pages, failures = TickerPages(), 0
    while True:
        now_ns = clock.monotonic_ns()
        step = pages.next_step(now_ns)
        if isinstance(step, Finished):
            failure = step.failure
            if failure is None:
                cause = "; ".join(pages.rows.warnings) if pages.rows.is_cut else ""
                return TickerDownload(pages.rows, pages.pages_read, cause)
            return TickerDownload(pages.rows, pages.pages_read, failure.cause or failure.thing, failure.next_step)
        if isinstance(step, WaitUntil):
            left_ns = step.at_ns - now_ns
            on_progress(TickerProgress(pages.pages_read, len(pages.rows), -(-left_ns // _SECOND_NS)))
            await sleep(min(1.0, left_ns / _SECOND_NS))
            continue
        on_progress(TickerProgress(pages.pages_read, len(pages.rows), None))
        failures = failures + 1 if not await _ask(http, credentials, clock, base, step, pages) else 0
        if failures >= _ATTEMPTS:
            pages.lose(ConnectionFailed(_SERVICE, "it cannot be reached", "Check the network and try again"))


async def _ask(
    http: HttpGet, credentials: Callable[[], Secret | None], clock: Clock, base: str, step: Ask, pages: TickerPages
) -> bool:
    """Ask for one page; False when the network failed, and the same page may be asked for again."""
    from aiohttp import ClientError

    secret = credentials()
    headers = {} if secret is None else {"Authorization": f"Bearer {secret.reveal()}"}
    try:
        answer = await http.get(base + step.path, headers, limit=_LARGEST_PAGE)
    except (OSError, TimeoutError, ClientError):
        return False
    except ProtocolError as error:
        pages.lose(error)
        return True
    pause_s = parse_retry_after(answer.headers.get("Retry-After", ""), clock.now_ns())
    pages.receive(answer.status, answer.body, clock.monotonic_ns(), pause_s)
    return True
