"""Everything of the program that is not screen: built once, ended in order."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from marketwatch.app.feed_keys import FeedKeys
from marketwatch.app.gap_marker import GapMarker
from marketwatch.app.lag_watch import LagWatch
from marketwatch.app.late_transport import LateTransport
from marketwatch.app.mapping_files import MappingShelf
from marketwatch.app.refusal_watch import RefusalWatch
from marketwatch.domain.events import MarketEvent
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.secret import Secret
from marketwatch.domain.venues import Calendars
from marketwatch.feeds.connection import SYSTEM_PROXY
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.feeds.surroundings import Surroundings
from marketwatch.instruments.directory import InstrumentDirectory
from marketwatch.runtime.clock import Clock, SystemClock
from marketwatch.runtime.clock_jump import ClockJump, ClockJumpDetector
from marketwatch.runtime.executors import WorkerPool
from marketwatch.runtime.failures import Failure, Failures
from marketwatch.runtime.logs import LogSetup
from marketwatch.runtime.redaction import Redactor
from marketwatch.runtime.resources import resource_path
from marketwatch.runtime.scheduler import LoopScheduler
from marketwatch.runtime.stall_watchdog import StallWatchdog
from marketwatch.runtime.tasks import TaskOwner
from marketwatch.services.charts import ChartService
from marketwatch.services.feed_control import FeedControl
from marketwatch.services.market_hub import MarketHub
from marketwatch.services.notices import NoticeLog, Severity

if TYPE_CHECKING:
    from marketwatch.services.report_feeds import ReportFeeds
    from marketwatch.services.server_alerts import PriceThen

_STOP_TASKS_S = 0.4
_STOP_WORK_S = 0.4


class Runtime:
    """Clocks, threads, tasks, logs and the one door for unexpected failures."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock: Clock = clock or SystemClock()
        self.redactor = Redactor()
        self.logs = LogSetup(self.redactor)
        self.failures = Failures(self.clock, redact=self.redactor.redact)
        self.tasks = TaskOwner(self.failures.report)
        self.pool = WorkerPool("worker", self.failures.report, size=3)
        self.scheduler = LoopScheduler()
        self.watchdog = StallWatchdog()

    def start(self) -> None:
        """Begin to watch the running loop."""
        self.failures.install_loop(asyncio.get_running_loop())
        self.watchdog.start()

    async def stop(self) -> list[str]:
        """End tasks and threads; return the names of what would not end in time."""
        self.watchdog.stop()
        left = await self.tasks.stop(_STOP_TASKS_S)
        left += await self.pool.stop(_STOP_WORK_S)
        return left

    def secret_from_environment(self, names: Sequence[str], *, is_joined: bool = False) -> Secret | None:
        """Read a key from the first of these variables that is set; from then on it is redacted everywhere.

        With `is_joined` the key is all of them, joined by colons, and there is none while one is missing.
        """
        texts = [os.environ.get(name, "").strip() for name in names]
        parts = [Secret(text) for text in texts if text]
        if is_joined:
            for part in parts:
                self.redactor.register(part)
            if len(parts) < len(names):
                return None
            parts = [Secret(":".join(texts))]
        if not parts:
            return None
        self.redactor.register(parts[0])
        return parts[0]


class Core:
    """Market state and the feeds that write it.

    `assigned`, `warmed`, `status_changed` and `row_changed` hold who is told of a row's feed and key, of
    its second feed, of a feed's status, and of how far the wish for a row has come.
    """

    def __init__(self, runtime: Runtime, proxy: str | None = SYSTEM_PROXY) -> None:
        self.runtime = runtime
        self._proxy = proxy
        self.notices = NoticeLog(runtime.clock)
        self.lag_watch = LagWatch(self.notices)
        self.calendars = Calendars()
        self.hub = MarketHub(runtime.clock, self.calendars)
        self.charts = ChartService(self.hub)
        self.directory = InstrumentDirectory.load(sorted(resource_path("instruments").glob("*.csv")))
        self.keys = FeedKeys()
        self.mappings = MappingShelf()
        self._is_running = False
        self.assigned: list[Callable[[InstrumentId, FeedId | None, str], None]] = []
        self.warmed: list[Callable[[InstrumentId, FeedId | None, str], None]] = []
        self.status_changed: list[Callable[[FeedStatus], None]] = []
        self.row_changed: list[Callable[[InstrumentId], None]] = []
        self.feeds = FeedControl(
            Surroundings(
                transport=LateTransport(runtime.clock, runtime.pool, self.proxy),
                clock=runtime.clock,
                scheduler=runtime.scheduler,
                tasks=runtime.tasks,
                on_failure=runtime.failures.report,
                redact=runtime.redactor.redact,
                pool=runtime.pool,
            ),
            self.keys,
            self._publish,
            on_assigned=self._on_assigned,
            on_warm=self._on_warm,
            on_status=self._on_status,
            on_row=self._on_row,
            on_notice=self._feed_says,
            on_used=self._on_used,
        )
        self._reports: ReportFeeds | None = None
        self.status_changed.append(GapMarker(self.hub, self.feeds.keys_on).on_status)
        self.status_changed.append(RefusalWatch(self.notices).on_status)
        self._jumps = ClockJumpDetector(runtime.clock, runtime.scheduler, self._on_jump)
        self._forget_failures = runtime.failures.add_listener(self._on_failure)

    def start(self) -> None:
        """Begin to watch the clock and connect feeds."""
        self._jumps.start()
        self.feeds.start()
        self._is_running = True
        if self._reports is not None:
            self._reports.start()

    async def stop(self) -> None:
        """End the feeds; the runtime is ended after this."""
        self._jumps.stop()
        self._forget_failures()
        self._is_running = False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2.4):
                await asyncio.gather(self.feeds.stop(), *([] if self._reports is None else [self._reports.stop()]))

    @property
    def reports(self) -> ReportFeeds:
        """What servers say beside prices, made when it is first asked for."""
        if self._reports is None:
            self._reports = self._make_reports()
        return self._reports

    def _make_reports(self) -> ReportFeeds:
        from marketwatch.services.report_feeds import ReportFeeds
        from marketwatch.services.server_reports import ServerReports

        made = ReportFeeds(
            self.feeds.surroundings,
            ServerReports(self._price_then),
            self.feeds.instruments,
            on_notice=self._feed_says,
        )
        self.status_changed.append(made.on_feed_status)
        if self._is_running:
            made.start()
        return made

    def proxy(self) -> str | None:
        """Return which proxy every connection goes through: `system`, None for none, or its address."""
        return self._proxy

    def use_proxy(self, proxy: str | None) -> None:
        """Go through another proxy from now on: connections that are open are replaced."""
        if proxy != self._proxy:
            self._proxy = proxy
            self._reconnect_all()

    def instrument(self, instrument_id: InstrumentId) -> Instrument:
        """Return the facts of an instrument, as good as they are known."""
        return self.directory.get(instrument_id) or Instrument(id=instrument_id)

    # --- what the parts tell one another

    def _publish(self, feed_id: FeedId, events: Sequence[MarketEvent]) -> None:
        self.runtime.watchdog.poke()
        self.hub.publish(feed_id, events)

    def _on_assigned(self, instrument_id: InstrumentId, feed_id: FeedId | None, key: str) -> None:
        if feed_id is None:
            self.hub.untrack(instrument_id)
        else:
            self.hub.track(self.instrument(instrument_id), feed_id, key)
        for tell in tuple(self.assigned):
            tell(instrument_id, feed_id, key)
        self._on_row(instrument_id)

    def _on_warm(self, instrument_id: InstrumentId, feed_id: FeedId | None, key: str) -> None:
        if feed_id is None:
            self.hub.cool_down(instrument_id)
        else:
            self.hub.warm_up(self.instrument(instrument_id), feed_id, key)
        for tell in tuple(self.warmed):
            tell(instrument_id, feed_id, key)
        self._on_row(instrument_id)

    def _on_status(self, status: FeedStatus) -> None:
        for tell in tuple(self.status_changed):
            tell(status)

    def _on_row(self, instrument_id: InstrumentId) -> None:
        for tell in tuple(self.row_changed):
            tell(instrument_id)

    def _on_used(self, instrument_id: InstrumentId, is_used: bool) -> None:
        if self._reports is not None:
            (self._reports.watch if is_used else self._reports.unwatch)(instrument_id)

    def _price_then(self, instrument_id: InstrumentId) -> PriceThen | None:
        """Return the price here, None where it is not of now: nothing a server states is held against an old price."""
        from marketwatch.services.server_alerts import PriceThen

        snapshot = self.hub.snapshot(instrument_id)
        price = None if snapshot is None else snapshot.shown_price
        if snapshot is None or price is None:
            return None
        facts, subscription = self.hub.facts(snapshot.feed_id), self.feeds.subscription(instrument_id)
        state, _ = self.feeds.state(snapshot.feed_id, None if subscription is None else subscription.connection)
        zone = self.calendars.of(instrument_id).zone
        if state is not FeedState.LIVE or facts.is_history(self.runtime.clock.now_ns(), zone):
            return None
        return PriceThen(price, facts.label)

    def _feed_says(self, feed_id: FeedId, text: str) -> None:
        self.notices.add(Severity.INFO, f"{self.hub.facts(feed_id).label} sends word", text)

    def _on_failure(self, failure: Failure) -> None:
        self.notices.add(
            Severity.ERROR,
            f"Unexpected error in {failure.where}",
            failure.text,
            "The program goes on; the log has the details",
        )

    def _on_jump(self, jump: ClockJump) -> None:
        minutes = jump.away_s / 60
        cause = f"after about {minutes:.0f} min" if minutes >= 1 else "the clock was set"
        self.notices.add(Severity.INFO, "Connections renewed", cause, "Figures are stale until their first new tick")
        self._reconnect_all()

    def _reconnect_all(self) -> None:
        self.feeds.reconnect_all()
        if self._reports is not None:
            self._reports.reconnect_all()
