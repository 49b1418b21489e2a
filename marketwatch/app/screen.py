"""Builds the window from its panels and connects them to the core. Decides nothing about markets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication, QWidget

from marketwatch.app.core import Core
from marketwatch.app.market_view import MarketView
from marketwatch.app.replay_strip import ReplayStrip
from marketwatch.app.right_column import RightColumn
from marketwatch.app.sessions import Sessions, SessionView
from marketwatch.app.status_line import StatusLine
from marketwatch.domain.ids import FeedId, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.feeds.status import FeedStatus
from marketwatch.qt.flush_timer import FlushTimer
from marketwatch.qt.icons import IconSet
from marketwatch.qt.main_window import MainWindow
from marketwatch.qt.paint_meter import PaintMeter
from marketwatch.qt.panels.dock_head import DockHead, HeadTab
from marketwatch.qt.panels.session_bar import SessionBar
from marketwatch.qt.panels.tool_bar import ToolBar
from marketwatch.qt.panels.watchlist_panel import WatchlistPanel
from marketwatch.qt.theme import Theme
from marketwatch.services.watchlists import WatchlistService
from marketwatch.storage.settings import Preferences

if TYPE_CHECKING:
    from marketwatch.app.depth_dock import DepthDock
    from marketwatch.app.report_panels import ReportPanels
    from marketwatch.qt.dialogs.search_popup import SearchPopup
    from marketwatch.qt.panels.chart_panel import ChartFacts, ChartPanel

_SECOND_MS = 1000
_REST_MS = 5000


class Screen(QObject):
    """The window and everything in it. `chart_ready` tells that the chart, which is built late, is there."""

    chart_ready = Signal()
    quit_requested = Signal()
    second_passed = Signal()

    def __init__(
        self, app: QApplication, core: Core, lists: WatchlistService, sessions: Sessions, preferences: Preferences
    ) -> None:
        super().__init__()
        self.core = core
        self.lists = lists
        self.sessions = sessions
        theme_name = "dark" if preferences.theme == "system" else preferences.theme
        self.theme = Theme(theme_name, preferences.preset, self)
        self.theme.install(app)
        self.icons = IconSet(self.theme)
        self.meter = PaintMeter()
        self.market = MarketView(core, lambda: sessions.feed_ids)
        self.window = MainWindow(self.theme)
        self.flush = FlushTimer(core.hub.drain, preferences.table_rate_hz, parent=self)
        self.chart: ChartPanel | None = None
        self.depth: DepthDock | None = None
        self.reports: ReportPanels | None = None
        self._search: SearchPopup | None = None
        self._chart_interval = preferences.chart_interval
        self._wanted: Instrument | None = None
        self._build_panels(preferences)
        self._build_bars()
        self._connect()
        self._second = QTimer(self)
        self._second.timeout.connect(self._on_second)
        self.window.restore_layout(preferences.window_geometry, preferences.window_state)

    # --- building

    def _build_panels(self, preferences: Preferences) -> None:
        theme, icons, window = self.theme, self.icons, self.window
        self.list_panel = WatchlistPanel(theme, icons, self.lists, self.market, self.meter)
        self.list_panel.set_density(preferences.density)
        self.list_panel.set_flash(preferences.flash)
        self.list_panel.head.set_link(1)
        window.add_panel("lists", "Lists", self.list_panel, self.list_panel.head)
        self.chart_head = DockHead(theme, icons, has_link=True)
        self.chart_head.set_link(1)
        self.chart_head.set_tabs([HeadTab("Chart")])
        window.add_panel("chart", "Chart", QWidget(), self.chart_head)
        self.right = RightColumn(theme, icons, window, self.market, self.core.notices)

    def _build_bars(self) -> None:
        theme, icons, window = self.theme, self.icons, self.window
        self.tool_bar = ToolBar(theme, icons)
        self.session_bar = SessionBar(theme, icons)
        window.add_bar("tools", self.tool_bar, theme.height("toolbar"))
        window.add_bar("session", self.session_bar, theme.height("simulatedBar"))
        window.show_bar("session", is_shown=False)
        self._replay_strip = ReplayStrip(theme, icons, window, self.sessions)
        self.status_line = StatusLine(
            window, theme, self.core.runtime.clock, self.core.calendars, self.core.hub.facts, self._retry
        )

    def _connect(self) -> None:
        core, flush = self.core, self.flush
        core.hub.on_dirty = flush.wake
        core.status_changed.append(self._on_status)
        core.row_changed.append(self._on_row)
        flush.add_surface(self.list_panel)
        flush.add_surface(self.right)
        self.right.became_live.connect(flush.wake)
        self.right.unseen_changed.connect(self.tool_bar.show_notices)
        self.tool_bar.notices_requested.connect(self.right.show_notices)
        self.list_panel.became_live.connect(flush.wake)
        self.list_panel.selection_changed.connect(self._on_selected)
        self.list_panel.chart_requested.connect(self.open_chart)
        self.list_panel.search_requested.connect(self.open_search)
        self.list_panel.paste_requested.connect(self.open_paste)
        self.tool_bar.search_requested.connect(lambda: self.open_search(""))
        self.window.close_requested.connect(self.quit_requested)
        self.window.panel_revealed.connect(self._on_revealed)

    def build_chart(self) -> None:
        """Put the chart into its dock; called once the first paint is done and its libraries are loaded."""
        from marketwatch.qt.panels.chart_panel import ChartPanel

        chart = ChartPanel(
            self.theme, self.icons, self.core.charts, self._chart_facts, self.core.hub.snapshot, self.window
        )
        chart.restore_interval(self._chart_interval)
        chart.shown.connect(self._on_chart_shown)
        chart.picture_copied.connect(self.window.hint)
        chart.became_live.connect(self.flush.wake)
        self.chart = chart
        self.window.replace_panel("chart", chart)
        self.flush.add_surface(chart)
        self._show_wanted()
        self.chart_ready.emit()

    def build_depth(self) -> None:
        """Add the depth behind the details; called once the first paint is done."""
        from marketwatch.app.depth_dock import DepthDock

        self.depth = depth = DepthDock(self.theme, self.icons, self.window, self.market, self.core.feeds)
        self.flush.add_surface(depth)
        depth.became_live.connect(self.flush.wake)
        self.second_passed.connect(depth.refresh)
        depth.show_instrument(self._wanted)

    def build_reports(self) -> None:
        """Be ready for what servers say beside prices; called when the window stands."""
        from marketwatch.app.report_panels import ReportPanels

        self.reports = ReportPanels(self)
        self.reports.show_instrument(self._wanted)

    # --- session

    def show_session(self, view: SessionView) -> None:
        """Show bars, clocks and list of the session that was opened."""
        self.session_bar.set_text(view.bar_title, view.bar)
        self.window.show_bar("session", is_shown=bool(view.bar))
        self._replay_strip.follow_session()
        self.window.setWindowTitle(f"MarketWatch – {view.bar_title.capitalize()}" if view.bar else "MarketWatch")
        listed = [self.core.instrument(one) for one in self.lists.current.instruments()]
        self.status_line.choose_clocks(view.instruments or listed, view.clock_note)
        self._show_list(view)
        self._on_selected(self.list_panel.view.current_instrument())
        if self.reports is not None:
            self.reports.follow_session()
        if self.chart is not None:
            self.chart.reload()
        self._on_second()

    def _show_list(self, view: SessionView) -> None:
        if not view.instruments:
            return
        ids = [one.id for one in view.instruments]
        found = next((one for one in self.lists.lists if one.name == view.list_name), None)
        if found is None and len(self.lists.lists) == 1 and not len(self.lists.current):
            found = self.lists.current
            self.lists.rename_list(found.id, view.list_name)
        if found is None:
            self.lists.create_list(view.list_name, ids)
        else:
            found.insert(len(found), [one for one in ids if one not in found])
            self.lists.switch_to(list(self.lists.lists).index(found))
        if self.list_panel.view.current_instrument() is None:
            self.list_panel.show_instrument(ids[0])
        self.window.focus_panel("lists")

    # --- what happens

    def start(self) -> None:
        """Begin to tick."""
        self._second.start(_SECOND_MS)

    def stop(self) -> None:
        """Stop every timer and let go of the core."""
        self._second.stop()
        self._replay_strip.stop()
        self.core.hub.on_dirty = None
        self.core.status_changed.remove(self._on_status)
        self.core.row_changed.remove(self._on_row)
        self.flush.remove_surface(self.list_panel)
        self.flush.remove_surface(self.right)
        self.right.stop()
        if self.reports is not None:
            self.reports.stop()
        if self.depth is not None:
            self.flush.remove_surface(self.depth)
            self.depth.stop()
        if self.chart is not None:
            self.flush.remove_surface(self.chart)
            self.chart.close_chart()

    def open_search(self, text: str = "") -> None:
        """Open the search pop-up under the tool bar, as if `text` had been typed."""
        if self._search is None:
            self._search = self._build_search()
        self._search.open_at(self.tool_bar.search_bottom() + 10, text)

    def open_paste(self, text: str | None = None, list_id: str = "") -> None:
        """Show what a text, by default that of the clipboard, would add to a list."""
        from marketwatch.app.paste_link import open_paste

        open_paste(self, QApplication.clipboard().text() if text is None else text, list_id)

    def _build_search(self) -> SearchPopup:
        from marketwatch.app.list_names import ListNames
        from marketwatch.qt.dialogs.search_popup import SearchPopup

        directory, names = self.core.directory, ListNames(self.lists)
        search = SearchPopup(self.theme, self.icons, directory, self.market, names, self.window, self._suggestions)
        search.instrument_chosen.connect(self._on_chosen)
        search.chart_chosen.connect(self.open_chart)
        search.list_pasted.connect(self.open_paste)
        return search

    def _suggestions(self) -> list[Instrument]:
        view = self.sessions.view
        return [] if view is None else self.market.suggestions(view.instruments)

    def _on_revealed(self, panel: str) -> None:
        """Bring the chart up to date at once when it comes out from behind another tab."""
        if panel == "chart" and self.chart is not None:
            self.chart.refresh()

    def _on_second(self) -> None:
        self.second_passed.emit()
        if not self.window.isVisible():
            return
        statuses = self.market.refresh_statuses()
        for status in statuses:
            self.core.lag_watch.on_status(status)
        self.status_line.show_statuses(statuses)
        self.list_panel.set_limit_text(*self.market.limit_used(self.lists.current.instruments()))
        self.status_line.tick(self._venue_now_ns)
        if self.chart is not None and self.chart.is_live():
            self.chart.refresh()
        if self.right.is_live():
            self.right.refresh()
        self._choose_pace()

    def _choose_pace(self) -> None:
        """Let the program sleep for longer while nothing on screen changes by the second."""
        pace_ms = _REST_MS if self.status_line.is_at_rest else _SECOND_MS
        if self._second.isActive() and self._second.interval() != pace_ms:
            self._second.setInterval(pace_ms)

    def _venue_now_ns(self, venue: Venue) -> int:
        view = self.sessions.view
        clock = self.core.runtime.clock
        return clock.now_ns() if view is None else self.core.hub.facts(view.feed_id).market_clock.now_ns(venue)

    def _on_status(self, status: FeedStatus) -> None:
        self.status_line.show_status(status)
        self.list_panel.model.refresh_visible()

    def _on_row(self, instrument_id: InstrumentId) -> None:
        self.list_panel.row_changed(instrument_id)

    def _retry(self, feed_id: FeedId) -> None:
        self.core.feeds.supervisor(feed_id).retry_now()
        if self.reports is not None:
            self.core.reports.retry_now(feed_id)

    # --- list and chart

    def _on_selected(self, instrument_id: InstrumentId | None) -> None:
        if instrument_id is not None:
            self._wanted = self.core.instrument(instrument_id)
            self._show_wanted()

    def open_chart(self, instrument_id: InstrumentId) -> None:
        """Show the chart of an instrument and move the keyboard there."""
        self._on_selected(instrument_id)
        if self.chart is not None:
            self.chart.setFocus()

    def _show_wanted(self) -> None:
        if self._wanted is None:
            return
        self.right.show_instrument(self._wanted)
        if self.reports is not None:
            self.reports.show_instrument(self._wanted)
        if self.depth is not None:
            self.depth.show_instrument(self._wanted)
        if self.chart is not None:
            self.chart.show_instrument(self._wanted)

    def _on_chart_shown(self, symbol: str, interval: str) -> None:
        self.chart_head.set_tabs([HeadTab(symbol or "Chart", interval)])

    def _on_chosen(self, instrument_id: InstrumentId, list_id: str) -> None:
        if self.core.directory.get(instrument_id) is None:
            self.core.directory.add(Instrument(id=instrument_id, currency="USD"))
        self.lists.add(instrument_id, list_id)
        self.list_panel.show_instrument(instrument_id)

    def _chart_facts(self, instrument: Instrument) -> ChartFacts:
        from marketwatch.qt.panels.chart_panel import ChartFacts

        facts = self.market.facts(instrument.id)
        state = self.market.row_state(instrument.id)
        return ChartFacts(
            calendar=self.core.calendars.of(instrument.id),
            now_ns=lambda: self.market.now_ns(instrument.id, facts),
            source="" if facts is None else facts.label,
            state=state.word,
            tag=self.market.tag(instrument.id),
            is_live=not state.stands_still,
        )
