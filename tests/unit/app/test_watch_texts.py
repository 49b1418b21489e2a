"""What `--watch` means to each kind of feed: a number is a search input, never a symbol, and never a guess."""

from __future__ import annotations

import datetime as dt

import pytest

from marketwatch.app.watch_texts import watched
from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.feeds.catalog import CATALOG, FeedKind
from marketwatch.instruments.catalogue import MasterCatalogue
from marketwatch.instruments.directory import InstrumentDirectory, starter_lists
from marketwatch.instruments.masters.listing import Listing
from marketwatch.instruments.popular_tokens import popular_tokens
from marketwatch.services.notices import Severity

TODAY = dt.date(2026, 1, 2)


def known(*listings: Listing) -> InstrumentDirectory:
    """What the program knows out of the box, and these."""
    directory = InstrumentDirectory.load(starter_lists())
    masters = [popular_tokens().listings, list(listings)]
    directory.use_masters(MasterCatalogue.build(masters, directory.own_instruments(), today=TODAY))
    return directory


def listing(identity: str, token: str) -> Listing:
    return Listing(instrument=Instrument(id=InstrumentId.parse(identity)), source="kite", token=token)


def ids(kind: FeedKind, *texts: str, directory: InstrumentDirectory | None = None) -> list[str]:
    found = watched(directory or known(), CATALOG[kind], texts)
    return [str(one.id) for one in found.instruments]


@pytest.mark.parametrize("kind", [FeedKind.ODIN, FeedKind.KITE, FeedKind.STREAM_SERVICE, FeedKind.DATA_PROVIDER])
def test_symbol_and_number_name_the_same_shares_at_every_indian_feed(kind: FeedKind) -> None:
    found = watched(known(), CATALOG[kind], ["SBIN", "2885"])
    assert [str(one.id) for one in found.instruments] == ["NSE:EQ:SBIN", "NSE:EQ:RELIANCE"]
    assert found.remarks == ()
    assert found.instruments[1].name == "Reliance Industries"


@pytest.mark.parametrize("kind", [FeedKind.MASSIVE, FeedKind.POLYGON_LOCAL])
def test_a_number_of_an_indian_exchange_is_nothing_at_an_american_feed(kind: FeedKind) -> None:
    found = watched(known(), CATALOG[kind], ["AAPL", "2885", "4711"])
    assert [str(one.id) for one in found.instruments] == ["XNAS:EQ:AAPL"]
    elsewhere, unknown = found.remarks
    assert elsewhere.severity is Severity.DECISION
    assert (elsewhere.thing, elsewhere.cause) == ("“2885” is not watched", "it trades elsewhere only")
    assert (unknown.thing, unknown.cause) == (
        "“4711” is not watched",
        f"{CATALOG[kind].label} has nothing of that name",
    )


def test_a_stream_of_ones_own_may_name_by_number() -> None:
    assert ids(FeedKind.MAPPING, "2885", "SBIN", "whatever") == [
        "OWN:STREAM:2885",
        "NSE:EQ:SBIN",
        "OWN:STREAM:whatever",
    ]


def test_one_instrument_named_twice_is_one_row() -> None:
    assert ids(FeedKind.ODIN, "SBIN", "3045", "nse:sbin", "SBIN.NS") == ["NSE:EQ:SBIN"]


def test_a_number_of_two_shares_is_refused_and_the_choices_are_named() -> None:
    directory = known(listing("BSE:EQ:OTHERSHARE", "2885"))
    found = watched(directory, CATALOG[FeedKind.ODIN], ["2885", "SBIN"])
    assert [str(one.id) for one in found.instruments] == ["NSE:EQ:SBIN"]
    (remark,) = found.remarks
    assert (remark.severity, remark.thing) == (Severity.DECISION, "“2885” is not watched")
    assert remark.cause == "token 2885 stands for 2 instruments"
    assert remark.next_step == "Type one of NSE:EQ:RELIANCE (Reliance Industries), BSE:EQ:OTHERSHARE"


def test_segments_the_feed_does_not_have_make_no_number_ambiguous() -> None:
    directory = known(listing("CDS:CUR:USDINR", "2885"))
    assert ids(FeedKind.ODIN, "2885", directory=directory) == ["NSE:EQ:RELIANCE"]


@pytest.mark.parametrize(("printed", "symbol", "token"), [("356", "HINDUNILVR", "1394"), ("424", "ITC", "1660")])
def test_a_misprint_of_the_guide_is_refused_and_explained(printed: str, symbol: str, token: str) -> None:
    found = watched(known(), CATALOG[FeedKind.ODIN], [printed])
    assert found.instruments == ()
    assert found.remarks[0].cause == f"a misprint in the Odin guide for NSE:{symbol}, whose token is {token}"


def test_a_number_in_no_list_is_watched_as_a_token_and_said() -> None:
    found = watched(known(), CATALOG[FeedKind.ODIN], ["4711"])
    assert [str(one.id) for one in found.instruments] == ["NSE:EQ:#4711"]
    (remark,) = found.remarks
    assert remark.severity is Severity.INFO
    assert remark.thing == "4711 is in no list known here"
    assert remark.cause == "it is watched as token 4711 of the NSE"


def test_kites_own_number_of_a_well_known_share_is_that_share() -> None:
    assert ids(FeedKind.KITE, "738561", "779521") == ["NSE:EQ:RELIANCE", "NSE:EQ:SBIN"]


def test_a_share_whose_number_kite_would_need_is_shown_and_what_helps_is_said() -> None:
    directory = known()
    found = watched(directory, CATALOG[FeedKind.KITE], ["WIPRO"], feed_key=lambda _: None)
    assert [str(one.id) for one in found.instruments] == ["NSE:EQ:WIPRO"]
    assert found.remarks[0].next_step == "Load the list of Kite in Settings > Look-up"


def test_an_unknown_symbol_is_watched_as_written_where_the_feed_may_know_it() -> None:
    assert ids(FeedKind.MASSIVE, "ZZZZ", "BRK.B") == ["US:EQ:ZZZZ", "XNYS:EQ:BRK.B"]
    assert ids(FeedKind.ODIN, "NOSUCH") == ["NSE:EQ:NOSUCH"]
    found = watched(known(), CATALOG[FeedKind.KITE], ["NOSUCH"])
    assert (found.instruments, found.remarks[0].cause) == ((), "Kite has nothing of that name")


@pytest.mark.parametrize("text", ["a\x07b", "X" * 65, "   "])
def test_what_cannot_be_a_symbol_is_refused(text: str) -> None:
    found = watched(known(), CATALOG[FeedKind.MASSIVE], [text])
    assert (found.instruments, len(found.remarks)) == ((), 1)


def test_a_symbol_of_two_exchanges_is_the_first_exchanges() -> None:
    directory = known(listing("BSE:EQ:SBIN", "500112"))
    assert ids(FeedKind.ODIN, "SBIN", "BSE:SBIN", directory=directory) == ["NSE:EQ:SBIN", "BSE:EQ:SBIN"]
