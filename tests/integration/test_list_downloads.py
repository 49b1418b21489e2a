"""Lists from addresses and Massive's tickers over real sockets: what arrives whole, and what goes wrong in words."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from fake_time import NS, FakeTime, settle
from integration.list_server import ListServer, Pages, list_server, ok, ticker_page
from tls_ends import self_signed

from marketwatch.domain.secret import Secret
from marketwatch.errors import ConnectionFailed, FeedError, ProtocolError, RateLimited
from marketwatch.feeds.download import Download
from marketwatch.feeds.http import HttpClient
from marketwatch.feeds.transport import make_tls_context
from marketwatch.instruments.library import MasterKind, load_chunks
from marketwatch.runtime.executors import WorkerPool
from marketwatch.services.ticker_download import TickerDownload, TickerProgress, download_tickers

CSV = (
    b"instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,"
    b"instrument_type,segment,exchange\n738561,2885,RELIANCE,RELIANCE INDUSTRIES,0,,,0.05,1,EQ,NSE,NSE\n"
)
KEY = Secret("canary-massive-key-77ab")
TICKERS = "/v3/reference/tickers"


@pytest_asyncio.fixture
async def http() -> AsyncIterator[HttpClient]:
    failures: list[object] = []
    pool = WorkerPool("worker", lambda *failure: failures.append(failure))
    client = HttpClient(pool, make_tls_context)
    yield client
    await client.close()
    assert await pool.stop(1.0) == []
    assert failures == []


@pytest_asyncio.fixture
async def server() -> AsyncIterator[ListServer]:
    async with list_server() as running:
        yield running


async def fetch(
    http: HttpClient, url: str, progress: list[tuple[int, int | None]] | None = None, *, limit: int = 1_000_000
) -> Download:
    told = progress if progress is not None else []
    return await http.download(url, limit=limit, deadline_s=5.0, on_progress=lambda *step: told.append(step), now_ns=NS)


def symbols(arrived: Download) -> list[str]:
    rows = load_chunks(arrived.chunks, MasterKind.KITE, name="list", announced=arrived.announced)
    return [one.id.symbol for one in rows.listings]


# --- addresses


async def test_a_list_arrives_whole_and_the_bytes_are_told(http: HttpClient, server: ListServer) -> None:
    server.give("/list.csv", CSV)
    progress: list[tuple[int, int | None]] = []
    arrived = await fetch(http, f"{server.base}/list.csv", progress)
    assert (b"".join(arrived.chunks), arrived.size, arrived.announced) == (CSV, len(CSV), len(CSV))
    assert (progress[0], progress[-1]) == ((0, len(CSV)), (len(CSV), len(CSV)))
    assert server.keys == [""], "no key goes with it"


@pytest.mark.parametrize("headers", [{}, {"Content_Encoding": "gzip"}], ids=["unsaid", "said"])
async def test_a_compressed_list_is_read_whether_the_header_says_so_or_not(
    headers: dict[str, str], http: HttpClient, server: ListServer
) -> None:
    server.give("/list", gzip.compress(CSV), **headers)
    assert symbols(await fetch(http, f"{server.base}/list")) == ["RELIANCE"]


async def test_a_plain_list_that_is_called_compressed_is_read_too(http: HttpClient, server: ListServer) -> None:
    server.give("/list", CSV, Content_Encoding="gzip")
    assert symbols(await fetch(http, f"{server.base}/list")) == ["RELIANCE"]


async def test_a_list_cut_on_the_way_is_known_to_be_cut(http: HttpClient, server: ListServer) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": str(len(CSV) + 1000)})
        await answer.prepare(request)
        await answer.write(CSV)
        assert request.transport is not None
        request.transport.close()
        return answer

    server.answers["/list"] = cut
    arrived = await fetch(http, f"{server.base}/list")
    rows = load_chunks(arrived.chunks, MasterKind.KITE, name="list", announced=arrived.announced)
    assert (len(rows), rows.is_cut) == (1, True)
    assert rows.warnings == [f"Only {len(CSV)} of {len(CSV) + 1000} bytes arrived: it was cut"]


@pytest.mark.parametrize(
    ("status", "kind", "cause"),
    [
        (401, ProtocolError, "it wants a login (HTTP 401)"),
        (403, ProtocolError, "it refused the request (HTTP 403)"),
        (404, ProtocolError, "there is nothing at this address (HTTP 404)"),
        (418, ProtocolError, "it refused the request (HTTP 418)"),
        (429, RateLimited, "too many requests"),
        (503, ConnectionFailed, "the server is in trouble (HTTP 503)"),
    ],
)
async def test_a_refusal_is_said_in_words(
    status: int, kind: type[FeedError], cause: str, http: HttpClient, server: ListServer
) -> None:
    server.give("/list", b"<html>no</html>", status, Retry_After="7")
    with pytest.raises(kind) as caught:
        await fetch(http, f"{server.base}/list")
    assert (caught.value.thing, caught.value.cause) == ("127.0.0.1", cause)
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_after_s == 7.0


@pytest.mark.parametrize("announced", [True, False])
async def test_a_list_beyond_the_limit_is_given_up(announced: bool, http: HttpClient, server: ListServer) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "30000000"} if announced else {})
        await answer.prepare(request)
        try:
            for _ in range(300):
                await answer.write(b"x" * 100_000)
        except ConnectionError:
            pass  # the client is gone, as it should be
        return answer

    server.answers["/list"] = endless
    with pytest.raises(ProtocolError, match="larger than 2 MB"):
        await fetch(http, f"{server.base}/list", limit=2 * 1024 * 1024)


async def test_redirects_are_followed_to_where_the_list_is_and_not_for_ever(
    http: HttpClient, server: ListServer
) -> None:
    server.give("/moved", b"", 302, Location="/list.csv")
    server.give("/list.csv", CSV)
    server.give("/loop", b"", 301, Location="/loop")
    server.give("/away", b"", 301, Location="ftp://127.0.0.1/list")
    assert symbols(await fetch(http, f"{server.base}/moved")) == ["RELIANCE"]
    with pytest.raises(ProtocolError, match="without end"):
        await fetch(http, f"{server.base}/loop")
    with pytest.raises(ProtocolError, match="to nowhere"):
        await fetch(http, f"{server.base}/away")


def test_an_encrypted_address_never_leads_to_an_open_one() -> None:
    from marketwatch.feeds.download import _next_address

    with pytest.raises(ProtocolError, match="not encrypted"):
        _next_address("https://host/list", "http://host/list")
    assert _next_address("http://host/list", "https://host/list") == "https://host/list"


async def test_a_server_that_is_not_there_is_said(http: HttpClient) -> None:
    with pytest.raises(ConnectionFailed):
        await fetch(http, "http://127.0.0.1:9/list")


async def test_a_server_without_encryption_is_not_taken_for_one_with(http: HttpClient, server: ListServer) -> None:
    with pytest.raises(ConnectionFailed, match="no encrypted connection came about"):
        await fetch(http, server.base.replace("http://", "https://"))


async def test_a_certificate_nobody_vouches_for_is_refused(http: HttpClient, tmp_path: Path) -> None:
    async with list_server(self_signed(tmp_path)) as secure:
        secure.give("/list.csv", CSV)
        with pytest.raises(ConnectionFailed) as caught:
            await fetch(http, f"{secure.base}/list.csv")
        assert (caught.value.cause, secure.asked) == ("its certificate is not valid", [])


# --- tickers


class Fetching:
    """A download of tickers with a clock of its own: waiting takes no time and is written down."""

    def __init__(self, http: HttpClient, server: ListServer) -> None:
        self._http, self._server = http, server
        self.time = FakeTime()
        self.told: list[TickerProgress] = []
        self.slept = 0.0

    async def _sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.time._go_to(self.time.monotonic_ns() + round(seconds * NS))
        await asyncio.sleep(0)

    async def run(self) -> TickerDownload:
        return await download_tickers(
            self._http, lambda: KEY, self.time, self.told.append, base=self._server.base, sleep=self._sleep
        )


@pytest.fixture
def fetching(http: HttpClient, server: ListServer) -> Fetching:
    return Fetching(http, server)


def names(came: TickerDownload) -> list[str]:
    return [one.id.symbol for one in came.rows.listings]


async def test_pages_follow_one_another_with_the_key_in_the_header_only(fetching: Fetching, server: ListServer) -> None:
    server.answers[TICKERS] = Pages(
        ok(ticker_page("A", "B", cursor=f"two&apiKey={KEY.reveal()}")), ok(ticker_page("C"))
    )
    came = await fetching.run()
    assert (names(came), came.pages, came.failure, came.rows.is_cut) == (["A", "B", "C"], 2, "", False)
    assert server.asked[1] == f"{TICKERS}?cursor=two"
    assert set(server.keys) == {f"Bearer {KEY.reveal()}"}
    assert fetching.told[0].words == "Asking for the first page; 5 requests a minute"
    assert fetching.told[-1].words == "1 page read, 2 tickers; 5 requests a minute"


async def test_the_budget_is_kept_and_counted_down(fetching: Fetching, server: ListServer) -> None:
    server.answers[TICKERS] = Pages(
        *(ok(ticker_page(f"T{number}", cursor=f"{number}")) for number in range(6)), ok(ticker_page("LAST"))
    )
    came = await fetching.run()
    assert came.pages == 7
    assert fetching.slept == pytest.approx(60.0, abs=1.0)
    waits = [one.words for one in fetching.told if one.wait_s is not None]
    assert waits[0] == "5 pages read, 5 tickers; 5 requests a minute, next in 60 s"
    assert waits[-1].endswith("next in 1 s")


async def test_input_20_too_many_requests_waits_as_long_as_asked(fetching: Fetching, server: ListServer) -> None:
    server.answers[TICKERS] = Pages(
        ok(ticker_page("A", cursor="two")), (429, b"", {"Retry-After": "9"}), ok(ticker_page("B"))
    )
    came = await fetching.run()
    assert (names(came), came.failure) == (["A", "B"], "")
    assert fetching.slept == pytest.approx(9.0, abs=0.5)


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        ((401, b'{"status":"ERROR","error":"Unknown API Key"}', {}), "Unknown API Key"),
        ((403, b'{"status":"NOT_AUTHORIZED","message":"You are not entitled"}', {}), "You are not entitled"),
        ((200, b"<html>maintenance</html>", {}), "an answer cannot be read"),
        ((200, b'{"results":[{"ticker":', {}), "an answer cannot be read"),
    ],
    ids=["key", "plan", "page", "cut"],
)
async def test_input_20_what_came_before_a_failure_is_kept_and_marked(
    answer: tuple[int, bytes, dict[str, str]], failure: str, fetching: Fetching, server: ListServer
) -> None:
    server.answers[TICKERS] = Pages(ok(ticker_page("A", cursor="two")), answer)
    came = await fetching.run()
    assert (names(came), came.failure, came.rows.is_cut) == (["A"], failure, True)
    assert KEY.reveal() not in came.failure


@pytest.mark.parametrize("host", ["https://api.massive.com", "https://evil.example"])
async def test_input_18_a_cursor_that_repeats_ends_and_no_other_host_is_asked(
    host: str, fetching: Fetching, server: ListServer
) -> None:
    server.answers[TICKERS] = Pages(ok(ticker_page("A", cursor="same", host=host)))
    came = await fetching.run()
    assert len(server.asked) == 2
    assert came.failure == "The list is not complete: the pages repeat or lead elsewhere"


async def test_a_network_that_fails_is_tried_again_and_then_given_up(fetching: Fetching, server: ListServer) -> None:
    async def vanish(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    server.answers[TICKERS] = vanish
    came = await fetching.run()
    assert len(server.asked) >= 3
    assert (len(came.rows), came.failure) == (0, "it cannot be reached")


async def test_cancelled_it_leaves_nothing(fetching: Fetching, server: ListServer) -> None:
    arrived, release, gone = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def hang(request: web.Request) -> web.StreamResponse:
        arrived.set()
        await release.wait()
        gone.set()
        return web.Response()

    server.answers[TICKERS] = hang
    task = asyncio.create_task(fetching.run())
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    release.set()
    await gone.wait()
    await settle()
