"""What a client of bars may ask for, and what it makes of the answers."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pytest

from marketwatch.client import FeedClient, payload
from marketwatch.client.bars import data_options, make_bar_frame
from marketwatch.domain.events import BarBatch, BatchBar, BatchProgress
from marketwatch.errors import ConfigurationError
from marketwatch.protocols.data_provider.requests import BarQuery, DataOptions

JAN_2_NS = 1_704_153_600_000_000_000


def test_the_defaults_are_the_documented_ones() -> None:
    usual = data_options({})
    assert usual.bars == BarQuery(resolution="1d", period="max", limit=None)
    assert (usual.local_only, usual.single_timeout_s, usual.batch_timeout_s, usual.refresh_s) == (
        True,
        30.0,
        60.0,
        None,
    )
    assert (usual.first, usual.last) == (None, None)


def test_names_of_the_guide_and_codes_of_the_wire_mean_the_same() -> None:
    for resolution, code in {
        "MINUTE_01": "1m",
        "HOUR_01": "1h",
        "DAY_01": "1d",
        "WEEK": "1wk",
        "MONTH_03": "3mo",
    }.items():
        assert data_options({"resolution": resolution}) == data_options({"resolution": code})
    for period, code in {
        "DAY_05": "5d",
        "MONTH_06": "6mo",
        "YEAR_10": "10y",
        "YEAR_YTD": "ytd",
        "YEAR_MAX": "max",
    }.items():
        assert data_options({"period": period}) == data_options({"period": code})


def test_everything_that_is_given_is_taken() -> None:
    assert data_options(
        {
            "resolution": "1h", "period": "1mo", "limit": 5, "local_only": False, "start": "2024-01-02",
            "end": dt.datetime(2024, 1, 3, tzinfo=dt.UTC), "timeout_s": 5, "batch_timeout_s": 7, "refresh_s": 60,
        }
    ) == DataOptions(
        bars=BarQuery(resolution="1h", period="1mo", limit=5),
        minutes=BarQuery(resolution="1m", period="1mo", limit=5, is_batched=False),
        local_only=False,
        first=dt.date(2024, 1, 2),
        last=dt.datetime(2024, 1, 3, tzinfo=dt.UTC),
        single_timeout_s=5,
        batch_timeout_s=7,
        refresh_s=60,
    )  # fmt: skip
    assert data_options({"limit": 0, "refresh_s": 0.01}) == data_options({"limit": None, "refresh_s": 1.0})
    assert data_options({"start": "2024-01-02T09:30"}).first == dt.datetime(2024, 1, 2, 9, 30)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("kind", "given", "words"),
    [
        ("data-provider", {"resolution": "2d"}, "Option resolution.*no “2d”.*Choose from 1m"),
        ("data-provider", {"period": "3y"}, "Option period.*no “3y”"),
        ("data-provider", {"start": "last week"}, "Option start.*is no date.*Write it like"),
        ("data-provider", {"limit": -1}, "Option limit"),
        ("data-provider", {"timeout_s": "soon"}, "Option timeout_s"),
        ("massive", {"resolution": "1d"}, "Option resolution.*Massive sends what happens"),
        ("odin", {"local_only": True}, "Option local_only"),
    ],
)
def test_what_cannot_be_asked_is_said_at_once(kind: str, given: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        FeedClient(kind, key="a-key:a-token", **given)


async def test_the_local_list_is_of_one_kind_alone() -> None:
    with pytest.raises(ConfigurationError, match="keeps no bars"):
        await FeedClient("massive", key="k").get_instruments_local()


def test_a_frame_of_instants_is_in_the_zone_of_the_exchange() -> None:
    bars = (BatchBar(JAN_2_NS + 14 * 3_600 * 10**9, 1.0, 2.0, 0.5, None, 7.0),)
    frame = make_bar_frame(BarBatch(key="SPY", resolution="1h", period="max", is_dated=False, bars=bars))
    assert [str(moment) for moment in frame.index] == ["2024-01-02 09:00:00-05:00"]
    assert frame.index.name == "Datetime"
    assert math.isnan(frame["Close"].iloc[0])
    assert frame["Volume"].tolist() == [7.0]


def test_a_frame_of_nothing_has_its_columns() -> None:
    frame = make_bar_frame(BarBatch(key="SPY", resolution="1d", period="max", is_dated=True))
    assert (len(frame), list(frame.columns)) == (0, ["Open", "High", "Low", "Close", "Volume"])


def test_payloads_of_callbacks() -> None:
    told = payload(BatchProgress(key="SPY", origin="data-provider", status="processing", done=1, total=3))
    assert told == {
        "event_type": "progress", "symbol": "SPY", "timestamp": None, "origin": "data-provider",
        "status": "processing", "done": 1, "total": 3,
    }  # fmt: skip
    bars = (BatchBar(JAN_2_NS, close=1.0),)
    data = payload(BarBatch(key="SPY", resolution="1d", period="max", is_dated=True, bars=bars))
    assert (data["event_type"], data["resolution"], data["bars"]) == ("batch", "1d", bars)
