"""What a typed or pasted text names: taken, ambiguous or unknown, and never chosen silently (USERS 2b)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import hypothesis
import hypothesis.strategies as st
import pytest

from marketwatch.domain.ids import CASH, InstrumentId, Segment, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.instruments.catalogue import MasterCatalogue
from marketwatch.instruments.directory import InstrumentDirectory, starter_lists
from marketwatch.instruments.masters.listing import Listing
from marketwatch.instruments.popular_tokens import popular_tokens
from marketwatch.instruments.resolution import ListPreview, Outcome, Resolution, Resolver

TODAY = dt.date(2025, 9, 4)
NSE, BSE = Venue("NSE"), Venue("BSE")


def _listing(
    identity: str, token: str = "", *, expiry: dt.date | None = None, feed_symbol: str = "", feed_token: str = ""
) -> Listing:
    venue, segment, symbol = identity.split(":", 2)
    instrument = Instrument(id=InstrumentId(Venue(venue), Segment(segment), symbol), isin=_ISINS.get(symbol, ""))
    return Listing(
        instrument=instrument, source="kite", token=token, expiry=expiry, feed_symbol=feed_symbol, feed_token=feed_token
    )


_ISINS = {"RELIANCE": "INE002A01018", "TCS": "INE467B01029"}
MASTER = [
    _listing("NSE:EQ:RELIANCE", "2885", feed_token="738561"),
    _listing("BSE:EQ:RELIANCE", "500325", feed_token="128083204"),
    _listing("CDS:OPT:USDINR25OCT88.5CE", "2885", expiry=dt.date(2025, 10, 29)),
    _listing("NSE:EQ:SBIN", "3045", feed_symbol="SBIN-EQ"),
    _listing("NSE:EQ:TCS", "11536"),
    _listing("NSE:EQ:CENTRALBK-BE", "14898"),
    _listing("NSE:IDX:NIFTY 50", "1001"),
    _listing("NFO:FUT:NIFTY25AUGFUT", "50", expiry=dt.date(2025, 8, 28)),
    _listing("XNAS:EQ:AAPL"),
    _listing("XNYS:EQ:BRK.B"),
]


@pytest.fixture(scope="module")
def directory() -> InstrumentDirectory:
    known = InstrumentDirectory()
    known.use_masters(MasterCatalogue.build([MASTER], today=TODAY))
    return known


@pytest.fixture(scope="module")
def resolver(directory: InstrumentDirectory) -> Resolver:
    return Resolver(directory)


def _ids(resolution: Resolution) -> list[str]:
    return [str(each.id) for each in resolution.candidates]


@pytest.mark.parametrize(
    ("text", "identity", "field"),
    [
        ("SBIN", "NSE:EQ:SBIN", "symbol"),
        (" sbin ", "NSE:EQ:SBIN", "symbol"),
        ("“TCS”", "NSE:EQ:TCS", "symbol"),
        ("$AAPL", "XNAS:EQ:AAPL", "symbol"),
        ("SBIN-EQ", "NSE:EQ:SBIN", "symbol"),
        ("NSE:RELIANCE", "NSE:EQ:RELIANCE", "symbol"),
        ("nse_cm: reliance", "NSE:EQ:RELIANCE", "symbol"),
        ("RELIANCE.NS", "NSE:EQ:RELIANCE", "symbol"),
        ("reliance.bo", "BSE:EQ:RELIANCE", "symbol"),
        ("NASDAQ:AAPL", "XNAS:EQ:AAPL", "symbol"),
        ("BRK-B", "XNYS:EQ:BRK.B", "symbol"),
        ("BRK/B", "XNYS:EQ:BRK.B", "symbol"),
        ("nifty 50", "NSE:IDX:NIFTY 50", "symbol"),
        ("NSE:EQ:RELIANCE", "NSE:EQ:RELIANCE", "identity"),
        ("nse:eq:reliance", "NSE:EQ:RELIANCE", "identity"),
        ("NSE:2885", "NSE:EQ:RELIANCE", "token"),
        ("CDS:2885", "CDS:OPT:USDINR25OCT88.5CE", "token"),
        ("500325", "BSE:EQ:RELIANCE", "token"),
        ("0500325", "BSE:EQ:RELIANCE", "token"),
        ("738561", "NSE:EQ:RELIANCE", "token"),
        ("INE467B01029", "NSE:EQ:TCS", "isin"),
        ("BSE:INE002A01018", "BSE:EQ:RELIANCE", "isin"),
    ],
)
def test_what_names_one_instrument_is_taken(resolver: Resolver, text: str, identity: str, field: str) -> None:
    resolution = resolver.resolve(text)
    assert (resolution.outcome, _ids(resolution), resolution.field) == (Outcome.TAKEN, [identity], field)
    assert resolution.instrument is resolution.candidates[0]


def test_a_bare_token_of_two_segments_is_held_back(resolver: Resolver) -> None:
    resolution = resolver.resolve("2885")
    assert resolution.outcome is Outcome.AMBIGUOUS
    assert _ids(resolution) == ["NSE:EQ:RELIANCE", "CDS:OPT:USDINR25OCT88.5CE"]
    assert (resolution.note, resolution.instrument) == ("token 2885 stands for 2 instruments", None)


@pytest.mark.parametrize("text", ["RELIANCE", "INE002A01018"])
def test_one_name_on_two_exchanges_is_held_back(resolver: Resolver, text: str) -> None:
    resolution = resolver.resolve(text)
    assert (resolution.outcome, _ids(resolution)) == (Outcome.AMBIGUOUS, ["NSE:EQ:RELIANCE", "BSE:EQ:RELIANCE"])


def test_a_stated_preference_decides_on_symbols_but_never_on_numbers(directory: InstrumentDirectory) -> None:
    resolver = Resolver(directory, prefer=(BSE, NSE))
    resolution = resolver.resolve("RELIANCE")
    assert (resolution.outcome, _ids(resolution)) == (Outcome.TAKEN, ["BSE:EQ:RELIANCE"])
    assert resolution.note == "BSE preferred; also on NSE"
    assert resolver.resolve("2885").outcome is Outcome.AMBIGUOUS


def test_a_feed_that_serves_only_some_venues_means_these(directory: InstrumentDirectory) -> None:
    resolver = Resolver(directory, venues=(NSE,))
    assert _ids(resolver.resolve("2885")) == ["NSE:EQ:RELIANCE"]
    assert resolver.resolve("2885").outcome is Outcome.TAKEN
    elsewhere = resolver.resolve("AAPL")
    assert (elsewhere.outcome, elsewhere.note) == (Outcome.UNKNOWN, "it trades elsewhere only")


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("NOSUCH", ""),
        ("", ""),
        ("BSE:SBIN", ""),
        ("4711", ""),
        ("NIFTY25AUGFUT", "the contract has ended"),
        ("NFO:FUT:NIFTY25AUGFUT", "the contract has ended"),
        ("50", ""),
        ("NSE:EQ:", ""),
        (":", ""),
        ("US0378331005", ""),
    ],
)
def test_what_names_nothing_is_unknown(resolver: Resolver, text: str, note: str) -> None:
    resolution = resolver.resolve(text)
    assert (resolution.outcome, resolution.candidates, resolution.note) == (Outcome.UNKNOWN, (), note)


def test_another_series_is_taken_and_said(resolver: Resolver) -> None:
    resolution = resolver.resolve("CENTRALBK")
    assert (_ids(resolution), resolution.note) == (["NSE:EQ:CENTRALBK-BE"], "only in series BE")


@pytest.fixture(scope="module")
def out_of_the_box() -> Resolver:
    directory = InstrumentDirectory.load(starter_lists())
    tokens = popular_tokens()
    directory.use_masters(MasterCatalogue.build([tokens.listings], directory.own_instruments(), today=TODAY))
    return Resolver(directory, misprints=tokens.misprints)


@pytest.mark.parametrize(
    ("symbol", "token"),
    [
        ("SBIN", "3045"), ("RELIANCE", "2885"), ("TCS", "11536"), ("INFY", "1594"), ("HDFCBANK", "1333"),
        ("BHARTIARTL", "10604"), ("ICICIBANK", "4963"), ("HINDUNILVR", "1394"), ("ITC", "1660"), ("KOTAKBANK", "1922"),
    ],
)  # fmt: skip
def test_the_ten_popular_tokens_are_known_out_of_the_box(out_of_the_box: Resolver, symbol: str, token: str) -> None:
    resolution = out_of_the_box.resolve(token)
    assert (_ids(resolution), resolution.note) == ([f"NSE:EQ:{symbol}"], f"token {token} is NSE:EQ:{symbol}")
    assert resolution.candidates[0].name != "", "the facts are those of the bundled list"


@pytest.mark.parametrize(
    ("printed", "symbol", "token"),
    [("356", "HINDUNILVR", "1394"), ("424", "ITC", "1660"), ("492", "KOTAKBANK", "1922")],
)
def test_the_guides_misprints_are_explained_not_followed(
    out_of_the_box: Resolver, printed: str, symbol: str, token: str
) -> None:
    resolution = out_of_the_box.resolve(printed)
    assert resolution.outcome is Outcome.UNKNOWN
    assert resolution.note == f"a misprint in the Odin guide for NSE:{symbol}, whose token is {token}"


def test_a_number_that_may_be_kites_is_offered_not_taken(out_of_the_box: Resolver) -> None:
    resolution = out_of_the_box.resolve("738561")
    assert (resolution.outcome, _ids(resolution)) == (Outcome.AMBIGUOUS, ["NSE:EQ:RELIANCE"])
    assert resolution.note == "may be Kite’s number for NSE:EQ:RELIANCE"
    assert out_of_the_box.resolve("738562").outcome is Outcome.UNKNOWN


def _texts(resolutions: Sequence[Resolution]) -> list[str]:
    return [each.text for each in resolutions]


def test_a_list_of_anything(resolver: Resolver) -> None:
    preview = resolver.resolve_list(
        "SBIN, 2885, NSE:TCS, AAPL; NOSUCH\n\n sbin \t'TCS',, NIFTY 50|###Metals,NSE:SBIN,nosuch"
    )
    assert _texts(preview.taken) == ["SBIN", "NSE:TCS", "AAPL", "NIFTY 50"]
    assert _texts(preview.ambiguous) == ["2885"]
    assert _texts(preview.unknown) == ["NOSUCH"]
    assert _texts(preview.repeated) == ["sbin", "'TCS'", "NSE:SBIN", "nosuch"]
    assert preview.summary == "4 taken, 1 ambiguous, 1 unknown, 4 repeated"


def test_words_are_separated_when_they_mean_nothing_together(resolver: Resolver) -> None:
    preview = resolver.resolve_list("SBIN TCS nosuch\nnothing at all")
    assert _texts(preview.taken) == ["SBIN", "TCS"]
    assert _texts(preview.unknown) == ["nosuch", "nothing at all"]


@pytest.mark.parametrize("text", ["", " , ;\n", "###section", '""'])
def test_an_empty_list_is_nothing_to_take(resolver: Resolver, text: str) -> None:
    assert resolver.resolve_list(text) == ListPreview()
    assert resolver.resolve_list(text).summary == "nothing to take"


@hypothesis.given(
    st.text(max_size=30) | st.lists(st.sampled_from(["SBIN", "2885", "NSE:", ":", ",", " ", "-B", "."])).map("".join)
)
def test_any_text_is_safe_and_only_single_candidates_are_taken(resolver: Resolver, text: str) -> None:
    resolution = resolver.resolve(text)
    assert (resolution.outcome is Outcome.UNKNOWN) == (not resolution.candidates)
    assert (resolution.outcome is Outcome.TAKEN) <= (len(resolution.candidates) == 1)
    preview = resolver.resolve_list(text)
    taken = [each.instrument.id for each in preview.taken if each.instrument is not None]
    assert len(taken) == len(set(taken)) == len(preview.taken)


def test_isins_of_learnt_instruments_are_found_too() -> None:
    directory = InstrumentDirectory([Instrument(id=InstrumentId(NSE, CASH, "TCS"), isin="INE467B01029")])
    assert _ids(Resolver(directory).resolve("ine467b01029")) == ["NSE:EQ:TCS"]
