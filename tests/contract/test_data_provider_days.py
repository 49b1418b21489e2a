"""Bars of days that the user chose: cut here, never localised, and asked for no more once the last day is over."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest
from data_provider_rig import answer, connected, event, requests, row, topic

from marketwatch.domain.events import BarBatch, DayStatistics, MarketEvent, RequestFailed, VendorBar
from marketwatch.protocols.base import Channel, Confirmed, Refused
from marketwatch.protocols.data_provider.client import DataProviderClient
from marketwatch.protocols.data_provider.requests import ROWS, BarQuery, DataOptions

JUNE_30 = dt.date(2025, 6, 30)
DAYS = BarQuery(limit=400, is_row=True)
MINUTES = BarQuery(resolution="1m", limit=200_000, stated=2, is_batched=False)
ROWS_OF_SPY = [
    row("2025-06-27 00:00", 614.91),
    row("2025-06-30 00:00", 617.85),
    row("2025-07-01 00:00", 617.65),
    row("2026-06-30 00:00", 702.5),
]


def row_client(*keys: str, left_s: float | None = 0.0, **options: object) -> DataProviderClient:
    usual = DataOptions(
        bars=DAYS, minutes=MINUTES, refresh_s=60.0, has_minutes=True, last=JUNE_30, refresh_for_s=left_s
    )
    client = connected(DataProviderClient(options=msgspec.structs.replace(usual, **options)))
    client.subscribe([topic(key) for key in keys], 0.0)
    return client


def minute(moment: str, close: float) -> dict[str, object]:
    return {"Datetime": moment, "Open": close, "High": close, "Low": close, "Close": close, "Volume": 3.0}


def closes(events: object) -> list[float | None]:
    assert isinstance(events, list)
    (batch,) = [one for one in events if isinstance(one, BarBatch)]
    return [bar.close for bar in batch.bars]


def days(events: object) -> list[DayStatistics]:
    assert isinstance(events, list)
    return [one for one in events if isinstance(one, DayStatistics)]


def live_through(client: DataProviderClient, seconds: int) -> list[tuple[str, str]]:
    """Let time pass with the server's pings; return what was asked for: ticker and resolution."""
    asked = []
    for now in range(5, seconds, 5):
        if now % 25 == 0:
            client.receive(b"2", float(now))
        client.deadline_passed(float(now))
        asked += [(payload["ticker"], payload["resolution"]) for _, payload in requests(client)]
    return asked


def test_the_row_is_of_the_last_day_that_was_chosen_and_not_of_a_later_one() -> None:
    client = row_client("SPY")
    ((_, payload),) = requests(client)
    assert payload["limit"] == 400
    events = client.receive(answer("SPY", ROWS_OF_SPY), 1.0)
    (day,) = days(events)
    assert (day.last_price, day.prev_close) == (617.85, 614.91)
    opening = dt.datetime.fromtimestamp((day.event_ns or 0) / 1e9, dt.UTC)
    assert opening == dt.datetime(2025, 6, 30, 13, 30, tzinfo=dt.UTC), "the opening in New York"
    assert closes(events) == [614.91, 617.85]
    assert client.take_control() == [Confirmed(topic("SPY"))]


@pytest.mark.parametrize("key", ["SPY", "BTC-USD", "SBIN.NS", "EURUSD=X"])
def test_the_date_of_a_day_is_the_one_that_was_written_in_whatever_zone_it_is_traded(key: str) -> None:
    client = row_client(key, first=JUNE_30)
    assert closes(client.receive(answer(key, ROWS_OF_SPY), 1.0)) == [617.85]


def test_minutes_end_with_the_last_day_where_it_is_traded() -> None:
    client = row_client("SPY")
    client.receive(answer("SPY", ROWS_OF_SPY), 1.0)
    assert requests(client)[-1][1]["limit"] == 200_000
    rows = [
        minute("2025-06-30 15:57", 1.0),
        minute("2025-06-30 15:58", 2.0),
        minute("2025-06-30 23:59", 3.0),
        minute("2025-07-01 00:00", 4.0),
    ]
    events = client.receive(answer("SPY", rows, resolution="1m"), 2.0)
    assert closes(events) == [1.0, 2.0, 3.0]
    assert [bar.close for bar in events if isinstance(bar, VendorBar)] == [2.0, 3.0], "as many as are shown"


def test_what_was_answered_is_not_asked_for_again_once_the_last_day_is_over() -> None:
    client = row_client("SPY")
    requests(client)
    client.receive(answer("SPY", ROWS_OF_SPY), 1.0)
    assert [payload["resolution"] for _, payload in requests(client)] == ["1m"]
    client.receive(event("data_error", {"error": "No local data available for SPY", "ticker": "SPY"}), 2.0)
    assert live_through(client, 3_600) == []


def test_an_answer_that_ends_before_the_last_day_is_not_asked_for_again_either() -> None:
    client = row_client("SPY", has_minutes=False)
    requests(client)
    client.receive(answer("SPY", ROWS_OF_SPY[:1]), 1.0)
    assert live_through(client, 600) == []


def test_until_the_last_day_is_over_rows_are_asked_for_each_minute_and_then_no_more() -> None:
    client = row_client("SPY", left_s=150.0, has_minutes=False)
    requests(client)
    client.receive(answer("SPY", ROWS_OF_SPY), 1.0)
    assert live_through(client, 70) == [("SPY", "1d")]
    client.receive(answer("SPY", ROWS_OF_SPY), 66.0)
    client.receive(b"2", 100.0)
    client.deadline_passed(126.0)
    assert len(requests(client)) == 1
    client.receive(answer("SPY", ROWS_OF_SPY), 151.0)
    client.receive(b"2", 190.0)
    client.deadline_passed(220.0)
    assert requests(client) == []


def test_a_row_without_an_answer_is_asked_for_again() -> None:
    client = row_client("SPY", has_minutes=False)
    requests(client)
    client.receive(event("data_error", {"error": "the exchange does not answer", "ticker": "SPY"}), 1.0)
    assert live_through(client, 70) == [("SPY", "1d")]


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (dt.date(2025, 7, 2), dt.date(2025, 7, 9), "it has no bars from 2025-07-02 to 2025-07-09"),
        (None, dt.date(2020, 1, 1), "it has no bars to 2020-01-01"),
        (dt.date(2027, 1, 1), None, "it has no bars from 2027-01-01"),
        (dt.date(2025, 7, 1), dt.date(2025, 6, 1), "it has no bars from 2025-07-01 to 2025-06-01"),
    ],
)
def test_a_row_without_a_bar_between_the_days_says_so(first: dt.date | None, last: dt.date | None, words: str) -> None:
    client = row_client("SPY", first=first, last=last, has_minutes=False)
    requests(client)
    (failed,) = client.receive(answer("SPY", ROWS_OF_SPY), 1.0)
    assert isinstance(failed, RequestFailed)
    assert failed.reason == words
    assert client.take_control() == [Refused(topic("SPY"), words)]
    assert live_through(client, 600) == []


def test_a_chart_that_is_asked_for_minutes_alone_gets_none_without_a_refusal() -> None:
    client = row_client()
    client.subscribe([topic("SPY", Channel.MINUTE_BARS)], 0.0)
    requests(client)
    events: list[MarketEvent] = list(
        client.receive(answer("SPY", [minute("2026-07-01 10:00", 1.0)], resolution="1m"), 1.0)
    )
    assert closes(events) == []
    assert client.take_control() == [Confirmed(topic("SPY", Channel.MINUTE_BARS))]


def test_without_days_nothing_is_different() -> None:
    client = connected(DataProviderClient(options=ROWS))
    client.subscribe([topic("SPY")], 0.0)
    requests(client)
    events = client.receive(answer("SPY", ROWS_OF_SPY), 1.0)
    assert days(events)[0].last_price == 702.5


@pytest.mark.parametrize("last", [dt.date.max, dt.date(1, 1, 1)])
def test_the_first_and_last_day_of_all_time_do_not_raise(last: dt.date) -> None:
    client = row_client("SPY", last=last, minutes=MINUTES)
    requests(client)
    client.receive(answer("SPY", ROWS_OF_SPY), 1.0)
    events = client.receive(answer("SPY", [minute("2026-07-01 10:00", 1.0)], resolution="1m"), 2.0)
    assert closes(events) == ([1.0] if last == dt.date.max else [])
