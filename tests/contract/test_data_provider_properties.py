"""Properties of the Data Provider Server's protocol that hold for any input."""

from __future__ import annotations

import json
import math
import struct

from data_provider_rig import JAN_2_NS, JOINED, OPENED, answer, connected, row, topic
from hypothesis import given
from hypothesis import strategies as st

from marketwatch.domain.events import BarBatch, BatchBar, DayStatistics, VendorBar
from marketwatch.errors import FeedError, ProtocolError
from marketwatch.protocols.base import Channel, Topic
from marketwatch.protocols.data_provider.client import DataProviderClient
from marketwatch.protocols.data_provider.dates import read_moment
from marketwatch.protocols.data_provider.day import plain
from marketwatch.protocols.data_provider.requests import ROWS, DataOptions
from marketwatch.protocols.data_provider.rest import parse_local_instruments
from marketwatch.protocols.data_provider.server import DataProviderServer

KEYS = ("SPY", "BTC-USD", "^GSPC", "EURUSD=X")
CHANNELS = (Channel.BARS, Channel.MINUTE_BARS)
NAMES = ("data_response", "data_error", "data_status", "batch_progress", "batch_response", "batch_error", "other")
keys = st.sampled_from(KEYS)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | keys,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3) | keys, inner, max_size=3),
    max_leaves=6,
)
dates = st.one_of(
    st.dates().map(str),
    st.datetimes().map(str),
    st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat()),
    st.integers(),
    st.floats(),
    st.sampled_from(["Mon, 01 Jan 2024 00:00:00 GMT", "Mon, 99 Foo 0000 99:99:99 GMT"]),
    json_values,
)
rows = st.dictionaries(
    st.sampled_from(["Date", "Datetime", "index", "Open", "close", "HIGH", "Low", "Volume", "x", ""]),
    dates | json_values,
    max_size=7,
)
payloads = st.fixed_dictionaries(
    {},
    optional={
        "ticker": keys | json_values,
        "data": st.lists(rows | json_values, max_size=3) | json_values,
        "resolution": st.sampled_from(["1d", "1m", "1h", "?"]) | json_values,
        "period": st.sampled_from(["max", "1y"]) | json_values,
        "error": st.just("Object of type Timestamp is not JSON serializable") | json_values,
        "errors": json_values,
        "progress": st.sampled_from(["1/2", "4/3", "0/0"]) | json_values,
        "results": st.dictionaries(keys, st.fixed_dictionaries({"data": st.lists(rows, max_size=2)}) | json_values),
        "tickers": st.lists(keys | json_values, max_size=3),
        "limit": st.integers(-3, 3) | json_values,
    },
)
events = st.builds(
    lambda name, payload, more: f"42{json.dumps([name, payload, *more])}".encode(),
    st.sampled_from((*NAMES, "get_data", "get_batch_data")),
    payloads | json_values,
    st.lists(json_values, max_size=1),
)
frames = st.one_of(
    st.binary(max_size=60),
    st.text("0123456-/,[]{}\"'x²", max_size=20).map(str.encode),
    st.sampled_from([OPENED, JOINED, b"2", b"2probe", b"6", b"430[]", b'451-["x"]', b'44"no"', b"40/other,"]),
    events,
)


def everything_wanted() -> DataProviderClient:
    client = connected(DataProviderClient(options=ROWS))
    client.subscribe([Topic(channel, key) for channel in CHANNELS for key in KEYS], 0.0)
    return client


@given(st.lists(st.tuples(frames, st.integers(0, 40)), max_size=8))
def test_no_frame_makes_the_client_raise_or_give_impossible_values(several: list[tuple[bytes, int]]) -> None:
    client, now = everything_wanted(), 0.0
    for frame, pause_s in several:
        now += pause_s
        for event in client.receive(frame, now):
            assert event.key in KEYS
            if isinstance(event, BarBatch):
                starts = [bar.opens_ns for bar in event.bars]
                assert starts == sorted(set(starts))
                assert all(math.isfinite(figure) for bar in event.bars for figure in figures(bar))
            if isinstance(event, VendorBar):
                assert event.low <= min(event.open, event.close) <= max(event.open, event.close) <= event.high
            if isinstance(event, DayStatistics):
                assert event.last_price is not None
                assert event.event_ns == event.stamp
        client.take_control()
        try:
            client.deadline_passed(now)
        except ProtocolError:
            assert pause_s > 0, "only silence ends a connection"
        assert len([message for message in client.data_to_send() if str(message).startswith("42")]) <= 2


def figures(bar: BatchBar) -> list[float]:
    return [value for value in (bar.open, bar.high, bar.low, bar.close, bar.volume) if value is not None]


@given(st.lists(frames | st.text(max_size=30), max_size=8))
def test_no_frame_makes_the_server_raise(several: list[bytes | str]) -> None:
    server = DataProviderServer("x", lambda ticker, resolution: (BatchBar(JAN_2_NS, close=1.0),))
    server.connection_made(0.0)
    for at, frame in enumerate((b"40", *several)):
        server.receive(frame, float(at))
    for frame in server.data_to_send():
        assert frame[0] in "0234"
        if frame.startswith("42"):
            assert json.loads(frame[2:], parse_constant=lambda token: f"{token} is not JSON")[0] != ""
    server.take_events()


cells = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False, width=64))
bar_lists = st.lists(
    st.builds(BatchBar, st.integers(-40_000, 60_000).map(lambda day: day * 86_400_000_000_000), *[cells] * 5),
    min_size=1,
    max_size=10,
    unique_by=lambda bar: bar.opens_ns,
).map(lambda bars: sorted(bars, key=lambda bar: bar.opens_ns))
minute_lists = st.lists(
    st.builds(
        BatchBar, st.integers(0, 25_000_000).map(lambda minute: JAN_2_NS + minute * 60_000_000_000), *[cells] * 5
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda bar: bar.opens_ns,
).map(lambda bars: sorted(bars, key=lambda bar: bar.opens_ns))


@given(bar_lists, st.lists(keys, min_size=1, max_size=4, unique=True))
def test_what_the_server_writes_the_client_reads(bars: list[BatchBar], wanted: list[str]) -> None:
    assert_read_back(bars, wanted, DataOptions(), Channel.BARS)


@given(minute_lists)
def test_minutes_written_in_utc_are_read_back(bars: list[BatchBar]) -> None:
    assert_read_back(bars, ["BTC-USD"], DataOptions(), Channel.MINUTE_BARS)


def assert_read_back(bars: list[BatchBar], wanted: list[str], options: DataOptions, channel: Channel) -> None:
    server = DataProviderServer("x", lambda ticker, resolution: bars)
    server.connection_made(0.0)
    client = DataProviderClient(options=options)
    client.connection_made(0.0)
    client.subscribe([topic(key, channel) for key in wanted], 0.0)
    found: dict[str, tuple[BatchBar, ...]] = {}
    for _ in range(4 + len(wanted)):
        for frame in server.data_to_send():
            for event in client.receive(frame.encode(), 0.0):
                if isinstance(event, BarBatch):
                    found[event.key] = event.bars
        for message in client.data_to_send():
            server.receive(message, 0.0)
    assert found == {key: tuple(bars) for key in wanted}


@given(st.lists(st.tuples(st.booleans(), keys), max_size=20))
def test_one_request_is_under_way_and_every_wish_is_asked_for(steps: list[tuple[bool, str]]) -> None:
    client = connected(DataProviderClient())
    wanted: set[str] = set()
    answered: set[str] = set()
    under_way: list[str] = []

    def look() -> None:
        for message in client.data_to_send():
            assert not under_way, "one at a time"
            assert isinstance(message, str)
            payload = json.loads(message[2:])[1]
            under_way.extend(payload.get("tickers") or [payload["ticker"]])

    for is_wish, key in steps:
        (client.subscribe if is_wish else client.unsubscribe)([topic(key)], 0.0)
        (wanted.add if is_wish else wanted.discard)(key)
        if not is_wish:
            answered.discard(key)
        look()
    while under_way:
        asked, under_way[:] = list(under_way), []
        if len(asked) > 1:
            payload = {"results": {key: {"data": [row("2024-01-02")]} for key in asked}, "errors": None}
            came = client.receive(f"42{json.dumps(['batch_response', payload])}".encode(), 0.0)
        else:
            came = client.receive(answer(asked[0], [row("2024-01-02")]), 0.0)
        answered.update(event.key for event in came)
        look()
    assert answered == wanted


@given(st.integers(100, 599), st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode()))
def test_no_answer_of_the_web_service_raises_anything_else(http_status: int, body: bytes) -> None:
    try:
        found = parse_local_instruments(http_status, body)
    except FeedError:
        return
    assert all(isinstance(ticker, str) for tickers in found.values() for ticker in tickers)


@given(dates)
def test_no_date_raises(date: object) -> None:
    moment = read_moment(date)
    assert moment is None or 1800 <= moment.year <= 2200


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_price_that_does_not_come_from_32_bits_stays(price: float) -> None:
    shown = plain(price)
    assert shown is not None
    assert shown == price or abs(shown - price) <= abs(price) * 2**-24


@given(st.integers(1, 9_999_999), st.integers(0, 4))
def test_a_price_of_32_bits_is_the_one_that_was_quoted(digits: int, decimals: int) -> None:
    quoted = float(f"{digits}e-{decimals}")
    narrow = struct.unpack("<f", struct.pack("<f", quoted))[0]
    assert f"{plain(narrow):.6g}" == f"{quoted:.6g}"
    assert len(f"{plain(narrow)!r}") <= len(f"{narrow!r}")
