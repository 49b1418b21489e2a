"""What the card of a looked-up instrument says of key, feeds, hours and lists."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest
from fake_time import FakeTime
from hub_rig import StandingClock, new_york

from marketwatch.app.core import Core
from marketwatch.app.lookup_facts import hit_facts
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.venues import Calendars
from marketwatch.instruments.lookup import LookupHit
from marketwatch.instruments.masters.listing import Listing
from marketwatch.instruments.matching import MatchKind, SearchHit
from marketwatch.qt.models.master_views import HitFacts
from marketwatch.services.feed_route import FeedFacts, FeedNature

ODIN, MASSIVE, KITE, BARS = map(FeedId, ("odin", "massive", "kite", "data-provider"))
LABELS = {ODIN: "Odin Streamer", MASSIVE: "Massive", KITE: "My Kite", BARS: "Data Provider"}


def core_with(**keys: str) -> Core:
    """Return a core whose feeds have the instrument under these keys, in this order."""
    named = {FeedId(feed.replace("_", "-")): key for feed, key in keys.items()}
    clock = StandingClock(new_york("12:00"))

    def facts(feed: FeedId) -> FeedFacts:
        delay_s = 900.0 if feed == MASSIVE else 0.0
        return FeedFacts(
            id=feed, label=LABELS[feed], nature=FeedNature.LIVE, market_clock=clock, delay_s=delay_s,
            sends_bars=feed == BARS,
        )  # fmt: skip

    core = SimpleNamespace(
        feeds=SimpleNamespace(candidates=lambda _: list(named)),
        hub=SimpleNamespace(facts=facts),
        keys=SimpleNamespace(feed_key=lambda feed, _: named[feed]),
        calendars=Calendars(),
        runtime=SimpleNamespace(clock=FakeTime()),
    )
    return cast("Core", core)


def facts_of(identity: str, core: Core, token: str = "", source: str = "kite") -> HitFacts:
    one = Instrument(id=InstrumentId.parse(identity))
    listings = (Listing(instrument=one, source=source, token=token),) if token else ()
    return hit_facts(core, None, LookupHit(SearchHit(one, MatchKind.SYMBOL), listings))


def test_the_key_is_source_segment_and_token() -> None:
    served = facts_of("NSE:EQ:RELIANCE", core_with(data_provider="RELIANCE.NS", odin="2885"), "2885")
    assert served.key == "odin : NSE_EQ : 2885"
    assert facts_of("NSE:EQ:RELIANCE", core_with(), "2885", "own:house").key == "house : NSE_EQ : 2885"
    assert facts_of("XNAS:EQ:AAPL", core_with(massive="AAPL")).key == "massive : XNAS_EQ : AAPL"
    assert facts_of("XNAS:EQ:AAPL", core_with()).key == "XNAS_EQ : AAPL"


def test_feeds_are_named_in_order_with_delay_and_their_name_for_it() -> None:
    core = core_with(odin="2885", massive="RELIANCE", kite="738561", data_provider="RELIANCE.NS")
    facts = facts_of("NSE:EQ:RELIANCE", core, "2885")
    assert facts.stream == "Odin Streamer, token 2885; then Massive D15, RELIANCE; and 1 more"
    assert facts.history == "Data Provider, RELIANCE.NS"
    nothing = facts_of("NSE:EQ:RELIANCE", core_with())
    assert (nothing.stream, nothing.history) == ("no open feed has it", "no open feed has its bars")


@pytest.mark.parametrize(
    ("identity", "hours"),
    [
        ("NSE:EQ:SBIN", "NSE 09:15 to 15:30 IST"),
        ("XNYS:EQ:BA", "XNYS 09:30 to 16:00 ET, extended 04:00 to 20:00"),
        ("COMEX:FUT:GC", "COMEX 18:00 to 17:00 ET"),
        ("CRYPTO:CRYPTO:BTC-USD", "round the clock"),
        ("OWN:STREAM:WIDGET", "round the clock"),
    ],
)
def test_hours_are_those_of_the_exchange_with_their_zone(identity: str, hours: str) -> None:
    assert facts_of(identity, core_with()).hours == hours
