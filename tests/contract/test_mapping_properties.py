"""Properties of mapped streams that hold for any input."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st
from mapping_rig import opened

from marketwatch.domain.events import DayStatistics, PriceValue, Quote, TradeTick
from marketwatch.protocols.mapping.guesses import NAMES, Field, fields_of, guess
from marketwatch.protocols.mapping.mapping import ROLES, Mapping, read_mapping, write_mapping
from marketwatch.protocols.mapping.messages import MessageReader
from marketwatch.protocols.mapping.paths import find, joined, parse_path
from marketwatch.protocols.mapping.records import RecordReader
from marketwatch.protocols.readings import InvalidParts

names = st.sampled_from([*(name for some in NAMES.values() for name in some.split()), "data", "x.y", "type"])
SOME = st.sampled_from(["TCS", "1,5", "7"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | SOME,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=6),
    max_leaves=12,
)
frames = st.one_of(
    st.binary(max_size=200), st.lists(json_values, max_size=4).map(lambda m: "\n".join(map(json.dumps, m)).encode())
)
steps = st.text(min_size=1, max_size=6).filter(lambda name: "\\" not in name and "[]" not in name)
paths = st.lists(steps.filter(lambda name: "." not in name), min_size=1, max_size=3).map(".".join)
mappings = st.builds(
    lambda parts, records: Mapping(**{role: f"{records}{path}" for role, path in parts.items()}),
    st.fixed_dictionaries({"symbol": paths, "price": paths}, optional=dict.fromkeys(["size", "time", "bid"], paths)),
    st.sampled_from(["", "data[].", "a.b[]."]),
)
mapped = Mapping(
    **{role: f"data[].{role}" for role in ("symbol", "price", "size", "time", "bid", "ask", "bid_size", "volume")}
)


@given(st.lists(frames, max_size=6), st.sampled_from([None, mapped, Mapping(symbol="s", price="p", size="q")]))
@settings(max_examples=300)
def test_no_frame_raises_and_every_figure_is_one(data: list[bytes], mapping: Mapping | None) -> None:
    client = opened(mapping, "TCS", "7")
    for frame in data:
        for event in client.receive(frame, 1.0):
            assert event.key
            assert event.stamp is None or event.stamp > 9 * 10**17
            assert isinstance(event, TradeTick | PriceValue | Quote | DayStatistics)
            match event:
                case TradeTick():
                    figures = [event.price, event.size]
                case PriceValue():
                    figures = [event.value]
                case Quote():
                    figures = [one for one in (event.bid, event.ask) if one is not None]
                case _:
                    figures = [1.0]
            assert figures
            assert all(figure > 0 and math.isfinite(figure) for figure in figures)
        client.take_control()


@given(json_values)
def test_what_is_guessed_can_be_read_and_every_path_leads_to_its_value(value: object) -> None:
    for message in MessageReader(InvalidParts()).read(json.dumps(value).encode()):
        found = guess(message)
        if found is not None and "[]" not in "".join(found.mapping.paths.values()):
            assert RecordReader(found.mapping, InvalidParts()).read(message, str)
        assert_paths_lead(message, fields_of(message))


def assert_paths_lead(message: object, fields: Iterable[Field]) -> None:
    for field in fields:
        if field.path and "[]" not in field.path:
            path = parse_path(field.path)
            assert path is not None
            assert find(message, path.steps) is field.value
        assert_paths_lead(message, field.children)


@given(st.lists(steps, min_size=1, max_size=4))
def test_every_name_can_be_part_of_a_path(parts: list[str]) -> None:
    text = ""
    for part in parts:
        text = joined(text, part)
    path = parse_path(text)
    assert path is not None
    assert path.steps == tuple(parts)
    message: object = 7
    for part in reversed(parts):
        message = {part: message}
    assert find(message, path.steps) == 7


@given(mappings)
def test_every_mapping_survives_its_file(mapping: Mapping) -> None:
    assert read_mapping(write_mapping(mapping)) == mapping
    assert set(mapping.paths) <= set(ROLES)
