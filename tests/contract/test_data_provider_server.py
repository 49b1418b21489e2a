"""Server side of the Data Provider Server, and its framing compared with the packets of the well-kept library."""

from __future__ import annotations

import json
import math

import pytest
from data_provider_rig import DAYS, JAN_2_NS
from engineio import packet as engine
from hypothesis import given
from hypothesis import strategies as st
from socketio import packet as socket

from marketwatch.domain.events import BatchBar
from marketwatch.protocols.data_provider.packets import (
    EngineKind,
    SocketKind,
    read_event,
    read_frame,
    read_packet,
    write_frame,
    write_packet,
)
from marketwatch.protocols.data_provider.server import LONGEST_ANSWER, DataProviderServer
from marketwatch.protocols.readings import Unusable
from marketwatch.protocols.serving import CloseConnection

MANY = tuple(BatchBar(JAN_2_NS + place * 60_000_000_000, 1.0, 2.0, 0.5, 1.5, 7.0) for place in range(40_000))
HOLED = (BatchBar(JAN_2_NS, None, math.nan, math.inf, 1.5, None),)
ROWS = {("SPY", "1d"): DAYS, ("SPY", "1m"): DAYS[:1], ("MANY", "1m"): MANY, ("HOLED", "1d"): HOLED, ("NONE", "1d"): ()}


@pytest.fixture
def server() -> DataProviderServer:
    made = DataProviderServer("a-session", lambda ticker, resolution: ROWS.get((ticker, resolution)))
    made.connection_made(0.0)
    return made


def joined(server: DataProviderServer) -> DataProviderServer:
    server.receive("40", 0.0)
    server.data_to_send()
    return server


def asked(server: DataProviderServer, name: str, *payload: object) -> list[object]:
    """Return name and payload of what an event is answered with."""
    server.receive(f"42{json.dumps([name, *payload])}", 1.0)
    return [json.loads(frame[2:]) for frame in server.data_to_send()]


def test_a_session_is_opened_and_the_greeting_waits_for_its_turn(server: DataProviderServer) -> None:
    (opening,) = server.data_to_send()
    assert opening[0] == "0"
    assert json.loads(opening[1:]) == {
        "sid": "a-session", "upgrades": [], "pingTimeout": 20000, "pingInterval": 25000, "maxPayload": 1000000,
    }  # fmt: skip
    assert asked(server, "get_data", {"ticker": "SPY"}) == [], "not before the namespace is joined"
    server.receive("40", 0.0)
    assert server.data_to_send() == [
        '40{"sid":"a-session"}',
        '42["connection_response",{"status":"connected","message":"Connected to Data Provider Server"}]',
    ]


def test_one_ticker_is_answered_with_texts_of_dates(server: DataProviderServer) -> None:
    request = {"ticker": "spy", "resolution": "1d", "period": "1y", "limit": 1, "local_only": True}
    assert asked(joined(server), "get_data", request) == [
        [
            "data_response",
            {
                "ticker": "SPY", "resolution": "1d", "period": "1y", "rows": 1,
                "start_date": "2024-01-03 00:00", "end_date": "2024-01-03 00:00",
                "data": [
                    {"Date": "2024-01-03 00:00", "Open": 470.4, "High": 471.2, "Low": 468.2, "Close": 468.8,
                     "Volume": 1200000.0}
                ],
                "columns": ["Date", "Open", "High", "Low", "Close", "Volume"],
            },
        ]
    ]  # fmt: skip


def test_times_are_of_the_exchange(server: DataProviderServer) -> None:
    ((_, payload),) = asked(joined(server), "get_data", {"ticker": "SPY", "resolution": "1m", "period": "1d"})
    assert payload["data"][0]["Datetime"] == "2024-01-01 19:00", "midnight in London is evening in New York"


def test_a_batch_arrives(server: DataProviderServer) -> None:
    answers = asked(joined(server), "get_batch_data", {"tickers": ["SPY", "zzz"], "resolution": "1d", "period": "1y"})
    assert answers[:2] == [
        ["batch_progress", {"status": "processing", "ticker": "SPY", "progress": "1/2"}],
        ["batch_progress", {"status": "processing", "ticker": "ZZZ", "progress": "2/2"}],
    ]
    name, payload = answers[2]
    assert (name, payload["errors"]) == ("batch_response", {"ZZZ": "No local data available for ZZZ"})
    assert (payload["success_count"], payload["error_count"]) == (1, 1)
    assert [each["Close"] for each in payload["results"]["SPY"]["data"]] == [472.7, 468.8]
    *_, (_, payload) = asked(server, "get_batch_data", {"tickers": ["SPY"]})
    assert payload["errors"] is None


def test_what_is_missing_is_null(server: DataProviderServer) -> None:
    server = joined(server)
    server.receive('42["get_data",{"ticker":"HOLED"}]', 1.0)
    (frame,) = server.data_to_send()
    assert '"Open":null,"High":null,"Low":null,"Close":1.5,"Volume":null' in frame
    ((_, payload),) = asked(server, "get_data", {"ticker": "NONE"})
    assert (payload["rows"], payload["data"], payload["start_date"]) == (0, [], None)


@pytest.mark.parametrize("payload", [(), (None,), ("SPY",), ({},), ({"ticker": ""},), ({"ticker": 7},)], ids=str)
def test_every_request_is_answered(payload: tuple[object, ...], server: DataProviderServer) -> None:
    assert asked(joined(server), "get_data", *payload) == [["data_error", {"error": "Ticker is required"}]]
    assert asked(server, "get_batch_data", *payload) == [["batch_error", {"error": "Tickers list is required"}]]


def test_an_answer_that_would_disconnect_the_client_is_refused(server: DataProviderServer) -> None:
    too_long = "The answer is too long: ask for fewer rows with limit"
    request = {"ticker": "MANY", "resolution": "1m", "period": "max"}
    assert asked(joined(server), "get_data", request) == [["data_error", {"error": too_long, "ticker": "MANY"}]]
    server.receive(f"42{json.dumps(['get_data', {**request, 'limit': 20_000}])}", 1.0)
    (frame,) = server.data_to_send()
    assert 1_000_000 < len(frame) < LONGEST_ANSWER
    *_, last = asked(server, "get_batch_data", {"tickers": ["MANY", "SPY"], "resolution": "1m"})
    assert last == ["batch_error", {"error": too_long}]


def test_acknowledgements_come_after_the_answer_and_other_namespaces_are_refused(server: DataProviderServer) -> None:
    server = joined(server)
    server.receive('421["get_data",{"ticker":"ZZZ"}]', 1.0)
    assert [frame[:3] for frame in server.data_to_send()] == ["42[", "431"]
    server.receive("40/other,", 1.0)
    assert server.data_to_send() == ['44/other,{"message":"Unable to connect"}']


def test_pings_are_sent_and_a_client_that_is_gone_is_let_go(server: DataProviderServer) -> None:
    server.data_to_send()
    assert server.next_deadline() == 25.0
    server.deadline_passed(25.0)
    assert server.data_to_send() == ["2"]
    server.receive("3", 26.0)
    assert server.next_deadline() == 50.0
    server.deadline_passed(50.0)
    assert server.next_deadline() == 70.0
    server.deadline_passed(70.0)
    assert server.take_events() == [CloseConnection(1001, "ping timeout")]
    assert server.next_deadline() is None


@pytest.mark.parametrize("frame", ["41", "1"])
def test_a_client_that_leaves_is_let_go(frame: str, server: DataProviderServer) -> None:
    joined(server).receive(frame, 1.0)
    (event,) = server.take_events()
    assert isinstance(event, CloseConnection)
    assert event.code == 1000


# --- framing, against python-engineio and python-socketio

_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8"), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
_namespaces = st.sampled_from(["/", "/admin", "/a-b"])
_ack_ids = st.none() | st.integers(0, 10**9)


@given(st.text("abc", min_size=1), st.lists(_values, max_size=3), _namespaces, _ack_ids)
def test_what_the_library_writes_is_read(
    name: str, arguments: list[object], namespace: str, ack_id: int | None
) -> None:
    body = socket.Packet(socket.EVENT, data=[name, *arguments], namespace=namespace, id=ack_id).encode()
    frame = read_frame(engine.Packet(engine.MESSAGE, data=body).encode())
    assert frame.kind is EngineKind.MESSAGE
    packet = read_packet(frame.body)
    assert (packet.kind, packet.namespace, packet.ack_id) == (SocketKind.EVENT, namespace, ack_id)
    assert read_event(packet) == (name, arguments)


@given(st.text("abc", min_size=1), st.lists(_values, max_size=3), _namespaces, _ack_ids)
def test_what_is_written_the_library_reads(
    name: str, arguments: list[object], namespace: str, ack_id: int | None
) -> None:
    frame = write_packet(SocketKind.EVENT, [name, *arguments], namespace=namespace, ack_id=ack_id)
    outer = engine.Packet(encoded_packet=frame)
    assert outer.packet_type == engine.MESSAGE
    packet = socket.Packet(encoded_packet=frame[1:])
    assert (packet.packet_type, packet.namespace or "/", packet.id) == (socket.EVENT, namespace, ack_id)
    assert packet.data == [name, *arguments]


@pytest.mark.parametrize("kind", list(EngineKind))
def test_the_types_of_the_engine_are_the_librarys(kind: EngineKind) -> None:
    assert engine.packet_names[int(kind.value)] == kind.name
    assert read_frame(write_frame(kind, "probe").encode()).body == "probe"


@pytest.mark.parametrize("kind", list(SocketKind))
def test_the_types_of_socket_io_are_the_librarys(kind: SocketKind) -> None:
    assert socket.packet_names[int(kind.value)] == kind.name


def test_a_binary_event_says_how_many_parts_follow() -> None:
    first, *parts = socket.Packet(socket.EVENT, data=["blob", b"\x00", {"x": b"\x01"}]).encode()
    packet = read_packet(first)
    assert (packet.kind, packet.attachments) == (SocketKind.BINARY_EVENT, len(parts))


@pytest.mark.parametrize("body", ["", "9", "x", "5", "5-[]", "5x-[]", "2" + "1" * 40 + "[]"])
def test_a_body_that_is_no_packet(body: str) -> None:
    with pytest.raises(Unusable):
        read_packet(body)
