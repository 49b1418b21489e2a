"""Settings > Look-up: one field or any, every holder of a token, and what each list says."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.instrument import Instrument, InstrumentKind
from marketwatch.instruments.catalogue import MasterCatalogue
from marketwatch.instruments.directory import InstrumentDirectory
from marketwatch.instruments.lookup import Answer, Field, Question, look_up, popular_lines, source_name
from marketwatch.instruments.masters.listing import Listing
from marketwatch.instruments.popular_tokens import popular_tokens

TODAY = dt.date(2025, 9, 4)


def listing(identity: str, token: str, source: str = "kite", **more: object) -> Listing:
    facts = {name: more.pop(name) for name in ("name", "isin", "kind", "tick_size") if name in more}
    instrument = Instrument(id=InstrumentId.parse(identity), currency="INR", **facts)  # type: ignore[arg-type]
    return Listing(instrument=instrument, source=source, token=token, **more)  # type: ignore[arg-type]


KITE = [
    listing("NSE:EQ:RELIANCE", "2885", name="Reliance Industries", isin="INE002A01018", series="EQ",
            feed_token="738561", tick_size=Decimal("0.10")),
    listing("BSE:EQ:RELIANCE", "500325", name="Reliance Industries", isin="INE002A01018"),
    listing("CDS:OPT:USDINR25OCT88.5CE", "2885", name="USDINR", kind=InstrumentKind.OPTION, series="CE",
            expiry=dt.date(2025, 10, 29), strike=Decimal("88.5")),
    listing("NFO:FUT:RELIANCE25AUGFUT", "52168", name="RELIANCE", kind=InstrumentKind.FUTURE,
            expiry=dt.date(2025, 8, 28)),
]  # fmt: skip
ANGEL = [listing("NSE:EQ:RELIANCE", "2885", "angel-one", feed_symbol="RELIANCE-EQ")]


@pytest.fixture(scope="module")
def directory() -> InstrumentDirectory:
    known = InstrumentDirectory()
    known.use_masters(MasterCatalogue.build([KITE, ANGEL, popular_tokens().listings], today=TODAY))
    return known


def ids(answer: Answer) -> list[str]:
    return [str(hit.instrument.id) for hit in answer.hits]


def test_a_hit_tells_segment_series_currency_type_tokens_and_lists(directory: InstrumentDirectory) -> None:
    hit = look_up(directory, Question("reliance")).hits[0]
    one = hit.instrument
    assert (one.id.venue, one.id.segment, hit.series, one.currency, one.kind) == (
        "NSE", "EQ", "EQ", "INR", InstrumentKind.STOCK,
    )  # fmt: skip
    assert (hit.tokens, hit.own_numbers) == (("2885",), ("738561",))
    assert set(hit.sources) == {"Kite", "Angel One", "built in"}


def test_a_token_of_two_segments_shows_both_holders_and_warns(directory: InstrumentDirectory) -> None:
    answer = look_up(directory, Question("2885"))
    assert ids(answer) == ["NSE:EQ:RELIANCE", "CDS:OPT:USDINR25OCT88.5CE"]
    assert answer.warning == (
        "Token 2885 stands for 2 instruments. NSE:EQ:RELIANCE, CDS:OPT:USDINR25OCT88.5CE: choose by segment. A pasted"
        " list that names only the token is held back until you choose."
    )
    assert answer.hits[1].name == "USDINR call 88.5, 29 Oct 2025"


def test_a_word_beside_the_token_orders_the_holders_and_the_warning_stays(directory: InstrumentDirectory) -> None:
    answer = look_up(directory, Question("reliance 2885"))
    assert ids(answer)[:2] == ["NSE:EQ:RELIANCE", "CDS:OPT:USDINR25OCT88.5CE"]
    assert "stands for 2 instruments" in answer.warning


@pytest.mark.parametrize(
    ("text", "field", "found"),
    [
        ("2885", Field.SYMBOL, []),
        ("2885", Field.TOKEN, ["NSE:EQ:RELIANCE", "CDS:OPT:USDINR25OCT88.5CE"]),
        ("5003", Field.TOKEN, ["BSE:EQ:RELIANCE"]),
        ("INE002A", Field.ISIN, ["NSE:EQ:RELIANCE", "BSE:EQ:RELIANCE"]),
        ("INE002A", Field.NAME, []),
        ("industries", Field.NAME, ["NSE:EQ:RELIANCE", "BSE:EQ:RELIANCE"]),
        ("industries", Field.SYMBOL, []),
        ("", Field.ANYTHING, []),
    ],
)
def test_one_field_alone(directory: InstrumentDirectory, text: str, field: Field, found: list[str]) -> None:
    assert ids(look_up(directory, Question(text, field))) == found


def test_segment_list_and_expired_narrow_and_widen(directory: InstrumentDirectory) -> None:
    assert ids(look_up(directory, Question("reliance", place="BSE_EQ"))) == ["BSE:EQ:RELIANCE"]
    assert ids(look_up(directory, Question("reliance", source="angel-one"))) == ["NSE:EQ:RELIANCE"]
    ended = "NFO:FUT:RELIANCE25AUGFUT"
    assert ended not in ids(look_up(directory, Question("reliance")))
    assert ended in ids(look_up(directory, Question("reliance", include_expired=True)))


def test_a_misprint_of_the_guide_is_named_unless_it_is_somebodys_token(directory: InstrumentDirectory) -> None:
    answer = look_up(directory, Question("424"))
    assert (answer.hits, answer.warning) == (
        (),
        "424 is a misprint in the Odin guide. It means NSE:ITC, whose token is 1660.",
    )


def test_the_built_in_table_is_ten_lines_with_three_misprints() -> None:
    lines = popular_lines()
    assert len(lines) == 10
    assert [line.split()[1:3] for line in lines if "the guide prints" in line] == [
        ["HINDUNILVR", "1394"],
        ["ITC", "1660"],
        ["KOTAKBANK", "1922"],
    ]
    assert "prints 356" in lines[7]


def test_lists_go_by_their_names_on_screen() -> None:
    names = [source_name(one) for one in ("kite", "angel-one", "massive", "built-in", "own:house-list")]
    assert names == ["Kite", "Angel One", "Massive", "built in", "house-list"]
