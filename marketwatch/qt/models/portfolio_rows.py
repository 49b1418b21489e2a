"""A portfolio as a server states it, in words and figures. No widgets; money is Decimal all through."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from decimal import Decimal

import msgspec

from marketwatch.domain.events import InvalidFigure, ServerPosition
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.qt import formatting as fmt
from marketwatch.qt.models.portfolio_checks import Doubt, doubts
from marketwatch.qt.models.stream_words import PanelMessage, missing_message, old_words, since_words
from marketwatch.qt.theme_tokens import Role
from marketwatch.services.report_feeds import StreamState
from marketwatch.services.server_reports import StatedPosition

_HINT = "The stream service states positions. Add it in Settings > Feeds."
_NAMES = {
    "quantity": "quantity",
    "avg_price": "average price",
    "average_price": "average price",
    "current_value": "value",
    "unrealised_pnl": "unrealised",
    "unrealised_pnl_pct": "unrealised %",
    "position": "position",
}
_GAINS = frozenset({"unrealised_pnl", "unrealised_pnl_pct"})
_CENT = Decimal("0.01")
DOUBTED = "≠ "
"""Stands before a figure that is not the one the server stated."""


class PortfolioColumn(msgspec.Struct, frozen=True):
    """One column; `field` is that of the position, empty for the instrument."""

    title: str
    field: str
    is_right: bool = True


COLUMNS = (
    PortfolioColumn("Instrument", "", is_right=False),
    PortfolioColumn("Qty", "quantity"),
    PortfolioColumn("Avg price", "average_price"),
    PortfolioColumn("Value", "current_value"),
    PortfolioColumn("Unrealised", "unrealised_pnl"),
    PortfolioColumn("Unreal. %", "unrealised_pnl_pct"),
)


class MoneyCell(msgspec.Struct, frozen=True):
    """One cell; a struck one is what was sent and cannot be true. `direction` colours gains and losses.

    A doubted one is what the other figures give: the server said something else.
    """

    text: str
    role: Role = "text1"
    is_struck: bool = False
    is_doubted: bool = False
    direction: int | None = None


class PositionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A position or a total."""

    key: Hashable
    cells: tuple[MoneyCell, ...]
    tag: str = ""
    is_total: bool = False
    tip: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        """The cells as text."""
        return tuple(cell.text for cell in self.cells)

    @property
    def spoken(self) -> str:
        """The row as one says it."""
        parts = [f"{self.cells[0].text} {self.tag}".strip()]
        for column, cell in zip(COLUMNS[1:], self.cells[1:], strict=True):
            word = "unknown" if cell.text == fmt.MISSING else cell.text
            mark = "invalid, sent " if cell.is_struck else "contradicted by the others, which give " * cell.is_doubted
            parts.append(f"{column.title} {mark}{word.removeprefix(DOUBTED)}")
        return ", ".join(parts)


class PortfolioMoment(msgspec.Struct, frozen=True, kw_only=True):
    """Stated positions, and where to read of instruments and feeds. `last` is the price here now, None without one."""

    positions: Sequence[StatedPosition]
    states: Sequence[StreamState]
    instrument: Callable[[InstrumentId], Instrument]
    last: Callable[[InstrumentId], float | None]
    label: Callable[[FeedId], str]
    zone: str


class PortfolioView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the panel shows; `message` alone when there is nothing to list."""

    title: str = "Server portfolio"
    message: PanelMessage | None = None
    rows: Sequence[PositionRow] = ()
    stated: str = ""
    stated_role: Role = "text3"
    notes: str = ""


def portfolio_view(moment: PortfolioMoment) -> PortfolioView:
    """Describe the positions, their totals, and what the totals leave out."""
    held = [stated for stated in moment.positions if not stated.is_empty]
    title = _title(moment.states)
    if not held:
        return PortfolioView(title=title, message=_why_none(moment))
    rows = [_position_row(moment, stated) for stated in held]
    totals, left_out = _totals(moment, held)
    stated, role = _stated_words(moment, held)
    notes = [_doubt_notes(moment, held), left_out, _rounding_notes(moment, held), _price_notes(moment, held)]
    return PortfolioView(
        title=title, rows=[*rows, *totals], stated=stated, stated_role=role, notes=" ".join(n for n in notes if n)
    )


def _title(states: Sequence[StreamState]) -> str:
    labels = list(dict.fromkeys(state.feed_label for state in states))
    if len(labels) == 1:
        return f"Server portfolio – {labels[0]}"
    return f"Server portfolio – {len(labels)} feeds" if labels else "Server portfolio"


def _why_none(moment: PortfolioMoment) -> PanelMessage:
    down = missing_message("positions", moment.states, moment.zone, _HINT)
    if down is not None:
        return down
    feeds = ", ".join(state.feed_label for state in moment.states if state.is_seeing)
    if moment.positions:
        return PanelMessage("No positions", f"{feeds} says that nothing is held.")
    return PanelMessage("No positions stated yet", f"{feeds} has sent none for the instruments of your lists.")


def _stated_words(moment: PortfolioMoment, held: Sequence[StatedPosition]) -> tuple[str, Role]:
    newest = max(stated.position.event_ns or stated.received_ns for stated in held)
    words = f"As stated by the server at {since_words(newest, moment.zone)}"
    states = {state.feed_id: state for state in moment.states}
    pairs = [(states[stated.feed_id], stated.connection) for stated in held if stated.feed_id in states]
    old = next((old for state, number in pairs if (old := old_words(state, number, moment.zone)) is not None), None)
    return (words, "text3") if old is None else (f"{words}; old: {old[0]}", "error")


# --- rows


def _position_row(moment: PortfolioMoment, stated: StatedPosition) -> PositionRow:
    instrument, position = moment.instrument(stated.instrument_id), stated.position
    invalid = {_field(figure.name): figure for figure in position.invalid}
    doubted = _doubts(stated)
    cells = tuple(_cell(position, column.field, instrument, invalid, doubted) for column in COLUMNS[1:])
    reasons = [f"{_NAMES.get(one.name, one.name)} {one.sent}: {one.reason}" for one in position.invalid]
    tip = [instrument.name, f"Stated by {moment.label(stated.feed_id)}", *(f"Invalid {reason}" for reason in reasons)]
    for field, one in doubted.items():
        said, gives = (_figure_text(value, field, instrument) for value in (getattr(position, field), one.gives))
        tip.append(f"{_NAMES[field].capitalize()}: the server said {said}, but {one.reason} gives {gives}")
    doubt = _doubt(stated)
    return PositionRow(
        key=(stated.feed_id, stated.instrument_id),
        cells=(MoneyCell(instrument.symbol), *cells),
        tag=instrument.tag,
        tip="\n".join(part for part in (*tip, doubt) if part),
    )


def _field(name: str) -> str:
    return "average_price" if name == "avg_price" else name


def _cell(
    position: ServerPosition,
    field: str,
    instrument: Instrument,
    invalid: Mapping[str, InvalidFigure],
    doubted: Mapping[str, Doubt],
) -> MoneyCell:
    value: Decimal | None = getattr(position, field)
    figure = invalid.get(field)
    if figure is not None:
        return MoneyCell(figure.sent, "error", is_struck=True)
    if value is None:
        return MoneyCell(fmt.MISSING, "text3")
    doubt = doubted.get(field)
    value = value if doubt is None else doubt.gives
    text = _figure_text(value, field, instrument)
    direction = _direction(value) if value is not None and field in _GAINS else None
    return MoneyCell(f"{DOUBTED}{text}" if doubt else text, is_doubted=doubt is not None, direction=direction)


def _figure_text(value: Decimal | None, field: str, instrument: Instrument) -> str:
    if value is None:
        return fmt.MISSING
    if field == "quantity":
        return number_text(value, instrument.currency, decimals=None)
    if field == "unrealised_pnl_pct":
        return f"{number_text(value, '', is_signed=True)}%"
    return number_text(value, instrument.currency, is_signed=field in _GAINS)


def number_text(value: Decimal, currency: str, *, decimals: int | None = 2, is_signed: bool = False) -> str:
    """Write money: grouped as its currency is, real minus, rounded only here. Decimals None: as many as there are."""
    text = f"{abs(value):,f}" if decimals is None else f"{abs(value):,.{decimals}f}"
    if decimals is None and "." in text:
        text = text.rstrip("0").rstrip(".")
    if not text.strip("0.,"):
        return text
    if fmt.groups_by_lakh(currency):
        text = fmt.regroup_lakh(text)
    if value < 0:
        return f"{fmt.MINUS}{text}"
    return f"+{text}" if is_signed and value > 0 else text


def _direction(value: Decimal) -> int:
    return (value > 0) - (value < 0)


# --- totals and notes


def _totals(moment: PortfolioMoment, held: Sequence[StatedPosition]) -> tuple[list[PositionRow], str]:
    groups: dict[tuple[FeedId, str], list[StatedPosition]] = {}
    for stated in held:
        groups.setdefault((stated.feed_id, moment.instrument(stated.instrument_id).currency), []).append(stated)
    has_feeds = len({feed_id for feed_id, _ in groups}) > 1
    rows, left_out = [], 0
    for (feed_id, currency), group in groups.items():
        counted = [stated for stated in group if _counts(stated)]
        left_out += len(group) - len(counted)
        name = f"Total {currency}".strip() + (f", {moment.label(feed_id)}" if has_feeds else "")
        rows.append(_total_row((feed_id, currency), name, currency, [stated.position for stated in counted]))
    if not left_out:
        return rows, ""
    what = "1 position is" if left_out == 1 else f"{left_out} positions are"
    kinds = "missing, invalid or contradictory" if any(map(_is_amount_doubted, held)) else "missing or invalid"
    return rows, f"{what} left out of the totals: figures {kinds}."


def _counts(stated: StatedPosition) -> bool:
    return _doubt(stated) == "" and None not in (stated.position.current_value, stated.position.unrealised_pnl)


def _total_row(key: Hashable, name: str, currency: str, positions: Sequence[ServerPosition]) -> PositionRow:
    value = sum((one.current_value for one in positions if one.current_value is not None), Decimal(0))
    gain = sum((one.unrealised_pnl for one in positions if one.unrealised_pnl is not None), Decimal(0))
    cost = value - gain
    share = gain / cost * 100 if cost > 0 else None
    none = MoneyCell("")
    if not positions:
        missing = MoneyCell(fmt.MISSING, "text3")
        cells = (none, none, missing, missing, missing)
    else:
        percent = MoneyCell(fmt.MISSING, "text3")
        if share is not None:
            percent = MoneyCell(f"{number_text(share, '', is_signed=True)}%", direction=_direction(share))
        cells = (
            none,
            none,
            MoneyCell(number_text(value, currency)),
            MoneyCell(number_text(gain, currency, is_signed=True), direction=_direction(gain)),
            percent,
        )
    return PositionRow(key=("total", key), cells=(MoneyCell(name), *cells), is_total=True, tip="Sum of what was stated")


def _doubt(stated: StatedPosition) -> str:
    """Return why a position's figures cannot be summed, empty when they can."""
    if stated.position.invalid:
        return "Not in the totals: a figure of it is invalid"
    return "Not in the totals: its amounts contradict one another" if _is_amount_doubted(stated) else ""


def _is_amount_doubted(stated: StatedPosition) -> bool:
    return not _doubts(stated).keys() <= {"unrealised_pnl_pct"}


def _doubts(stated: StatedPosition) -> Mapping[str, Doubt]:
    """Return which of the stated figures the others contradict; an invalid one is marked as such already."""
    if stated.position.invalid:
        return {}
    return doubts(stated.position, None if stated.here is None else Decimal(repr(stated.here.price)))


def _doubt_notes(moment: PortfolioMoment, held: Sequence[StatedPosition]) -> str:
    """Say in words which figures are not those of the server."""
    notes = []
    for stated in held:
        instrument = moment.instrument(stated.instrument_id)
        for field in _doubts(stated):
            said = _figure_text(getattr(stated.position, field), field, instrument)
            notes.append(f"{instrument.symbol} {_NAMES[field]} (it said {said})")
    return (
        f"{DOUBTED}Not as the server states it but as its other amounts and the price here give: {_first_of(notes)}."
        if notes
        else ""
    )


def _rounding_notes(moment: PortfolioMoment, held: Sequence[StatedPosition]) -> str:
    """Say where the rows as they are shown do not add up to the total as it is shown."""
    sums: dict[tuple[FeedId, str, str], list[Decimal]] = {}
    for stated in filter(_counts, held):
        currency = moment.instrument(stated.instrument_id).currency
        for field in ("current_value", "unrealised_pnl"):
            sums.setdefault((stated.feed_id, currency, field), []).append(getattr(stated.position, field))
    notes = []
    for (_, currency, field), figures in sums.items():
        shown = sum((round(one, 2) for one in figures), Decimal(0))
        if shown != round(sum(figures, Decimal(0)), 2):
            notes.append(f"{_NAMES[field]} {number_text(shown, currency)} {currency}".strip())
    return f"Totals are of unrounded figures; the rows as shown add up to {_first_of(notes)}." if notes else ""


def _first_of(notes: Sequence[str]) -> str:
    return ", ".join(notes[:3]) + (f" and {len(notes) - 3} more" if len(notes) > 3 else "")


def _price_notes(moment: PortfolioMoment, held: Sequence[StatedPosition]) -> str:
    """Say where the server's own price differs from the one here by more than a tick."""
    notes = []
    for stated in held:
        instrument, price = moment.instrument(stated.instrument_id), _servers_price(stated.position)
        last = moment.last(stated.instrument_id)
        if price is None or stated.here is None or last is None or "current_value" in _doubts(stated):
            continue
        # Against the price of then and of now: two connections never tell of a tick at the same moment.
        nearest = min(abs(price - Decimal(repr(here))) for here in (stated.here.price, last))
        if nearest > (instrument.tick_size or _CENT):
            here = fmt.price(last, instrument.decimals, instrument.currency)
            notes.append(f"{instrument.symbol} at {number_text(price, instrument.currency)} ({here} here)")
    return f"The server values {_first_of(notes)}." if notes else ""


def _servers_price(position: ServerPosition) -> Decimal | None:
    """Return the price that value and quantity imply."""
    if position.invalid or not position.quantity or position.current_value is None:
        return None
    return abs(position.current_value / position.quantity)
