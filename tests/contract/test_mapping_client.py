"""A stream of one's own, mapped: what its messages become, how it is asked for, and when a symbol is confirmed."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from mapping_rig import AT_MS, TRADES, opened, read, topic, trade

from marketwatch.domain.events import DayStatistics, PriceValue, Quote, TradeTick
from marketwatch.errors import ConfigurationError
from marketwatch.protocols.base import (
    Authenticated,
    Channel,
    Confirmed,
    Connected,
    Notice,
    Refused,
    Released,
    Unconfirmed,
)
from marketwatch.protocols.mapping.client import ANSWER_S, MappingClient, requests
from marketwatch.protocols.mapping.mapping import Mapping, read_mapping, write_mapping

NS = 1_000_000_000


def test_records_in_a_list_become_trades() -> None:
    message = trade()
    message["data"].append({"s": "MSFT", "p": "410.25", "v": "1,200", "t": AT_MS + 1})
    assert read(opened(TRADES, "AAPL", "MSFT"), message) == [
        TradeTick(key="AAPL", stamp=AT_MS * 1_000_000, price=190.55, size=100.0),
        TradeTick(key="MSFT", stamp=(AT_MS + 1) * 1_000_000, price=410.25, size=1200.0),
    ]


def test_a_price_whose_size_nobody_says_is_no_trade_of_none() -> None:
    mapping = Mapping(symbol="data[].s", price="data[].p", time="data[].t")
    assert read(opened(mapping, "AAPL"), trade()) == [PriceValue(key="AAPL", stamp=AT_MS * 1_000_000, value=190.55)]
    assert read(opened(TRADES, "AAPL"), trade(v=0)) == [PriceValue(key="AAPL", stamp=AT_MS * 1_000_000, value=190.55)]
    assert read(opened(TRADES, "AAPL"), trade(t=None)) == [TradeTick(key="AAPL", price=190.55, size=100.0)]


def test_bid_and_ask_and_the_volume_of_the_day() -> None:
    mapping = Mapping(
        symbol="s", price="p", bid="q.b", ask="q.a", bid_size="q.bs", ask_size="q.as", volume="vol", time="t"
    )
    message = {"s": "AAPL", "p": 190.5, "q": {"b": 190.4, "a": 190.6, "bs": 3, "as": 0}, "vol": 5e6, "t": AT_MS}
    stamp = AT_MS * 1_000_000
    client = opened(mapping, "AAPL")
    assert read(client, message) == [
        DayStatistics(key="AAPL", stamp=stamp + 1, day_volume=5e6),
        PriceValue(key="AAPL", stamp=stamp, value=190.5),
        Quote(key="AAPL", stamp=stamp, bid=190.4, bid_size=3.0, ask=190.6, ask_size=0.0),
    ]
    one_sided = {"s": "AAPL", "q": {"b": 190.4, "a": None, "as": 7}}
    assert read(client, one_sided) == [Quote(key="AAPL", bid=190.4)]
    assert read(client, {"s": "AAPL", "q": {"b": None, "a": None}}) == []
    assert read(client, {"s": "AAPL", "q": {"b": 0, "a": 190.6}}) == [Quote(key="AAPL", ask=190.6)]


def test_only_the_messages_of_a_type_are_taken() -> None:
    mapping = Mapping(symbol="s", price="p", type="e", types=("trade", "7", "true"))
    client = opened(mapping, "AAPL")
    kinds: list[Any] = ["trade", "book", 7, True, None, {}, ["trade"]]
    taken = [len(read(client, {"e": kind, "s": "AAPL", "p": 1.5})) for kind in kinds]
    assert taken == [1, 0, 1, 1, 0, 0, 0]
    assert read(client, {"s": "AAPL", "p": 1.5}) == []
    assert [control for control in client.take_control() if not isinstance(control, Confirmed)] == []


def test_prices_in_cents_and_a_symbol_that_no_message_names() -> None:
    mapping = Mapping(constant_symbol="GOLD", price="0.1", size="0.2", price_divisor=100.0)
    assert read(opened(mapping, "GOLD"), [[["x", 80775, 3]]]) == [TradeTick(key="GOLD", price=807.75, size=3.0)]


@pytest.mark.parametrize(
    ("value", "unit", "offset", "ns"),
    [
        (1_751_050_800, "auto", "", 1_751_050_800 * NS),
        (1_751_050_800.5, "auto", "", 1_751_050_800 * NS + NS // 2),
        ("1751050800123", "auto", "", AT_MS * 1_000_000),
        (1_751_050_800_123_456, "auto", "", 1_751_050_800_123_456_000),
        (1_751_050_800_123_456_789, "auto", "", 1_751_050_800_123_456_789),
        (1_751_050_800_123, "ms", "", AT_MS * 1_000_000),
        ("2025-06-27T19:00:00.123Z", "auto", "", AT_MS * 1_000_000),
        ("2025-06-27T19:00:00.123456789Z", "iso", "", 1_751_050_800_123_456_000),
        ("2025-06-28 00:30:00.123", "auto", "+05:30", AT_MS * 1_000_000),
        ("2025-06-27T19:00:00.123", "auto", "", AT_MS * 1_000_000),
        (1_751_050_800, "iso", "", None),
        (1_751_050_800, "ms", "", None),
        (0, "auto", "", None),
        (True, "auto", "", None),
        ("soon", "auto", "", None),
        (10**400, "auto", "", None),
        (float("inf"), "auto", "", None),
    ],
)
def test_times(value: object, unit: Any, offset: str, ns: int | None) -> None:
    mapping = Mapping(symbol="s", price="p", time="t", time_unit=unit, utc_offset=offset)
    client = opened(mapping, "A")
    assert read(client, {"s": "A", "p": 2.5, "t": value}) == [PriceValue(key="A", stamp=ns, value=2.5)]
    assert bool([one for one in client.take_control() if "none of this century" in str(one)]) is (ns is None)


def test_symbols_match_as_written_and_then_in_any_case() -> None:
    client = opened(Mapping(symbol="s", price="p"), "btcusdt", "EthUsdt", "ETHUSDT")
    read(client, {"s": "BTCUSDT", "p": 1.0})
    events = [read(client, {"s": name, "p": 1.0}) for name in ("BTCUSDT", "ETHUSDT", "ethusdt", "OTHER")]
    assert [[event.key for event in found] for found in events] == [["btcusdt"], ["ETHUSDT"], [], ["OTHER"]]
    reasons = [getattr(control, "reason", "") for control in client.take_control()]
    assert "“ethusdt” could be EthUsdt or ETHUSDT" in reasons


def test_a_topic_is_confirmed_by_the_first_message_of_its_symbol() -> None:
    client = MappingClient(mapping=TRADES)
    both = [topic("AAPL"), topic("AAPL", Channel.QUOTES)]
    client.subscribe([*both, topic("MSFT"), topic(" ")], 0.0)
    assert client.take_control() == [Refused(topic(" "), "it names no symbol")]
    assert client.next_deadline() is None
    client.connection_made(5.0)
    assert client.take_control() == [Connected(), Authenticated()]
    assert client.data_to_send() == []
    assert client.next_deadline() == 5.0 + ANSWER_S
    read(client, trade())
    assert sorted(client.take_control(), key=str) == sorted([Confirmed(each) for each in both], key=str)
    client.deadline_passed(5.0 + ANSWER_S)
    assert client.take_control() == [Unconfirmed(topic("MSFT"))]
    assert client.next_deadline() is None
    read(client, trade(s="MSFT"))
    assert client.take_control() == [Confirmed(topic("MSFT"))]
    client.unsubscribe([topic("MSFT"), topic("NEVER")], 20.0)
    assert client.take_control() == [Released(topic("MSFT"))]


def test_only_the_channels_that_are_asked_for_come() -> None:
    mapping = Mapping(symbol="s", price="p", bid="b", ask="a")
    message = {"s": "A", "p": 2.0, "b": 1.5, "a": 2.5}
    kinds = []
    for channels in ([Channel.TRADES], [Channel.QUOTES], []):
        client = opened(mapping)
        client.subscribe([topic("A", channel) for channel in channels], 0.0)
        kinds.append([type(event) for event in read(client, message)])
    assert kinds == [[PriceValue], [Quote], [PriceValue, Quote]]


def test_everything_is_a_symbol_too() -> None:
    client = MappingClient(mapping=msgspec.structs.replace(TRADES, subscribe='{"sub":"{symbol}"}'))
    client.connection_made(0.0)
    client.subscribe([topic("*"), topic("AAPL", Channel.QUOTES)], 0.0)
    client.take_control()
    assert client.data_to_send() == ['{"sub":"AAPL"}']
    assert read(client, trade()) == []
    assert [event.key for event in read(client, trade(s="MSFT"))] == ["MSFT"]
    found = client.take_control()
    assert sorted(found, key=str) == sorted([Confirmed(topic("*")), Confirmed(topic("AAPL", Channel.QUOTES))], key=str)
    client = MappingClient(mapping=msgspec.structs.replace(TRADES, subscribe='{"sub":"all"}'))
    client.connection_made(0.0)
    client.subscribe([topic("*")], 0.0)
    assert client.data_to_send() == ['{"sub":"all"}']


def test_what_is_wanted_is_asked_for_when_the_mapping_says_how() -> None:
    template = '{"op":"sub","args":["{symbol}@trade"]}'
    mapping = msgspec.structs.replace(TRADES, subscribe=template, unsubscribe='{"op":"unsub","args":{symbols}}')
    client = MappingClient(mapping=mapping)
    client.subscribe([topic("AAPL"), topic("AAPL", Channel.QUOTES), topic('A"B')], 0.0)
    assert client.data_to_send() == []
    client.connection_made(0.0)
    sent = client.data_to_send()
    assert [json.loads(one)["args"] for one in sent] == [["AAPL@trade"], ['A"B@trade']]
    client.unsubscribe([topic("AAPL")], 1.0)
    assert client.data_to_send() == []
    client.unsubscribe([topic("AAPL", Channel.QUOTES)], 1.0)
    assert client.data_to_send() == ['{"op":"unsub","args":["AAPL"]}']


def test_several_symbols_in_one_message() -> None:
    assert requests("hello", ["A", "B"]) == ["hello"]
    assert requests('{"s":"{symbols}"}', ["A", 'B"']) == ['{"s":"A,B\\""}']
    many = [f"S{number}" for number in range(450)]
    portions = [json.loads(one) for one in requests("{symbols}", many)]
    assert [len(portion) for portion in portions] == [200, 200, 50]
    assert [symbol for portion in portions for symbol in portion] == many


def test_a_stream_that_is_not_mapped_is_guessed_and_what_was_guessed_is_said() -> None:
    client = opened(None, "AAPL")
    assert read(client, trade()) == [TradeTick(key="AAPL", stamp=AT_MS * 1_000_000, price=190.55, size=100.0)]
    words = [control.text for control in client.take_control() if isinstance(control, Notice)]
    assert words == [
        "Its fields were guessed from a message: symbol “data[].s”, price “data[].p”, size “data[].v”, time “data[].t”"
    ]
    read(client, trade())
    assert client.take_control() == []


def test_a_guess_grows_with_messages_of_another_kind() -> None:
    client = opened(None, "AMD")
    quote = {"T": "q", "S": "AMD", "bp": 87.66, "bs": 1, "ap": 87.68, "as": 4, "t": "2025-06-27T19:00:00.123Z"}
    assert read(client, [{"T": "success", "msg": "connected"}]) == []
    trade = {"T": "t", "S": "AMD", "p": 87.67, "s": 30, "t": "2025-06-27T19:00:00.123Z"}
    stamp = AT_MS * 1_000_000
    assert read(client, [quote, trade, quote]) == [
        Quote(key="AMD", stamp=stamp, bid=87.66, bid_size=1.0, ask=87.68, ask_size=4.0),
        TradeTick(key="AMD", stamp=stamp, price=87.67, size=30.0),
        Quote(key="AMD", stamp=stamp, bid=87.66, bid_size=1.0, ask=87.68, ask_size=4.0),
    ]
    assert len([one for one in client.take_control() if isinstance(one, Notice)]) == 2


def test_a_mapping_survives_its_file() -> None:
    mapping = Mapping(
        name="Own desk",
        symbol="d[].s",
        price="d[].p\\.x",
        type="e",
        types=("trade",),
        time="t",
        time_unit="ms",
        utc_offset="-05:00",
        price_divisor=100.0,
        subscribe='{"sub":{symbols}}',
    )
    data = write_mapping(mapping)
    assert read_mapping(data) == mapping
    assert list(json.loads(data))[:3] == ["version", "about", "name"]
    assert data.count(b"\n") > 10
    assert b"bid" not in data
    assert read_mapping(json.loads(data)) == mapping
    assert read_mapping({"symbol": "s", "price": "p"}) == Mapping(symbol="s", price="p")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({}, "which field is the symbol"),
        ({"symbol": "s"}, "which field is the price"),
        ({"symbol": "s", "price": "p", "prise": "q"}, "prise"),
        ({"symbol": "s", "price": 7}, "price"),
        ({"symbol": "s", "price": "a..b"}, "is not a path"),
        ({"symbol": "s", "price": "[].b"}, "is not a path"),
        ({"symbol": "s", "price": "a[].b[].c"}, "is not a path"),
        ({"symbol": "s", "price": "a[]b"}, "is not a path"),
        ({"symbol": "x[].s", "price": "y[].p"}, "more than one list"),
        ({"symbol": "s", "price": "p", "types": ["x"]}, "not the field they are in"),
        ({"symbol": "s", "price": "p", "type": "x"}, "not the field they are in"),
        ({"symbol": "s", "price": "p", "time_unit": "hours"}, "hours"),
        ({"symbol": "s", "price": "p", "utc_offset": "5:30"}, "+05:30"),
        ({"symbol": "s", "price": "p", "utc_offset": "+25:30"}, "+05:30"),
        ({"symbol": "s", "price": "p", "price_divisor": 0}, "price_divisor"),
        ({"symbol": "s", "price": "p", "version": 2}, "newer version"),
        ({"symbol": "s", "price": "p", "version": "1"}, "version"),
        ({"symbol": "s", "price": "p", "version": True}, "version"),
    ],
)
def test_a_mapping_that_cannot_be_used_says_why(content: dict[str, Any], words: str) -> None:
    for given in (content, json.dumps(content)):
        with pytest.raises(ConfigurationError) as caught:
            read_mapping(given)
        assert words in str(caught.value)
        assert caught.value.next_step


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"{", b"\xff\xfe", b"[" * 100_000, b'{"symbol": NaN}'])
def test_a_file_that_is_none_says_so(data: bytes) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_mapping(data)
