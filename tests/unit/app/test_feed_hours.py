"""Silence is a fault while a market is open in which a feed serves something."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from marketwatch.app.core import Core, Runtime
from marketwatch.app.feed_hours import FeedHours
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.domain.venues import INDIA

KITE, OTHER = FeedId("kite"), FeedId("other")
SBIN, GOLD, AAPL = (InstrumentId.parse(text) for text in ("NSE:EQ:SBIN", "MCX:FUT:GOLD", "XNAS:EQ:AAPL"))


def ns(text: str) -> int:
    return int(dt.datetime.fromisoformat(f"{text}+05:30").timestamp()) * 10**9


NOON, EVENING, NIGHT = ns("2025-06-27T12:00"), ns("2025-06-27T20:00"), ns("2025-06-28T03:00")


@pytest_asyncio.fixture
async def core() -> AsyncIterator[Core]:
    made = Core(Runtime())
    yield made
    await made.stop()
    assert await made.runtime.stop() == []


@pytest.mark.parametrize(
    ("served", "expected"),
    [
        ((), (True, False, False)),
        ((SBIN,), (True, False, False)),
        ((GOLD,), (True, True, False)),
        ((SBIN, GOLD), (True, True, False)),
        ((AAPL,), (True, False, False)),  # of elsewhere: the feed's own market counts
    ],
)
def test_the_hours_are_those_of_what_is_served(
    core: Core, served: tuple[InstrumentId, ...], expected: tuple[bool, bool, bool]
) -> None:
    hours = FeedHours(core, KITE, INDIA)
    hours.open()
    for one in served:
        for tell in core.assigned:
            tell(one, KITE, "1")
    assert tuple(hours.is_open(moment) for moment in (NOON, EVENING, NIGHT)) == expected
    hours.close()
    assert core.assigned == []


def test_what_goes_to_another_feed_counts_no_more(core: Core) -> None:
    hours = FeedHours(core, KITE, INDIA)
    hours.open()
    for instrument_id, feed_id in ((SBIN, KITE), (GOLD, KITE), (GOLD, KITE)):
        core.assigned[0](instrument_id, feed_id, "1")
    assert hours.is_open(EVENING) is True
    core.assigned[0](GOLD, OTHER, "1")
    assert hours.is_open(EVENING) is False
    core.assigned[0](SBIN, None, "")
    assert hours.is_open(NOON) is True
    hours.close()


def test_a_connection_is_judged_by_what_it_carries(core: Core) -> None:
    hours = FeedHours(core, KITE, INDIA)
    hours.open()
    core.assigned[0](SBIN, KITE, "1")
    core.assigned[0](GOLD, KITE, "2")
    assert [hours.is_open(moment, {"1"}) for moment in (NOON, EVENING, NIGHT)] == [True, False, False]
    assert [hours.is_open(moment, {"2"}) for moment in (NOON, EVENING, NIGHT)] == [True, True, False]
    assert [hours.is_open(EVENING, keys) for keys in ({"1", "2"}, {"3"}, set())] == [True, False, False]
    core.assigned[0](GOLD, OTHER, "2")
    assert hours.is_open(EVENING, {"2"}) is False
    hours.close()


def test_where_a_calendar_ends_nothing_is_claimed(core: Core) -> None:
    core.calendars.by_rules(INDIA).set_exceptions({}, dt.date(2025, 1, 1))
    hours = FeedHours(core, KITE, INDIA)
    hours.open()
    assert (hours.is_open(NOON), hours.is_open(NIGHT)) == (None, False)
    core.assigned[0](GOLD, KITE, "1")
    core.assigned[0](SBIN, KITE, "2")
    assert (hours.is_open(NOON), hours.is_open(EVENING)) == (True, True)
    hours.close()
