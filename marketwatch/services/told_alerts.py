"""Which fired alerts of servers the user has been told of, so that a later run does not tell of them again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from marketwatch.domain.ids import FeedId, InstrumentId

MOST_TOLD = 4_096


class AlertKey(msgspec.Struct, frozen=True):
    """What an alert is known by."""

    feed_id: FeedId
    instrument_id: InstrumentId
    group: str
    condition: str
    threshold: float | None


class Told(msgspec.Struct, frozen=True):
    """When the user was told (wall clock). `moves`: the server was seen to move the threshold of this alert."""

    told_ns: int
    moves: bool = False


class ToldAlerts:
    """The alerts that are triggered and that the user knows of. The oldest go when they become too many.

    `on_changed` is called when `take_changes` has something to store.
    """

    def __init__(self) -> None:
        self.on_changed: Callable[[], None] | None = None
        self._told: dict[AlertKey, Told] = {}
        self._places: dict[tuple[FeedId, InstrumentId], dict[AlertKey, None]] = {}
        self._changes: dict[AlertKey, Told | None] = {}

    def __contains__(self, key: AlertKey) -> bool:
        return key in self._told

    def __iter__(self) -> Iterator[AlertKey]:
        return iter(self._told)

    def __len__(self) -> int:
        return len(self._told)

    def restore(self, told: Mapping[AlertKey, Told]) -> None:
        """Take over what earlier runs told, the oldest first."""
        for key, one in told.items():
            if key not in self._told:
                self._put(key, one)

    def add(self, key: AlertKey, told_ns: int, *, moves: bool = False) -> None:
        """Note that the user knows of an alert that is triggered."""
        before = self._told.get(key)
        if before is None or before.moves is not moves:
            self._put(key, Told(told_ns if before is None else before.told_ns, moves))
            self._note(key, self._told[key])

    def discard(self, key: AlertKey) -> None:
        """Forget an alert: it is armed again, or gone."""
        if key in self._told:
            self._drop(key)
            self._note(key, None)

    def forget(self, feed_id: FeedId) -> None:
        """Forget the alerts of a feed: another server answers from now on."""
        for key in [key for key in self._told if key.feed_id == feed_id]:
            self.discard(key)

    def begin(self, place: tuple[FeedId, InstrumentId], stated: Iterable[AlertKey]) -> None:
        """Compare with the first list of an instrument in this run: what the server has no more is forgotten.

        One whose threshold was seen to move in an earlier run, and that is the only one gone, is the only new one.
        """
        held, stated = tuple(self._places.get(place, ())), tuple(stated)
        groups = {key.group for key in stated}
        gone = [key for key in held if key.group in groups and key not in stated]
        for key in gone:
            told = self._told[key]
            new = [one for one in stated if one not in held and _kind(one) == _kind(key)]
            is_only_one = sum(_kind(one) == _kind(key) for one in gone) == len(new) == 1
            if told.moves and is_only_one:
                self.add(new[0], told.told_ns, moves=True)
            self.discard(key)

    def take_changes(self) -> dict[AlertKey, Told | None]:
        """Return, and forget, what changed since the last time; None for an alert that is to be forgotten."""
        changes, self._changes = self._changes, {}
        return changes

    def _put(self, key: AlertKey, told: Told) -> None:
        self._told[key] = told
        self._places.setdefault((key.feed_id, key.instrument_id), {})[key] = None
        if len(self._told) > MOST_TOLD:
            self.discard(next(iter(self._told)))

    def _drop(self, key: AlertKey) -> None:
        del self._told[key]
        place = key.feed_id, key.instrument_id
        del self._places[place][key]
        if not self._places[place]:
            del self._places[place]

    def _note(self, key: AlertKey, told: Told | None) -> None:
        self._changes[key] = told
        if self.on_changed is not None:
            self.on_changed()


def _kind(key: AlertKey) -> tuple[str, str]:
    return key.group, key.condition
