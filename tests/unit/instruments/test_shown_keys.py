"""The key that Settings > Look-up shows and copies names one instrument when it is pasted again."""

from __future__ import annotations

import datetime as dt

import pytest

from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.instruments.catalogue import MasterCatalogue
from marketwatch.instruments.directory import InstrumentDirectory
from marketwatch.instruments.masters.listing import Listing
from marketwatch.instruments.resolution import Outcome, Resolver


def listing(identity: str, token: str) -> Listing:
    return Listing(instrument=Instrument(id=InstrumentId.parse(identity)), source="kite", token=token)


@pytest.fixture
def resolver() -> Resolver:
    directory = InstrumentDirectory()
    listings = [
        listing("NSE:EQ:RELIANCE", "2885"),
        listing("CDS:OPT:USDINR25OCT88.5CE", "2885"),
        listing("XNAS:EQ:AAPL", ""),
        listing("NSE:IDX:NIFTY 50", "26000"),
    ]
    directory.use_masters(MasterCatalogue.build([listings], today=dt.date(2025, 9, 4)))
    return Resolver(directory)


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        ("odin : NSE_EQ : 2885", "NSE:EQ:RELIANCE"),
        ("odin:nse_eq:02885", "NSE:EQ:RELIANCE"),
        ("kite : CDS_OPT : 2885", "CDS:OPT:USDINR25OCT88.5CE"),
        ("NSE_EQ:2885", "NSE:EQ:RELIANCE"),
        ("massive : XNAS_EQ : AAPL", "XNAS:EQ:AAPL"),
        ("kite : NSE_IDX : Nifty 50", "NSE:IDX:NIFTY 50"),
        ("NSE:EQ:RELIANCE", "NSE:EQ:RELIANCE"),
    ],
)
def test_a_key_names_one_instrument_though_its_token_stands_for_two(
    resolver: Resolver, text: str, identity: str
) -> None:
    resolution = resolver.resolve(text)
    assert (resolution.outcome, [str(one.id) for one in resolution.candidates]) == (Outcome.TAKEN, [identity])


@pytest.mark.parametrize("text", ["odin : BSE_EQ : 2885", "odin : NSE_EQ : 1", "NSE_EQ:", "_:2885", "a : b_c : d"])
def test_a_key_of_nothing_known_is_unknown(resolver: Resolver, text: str) -> None:
    assert resolver.resolve(text).outcome is Outcome.UNKNOWN


def test_keys_stand_in_a_pasted_list_like_anything_else(resolver: Resolver) -> None:
    preview = resolver.resolve_list("odin : NSE_EQ : 2885, 2885, AAPL\nkite : CDS_OPT : 2885")
    assert preview.summary == "3 taken, 1 ambiguous"
