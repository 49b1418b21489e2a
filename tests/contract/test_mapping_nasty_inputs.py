"""What servers may send to a stream of one's own: the values that come out, the reason for the rest; nothing raises."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mapping_rig import AT_MS, TRADES, opened, read, trade

from marketwatch.domain.events import MarketEvent, PriceValue, Quote, TradeTick
from marketwatch.protocols.base import Confirmed, Invalid, Notice
from marketwatch.protocols.mapping.client import NO_GUESS, OF_ORDERS, MappingClient
from marketwatch.protocols.mapping.mapping import Mapping
from marketwatch.protocols.mapping.records import NOTHING_MAPPED

FLAT = Mapping(symbol="s", price="p", size="v", bid="b", ask="a")


@pytest.fixture
def client() -> MappingClient:
    return opened(FLAT, "A")


def reasons(client: MappingClient) -> dict[str, int]:
    """Return why parts of messages were not used, and how often."""
    return {one.reason: one.count for one in client.take_control() if isinstance(one, Invalid)}


def take(client: MappingClient, data: bytes | str) -> list[MarketEvent]:
    return list(client.receive(data.encode() if isinstance(data, str) else data, 1.0))


def prices(events: list[MarketEvent]) -> list[float]:
    return [getattr(event, "price", getattr(event, "value", None)) for event in events if not isinstance(event, Quote)]


@pytest.mark.parametrize(
    ("written", "price"),
    [
        ("190.5", 190.5),
        ('"190.5"', 190.5),
        ('" 1,234.50 "', 1234.5),
        ('"12,34,567.89"', 1234567.89),
        ('"1e3"', 1000.0),
        ("7", 7.0),
        (str(10**30), 1e30),
    ],
)
def test_prices_however_they_are_written(client: MappingClient, written: str, price: float) -> None:
    assert prices(take(client, f'{{"s":"A","p":{written},"v":2}}')) == [price]
    assert reasons(client) == {}


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("NaN", "not a number"),
        ("Infinity", "not a number"),
        ("1e999", "not a number"),
        ('"n/a"', "not a number"),
        ('""', "not a number"),
        ('"1.234,50"', "not a number"),
        ('"12,5"', "not a number"),
        ('"1_000"', "not a number"),
        ("true", "not a number"),
        ("[1]", "not a number"),
        ('{"x":1}', "not a number"),
        (str(10**400), "not a number"),
        ("null", "empty"),
        ("0", "not above zero"),
        ("-5", "not above zero"),
    ],
)
def test_prices_that_are_none_leave_the_rest(client: MappingClient, written: str, reason: str) -> None:
    events = take(client, f'{{"s":"A","p":{written},"v":2,"b":1.5,"a":2.5}}')
    assert events == [Quote(key="A", bid=1.5, ask=2.5)]
    assert reasons(client) == {f"the price at “p” is {reason}": 1}


@pytest.mark.parametrize(
    ("written", "reason"), [('"?"', "not a number"), ("false", "not a number"), ("-3", "not above zero")]
)
def test_a_size_that_is_none_leaves_the_price(client: MappingClient, written: str, reason: str) -> None:
    assert take(client, f'{{"s":"A","p":9.5,"v":{written}}}') == [PriceValue(key="A", value=9.5)]
    assert reasons(client) == {f"the size at “v” is {reason}": 1}


@pytest.mark.parametrize(
    "written", ["null", "true", '""', '"  "', "1.5", "-4", "[]", "{}", '"a\\u0000b"', f'"{"x" * 65}"']
)
def test_symbols_that_are_none(client: MappingClient, written: str) -> None:
    assert take(client, f'{{"s":{written},"p":9.5}}') == []
    assert reasons(client) == {"no symbol at “s”": 1}


def test_a_symbol_may_be_a_number_and_may_be_missing() -> None:
    client = opened(FLAT, "2885")
    assert prices(take(client, '{"s":2885,"p":9.5}')) == [9.5]
    assert take(client, '{"p":9.5}') == []
    assert reasons(client) == {"no symbol at “s”": 1}


def test_a_price_that_is_missing_is_the_message_of_something_else(client: MappingClient) -> None:
    assert take(client, '{"s":"A"}') == []
    assert take(client, '{"event":"heartbeat","t":1}') == []
    assert reasons(client) == {NOTHING_MAPPED: 2}
    assert prices(take(client, '{"s":"A","p":9.5}')) == [9.5]


@pytest.mark.parametrize("data", ["", "  \n ", "\ufeff"])
def test_empty_frames(client: MappingClient, data: str) -> None:
    assert take(client, data) == []
    assert reasons(client) == {"the message is empty": 1}


@pytest.mark.parametrize("data", ["7", '"x"', "null", "true", "[]", "{}", "[[]]", "NaN"])
def test_messages_that_hold_nothing(client: MappingClient, data: str) -> None:
    assert take(client, data) == []
    assert list(reasons(client)) == ["the message is neither an object nor a list with something in it"]


def test_no_json_at_all(client: MappingClient) -> None:
    assert take(client, "<html><body>502 Bad Gateway</body></html>") == []
    assert take(client, "hello") == []
    assert take(client, '{"s":"A","p":9.5') == []
    assert take(client, "9" * 5000) == []
    assert reasons(client) == {"the message is a web page": 1, "the message is not JSON": 3}


def test_lines_that_cannot_be_read_leave_the_others(client: MappingClient) -> None:
    assert prices(take(client, '{"s":"A","p":1}\r\n{"s":"A",\n\n{"s":"A","p":3}\n')) == [1.0, 3.0]
    assert reasons(client) == {"the message is not JSON": 1}


def test_several_messages_in_a_frame(client: MappingClient) -> None:
    assert prices(take(client, '{"s":"A","p":1}{"s":"A","p":2}\n[{"s":"A","p":3},{"s":"A","p":4}]')) == [1, 2, 3, 4]
    assert prices(take(client, '{\n "s": "A",\n "p": 5\n}')) == [5.0]
    assert reasons(client) == {}


def test_bytes_that_are_not_utf8(client: MappingClient) -> None:
    assert take(client, b'{"s":"A\xff","p":9.5}') == []
    assert prices(take(client, b'{"s":"A","p":9.5,"n":"\xff"}')) == [9.5]
    assert reasons(client) == {"no symbol at “s”": 1}


def test_a_byte_order_mark_changes_nothing(client: MappingClient) -> None:
    assert prices(take(client, b'\xef\xbb\xbf{"s":"A","p":9.5}')) == [9.5]


def test_of_a_field_that_is_there_twice_the_last_is_taken(client: MappingClient) -> None:
    assert prices(take(client, '{"s":"A","p":1,"p":2}')) == [2.0]
    assert reasons(client) == {"a field is there twice: the last one was taken": 1}


@pytest.mark.parametrize("opening", ["[", '{"x":'])
def test_depth_without_end(client: MappingClient, opening: str) -> None:
    assert take(client, opening * 50_000) == []
    assert reasons(client) == {"the message is not JSON": 1}
    deep = '{"s":"A","p":9.5,"x":' + '{"x":' * 400 + "1" + "}" * 401
    assert prices(take(client, deep)) == [9.5]
    assert prices(take(opened(None, "A"), deep)) == [9.5]


def test_records_that_are_none_leave_the_others() -> None:
    client = opened(TRADES, "AAPL")
    message = trade()
    message["data"] = [None, 7, "x", [], {}, *message["data"], {"s": "AAPL", "p": {}}]
    expected = [TradeTick(key="AAPL", stamp=AT_MS * 1_000_000, price=190.55, size=100.0)]
    assert read(client, message) == expected
    assert reasons(client) == {NOTHING_MAPPED: 5, "the price at “data[].p” is not a number": 1}


@pytest.mark.parametrize("data", [None, 7, "x", {"0": 1}])
def test_a_list_of_records_that_is_none(data: Any) -> None:
    client = opened(TRADES, "AAPL")
    assert read(client, {"data": data}) == []
    assert read(client, {"other": data}) == []
    assert reasons(client) == {"there is no list at “data”": 2}


def test_an_empty_list_of_records_is_nothing_to_complain_about() -> None:
    client = opened(TRADES, "AAPL")
    assert read(client, {"data": []}) == []
    assert client.take_control() == []


def test_symbols_nobody_asked_for_come_as_they_are_and_confirm_nothing(client: MappingClient) -> None:
    assert [event.key for event in take(client, '{"s":"Other","p":9.5}')] == ["Other"]
    assert [control for control in client.take_control() if isinstance(control, Confirmed)] == []


def test_a_crossed_quote_is_legal(client: MappingClient) -> None:
    assert take(client, '{"s":"A","b":2.5,"a":1.5}') == [Quote(key="A", bid=2.5, ask=1.5)]


@pytest.mark.parametrize(
    "message",
    [
        {"event": "welcome"},
        {"s": "A"},
        {"p": 1.5},
        {"s": "A", "p": "n/a"},
        {"s": "123", "p": 4},
        [1, 2],
        {"s": {"p": 1}},
    ],
)
def test_where_nothing_can_be_guessed_the_next_step_is_said(message: Any) -> None:
    client = opened(None, "A")
    assert read(client, message) == []
    assert reasons(client) == {NO_GUESS: 1}
    assert prices(read(client, {"symbol": "A", "price": 2.5})) == [2.5]


def test_orders_and_candles_are_never_guessed_to_be_trades() -> None:
    client = opened(None, "XBTUSD")
    order = {"symbol": "XBTUSD", "id": 1, "side": "Sell", "size": 100, "price": 9000.0}
    assert read(client, {"table": "orderBookL2", "action": "insert", "data": [order]}) == []
    assert read(client, {"table": "trade", "action": "insert", "data": [order]}) == [
        TradeTick(key="XBTUSD", price=9000.0, size=100.0)
    ]
    assert read(client, {"table": "orderBookL2", "action": "insert", "data": [order]}) == []
    told = client.take_control()
    assert [(one.reason, one.count) for one in told if isinstance(one, Invalid)] == [(OF_ORDERS, 2)]
    assert len([one for one in told if isinstance(one, Notice)]) == 1


def test_a_frame_of_nonsense_stays_a_handful_of_controls(client: MappingClient) -> None:
    nonsense = [{"s": "A", "p": "x"}, {"s": None, "p": 1}, {"z": 1}] * 500
    assert take(client, json.dumps(nonsense)) == []
    found = client.take_control()
    assert [one.count for one in found if isinstance(one, Invalid)] == [500, 500, 500]
    assert all(len(one.sample) <= 120 for one in found if isinstance(one, Invalid))
