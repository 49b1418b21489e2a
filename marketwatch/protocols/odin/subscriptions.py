"""What one client connection asked an Odin server for, and what the server's answers settle."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Final

from marketwatch.protocols.base import Topic
from marketwatch.protocols.deadlines import Deadlines, soonest
from marketwatch.protocols.odin.keys import OdinKey, parse_key
from marketwatch.protocols.readings import name, text

ANSWER_S: Final = 10.0
_MOST_ITEMS: Final = 200
_NAMED: Final = re.compile(r"^(.*) \(([A-Z_]+)\)$")
_REASON: Final = re.compile(r"^(\S+?)\s*[:(\u2013-]\s+?(.*?)\)?$")
UNKNOWN: Final = "the server does not know it"
PASSED_OVER: Final = "the server passed over it without a word"


class Asked:
    """One request on its way; `items` in the order sent."""

    __slots__ = ("action", "deadline", "items")

    def __init__(self, action: str, items: list[str], deadline: float) -> None:
        self.action = action
        self.items = items
        self.deadline = deadline


class Answer:
    """What a subscription response says of the items of its request. Items it leaves open are in `unsure`."""

    def __init__(self) -> None:
        self.accepted: dict[str, tuple[str, str]] = {}
        self.failed: dict[str, str] = {}
        self.unsure: list[str] = []


class Subscriptions:
    """Wanted topics by the item the wire names them with; several topics can share an item."""

    def __init__(self) -> None:
        self.wanted: dict[Topic, OdinKey] = {}
        self.confirmed: set[Topic] = set()
        self.refused: set[Topic] = set()
        self._by_item: dict[str, dict[Topic, None]] = {}
        self._requests: deque[Asked] = deque()
        self.unsure: Deadlines[str] = Deadlines()

    def keys(self) -> Iterable[str]:
        """Return the keys of all wanted topics."""
        return [topic.key for topic in self.wanted]

    def add(self, topic: Topic) -> bool:
        """Want a topic; False when its key cannot be asked for."""
        key = parse_key(topic.key)
        if key is None:
            return False
        self.wanted[topic] = key
        self._by_item.setdefault(key.item, {})[topic] = None
        return True

    def remove(self, topic: Topic) -> OdinKey | None:
        """Want a topic no longer; return its key, None when it was not wanted."""
        self.confirmed.discard(topic)
        self.refused.discard(topic)
        key = self.wanted.pop(topic, None)
        if key is not None:
            self._by_item[key.item].pop(topic)
        return key

    def topics_of(self, item: str) -> list[Topic]:
        """Return the wanted topics that an item on the wire stands for."""
        return list(self._by_item.get(item, ()))

    def items(self) -> list[str]:
        """Return every item wanted, once."""
        return list(dict.fromkeys(key.item for key in self.wanted.values()))

    def chunks(self, action: str, items: list[str], now: float) -> list[list[str]]:
        """Note that items are asked for now, and return them in the portions of one request each."""
        portions = [items[start : start + _MOST_ITEMS] for start in range(0, len(items), _MOST_ITEMS)]
        self._requests.extend(Asked(action, portion, now + ANSWER_S) for portion in portions)
        return portions

    def answered(self, action: str, names: Iterable[str]) -> Asked | None:
        """Return the request that a response answers: the oldest it can be about, else the oldest.

        A token comes back under its symbol, so `SBIN (NSE)` can be about any request that names a token.
        """
        mentioned = [each for each in names if each]
        candidates = [asked for asked in self._requests if asked.action == action]
        chosen = next((asked for asked in candidates if _is_about(asked.items, mentioned)), None)
        if chosen is None and candidates:
            chosen = candidates[0]
        if chosen is not None:
            self._requests.remove(chosen)
        return chosen

    def next_deadline(self) -> float | None:
        """Return when the oldest unanswered request expires."""
        return soonest(self._requests[0].deadline if self._requests else None, self.unsure.next_deadline())

    def expire(self, now: float) -> list[Topic]:
        """Return the topics whose subscription nobody answered in time, and await them no longer."""
        late: list[str] = []
        while self._requests and self._requests[0].deadline <= now:
            asked = self._requests.popleft()
            late.extend(asked.items if asked.action == "subscribe" else ())
        late.extend(self.unsure.expire(now))
        return [topic for item in dict.fromkeys(late) for topic in self.topics_of(item)]


def read_answer(asked: list[str], subscribed: object, failed: object) -> Answer:
    """Compare a response with the items asked for.

    Symbols come back as typed, tokens as `RELIANCE (NSE)`: those follow the order of the tokens asked for if none is
    missing, else only the list of subscriptions can tell.
    """
    answer = Answer()
    plain, named = _accepted(subscribed)
    reasons = _failures(failed)
    open_tokens: list[str] = []
    for item in asked:
        if item in reasons:
            answer.failed[item] = reasons[item] or UNKNOWN
        elif item in plain:
            answer.accepted[item] = ("", "")
        elif item.isdecimal():
            open_tokens.append(item)
        else:
            found = next((entry for entry in named if entry[0] == item), None)
            if found is None:
                answer.failed[item] = PASSED_OVER
            else:
                named.remove(found)
                answer.accepted[item] = found
    if len(open_tokens) == len(named):
        answer.accepted.update(zip(open_tokens, named, strict=True))
    elif named:
        answer.unsure = open_tokens
    else:
        answer.failed.update(dict.fromkeys(open_tokens, PASSED_OVER))
    return answer


def names_in(value: object) -> list[str]:
    """Return the texts of a list, upper case; anything else counts as empty."""
    return [name(entry) for entry in value] if isinstance(value, list) else []


def _is_about(items: list[str], mentioned: list[str]) -> bool:
    named = [match[1] for each in mentioned if (match := _NAMED.match(each))]
    if named and any(item.isdecimal() for item in items):
        return True
    return not mentioned or not set(items).isdisjoint([*mentioned, *named])


def _accepted(value: object) -> tuple[set[str], list[tuple[str, str]]]:
    plain: set[str] = set()
    named: list[tuple[str, str]] = []
    for entry in names_in(value):
        match = _NAMED.match(entry)
        if match:
            named.append((match[1], match[2]))
        elif entry:
            plain.add(entry)
    return plain, named


def _failures(value: object) -> dict[str, str]:
    """Return the reason per item. The real server names items alone; a reason behind it or an object is read too."""
    reasons: dict[str, str] = {}
    for entry in value if isinstance(value, list) else ():
        if isinstance(entry, Mapping):
            reasons[_first(entry, "stock", "symbol", "token")] = _reason(entry)
            continue
        item = name(entry)
        match = _REASON.match(text(entry)) if isinstance(entry, str) else None
        reasons[item] = ""
        if match:
            reasons[match[1].upper()] = match[2]
    return reasons


def _first(entry: Mapping[str, Any], *fields: str) -> str:
    return next((read for field in fields if (read := name(entry.get(field)))), "")


def _reason(entry: Mapping[str, Any]) -> str:
    return next((read for field in ("reason", "error", "message") if (read := text(entry.get(field)))), "")
