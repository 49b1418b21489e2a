"""Day statistics by REST: batches, patience, and silence after a refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs, urlsplit

import pytest
from fake_time import FakeTime

from marketwatch.domain.events import DayStatistics
from marketwatch.domain.secret import Secret
from marketwatch.errors import EntitlementRefused, FeedError
from marketwatch.feeds import reference
from marketwatch.feeds.http import HttpAnswer
from marketwatch.feeds.reference import ReferenceFetcher, rest_base
from marketwatch.protocols.massive.rest import build_snapshot


class FakeHttp:
    """Answers from a script; the last answer is repeated."""

    def __init__(self, *answers: HttpAnswer | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[list[str], str]] = []

    async def get(self, url: str, headers: Mapping[str, str], *, limit: int) -> HttpAnswer:
        tickers = parse_qs(urlsplit(url).query)["tickers"][0].split(",")
        self.asked.append((tickers, headers.get("Authorization", "")))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def _snapshot(*closes: tuple[str, float]) -> HttpAnswer:
    body = build_snapshot(DayStatistics(key=key, prev_close=close) for key, close in closes)
    return HttpAnswer(200, {}, body)


class Rig:
    """A fetcher whose waits do not wait."""

    def __init__(self, http: FakeHttp, monkeypatch: pytest.MonkeyPatch) -> None:
        self.got: list[DayStatistics] = []
        self.refusals: list[FeedError] = []
        self.waits: list[float] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.http = http
        real_sleep = asyncio.sleep

        async def no_sleep(seconds: float) -> None:
            self.waits.append(seconds)
            await real_sleep(0)

        monkeypatch.setattr(reference.asyncio, "sleep", no_sleep)
        self.fetcher = ReferenceFetcher(
            "http://127.0.0.1:9",
            http,
            lambda: Secret("canary"),
            self._take,
            clock=FakeTime(),
            start_task=self._start,
            on_refused=self.refusals.append,
        )

    def _take(self, statistics: Sequence[DayStatistics]) -> None:
        self.got.extend(statistics)

    def _start(self, name: str, coroutine: object) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(coroutine, name=name)  # type: ignore[arg-type]
        self.tasks.append(task)
        return task

    async def settle(self) -> None:
        await asyncio.gather(*self.tasks)


async def test_rows_asked_for_together_are_one_request_with_the_key_in_the_header(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = Rig(FakeHttp(_snapshot(("AAPL", 201.5), ("MSFT", 495.94))), monkeypatch)
    rig.fetcher.request(["AAPL"])
    rig.fetcher.request(["MSFT", "AAPL"])
    await rig.settle()
    assert rig.http.asked == [(["AAPL", "MSFT"], "Bearer canary")]
    assert [(one.key, one.prev_close) for one in rig.got] == [("AAPL", 201.5), ("MSFT", 495.94)]


async def test_many_rows_are_asked_for_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(FakeHttp(_snapshot()), monkeypatch)
    rig.fetcher.request([f"S{number}" for number in range(250)])
    await rig.settle()
    assert [len(tickers) for tickers, _ in rig.http.asked] == [100, 100, 50]


async def test_a_rate_limit_is_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(FakeHttp(HttpAnswer(429, {"Retry-After": "7"}, b""), _snapshot(("AAPL", 201.5))), monkeypatch)
    rig.fetcher.request(["AAPL"])
    await rig.settle()
    assert 7.0 in rig.waits
    assert [one.prev_close for one in rig.got] == [201.5]


async def test_a_network_failure_is_tried_again_and_then_given_up_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(FakeHttp(OSError("unreachable")), monkeypatch)
    rig.fetcher.request(["AAPL"])
    await rig.settle()
    assert len(rig.http.asked) == 4
    assert (rig.got, rig.refusals) == ([], [])


async def test_a_plan_without_snapshots_is_told_once_and_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    body = b'{"status":"NOT_AUTHORIZED","message":"Your plan does not include this."}'
    rig = Rig(FakeHttp(HttpAnswer(403, {}, body)), monkeypatch)
    rig.fetcher.request(["AAPL"])
    await rig.settle()
    rig.fetcher.request(["MSFT"])
    assert len(rig.http.asked) == 1
    assert [type(one) for one in rig.refusals] == [EntitlementRefused]


@pytest.mark.parametrize(
    ("stream", "base"),
    [
        ("wss://delayed.massive.com/stocks", "https://api.massive.com"),
        ("wss://socket.polygon.io/stocks", "https://api.polygon.io"),
        ("ws://127.0.0.1:9000/stocks", "http://127.0.0.1:9000"),
        ("wss://gateway.example/stocks", "https://gateway.example"),
        ("ws://192.0.2.1/stocks", None),
        ("wss://notmassive.com/stocks", "https://notmassive.com"),
    ],
)
def test_the_web_service_is_beside_the_stream(stream: str, base: str | None) -> None:
    assert rest_base(stream) == base
