"""What the portfolio panel says: figures, invalid and contradictory ones, totals, and why there is nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from report_scene import AAPL, DOWN, FEED, KNOWN, NOW_NS, SBIN, SECOND_NS, TCS, ZONE, state

from marketwatch.domain.events import InvalidFigure, ServerPosition
from marketwatch.domain.instrument import Instrument
from marketwatch.qt.formatting import MISSING
from marketwatch.qt.models.portfolio_rows import PortfolioMoment, PortfolioView, number_text, portfolio_view
from marketwatch.services.report_feeds import StreamState
from marketwatch.services.server_alerts import PriceThen
from marketwatch.services.server_reports import StatedPosition


def position(
    of: Instrument, quantity: str, average: str, value: str | None, gain: str | None, **more: Any
) -> StatedPosition:
    here = more.pop("here", None)
    stated = ServerPosition(
        key=of.symbol,
        stamp=NOW_NS // 1_000_000,
        quantity=Decimal(quantity),
        average_price=Decimal(average),
        current_value=None if value is None else Decimal(value),
        unrealised_pnl=None if gain is None else Decimal(gain),
        **more,
    )
    return StatedPosition(of.id, FEED, stated, NOW_NS, None if here is None else PriceThen(here, "Feed"))


def portfolio(
    *positions: StatedPosition, states: tuple[StreamState, ...] = (state(),), last: float | None = None
) -> PortfolioView:
    return portfolio_view(
        PortfolioMoment(
            positions=positions,
            states=states,
            instrument=lambda one: KNOWN[one],
            last=lambda one: last,
            label=lambda feed_id: "My service",
            zone=ZONE,
        )
    )


def texts(view: PortfolioView) -> list[tuple[str, ...]]:
    return [row.texts for row in view.rows]


def test_positions_and_a_total_per_currency() -> None:
    view = portfolio(
        position(SBIN, "1200", "795.4", "969300", "14820", unrealised_pnl_pct=Decimal("1.55")),
        position(TCS, "-10", "3100", "-31129", "-129", unrealised_pnl_pct=Decimal("-0.42")),
        position(AAPL, "40", "201.22", "9538.8", "1490"),
    )
    assert view.title == "Server portfolio – My service"
    assert view.stated == "As stated by the server at 14:41:07 IST"
    assert texts(view) == [
        ("SBIN", "1,200", "795.40", "9,69,300.00", "+14,820.00", "+1.55%"),
        ("TCS", "\u221210", "3,100.00", "\u221231,129.00", "\u2212129.00", "\u22120.42%"),
        ("AAPL", "40", "201.22", "9,538.80", "+1,490.00", MISSING),
        ("Total INR", "", "", "9,38,171.00", "+14,691.00", "+1.59%"),
        ("Total USD", "", "", "9,538.80", "+1,490.00", "+18.51%"),
    ]
    assert view.notes == ""


def test_an_invalid_figure_is_struck_and_left_out_of_the_total() -> None:
    bad = InvalidFigure("current_value", "NaN", "not a number")
    view = portfolio(
        position(SBIN, "10", "800", "8077.5", "77.5"),
        position(TCS, "10", "3000", None, "1129", invalid=(bad,)),
        position(AAPL, "10", "200", None, None),
    )
    assert texts(view)[1][3] == "NaN"
    assert view.rows[1].cells[3].is_struck
    assert "invalid, sent NaN" in view.rows[1].spoken
    assert "Invalid value NaN: not a number" in view.rows[1].tip
    assert texts(view)[3] == ("Total INR", "", "", "8,077.50", "+77.50", "+0.97%")
    assert texts(view)[4] == ("Total USD", "", "", MISSING, MISSING, MISSING)
    assert view.notes == "2 positions are left out of the totals: figures missing or invalid."


def test_a_price_of_its_own_is_pointed_out_beyond_a_tick() -> None:
    near = position(SBIN, "10", "800", "8077.5", "77.5", here=807.7)
    assert portfolio(near, last=809.0).notes == ""
    far = position(SBIN, "10", "800", "8077.5", "77.5", here=809.0)
    assert portfolio(far, last=807.75).notes == ""  # the tick came over the other connection first
    assert portfolio(far, last=808.5).notes == "The server values SBIN at 807.75 (808.50 here)."
    assert portfolio(far).notes == ""


def test_a_percentage_that_the_amounts_contradict_is_marked_and_what_they_give_is_shown() -> None:
    view = portfolio(position(SBIN, "100", "800.5", "136205", "56155", unrealised_pnl_pct=Decimal("0.8"), here=1362.05))
    row = view.rows[0]
    assert row.texts == ("SBIN", "100", "800.50", "1,36,205.00", "+56,155.00", "≠ +70.15%")
    assert [cell.is_doubted for cell in row.cells] == [False] * 5 + [True]
    assert row.tip.splitlines()[2:] == ["Unrealised %: the server said +0.80%, but unrealised ÷ cost gives +70.15%"]
    assert row.spoken.endswith("Unreal. % contradicted by the others, which give +70.15%")
    assert texts(view)[1] == ("Total INR", "", "", "1,36,205.00", "+56,155.00", "+70.15%")
    assert view.notes == (
        "≠ Not as the server states it but as its other amounts and the price here give: "
        "SBIN unrealised % (it said +0.80%)."
    )


def test_a_value_that_is_not_quantity_times_price_is_marked_and_left_out_of_the_total() -> None:
    view = portfolio(
        position(SBIN, "100", "800", "8077500", "775", here=807.75), position(TCS, "10", "3000", "31129", "1129")
    )
    assert texts(view) == [
        ("SBIN", "100", "800.00", "≠ 80,775.00", "+775.00", MISSING),
        ("TCS", "10", "3,000.00", "31,129.00", "+1,129.00", MISSING),
        ("Total INR", "", "", "31,129.00", "+1,129.00", "+3.76%"),
    ]
    assert "Value: the server said 80,77,500.00, but quantity × the price here gives 80,775.00" in view.rows[0].tip
    assert view.rows[0].tip.endswith("Not in the totals: its amounts contradict one another")
    assert view.notes == (
        "≠ Not as the server states it but as its other amounts and the price here give: "
        "SBIN value (it said 80,77,500.00)."
        " 1 position is left out of the totals: figures missing, invalid or contradictory."
    )


def test_a_gain_that_is_not_value_less_cost_is_marked() -> None:
    view = portfolio(position(SBIN, "100", "800", "80775", "-775", unrealised_pnl_pct=Decimal("0.97")))
    assert texts(view)[0][3:] == ("80,775.00", "≠ +775.00", "+0.97%")
    assert view.rows[0].cells[4].direction == 1


@pytest.mark.parametrize(
    ("quantity", "average", "value", "gain", "percent", "here"),
    [
        ("100", "2375.48", "250050.0", "12502.5", "5.26", 2500.5),  # the sample of the guide: rounded averages
        ("120", "795.4", "96930", "1482", "1.55", None),
        ("120", "795.4", "96930", "1482", "1.6", None),  # rounded to one place
        ("120", "795.4", "96930", "1482", "2", None),  # and to none
        ("-10", "3100", "-31129", "-129", "-0.42", 3112.9),
        ("-10", "3100", "31129", "-129", "-0.42", 3112.9),  # a short position's value without its sign
        ("0", "0", "0", "0", "0", 807.75),
        ("100", "800", "80775", "775", "0.97", 812.0),  # our price is half a per cent on
    ],
)
def test_what_rounding_and_another_moment_explain_is_no_contradiction(
    quantity: str, average: str, value: str, gain: str, percent: str, here: float | None
) -> None:
    view = portfolio(position(SBIN, quantity, average, value, gain, unrealised_pnl_pct=Decimal(percent), here=here))
    assert not any(cell.is_doubted for cell in view.rows[0].cells)
    assert "≠" not in view.notes


@pytest.mark.parametrize(
    ("quantity", "average", "percent", "shown"),
    [("100", "800", "0.0097", "≠ +0.97%"), ("100", "800", "-0.97", "≠ +0.97%"), ("100", "0", "12", f"≠ {MISSING}")],
)
def test_fractions_wrong_signs_and_gains_on_nothing_are_marked(
    quantity: str, average: str, percent: str, shown: str
) -> None:
    gain = "775" if average != "0" else "80775"
    view = portfolio(position(SBIN, quantity, average, "80775", gain, unrealised_pnl_pct=Decimal(percent)))
    assert view.rows[0].texts[5] == shown


def test_what_is_not_stated_stays_unknown() -> None:
    view = portfolio(position(SBIN, "100", "800", None, None, unrealised_pnl_pct=Decimal("0.97"), here=807.75))
    assert texts(view)[0] == ("SBIN", "100", "800.00", MISSING, MISSING, "+0.97%")
    view = portfolio(position(SBIN, "100", "800", "80775", "775", here=807.75))
    assert texts(view)[0][5] == MISSING


def test_rows_that_do_not_add_up_to_their_total_say_so() -> None:
    view = portfolio(position(SBIN, "1", "0.104", "0.104", "0"), position(TCS, "1", "0.204", "0.204", "0"))
    assert [row[3] for row in texts(view)] == ["0.10", "0.20", "0.31"]
    assert view.notes == "Totals are of unrounded figures; the rows as shown add up to value 0.30 INR."


def test_money_is_exact() -> None:
    assert sum((Decimal("0.1"), Decimal("0.2"))) == Decimal("0.3")
    view = portfolio(position(SBIN, "1", "0.1", "0.1", "0"), position(TCS, "1", "0.2", "0.2", "0"))
    assert texts(view)[2][3:] == ("0.30", "0.00", "0.00%")


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        ("12345678.905", "INR", "1,23,45,678.90"),
        ("12345678.905", "USD", "12,345,678.90"),
        ("-0.001", "INR", "0.00"),
        ("1e30", "USD", "1,000,000,000,000,000,000,000,000,000,000.00"),
    ],
)
def test_money_is_written_as_its_currency_groups(value: str, currency: str, text: str) -> None:
    assert number_text(Decimal(value), currency) == text


def test_positions_of_a_connection_before_are_old_until_it_is_stated_again() -> None:
    back = state(connection=2, since_ns=NOW_NS - 60 * SECOND_NS)
    words = "not stated again since the connection came back at 14:40:07 IST"
    held = position(SBIN, "10", "800", "8077.5", "77.5")
    shown = portfolio(held, states=(back,))
    assert (shown.stated, shown.stated_role) == (f"As stated by the server at 14:41:07 IST; old: {words}", "error")
    again = portfolio(msgspec.structs.replace(held, connection=2), states=(back,))
    assert (again.stated, again.stated_role) == ("As stated by the server at 14:41:07 IST", "text3")


def test_old_positions_and_empty_portfolios_say_so() -> None:
    held = position(SBIN, "10", "800", "8077.5", "77.5")
    view = portfolio(held, states=(DOWN,))
    assert (view.stated, view.stated_role) == (
        "As stated by the server at 14:41:07 IST; old: down since 14:40:07 IST", "error",
    )  # fmt: skip
    empty = StatedPosition(SBIN.id, FEED, ServerPosition(key="SBIN"), NOW_NS)
    for positions, cause in (((), "No positions stated yet"), ((empty,), "No positions")):
        message = portfolio(*positions).message
        assert message is not None
        assert message.cause == cause
