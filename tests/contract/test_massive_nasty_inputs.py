"""The numbered nasty inputs of protocols/massive.md, section 9: the values that come out, and that nothing raises.

21 (closes) and 22 (refused upgrades) happen outside the messages and are tested with the supervisor; 23 is in
test_massive_rest.py.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from marketwatch.domain.events import (
    MarketEvent,
    PriceLimits,
    Quote,
    SecondBar,
    TradeTick,
    VendorBar,
)
from marketwatch.domain.secret import Secret
from marketwatch.protocols.base import (
    Authenticated,
    Channel,
    Confirmed,
    Connected,
    ConnectionLimit,
    Control,
    Invalid,
    Notice,
    Topic,
)
from marketwatch.protocols.massive.client import MassiveClient

GREETING = b'[{"ev":"status","status":"connected","message":"Connected Successfully"}]'
WELCOME = b'[{"ev":"status","status":"auth_success","message":"authenticated"}]'
GOOD = b'{"ev":"T","sym":"MSFT","x":4,"i":"12345","z":3,"p":114.125,"s":100,"c":[0,12],"t":1536036818784,"q":3681328}'


def make_client() -> MassiveClient:
    """Return a client in the middle of a native session."""
    client = MassiveClient(dialect="native")
    client.connection_made(0.0)
    client.receive(GREETING, 0.0)
    client.receive(WELCOME, 0.0)
    client.take_control()
    client.data_to_send()
    return client


@pytest.fixture
def client() -> MassiveClient:
    return make_client()


def trade(client: MassiveClient, members: str) -> TradeTick:
    """Receive one trade with these members, and return it."""
    (event,) = client.receive(f'[{{"ev":"T","sym":"AAPL",{members}}}]'.encode(), 1.0)
    assert isinstance(event, TradeTick)
    assert client.take_control() == []
    return event


def invalid(client: MassiveClient) -> Invalid:
    """Return the one control, which must be an Invalid."""
    (control,) = client.take_control()
    assert isinstance(control, Invalid)
    return control


def prices(events: Sequence[MarketEvent]) -> list[float]:
    return [event.price for event in events if isinstance(event, TradeTick)]


def test_01_empty_array(client: MassiveClient) -> None:
    assert list(client.receive(b"[]", 1.0)) == []
    assert client.take_control() == []


@pytest.mark.parametrize("frame", [GOOD, b"[[" + GOOD + b"]]", b"[" + GOOD + b"]"])
def test_02_bare_object_and_array_in_array(client: MassiveClient, frame: bytes) -> None:
    (event,) = client.receive(frame, 1.0)
    assert isinstance(event, TradeTick)
    assert (event.key, event.price, event.size, event.conditions) == ("MSFT", 114.125, 100.0, (0, 12))
    assert (event.exchange, event.trade_id, event.sequence) == (4, "12345", 3681328)
    assert event.event_ns == 1_536_036_818_784_000_000


def test_03_status_and_data_in_one_frame(client: MassiveClient) -> None:
    topic = Topic(Channel.TRADES, "MSFT")
    client.subscribe([topic], 1.0)
    frame = b"[" + GOOD + b',{"ev":"status","status":"success","message":"subscribed to: T.MSFT"}]'
    assert prices(client.receive(frame, 1.1)) == [114.125]
    assert client.take_control() == [Confirmed(topic)]
    assert client.next_deadline() is None


def test_04_greeting_and_welcome_together_and_the_welcome_twice() -> None:
    client = MassiveClient(dialect="native")
    client.connection_made(0.0)
    client.subscribe([Topic(Channel.TRADES, "A")], 0.0)
    client.receive(GREETING[:-1] + b"," + WELCOME[1:], 0.1)
    client.receive(WELCOME, 0.2)
    assert client.take_control() == [Connected(), Authenticated()]
    subscriptions = [text for text in client.data_to_send() if "subscribe" in str(text)]
    assert subscriptions == ['{"action":"subscribe","params":"T.A"}']


def test_05_data_never_asked_for_still_comes_out(client: MassiveClient) -> None:
    topic = Topic(Channel.TRADES, "MSFT")
    assert prices(client.receive(b"[" + GOOD + b"]", 1.0)) == [114.125]
    client.subscribe([topic], 1.0)
    client.unsubscribe([topic], 1.0)
    assert prices(client.receive(b"[" + GOOD.replace(b"3681328", b"3681329") + b"]", 1.0)) == [114.125]
    assert client.take_control() == []


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [("", None), (',"c":null', None), (',"c":[]', ()), (',"c":12', (12,)), (',"c":["12",37]', (12, 37))],
)
def test_06_conditions_in_every_shape(client: MassiveClient, conditions: str, expected: tuple[int, ...] | None) -> None:
    assert trade(client, f'"p":1.5,"s":10,"t":1536036818784{conditions}').conditions == expected


@pytest.mark.parametrize(
    ("members", "bid", "ask"),
    [
        ('"bp":10.5,"bs":3', 10.5, None),
        ('"ap":10.7,"as":4', None, 10.7),
        ('"bp":0,"bs":0,"ap":10.7,"as":4', None, 10.7),
        ('"bp":null,"ap":10.7', None, 10.7),
        ('"bp":10.9,"ap":10.7', 10.9, 10.7),
        ('"bp":10.7,"ap":10.7', 10.7, 10.7),
    ],
)
def test_07_one_sided_locked_and_crossed_quotes(
    client: MassiveClient, members: str, bid: float | None, ask: float | None
) -> None:
    (event,) = client.receive(f'[{{"ev":"Q","sym":"A","c":0,"i":[604],{members}}}]'.encode(), 1.0)
    assert isinstance(event, Quote)
    assert (event.bid, event.ask) == (bid, ask)
    assert client.take_control() == []


def test_08_size_zero_with_and_without_a_fraction(client: MassiveClient) -> None:
    assert trade(client, '"p":1.5,"s":0,"ds":"0.25"').size == 0.25
    assert trade(client, '"p":1.5,"s":0').size == 0.0


@pytest.mark.parametrize(
    ("written", "price"),
    [('"114.1"', 114.1), ("1.5e-7", 1.5e-7), ("114", 114.0), ('"1.5e2"', 150.0), ('" 7.5 "', 7.5)],
)
def test_09_numbers_written_otherwise(client: MassiveClient, written: str, price: float) -> None:
    event = trade(client, f'"p":{written},"s":"100","t":"1536036818784"')
    assert (event.price, event.size, event.stamp) == (price, 100.0, 1536036818784)


@pytest.mark.parametrize(
    "price", ["NaN", "Infinity", "-Infinity", "-1", "null", "0", "-0.0", "1e400", '"NaN"', '"x"', "true", "[1]", "{}"]
)
def test_10_impossible_prices_are_rejected_and_the_rest_kept(client: MassiveClient, price: str) -> None:
    frame = f'[{{"ev":"T","sym":"BAD","p":{price},"s":1}},'.encode() + GOOD + b"]"
    assert prices(client.receive(frame, 1.0)) == [114.125]
    assert invalid(client).count == 1


@pytest.mark.parametrize(
    ("stamp", "event_ns"),
    [
        ("1536036818", 1_536_036_818_000_000_000),
        ("1536036818784", 1_536_036_818_784_000_000),
        ("1536036818784123", 1_536_036_818_784_123_000),
        ("1536036818784123456", 1_536_036_818_784_123_456),
        ("1536036818784.0", 1_536_036_818_784_000_000),
        ("4000000000000", 4_000_000_000_000_000_000),
        ("0", None),
        ("-5", None),
        ("99999999999999999999", None),
        ("null", None),
    ],
)
def test_11_times_of_every_unit(client: MassiveClient, stamp: str, event_ns: int | None) -> None:
    assert trade(client, f'"p":1.5,"s":10,"t":{stamp}').event_ns == event_ns


def test_11_times_going_backwards_across_symbols_keep_their_order(client: MassiveClient) -> None:
    frame = b'[{"ev":"T","sym":"A","p":1,"s":1,"t":1536036818784},{"ev":"T","sym":"B","p":2,"s":1,"t":1536036818000}]'
    assert [event.stamp for event in client.receive(frame, 1.0)] == [1536036818784, 1536036818000]


@pytest.mark.parametrize("element", ['{"ev":"XYZ","p":1}', '{"p":1}', '{"ev":null,"p":1}', "17", '"T"', "null"])
def test_12_unknown_elements_are_counted_with_a_sample(client: MassiveClient, element: str) -> None:
    frame = f"[{element},".encode() + GOOD + b"]"
    assert prices(client.receive(frame, 1.0)) == [114.125]
    assert invalid(client).sample == element


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ('"status":"weird","message":"hello"', "weird: hello"),
        ('"status":"weird"', "weird"),
        ('"status":"weird","message":{"a":1}', 'weird: {"a": 1}'),
        ('"status":7,"message":"hello"', "hello"),
        ('"status":"error","message":"bad request"', "bad request"),
    ],
)
def test_13_unknown_statuses_become_notices(client: MassiveClient, members: str, text: str) -> None:
    assert list(client.receive(f'[{{"ev":"status",{members}}}]'.encode(), 1.0)) == []
    assert client.take_control() == [Notice(text)]


@pytest.mark.parametrize(
    "message",
    [
        "Maximum number of connections exceeded.",
        "Maximum number of websocket connections exceeded. You have reached the connection limit for your account. ",
    ],
)
def test_14_connection_limit_announced_late(client: MassiveClient, message: str) -> None:
    client.subscribe([Topic(Channel.TRADES, "MSFT")], 1.0)
    client.receive(b'[{"ev":"status","status":"success","message":"subscribed to: T.MSFT"}]', 1.0)
    client.take_control()
    client.receive(f'[{{"ev":"status","status":"max_connections","message":"{message}"}}]'.encode(), 2.0)
    assert client.take_control() == [ConnectionLimit(message.strip(), 60.0)]
    assert client.next_deadline() is None


def test_15_a_frame_of_900_kb_with_one_bad_element(client: MassiveClient) -> None:
    filler = ',"padding":"' + "x" * 60 + '"'
    elements = [f'{{"ev":"T","sym":"S{n}","p":{n + 1}.5,"s":1,"q":{n}{filler}}}' for n in range(8_000)]
    elements[4_000] = '{"ev":"T","sym":"BAD","p":"cheap","s":1}'
    frame = f"[{','.join(elements)}]".encode()
    assert len(frame) > 900_000
    events = client.receive(frame, 1.0)
    assert len(events) == 7_999
    assert prices(events)[:2] == [1.5, 2.5]
    assert prices(events)[-1] == 8_000.5
    assert invalid(client).reason == "`p` is not a number"


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (b"[" + GOOD, []),
        (b"[" + GOOD + b"]\r\n", [114.125]),
        (b"\xef\xbb\xbf[" + GOOD + b"]", [114.125]),
        (b'[{"ev":"T","sym":"A\xff","p":1,"s":1},' + GOOD + b"]", [114.125]),
        (b'[{"ev":"T","sym":"\\ud800","p":1,"s":1},' + GOOD + b"]", [114.125]),
        (b"\x00\x01\x02\xfe binary", []),
        (b"", []),
        (b"[" * 100_000, []),
        (b'{"a":' * 100_000, []),
    ],
)
def test_16_damaged_messages(client: MassiveClient, frame: bytes, expected: list[float]) -> None:
    assert prices(client.receive(frame, 1.0)) == expected
    problems = [control for control in client.take_control() if isinstance(control, Invalid)]
    is_sound = frame.endswith(b"]\r\n") or frame.startswith(b"\xef\xbb\xbf")
    assert len(problems) == (0 if is_sound else 1)
    assert all(len(problem.sample) <= 120 for problem in problems)


@pytest.mark.parametrize("symbol", ["BRK.A", "BAC.pL", "I:SPX", "O:SPY241220P00720000", "EUR/USD", "X:BTC-USD"])
def test_17_symbols_with_signs(client: MassiveClient, symbol: str) -> None:
    topic = Topic(Channel.TRADES, symbol)
    client.subscribe([topic], 1.0)
    assert client.data_to_send() == [f'{{"action":"subscribe","params":"T.{symbol}"}}']
    acknowledgement = f'{{"ev":"status","status":"success","message":"subscribed to: T.{symbol}"}}'
    (event,) = client.receive(f'[{{"ev":"T","sym":"{symbol}","p":2.5,"s":1}},{acknowledgement}]'.encode(), 1.0)
    assert event.key == symbol
    assert client.take_control() == [Confirmed(topic)]


BAR = '"ev":"AM","sym":"GTE","v":4110,"av":9470157,"op":0.43,"vw":0.45,"a":0.44,"z":685'


def bars(client: MassiveClient, *windows: str) -> list[VendorBar]:
    frame = ",".join(f"{{{BAR},{window}}}" for window in windows)
    return [event for event in client.receive(f"[{frame}]".encode(), 1.0) if isinstance(event, VendorBar)]


def test_18_bars_out_of_order_and_twice_all_come_out(client: MassiveClient) -> None:
    shape = '"o":2,"h":3,"l":1,"c":2.5'
    starts = (1610144700000, 1610144640000, 1610144640000)
    received = bars(client, *(f'{shape},"s":{start},"e":{start + 60_000}' for start in starts))
    assert [bar.stamp for bar in received] == list(starts)
    assert received[0].ends_ns == 1_610_144_760_000_000_000
    assert (received[0].open, received[0].high, received[0].low, received[0].close) == (2.0, 3.0, 1.0, 2.5)
    assert (received[0].volume, received[0].day_volume, received[0].day_open) == (4110.0, 9470157.0, 0.43)
    assert received[0].interval_s == 60


@pytest.mark.parametrize("shape", ['"o":2,"h":1,"l":3,"c":2', '"o":9,"h":3,"l":1,"c":2', '"o":2,"h":3,"l":1,"c":0.5'])
def test_18_impossible_bars_are_rejected(client: MassiveClient, shape: str) -> None:
    assert bars(client, f'{shape},"s":1610144640000,"e":1610144700000') == []
    assert invalid(client).count == 1


def test_18_an_end_before_the_start_is_unknown(client: MassiveClient) -> None:
    (bar,) = bars(client, '"o":2,"h":3,"l":1,"c":2,"s":1610144640000,"e":1610144640000')
    assert (bar.stamp, bar.ends_ns) == (1610144640000, None)


def test_18_index_bar_has_no_volume_and_a_bar_before_the_open_no_day_open(client: MassiveClient) -> None:
    index = b'{"ev":"A","sym":"I:SPX","op":3985.67,"o":3985.67,"c":3985.67,"h":3985.67,"l":3985.67,"s":1678220675805}'
    early = b'{"ev":"AM","sym":"A","v":5,"op":0,"o":1,"c":1,"h":1,"l":1,"s":1678220675805,"e":1678220735805}'
    first, second = client.receive(b"[" + index + b"," + early + b"]", 1.0)
    assert isinstance(first, SecondBar)
    assert (first.interval_s, first.volume, first.day_volume, first.close) == (1, None, None, 3985.67)
    assert isinstance(second, VendorBar)
    assert (second.day_open, second.volume) == (None, 5.0)


def test_19_t_as_symbol_key(client: MassiveClient) -> None:
    limits = b'{"ev":"LULD","T":"MSFT","h":218.96,"l":198.11,"i":[21],"z":3,"t":1601316752683746,"q":290317}'
    imbalance = b'{"ev":"NOI","T":"NTEST.Q","t":1601318039223013600,"at":930,"a":"M","i":44,"x":10,"o":480,"p":440}'
    (event,) = client.receive(b"[" + limits + b"," + imbalance + b"]", 1.0)
    assert isinstance(event, PriceLimits)
    assert (event.key, event.upper_limit, event.lower_limit, event.indicators) == ("MSFT", 218.96, 198.11, (21,))
    assert event.event_ns == 1_601_316_752_683_746_000
    assert client.take_control() == []


def test_20_trade_id_as_number_and_exchange_as_text(client: MassiveClient) -> None:
    event = trade(client, '"p":1.5,"s":10,"i":14272084,"x":"44"')
    assert (event.trade_id, event.exchange) == ("14272084", 44)
    assert trade(client, '"p":1.5,"s":10,"x":"NASDAQ"').exchange is None


def test_24_large_volumes_and_digits_of_nanoseconds(client: MassiveClient) -> None:
    (bar,) = bars(client, '"o":2,"h":3,"l":1,"c":2,"v":9470157.0,"av":9007199254740993,"s":1610144640000')
    assert (bar.volume, bar.day_volume) == (9470157.0, float(2**53))
    assert trade(client, '"p":1.5,"s":10,"t":1651251948294080343').event_ns == 1_651_251_948_294_080_343
    assert trade(client, '"p":"1.5","s":10,"t":1651251948294080343').event_ns == 1_651_251_948_294_080_343
    assert trade(client, '"p":"1.5","s":10,"t":"1651251948294080343"').event_ns == 1_651_251_948_294_080_343


def test_25_a_burst_loses_nothing(client: MassiveClient) -> None:
    elements = [f'{{"ev":"T","sym":"S{n % 500}","p":{n + 1},"s":1,"q":{n}}}' for n in range(100_000)]
    total = 0.0
    for start in range(0, len(elements), 2_000):
        total += sum(prices(client.receive(f"[{','.join(elements[start : start + 2_000])}]".encode(), 1.0)))
    assert total == 100_000 * 100_001 / 2
    assert client.take_control() == []


def test_a_frame_of_nonsense_gives_few_controls(client: MassiveClient) -> None:
    frame = "[" + ",".join(['{"ev":"XYZ"}', "7", '{"ev":"T","sym":"A","p":-1,"s":1}'] * 2_000) + "]"
    assert list(client.receive(frame.encode(), 1.0)) == []
    counts = {control.reason: control.count for control in client.take_control() if isinstance(control, Invalid)}
    assert counts == {"unknown event": 2_000, "an element is not an object": 2_000, "`p` is negative": 2_000}


def test_samples_hold_no_secret() -> None:
    client = MassiveClient(Secret("pk_canary_8f21"), dialect="native")
    client.connection_made(0.0)
    client.receive(b'[{"ev":"XYZ","echo":"pk_canary_8f21"}]', 0.0)
    controls: list[Control] = client.take_control()
    assert "pk_canary" not in repr(controls)
    assert "***" in repr(controls)
