"""A supervisor with real sockets, fake time and ears for everything it says."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fake_time import FakeTime, until
from tiny_protocol import tiny_spec, topic_of

from marketwatch.domain.events import MarketEvent, TradeTick
from marketwatch.domain.ids import FeedId
from marketwatch.domain.secret import Secret
from marketwatch.feeds.catalog import FeedAddress, FeedLimits, FeedSpec
from marketwatch.feeds.spread import Supervisor, supervise
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.feeds.subscriptions import TopicPhase, TopicStatus
from marketwatch.feeds.supervisor import FeedSupervisor
from marketwatch.feeds.surroundings import FeedSettings, KeysOpen, Surroundings
from marketwatch.feeds.transport import TransportOptions, WebSocketTransport
from marketwatch.protocols.base import Topic
from marketwatch.runtime.executors import WorkerPool
from marketwatch.runtime.tasks import TaskOwner

OPTIONS = TransportOptions(open_timeout_s=5.0, close_timeout_s=0.1, max_message_bytes=100_000)


class Rig:
    """Owns everything around the supervisors of one test; `end` stops it and checks that nothing is left."""

    def __init__(self, options: TransportOptions = OPTIONS) -> None:
        self.time = FakeTime()
        self.failures: list[tuple[str, BaseException]] = []
        self.events: list[MarketEvent] = []
        self.statuses: list[FeedStatus] = []
        self.topics: list[tuple[Topic, TopicStatus]] = []
        self.notices: list[str] = []
        self.key: Secret | None = Secret("right-key")
        self.session_open: bool | None = True
        self.tasks = TaskOwner(self._on_failure)
        self.pool = WorkerPool("test worker", self._on_failure)
        self.supervisors: list[Supervisor] = []
        self.sink: Callable[[Sequence[MarketEvent]], None] = self.events.extend
        self.surroundings = Surroundings(
            transport=WebSocketTransport(self.time, self.pool, options),
            clock=self.time,
            scheduler=self.time,
            tasks=self.tasks,
            on_failure=self._on_failure,
            draw=lambda low, high: high,
        )

    def supervisor(
        self, url: str, *topics: str, spec: FeedSpec | None = None, limits: FeedLimits | None = None
    ) -> FeedSupervisor:
        """Make a supervisor that wants `topics`, and start it."""
        settings = FeedSettings(
            feed_id=FeedId("tiny"), label="Tiny", spec=spec or tiny_spec(limits), address=FeedAddress(url)
        )
        made = FeedSupervisor(
            settings,
            self.surroundings,
            credentials=lambda: self.key,
            sink=lambda events: self.sink(events),
            on_status=self.statuses.append,
            on_notice=self.notices.append,
            session_open=lambda now_ns: self.session_open,
        )
        made.want(topic_of(topic) for topic in topics)
        made.start()
        self.supervisors.append(made)
        return made

    def spread(self, url: str, *topics: str, spec: FeedSpec, keys_open: KeysOpen | None = None) -> Supervisor:
        """Make the supervisor of a feed that may have several connections, as `supervisor` does."""
        made = supervise(
            FeedSettings(feed_id=FeedId("tiny"), label="Tiny", spec=spec, address=FeedAddress(url)),
            self.surroundings,
            credentials=lambda: self.key,
            sink=lambda events: self.sink(events),
            on_status=self.statuses.append,
            on_topic=lambda topic, status: self.topics.append((topic, status)),
            on_notice=self.notices.append,
            session_open=lambda now_ns: self.session_open,
            keys_open=keys_open,
        )
        made.want(topic_of(topic) for topic in topics)
        made.start()
        self.supervisors.append(made)
        return made

    async def end(self) -> None:
        """Stop everything; fails the test for tasks or work left over."""
        for supervisor in self.supervisors:
            assert await supervisor.stop() == []
            assert supervisor.status().state is FeedState.IDLE
        assert await self.tasks.stop(1.0) == []
        assert await self.pool.stop(2.0) == []

    def states(self) -> list[FeedState]:
        """The states that were told, without repeats."""
        told = [status.state for status in self.statuses]
        return [state for index, state in enumerate(told) if index == 0 or state is not told[index - 1]]

    def prices(self) -> list[float]:
        return [event.price for event in self.events if isinstance(event, TradeTick)]

    def _on_failure(self, where: str, error: BaseException) -> None:
        self.failures.append((where, error))


async def until_state(supervisor: Supervisor, state: FeedState) -> None:
    """Wait for a state that real sockets bring about."""
    await until(lambda: supervisor.status().state is state)


async def until_confirmed(supervisor: Supervisor, *topics: str) -> None:
    """Wait until the server has confirmed the topics."""
    wanted = [topic_of(topic) for topic in topics]
    await until(lambda: all(supervisor.topic_state(topic).phase is TopicPhase.CONFIRMED for topic in wanted))
