"""The numbered nasty inputs of protocols/data-provider.md, section 8: the values that come out, and that none raises.

20 (an old session id) and 21 (a restart between request and answer) are in integration/test_data_provider_feed.py too.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from data_provider_rig import (
    DAY_NS,
    JAN_2_NS,
    JOINED,
    OPENED,
    answer,
    asking,
    connected,
    controls,
    event,
    requests,
    row,
    topic,
)

from marketwatch.domain.events import BarBatch, BatchBar, BatchProgress, MarketEvent, RequestFailed
from marketwatch.errors import ConnectionFailed, ProtocolError
from marketwatch.protocols.base import Authenticated, Channel, Confirmed, Connected, Invalid, Refused, ServerClosing
from marketwatch.protocols.data_provider.address import connection_url, normalise_url
from marketwatch.protocols.data_provider.client import DataProviderClient
from marketwatch.protocols.data_provider.messages import read
from marketwatch.protocols.data_provider.requests import BarQuery, DataOptions
from marketwatch.protocols.data_provider.rest import parse_local_instruments

HOUR_NS = 3_600_000_000_000


def bars(events: object) -> tuple[BatchBar, ...]:
    """Return the bars of the one batch among events."""
    assert isinstance(events, list)
    (batch,) = [one for one in events if isinstance(one, BarBatch)]
    return batch.bars


def closes(events: object) -> list[float | None]:
    return [bar.close for bar in bars(events)]


def reasons(events: object) -> list[tuple[str, str]]:
    """Return which requests failed, and why."""
    assert isinstance(events, list)
    return [(one.key, one.reason) for one in events if isinstance(one, RequestFailed)]


def invalid(client: DataProviderClient) -> list[tuple[str, int]]:
    return [(one.reason, one.count) for one in controls(client, Invalid) if isinstance(one, Invalid)]


@pytest.mark.parametrize("greetings", [(), (0,), (1,), (0, 1), (1, 1)], ids=str)
def test_01_the_greeting_comes_first_later_twice_or_never(greetings: tuple[int, ...]) -> None:
    client = DataProviderClient()
    client.connection_made(0.0)
    client.subscribe([topic("SPY")], 0.0)
    client.receive(OPENED, 0.0)
    greeting = event("connection_response", {"status": "connected", "message": "Connected"})
    for _ in range(greetings.count(0)):
        client.receive(greeting, 0.0)
    assert client.data_to_send() == ["40"], "the greeting is no sign that requests are welcome"
    assert client.take_control() == []
    client.receive(JOINED, 0.0)
    for _ in range(greetings.count(1)):
        client.receive(greeting, 0.0)
    assert client.take_control() == [Connected(), Authenticated()]
    asked = {"ticker": "SPY", "resolution": "1d", "period": "max", "local_only": True}
    assert requests(client) == [("get_data", asked)]


def test_02_an_answer_about_another_ticker_or_in_small_letters() -> None:
    client = asking("SPY", "^gspc")
    client.receive(event("batch_error", {"error": "Object of type Timestamp is not JSON serializable"}), 1.0)
    assert client.receive(answer("QQQ", [row("2024-01-02 00:00", 1.0)]), 1.0) == []
    assert invalid(client) == [("an answer that nobody waits for", 1)]
    events = client.receive(answer("spy", [row("2024-01-02 00:00")]), 1.0)
    assert [(one.key, closes(events)) for one in events] == [("SPY", [472.7])]
    events = client.receive(answer("^GSPC", [row("2024-01-02 00:00", 4742.83)]), 1.0)
    assert [(one.key, closes(events)) for one in events] == [("^gspc", [4742.83])], "by the name it was wanted under"


def test_03_an_answer_after_the_time_out() -> None:
    client = asking("SPY", refresh_s=60.0)
    client.deadline_passed(30.0)
    client.take_control()
    assert client.receive(answer("SPY", [row("2024-01-02 00:00")]), 31.0) == [
        RequestFailed(key="SPY", origin="data-provider", resolution="1d", period="max", reason="no answer within 30 s")
    ], "what came too late is dropped, and who reads is told of the time-out"
    assert invalid(client) == [("an answer that nobody waits for", 1)]
    client.receive(b"2", 56.0)
    client.deadline_passed(90.0)
    assert [name for name, _ in requests(client)] == ["get_data"]
    assert client.receive(answer("SPY", [row("2024-01-02 00:00")], resolution="1h"), 91.0) == [], "of another request"
    assert closes(client.receive(answer("SPY", [row("2024-01-02 00:00")]), 91.0)) == [472.7]


def test_04_rows_are_counted_here() -> None:
    client = asking("SPY", "QQQ")
    client.receive(event("batch_error", {"error": "not JSON serializable"}), 1.0)
    assert reasons(client.receive(answer("SPY", [], rows=7), 1.0)) == [("SPY", "the server has no rows for it")]
    assert controls(client, Refused) == [Refused(topic("SPY"), "the server has no rows for it")]
    assert closes(client.receive(answer("QQQ", [row("2024-01-02")], rows=0), 1.0)) == [472.7]


@pytest.mark.parametrize("data", [None, "x", 7, {}, {"Date": "2024-01-02"}], ids=str)
def test_04_data_that_is_no_list(data: object) -> None:
    client = asking("SPY")
    assert reasons(client.receive(answer("SPY", data), 1.0)) == [("SPY", "the answer holds no rows")]


def test_05_no_first_and_last_date() -> None:
    events = asking("SPY").receive(answer("SPY", [row("2024-01-02 00:00")], start_date=None, end_date=None), 1.0)
    assert bars(events) == (BatchBar(JAN_2_NS, 472.2, 473.7, 470.5, 472.7, 1e6),)


def test_06_cells_that_are_no_numbers() -> None:
    cells: list[Any] = [float("nan"), float("inf"), float("-inf"), None, "18,426,978,443.5", "n/a", "", True, [], "NaN"]
    rows = [row(f"2024-01-{day:02} 00:00", cell) for day, cell in enumerate(cells, start=1)]
    frame = answer("SPY", rows)
    assert b'"Close": NaN' in frame
    assert b'"Close": -Infinity' in frame
    client = asking("SPY")
    assert closes(client.receive(frame, 1.0)) == [None, None, None, None, 18426978443.5, None, None, None, None, None]
    assert invalid(client) == []


def test_07_the_date_has_any_name_or_none() -> None:
    client = asking(*"ABCDE")
    client.receive(event("batch_error", {"error": "not JSON serializable"}), 1.0)

    def received(ticker: str, rows: list[Any]) -> list[MarketEvent]:
        return list(client.receive(answer(ticker, rows), 1.0))

    assert bars(received("A", [{"Day": "2024-01-02 00:00", "Close": 1.5, "Name": "x"}])) == (
        BatchBar(JAN_2_NS, close=1.5),
    )
    assert bars(received("B", [{"index": 7, "Datetime": "2024-01-02", "close": 1.5}])) == (
        BatchBar(JAN_2_NS, close=1.5),
    )
    assert reasons(received("C", [{"Close": 1.5}, {"Open": 1.0}])) == [
        ("C", "its rows cannot be read: a row without a date")
    ]
    assert invalid(client) == [("a row without a date", 2)]
    rows = [row("2024-01-02"), {"Close": 3.0, "Date": "2024-01-03"}, {"close": 4.0, "timestamp": "2024-01-04"}, 7, None]
    assert closes(received("D", rows)) == [472.7, 3.0, 4.0]
    assert invalid(client) == [("a row that is not an object", 2)]
    assert bars(received("E", [{"Market Cap": 1_704_153_600_000, "Date": "2024-01-02", "Close": 2.0}])) == (
        BatchBar(JAN_2_NS, close=2.0),
    ), "a large number of an unknown name is no time"


@pytest.mark.parametrize(
    "date",
    [
        "2024-01-02 00:00",
        "2024-01-02 09:30",
        "2024-01-02",
        "2024-01-02T00:00:00-05:00",
        "2024-01-02 00:00:00+05:30",
        "2024-01-02T00:00:00.000Z",
        "Tue, 02 Jan 2024 00:00:00 GMT",
        "20240102",
        1_704_153_600_000,
        1_704_153_600,
        1_704_153_600_000_000_000,
        "1704153600000",
    ],
    ids=str,
)
def test_08_a_daily_row_keeps_its_date_however_it_is_written(date: object) -> None:
    assert bars(asking("SPY").receive(answer("SPY", [row(date)]), 1.0))[0].opens_ns == JAN_2_NS


@pytest.mark.parametrize(
    ("ticker", "date", "after_midnight_ns"),
    [
        ("SPY", "2024-01-02 09:30", 14.5 * HOUR_NS),  # in New York
        ("SBIN.NS", "2024-01-02 09:15", 3.75 * HOUR_NS),  # in Mumbai
        ("BTC-USD", "2024-01-02 09:30", 9.5 * HOUR_NS),
        ("EURUSD=X", "2024-01-02 09:30:15", 9.5 * HOUR_NS + 15_000_000_000),
        ("SPY", "2024-01-02T09:30:00-05:00", 14.5 * HOUR_NS),
        ("SPY", "2024-01-02T14:30:00Z", 14.5 * HOUR_NS),
        ("SPY", "Tue, 02 Jan 2024 14:30:00 GMT", 14.5 * HOUR_NS),
        ("SPY", 1_704_205_800_000, 14.5 * HOUR_NS),
    ],
)
def test_08_the_time_of_an_hour_is_of_the_exchange_unless_it_says_so(
    ticker: str, date: object, after_midnight_ns: float
) -> None:
    client = connected(DataProviderClient(options=DataOptions(bars=BarQuery(resolution="1h"))))
    client.subscribe([topic(ticker)], 0.0)
    events = client.receive(answer(ticker, [row(date)], resolution="1h"), 1.0)
    assert bars(events)[0].opens_ns == JAN_2_NS + after_midnight_ns


def test_08_rows_in_any_order_come_sorted_and_once() -> None:
    rows = [row("2024-01-04", 4.0), row("2024-01-02", 2.0), row("2024-01-03", 3.0), row("2024-01-02 00:00", 2.5)]
    found = bars(asking("SPY").receive(answer("SPY", rows), 1.0))
    assert [(bar.opens_ns, bar.close) for bar in found] == [
        (JAN_2_NS, 2.5),
        (JAN_2_NS + DAY_NS, 3.0),
        (JAN_2_NS + 2 * DAY_NS, 4.0),
    ]


@pytest.mark.parametrize(
    ("errors", "reason"),
    [
        (None, "the answer does not mention it"),
        ({}, "the answer does not mention it"),
        ([], "the answer does not mention it"),
        ("broken", "the answer does not mention it"),
        ({"ZZZ": "No local data available for ZZZ"}, "No local data available for ZZZ"),
        ({"zzz": None}, "the server gave no reason"),
        (["ZZZ"], "the server gave no reason"),
        ([{"ticker": "ZZZ", "error": "gone"}], "gone"),
    ],
    ids=str,
)
def test_09_errors_of_a_batch(errors: object, reason: str) -> None:
    client = asking("SPY", "ZZZ")
    results = {"SPY": {"rows": 1, "start_date": None, "end_date": None, "data": [row("2024-01-02 00:00")]}}
    payload = {"resolution": "1d", "period": "max", "results": results, "errors": errors, "success_count": 1}
    events = client.receive(event("batch_response", payload), 1.0)
    assert closes(events) == [472.7]
    assert reasons(events) == [("ZZZ", reason)]
    assert client.take_control() == [Confirmed(topic("SPY")), Refused(topic("ZZZ"), reason)]


@pytest.mark.parametrize(
    ("progress", "said"),
    [
        ("2/2", (2, 2)),
        ("4/3", (None, None)),
        ("0/0", (None, None)),
        (3, (None, None)),
        (None, (None, None)),
        ("½/²", (None, None)),
        ("1/" + "9" * 400, (None, None)),
        (" 1 / 2 ", (None, None)),
        ([], (None, None)),
    ],
    ids=lambda value: str(value)[:12],
)
def test_10_progress(progress: object, said: tuple[int | None, int | None]) -> None:
    client = asking("SPY", "QQQ")
    payload = {"status": "processing", "ticker": "QQQ", "progress": progress}
    done, total = said
    assert client.receive(event("batch_progress", payload), 1.0) == [
        BatchProgress(key="QQQ", origin="data-provider", status="processing", done=done, total=total)
    ]


def test_11_progress_after_the_answer() -> None:
    client = asking("SPY", "QQQ")
    results = {ticker: {"data": [row("2024-01-02")]} for ticker in ("SPY", "QQQ")}
    assert len(client.receive(event("batch_response", {"results": results, "errors": None}), 1.0)) == 2
    assert client.receive(event("batch_progress", {"ticker": "QQQ", "progress": "2/2"}), 1.0) == []
    assert client.receive(event("data_status", {"status": "downloading", "ticker": "QQQ"}), 1.0) == []
    assert invalid(client) == []


@pytest.mark.parametrize(
    ("has_progress", "error", "is_split"),
    [
        (True, "Object of type Timestamp is not JSON serializable", True),
        (False, "Object of type Timestamp is not JSON serializable", True),
        (True, "'NoneType' object has no attribute 'to_csv'", True),
        (False, "Tickers list is required", False),
    ],
)
def test_12_a_batch_that_fails_is_asked_for_one_by_one(has_progress: bool, error: str, is_split: bool) -> None:
    client = asking("SPY", "QQQ")
    if has_progress:
        client.receive(event("batch_progress", {"status": "processing", "ticker": "SPY", "progress": "1/2"}), 1.0)
    events = client.receive(event("batch_error", {"error": error}), 1.0)
    if not is_split:
        assert reasons(events) == [("SPY", error), ("QQQ", error)]
        assert requests(client) == []
        return
    assert events == []
    prices = {}
    for ticker in ("SPY", "QQQ"):
        ((name, payload),) = requests(client)
        assert (name, payload["ticker"], payload["local_only"]) == ("get_data", ticker, True), "one after the other"
        (batch,) = client.receive(answer(ticker, [row("2024-01-02", 10.0 + len(prices))]), 1.0)
        prices[batch.key] = closes([batch])
    assert prices == {"SPY": [10.0], "QQQ": [11.0]}
    assert requests(client) == []


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"error": "Ticker is required"}, "Ticker is required"),
        ({"error": {"code": 7}, "ticker": "SPY"}, "the server gave no reason"),
        ({"error": None, "ticker": "spy"}, "the server gave no reason"),
        ({"ticker": None}, "the server gave no reason"),
        ({"error": ["x"], "ticker": 5}, "the server gave no reason"),
        ({"error": "  two\nlines ", "ticker": "SPY"}, "two lines"),
    ],
    ids=str,
)
def test_13_errors_without_a_ticker_or_a_text(payload: object, reason: str) -> None:
    client = asking("SPY")
    assert reasons(client.receive(event("data_error", payload), 1.0)) == [("SPY", reason)]
    assert client.take_control() == [Refused(topic("SPY"), reason)]


def test_13_an_error_about_another_ticker_is_of_another_request() -> None:
    client = asking("SPY")
    assert client.receive(event("data_error", {"error": "gone", "ticker": "QQQ"}), 1.0) == []
    assert closes(client.receive(answer("SPY", [row("2024-01-02")]), 1.0)) == [472.7]


def test_14_events_with_other_than_one_object() -> None:
    client = asking("SPY")
    (payload,) = json.loads(answer("SPY", [row("2024-01-02")])[2:])[1:]
    for arguments in ((), ("text",), (None,), ([payload],), (7, payload)):
        assert client.receive(event("data_response", *arguments), 1.0) == []
    assert invalid(client) == [("an event without an object", 5)]
    assert closes(client.receive(event("data_response", payload, 1), 1.0)) == [472.7]


def test_15_unknown_events_and_other_namespaces() -> None:
    client = asking("SPY")
    (payload,) = json.loads(answer("SPY", [row("2024-01-02")])[2:])[1:]
    foreign = f"42/admin,{json.dumps(['data_response', payload])}".encode()
    assert client.receive(foreign, 1.0) == []
    assert client.receive(event("price_update", payload), 1.0) == []
    assert client.receive(b'44/other,"Unable to connect"', 1.0) == []
    assert client.take_control() == []
    assert closes(client.receive(answer("SPY", [row("2024-01-02")]), 1.0)) == [472.7]


@pytest.mark.parametrize("frame", [b"430[]", b"431[]", b"43[]", b"43/admin,7[1]", b"463-0[]", b"43"])
def test_16_acknowledgements_that_nobody_asked_for(frame: bytes) -> None:
    client = asking("SPY")
    assert client.receive(frame, 1.0) == []
    assert controls(client, ServerClosing) == []
    assert closes(client.receive(answer("SPY", [row("2024-01-02")]), 1.0)) == [472.7]


def test_17_binary_events_are_skipped_with_their_parts() -> None:
    client = asking("SPY")
    assert client.receive(b'452-["blob",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', 1.0) == []
    assert client.receive(b"41", 1.0) == [], "a part, whatever it looks like"
    assert client.receive(b"2", 1.0) == []
    assert client.data_to_send() == ["3"], "a ping between the parts is a ping"
    assert client.receive(b"\x00\xff1", 1.0) == []
    assert client.take_control() == []
    assert closes(client.receive(answer("SPY", [row("2024-01-02")]), 1.0)) == [472.7]


def test_17_a_long_part_that_was_read_elsewhere_is_a_part_too() -> None:
    client = asking("SPY")
    client.receive(b'451-["blob",{"_placeholder":true,"num":0}]', 1.0)
    assert client.receive(read(b"\x00" * 100_000), 1.0) == []
    assert client.take_control() == []
    client.receive(b"41", 1.0)
    assert client.take_control() == [ServerClosing("the server ended the session")]


def test_17_a_count_that_lies_costs_no_answer() -> None:
    client = asking("SPY")
    client.receive(b'45999999999-["blob"]', 1.0)
    assert closes(client.receive(answer("SPY", [row("2024-01-02")]), 1.0)) == [472.7]


def test_18_packets_of_the_engine_out_of_turn() -> None:
    client = asking("SPY")
    for frame in (b"6", b"3", b"3probe", b"5", b"0{}", b'0{"pingInterval":"x","pingTimeout":-1}'):
        assert client.receive(frame, 1.0) == []
    assert client.data_to_send() == []
    client.receive(b"2probe", 1.0)
    assert client.data_to_send() == ["3probe"]
    assert client.take_control() == []
    for frame in (b"", b"9", b"4", b"49", b"42", b"42notjson", b"\xff\xfe", b"x", b"0[]"):
        assert client.receive(frame, 1.0) == []
    assert sum(count for _, count in invalid(client)) == 9
    assert closes(client.receive(answer("SPY", [row("2024-01-02")]), 1.0)) == [472.7]
    client.take_control()
    client.receive(b"1", 1.0)
    assert client.take_control() == [ServerClosing("the server closed the session")]
    client.receive(b"41", 1.0)
    assert client.take_control() == [ServerClosing("the server ended the session")]


def test_19_one_message_of_thirty_megabytes() -> None:
    cells = ",".join(
        f'{{"Datetime":"2024-01-{1 + at // 1440:02} {at // 60 % 24:02}:{at % 60:02}","Close":1.5,"Volume":{at}}}'
        for at in range(28 * 1440)
    )
    pad = " " * (30_000_000 - len(cells))
    head = '"ticker":"BTC-USD","resolution":"1m","period":"max"'
    frame = f'42["data_response",{{{head},"data":[{cells}]{pad}}}]'.encode()
    assert len(frame) > 30_000_000
    client = connected(DataProviderClient())
    client.subscribe([topic("BTC-USD", Channel.MINUTE_BARS)], 0.0)
    found = bars(list(client.receive(frame, 1.0)))
    assert (len(found), found[-1].volume, found[0].opens_ns) == (40_320, 40_319.0, JAN_2_NS - DAY_NS)


def test_20_every_connection_opens_a_session_of_its_own() -> None:
    url = normalise_url("http://localhost:5001")
    assert url == "ws://localhost:5001/socket.io/"
    for _ in range(2):
        called = connection_url(url, None, "mw-1-2").reveal()
        assert called == "ws://localhost:5001/socket.io/?EIO=4&transport=websocket"
        assert "sid" not in called


def test_21_a_restart_between_request_and_answer_is_a_new_question() -> None:
    first = asking("SPY")
    first.receive(b"1", 1.0)
    assert controls(first, ServerClosing)
    second = connected(DataProviderClient(), 2.0)
    second.subscribe([topic("SPY")], 2.0)  # as the supervisor does after every connect
    assert [payload["ticker"] for _, payload in requests(second)] == ["SPY"]
    assert closes(second.receive(answer("SPY", [row("2024-01-02")]), 3.0)) == [472.7]


def test_22_columns_in_any_case_and_more_of_them() -> None:
    rows = [
        {
            "date": "2024-01-02", "open": 1, "HIGH": "1,002.5", "low": 0.5, "close": 2.0, "Adj Close": 9.0,
            "Dividends": 0.0, "volume": 1.8e10,
        }
    ]  # fmt: skip
    assert bars(asking("SPY").receive(answer("SPY", rows), 1.0)) == (BatchBar(JAN_2_NS, 1.0, 1002.5, 0.5, 2.0, 1.8e10),)


@pytest.mark.parametrize("ticker", ["EURUSD=X", "^GSPC", "BTC/USDT", "BRK-B", "GC=F", "M&M.NS", "0700.HK"])
def test_23_tickers_of_all_kinds(ticker: str) -> None:
    client = connected(DataProviderClient())
    client.subscribe([topic(ticker)], 0.0)
    ((_, payload),) = requests(client)
    assert payload["ticker"] == ticker
    (batch,) = client.receive(answer(ticker, [row("2024-01-02")]), 1.0)
    assert (batch.key, closes([batch])) == (ticker, [472.7])


def test_24_a_web_page_instead_of_the_list() -> None:
    with pytest.raises(ProtocolError, match="a web page"):
        parse_local_instruments(200, b"<!doctype html><title>Proxy</title>")
    with pytest.raises(ConnectionFailed, match="HTTP 502"):
        parse_local_instruments(502, b"<html>bad gateway</html>")
    for body in (b"[]", b"null", b'{"by_resolution":[]}', b"{}"):
        with pytest.raises(ProtocolError, match="names no resolutions"):
            parse_local_instruments(200, body)
    with pytest.raises(ProtocolError, match="not JSON"):
        parse_local_instruments(200, b"\xff{")
    found = parse_local_instruments(200, b'{"by_resolution":{"1d":["BTC-USD",7,null],"1h":null},"total":1}')
    assert found == {"1d": ["BTC-USD"]}
