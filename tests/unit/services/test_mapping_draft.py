"""A mapping while it is made: fields, suggestions, choices, and the rows with their errors in words."""

from __future__ import annotations

import pytest

from marketwatch.protocols.mapping.mapping import Mapping
from marketwatch.services.mapping_draft import MappingDraft, PreviewRow, number_words, time_words

SAMPLE = '{"type":"trade","data":[{"s":"AAPL","p":190.55,"v":100,"t":1751050800123},{"s":"MSFT","p":"n/a"}]}'


def drafted(text: str = SAMPLE, mapping: Mapping | None = None) -> MappingDraft:
    draft = MappingDraft(mapping)
    draft.take_sample(text)
    return draft


def test_a_sample_is_guessed_until_something_is_chosen() -> None:
    draft = drafted()
    lines = [(line.depth, line.name, line.value, line.role) for line in draft.lines()]
    assert lines == [
        (0, "type", "trade", ""),
        (0, "data[]", "", ""),
        (1, "s", "AAPL", "symbol"),
        (1, "p", "190.55", "price"),
        (1, "v", "100", "size"),
        (1, "t", "1751050800123", "time"),
    ]
    assert draft.mapping() == Mapping(symbol="data[].s", price="data[].p", size="data[].v", time="data[].t")
    draft.take_sample('{"sym":"X","price":2,"last":3}')
    assert draft.roles == {"symbol": "sym", "price": "price"}
    assert draft.note == "Guessed; the price could also be last."
    draft.choose("last", "price")
    draft.take_sample(SAMPLE)
    assert draft.roles == {"symbol": "sym", "price": "last"}
    assert [(line.path, line.value) for line in draft.lines()[-2:]] == [
        ("sym", "not in this message"),
        ("last", "not in this message"),
    ]


def test_every_role_has_one_field_and_every_field_one_role() -> None:
    draft = drafted()
    draft.choose("data[].v", "price")
    assert draft.roles == {"symbol": "data[].s", "time": "data[].t", "price": "data[].v"}
    draft.choose("data[].v", "")
    assert draft.role_of("data[].v") == ""
    assert draft.problem == "It does not say which field is the price, nor bid or ask."
    assert draft.preview() == []


def test_a_field_that_is_the_type_takes_the_type_of_the_sample() -> None:
    draft = drafted()
    draft.choose("type", "type")
    assert draft.option("types") == ("trade",)
    assert (draft.mapping().type, draft.mapping().types) == ("type", ("trade",))
    draft.choose("type", "")
    assert (draft.option("types"), draft.problem) == ((), "")


def test_the_rows_of_a_sample_with_what_could_not_be_used() -> None:
    draft = drafted()
    assert draft.preview() == [
        PreviewRow(symbol="AAPL", price="190.55", size="100", time="2025-06-27 19:00:00.123 UTC"),
        PreviewRow(problem="The price at “data[].p” is not a number."),
    ]
    assert [row.problem for row in draft.preview([b"", b"<html>", b'{"data":[{"z":1},{"z":2}]}'])] == [
        "The message is empty.",
        "The message is a web page.",
        "None of the mapped fields is in the message (2 times).",
    ]


def test_price_bid_ask_and_volume_of_a_record_stand_in_one_row() -> None:
    draft = drafted('{"s":"A","last_price":2.5,"bid":2.4,"ask":2.6,"bid_size":7,"volume":12345678,"ts":1751050800}')
    row = PreviewRow(
        symbol="A",
        price="2.5",
        bid="2.4 × 7",
        ask="2.6",
        volume="12,345,678",
        time="2025-06-27 19:00:00.000 UTC",
    )
    assert draft.preview() == [row]
    assert draft.preview([draft.sample.encode()] * 2) == [row, row]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("", ""),
        ("  ", ""),
        ("<html>", "The message is a web page."),
        ("{", "The message is not JSON."),
        ("7", "The message is neither an object nor a list with something in it."),
        ('{"a":1,"a":2}', "A field is there twice: the last one was taken."),
    ],
)
def test_a_sample_that_is_none_says_why(text: str, note: str) -> None:
    draft = drafted(text)
    assert draft.note == note
    assert draft.problem == "It does not say which field is the symbol."


def test_a_saved_mapping_is_changed_not_guessed_anew() -> None:
    mapping = Mapping(name="Desk", symbol="sym", price="p", time="t", time_unit="ms", subscribe="{symbol}")
    draft = drafted('{"sym":"A","p":2,"price":3}', mapping)
    assert draft.mapping() == mapping
    draft.choose("price", "price")
    draft.set_option("time_unit", "auto")
    draft.set_option("name", "Desk 2")
    assert draft.mapping() == Mapping(name="Desk 2", symbol="sym", price="price", time="t", subscribe="{symbol}")
    draft.set_option("price_divisor", float("nan"))
    assert draft.problem == "Price_divisor is not a number above zero."


def test_long_values_are_cut_and_odd_ones_are_said() -> None:
    draft = drafted(f'{{"a":"{"x" * 100}","b":null,"c":[],"d":{{}},"e":true}}')
    assert [line.value for line in draft.lines()] == ["x" * 60 + "…", "null", "nothing in it", "nothing in it", "true"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, ""),
        (1e-05, "0.00001"),
        (1234567.5, "1,234,567.5"),
        (100.0, "100"),
        (1e22, "10,000,000,000,000,000,000,000"),
    ],
)
def test_figures_are_written_with_all_their_digits(value: float | None, words: str) -> None:
    assert number_words(value) == words


def test_times_are_written_in_utc() -> None:
    assert time_words(1_751_050_800_123_999_999) == "2025-06-27 19:00:00.123 UTC"
