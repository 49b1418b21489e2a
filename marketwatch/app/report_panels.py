"""What servers say beside prices, on screen: analysis, alerts with their pop-ups, and the server's portfolio.

The panels are built when the first feed gives such reports, or when the user asks for one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.protocols.base import Channel
from marketwatch.qt.models.alert_rows import (
    AlertMoment,
    alert_rows,
    alerts_message,
    blind_message,
    card_view,
    log_rows,
    summary_words,
)
from marketwatch.qt.models.analysis_rows import AnalysisSubject, AnalysisView, analysis_view
from marketwatch.qt.models.portfolio_rows import PortfolioMoment, PortfolioView, portfolio_view
from marketwatch.qt.models.stream_words import side_connection
from marketwatch.qt.panels.alerts_panel import AlertsPanel, AlertsView
from marketwatch.qt.panels.analysis_panel import AnalysisPanel
from marketwatch.qt.panels.dock_head import DockHead, HeadTab
from marketwatch.qt.panels.feed_words import SideConnection
from marketwatch.qt.panels.portfolio_panel import PortfolioPanel
from marketwatch.qt.popups.alert_popup import AlertCards
from marketwatch.qt.time_text import zone_name
from marketwatch.services.server_alerts import AlertDeed, AlertKey

if TYPE_CHECKING:
    from marketwatch.app.screen import Screen

PANELS: Final = ("analysis", "alerts", "portfolio")
_CHANNELS: Final = {"analysis": Channel.ANALYSIS, "alerts": Channel.ALERTS, "portfolio": Channel.PORTFOLIO}
_PAUSE_MS = 100


class ReportPanels(QObject):
    """Owner of the three panels and the cards. `refresh` is called every second."""

    def __init__(self, screen: Screen) -> None:
        super().__init__(screen)
        self._screen = screen
        self._core = screen.core
        self._feeds = screen.core.reports
        self._reports = self._feeds.reports
        self._shown: Instrument | None = None
        self._hidden: set[str] = set()
        self.analysis: AnalysisPanel | None = None
        self.alerts: AlertsPanel | None = None
        self.portfolio: PortfolioPanel | None = None
        self.cards = AlertCards(
            screen.theme,
            screen.icons,
            screen.window,
            acknowledge=self._reports.alerts.acknowledge,
            open_chart=self._open_chart_of,
        )
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self.refresh)
        self._feeds.feeds_changed.append(self._on_feeds)
        self._feeds.states_changed.append(self._wake)
        self._reports.analysis_changed.append(self._on_analysis)
        self._reports.positions_changed.append(self._wake)
        self._reports.alerts_changed.append(self._on_alerts)
        self._reports.fired.append(self._on_fired)
        screen.window.panel_revealed.connect(self._on_revealed)
        screen.second_passed.connect(self.refresh)
        screen.status_line.streams_of = self._side_connections
        self._on_feeds()
        self._show_cards()

    def stop(self) -> None:
        """Let go of the reports and take the cards away."""
        self._pause.stop()
        self._feeds.feeds_changed.remove(self._on_feeds)
        self._feeds.states_changed.remove(self._wake)
        self._reports.analysis_changed.remove(self._on_analysis)
        self._reports.positions_changed.remove(self._wake)
        self._reports.alerts_changed.remove(self._on_alerts)
        self._reports.fired.remove(self._on_fired)
        self.cards.close()

    # --- panels

    def show_instrument(self, instrument: Instrument | None) -> None:
        """Show the analysis of another instrument."""
        self._shown = instrument
        if self.analysis is not None:
            self.analysis.show_instrument(instrument)

    def refresh(self) -> None:
        """Read everything that can be seen."""
        self.cards.keep_clear()
        for panel in (self.analysis, self.alerts, self.portfolio):
            if panel is not None and panel.is_live():
                panel.refresh()

    def follow_session(self) -> None:
        """Put the panels away when nothing open gives reports, and back when something does again."""
        window = self._screen.window
        if self._feeds.feed_ids:
            for name in self._hidden:
                window.show_panel(name, is_shown=True)
            self._hidden.clear()
            return
        for name in PANELS:
            if window.is_panel_shown(name):
                window.show_panel(name, is_shown=False)
                self._hidden.add(name)

    def ask_for(self, name: str) -> None:
        """Show a panel that was never needed, because the user wants to see it."""
        self._hidden.discard(name)
        if not self._is_built(name):
            self._build(name)

    def go_to_newest_alert(self) -> None:
        """Move the keyboard into the newest card, or into the alerts when nothing waits."""
        if not self.cards.take_focus():
            self.ask_for("alerts")
            self._screen.window.show_panel("alerts", is_shown=True)
            self._screen.window.focus_panel("alerts")

    def _is_built(self, name: str) -> bool:
        return getattr(self, name) is not None

    def _on_feeds(self) -> None:
        for name, channel in _CHANNELS.items():
            if self._feeds.states(channel) and not self._is_built(name):
                is_known = self._build(name)
                if name == "alerts" and not is_known:
                    self._screen.window.show_panel(name, is_shown=True)
        self._wake()

    def _build(self, name: str) -> bool:
        """Build a panel; return whether the stored layout knew it."""
        build = {"analysis": self._build_analysis, "alerts": self._build_alerts, "portfolio": self._build_portfolio}
        return build[name]()

    def _build_analysis(self) -> bool:
        theme, icons = self._screen.theme, self._screen.icons
        head = DockHead(theme, icons, has_link=True)
        head.set_link(1)
        head.set_tabs([HeadTab("Analysis")])
        self.analysis = panel = AnalysisPanel(theme, icons, self._analysis_view)
        panel.shown.connect(lambda symbol: head.set_tabs([HeadTab("Analysis", symbol)]))
        is_known = self._place("analysis", "Analysis", panel, head, beside="details")
        panel.show_instrument(self._shown)
        return is_known

    def _build_alerts(self) -> bool:
        theme, icons = self._screen.theme, self._screen.icons
        head = DockHead(theme, icons)
        self.alerts = panel = AlertsPanel(theme, icons, head, self._alerts_view)
        panel.acknowledge_requested.connect(self._reports.alerts.acknowledge)
        panel.chart_requested.connect(self._open_chart)
        return self._place("alerts", "Alerts", panel, head, beside="notices")

    def _build_portfolio(self) -> bool:
        theme, icons = self._screen.theme, self._screen.icons
        head = DockHead(theme, icons)
        self.portfolio = panel = PortfolioPanel(theme, icons, self._portfolio_view)
        panel.titled.connect(lambda title: head.set_tabs([HeadTab(title)]))
        head.set_tabs([HeadTab(panel.title)])
        return self._place("portfolio", "Portfolio", panel, head, beside="chart", is_below=True)

    def _place(
        self, name: str, title: str, panel: QWidget, head: DockHead, *, beside: str, is_below: bool = False
    ) -> bool:  # fmt: skip
        return self._screen.window.add_late_panel(name, title, panel, head, beside, is_below=is_below)

    # --- what happens

    def _wake(self) -> None:
        if not self._pause.isActive():
            self._pause.start()

    def _on_analysis(self, instrument_id: InstrumentId) -> None:
        if self._shown is not None and self._shown.id == instrument_id:
            self._wake()

    def _on_alerts(self) -> None:
        self._show_cards()
        self._wake()

    def _on_fired(self, deed: AlertDeed) -> None:
        self._show_cards()

    def _on_revealed(self, name: str) -> None:
        if name in PANELS:
            self.refresh()

    def _show_cards(self) -> None:
        views = [
            card_view(
                deed,
                deed.key,
                self._instrument(deed.key),
                self._feeds.label(deed.feed_id),
                self._screen.market.zone(deed.key.instrument_id),
            )
            for deed in self._reports.alerts.unacknowledged()
            if deed.key is not None
        ]
        self.cards.show_firings(views)

    def _open_chart_of(self, number: int) -> None:
        for deed in self._reports.alerts.log:
            if deed.number == number and deed.key is not None:
                self._open_chart(deed.key)

    def _open_chart(self, key: AlertKey) -> None:
        window = self._screen.window
        if window.isMinimized():
            window.showNormal()
        window.activateWindow()
        self._screen.open_chart(key.instrument_id)

    # --- what the panels read

    def _instrument(self, key: AlertKey) -> Instrument:
        return self._core.instrument(key.instrument_id)

    def _now_ns(self) -> int:
        return self._core.runtime.clock.now_ns()

    def _side_connections(self, feed_id: FeedId) -> list[SideConnection]:
        zone = self._feeds.zone()
        return [side_connection(state, zone) for state in self._feeds.states() if state.feed_id == feed_id]

    def _last(self, instrument_id: InstrumentId) -> float | None:
        snapshot = self._core.hub.snapshot(instrument_id)
        return None if snapshot is None else snapshot.shown_price

    def _analysis_view(self, instrument: Instrument) -> AnalysisView:
        states = self._feeds.states(Channel.ANALYSIS)
        topics = [self._feeds.topic_state(one.feed_id, instrument.id, Channel.ANALYSIS) for one in states]
        stated = self._reports.analyses(instrument.id)
        return analysis_view(
            AnalysisSubject(
                instrument=instrument,
                zone=self._screen.market.zone(instrument.id),
                now_ns=self._now_ns(),
                last=self._last(instrument.id),
                stated=max(stated, key=lambda one: one.received_ns, default=None),
                states=states,
                topics=[topic for topic in topics if topic is not None],
            )
        )

    def _alerts_view(self) -> AlertsView:
        states, zone = self._feeds.states(Channel.ALERTS), self._feeds.zone()
        moment = AlertMoment(
            records=tuple(self._reports.alerts),
            log=self._reports.alerts.log,
            states=states,
            label=lambda feed_id: self._feeds.label(FeedId(feed_id)),
            instrument=self._instrument,
            snapshot=lambda key: self._core.hub.snapshot(key.instrument_id),
            zone=lambda key: self._screen.market.zone(key.instrument_id),
            now_ns=self._now_ns(),
        )
        rows = alert_rows(moment)
        return AlertsView(
            message=alerts_message(states, zone),
            rows=rows,
            log=log_rows(moment, zone),
            blind=blind_message(states, zone),
            summary=summary_words(rows),
            log_zone=zone_name(zone, moment.now_ns),
        )

    def _portfolio_view(self) -> PortfolioView:
        return portfolio_view(
            PortfolioMoment(
                positions=self._reports.positions(),
                states=self._feeds.states(Channel.PORTFOLIO),
                instrument=self._core.instrument,
                last=self._last,
                label=self._feeds.label,
                zone=self._feeds.zone(),
            )
        )
