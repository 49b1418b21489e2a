"""Properties of the Massive protocol that hold for any input."""

from __future__ import annotations

import json

import any_events
from any_events import MILLIS, check_possible
from hypothesis import given, settings
from hypothesis import strategies as st

from marketwatch.domain.events import MarketEvent
from marketwatch.protocols.massive.client import MassiveClient
from marketwatch.protocols.massive.encoding import encode_event, frames
from marketwatch.protocols.massive.lenient import Unusable, interpret
from marketwatch.protocols.massive.messages import ELEMENT_DECODER
from marketwatch.protocols.massive.rest import error_of
from marketwatch.protocols.massive.server import MassiveServer

keys = st.from_regex(r"[A-Z]{1,5}([.:/][A-Za-z]{1,3})?", fullmatch=True)
millis = st.one_of(st.none(), MILLIS)
numbers = st.one_of(st.none(), st.integers(0, 2**53))
trades = any_events.trades(keys, stamp=millis, sequence=numbers)
quotes = any_events.quotes(keys, stamp=millis, sequence=numbers)
bars = any_events.bars(keys, "day_volume")
json_values = any_events.json_values()
fields = st.sampled_from([*"Tcpsxiqtzohlvea", "sym", "bp", "bs", "ap", "as", "ds", "op", "vw", "av", "fmv", "val"])
elements = st.fixed_dictionaries(
    {"ev": st.sampled_from(["T", "Q", "A", "AM", "LULD", "FMV", "V", "status", "NOI", "XYZ"])},
    optional={"status": json_values, "message": json_values, "ticker": json_values, "price": json_values},
).flatmap(lambda base: st.dictionaries(fields, json_values, max_size=8).map(lambda extra: {**extra, **base}))


@given(st.one_of(st.binary(max_size=200), st.lists(elements, max_size=4).map(lambda e: json.dumps(e).encode())))
@settings(max_examples=400, deadline=None)
def test_no_bytes_make_the_client_raise_or_give_impossible_values(data: bytes) -> None:
    client = MassiveClient()
    client.connection_made(0.0)
    for event in client.receive(data, 0.0):
        check_possible(event)
    client.take_control()
    client.data_to_send()


@given(st.one_of(st.binary(max_size=200), st.text(max_size=100), json_values.map(json.dumps)))
@settings(max_examples=200, deadline=None)
def test_no_bytes_make_the_server_raise(data: bytes | str) -> None:
    server = MassiveServer(lambda key: key is None)
    server.connection_made()
    server.receive(data)
    for frame in server.data_to_send():
        assert json.loads(frame)


@given(st.integers(100, 599), st.binary(max_size=60))
@settings(max_examples=100, deadline=None)
def test_no_answer_makes_the_error_reading_raise(http_status: int, body: bytes) -> None:
    error = error_of(http_status, body)
    assert error is not None or 200 <= http_status < 300


@given(st.lists(st.one_of(trades, quotes, bars), max_size=20, unique_by=lambda e: (type(e), e.key, e.stamp)))
@settings(max_examples=200, deadline=None)
def test_what_is_written_is_read_back(events: list[MarketEvent]) -> None:
    written = [data for event in events if (data := encode_event(event)) is not None]
    client = MassiveClient(dialect="native")
    received = [event for frame in frames(written, limit=500) for event in client.receive(frame, 0.0)]
    assert client.take_control() == []
    assert len(received) == len(events)
    for sent, came in zip(events, received, strict=True):
        assert isinstance(came, type(sent))
        assert {name: getattr(came, name) for name in sent.__struct_fields__} == {
            name: getattr(sent, name) for name in sent.__struct_fields__
        }


@given(st.one_of(trades, quotes, bars))
@settings(max_examples=200, deadline=None)
def test_the_lenient_way_reads_what_the_strict_way_reads(event: MarketEvent) -> None:
    data = encode_event(event)
    assert data is not None
    try:
        strict = ELEMENT_DECODER.decode(data)
    except ValueError:
        return  # fractions of one share take the lenient way only
    assert interpret(json.loads(data)) == strict


@given(elements)
@settings(max_examples=200, deadline=None)
def test_a_refusal_quotes_nothing(element: dict[str, object]) -> None:
    marked = {name: "canary" if isinstance(value, str) and name != "ev" else value for name, value in element.items()}
    reason = ""
    try:
        interpret(marked)
    except Unusable as refusal:
        reason = str(refusal)
    assert "canary" not in reason
