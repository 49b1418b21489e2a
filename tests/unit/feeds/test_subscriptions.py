from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from marketwatch.feeds.subscriptions import Subscriptions, TopicPhase
from marketwatch.protocols.base import Channel, Topic

A, B, C = (Topic(Channel.TRADES, key) for key in "ABC")


def ask_all(subscriptions: Subscriptions) -> list[Topic]:
    asked = subscriptions.to_ask()
    subscriptions.note_asked(asked, 5)
    return asked


def test_users_are_counted() -> None:
    subscriptions = Subscriptions()
    subscriptions.want([A, B])
    subscriptions.want([A])
    subscriptions.unwant([A])
    assert subscriptions.wanted == (A, B)
    subscriptions.unwant([A, C])
    assert subscriptions.wanted == (B,)


def test_only_what_is_new_is_asked_and_only_what_was_asked_is_ended() -> None:
    subscriptions = Subscriptions()
    subscriptions.want([A])
    assert ask_all(subscriptions) == [A]
    subscriptions.want([B, A])
    assert ask_all(subscriptions) == [B]
    subscriptions.unwant([B])
    assert subscriptions.to_end() == [B]
    subscriptions.note_ended([B])
    assert subscriptions.to_end() == []


def test_after_a_loss_everything_is_asked_again() -> None:
    subscriptions = Subscriptions()
    subscriptions.want([A, B])
    ask_all(subscriptions)
    subscriptions.note(A, TopicPhase.CONFIRMED, 6)
    subscriptions.connection_lost()
    assert subscriptions.confirmed_count == 0
    assert subscriptions.to_ask() == [A, B]


def test_the_difference_shows_missing_surplus_and_refused() -> None:
    subscriptions = Subscriptions()
    subscriptions.want([A, B])
    ask_all(subscriptions)
    subscriptions.note(A, TopicPhase.REFUSED, 6, "not in your plan")
    subscriptions.note(C, TopicPhase.CONFIRMED, 6)
    difference = subscriptions.difference()
    assert (difference.wanted, difference.confirmed) == ((A, B), (C,))
    assert difference.missing == (A, B)
    assert difference.surplus == (C,)
    assert difference.refused == (A,)
    assert subscriptions.state(A).reason == "not in your plan"
    assert (subscriptions.refused_count, subscriptions.active_count) == (1, 2)
    assert subscriptions.to_end() == [C]


def test_unanswered_is_what_was_asked_and_neither_confirmed_nor_refused() -> None:
    subscriptions = Subscriptions()
    subscriptions.want([A, B])
    assert subscriptions.unanswered() == []
    ask_all(subscriptions)
    assert subscriptions.unanswered() == [A, B]
    subscriptions.note(A, TopicPhase.CONFIRMED, 6)
    subscriptions.note(B, TopicPhase.UNCONFIRMED, 6)
    assert subscriptions.unanswered() == [B]
    subscriptions.unwant([B])
    assert subscriptions.unanswered() == []


def test_a_refused_topic_wanted_again_is_asked_again() -> None:
    subscriptions = Subscriptions()
    subscriptions.want([A])
    ask_all(subscriptions)
    subscriptions.note(A, TopicPhase.REFUSED, 6)
    assert subscriptions.to_ask() == []
    subscriptions.unwant([A])
    subscriptions.want([A])
    assert subscriptions.to_ask() == [A]


def test_beyond_the_limit_the_newest_wait_until_there_is_room() -> None:
    subscriptions = Subscriptions(topics=2)
    subscriptions.want([A, B, C])
    assert ask_all(subscriptions) == [A, B]
    assert subscriptions.state(C).phase is TopicPhase.OVER_LIMIT
    subscriptions.unwant([A])
    assert subscriptions.to_end() == [A]
    assert subscriptions.to_ask() == [C]
    assert subscriptions.state(C).phase is TopicPhase.WAITING


def test_phases_of_one_topic() -> None:
    subscriptions = Subscriptions()
    assert subscriptions.state(A).phase is TopicPhase.UNWANTED
    subscriptions.want([A])
    assert subscriptions.state(A).phase is TopicPhase.WAITING
    ask_all(subscriptions)
    assert (subscriptions.state(A).phase, subscriptions.state(A).at_ns) == (TopicPhase.ASKED, 5)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([A, B, C])), max_size=40), st.none() | st.integers(1, 3))
def test_any_history_leads_to_the_topics_with_users(history: list[tuple[bool, Topic]], limit: int | None) -> None:
    subscriptions, users = Subscriptions(limit), Counter[Topic]()
    at_server: set[Topic] = set()
    for is_wish, topic in history:
        if is_wish:
            users[topic] += 1
            subscriptions.want([topic])
        else:
            users[topic] = max(0, users[topic] - 1)
            subscriptions.unwant([topic])
        ended = subscriptions.to_end()
        subscriptions.note_ended(ended)
        at_server -= set(ended)
        at_server |= set(ask_all(subscriptions))
    assert set(subscriptions.wanted) == {topic for topic, count in users.items() if count}
    assert at_server == set(subscriptions.served())
    assert len(at_server) <= (limit or 3)


def test_a_limit_of_instruments_counts_keys_and_not_topics() -> None:
    subscriptions = Subscriptions(instruments=2)
    wishes = [Topic(channel, key) for key in ("A", "B", "C") for channel in (Channel.TRADES, Channel.QUOTES)]
    subscriptions.want(wishes)
    assert subscriptions.served() == tuple(wishes[:4])
    assert subscriptions.to_ask() == wishes[:4]
    assert [subscriptions.state(topic).phase for topic in wishes[3:5]] == [TopicPhase.WAITING, TopicPhase.OVER_LIMIT]
    figures = subscriptions.figures()
    assert (figures["instruments"], figures["instruments_allowed"], figures["topics_over_limit"]) == (3, 2, 2)
    subscriptions.unwant([wishes[0]])
    assert subscriptions.served() == (wishes[1], wishes[2], wishes[3])
    subscriptions.unwant([wishes[1]])
    assert subscriptions.served() == tuple(wishes[2:])
    assert subscriptions.over_limit_count == 0


def test_a_limit_that_changes_serves_more_or_fewer_at_once() -> None:
    subscriptions = Subscriptions()
    wishes = [Topic(Channel.TRADES, key) for key in "ABC"]
    subscriptions.want(wishes)
    subscriptions.note_asked(wishes, 0)
    subscriptions.set_limits(topics=None, instruments=1)
    assert subscriptions.to_end() == wishes[1:]
    subscriptions.set_limits(topics=2, instruments=None)
    assert subscriptions.to_end() == wishes[2:]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["want", "unwant", "note", "end", "ask", "lose", "limit"]),
        st.builds(Topic, st.sampled_from([Channel.TRADES, Channel.QUOTES]), st.sampled_from("ABCDE")),
        st.sampled_from([None, 1, 2, 4]),
    ),
    max_size=40,
)


@given(STEPS)
def test_what_is_to_be_asked_and_ended_is_known_without_looking_at_everything(
    steps: list[tuple[str, Topic, int | None]],
) -> None:
    subscriptions = Subscriptions(instruments=3)
    asked: set[Topic] = set()
    refused: set[Topic] = set()
    for word, topic, number in steps:
        if word == "want":
            subscriptions.want([topic])
        elif word == "unwant":
            was_wanted = subscriptions.is_wanted(topic)
            subscriptions.unwant([topic])
            if was_wanted and not subscriptions.is_wanted(topic) and topic in refused:
                asked.discard(topic)
                refused.discard(topic)
        elif word == "note":
            phase = TopicPhase.REFUSED if number == 1 else TopicPhase.CONFIRMED
            subscriptions.note(topic, phase, 7)
            asked.add(topic)
            (refused.add if number == 1 else refused.discard)(topic)
        elif word == "end":
            ended = subscriptions.to_end()
            subscriptions.note_ended(ended)
            asked -= {*ended}
            refused -= {*ended}
        elif word == "ask":
            asked |= {*ask_all(subscriptions)}
        elif word == "lose":
            subscriptions.connection_lost()
            asked.clear()
            refused.clear()
        else:
            subscriptions.set_limits(topics=None, instruments=number)
        served = {*subscriptions.served()}
        assert {*subscriptions.to_ask()} == served - asked
        assert {*subscriptions.to_end()} == asked - served
