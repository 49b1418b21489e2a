"""One feed over as many connections as its vendor allows and its instruments need; to everyone else it is one feed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from marketwatch.domain.events import MarketEvent
from marketwatch.domain.ids import FeedId
from marketwatch.domain.secret import Secret
from marketwatch.errors import ConnectionFailed, MarketWatchError
from marketwatch.feeds.allotment import Allotment, Shares
from marketwatch.feeds.merged_status import merge, reason_of, worst_of
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.feeds.subscriptions import Difference, TopicPhase, TopicStatus
from marketwatch.feeds.supervisor import FeedSupervisor
from marketwatch.feeds.surroundings import FeedSettings, KeysOpen, SessionOpen, Surroundings
from marketwatch.feeds.turnstile import Turnstile
from marketwatch.protocols.base import Topic
from marketwatch.runtime.scheduler import Cancellable

if TYPE_CHECKING:
    from marketwatch.feeds.catalog import FeedAddress

LINGER_S = 60.0
"""How long a connection stays that carries nothing: a list may be exchanged for another one."""
_OPENING = frozenset({FeedState.IDLE, FeedState.CONNECTING, FeedState.AUTHENTICATING})
_OVER_LIMIT = TopicStatus(TopicPhase.OVER_LIMIT)
_UNWANTED = TopicStatus(TopicPhase.UNWANTED)


class _Part:
    """One connection. `is_opening` until it has stood or failed for the first time since it is in use."""

    __slots__ = ("is_closing", "is_opening", "leaving", "number", "supervisor", "told")

    def __init__(self, number: int) -> None:
        self.number = number
        self.supervisor: FeedSupervisor
        self.told: FeedStatus
        self.is_opening = True
        self.is_closing = False
        self.leaving: Cancellable | None = None


class SpreadSupervisor:
    """Has a supervisor per connection, which takes `room` instruments, and hands each its share of the wishes.

    It takes and answers what `FeedSupervisor` does.
    Each connection has its own retries and its own silence; they share the key, and a refusal of the server. With
    `keys_open` the hours in which silence is a fault are those of a connection's own instruments.
    """

    def __init__(
        self,
        settings: FeedSettings,
        surroundings: Surroundings,
        *,
        room: int,
        credentials: Callable[[], Secret | None],
        sink: Callable[[Sequence[MarketEvent]], None],
        on_status: Callable[[FeedStatus], None] | None = None,
        on_topic: Callable[[Topic, TopicStatus], None] | None = None,
        on_notice: Callable[[str], None] | None = None,
        session_open: SessionOpen | None = None,
        keys_open: KeysOpen | None = None,
    ) -> None:
        self._settings = settings
        self._around = surroundings
        self._on_status = on_status
        self._on_topic = on_topic
        self._allotment = Allotment(room, settings.spec.limits.connections)
        self._turnstile = Turnstile(surroundings)
        self._is_running = False
        self._since: tuple[FeedState, int | None] = (FeedState.IDLE, None)
        self._parts: list[_Part] = []
        for number in range(settings.spec.limits.connections):
            part = _Part(number)
            part.supervisor = FeedSupervisor(
                _settings_of(settings, number),
                msgspec.structs.replace(surroundings, transport=self._turnstile.entrance(number)),
                credentials=credentials,
                sink=sink,
                on_status=partial(self._part_changed, part),
                on_topic=partial(self._topic_changed, part),
                on_notice=on_notice,
                session_open=session_open if keys_open is None else partial(self._is_open, keys_open, number),
            )
            part.told = self._numbered(part, part.supervisor.status())
            self._parts.append(part)

    # --- commands ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Connect as often as is needed, and stay connected until `stop`."""
        self._is_running = True
        self._turnstile.refusal = None
        for part in self._used():
            self._start(part)

    async def stop(self) -> list[str]:
        """Say goodbye and end; takes 2.3 s at most whatever the network does. Returns the names of tasks left over."""
        self._is_running = False
        for part in self._parts:
            self._stay(part)
            self._allotment.retire(part.number)
        left = await asyncio.gather(*(part.supervisor.stop() for part in self._parts))
        return [name for names in left for name in names]

    def want(self, topics: Iterable[Topic]) -> None:
        """Count one more user of each topic, and subscribe those that are new where there is room for them."""
        self._begin(self._allotment.want(topics))

    def unwant(self, topics: Iterable[Topic]) -> None:
        """Count one user less of each topic, end those nobody uses, and let those that waited have their room."""
        gone, admitted = self._allotment.unwant(topics)
        for number, share in gone.items():
            self._parts[number].supervisor.unwant(share)
        self._begin(admitted)
        for number in gone:
            if not self._allotment.carried(number):
                self._let_go(self._parts[number])

    def retry_now(self) -> None:
        """End the present waits, also after a refusal: the user asks."""
        self._turnstile.refusal = None
        for part in self._used():
            part.supervisor.retry_now()

    def credentials_changed(self) -> None:
        """Connect again with the key that is valid now."""
        self._turnstile.refusal = None
        for part in self._parts:
            part.supervisor.credentials_changed()

    def replace(self, address: FeedAddress) -> None:
        """Leave the present server and connect to `address`."""
        self._turnstile.refusal = None
        for part in self._parts:
            part.supervisor.replace(address)

    def reform(self, settings: FeedSettings) -> None:
        """Take other reconnect rules and name, without touching a connection; topics are wanted as ever."""
        self._settings = settings
        for part in self._parts:
            part.supervisor.reform(_settings_of(settings, part.number))

    def reconnect(self) -> None:
        """Replace every connection, whatever it claims: the machine slept or the network changed."""
        for part in self._parts:
            part.supervisor.reconnect()

    # --- what others may know ----------------------------------------------------------------------------------

    def status(self) -> FeedStatus:
        """Return the present status of all connections as one."""
        for part in self._parts:
            part.told = self._numbered(part, part.supervisor.status())
        return self._status()

    @property
    def state(self) -> FeedState:
        """The state of the connection that is worst off; `status` has all there is to know."""
        return worst_of(self._that_matter()).state

    @property
    def reason(self) -> str:
        """Why it is so, without secrets; empty when all is well."""
        return reason_of(self._that_matter())

    @property
    def last_error(self) -> MarketWatchError | None:
        """Why the present state is not what one would wish, None when all is well; `status` has its words."""
        worst = worst_of(self._that_matter())
        return next(part.supervisor.last_error for part in self._used() if part.told is worst)

    @property
    def last_invalid(self) -> tuple[str, str] | None:
        """Why a part of a message was unusable, and a short sample of it; of the connection that spoke last."""
        told = [part for part in self._parts if part.supervisor.last_invalid is not None]
        newest = max(told, key=lambda part: part.told.heard_ns or 0, default=None)
        return None if newest is None else newest.supervisor.last_invalid

    def topic_state(self, topic: Topic) -> TopicStatus:
        """Return how far the wish for `topic` has come, and on which connection."""
        number = self._allotment.place(topic.key)
        if number is None:
            return _OVER_LIMIT if self._allotment.is_wanted(topic) else _UNWANTED
        return _on(self._parts[number], self._parts[number].supervisor.topic_state(topic))

    def difference(self) -> Difference:
        """Compare what is wanted with what the feed has confirmed, on all connections and on none."""
        every = [part.supervisor.difference() for part in self._parts]
        waiting = self._allotment.waiting
        return Difference(
            wanted=(*(topic for one in every for topic in one.wanted), *waiting),
            confirmed=tuple(topic for one in every for topic in one.confirmed),
            missing=(*(topic for one in every for topic in one.missing), *waiting),
            surplus=tuple(topic for one in every for topic in one.surplus),
            refused=tuple(topic for one in every for topic in one.refused),
        )

    # --- connections that come and go --------------------------------------------------------------------------

    def _used(self) -> list[_Part]:
        return [self._parts[number] for number in self._allotment.used]

    def _begin(self, shares: Shares) -> None:
        for number, share in shares.items():
            part = self._parts[number]
            self._stay(part)
            part.supervisor.want(share)
            if self._is_running:
                self._start(part)

    def _start(self, part: _Part) -> None:
        if not part.is_closing:  # else it begins again once it has ended
            part.is_opening |= part.told.state is FeedState.IDLE
            part.supervisor.start()

    def _let_go(self, part: _Part) -> None:
        if not self._is_running:
            self._allotment.retire(part.number)
        elif part.leaving is None:
            part.leaving = self._around.scheduler.call_later(LINGER_S, partial(self._leave, part))

    def _stay(self, part: _Part) -> None:
        if part.leaving is not None:
            part.leaving.cancel()
            part.leaving = None

    def _leave(self, part: _Part) -> None:
        part.leaving = None
        if self._allotment.retire(part.number):
            part.is_closing = True
            self._around.tasks.start(f"end a connection of {self._settings.feed_id}", self._end(part))

    async def _end(self, part: _Part) -> None:
        try:
            await part.supervisor.stop()
        finally:
            part.is_closing = False
        if self._is_running and part.number in self._allotment.used:
            self._start(part)

    # --- what the connections tell -----------------------------------------------------------------------------

    def _part_changed(self, part: _Part, status: FeedStatus) -> None:
        before, part.told = part.told.state, self._numbered(part, status)
        if status.state not in _OPENING:
            part.is_opening = False
        is_other = status.state is not before
        if is_other and status.state.waits_for_user:
            self._share_refusal(part)
        elif is_other and status.state is FeedState.BACKING_OFF and self._turnstile.refusal is not None:
            part.supervisor.retry_now()  # it need not wait to hear the refusal
        merged = self._status()
        if merged.state is not self._since[0]:
            self._since = (merged.state, self._around.clock.now_ns())
            merged = msgspec.structs.replace(merged, since_ns=self._since[1])
        if self._on_status is not None:
            self._on_status(merged)

    def _share_refusal(self, part: _Part) -> None:
        """Let no other connection ask for what the server refused to one; those that stand are not touched."""
        error = part.supervisor.last_error
        if isinstance(error, ConnectionFailed) or self._turnstile.refusal is not None:
            return  # it gave up after so many attempts: that is its own
        self._turnstile.refusal = error
        for other in self._used():
            if other.told.state is FeedState.BACKING_OFF:
                other.supervisor.retry_now()

    def _topic_changed(self, part: _Part, topic: Topic, status: TopicStatus) -> None:
        if self._on_topic is not None:
            self._on_topic(topic, _on(part, status))

    def _is_open(self, keys_open: KeysOpen, number: int, wall_ns: int) -> bool | None:
        return keys_open(wall_ns, self._allotment.carried(number))

    # --- small things ------------------------------------------------------------------------------------------

    def _numbered(self, part: _Part, status: FeedStatus) -> FeedStatus:
        return msgspec.structs.replace(status, connection=part.number + 1)

    def _that_matter(self) -> list[FeedStatus]:
        """Return the connections whose state counts: a further one that opens takes nothing from those that stand."""
        used = self._used()
        loaded = [part for part in used if self._allotment.carried(part.number)] or used
        standing = [part for part in loaded if not (part.is_opening and part.told.state in _OPENING)]
        return [part.told for part in standing or loaded]

    def _status(self) -> FeedStatus:
        waiting = self._allotment.waiting_count
        merged = merge([one.told for one in self._used()], self._that_matter(), [one.told for one in self._parts])
        return msgspec.structs.replace(
            merged,
            label=self._settings.label,
            running=self._is_running,
            wanted=merged.wanted + waiting.topics,
            topics_over_limit=merged.topics_over_limit + waiting.topics,
            instruments=merged.instruments + waiting.instruments,
            instruments_allowed=self._allotment.capacity,
            connections_allowed=len(self._parts),
            connection=None,
            since_ns=self._since[1],
        )


Supervisor = FeedSupervisor | SpreadSupervisor
"""Whoever keeps a feed connected."""


def supervise(
    settings: FeedSettings,
    surroundings: Surroundings,
    *,
    credentials: Callable[[], Secret | None],
    sink: Callable[[Sequence[MarketEvent]], None],
    on_status: Callable[[FeedStatus], None] | None = None,
    on_topic: Callable[[Topic, TopicStatus], None] | None = None,
    on_notice: Callable[[str], None] | None = None,
    session_open: SessionOpen | None = None,
    keys_open: KeysOpen | None = None,
) -> Supervisor:
    """Return the supervisor of a feed: of several connections where its row of the catalog allows them."""
    limits = settings.spec.limits
    make: Callable[..., Supervisor] = FeedSupervisor
    if limits.connections > 1 and limits.instruments is not None:
        make = partial(SpreadSupervisor, room=limits.instruments, keys_open=keys_open)
    return make(
        settings,
        surroundings,
        credentials=credentials,
        sink=sink,
        on_status=on_status,
        on_topic=on_topic,
        on_notice=on_notice,
        session_open=session_open,
    )


def _settings_of(settings: FeedSettings, number: int) -> FeedSettings:
    """Return the settings of one connection; the first is called as the feed is."""
    if not number:
        return settings
    return msgspec.structs.replace(
        settings,
        feed_id=FeedId(f"{settings.feed_id}/{number + 1}"),
        label=f"{settings.label}, connection {number + 1}",
    )


def _on(part: _Part, status: TopicStatus) -> TopicStatus:
    return msgspec.structs.replace(status, connection=part.number + 1)
