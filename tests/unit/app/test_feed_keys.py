"""Which name a feed has for an instrument."""

from __future__ import annotations

import datetime as dt

import pytest

from marketwatch.app.feed_keys import FeedKeys, listed_rule, table_rule
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.feeds.catalog import CATALOG, FeedKind
from marketwatch.instruments.catalogue import MasterCatalogue
from marketwatch.instruments.masters.kite import load_kite
from marketwatch.instruments.masters.listing import Listing
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


HEADER = (
    "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,"
    "instrument_type,segment,exchange"
)
ROWS = (
    "738561,2885,RELIANCE,RELIANCE INDUSTRIES,0,,,0.05,1,EQ,NSE,NSE",
    "738564,2885,NAMESAKE,ANOTHER COMPANY,0,,,0.05,1,EQ,BSE,BSE",
    "738562,2885,NIFTY26DECFUT,NIFTY,0,2026-12-31,,0.05,75,FUT,NFO-FUT,NFO",
    "738567,2885,GOLD26DECFUT,GOLD,0,2026-12-31,,1,1,FUT,MCX-FUT,MCX",
    "5720322,22345,NIFTY15DECFUT,NIFTY,0,2015-12-31,,0.05,75,FUT,NFO-FUT,NFO",
    "257801,1007,NIFTY MIDCAP 50,NIFTY MIDCAP 50,0,,,0,0,EQ,INDICES,NSE",
)
KITE = CATALOG[FeedKind.KITE]


class Lists:
    """The loaded lists, which may be others later."""

    def __init__(self, *masters: list[Listing]) -> None:
        self.masters = MasterCatalogue.build(masters, today=dt.date(2026, 11, 20))


def kite_list(*rows: str) -> list[Listing]:
    return load_kite(["\n".join((HEADER, *rows)).encode()]).listings


@pytest.mark.parametrize(
    ("identity", "key"),
    [
        ("NSE:EQ:RELIANCE", "738561"),
        ("BSE:EQ:NAMESAKE", "738564"),
        ("NFO:FUT:NIFTY26DECFUT", "738562"),
        ("MCX:FUT:GOLD26DECFUT", "738567"),
        ("NSE:IDX:NIFTY MIDCAP 50", "257801"),
        ("NFO:FUT:NIFTY15DECFUT", None),  # ended: its number may stand for another contract today
        ("NSE:EQ:SBIN", "779521"),  # not listed here, but well known
        ("NSE:EQ:NOBODY", None),
        ("XNAS:EQ:AAPL", None),
    ],
)
def test_kite_takes_its_tokens_from_its_own_list(identity: str, key: str | None) -> None:
    rule = listed_rule(Lists(kite_list(*ROWS)), KITE)
    assert rule(InstrumentId.parse(identity)) == key


def test_one_number_of_four_segments_is_four_instruments_both_ways() -> None:
    lists = Lists(kite_list(*ROWS))
    rule = listed_rule(lists, KITE)
    same = [one for one in lists.masters.instruments() if lists.masters.listings(one.id)[0].token == "2885"]
    assert len(same) == 4
    keys = {one.id: rule(one.id) for one in same}
    assert len(set(keys.values())) == 4
    for identity, key in keys.items():
        assert key is not None
        found = lists.masters.by_feed_token("kite", key)
        assert found is not None
        assert found.id == identity


def test_a_token_given_twice_is_nobodys() -> None:
    lists = Lists([*kite_list(ROWS[0]), *kite_list(ROWS[0].replace("RELIANCE,", "RELIANCE2,"))])
    assert listed_rule(lists, KITE)(InstrumentId.parse("NSE:EQ:RELIANCE2")) is None


def test_without_its_own_list_a_token_is_made_of_the_exchanges() -> None:
    wipro = InstrumentId.parse("NSE:EQ:WIPRO")
    angel = [
        Listing(instrument=Instrument(id=wipro), source="angel-one", token="3787"),
        Listing(instrument=Instrument(id=InstrumentId.parse("NSE:IDX:NIFTY IT")), source="angel-one", token="99926008"),
    ]
    rule = listed_rule(Lists(angel), KITE)
    assert rule(wipro) == str(3787 << 8 | 1) == "969473"
    assert rule(InstrumentId.parse("NSE:IDX:NIFTY IT")) is None
    other = [Listing(instrument=Instrument(id=wipro), source="own:mine", token="1")]
    assert listed_rule(Lists(angel, other), KITE)(wipro) is None


def test_the_rule_follows_the_lists() -> None:
    lists = Lists()
    rule, gold = listed_rule(lists, KITE), InstrumentId.parse("MCX:FUT:GOLD26DECFUT")
    assert rule(gold) is None
    lists.masters = Lists(kite_list(*ROWS)).masters
    assert rule(gold) == "738567"
    lists.masters = Lists(kite_list(ROWS[3].replace("738567,2885", "768007,3000"))).masters
    assert rule(gold) == "768007"


def test_a_feed_without_a_rule_has_nothing() -> None:
    keys = FeedKeys()
    aapl = InstrumentId.parse("XNAS:EQ:AAPL")
    assert keys.feed_key(FEED, aapl) is None
    keys.set_rule(FEED, table_rule({aapl: "apple"}))
    assert keys.feed_key(FEED, aapl) == "apple"
    assert keys.feed_key(FEED, InstrumentId.parse("XNAS:EQ:MSFT")) is None
    keys.forget(FEED)
    assert keys.feed_key(FEED, aapl) is None
