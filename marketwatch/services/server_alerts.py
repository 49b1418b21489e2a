"""Alerts that servers watch for the user: their states, and each firing once, whatever the connection does.

A server sends its alerts anew after every connection and gives them no id. What fired while nobody listened, were it
before the program was started, is told late, and said to be late; what an earlier run told of is listed and not told.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

import msgspec

from marketwatch.domain.events import ServerAlert
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.services.told_alerts import AlertKey, ToldAlerts

__all__ = ["MOST_DEEDS", "MOST_GONE", "AlertDeed", "AlertKey", "AlertRecord", "Deed", "PriceThen", "ServerAlerts"]

MOST_DEEDS = 1_000
MOST_GONE = 4_096
_FIRST_LISTS_NS = 30_000_000_000
"""So long after a connection a first list says what was before it; a later one may tell of this very moment."""


class AlertRecord(msgspec.Struct, frozen=True, kw_only=True):
    """State of one alert. `connection` is the one that stated it last, None once nobody listens any more.

    `since_ns` is when we learnt of the state (wall clock), `firing` the number of its last firing, if it had one;
    `moves` tells that the server has moved its threshold.
    """

    key: AlertKey
    is_triggered: bool
    since_ns: int
    connection: int | None
    firing: int | None = None
    moves: bool = False


class Deed(enum.Enum):
    """What the log tells of an alert or of the connection that brings alerts."""

    FIRED = "fired"
    SEEN_LATE = "seen late"
    ALREADY = "already true"
    BLIND = "blind"
    SIGHTED = "sees again"


class PriceThen(msgspec.Struct, frozen=True):
    """A price as it was known here, and from where."""

    price: float
    source: str


class AlertDeed(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the log. `time_ns` is when we learnt of it, `stated_ns` the server's time; `key` None for a connection.

    `price` is the last one known here at that moment: the server states none.
    """

    number: int
    time_ns: int
    deed: Deed
    feed_id: FeedId
    key: AlertKey | None = None
    stated_ns: int | None = None
    price: PriceThen | None = None
    detail: str = ""
    is_acknowledged: bool = False

    @property
    def is_firing(self) -> bool:
        """Whether the user must hear of it."""
        return self.deed in (Deed.FIRED, Deed.SEEN_LATE)

    @property
    def is_past(self) -> bool:
        """Whether it happened at a time nobody here knows, and was only learnt of now."""
        return self.deed is Deed.SEEN_LATE


class ServerAlerts:
    """Keeps the alerts of all feeds and the log. `on_fired` gets each firing, `on_changed` a call after any change.

    `told` are the alerts of which the user was told and that are triggered still.
    """

    def __init__(
        self, price_of: Callable[[InstrumentId], PriceThen | None], on_fired: Callable[[AlertDeed], None],
        on_changed: Callable[[], None],
    ) -> None:  # fmt: skip
        self._price_of = price_of
        self._on_fired = on_fired
        self._on_changed = on_changed
        self.told = ToldAlerts()
        self._added: set[tuple[FeedId, InstrumentId]] = set()
        self._records: dict[tuple[FeedId, InstrumentId], dict[AlertKey, AlertRecord]] = {}
        self._gone: dict[AlertKey, AlertRecord] = {}
        self._log: deque[AlertDeed] = deque(maxlen=MOST_DEEDS)
        self._waiting: dict[int, AlertDeed] = {}
        self._last = 0

    # --- what others may know

    def __iter__(self) -> Iterator[AlertRecord]:
        """Yield the alerts of instruments that are listened to."""
        return (one for records in self._records.values() for one in records.values() if one.connection is not None)

    @property
    def log(self) -> Sequence[AlertDeed]:
        """What happened, newest last."""
        return tuple(self._log)

    def unacknowledged(self) -> list[AlertDeed]:
        """Return the firings nobody has acknowledged, oldest first."""
        return list(self._waiting.values())

    # --- what happens

    def acknowledge(self, number: int) -> None:
        """Take note that the user has seen a firing."""
        if self._waiting.pop(number, None) is None:
            return
        for place, deed in enumerate(self._log):
            if deed.number == number:
                self._log[place] = msgspec.structs.replace(deed, is_acknowledged=True)
        self._on_changed()

    def take(
        self, feed_id: FeedId, instrument_id: InstrumentId, alerts: Sequence[ServerAlert], *, connection: int,
        now_ns: int, connected_ns: int | None = None,
    ) -> None:  # fmt: skip
        """Take in what one message says of the alerts of an instrument.

        `connection` is a number that only grows, `connected_ns` when that connection came (wall clock).
        """
        place = (feed_id, instrument_id)
        is_early = connected_ns is None or now_ns - connected_ns <= _FIRST_LISTS_NS
        stated = {_key(feed_id, instrument_id, alert): alert for alert in alerts if not alert.is_withdrawn}
        withdrawn = {_key(feed_id, instrument_id, alert) for alert in alerts if alert.is_withdrawn}
        was_heard = place in self._records
        if not was_heard:
            self.told.begin(place, stated)
        records = self._records.setdefault(place, {})
        gone = _leaving(records, {alert.group for alert in alerts}, stated, withdrawn, connection)
        befores = {key: records.get(key) or self._before(key, stated, gone, records) for key in stated}
        # One that is armed where another had fired is no sure sign of a move: that one may yet come back.
        moved = {
            before.key
            for key, before in befores.items()
            if before is not None and before.key != key and stated[key].is_triggered
        }
        for record in gone:
            del records[record.key]
            self.told.discard(record.key)
            if record.key not in moved:
                self._remember(record)
        for key, alert in stated.items():
            cause = self._why_late(key, befores[key], was_heard=was_heard, is_early=is_early)
            self._enter(key, alert, befores[key], connection, now_ns, was_heard=was_heard, cause=cause)
        self._added.discard(place)
        self._on_changed()

    def expect(self, feed_id: FeedId, instrument_id: InstrumentId) -> None:
        """Listen to an instrument from now on, while the connection is there: it was not followed before."""
        if (feed_id, instrument_id) not in self._records:
            self._added.add((feed_id, instrument_id))

    def unwatch(self, feed_id: FeedId, instrument_id: InstrumentId | None = None) -> None:
        """Listen no more to an instrument, or to a feed at all; the states are kept so that nothing fires twice."""
        self._added = {place for place in self._added if place[0] != feed_id or instrument_id not in (None, place[1])}
        for place, records in self._records.items():
            if place[0] == feed_id and instrument_id in (None, place[1]):
                for key, record in records.items():
                    records[key] = msgspec.structs.replace(record, connection=None)
        self._on_changed()

    def forget(self, feed_id: FeedId) -> None:
        """Forget the states of a feed: another server answers from now on."""
        self._records = {place: records for place, records in self._records.items() if place[0] != feed_id}
        self._gone = {key: record for key, record in self._gone.items() if key.feed_id != feed_id}
        self._added = {place for place in self._added if place[0] != feed_id}
        self.told.forget(feed_id)
        self._on_changed()

    def note_sight(self, feed_id: FeedId, *, is_blind: bool, now_ns: int, detail: str = "") -> None:
        """Log that a feed's alerts cannot be seen, or can again."""
        self._note(feed_id, Deed.BLIND if is_blind else Deed.SIGHTED, now_ns, detail=detail)
        self._on_changed()

    # --- inside

    def _before(
        self, key: AlertKey, stated: Iterable[AlertKey], gone: Sequence[AlertRecord], known: Container[AlertKey]
    ) -> AlertRecord | None:
        """Return what was known of an alert that was not listed just now."""
        return self._gone.pop(key, None) or _moved_from(key, stated, gone, known)

    def _remember(self, record: AlertRecord) -> None:
        """Keep one that had fired and left the list: when it comes back as it was, it does not fire again."""
        if record.is_triggered:
            self._gone[record.key] = record
            if len(self._gone) > MOST_GONE:
                del self._gone[next(iter(self._gone))]

    def _enter(
        self, key: AlertKey, alert: ServerAlert, before: AlertRecord | None, connection: int, now_ns: int, *,
        was_heard: bool, cause: str,
    ) -> None:  # fmt: skip
        is_triggered, firing = alert.is_triggered, None if before is None else before.firing
        since_ns = now_ns if before is None or before.is_triggered is not is_triggered else before.since_ns
        moves = before is not None and (before.moves or before.key != key)
        deed = _deed(alert, before, connection, was_heard=was_heard, is_told=key in self.told)
        told = None
        if deed is not None:
            detail = cause if deed is Deed.SEEN_LATE else ""
            told = self._note(key.feed_id, deed, now_ns, key=key, stated_ns=alert.event_ns, detail=detail)
            firing = told.number if told.is_firing else firing
        self._records[key.feed_id, key.instrument_id][key] = AlertRecord(
            key=key, is_triggered=is_triggered, since_ns=since_ns, connection=connection, firing=firing, moves=moves
        )
        if is_triggered:
            self.told.add(key, now_ns, moves=moves)
        else:
            self.told.discard(key)
        if told is not None and told.is_firing:
            self._on_fired(told)

    def _why_late(self, key: AlertKey, before: AlertRecord | None, *, was_heard: bool, is_early: bool) -> str:
        if (before is not None and before.connection is None) or (key.feed_id, key.instrument_id) in self._added:
            return "fired while it was not followed"
        if was_heard:
            return "fired while disconnected"
        return "fired while MarketWatch was not connected" if is_early else "nobody here knows when it fired"

    def _note(
        self, feed_id: FeedId, deed: Deed, now_ns: int, *, key: AlertKey | None = None, stated_ns: int | None = None,
        detail: str = "",
    ) -> AlertDeed:  # fmt: skip
        self._last += 1
        noted = AlertDeed(
            number=self._last,
            time_ns=now_ns,
            deed=deed,
            feed_id=feed_id,
            key=key,
            stated_ns=stated_ns,
            price=None if key is None else self._price_of(key.instrument_id),
            detail=detail,
        )
        self._log.append(noted)
        if noted.is_firing:
            self._waiting[noted.number] = noted
        return noted


def _key(feed_id: FeedId, instrument_id: InstrumentId, alert: ServerAlert) -> AlertKey:
    return AlertKey(feed_id, instrument_id, alert.group, alert.condition, alert.threshold)


def _deed(
    alert: ServerAlert, before: AlertRecord | None, connection: int, *, was_heard: bool, is_told: bool
) -> Deed | None:
    """Judge a stated alert: only what was armed, or was not there, or was never told, can have fired."""
    if not alert.is_triggered or (before is not None and before.is_triggered):
        return None
    if before is not None:
        return Deed.FIRED if before.connection == connection else Deed.SEEN_LATE
    if alert.has_fired:
        return Deed.FIRED
    return Deed.ALREADY if is_told and not was_heard else Deed.SEEN_LATE


def _leaving(
    records: Mapping[AlertKey, AlertRecord],
    groups: Container[str],
    stated: Container[AlertKey],
    withdrawn: Container[AlertKey],
    connection: int,
) -> list[AlertRecord]:
    """Return the alerts that the server has no more: taken back, or not among those it sent when asked anew."""
    return [
        record
        for key, record in records.items()
        if key not in stated and (key in withdrawn or (record.connection != connection and key.group in groups))
    ]


def _moved_from(
    key: AlertKey, stated: Iterable[AlertKey], gone: Iterable[AlertRecord], known: Container[AlertKey]
) -> AlertRecord | None:
    """Return the alert whose threshold moved to this one: the only one gone of its kind, for the only new one."""
    place = (key.group, key.condition)
    left = [record for record in gone if (record.key.group, record.key.condition) == place]
    new = [one for one in stated if (one.group, one.condition) == place and one not in known]
    return left[0] if len(left) == 1 and new == [key] else None
