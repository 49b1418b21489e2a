"""Which connection carries what: nobody is moved, nothing is lost, and a connection is only used when it is needed."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from marketwatch.feeds.allotment import Allotment, Shares
from marketwatch.protocols.base import Channel, Topic


def trades(*keys: str) -> list[Topic]:
    return [Topic(Channel.TRADES, key) for key in keys]


def quotes(*keys: str) -> list[Topic]:
    return [Topic(Channel.QUOTES, key) for key in keys]


def test_another_connection_is_taken_into_use_only_when_there_is_no_room() -> None:
    allotment = Allotment(instruments=2, connections=3)
    assert (list(allotment.used), allotment.capacity) == ([0], 6)
    assert allotment.want(trades("a", "b")) == {0: trades("a", "b")}
    assert list(allotment.used) == [0]
    assert allotment.want(trades("c")) == {1: trades("c")}
    assert allotment.want(quotes("a", "d")) == {0: quotes("a"), 1: quotes("d")}
    assert [list(allotment.carried(number)) for number in allotment.used] == [["a", "b"], ["c", "d"]]


def test_users_are_counted() -> None:
    allotment = Allotment(instruments=2, connections=2)
    assert allotment.want(trades("a", "a")) == {0: trades("a")}
    assert allotment.unwant(trades("a")) == ({}, {})
    assert allotment.is_wanted(trades("a")[0])
    assert allotment.unwant(trades("a", "a", "z")) == ({0: trades("a")}, {})
    assert not allotment.is_wanted(trades("a")[0])
    assert allotment.place("a") is None


def test_one_channel_less_leaves_the_instrument_where_it_is() -> None:
    allotment = Allotment(instruments=1, connections=2)
    allotment.want([*trades("a"), *quotes("a"), *trades("b")])
    assert allotment.unwant(trades("a")) == ({0: trades("a")}, {})
    assert (allotment.place("a"), allotment.place("b")) == (0, 1)
    assert allotment.want(trades("a")) == {0: trades("a")}


def test_what_finds_no_room_waits_in_order_and_gets_the_first_place() -> None:
    allotment = Allotment(instruments=1, connections=2)
    assert allotment.want([*trades("a", "b", "c"), *quotes("c"), *trades("d")]) == {0: trades("a"), 1: trades("b")}
    assert allotment.waiting == (*trades("c"), *quotes("c"), *trades("d"))
    assert allotment.waiting_count == (3, 2)
    assert allotment.unwant(trades("b")) == ({1: trades("b")}, {1: [*trades("c"), *quotes("c")]})
    assert allotment.unwant(trades("d")) == ({}, {})
    assert (allotment.waiting, allotment.place("c")) == ((), 1)


def test_what_is_new_goes_where_a_connection_is_in_use() -> None:
    allotment = Allotment(instruments=2, connections=3)
    allotment.want(trades("a", "b", "c"))
    allotment.unwant(trades("a", "b"))
    assert allotment.retire(0)
    assert list(allotment.used) == [1]
    assert allotment.want(trades("d", "e")) == {1: trades("d"), 0: trades("e")}
    assert list(allotment.used) == [0, 1]


def test_a_connection_that_carries_something_stays_and_so_does_the_last() -> None:
    allotment = Allotment(instruments=1, connections=2)
    assert not allotment.retire(0)
    allotment.want(trades("a", "b"))
    assert not allotment.retire(1)
    allotment.unwant(trades("b"))
    assert allotment.retire(1)
    assert not allotment.retire(1)
    allotment.unwant(trades("a"))
    assert not allotment.retire(0)


KEYS = st.sampled_from([f"k{number}" for number in range(12)])
CHANNELS = st.sampled_from([Channel.TRADES, Channel.QUOTES])
STEPS = st.lists(st.tuples(st.booleans(), st.lists(st.builds(Topic, CHANNELS, KEYS), max_size=8)), max_size=30)


@given(STEPS)
def test_what_is_wanted_is_on_one_connection_and_stays_or_waits(
    steps: list[tuple[bool, list[Topic]]],
) -> None:
    allotment = Allotment(instruments=2, connections=3)
    users: Counter[Topic] = Counter()
    subscribed: list[set[Topic]] = [set(), set(), set()]
    places: dict[str, int] = {}
    for is_more, topics in steps:
        gone: Shares = {}
        if is_more:
            new = allotment.want(topics)
            users.update(topics)
        else:
            gone, new = allotment.unwant(topics)
            for topic in topics:
                users[topic] -= users[topic] > 0
        users = +users
        for number, some in gone.items():
            assert subscribed[number].issuperset(some)
            subscribed[number] -= set(some)
        for number, some in new.items():
            assert subscribed[number].isdisjoint(some)
            subscribed[number] |= set(some)
        on = [{topic.key for topic in topics} for topics in subscribed]
        assert all(len(keys) <= 2 for keys in on)
        assert set().union(*subscribed, allotment.waiting) == set(users)
        assert not allotment.waiting or sum(len(keys) for keys in on) == 6
        kept = {key: number for number, keys in enumerate(on) for key in keys}
        assert all(kept.get(key, number) == number for key, number in places.items())
        places = kept
