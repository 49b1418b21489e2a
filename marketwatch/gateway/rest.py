"""The gateway's REST side: snapshots of the day, as the vendor's service gives them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

from marketwatch.domain.events import DayStatistics
from marketwatch.gateway.limits import Limits, RequestRate
from marketwatch.protocols.massive.rest import SNAPSHOT_PATH, build_single_snapshot, build_snapshot

_LONGEST_WAIT_S = 2.0


class RestApi:
    """Answers snapshot calls of clients with an acceptable key, all together at the limited rate."""

    def __init__(
        self,
        keys: Callable[[], Iterable[str]],
        statistics: Callable[[str], DayStatistics | None],
        accepts_key: Callable[[str | None], bool],
        limits: Limits,
    ) -> None:
        self._keys = keys
        self._statistics = statistics
        self._accepts_key = accepts_key
        self._rate = RequestRate(limits.requests_per_s, limits.request_burst)

    def routes(self) -> dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]]:
        """Return the handlers by path."""
        return {SNAPSHOT_PATH: self._several, SNAPSHOT_PATH + "/{ticker}": self._single}

    async def _several(self, request: web.Request) -> web.Response:
        refused = self._refuse(request)
        if refused is not None:
            return refused
        asked = [ticker for ticker in request.query.get("tickers", "").split(",") if ticker]
        known = (self._statistics(key) for key in asked or tuple(self._keys()))
        return _json(build_snapshot(each for each in known if each is not None))

    async def _single(self, request: web.Request) -> web.Response:
        refused = self._refuse(request)
        if refused is not None:
            return refused
        statistics = self._statistics(request.match_info["ticker"])
        if statistics is None:
            return _error(404, "Ticker not found.")
        return _json(build_single_snapshot(statistics))

    def _refuse(self, request: web.Request) -> web.Response | None:
        if self._rate.wait_s(asyncio.get_running_loop().time()) > _LONGEST_WAIT_S:
            return _error(429, "You've exceeded the maximum requests per minute, please wait.")
        if not self._accepts_key(bearer_of(request)):
            return _error(401, "Unknown API Key")
        return None


def bearer_of(request: web.Request) -> str | None:
    """Return the key of the Authorization header, None without one."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" and key.strip() else None


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"status": "ERROR", "request_id": "", "error": message}, status=status)
