"""The lines of a pasted list and what is decided about each. Knows no widgets."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from typing import Final

from marketwatch.domain.ids import InstrumentId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.instruments.resolution import ListPreview, Outcome, Resolution

MOST_NEAR: Final = 4
_MOST_NAMED: Final = 3


class LineState(enum.Enum):
    """What becomes of a line, in the word that the preview uses."""

    TAKEN = "taken"
    DUPLICATE = "duplicate"
    AMBIGUOUS = "ambiguous"
    UNKNOWN = "unknown"


class PasteLine:
    """One pasted text. `choices` are what it may mean, or names near to it; `chosen` is what will be added."""

    def __init__(self, number: int, resolution: Resolution, near: Sequence[Instrument]) -> None:
        self.number = number
        self.text = resolution.text
        self.note = resolution.note
        self.outcome = resolution.outcome
        self.choices = tuple(resolution.candidates) or tuple(near)
        self.chosen = resolution.instrument
        self.state = LineState(resolution.outcome.value)
        self.why = ""
        self.is_wanted = resolution.outcome is Outcome.TAKEN

    @property
    def is_added(self) -> bool:
        """Whether this line adds a row."""
        return self.state is LineState.TAKEN and self.is_wanted

    @property
    def needs_choice(self) -> bool:
        """Whether somebody must still say what is meant."""
        return self.chosen is None and self.outcome is not Outcome.TAKEN


class PasteLines:
    """All lines in the order they were pasted. `is_held` tells whether the list has an instrument already."""

    def __init__(
        self,
        preview: ListPreview,
        is_held: Callable[[InstrumentId], bool],
        near: Callable[[str], Sequence[Instrument]] = lambda _: (),
    ) -> None:
        self._is_held = is_held
        self.lines = [
            PasteLine(number, each, near(each.text) if each.outcome is Outcome.UNKNOWN else ())
            for number, each in enumerate(preview.items, start=1)
        ]
        self._judge()

    def choose(self, line: PasteLine, instrument: Instrument) -> None:
        """Say what a line means; it is added then, unless the list has it."""
        line.chosen = instrument
        line.is_wanted = True
        self._judge()

    def forget(self, line: PasteLine) -> None:
        """Take a choice back."""
        if line.outcome is not Outcome.TAKEN:
            line.chosen = None
            self._judge()

    def judge_anew(self) -> None:
        """Judge every line once more, after another list was chosen to add to; choices stay."""
        self._judge()

    def left(self) -> list[str]:
        """Return the texts that would not be added, in order; what the list has already is not among them."""
        return [line.text for line in self.lines if not line.is_added and line.state is not LineState.DUPLICATE]

    def toggle(self, line: PasteLine) -> None:
        """Take a line that was left, leave one that was taken."""
        if line.state is LineState.TAKEN:
            line.is_wanted = not line.is_wanted
            self._judge()

    def venues(self) -> list[Venue]:
        """Return the exchanges between which symbols are undecided; numbers are decided one by one."""
        found = [each.id.venue for line in self._open_symbols() for each in line.choices]
        return list(dict.fromkeys(found))

    def prefer(self, venue: Venue) -> int:
        """Choose what trades there for every undecided symbol; return how many lines that decided."""
        decided = 0
        for line in self._open_symbols():
            here = [each for each in line.choices if each.id.venue == venue]
            if len(here) == 1:
                line.chosen, line.is_wanted = here[0], True
                decided += 1
        self._judge()
        return decided

    def instruments(self) -> list[InstrumentId]:
        """Return what would be added, in order."""
        return [line.chosen.id for line in self.lines if line.is_added and line.chosen is not None]

    def count(self, state: LineState) -> int:
        """Return how many lines are so."""
        return sum(1 for line in self.lines if line.state is state)

    def _open_symbols(self) -> list[PasteLine]:
        return [
            line
            for line in self.lines
            if line.outcome is Outcome.AMBIGUOUS and line.chosen is None and not line.text.strip().isdecimal()
        ]

    def _judge(self) -> None:
        """Say of each line whether it is taken, and why not."""
        first: dict[object, int] = {}
        for line in self.lines:
            key: object = line.text.upper() if line.chosen is None else line.chosen.id
            earlier = first.setdefault(key, line.number)
            line.why = line.note
            if earlier != line.number:
                line.state, line.why = LineState.DUPLICATE, f"same as line {earlier}"
            elif line.chosen is None:
                line.state = LineState(line.outcome.value)
                is_open = line.outcome is Outcome.AMBIGUOUS and len(line.choices) > 1
                line.why = _why_ambiguous(line) if is_open else line.note or _why_unknown(line)
            elif self._is_held(line.chosen.id):
                line.state, line.why = LineState.DUPLICATE, "already in the list"
            else:
                line.state = LineState.TAKEN
                if not line.is_wanted:
                    first.pop(key)  # left out here, it may be taken further down
                    line.why = "left out"


def _why_ambiguous(line: PasteLine) -> str:
    places = [f"{each.id.venue}_{each.id.segment}" for each in line.choices]
    is_one_name = len({each.symbol for each in line.choices}) == 1
    named = places if is_one_name else [f"{each.symbol} ({at})" for each, at in zip(line.choices, places, strict=True)]
    more = f" or {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    asked = f"{' or '.join(named[:_MOST_NAMED])}{more}?"
    return f"token without segment: {asked}" if line.text.strip().isdecimal() else f"which: {asked}"


def _why_unknown(line: PasteLine) -> str:
    if not line.choices:
        return "not known here: check it, or load its list in Settings > Look-up"
    return f"not known; near: {', '.join(f'{each.id.venue}:{each.symbol}' for each in line.choices)}"
