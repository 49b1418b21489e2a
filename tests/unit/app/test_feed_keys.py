"""Which name a feed has for an instrument."""

from __future__ import annotations

import pytest

from marketwatch.app.feed_keys import FeedKeys, table_rule
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.protocols.massive.keys import feed_key, instrument_of

FEED = FeedId("one")


@pytest.mark.parametrize(
    ("identity", "key"),
    [
        ("XNAS:EQ:AAPL", "AAPL"),
        ("XNYS:EQ:BRK.B", "BRK.B"),
        ("US:EQ:XYZ", "XYZ"),
        ("US:IDX:SPX", "I:SPX"),
        ("NSE:EQ:RELIANCE", None),
        ("COMEX:FUT:GCZ13", None),
        ("XNAS:OPT:AAPL250117C00200000", None),
    ],
)
def test_massive_has_us_shares_and_indices_only(identity: str, key: str | None) -> None:
    assert feed_key(InstrumentId.parse(identity)) == key


@pytest.mark.parametrize("key", ["XYZ", "BRK.B", "I:SPX"])
def test_a_key_that_no_list_knows_finds_its_way_back(key: str) -> None:
    assert feed_key(instrument_of(key)) == key


def test_a_feed_without_a_rule_has_nothing() -> None:
    keys = FeedKeys()
    aapl = InstrumentId.parse("XNAS:EQ:AAPL")
    assert keys.feed_key(FEED, aapl) is None
    keys.set_rule(FEED, table_rule({aapl: "apple"}))
    assert keys.feed_key(FEED, aapl) == "apple"
    assert keys.feed_key(FEED, InstrumentId.parse("XNAS:EQ:MSFT")) is None
    keys.forget(FEED)
    assert keys.feed_key(FEED, aapl) is None
