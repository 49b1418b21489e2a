"""What the user decided about a feed."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from marketwatch.domain.feed_config import (
    BarOptions,
    FeedConfig,
    ReconnectPolicy,
    free_name,
    needs_new_connection,
    new_feed_id,
    read_count,
    read_day,
)
from marketwatch.domain.ids import FeedId
from marketwatch.errors import ConfigurationError

CONFIG = FeedConfig(id=FeedId("massive"), kind="massive", name="Massive", variant="delayed", channels=("T", "Q"))


def test_ids_and_names_are_free_ones() -> None:
    assert new_feed_id("kite", [FeedId("massive")]) == "kite"
    assert new_feed_id("kite", [FeedId("kite"), FeedId("kite-2"), FeedId("kite-4")]) == "kite-3"
    assert free_name("Massive", []) == "Massive"
    assert free_name("Massive", ["massive", "Massive 2"]) == "Massive 3"


def test_a_name_is_one_line() -> None:
    assert CONFIG.renamed("  My \n feed ").name == "My feed"
    for bad in ("", "  ", "\x07", "n" * 61):
        with pytest.raises(ConfigurationError):
            CONFIG.renamed(bad)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"name": "Other"}, False),
        ({}, False),
        ({"variant": "realtime"}, True),
        ({"bars": BarOptions(local_only=False)}, True),
        ({"bars": BarOptions(last=dt.date(2025, 6, 30))}, True),
        ({"enabled": False}, True),
        ({"channels": ("T",)}, False),
        ({"own_address": "ws://127.0.0.1:9000"}, True),
        ({"dialect": "simple"}, True),
        ({"reconnect": ReconnectPolicy.FIVE_ATTEMPTS}, False),
        ({"silence_s": 90}, False),
        ({"sessions": ("regular",)}, False),
    ],
)
def test_only_another_server_or_another_way_of_asking_needs_a_new_connection(
    change: dict[str, object], expected: bool
) -> None:
    after = msgspec.structs.replace(CONFIG, **change)
    assert needs_new_connection(CONFIG, after) is expected


def test_an_own_address_is_a_variant() -> None:
    assert not CONFIG.has_own_address
    assert msgspec.structs.replace(CONFIG, variant="own").has_own_address


@pytest.mark.parametrize(("text", "number"), [("1", 1), (" 60 ", 60), ("1,440", 1_440), ("007", 7)])
def test_a_number_is_read_as_people_write_it(text: str, number: int) -> None:
    assert read_count("Minute rows", text, 1_440) == number


@pytest.mark.parametrize("text", ["0", "1441", "-5", "1.5", "ten", "\u0663", "9" * 5_000])
def test_a_number_that_cannot_be_used_is_said_with_its_range(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_count("Minute rows", text, 1_440)
    assert (caught.value.thing, caught.value.cause) == ("Minute rows", "it is not a whole number from 1 to 1,440")


def test_no_number_is_said_to_be_none() -> None:
    with pytest.raises(ConfigurationError, match="it is empty"):
        read_count("Minute rows", "  ", 1_440)


@pytest.mark.parametrize(
    ("text", "day"),
    [("2025-06-30", dt.date(2025, 6, 30)), (" 2024-02-29 ", dt.date(2024, 2, 29)), ("", None), ("   ", None)],
)
def test_a_day_is_read_and_nothing_is_none(text: str, day: dt.date | None) -> None:
    assert read_day("To", text) == day


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("2025-02-29", "“2025-02-29” is no day"),
        ("30.6.2025", "“30.6.2025” is no day"),
        ("20250630", "“20250630” is no day"),
        ("today", "“today” is no day"),
        ("0001-01-01", "the year 1 is out of range"),
        ("9999-12-31", "the year 9999 is out of range"),
    ],
)
def test_a_day_that_cannot_be_used_is_said(text: str, cause: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_day("To", text)
    assert (caught.value.thing, caught.value.cause) == ("To", cause)
    assert caught.value.next_step == "Write it like 2025-06-30"
