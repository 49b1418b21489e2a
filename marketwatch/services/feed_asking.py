"""Asks feeds for topics: each once for what many rows want of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from marketwatch.protocols.base import Topic
from marketwatch.services.feed_rows import FeedEntry, Leg


class Asking:
    """Tells the supervisors what rows want; within `together` at its end, and each of them once."""

    def __init__(self) -> None:
        self._batch: dict[FeedEntry, tuple[list[Topic], list[Topic]]] | None = None

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Collect what is wanted and unwanted from here to the end of the block."""
        if self._batch is not None:
            yield
            return
        batch: dict[FeedEntry, tuple[list[Topic], list[Topic]]] = {}
        self._batch = batch
        try:
            yield
        finally:
            self._batch = None
            for feed, (wanted, unwanted) in batch.items():
                feed.supervisor.want(wanted)
                feed.supervisor.unwant(unwanted)

    def want(self, leg: Leg, topics: list[Topic]) -> None:
        """Ask the feed of a row for these."""
        if self._batch is None:
            leg.feed.supervisor.want(topics)
        else:
            self._batch.setdefault(leg.feed, ([], []))[0].extend(topics)

    def unwant(self, leg: Leg, topics: list[Topic]) -> None:
        """Ask the feed of a row for these no more."""
        if self._batch is None:
            leg.feed.supervisor.unwant(topics)
        else:
            self._batch.setdefault(leg.feed, ([], []))[1].extend(topics)
