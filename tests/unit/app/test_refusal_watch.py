"""A refused feed is told of once, with the way out, and settled when it works again."""

from __future__ import annotations

from fake_time import FakeTime

from marketwatch.app.refusal_watch import RefusalWatch
from marketwatch.domain.ids import FeedId
from marketwatch.feeds.status import FeedState, FeedStatus, KeyTrouble
from marketwatch.services.notices import NoticeAction, NoticeLog, Severity


def _status(state: FeedState, reason: str = "", trouble: KeyTrouble | None = None) -> FeedStatus:
    return FeedStatus(
        feed_id=FeedId("kite"),
        label="My Kite",
        state=state,
        reason=reason,
        next_step="Check the key" if reason else "",
        key_trouble=trouble,
    )


def test_a_refusal_is_told_once_and_settled() -> None:
    log = NoticeLog(FakeTime())
    watch = RefusalWatch(log)
    for state in (FeedState.CONNECTING, FeedState.REFUSED, FeedState.REFUSED):
        watch.on_status(_status(state, "wrong key" if state is FeedState.REFUSED else ""))
    (told,) = log
    assert (told.severity, told.sentence) == (Severity.ERROR, "My Kite: not connected. Wrong key. Check the key.")
    assert (told.action, told.count) == (NoticeAction("feed_settings", "Settings…"), 1)
    watch.on_status(_status(FeedState.CONNECTING))
    assert next(iter(log)).severity is Severity.ERROR, "not before it is live"
    watch.on_status(_status(FeedState.LIVE))
    (settled,) = log
    assert (settled.severity, settled.action) == (Severity.INFO, None)
    assert settled.sentence == "My Kite: not connected. Wrong key. Connected since."


def test_another_reason_is_another_notice() -> None:
    log = NoticeLog(FakeTime())
    watch = RefusalWatch(log)
    for reason in ("wrong key", "no plan", "wrong key"):
        watch.on_status(_status(FeedState.REFUSED, reason))
    assert [(notice.cause, notice.severity, notice.count) for notice in log] == [
        ("wrong key", Severity.INFO, 1),
        ("no plan", Severity.INFO, 1),
        ("wrong key", Severity.ERROR, 1),
    ]


def test_a_missing_key_is_told_of_elsewhere() -> None:
    log = NoticeLog(FakeTime())
    RefusalWatch(log).on_status(_status(FeedState.REFUSED, "no key", KeyTrouble.MISSING))
    assert len(log) == 0
