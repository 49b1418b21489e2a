"""The last problems of each feed, for Settings > Feeds."""

from __future__ import annotations

from collections import deque

import msgspec

from marketwatch.domain.ids import FeedId
from marketwatch.qt.models.feed_settings_model import ProblemView

_MOST = 5


class _Problem(msgspec.Struct):
    text: str
    first: str
    newest: str
    count: int = 1


class ProblemLog:
    """Newest first. What comes again and again is one line with its count, or it would push out all that differs."""

    def __init__(self) -> None:
        self._problems: dict[FeedId, deque[_Problem]] = {}

    def note(self, feed_id: FeedId, text: str, time: str) -> None:
        """Keep a problem, with its time as it is shown."""
        problems = self._problems.setdefault(feed_id, deque(maxlen=_MOST))
        if problems and problems[0].text == text:
            problems[0].newest = time
            problems[0].count += 1
        else:
            problems.appendleft(_Problem(text, time, time))

    def views(self, feed_id: FeedId) -> tuple[ProblemView, ...]:
        """Return the problems of a feed as they are shown."""
        return tuple(ProblemView(one.newest, _words(one)) for one in self._problems.get(feed_id, ()))


def _words(problem: _Problem) -> str:
    if problem.count == 1:
        return problem.text
    return f"{problem.text} {problem.count:,} times since {problem.first}."
