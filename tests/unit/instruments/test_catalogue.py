"""Identity over several masters: no token without venue and segment (USERS 2b, RELIABILITY items 35 and 39)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import hypothesis
import hypothesis.strategies as st

from marketwatch.domain.ids import CASH, FUTURES, OPTIONS, InstrumentId, Segment, Venue
from marketwatch.domain.instrument import Instrument, InstrumentKind
from marketwatch.instruments.catalogue import MasterCatalogue
from marketwatch.instruments.directory import InstrumentDirectory
from marketwatch.instruments.masters.listing import Listing

TODAY = dt.date(2025, 9, 4)
NSE, BSE, NFO, CDS = map(Venue, ("NSE", "BSE", "NFO", "CDS"))
SHARE = Instrument(
    id=InstrumentId(NSE, CASH, "RELIANCE"), name="RELIANCE INDUSTRIES", currency="INR", tick_size=Decimal("0.10")
)
CALL = Instrument(id=InstrumentId(CDS, OPTIONS, "USDINR25OCT88.5CE"), name="USDINR", kind=InstrumentKind.OPTION)
LATER = dt.date(2025, 10, 29)


def _listing(instrument: Instrument, token: str = "", *, source: str = "kite", **facts: object) -> Listing:
    return Listing(instrument=instrument, source=source, token=token, **facts)  # type: ignore[arg-type]


def _contract(symbol: str, segment: Segment = FUTURES) -> Instrument:
    return Instrument(id=InstrumentId(NFO, segment, symbol), kind=InstrumentKind.FUTURE)


def test_token_2885_of_two_segments_never_mixes() -> None:
    catalogue = MasterCatalogue.build([[_listing(SHARE, "2885"), _listing(CALL, "2885", expiry=LATER)]], today=TODAY)
    assert catalogue.by_token(NSE, CASH, "2885") == SHARE
    assert catalogue.by_token(CDS, OPTIONS, "2885") == CALL
    assert catalogue.by_token(NSE, OPTIONS, "2885") is None
    assert catalogue.by_token(BSE, CASH, "2885") is None
    assert catalogue.by_token(NSE, CASH, "02885") is None
    assert catalogue.token_candidates("2885") == [SHARE, CALL]


def test_item_35_a_token_given_to_two_instruments_names_neither() -> None:
    other = Instrument(id=InstrumentId(NSE, CASH, "OTHER"))
    catalogue = MasterCatalogue.build([[_listing(SHARE, "2885"), _listing(other, "2885")]], today=TODAY)
    assert catalogue.by_token(NSE, CASH, "2885") is None
    assert catalogue.by_token(NSE, CASH, "2885", "kite") is None
    assert catalogue.token_candidates("2885") == [SHARE, other]
    assert catalogue.by_symbol("OTHER") == (other,)


def test_where_sources_disagree_a_source_is_asked_for_its_own_opinion() -> None:
    other = Instrument(id=InstrumentId(NSE, CASH, "OTHER"))
    catalogue = MasterCatalogue.build(
        [[_listing(SHARE, "2885")], [_listing(other, "2885", source="angel-one")]], today=TODAY
    )
    assert catalogue.by_token(NSE, CASH, "2885") is None
    assert catalogue.by_token(NSE, CASH, "2885", "kite") == SHARE
    assert catalogue.by_token(NSE, CASH, "2885", "angel-one") == other
    assert catalogue.by_token(NSE, CASH, "2885", "massive") is None


def test_a_third_claim_to_a_token_leaves_it_disputed() -> None:
    second, third = (Instrument(id=InstrumentId(NSE, CASH, symbol)) for symbol in ("SECOND", "THIRD"))
    claims = [[_listing(SHARE, "2885")], [_listing(second, "2885", source="a")], [_listing(third, "2885", source="b")]]
    catalogue = MasterCatalogue.build([*claims, [_listing(SHARE, "2885", source="c")]], today=TODAY)
    directory = InstrumentDirectory()
    directory.use_masters(catalogue)
    assert directory.by_token(NSE, CASH, "2885") is None
    said = [directory.by_token(NSE, CASH, "2885", source) for source in ("kite", "a", "b", "c")]
    assert said == [SHARE, second, third, SHARE]
    assert set(catalogue.token_candidates("2885")) == {SHARE, second, third}


def test_item_39_a_token_used_again_after_an_expiry_is_the_living_contracts() -> None:
    ended, living = _contract("NIFTY25AUGFUT"), _contract("NIFTY25SEPFUT")
    catalogue = MasterCatalogue.build(
        [[_listing(ended, "50", expiry=dt.date(2025, 8, 28)), _listing(living, "50", expiry=dt.date(2025, 9, 25))]],
        today=TODAY,
    )
    assert catalogue.by_token(NFO, FUTURES, "50") == living
    only_ended = MasterCatalogue.build([[_listing(ended, "50", expiry=dt.date(2025, 8, 28))]], today=TODAY)
    assert only_ended.by_token(NFO, FUTURES, "50") is None
    assert only_ended.get(ended.id) == ended


def test_a_sources_own_token_is_looked_up_under_that_source() -> None:
    catalogue = MasterCatalogue.build([[_listing(SHARE, "2885", feed_token="738561")]], today=TODAY)
    assert catalogue.by_feed_token("kite", "738561") == SHARE
    assert catalogue.by_feed_token("angel-one", "738561") is None
    assert catalogue.by_feed_token("kite", "2885") is None


def test_several_sources_complete_one_instrument() -> None:
    known = Instrument(
        id=SHARE.id, name="Reliance Industries", currency="INR", tick_size=Decimal("0.05"), isin="INE002A01018"
    )
    kite = Instrument(id=SHARE.id, name="RELIANCE INDUSTRIES", currency="INR", tick_size=Decimal("0.10"))
    angel = Instrument(id=SHARE.id, name="RELIANCE", currency="INR", tick_size=Decimal("0.20"), lot_size=5)
    catalogue = MasterCatalogue.build(
        [
            [_listing(angel, "2885", source="angel-one", feed_symbol="RELIANCE-EQ")],
            [_listing(kite, "2885", series="EQ")],
        ],
        [known],
        today=TODAY,
    )
    joined = catalogue.get(SHARE.id)
    assert joined is not None
    assert (joined.name, joined.isin, joined.tick_size) == ("Reliance Industries", "INE002A01018", Decimal("0.10"))
    assert [listing.source for listing in catalogue.listings(SHARE.id)] == ["kite", "angel-one"]
    assert catalogue.by_token(NSE, CASH, "2885") is joined
    assert catalogue.by_isin("INE002A01018") == (joined,)
    assert catalogue.by_alias("RELIANCE-EQ") == (joined,)
    assert len(catalogue) == 1


def test_a_vague_kind_gives_way_to_a_known_one() -> None:
    vague = Instrument(id=InstrumentId(NSE, CASH, "NIFTYBEES"), kind=InstrumentKind.OTHER)
    fund = Instrument(id=vague.id, kind=InstrumentKind.FUND)
    for first, second in ((vague, fund), (fund, vague)):
        joined = MasterCatalogue.build([[_listing(second)]], [first], today=TODAY).get(vague.id)
        assert joined is not None
        assert joined.kind is InstrumentKind.FUND


def test_namesakes_stand_in_order() -> None:
    bse = Instrument(id=InstrumentId(BSE, CASH, "RELIANCE"))
    catalogue = MasterCatalogue.build([[_listing(bse, "500325"), _listing(SHARE, "2885")]], today=TODAY)
    assert catalogue.by_symbol("RELIANCE") == (SHARE, bse)
    assert catalogue.by_symbol("reliance") == ()


KEYS = st.tuples(
    st.sampled_from([NSE, BSE, CDS]), st.sampled_from([CASH, OPTIONS]), st.sampled_from("ABCD"), st.sampled_from("1234")
)


@hypothesis.given(st.lists(KEYS, max_size=12, unique_by=lambda key: key[:3]))
def test_a_token_leads_to_the_one_that_owns_it_and_to_nobody_else(keys: list[tuple[Venue, Segment, str, str]]) -> None:
    listings = [
        _listing(Instrument(id=InstrumentId(venue, segment, symbol)), token) for venue, segment, symbol, token in keys
    ]
    catalogue = MasterCatalogue.build([listings], today=TODAY)
    for venue in (NSE, BSE, CDS):
        for segment in (CASH, OPTIONS):
            for token in "1234":
                owners = [key[2] for key in keys if (key[0], key[1], key[3]) == (venue, segment, token)]
                found = catalogue.by_token(venue, segment, token)
                assert (found.symbol if found else None) == (owners[0] if len(owners) == 1 else None)
