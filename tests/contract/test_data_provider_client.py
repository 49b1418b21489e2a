"""Client of the Data Provider Server: what it asks, what it makes of the answers, and what it does with time."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from data_provider_rig import (
    DAY_NS,
    JAN_2_NS,
    JOINED,
    OPENED,
    answer,
    asking,
    connected,
    event,
    requests,
    row,
    topic,
)

from marketwatch.domain.events import BarBatch, BatchBar, BatchProgress, DayStatistics, RequestFailed, VendorBar
from marketwatch.domain.ids import CASH, CRYPTO, CURRENCY, FUTURES, INDEX, InstrumentId, Segment, Venue
from marketwatch.errors import ConfigurationError, ProtocolError
from marketwatch.protocols.base import Channel, Confirmed, Refused, Released, ServerClosing, Topic, Unconfirmed
from marketwatch.protocols.data_provider.address import normalise_url, web_url
from marketwatch.protocols.data_provider.client import DataProviderClient
from marketwatch.protocols.data_provider.day import plain
from marketwatch.protocols.data_provider.keys import currency_of, feed_key, instrument_of
from marketwatch.protocols.data_provider.messages import DataAnswer, read
from marketwatch.protocols.data_provider.requests import ROWS, BarQuery, DataOptions

NEW_YORK = ZoneInfo("America/New_York")
MINUTE_NS = 60_000_000_000


def ns(text: str, zone: str = "UTC") -> int:
    return round(dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1_000_000_000


def names(client: DataProviderClient) -> list[object]:
    """Return what is asked for, without the rest of the requests."""
    return [payload.get("tickers") or payload["ticker"] for _, payload in requests(client)]


def test_everything_is_said_in_the_request_and_the_silent_default_above_all() -> None:
    options = DataOptions(bars=BarQuery(resolution="1h", period="1mo", limit=100), local_only=False)
    client = connected(DataProviderClient(options=options))
    client.subscribe([topic("BTC-USD")], 0.0)
    assert requests(client) == [
        (
            "get_data",
            {"ticker": "BTC-USD", "resolution": "1h", "period": "1mo", "limit": 100, "local_only": False},
        )
    ]


def test_a_batch_holds_fifty_tickers_and_the_next_waits_for_its_answer() -> None:
    tickers = [f"T{number:03}" for number in range(120)]
    client = connected(DataProviderClient())
    client.subscribe(map(topic, tickers), 0.0)
    sizes = []
    while asked := requests(client):
        ((name, payload),) = asked
        assert (name, payload["local_only"]) == ("get_batch_data", True)
        sizes.append(payload["tickers"])
        results = {ticker: {"data": [row("2024-01-02")]} for ticker in payload["tickers"]}
        client.receive(event("batch_response", {"results": results, "errors": None}), 0.0)
    assert sizes == [tickers[:50], tickers[50:100], tickers[100:]]


def test_a_wish_waits_for_the_session_and_for_the_request_under_way() -> None:
    client = DataProviderClient()
    client.subscribe([topic("SPY")], 0.0)
    client.connection_made(0.0)
    client.receive(OPENED, 0.0)
    assert client.data_to_send() == ["40"]
    client.receive(JOINED, 0.0)
    assert names(client) == ["SPY"]
    client.subscribe([topic("QQQ")], 1.0)
    assert names(client) == []
    client.receive(answer("SPY", [row("2024-01-02")]), 2.0)
    assert names(client) == ["QQQ"]


def test_an_answer_to_what_nobody_wants_any_more_is_dropped() -> None:
    client = asking("SPY")
    client.unsubscribe([topic("SPY")], 0.5)
    assert client.take_control() == [Released(topic("SPY"))]
    assert client.receive(answer("SPY", [row("2024-01-02")]), 1.0) == []
    assert client.take_control() == []
    assert client.next_deadline() == 46.0, "nothing but the pings is waited for"


@pytest.mark.parametrize(("keys", "patience_s"), [(["SPY"], 30.0), (["SPY", "QQQ"], 60.0)])
def test_a_request_without_an_answer_is_given_up(keys: list[str], patience_s: float) -> None:
    client = asking(*keys)
    assert client.next_deadline() == min(45.0, patience_s)
    client.receive(b"2", 25.0)
    client.deadline_passed(patience_s - 0.1)
    assert client.take_control() == []
    client.deadline_passed(patience_s)
    assert client.take_control() == [Unconfirmed(topic(key)) for key in keys]
    failed = client.receive(b"2", patience_s + 1)
    assert [(one.key, one.reason) for one in failed if isinstance(one, RequestFailed)] == [
        (key, f"no answer within {patience_s:g} s") for key in keys
    ]
    assert requests(client) == []


def test_other_time_outs() -> None:
    single = asking("SPY", single_timeout_s=2.0)
    assert single.next_deadline() == 2.0
    batch = asking("SPY", "QQQ", batch_timeout_s=3.0)
    assert batch.next_deadline() == 3.0


def test_what_was_answered_is_asked_for_again_when_told_so() -> None:
    client = asking("SPY", refresh_s=60.0)
    client.receive(answer("SPY", [row("2024-01-02")]), 1.0)
    client.receive(b"2", 25.0)
    client.receive(b"2", 50.0)
    assert client.next_deadline() == 61.0
    client.deadline_passed(60.9)
    assert names(client) == []
    client.deadline_passed(61.0)
    assert names(client) == ["SPY"]
    once = asking("SPY")
    once.receive(answer("SPY", [row("2024-01-02")]), 1.0)
    assert once.next_deadline() == 46.0


def test_a_server_that_cannot_write_batches_is_not_asked_for_them_again() -> None:
    client = asking("SPY", "QQQ", refresh_s=60.0)
    client.receive(event("batch_error", {"error": "Object of type Timestamp is not JSON serializable"}), 1.0)
    for ticker in ("SPY", "QQQ"):
        assert names(client) == [ticker]
        client.receive(answer(ticker, [row("2024-01-02")]), 1.0)
    client.receive(b"2", 40.0)
    client.deadline_passed(61.0)
    assert names(client) == ["SPY"]
    client.receive(answer("SPY", [row("2024-01-02")]), 62.0)
    assert names(client) == ["QQQ"]


def test_the_server_at_work_is_told() -> None:
    client = asking("SPY")
    assert client.receive(event("data_status", {"status": "downloading", "ticker": "SPY"}), 1.0) == [
        BatchProgress(key="SPY", origin="data-provider", status="downloading")
    ]


def test_a_session_that_is_not_opened_or_not_kept_alive_ends() -> None:
    client = DataProviderClient()
    client.connection_made(0.0)
    assert client.next_deadline() == 10.0
    with pytest.raises(ProtocolError, match="does not open"):
        client.deadline_passed(10.0)

    unjoined = DataProviderClient()
    unjoined.connection_made(0.0)
    unjoined.receive(OPENED, 5.0)
    with pytest.raises(ProtocolError, match="does not open"):
        unjoined.deadline_passed(15.0)

    client = connected(DataProviderClient())
    client.receive(b"2", 20.0)
    assert client.data_to_send() == ["3"]
    client.deadline_passed(64.9)
    with pytest.raises(ProtocolError, match="it sends no pings any more"):
        client.deadline_passed(65.0)


def test_a_namespace_that_is_refused_ends_the_connection() -> None:
    client = DataProviderClient()
    client.connection_made(0.0)
    client.receive(OPENED, 0.0)
    client.receive(b'44{"message":"Unable to connect"}', 0.0)
    assert client.take_control() == [ServerClosing("the server let us not in: Unable to connect")]


@pytest.mark.parametrize("key", ["*", "", "  "])
def test_what_cannot_be_asked_for_is_refused_here(key: str) -> None:
    client = connected(DataProviderClient())
    client.subscribe([Topic(Channel.BARS, key), Topic(Channel.TRADES, "SPY")], 0.0)
    assert client.take_control() == [
        Refused(Topic(Channel.BARS, key), "this server wants a ticker"),
        Refused(Topic(Channel.TRADES, "SPY"), "this server sends bars only"),
    ]
    assert requests(client) == []


def row_client(*topics: Topic) -> DataProviderClient:
    client = connected(DataProviderClient(options=ROWS))
    client.subscribe(topics, 0.0)
    return client


def test_a_row_gets_the_newest_day_under_its_own_date() -> None:
    client = row_client(topic("SPY"))
    ((_, payload),) = requests(client)
    assert payload == {"ticker": "SPY", "resolution": "1d", "period": "max", "limit": 5, "local_only": True}
    rows = [
        row("2024-01-03 00:00", 468.8, Volume=1.2e6),
        row("2024-01-02 00:00", 472.7),
        row("2024-01-04 00:00", float("nan")),
    ]
    statistics, batch = client.receive(answer("SPY", rows), 1.0)
    opening = ns("2024-01-03 09:30", "America/New_York")
    assert statistics == DayStatistics(
        key="SPY", stamp=opening, prev_close=472.7, day_open=472.2, day_high=473.7, day_low=470.5, day_volume=1.2e6,
        last_price=468.8, last_trade_stamp=opening,
    )  # fmt: skip
    assert isinstance(batch, BarBatch)
    assert [bar.close for bar in batch.bars] == [472.7, 468.8, None]
    assert client.take_control() == [Confirmed(topic("SPY"))]


@pytest.mark.parametrize(
    ("key", "opening"),
    [
        ("BTC-USD", ns("2024-01-02 00:00")),
        ("SBIN.NS", ns("2024-01-02 09:15", "Asia/Kolkata")),
        ("^GSPC", ns("2024-01-02 09:30", "America/New_York")),
        ("EURUSD=X", ns("2024-01-02 00:00")),
    ],
)
def test_a_day_is_stamped_with_the_opening_of_its_own_exchange(key: str, opening: int) -> None:
    statistics, _ = row_client(topic(key)).receive(answer(key, [row("2024-01-02 00:00")]), 1.0)
    assert (statistics.event_ns, statistics.key) == (opening, key)
    assert isinstance(statistics, DayStatistics)
    assert (statistics.last_price, statistics.prev_close) == (472.7, None)


def test_an_index_is_asked_for_its_bars_by_the_channel_of_values() -> None:
    client = row_client(topic("^GSPC", Channel.VALUE))
    assert names(client) == ["^GSPC"]
    client.receive(answer("^GSPC", [row("2024-01-02 00:00")]), 1.0)
    assert client.take_control() == [Confirmed(topic("^GSPC", Channel.VALUE))]


def test_minutes_reach_the_chart_once_and_the_forming_one_again() -> None:
    client = row_client(topic("BTC-USD", Channel.MINUTE_BARS))
    ((_, payload),) = requests(client)
    assert (payload["resolution"], payload["limit"]) == ("1m", 1440)
    first = [_minute("00:00", 1.0), _minute("00:01", 2.0), _minute("00:02", None)]
    events = client.receive(answer("BTC-USD", first, resolution="1m"), 1.0)
    start = JAN_2_NS
    assert [(one.stamp, one.close) for one in events if isinstance(one, VendorBar)] == [
        (start, 1.0),
        (start + MINUTE_NS, 2.0),
    ]
    assert [type(one).__name__ for one in events] == ["VendorBar", "VendorBar", "BarBatch"]

    client.receive(b"2", 40.0)
    client.deadline_passed(61.0)
    ((_, payload),) = requests(client)
    assert payload["limit"] == 30, "what is known is not asked for again"
    second = [_minute("00:00", 1.0), _minute("00:01", 2.5), _minute("00:02", 3.0)]
    events = client.receive(answer("BTC-USD", second, resolution="1m"), 62.0)
    assert [(one.stamp, one.close) for one in events if isinstance(one, VendorBar)] == [
        (start + MINUTE_NS, 2.5),
        (start + 2 * MINUTE_NS, 3.0),
    ]


def test_who_wants_a_row_gets_its_minutes_where_there_are_some_and_no_refusal_where_not() -> None:
    client = row_client(topic("BTC-USD"))
    assert names(client) == ["BTC-USD"]
    client.receive(answer("BTC-USD", [row("2024-01-02")]), 1.0)
    assert client.take_control() == [Confirmed(topic("BTC-USD"))]
    ((_, payload),) = requests(client)
    assert (payload["ticker"], payload["resolution"]) == ("BTC-USD", "1m")
    none = {"error": "No local data available for BTC-USD", "ticker": "BTC-USD"}
    (failed,) = client.receive(event("data_error", none), 2.0)
    assert isinstance(failed, RequestFailed)
    assert (failed.resolution, failed.reason) == ("1m", none["error"])
    assert client.take_control() == []

    minutes = topic("BTC-USD", Channel.MINUTE_BARS)
    client.subscribe([minutes], 3.0)
    events = client.receive(answer("BTC-USD", [_minute("00:00", 1.0)], resolution="1m"), 4.0)
    assert [type(one).__name__ for one in events] == ["VendorBar", "BarBatch"]
    assert client.take_control() == [Confirmed(minutes)]
    client.unsubscribe([topic("BTC-USD")], 5.0)
    client.receive(b"2", 40.0)
    requests(client)
    client.deadline_passed(64.0)
    assert [payload["resolution"] for _, payload in requests(client)] == ["1m"], "somebody wants these still"


def test_minutes_wanted_anew_come_from_the_beginning() -> None:
    minutes = topic("BTC-USD", Channel.MINUTE_BARS)
    client = row_client(minutes)
    rows = [_minute("00:00", 1.0), _minute("00:01", 2.0)]
    client.receive(answer("BTC-USD", rows, resolution="1m"), 1.0)
    client.unsubscribe([minutes], 2.0)
    requests(client)
    client.subscribe([minutes], 3.0)
    ((_, payload),) = requests(client)
    assert payload["limit"] == 1440
    events = client.receive(answer("BTC-USD", rows, resolution="1m"), 4.0)
    assert [one.close for one in events if isinstance(one, VendorBar)] == [1.0, 2.0]


def _minute(time: str, close: float | None) -> dict[str, object]:
    return {"Datetime": f"2024-01-02 {time}", "Open": 1.0, "High": 9.0, "Low": 0.5, "Close": close, "Volume": 3.0}


def test_days_of_all_rows_come_before_the_minutes_of_any() -> None:
    topics = [topic(key, channel) for key in ("SPY", "QQQ") for channel in (Channel.MINUTE_BARS, Channel.BARS)]
    client = DataProviderClient(options=ROWS)
    client.subscribe(topics, 0.0)
    connected(client)
    assert client.next_deadline() == 45.0
    results = {ticker: {"data": [row("2024-01-02")]} for ticker in ("SPY", "QQQ")}
    assert len(client.receive(event("batch_response", {"results": results, "errors": None}), 1.0)) == 4
    assert names(client)[-1:] == ["SPY"]
    client.receive(event("data_error", {"error": "No local data available for SPY", "ticker": "SPY"}), 1.0)
    assert names(client) == ["QQQ"]


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        (None, None, [2, 3, 4]),
        (dt.date(2024, 1, 3), None, [3, 4]),
        (None, dt.date(2024, 1, 3), [2, 3]),
        (dt.date(2024, 1, 3), dt.date(2024, 1, 3), [3]),
        (dt.datetime(2024, 1, 3, 12, tzinfo=dt.UTC), None, [3, 4]),
        (dt.date(2025, 1, 1), None, []),
    ],
)
def test_answers_are_cut_to_dates(first: dt.date | None, last: dt.date | None, days: list[int]) -> None:
    client = asking("SPY", first=first, last=last)
    rows = [row(f"2024-01-{day:02} 00:00", float(day)) for day in (2, 3, 4)]
    (batch,) = client.receive(answer("SPY", rows), 1.0)
    assert isinstance(batch, BarBatch)
    assert [bar.close for bar in batch.bars] == [float(day) for day in days]


def test_answers_are_cut_to_times_in_the_zone_of_the_exchange() -> None:
    bounds = {"first": dt.datetime(2024, 1, 2, 10), "last": dt.date(2024, 1, 2)}  # noqa: DTZ001 - of the exchange
    client = connected(DataProviderClient(options=DataOptions(bars=BarQuery(resolution="1h"), **bounds)))
    client.subscribe([topic("SPY")], 0.0)
    times = ["2024-01-02 09:30", "2024-01-02 10:30", "2024-01-02 15:30", "2024-01-03 09:30"]
    rows = [row(time, float(place)) for place, time in enumerate(times)]
    (batch,) = client.receive(answer("SPY", rows, resolution="1h"), 1.0)
    assert isinstance(batch, BarBatch)
    assert [bar.close for bar in batch.bars] == [1.0, 2.0]


def test_an_answer_read_elsewhere_is_the_same() -> None:
    frame = answer("SPY", [row("2024-01-02 00:00"), row("2024-01-03 00:00", 468.8)])
    message = read(frame)
    assert isinstance(message, DataAnswer)
    assert message.rows.bars == (
        BatchBar(JAN_2_NS, 472.2, 473.7, 470.5, 472.7, 1e6),
        BatchBar(JAN_2_NS + DAY_NS, 472.2, 473.7, 470.5, 468.8, 1e6),
    )
    assert asking("SPY").receive(message, 1.0) == asking("SPY").receive(frame, 1.0)


@pytest.mark.parametrize(
    ("given", "complete"),
    [
        ("http://localhost:5001", "ws://localhost:5001/socket.io/"),
        ("http://localhost:5001/", "ws://localhost:5001/socket.io/"),
        ("HTTPS://bars.example", "wss://bars.example/socket.io/"),
        ("ws://10.0.0.5:5001/socket.io/?EIO=4&transport=websocket", "ws://10.0.0.5:5001/socket.io/"),
        ("wss://bars.example/prefix/socket.io", "wss://bars.example/prefix/socket.io/"),
    ],
)
def test_addresses_are_completed(given: str, complete: str) -> None:
    assert normalise_url(given) == complete
    assert normalise_url(complete) == complete


@pytest.mark.parametrize("given", ["localhost:5001", "ftp://x", "http://", "http://u:p@x", "http://x/?token=1"])
def test_addresses_that_are_none(given: str) -> None:
    with pytest.raises(ConfigurationError):
        normalise_url(given)


def test_the_web_address_beside_the_stream() -> None:
    assert web_url("ws://localhost:5001/socket.io/") == "http://localhost:5001"
    assert web_url("wss://bars.example/socket.io/") == "https://bars.example"


@pytest.mark.parametrize(
    ("key", "venue", "segment", "symbol", "currency"),
    [
        ("SPY", "US", CASH, "SPY", "USD"),
        ("BRK-B", "US", CASH, "BRK-B", "USD"),
        ("BTC-USD", "CRYPTO", CRYPTO, "BTC-USD", "USD"),
        ("BTC/USDT", "CRYPTO", CRYPTO, "BTC/USDT", "USDT"),
        ("^GSPC", "US", INDEX, "GSPC", "USD"),
        ("^NSEI", "NSE", INDEX, "NIFTY 50", "INR"),
        ("EURUSD=X", "FX", CURRENCY, "EURUSD", "USD"),
        ("GC=F", "US", FUTURES, "GC", "USD"),
        ("SBIN.NS", "NSE", CASH, "SBIN", "INR"),
        ("SBIN.BO", "BSE", CASH, "SBIN", "INR"),
        ("^", "US", CASH, "^", "USD"),
        (".NS", "US", CASH, ".NS", "USD"),
    ],
)
def test_keys_name_instruments_there_and_back(
    key: str, venue: str, segment: Segment, symbol: str, currency: str
) -> None:
    identity = InstrumentId(Venue(venue), segment, symbol)
    assert instrument_of(key) == identity
    assert instrument_of(key.lower()) == identity
    assert feed_key(identity) == key
    assert currency_of(identity) == currency


@pytest.mark.parametrize(
    "identity",
    [
        InstrumentId(Venue("NSE"), FUTURES, "NIFTY26JUNFUT"),
        InstrumentId(Venue("NSE"), INDEX, "NIFTY AUTO"),
        InstrumentId(Venue("COMEX"), FUTURES, "GCZ6"),
        InstrumentId(Venue("CRYPTO"), CRYPTO, "BTCUSDT"),
        InstrumentId(Venue("US"), Segment("OPT"), "X"),
        InstrumentId(Venue("FX"), CASH, "EURUSD"),
    ],
    ids=str,
)
def test_what_this_server_has_no_name_for(identity: InstrumentId) -> None:
    assert feed_key(identity) is None


@pytest.mark.parametrize(
    ("sent", "quoted"),
    [(590.0999755859375, 590.1), (97432.1484375, 97432.15), (1.0514999628067017, 1.0515), (590.1, 590.1), (None, None)],
)
def test_prices_are_shown_as_they_were_quoted(sent: float | None, quoted: float | None) -> None:
    assert plain(sent) == quoted
