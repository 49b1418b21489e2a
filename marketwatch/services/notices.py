"""Notices: what the user should know and can read later, each with its thing, cause and next step."""

from __future__ import annotations

import enum
import re
from collections import deque
from collections.abc import Callable, Iterator

import msgspec

from marketwatch.errors import MarketWatchError
from marketwatch.runtime.clock import Clock

MOST_NOTICES = 500
SIGN_IN_COMMAND = "sign_in"
"""Begins the command of a notice whose button signs in to a feed; the feed's id follows behind a colon."""
FEED_SETTINGS_COMMAND = "feed_settings"
"""The command of a notice whose button opens the settings of the feeds."""
_NAME_AT_START = re.compile(r"\S*(?:[_/\\]|\.\w)")
_REPEAT_WITHIN_NS = 60_000_000_000


class Severity(enum.Enum):
    """How much it matters: information, a decision is needed, something does not work."""

    INFO = "info"
    DECISION = "decision"
    ERROR = "error"


def in_sentences(*parts: str) -> str:
    """Write phrases as sentences: `Massive. The key was refused.`"""
    phrases = [part.strip().rstrip(".") for part in parts]
    return " ".join(f"{_with_capital(phrase)}." for phrase in phrases if phrase)


def _with_capital(phrase: str) -> str:
    """Begin a phrase with a capital, unless it begins with the name of a file or an address."""
    is_name = _NAME_AT_START.match(phrase) is not None
    return phrase if is_name else f"{phrase[0].upper()}{phrase[1:]}"


class NoticeAction(msgspec.Struct, frozen=True):
    """What a button on a notice does: `command` names it to the program, `label` to the user."""

    command: str
    label: str


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened. `count` says how often within a minute, `time_ns` (UTC) when first."""

    number: int
    time_ns: int
    severity: Severity
    thing: str
    cause: str = ""
    next_step: str = ""
    action: NoticeAction | None = None
    count: int = 1

    @property
    def sentence(self) -> str:
        """Everything as one text."""
        return in_sentences(self.thing, self.cause, self.next_step)


class NoticeLog:
    """The last notices, newest last; the same one within a minute is counted, not repeated.

    `on_added` and `on_changed` are told after the fact, with the notice: it was repeated, or is settled.
    """

    def __init__(self, clock: Clock, most: int = MOST_NOTICES) -> None:
        self._clock = clock
        self._notices: deque[Notice] = deque(maxlen=most)
        self._seen: dict[tuple[Severity, str, str], tuple[int, int]] = {}
        self._next_number = 1
        self._on_added: list[Callable[[Notice], None]] = []
        self._on_changed: list[Callable[[Notice], None]] = []

    def __len__(self) -> int:
        return len(self._notices)

    def __iter__(self) -> Iterator[Notice]:
        return iter(self._notices)

    @property
    def most(self) -> int:
        """How many are kept."""
        return self._notices.maxlen or MOST_NOTICES

    def subscribe(self, on_added: Callable[[Notice], None], on_changed: Callable[[Notice], None]) -> None:
        """Be told of new notices and of those that changed."""
        self._on_added.append(on_added)
        self._on_changed.append(on_changed)

    def unsubscribe(self, on_added: Callable[[Notice], None], on_changed: Callable[[Notice], None]) -> None:
        """No longer be told."""
        self._on_added.remove(on_added)
        self._on_changed.remove(on_changed)

    def add(
        self,
        severity: Severity,
        thing: str,
        cause: str = "",
        next_step: str = "",
        action: NoticeAction | None = None,
    ) -> Notice:
        """Note something; return the notice, or the earlier one that says the same."""
        key = (severity, thing, cause)
        now_ns = self._clock.monotonic_ns()
        seen = self._seen.get(key)
        if seen is not None and now_ns - seen[0] < _REPEAT_WITHIN_NS:
            earlier = self._repeat(seen[1])
            if earlier is not None:
                return earlier
        notice = Notice(
            number=self._next_number,
            time_ns=self._clock.now_ns(),
            severity=severity,
            thing=thing,
            cause=cause,
            next_step=next_step,
            action=action,
        )
        self._next_number += 1
        self._forget_old(now_ns)
        self._seen[key] = (now_ns, notice.number)
        self._notices.append(notice)
        for tell in tuple(self._on_added):
            tell(notice)
        return notice

    def add_error(self, error: MarketWatchError, action: NoticeAction | None = None) -> Notice:
        """Note an error of our own in its own words."""
        return self.add(Severity.ERROR, error.thing, error.cause, error.next_step, action)

    def settle(self, number: int, outcome: str) -> None:
        """Say that nothing is to be done about a notice any more, and why; the same again is a new one."""
        notice = self._find(number)
        if notice is not None:
            self._seen = {key: seen for key, seen in self._seen.items() if seen[1] != number}
            self._replace(
                msgspec.structs.replace(notice, severity=Severity.INFO, next_step=outcome, action=None, count=1)
            )

    def _repeat(self, number: int) -> Notice | None:
        notice = self._find(number)
        return None if notice is None else self._replace(msgspec.structs.replace(notice, count=notice.count + 1))

    def _find(self, number: int) -> Notice | None:
        return next((notice for notice in reversed(self._notices) if notice.number == number), None)

    def _replace(self, notice: Notice) -> Notice:
        index = next(index for index, held in enumerate(self._notices) if held.number == notice.number)
        self._notices[index] = notice
        for tell in tuple(self._on_changed):
            tell(notice)
        return notice

    def _forget_old(self, now_ns: int) -> None:
        self._seen = {key: seen for key, seen in self._seen.items() if now_ns - seen[0] < _REPEAT_WITHIN_NS}
