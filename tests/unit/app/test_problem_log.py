"""The last problems of a feed: newest first, and one line for what repeats itself."""

from __future__ import annotations

from marketwatch.app.problem_log import ProblemLog
from marketwatch.domain.ids import FeedId
from marketwatch.qt.models.feed_settings_model import ProblemView

A, B = FeedId("a"), FeedId("b")


def test_what_repeats_itself_is_one_line_with_its_count() -> None:
    log = ProblemLog()
    log.note(A, "The key was refused.", "13:00:00 IST")
    for second in range(1, 4):
        log.note(A, "Nothing listens at this address.", f"14:00:0{second} IST")
    assert log.views(A) == (
        ProblemView("14:00:03 IST", "Nothing listens at this address. 3 times since 14:00:01 IST."),
        ProblemView("13:00:00 IST", "The key was refused."),
    )


def test_what_comes_back_after_another_problem_is_told_again() -> None:
    log = ProblemLog()
    for text in ("One.", "Two.", "One."):
        log.note(A, text, "14:00:00 IST")
    assert [view.text for view in log.views(A)] == ["One.", "Two.", "One."]


def test_each_feed_has_its_own_and_only_the_last_stay() -> None:
    log = ProblemLog()
    for number in range(7):
        log.note(A, f"{number}.", "14:00:00 IST")
    assert [view.text for view in log.views(A)] == ["6.", "5.", "4.", "3.", "2."]
    assert log.views(B) == ()
