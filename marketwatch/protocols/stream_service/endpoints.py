"""The four endpoints of the stream service: each is a connection of its own with its own subscriptions."""

from __future__ import annotations

import enum

from marketwatch.protocols.base import Channel


class Endpoint(enum.Enum):
    """One endpoint, by the server's internal name."""

    MAIN = "main"
    ANALYSIS = "analysis"
    ALERTS = "alerts"
    PORTFOLIO = "portfolio"

    @property
    def path(self) -> str:
        """Path of its address."""
        return _PATHS[self]

    @property
    def channel(self) -> Channel:
        """The one channel it serves."""
        return _CHANNELS[self]

    @property
    def description(self) -> str:
        """What its greeting says of it."""
        return _DESCRIPTIONS[self]

    @property
    def data_types(self) -> tuple[str, ...]:
        """What its greeting announces; not all of it is ever sent."""
        return _DATA_TYPES[self]


_PATHS = {
    Endpoint.MAIN: "/ws/stream",
    Endpoint.ANALYSIS: "/ws/analysis",
    Endpoint.ALERTS: "/ws/alerts",
    Endpoint.PORTFOLIO: "/ws/portfolio",
}
_CHANNELS = {
    Endpoint.MAIN: Channel.TRADES,
    Endpoint.ANALYSIS: Channel.ANALYSIS,
    Endpoint.ALERTS: Channel.ALERTS,
    Endpoint.PORTFOLIO: Channel.PORTFOLIO,
}
_DESCRIPTIONS = {
    Endpoint.MAIN: "Main real-time data stream",
    Endpoint.ANALYSIS: "Technical analysis data stream",
    Endpoint.ALERTS: "Alerts data stream",
    Endpoint.PORTFOLIO: "Portfolio data stream",
}
_DATA_TYPES = {
    Endpoint.MAIN: ("tick_data", "candle_data", "market_data"),
    Endpoint.ANALYSIS: ("technical_analysis", "pattern_recognition", "risk_metrics"),
    Endpoint.ALERTS: ("price_alerts", "volume_alerts", "breakout_alerts"),
    Endpoint.PORTFOLIO: ("portfolio_updates", "pnl_data", "position_data"),
}
