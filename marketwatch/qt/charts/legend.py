"""What the legend says about a bar, on screen and to a screen reader. Knows no widgets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marketwatch.domain.instrument import Instrument
from marketwatch.qt import formatting
from marketwatch.qt.charts.candles import AVERAGE_BARS
from marketwatch.qt.charts.model import ChartModel
from marketwatch.qt.charts.text_ruler import TextRuler
from marketwatch.qt.theme_tokens import FontSize, FontWeight, Role

_MINUTE = 60
_FIGURES = ("open", "high", "low", "close")


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of text of one look. `gap` px stand before it; `rank` 0 is never left out, the highest goes first."""

    text: str
    role: Role
    size: FontSize = "base"
    weight: FontWeight = "regular"
    gap: int = 6
    rank: int = 0
    is_tag: bool = False


@dataclass(frozen=True, slots=True)
class ChartTitle:
    """Who the chart shows and where its data comes from, in words."""

    instrument: Instrument
    interval_words: str
    source: str = ""
    state: str = ""
    tag: str = ""


class BarReader:
    """Says what a row holds, in the figures of its instrument."""

    def __init__(self, model: ChartModel, instrument: Instrument) -> None:
        self._model = model
        self.currency = instrument.currency
        self.decimals = instrument.decimals
        self.price = formatting.price_format(instrument.decimals, instrument.currency)
        self.change = formatting.change_format(instrument.decimals, instrument.currency)
        self._has_seconds = model.interval.seconds < _MINUTE

    def time(self, row: int) -> str:
        """Return start and zone of the bar: `Thu 4 Sep 13:05 IST`."""
        return self._model.zone_time.bar_time(int(self._model.columns.opens_ns[row]), with_seconds=self._has_seconds)

    def short_time(self, row: int) -> str:
        """Return start and zone without the day: `13:05 IST`."""
        return " ".join(self.time(row).split(" ")[-2:])

    def moves(self, row: int) -> tuple[float | None, float | None]:
        """Return change and change in percent against the close of the bar before."""
        before = self._model.previous_close(row)
        if not before or self._model.columns.is_hole(row):
            return None, None
        change = float(self._model.columns.close[row]) - before
        return change, change / before * 100

    def segments(self, row: int, *, is_forming: bool) -> list[Segment]:
        """Return the line of figures."""
        columns = self._model.columns
        when = Segment(self.short_time(row), "text2", gap=10, rank=1)
        volume = float(columns.volume[row])
        if columns.is_hole(row):
            words = "no data" if not volume else "no trade moved the price"
            return [Segment(words, "text1", "base", "medium", gap=0), *self._volume(volume), when]
        change, change_pct = self.moves(row)
        direction: Role = "unchanged" if not change else ("gain" if change > 0 else "loss")
        line: list[Segment] = []
        for name in _FIGURES:
            line.append(Segment(name[0].upper(), "text2", gap=8 if line else 0))
            line.append(Segment(self.price(float(getattr(columns, name)[row])), direction, "base", "medium", gap=4))
        if change is not None:
            text = f"{self.change(change)} ({formatting.percent(change_pct)})"
            line.append(Segment(text, direction, "base", "medium", gap=8, rank=3))
        line += [*self._volume(volume), when]
        if is_forming:
            line.append(Segment("forming", "text2", gap=6, rank=2))
        return line

    def _volume(self, volume: float) -> list[Segment]:
        return [
            Segment("Vol", "text2", gap=10, rank=4),
            Segment(formatting.quantity(volume, self.currency), "text1", "base", "medium", gap=4, rank=4),
        ]

    def volume_segments(self, row: int) -> list[Segment]:
        """Return the head of the volume pane."""
        columns = self._model.columns
        average = float(columns.average_volumes(np.array([row + 1]), AVERAGE_BARS)[0])
        line = [
            Segment("Volume", "text2", gap=0),
            Segment(formatting.quantity(float(columns.volume[row]), self.currency), "text1", "base", "medium"),
        ]
        if average == average:
            line.append(Segment(f"average {AVERAGE_BARS}", "text2", gap=8, rank=1))
            line.append(Segment(formatting.volume(average, self.currency), "series2", "base", "medium", rank=1))
        return line

    def spoken(self, row: int, *, is_forming: bool) -> str:
        """Return the bar as one sentence."""
        columns = self._model.columns
        when = self.time(row)
        if columns.is_hole(row):
            return f"{when}: no data."
        _, change_pct = self.moves(row)
        figures = ", ".join(f"{name} {self.price(float(getattr(columns, name)[row]))}" for name in _FIGURES)
        move = f", {formatting.percent_in_words(change_pct)}" if change_pct is not None else ""
        volume = formatting.quantity(float(columns.volume[row]), self.currency)
        return f"{when}: {figures}{move}, volume {volume}{', still forming' if is_forming else ''}."


def interval_words(label: str) -> str:
    """Return an interval as people write it: `5 min`, `15 s`, `1 h`."""
    return f"{label[:-1]} {({'s': 's', 'm': 'min', 'h': 'h'})[label[-1]]}"


def title_segments(title: ChartTitle) -> list[Segment]:
    """Return the first line of the legend."""
    instrument = title.instrument
    line = [Segment(instrument.symbol, "text1", "lead", "semibold", gap=0)]
    if instrument.name:
        line.append(Segment(instrument.name, "text2", gap=8, rank=4))
    line.append(Segment(f"{instrument.tag} {instrument.id.segment}", "text3", "micro", gap=8, rank=3))
    line.append(Segment(title.interval_words, "text2", gap=8))
    if title.tag:
        line.append(Segment(title.tag, "simulated", "tag", "medium", gap=8, is_tag=True))
    words = ", ".join(part for part in (title.source, title.state) if part)
    if words:
        line.append(Segment(words, "text2", gap=8, rank=1))
    return line


def fitting(line: list[Segment], ruler: TextRuler, width: float) -> list[tuple[Segment, float, float]]:
    """Return (segment, x, width) of what fits, dropping the least important first; numbers are never cut."""
    measured = [(part, _width(part, ruler)) for part in line]
    while measured and sum(part.gap + size for part, size in measured) > width:
        worst = max(part.rank for part, _ in measured)
        if not worst:
            break
        measured = [(part, size) for part, size in measured if part.rank != worst]
    placed: list[tuple[Segment, float, float]] = []
    x = 0.0
    for part, size in measured:
        x += part.gap
        placed.append((part, x, size))
        x += size
    return placed


def _width(part: Segment, ruler: TextRuler) -> float:
    return ruler.width(part.text, part.size, part.weight) + (8.0 if part.is_tag else 0.0)
