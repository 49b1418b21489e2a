from __future__ import annotations

import pytest

from marketwatch.client.subscription import Subscription, SubscriptionTable
from marketwatch.domain.events import (
    DayStatistics,
    Depth,
    FairValue,
    MarketEvent,
    PriceValue,
    Quote,
    SecondBar,
    TradeTick,
    VendorBar,
)
from marketwatch.protocols.base import Channel, Topic


class WireTrade(TradeTick, frozen=True, gc=False, kw_only=True):
    tape: int = 0


TRADE = WireTrade(key="AAPL", price=1.0, size=1.0)
QUOTE = Quote(key="AAPL")
DEPTH = Depth(key="AAPL")
MINUTE = VendorBar(key="AAPL", open=1.0, high=1.0, low=1.0, close=1.0)
SECOND = SecondBar(key="AAPL", open=1.0, high=1.0, low=1.0, close=1.0)
DAY = DayStatistics(key="AAPL")
VALUE = PriceValue(key="AAPL", value=1.0)
FAIR = FairValue(key="AAPL", value=1.0)
EVENTS = (TRADE, QUOTE, DEPTH, MINUTE, SECOND, DAY, VALUE, FAIR)


def topics(*texts: str) -> set[Topic]:
    return {Topic(Channel(text.partition(".")[0]), text.partition(".")[2]) for text in texts}


def table_of(**wanted: tuple[str, ...]) -> SubscriptionTable:
    table = SubscriptionTable()
    for identity, texts in wanted.items():
        assert table.add(Subscription(identity, topics(*texts), None)) == []
    return table


def ids(table: SubscriptionTable, event: MarketEvent) -> list[str]:
    return [subscription.id for subscription in table.receivers(event)]


@pytest.mark.parametrize(
    ("channel", "taken"),
    [
        ("T", {TRADE, VALUE, DAY}),
        ("Q", {QUOTE, DEPTH, DAY}),
        ("AM", {MINUTE, DAY}),
        ("A", {SECOND, DAY}),
        ("V", {VALUE, DAY}),
        ("FMV", {FAIR, DAY}),
        ("LTP", set(EVENTS)),
        ("DEPTH", set(EVENTS)),
    ],
)
def test_a_channel_gets_its_own_kind_of_event(channel: str, taken: set[MarketEvent]) -> None:
    table = table_of(one=(f"{channel}.AAPL",))
    assert {event for event in EVENTS if ids(table, event)} == taken


def test_symbols_do_not_mix_and_a_star_takes_all() -> None:
    table = table_of(apple=("T.AAPL",), other=("T.MSFT",), all=("T.*",))
    assert ids(table, TRADE) == ["apple", "all"]
    assert ids(table, TradeTick(key="XYZ", price=1.0, size=1.0)) == ["all"]


def test_topics_come_once_per_subscription() -> None:
    table = table_of(one=("T.AAPL", "Q.AAPL"), two=("T.AAPL",))
    assert [str(topic) for topic in table.topics()] == ["Q.AAPL", "T.AAPL", "T.AAPL"]
    assert table.channels_by_symbol() == {"AAPL": ["Q", "T"]}


@pytest.mark.parametrize(
    ("identity", "keys", "channels", "removed", "left"),
    [
        ("one", None, None, ["Q.AAPL", "T.AAPL", "T.MSFT"], ["two"]),
        (None, frozenset({"AAPL"}), None, ["Q.AAPL", "T.AAPL", "T.AAPL"], ["one"]),
        (None, None, frozenset({Channel.QUOTES}), ["Q.AAPL"], ["one", "two"]),
        ("two", frozenset({"MSFT"}), None, [], ["one", "two"]),
        ("one", frozenset({"AAPL"}), frozenset({Channel.TRADES}), ["T.AAPL"], ["one", "two"]),
        (None, None, None, ["Q.AAPL", "T.AAPL", "T.AAPL", "T.MSFT"], []),
        ("nobody", None, None, [], ["one", "two"]),
    ],
)
def test_unsubscribing_by_id_symbol_and_channel(
    identity: str | None,
    keys: frozenset[str] | None,
    channels: frozenset[Channel] | None,
    removed: list[str],
    left: list[str],
) -> None:
    table = table_of(one=("T.AAPL", "Q.AAPL", "T.MSFT"), two=("T.AAPL",))
    assert ids(table, TRADE) == ["one", "two"]
    assert sorted(str(topic) for topic in table.remove(identity, keys, channels)) == removed
    assert [subscription.id for subscription in table] == left
    taking = [one.id for one in table if any(str(topic) == "T.AAPL" for topic in one.topics)]
    assert ids(table, TRADE) == taking


def test_an_id_in_use_is_replaced_and_new_ids_avoid_it() -> None:
    table = table_of(**{"sub-1": ("T.AAPL",)})
    assert table.new_id() == "sub-2"
    assert table.add(Subscription("sub-1", topics("Q.AAPL"), None)) == list(topics("T.AAPL"))
    assert ids(table, TRADE) == []
    assert ids(table, QUOTE) == ["sub-1"]
