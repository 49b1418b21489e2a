"""What the details panel says of an instrument that two feeds cover: each one's price, and how they differ."""

from __future__ import annotations

from marketwatch.domain.instrument import Instrument
from marketwatch.qt import formatting as fmt
from marketwatch.qt.models.detail_rows import DetailRow, in_ticks
from marketwatch.services.feed_difference import FeedDifference, FeedSide

_LONGEST_NAME = 15
_OLD_S = 30.0  # promise P4: nothing older looks live
_SAME_BELOW_S = 0.0005


def pair_rows(instrument: Instrument, pair: FeedDifference | None) -> list[DetailRow]:
    """Return the lines, none where one feed alone covers it."""
    if pair is None:
        return []
    return [
        _side_row(instrument, "shown_feed", pair.shown, "shown in the list"),
        _side_row(instrument, "second_feed", pair.second, "followed beside it"),
        _difference_row(instrument, pair),
        _delay_row(pair),
    ]


def _side_row(instrument: Instrument, key: str, side: FeedSide, role: str) -> DetailRow:
    write = fmt.price_format(instrument.decimals, instrument.currency)
    behind = f", {fmt.delay_words(side.delay_s)} behind the market" if side.delay_s else ""
    return DetailRow(
        key=key,
        name=_short(side.label),
        value=write(side.price),
        note="" if side.age_s is None else f"{fmt.age(side.age_s)} old",
        value_role="text3" if side.price is None else "stale" if (side.age_s or 0.0) > _OLD_S else "text1",
        note_role="delayed" if side.delay_s else "text3",
        tip=f"{side.label}, {role}{behind}" + ("" if side.price is not None else "; no price yet"),
    )


def _difference_row(instrument: Instrument, pair: FeedDifference) -> DetailRow:
    name = "Difference"
    if pair.difference is None:
        missing = pair.shown if pair.shown.price is None else pair.second
        tip = f"No price came from {missing.label} yet"
        return DetailRow(key="pair_difference", name=name, value=fmt.MISSING, value_role="text3", tip=tip)
    difference = float(f"{pair.difference:.10g}")
    notes = [fmt.percent(pair.difference_pct), in_ticks(difference, instrument.tick_size)]
    tip = f"Last price of {pair.second.label} minus that of {pair.shown.label}"
    apart_s = abs(pair.second.delay_s - pair.shown.delay_s)
    if apart_s:
        tip += f"; the prices themselves are {fmt.delay_words(apart_s)} apart"
    return DetailRow(
        key="pair_difference",
        name=name,
        value=fmt.change_format(instrument.decimals, instrument.currency)(difference),
        note=", ".join(note for note in notes if note),
        tip=tip,
    )


def _delay_row(pair: FeedDifference) -> DetailRow:
    name = "Delay between"
    if pair.delay_s is None:
        return DetailRow(
            key="pair_delay",
            name=name,
            value=fmt.MISSING,
            value_role="text3",
            note="not measurable",
            tip=f"Not measurable: {pair.obstacle}",
        )
    later = "same time" if abs(pair.delay_s) < _SAME_BELOW_S else "later" if pair.delay_s > 0 else "sooner"
    exact = "" if pair.is_fine else "; good to a second, since a feed tells whole seconds only"
    return DetailRow(
        key="pair_delay",
        name=name,
        value=_duration(abs(pair.delay_s)),
        note=f"{_short(pair.second.label)} {later}",
        tip=f"How much later a trade arrives from {pair.second.label} than from {pair.shown.label}: the median of"
        f" {pair.matches} trades that came from both{exact}",
    )


def _duration(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds / 60:.1f} min"


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST_NAME else f"{label[: _LONGEST_NAME - 1].rstrip()}…"
