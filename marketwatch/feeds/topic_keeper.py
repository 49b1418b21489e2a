"""The topics of one feed: asked for over whichever connection there is, and what the server answers to each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from marketwatch.feeds.subscriptions import Subscriptions, TopicPhase, TopicStatus
from marketwatch.protocols import base
from marketwatch.protocols.base import Control, Topic

if TYPE_CHECKING:
    from marketwatch.feeds.link import Link
    from marketwatch.feeds.surroundings import Surroundings

_NS = 1_000_000_000


class TopicKeeper:
    """Keeps `wishes` asked for and their answers noted; `tell` hears of each answer."""

    def __init__(
        self, wishes: Subscriptions, surroundings: Surroundings, tell: Callable[[Topic, TopicStatus], None]
    ) -> None:
        self._wishes = wishes
        self._around = surroundings
        self._tell = tell

    def subscribe(self, link: Link | None) -> None:
        """Ask for what is wanted anew, and for the end of what is wanted no more; nothing without a connection."""
        if link is None:
            return
        clock, wishes = self._around.clock, self._wishes
        now, now_ns = clock.monotonic_ns() / _NS, clock.now_ns()
        to_end, to_ask = wishes.to_end(), wishes.to_ask()
        if to_end:
            wishes.note_ended(to_end)
            link.protocol.unsubscribe(to_end, now)
        if to_ask:
            wishes.note_asked(to_ask, now_ns)
            link.protocol.subscribe(to_ask, now)
        if to_end or to_ask:
            link.prod()

    def take(self, control: Control) -> None:
        """Note an answer about a topic; other controls are nothing to it."""
        note = _ANSWERS.get(type(control))
        if note is not None:
            note(self, control)

    def _confirmed(self, control: base.Confirmed) -> None:
        self._note(control.topic, TopicPhase.CONFIRMED)

    def _unconfirmed(self, control: base.Unconfirmed) -> None:
        if self._wishes.is_wanted(control.topic):
            self._note(control.topic, TopicPhase.UNCONFIRMED)

    def _released(self, control: base.Released) -> None:
        if not self._wishes.is_wanted(control.topic):  # else it was wanted again meanwhile
            self._wishes.note_ended([control.topic])

    def _refused(self, control: base.Refused) -> None:
        if control.topic is None:
            # The server does not say what the account may not have: whatever it still owes an answer for.
            for topic in self._wishes.unanswered() if control.entitlement else ():
                self._note(topic, TopicPhase.REFUSED, control.reason, is_entitlement=True)
        elif self._wishes.is_wanted(control.topic):
            self._note(control.topic, TopicPhase.REFUSED, control.reason, is_entitlement=control.entitlement)

    def _note(self, topic: Topic, phase: TopicPhase, reason: str = "", *, is_entitlement: bool = False) -> None:
        now_ns, text = self._around.clock.now_ns(), self._around.redact(reason)
        self._wishes.note(topic, phase, now_ns, text, is_entitlement=is_entitlement)
        self._tell(topic, self._wishes.state(topic))


_ANSWERS: dict[type[Control], Callable[[TopicKeeper, Any], None]] = {
    base.Confirmed: TopicKeeper._confirmed,
    base.Unconfirmed: TopicKeeper._unconfirmed,
    base.Released: TopicKeeper._released,
    base.Refused: TopicKeeper._refused,
}
