from __future__ import annotations

from marketwatch.protocols.deadlines import Deadlines, soonest


def test_the_first_begun_is_the_first_due() -> None:
    awaited: Deadlines[str] = Deadlines()
    assert awaited.next_deadline() is None
    awaited.begin("A", 10.0)
    awaited.begin("B", 11.0)
    awaited.begin("A", 12.0)  # anew
    assert (awaited.next_deadline(), list(awaited)) == (11.0, ["B", "A"])
    assert awaited.expire(10.9) == []
    assert awaited.expire(12.0) == ["B", "A"]
    assert awaited.expire(99.0) == []


def test_the_soonest_of_what_there_is() -> None:
    assert soonest() is None
    assert soonest(None, None) is None
    assert soonest(3.0, None, 0.0, 2.0) == 0.0
