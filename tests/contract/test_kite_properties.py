"""Properties of Kite's ticker that hold for any input."""

from __future__ import annotations

import json

import any_events
from hypothesis import given
from hypothesis import strategies as st

from marketwatch.domain.events import DayStatistics, Depth, MarketEvent, MarketStatistics, TradeTick
from marketwatch.errors import FeedError
from marketwatch.protocols.base import Channel, Topic
from marketwatch.protocols.kite.book import KiteBook
from marketwatch.protocols.kite.client import KiteClient
from marketwatch.protocols.kite.login import expiry_ns, parse_session
from marketwatch.protocols.kite.packets import (
    FullPacket,
    IndexPacket,
    LtpPacket,
    Packet,
    QuotePacket,
    encode,
    frame,
    split,
)
from marketwatch.protocols.kite.requests import Mode, read_server_text, write_requests
from marketwatch.protocols.kite.rest import error_of
from marketwatch.protocols.kite.server import KiteServer, check_upgrade
from marketwatch.protocols.percent import decode, read_query, write_query

signed = st.integers(-(2**31), 2**31 - 1)
unsigned = st.integers(0, 2**32 - 1)
day = [unsigned, signed, unsigned, signed, unsigned, unsigned, unsigned, signed, signed, signed, signed]
books = st.tuples(*([unsigned, signed, st.integers(0, 65_535)] * 10))
packets = st.one_of(
    st.builds(LtpPacket, unsigned, signed),
    st.builds(IndexPacket, unsigned, *[signed] * 6, st.one_of(st.none(), unsigned)),
    st.builds(QuotePacket, *day),
    st.builds(FullPacket, *day, unsigned, unsigned, unsigned, unsigned, unsigned, books),
)
json_values = any_events.json_values()
texts = st.dictionaries(
    st.sampled_from(["type", "data", "a", "v", "status", "message", "error_type", "id"]),
    st.one_of(json_values, st.sampled_from(["error", "order", "message", "subscribe", "mode", "full"])),
    max_size=5,
).map(json.dumps)
framed = st.builds(
    lambda count, parts, rest: (
        count.to_bytes(2, "big") + b"".join(len(part).to_bytes(2, "big") + part for part in parts) + rest
    ),
    st.integers(0, 6),
    st.lists(st.one_of(st.binary(max_size=50), packets.map(encode)), max_size=5),
    st.binary(max_size=9),
)


@given(st.lists(packets, max_size=6))
def test_what_is_written_is_read_back(several: list[Packet]) -> None:
    assert split(frame(encode(packet) for packet in several)) == (several, [])


@given(st.lists(st.one_of(framed, st.binary(max_size=400), texts.map(str.encode)), max_size=6))
def test_no_bytes_make_the_client_raise_or_give_impossible_values(messages: list[bytes]) -> None:
    client = KiteClient()
    client.subscribe([Topic(Channel.QUOTES, "1"), Topic(Channel.TRADES, "408065")], 0.0)
    client.connection_made(0.0)
    for message in messages:
        for event in client.receive(message, 0.0):
            assert event.key.isdigit()
            if isinstance(event, TradeTick):
                assert event.price
                assert event.size >= 0
            if isinstance(event, DayStatistics):
                assert event.day_volume is None or event.day_volume >= 0
                assert event.last_price != 0
            if isinstance(event, Depth):
                assert all(level.size > 0 and level.price for level in (*event.bids, *event.asks))
        read_server_text(message)
    client.take_control()
    client.deadline_passed(100.0)


@given(st.lists(st.one_of(texts, st.binary(max_size=60), st.text(max_size=60)), max_size=6))
def test_no_message_makes_the_server_raise(messages: list[bytes | str]) -> None:
    server = KiteServer(KiteBook())
    server.connection_made(0.0)
    for message in messages:
        server.receive(message)
        for answer in server.data_to_send():
            assert isinstance(answer, str)
            assert json.loads(answer)["type"] == "error"


@given(st.lists(st.integers(1, 2**32 - 1), unique=True, max_size=450), st.sampled_from(list(Mode)))
def test_requests_arrive_as_they_were_meant(tokens: list[int], mode: Mode) -> None:
    server = KiteServer(KiteBook())
    for text in [*write_requests("subscribe", tokens), *write_requests("mode", tokens, mode)]:
        server.receive(text)
    assert server.modes == dict.fromkeys(tokens, mode)
    for text in write_requests("unsubscribe", tokens):
        server.receive(text)
    assert server.modes == {}


ticks = st.tuples(st.integers(1, 10_000_000), st.integers(0, 1_000_000), st.integers(0, 3))


@given(st.sampled_from([408065, 315907, (9 << 8) | 6, 256265]), st.lists(ticks, min_size=1, max_size=12))
def test_volume_and_price_survive_book_and_ticker(token: int, steps: list[tuple[int, int, int]]) -> None:
    """Whatever trades happen between two packets, the client's trades add up to the book's volume."""
    book, client, stamp = KiteBook(), KiteClient(), 1_751_255_100
    key, divisor = str(token), 10_000_000.0 if token & 0xFF == 3 else 10_000.0 if token & 0xFF == 6 else 100.0
    received: list[MarketEvent] = []
    total = 0
    for price, size, pause in steps:
        stamp += pause
        book.take(TradeTick(key=key, stamp=stamp, price=price / divisor, size=float(size)))
        total += size
        packet = book.packet(token, Mode.FULL)
        assert packet is not None
        received += client.receive(frame([packet]), 0.0)
    assert client.take_control() == []
    if token & 0xFF == 9:
        return
    sizes = [event.size for event in received if isinstance(event, TradeTick)]
    assert sum(sizes) == total - steps[0][1]
    last = [event for event in received if isinstance(event, MarketStatistics)][-1]
    assert (last.last_price, last.day_volume) == (steps[-1][0] / divisor, total)


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=4))
def test_queries_are_read_back(values: dict[str, str]) -> None:
    assert read_query(write_query(values)) == values
    assert check_upgrade(write_query(values), lambda *_: True) is None or not (
        values.get("api_key") and values.get("access_token")
    )


@given(st.text(max_size=30))
def test_decoding_never_raises(text: str) -> None:
    assert isinstance(decode(text), str)


@given(st.integers(100, 599), st.one_of(st.binary(max_size=60), texts.map(str.encode)))
def test_no_answer_makes_the_reading_raise_anything_else(http_status: int, body: bytes) -> None:
    assert isinstance(error_of(http_status, body), FeedError)
    try:
        session = parse_session(http_status, body, "key", 0)
    except FeedError:
        return
    assert session.access_token


@given(st.integers(0, 4_000_000_000))
def test_a_token_lives_for_at_most_a_day(login_s: int) -> None:
    lived = expiry_ns(login_s * 10**9) - login_s * 10**9
    assert 0 < lived <= 86_400 * 10**9
