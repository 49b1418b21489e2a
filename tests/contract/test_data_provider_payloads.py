"""Bodies of long polling: as the library of the real server writes and reads them, and what is none."""

from __future__ import annotations

import json

import pytest
from data_provider_rig import GREETED, JOINED, OPENED
from engineio.packet import CLOSE, MESSAGE, PING, PONG, Packet
from engineio.payload import Payload
from hypothesis import given
from hypothesis import strategies as st

from marketwatch.protocols.data_provider.address import normalise_url, polling_url
from marketwatch.protocols.data_provider.messages import Opened, read
from marketwatch.protocols.data_provider.packets import EngineKind, write_frame
from marketwatch.protocols.data_provider.polling import GOODBYE, packets_of, read_opening, session_url
from marketwatch.protocols.readings import Unusable


def test_what_the_library_writes_is_read() -> None:
    rows = json.dumps(["data_response", {"ticker": "SPY", "data": [{"Close": 1.5, "Name": "a\x1eb"}]}])
    packets = [Packet(PING), Packet(MESSAGE, f"2{rows}"), Packet(MESSAGE, b"\x04\x00\x01"), Packet(CLOSE)]
    body = Payload(packets=packets).encode().encode()
    assert packets_of(body) == [b"2", f"42{rows}".encode(), b"bBAAB", b"1"], "a separator in a text is escaped"


@pytest.mark.parametrize("message", [write_frame(EngineKind.PONG, "probe"), "40", '42["get_data",{}]', GOODBYE])
def test_what_is_posted_the_library_reads(message: str) -> None:
    (packet,) = Payload(encoded_payload=message).packets
    assert packet.encode() == message
    assert (packet.packet_type == PONG) is message.startswith("3")


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x1e")).filter(bool), max_size=16))
def test_packets_come_in_order_and_whole(texts: list[str]) -> None:
    body = Payload(packets=[Packet(MESSAGE, text) for text in texts]).encode().encode()
    assert [packet.decode() for packet in packets_of(body)] == [f"4{text}" for text in texts]


@pytest.mark.parametrize(
    ("body", "packets"),
    [
        (b"", []),
        (b"6", [b"6"]),
        (b"6\x1e", [b"6", b""]),
        (b"\x1e\x1e", [b"", b"", b""]),
        (b"\xff\x1e2", [b"\xff", b"2"]),
    ],
)
def test_separators_without_packets(body: bytes, packets: list[bytes]) -> None:
    assert packets_of(body) == packets


def test_a_session_is_opened_by_the_first_packet() -> None:
    opened = read_opening(b"\x1e".join([OPENED, GREETED, JOINED]))
    assert opened == Opened(25.0, 20.0, "Fl0SKp8IVG2hWjRSAAAA")
    assert read(OPENED) == opened
    hasty = read_opening(b'0{"sid":"a-b_c.d~e","pingInterval":-1,"pingTimeout":"soon"}')
    assert hasty == Opened(25.0, 20.0, "a-b_c.d~e")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"6",
        b"2",
        b"0",
        b"0[]",
        b"0{}",
        b'0{"sid":null}',
        b'0{"sid":7}',
        b'0{"sid":""}',
        b'0{"sid":"a&transport=websocket"}',
        b'0{"sid":"a b"}',
        b'0{"sid":"\\u00e9"}',
        b'0{"sid":"' + b"a" * 201 + b'"}',
        b'"Invalid transport"',
        b"<html>",
        b'6\x1e0{"sid":"late"}',
    ],
)
def test_what_opens_no_session(body: bytes) -> None:
    with pytest.raises(Unusable, match="no session was opened"):
        read_opening(body)


@pytest.mark.parametrize(
    ("given_url", "polled"),
    [
        ("http://localhost:5001", "http://localhost:5001/socket.io/?EIO=4&transport=polling"),
        ("https://bars.example/feed/socket.io", "https://bars.example/feed/socket.io/?EIO=4&transport=polling"),
        ("wss://bars.example", "https://bars.example/socket.io/?EIO=4&transport=polling"),
    ],
)
def test_the_addresses_of_polling(given_url: str, polled: str) -> None:
    assert polling_url(normalise_url(given_url)) == polled
    assert session_url(polled, "Fl0SKp8I-_AA") == f"{polled}&sid=Fl0SKp8I-_AA"
