"""What one client connection asked for, what was acknowledged, and what must be said to change it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from marketwatch.protocols.base import Channel, Topic
from marketwatch.protocols.deadlines import Deadlines

ACKNOWLEDGEMENT_S = 10.0
_LONGEST_PARAMS = 4_000
_CHANNELS = {
    channel.value: channel
    for channel in (
        Channel.TRADES,
        Channel.QUOTES,
        Channel.SECOND_BARS,
        Channel.MINUTE_BARS,
        Channel.LIMITS,
        Channel.FAIR_VALUE,
        Channel.VALUE,
    )
}


def parse_topic(text: str) -> Topic | None:
    """Read `T.BRK.A`: channel and symbol part at the first dot. None when it is no topic of ours."""
    channel, separator, key = text.strip().partition(".")
    known = _CHANNELS.get(channel)
    return Topic(known, key) if known is not None and separator and key else None


def parameters(topics: Iterable[Topic]) -> Iterator[str]:
    """Yield the `params` texts that name all topics, each short enough for one message."""
    chunk: list[str] = []
    length = 0
    for topic in topics:
        text = str(topic)
        if chunk and length + len(text) + 1 > _LONGEST_PARAMS:
            yield ",".join(chunk)
            chunk, length = [], 0
        chunk.append(text)
        length += len(text) + 1
    if chunk:
        yield ",".join(chunk)


class Subscriptions:
    """Wanted topics of one connection, with the wildcard rule.

    While `T.*` is held, `T.AAPL` needs no word on the wire; when `T.*` ends, the single topics that are still wanted
    must be asked for again. Channel names are compared whole: `A.*` says nothing about `AM.AAPL`.
    """

    def __init__(self) -> None:
        self.wanted: dict[Topic, None] = {}
        self.confirmed: set[Topic] = set()
        self._awaited: Deadlines[Topic] = Deadlines()

    def is_covered(self, topic: Topic) -> bool:
        """Tell whether a wildcard that is wanted already brings this topic."""
        return topic.key != "*" and Topic(topic.channel, "*") in self.wanted

    def add(self, topics: Iterable[Topic]) -> list[Topic]:
        """Want topics; return those that must be asked for."""
        new = [topic for topic in dict.fromkeys(topics) if topic not in self.wanted]
        self.wanted.update(dict.fromkeys(new))
        return [topic for topic in new if not self.is_covered(topic)]

    def remove(self, topics: Iterable[Topic]) -> tuple[list[Topic], list[Topic]]:
        """Want topics no longer; return those to end on the wire and those to ask for again."""
        gone = [topic for topic in dict.fromkeys(topics) if topic in self.wanted]
        for topic in gone:
            del self.wanted[topic]
            self.confirmed.discard(topic)
            self._awaited.pop(topic, None)
        ended = {topic.channel for topic in gone if topic.key == "*"}
        again = [topic for topic in self.wanted if topic.channel in ended]
        return [topic for topic in gone if not self.is_covered(topic)], again

    def everything(self) -> list[Topic]:
        """Return what must be asked for on a fresh connection."""
        return [topic for topic in self.wanted if not self.is_covered(topic)]

    def covered_by(self, wildcard: Topic) -> list[Topic]:
        """Return the single wanted topics that come with this wildcard."""
        return [topic for topic in self.wanted if topic.channel == wildcard.channel and topic != wildcard]

    def asked(self, topics: Iterable[Topic], now: float) -> None:
        """Note that topics were asked for at `now`, and await their acknowledgement."""
        for topic in topics:
            self._awaited.begin(topic, now + ACKNOWLEDGEMENT_S)

    def settle(self, topic: Topic) -> bool:
        """Await an answer for this topic no longer; tell whether one was awaited."""
        return self._awaited.pop(topic, None) is not None

    def confirm(self, topic: Topic) -> list[Topic]:
        """Take an acknowledgement; return the wanted topics that are confirmed by it for the first time."""
        self.settle(topic)
        candidates = [topic, *self.covered_by(topic)] if topic.key == "*" else [topic]
        new = [each for each in candidates if each in self.wanted and each not in self.confirmed]
        self.confirmed.update(new)
        return new

    def named_in(self, words: Iterable[str]) -> list[Topic]:
        """Return the wanted topics among the words of a server's text, whose full stops are not part of a symbol."""
        candidates = (parse_topic(form) for word in words for form in (word, word.rstrip(".")))
        return [topic for topic in dict.fromkeys(candidates) if topic is not None and topic in self.wanted]

    def next_deadline(self) -> float | None:
        """Return when the oldest unanswered request expires."""
        return self._awaited.next_deadline()

    def expire(self, now: float) -> list[Topic]:
        """Return the topics that nobody acknowledged in time, and await them no longer."""
        return self._awaited.expire(now)

    def only_awaited(self) -> Topic | None:
        """Return the one topic whose answer is outstanding, None when there are none or several."""
        return next(iter(self._awaited)) if len(self._awaited) == 1 else None

    def forget_answers(self) -> None:
        """Forget acknowledgements: the server starts over."""
        self.confirmed.clear()
        self._awaited.clear()
