"""The numbered nasty inputs of protocols/odin.md, section 12: the values that come out, and that nothing raises.

18 (close without a close frame) is in test_odin_faults.py; 22 (refused upgrades) happens outside the messages.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from odin_rig import (
    GUIDE_DATA,
    SENT_MS,
    STAMP_MS,
    controls,
    frame,
    greeted,
    message,
    prices,
    requests,
    response,
    statistics,
    topic,
    welcome,
)

from marketwatch.domain.events import PriceValue, TradeTick
from marketwatch.protocols.base import Authenticated, Confirmed, Connected, Invalid, Notice, Refused
from marketwatch.protocols.odin.client import OdinClient


@pytest.fixture
def client() -> OdinClient:
    return greeted("NSE:SBIN")


def reasons(client: OdinClient) -> list[str]:
    """Return why parts of messages were not used."""
    return [control.reason for control in controls(client, Invalid) if isinstance(control, Invalid)]


def test_01_data_before_the_greeting_and_before_the_answer() -> None:
    client = OdinClient()
    client.connection_made(0.0)
    client.subscribe([topic("NSE:SBIN")], 0.0)
    assert prices(client.receive(frame(), 0.1)) == [807.75]
    assert client.take_control() == [Confirmed(topic("NSE:SBIN"))]
    client.receive(welcome(), 0.2)
    assert client.take_control() == [Connected(), Authenticated()]
    client.receive(response(["SBIN"]), 0.3)
    assert client.take_control() == []
    assert prices(client.receive(frame(ltp=808.0, timestamp=STAMP_MS + 1), 0.4)) == [808.0]


@pytest.mark.parametrize("data", ["null", "[]", '"x"', "7"])
def test_02_data_that_is_none(client: OdinClient, data: str) -> None:
    assert client.receive(b'{"type":"market_data","symbol":"SBIN","data":%s}' % data.encode(), 1.0) == []
    assert reasons(client) == ["a frame without data"]


def test_02_data_that_is_missing(client: OdinClient) -> None:
    assert client.receive(b'{"type":"market_data","symbol":"SBIN"}', 1.0) == []
    assert reasons(client) == ["a frame without data"]


def test_03_extra_and_missing_fields_and_whole_numbers(client: OdinClient) -> None:
    data = {"ltp": 808, "extra": {"deep": [1]}, "timestamp": STAMP_MS}
    outer = {"type": "market_data", "symbol": "SBIN", "token": "3045", "exchange": "NSE", "data": data}
    assert client.receive(json.dumps(outer).encode(), 1.0) == [PriceValue(key="NSE:SBIN", stamp=STAMP_MS, value=808.0)]
    assert reasons(client) == []


@pytest.mark.parametrize("change", ["NaN", "null", '"n/a"', "-Infinity", "1e999"])
def test_04_percent_change_of_any_kind(client: OdinClient, change: str) -> None:
    data = frame(percent_change="@", prev_close=0, close=0).replace(b'"@"', change.encode())
    events = client.receive(data, 1.0)
    assert prices(events) == [807.75]
    assert statistics(events).prev_close is None
    assert reasons(client) == []


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({"high": 807.0}, (None, None)),
        ({"low": 808.0}, (None, None)),
        ({"high": 805.0, "low": 810.0}, (None, None)),
        ({"high": 0, "low": 806.0}, (None, 806.0)),
    ],
)
def test_05_a_range_that_does_not_hold_the_price(
    client: OdinClient, figures: dict[str, float], expected: tuple[float | None, float | None]
) -> None:
    events = client.receive(frame(**figures), 1.0)
    stated = statistics(events)
    assert (stated.day_high, stated.day_low) == expected
    assert prices(events) == [807.75]
    assert reasons(client) == (["the day's range does not hold the price"] if expected == (None, None) else [])


def test_05_all_zeros_before_the_open(client: OdinClient) -> None:
    zeros = {name: 0 for name, value in GUIDE_DATA.items() if isinstance(value, float | int) and name != "timestamp"}
    assert client.receive(frame(**zeros), 1.0) == []
    assert reasons(client) == []
    assert prices(client.receive(frame(timestamp=STAMP_MS + 5), 1.1)) == [807.75]


def test_06_volume_that_falls_is_zero_or_large(client: OdinClient) -> None:
    client.receive(frame(volume=1_000), 0.1)
    at = iter(range(STAMP_MS + 1, STAMP_MS + 99))
    (event,) = client.receive(frame(volume=0, ltp=808.0, timestamp=next(at)), 0.2)
    assert isinstance(event, PriceValue)  # unknown for once: the count stays
    (event,) = client.receive(frame(volume=1_500, timestamp=next(at)), 0.3)
    assert isinstance(event, TradeTick)
    assert event.size == 500.0
    events = client.receive(frame(volume=700, ltp=808.25, timestamp=next(at)), 0.4)
    assert statistics(events).day_volume == 700.0  # a correction: no negative trade
    assert isinstance(events[1], PriceValue)
    (event,) = client.receive(frame(volume=3_000_000_700, timestamp=next(at)), 0.5)
    assert isinstance(event, TradeTick)
    assert event.size == 3_000_000_000.0
    (event,) = client.receive(frame(volume=-5, ltp=809.0, timestamp=next(at)), 0.6)
    assert isinstance(event, PriceValue)


def test_07_periodic_frames_among_live_ones_touch_neither_price_nor_volume_nor_range(client: OdinClient) -> None:
    client.receive(frame(), 0.1)
    poison = {
        "ltp": 700.0,
        "volume": 0,
        "day_high": 912.0,
        "day_low": 680.0,
        "week_52_high": 950.0,
        "last_close": 700.0,
    }
    events = client.receive(frame(_type="periodic_52week_data", **poison), 0.2)
    stated = statistics(events)
    assert len(events) == 1
    assert (stated.high_52w, stated.low_52w, stated.last_close) == (950.0, 680.0, 700.0)
    assert (stated.prev_close, stated.day_high, stated.day_low, stated.day_volume) == (None, None, None, None)
    (event,) = client.receive(frame(volume=8053014, week_52_high=950.0, timestamp=STAMP_MS + 1), 0.3)
    assert event == TradeTick(key="NSE:SBIN", stamp=STAMP_MS + 1, price=807.75, size=1.0)


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("2025-09-04T13:09:51.651170489+05:30", 1_756_971_591_651),
        ("2025-09-04T07:39:51Z", 1_756_971_591_000),
        ("0001-01-01T00:00:00Z", SENT_MS),
        ("yesterday", SENT_MS),
    ],
)
def test_08_last_updated_stands_in_for_a_missing_time(client: OdinClient, text: str, stamp: int) -> None:
    events = client.receive(frame(timestamp=None, last_updated=text), 1.0)
    assert events[-1] == PriceValue(key="NSE:SBIN", stamp=stamp, value=807.75)


@pytest.mark.parametrize(
    ("inner", "outer", "stamp"),
    [
        (STAMP_MS // 1000, SENT_MS, STAMP_MS // 1000 * 1000),
        (SENT_MS + 7_200_000, SENT_MS, SENT_MS),
        (STAMP_MS - 20_000_000, SENT_MS, STAMP_MS - 20_000_000),
        (0, SENT_MS, SENT_MS),
        (STAMP_MS, 0, STAMP_MS),
    ],
)
def test_09_times_in_seconds_ahead_stale_or_missing(client: OdinClient, inner: int, outer: int, stamp: int) -> None:
    assert client.receive(frame(timestamp=inner, _timestamp=outer, last_updated=""), 1.0)[-1].stamp == stamp


def test_09_a_price_without_any_time_is_left_to_the_market_clock(client: OdinClient) -> None:
    events = client.receive(frame(timestamp=0, last_updated="", _timestamp=0), 1.0)
    assert events[-1] == TradeTick(key="NSE:SBIN", stamp=None, price=807.75, size=0.0)


def test_10_one_symbol_of_two_exchanges(client: OdinClient) -> None:
    nse = client.receive(frame(), 0.1)
    bse = client.receive(frame(exchange="BSE", token="500112", ltp=807.0, low=805.0), 0.2)
    assert {event.key for event in nse} == {"NSE:SBIN"}
    assert {event.key for event in bse} == {"BSE:SBIN"}
    assert prices(bse) == [807.0]
    assert controls(client, Refused) == []


def test_11_token_as_number_unknown_or_symbol_empty(client: OdinClient) -> None:
    assert prices(client.receive(frame(token=3045), 0.1)) == [807.75]
    events = client.receive(frame(symbol="", ltp=808.0, timestamp=STAMP_MS + 1), 0.2)
    assert [event.key for event in events] == ["NSE:SBIN"]
    assert client.receive(frame(symbol="", token="77", ltp=809.0), 0.3) == []
    assert reasons(client) == ["a frame without a symbol"]
    assert client.receive(frame(exchange="", symbol="TCS", token="11536"), 0.4) == []
    assert reasons(client) == ["a frame without an exchange"]
    events = client.receive(frame(exchange="", ltp=809.0, timestamp=STAMP_MS + 2), 0.5)
    assert [event.key for event in events] == ["NSE:SBIN"]


@pytest.mark.parametrize("held", [0, [], None, "many"])
def test_12_nothing_held_in_any_form(held: Any) -> None:
    client = OdinClient()
    client.connection_made(0.0)
    client.subscribe([topic("NSE:SBIN")], 0.0)
    client.receive(welcome(subscribed_stocks=held), 0.1)
    assert client.take_control() == [Connected(), Authenticated()]
    client.receive(response(None, None), 0.2)
    assert client.take_control() == [Refused(topic("NSE:SBIN"), "the server passed over it without a word")]


def test_13_success_with_everything_failed(client: OdinClient) -> None:
    client.receive(response([], ["SBIN"]), 0.1)
    assert client.take_control() == [Refused(topic("NSE:SBIN"), "the server does not know it")]


@pytest.mark.parametrize("symbol", ["M&M", "BAJAJ-AUTO", "3MINDIA", "20MICRONS"])
def test_14_symbols_with_signs_and_digits(symbol: str) -> None:
    client = greeted(f"NSE:{symbol}")
    escaped = symbol.replace("&", "\\u0026").encode()
    client.receive(response([symbol]).replace(symbol.encode(), escaped), 0.1)
    assert client.take_control() == [Confirmed(topic(f"NSE:{symbol}"))]
    events = client.receive(frame(symbol=symbol, token="1").replace(symbol.encode(), escaped), 0.2)
    assert {event.key for event in events} == {f"NSE:{symbol}"}


def test_15_closed_twice_and_opened_on_a_sunday(client: OdinClient) -> None:
    for _ in range(2):
        client.receive(message("market_closed", market_open=False), 0.1)
    client.receive(message("market_opened", market_open=True), 0.2)
    assert client.take_control() == [
        Notice("The server's market is now closed"),
        Notice("The server's market is now open"),
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"type":"candle:update","data":{}}', None),
        (b'{"type":"init_data"}', None),
        (b'{"data":{}}', "a message without a type"),
        (b'{"type":7}', "a message without a type"),
        (b"[1,2]", "the message is not an object"),
        (b"null", "the message is not an object"),
        (b'{"type":', "the message is not JSON"),
        (b"", "the message is empty"),
        (b"\xff\xfe", "the message is not JSON"),
    ],
)
def test_16_unknown_and_broken_messages(client: OdinClient, data: bytes, reason: str | None) -> None:
    assert client.receive(data, 1.0) == []
    assert reasons(client) == ([reason] if reason else [])


def test_16_two_objects_in_one_frame_an_array_and_trailing_newlines(client: OdinClient) -> None:
    second = frame(ltp=808.0, timestamp=STAMP_MS + 1)
    assert prices(client.receive(frame() + second + b"\n\n", 0.1)) == [807.75, 808.0]
    third = frame(ltp=809.0, timestamp=STAMP_MS + 2)
    assert prices(client.receive(b"[" + third + b"]", 0.2)) == [809.0]
    assert prices(client.receive(b"\xef\xbb\xbf" + frame(ltp=810.0, timestamp=STAMP_MS + 3), 0.3)) == [810.0]


def test_17_repeated_and_late_frames(client: OdinClient) -> None:
    first = client.receive(frame(), 0.1)
    assert len(first) == 2
    assert client.receive(frame(), 0.2) == []
    assert prices(client.receive(frame(ltp=808.0, volume=8053113, timestamp=STAMP_MS + 500), 0.3)) == [808.0]
    assert client.receive(frame(ltp=807.0, volume=8053100, timestamp=STAMP_MS + 400), 0.4) == []
    (event,) = client.receive(frame(ltp=808.5, volume=8053123, timestamp=STAMP_MS + 600), 0.5)
    assert event == TradeTick(key="NSE:SBIN", stamp=STAMP_MS + 600, price=808.5, size=10.0)


def test_17_a_time_of_the_future_does_not_silence_a_share_for_ever(client: OdinClient) -> None:
    ahead = STAMP_MS + 86_400_000
    client.receive(frame(timestamp=ahead, _timestamp=ahead), 0.1)
    came = [prices(client.receive(frame(ltp=807.0 + number / 20), 0.2)) for number in range(16)]
    assert came == [[]] * 15 + [[807.75]]


def test_19_a_pong_without_a_request(client: OdinClient) -> None:
    assert client.receive(message("pong"), 0.1) == []
    assert client.take_control() == []


def test_20_ten_thousand_frames(client: OdinClient) -> None:
    frames = [frame(ltp=800.0 + n % 10, volume=8053013 + n, timestamp=STAMP_MS + n) for n in range(10_000)]
    traded = [event for each in frames for event in client.receive(each, 1.0) if isinstance(event, TradeTick)]
    assert sum(trade.size for trade in traded) == 9_999.0


def test_21_mojibake_and_emoji_in_texts(client: OdinClient) -> None:
    text = "\u00e2\u201a\u00b9 \U0001f4ca  two\n lines " + "x" * 300
    client.receive(json.dumps({"type": "error", "message": text}, ensure_ascii=False).encode(), 0.1)
    (notice,) = client.take_control()
    assert isinstance(notice, Notice)
    assert notice.text.startswith("\u00e2\u201a\u00b9 \U0001f4ca two lines xxx")
    assert len(notice.text) == 120


def test_23_a_new_high_is_told_once_a_day(client: OdinClient) -> None:
    def flags(at: int, **changes: Any) -> list[bool]:
        events = client.receive(frame(is_new_week_52_high=True, timestamp=at, _timestamp=at, **changes), 1.0)
        return [getattr(event, "is_new_high_52w", False) for event in events]

    assert flags(STAMP_MS) == [True, False]
    assert flags(STAMP_MS + 1, ltp=808.0) == [False]
    assert flags(STAMP_MS + 2, week_52_high=913.0) == [False, False]
    assert flags(STAMP_MS + 86_400_000) == [True, False]


def test_24_empty_dates(client: OdinClient) -> None:
    events = client.receive(frame(week_52_high_date="", week_52_low_date=""), 1.0)
    assert (statistics(events).high_52w, statistics(events).low_52w) == (912.0, 680.0)
    assert requests(client) == []
