"""The lines of a pasted list: what is taken, what must be chosen, and what is there already."""

from __future__ import annotations

from marketwatch.domain.ids import InstrumentId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.instruments.resolution import ListPreview, Outcome, Resolution
from marketwatch.qt.models.paste_lines import LineState, PasteLines


def share(identity: str) -> Instrument:
    return Instrument(id=InstrumentId.parse(identity))


SBIN, TCS, AAPL = share("NSE:EQ:SBIN"), share("NSE:EQ:TCS"), share("XNAS:EQ:AAPL")
HERE, THERE = share("NSE:EQ:RELIANCE"), share("BSE:EQ:RELIANCE")
OPTION = share("CDS:OPT:USDINR25OCT88.5CE")


def taken(text: str, one: Instrument) -> Resolution:
    return Resolution(text, Outcome.TAKEN, (one,), "symbol")


ITEMS = (
    taken("SBIN", SBIN),
    Resolution("2885", Outcome.AMBIGUOUS, (HERE, OPTION), "token", "token 2885 stands for 2 instruments"),
    Resolution("RELIANCE", Outcome.AMBIGUOUS, (HERE, THERE), "symbol", "RELIANCE stands for 2 instruments"),
    taken("NSE:TCS", TCS),
    Resolution("TSC", Outcome.UNKNOWN),
    taken("nse:sbin", SBIN),
    taken("AAPL", AAPL),
)


def lines(*held: Instrument) -> PasteLines:
    members = {one.id for one in held}
    return PasteLines(ListPreview(items=ITEMS), members.__contains__, lambda text: [TCS] if text == "TSC" else [])


def states(pasted: PasteLines) -> list[str]:
    return [line.state.value for line in pasted.lines]


def test_every_line_has_a_state_and_only_what_is_clear_is_added() -> None:
    pasted = lines(AAPL)
    assert states(pasted) == ["taken", "ambiguous", "ambiguous", "taken", "unknown", "duplicate", "duplicate"]
    assert [line.why for line in pasted.lines] == [
        "",
        "token without segment: RELIANCE (NSE_EQ) or USDINR25OCT88.5CE (CDS_OPT)?",
        "which: NSE_EQ or BSE_EQ?",
        "",
        "not known; near: NSE:TCS",
        "same as line 1",
        "already in the list",
    ]
    assert pasted.instruments() == [SBIN.id, TCS.id]
    assert [pasted.count(state) for state in LineState] == [2, 2, 2, 1]
    assert sum(pasted.count(state) for state in LineState) == len(ITEMS)


def test_nothing_is_chosen_before_somebody_chooses() -> None:
    assert [line.chosen for line in lines().lines if line.state is LineState.AMBIGUOUS] == [None, None]


def test_a_choice_is_added_in_its_place_and_can_be_taken_back() -> None:
    pasted = lines()
    line = pasted.lines[1]
    pasted.choose(line, HERE)
    assert (line.state, pasted.instruments()) == (LineState.TAKEN, [SBIN.id, HERE.id, TCS.id, AAPL.id])
    pasted.forget(line)
    assert (line.state, line.chosen) == (LineState.AMBIGUOUS, None)


def test_the_same_choice_twice_is_one_row() -> None:
    pasted = lines()
    pasted.choose(pasted.lines[1], HERE)
    pasted.choose(pasted.lines[2], HERE)
    assert (pasted.lines[2].state, pasted.lines[2].why) == (LineState.DUPLICATE, "same as line 2")
    assert pasted.instruments().count(HERE.id) == 1


def test_an_exchange_for_all_decides_symbols_but_no_number() -> None:
    pasted = lines()
    assert pasted.venues() == ["NSE", "BSE"]
    assert pasted.prefer(Venue("BSE")) == 1
    assert (pasted.lines[1].chosen, pasted.lines[2].chosen) == (None, THERE)
    assert pasted.venues() == []


def test_a_line_left_out_lets_the_same_further_down_be_taken() -> None:
    pasted = lines()
    pasted.toggle(pasted.lines[0])
    assert (pasted.lines[0].is_added, pasted.lines[0].why) == (False, "left out")
    assert pasted.lines[5].state is LineState.TAKEN
    pasted.toggle(pasted.lines[0])
    assert states(pasted)[0::5] == ["taken", "duplicate"]


def test_a_name_near_to_a_mistyped_one_is_offered_not_taken() -> None:
    pasted = lines()
    mistyped = pasted.lines[4]
    assert (mistyped.choices, mistyped.chosen) == ((TCS,), None)
    pasted.choose(mistyped, TCS)
    assert (mistyped.state, mistyped.why) == (LineState.DUPLICATE, "same as line 4")
