"""What servers say beside prices, for the diagnostics: states, figures of the market and counts, no holdings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from marketwatch.app.core import Core
from marketwatch.domain.ids import InstrumentId

if TYPE_CHECKING:
    from marketwatch.app.report_panels import ReportPanels


def reports_section(core: Core, panels: ReportPanels | None) -> dict[str, Any]:
    """Describe connections, analyses, alerts and their log; of positions only how many there are."""
    feeds = core.reports
    reports = feeds.reports
    return {
        "streams": [
            {**msgspec.to_builtins(state), "is_seeing": state.is_seeing}
            for state in feeds.states()
        ],
        "analyses": {str(one): _analysis(core, one) for one in core.feeds.instruments if reports.analyses(one)},
        "alerts": [
            {
                "instrument": str(record.key.instrument_id),
                "condition": record.key.condition,
                "threshold": record.key.threshold,
                "is_triggered": record.is_triggered,
            }
            for record in reports.alerts
        ],
        "log": [
            {"deed": deed.deed.value, "detail": deed.detail, "is_acknowledged": deed.is_acknowledged}
            for deed in reports.alerts.log
        ],
        "positions": len(reports.positions()),
        "invalid_positions": sum(1 for stated in reports.positions() if stated.position.invalid),
        "cards": 0 if panels is None else len(panels.cards.cards),
    }  # fmt: skip


def _analysis(core: Core, instrument_id: InstrumentId) -> list[dict[str, Any]]:
    return [
        {
            "feed": stated.feed_id,
            "rsi": stated.report.rsi,
            "invalid": [msgspec.to_builtins(figure) for figure in stated.report.invalid],
        }
        for stated in core.reports.reports.analyses(instrument_id)
    ]
