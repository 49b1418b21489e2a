"""One feed over several connections: opened when needed, one after another, each with its own state, all one key."""

from __future__ import annotations

from collections.abc import Collection

from fake_time import settle, until
from integration.scripted_server import Peer, ScriptedServer
from supervisor_rig import Rig, until_confirmed, until_state
from tiny_protocol import tiny_spec, topic_of

from marketwatch.domain.events import TradeTick
from marketwatch.domain.ids import FeedId
from marketwatch.domain.secret import Secret
from marketwatch.feeds.catalog import FeedAddress, FeedLimits, FeedSpec
from marketwatch.feeds.liveness import SilenceLimits
from marketwatch.feeds.reconnect import ReconnectRules
from marketwatch.feeds.spread import LINGER_S, SpreadSupervisor, Supervisor
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.feeds.subscriptions import TopicPhase
from marketwatch.feeds.supervisor import FeedSupervisor
from marketwatch.feeds.surroundings import FeedSettings
from marketwatch.feeds.turnstile import PAUSE_S

LATER_S = PAUSE_S + 0.01
PATIENT = SilenceLimits(life_s=1e6, dead_s=1e6, useful_s=1e6, mute_s=1e6)
TICKS_EVERY_20_S = SilenceLimits(life_s=1e6, dead_s=1e6, useful_s=20.0, mute_s=500.0)


def spec_of(silence: SilenceLimits = PATIENT) -> FeedSpec:
    return tiny_spec(
        FeedLimits(
            instruments=2,
            connections=3,
            silence=silence,
            reconnect=ReconnectRules(first_s=4.0, cap_s=4.0),
        )
    )


async def serve(peer: Peer) -> None:
    await peer.welcome()
    while True:
        word, topic = (await peer.receive()).split(" ")
        peer.send(f"ok {topic}" if word == "sub" else f"gone {topic}")


def sent(peer: Peer) -> list[str]:
    return peer.received[1:]


def part(supervisor: Supervisor, number: int) -> FeedStatus:
    found = supervisor.status().of_connection(number)
    assert found.connection == number
    return found


async def all_open(rig: Rig, supervisor: Supervisor, server: ScriptedServer, *topics: str) -> None:
    """Let every connection have its turn."""
    wanted = server.count + len(supervisor.status().parts)
    while server.count < wanted:
        count = server.count
        await rig.time.advance(LATER_S)
        await until(lambda count=count: server.count > count)  # type: ignore[misc]
        await settle()
    await until_confirmed(supervisor, *topics)


async def test_a_feed_of_one_connection_has_the_supervisor_it_always_had(rig: Rig) -> None:
    async with ScriptedServer(serve) as server:
        supervisor = rig.spread(server.url, "T.a", spec=tiny_spec(FeedLimits(instruments=2)))
        assert isinstance(supervisor, FeedSupervisor)
        await until_confirmed(supervisor, "T.a")
        assert (supervisor.status().parts, supervisor.topic_state(topic_of("T.a")).connection) == ((), None)


async def test_connections_are_opened_when_they_are_needed_and_one_after_another(rig: Rig) -> None:
    async with ScriptedServer(serve) as server:
        supervisor = rig.spread(server.url, "T.a", "T.b", spec=spec_of())
        assert isinstance(supervisor, SpreadSupervisor)
        await until_confirmed(supervisor, "T.a", "T.b")
        await rig.time.advance(30)
        assert server.count == 1
        assert [one.connection for one in supervisor.status().parts] == [1]

        supervisor.want(map(topic_of, ("T.c", "Q.a", "T.d", "T.e")))
        await until(lambda: server.count == 2)
        await settle()
        assert server.count == 2  # the third one waits for its turn
        await rig.time.advance(LATER_S)
        await until_confirmed(supervisor, "T.c", "Q.a", "T.d", "T.e")
        assert [sent(peer) for peer in server.peers] == [
            ["sub T.a", "sub T.b", "sub Q.a"],
            ["sub T.c", "sub T.d"],
            ["sub T.e"],
        ]
        status = supervisor.status()
        assert (status.state, status.connected, status.connections, status.connections_allowed) == (
            FeedState.LIVE,
            True,
            3,
            3,
        )
        assert (status.feed_id, status.label, status.connection, status.reason) == ("tiny", "Tiny", None, "")
        assert (status.wanted, status.subscriptions) == (6, 6)
        assert (status.instruments, status.instruments_allowed, status.topics_over_limit) == (5, 6, 0)
        assert [(one.feed_id, one.label, one.instruments) for one in status.parts] == [
            ("tiny", "Tiny", 2),
            ("tiny/2", "Tiny, connection 2", 2),
            ("tiny/3", "Tiny, connection 3", 1),
        ]
        assert [topic.key for topic in supervisor.difference().confirmed] == ["a", "b", "a", "c", "d", "e"]
        assert [supervisor.topic_state(topic_of(f"T.{key}")).connection for key in "abcde"] == [1, 1, 2, 2, 3]
        assert (topic_of("T.e"), supervisor.topic_state(topic_of("T.e"))) in rig.topics


async def test_events_of_all_come_as_of_one_feed(rig: Rig) -> None:
    async with ScriptedServer(serve) as server:
        topics = ["T.a", "T.b", "T.c"]
        supervisor = rig.spread(server.url, *topics, spec=spec_of())
        await all_open(rig, supervisor, server, *topics)
        server.peers[1].send("t c 3")
        server.peers[0].send("t a 1", "t b 2")
        await until(lambda: len(rig.events) == 3)
        assert {(one.key, one.price) for one in rig.events if isinstance(one, TradeTick)} == {
            ("a", 1.0),
            ("b", 2.0),
            ("c", 3.0),
        }
        status = supervisor.status()
        assert (status.event_count, status.message_count) == (3, sum(one.message_count for one in status.parts))


async def test_while_the_first_stands_an_opening_one_takes_nothing_from_it(rig: Rig) -> None:
    async with ScriptedServer(serve) as server:
        supervisor = rig.spread(server.url, "T.a", "T.b", "T.c", spec=spec_of())
        await until_confirmed(supervisor, "T.a")
        assert (supervisor.state, part(supervisor, 2).state) == (FeedState.LIVE, FeedState.CONNECTING)
        assert rig.states() == [FeedState.CONNECTING, FeedState.LIVE]
        assert part(supervisor, 2).subscriptions == 0
        await rig.time.advance(LATER_S)
        await until_confirmed(supervisor, "T.c")
        assert rig.states() == [FeedState.CONNECTING, FeedState.LIVE]


async def test_one_that_breaks_is_down_alone_and_asks_for_exactly_its_own_again(rig: Rig) -> None:
    topics = ["T.a", "T.b", "T.c", "T.d", "T.e"]
    async with ScriptedServer(serve) as server:
        supervisor = rig.spread(server.url, *topics, spec=spec_of())
        await all_open(rig, supervisor, server, *topics)
        server.peers[1].reset()
        await until_state(supervisor, FeedState.BACKING_OFF)
        status = supervisor.status()
        assert [one.state for one in status.parts] == [FeedState.LIVE, FeedState.BACKING_OFF, FeedState.LIVE]
        assert status.reason == "connection 2 of 3: the connection broke"
        assert supervisor.reason == status.reason
        assert (status.connected, status.connections, status.subscriptions, status.wanted) == (True, 2, 3, 5)
        assert status.retry_in_s == part(supervisor, 2).retry_in_s
        assert str(supervisor.last_error).startswith("Tiny, connection 2")
        assert [str(topic) for topic in supervisor.difference().missing] == ["T.c", "T.d"]
        server.peers[0].send("t a 1")
        await until(lambda: rig.prices() == [1.0])

        await rig.time.advance(4.0)
        await until_confirmed(supervisor, *topics)
        assert server.count == 4
        assert sent(server.peers[3]) == ["sub T.c", "sub T.d"]
        assert (supervisor.state, supervisor.reason, supervisor.last_error) == (FeedState.LIVE, "", None)
        assert sent(server.peers[0]) == ["sub T.a", "sub T.b"]


async def test_one_that_is_silent_is_stale_alone(rig: Rig) -> None:
    topics = ["T.a", "T.b", "T.c"]
    async with ScriptedServer(serve) as server:
        supervisor = rig.spread(server.url, *topics, spec=spec_of(TICKS_EVERY_20_S))
        await all_open(rig, supervisor, server, *topics)
        for number in range(5):
            await rig.time.advance(6.0)
            server.peers[0].send(f"t a {number}")
            await until(lambda number=number: len(rig.events) == number + 1)  # type: ignore[misc]
        assert [one.state for one in supervisor.status().parts] == [FeedState.LIVE, FeedState.STALE]
        assert supervisor.state is FeedState.STALE
        assert supervisor.reason.startswith("connection 2 of 2: ")
        assert part(supervisor, 1).heard_ns == rig.time.monotonic_ns()
        assert (part(supervisor, 2).heard_ns or 0) < rig.time.monotonic_ns() - 20 * 10**9
        server.peers[1].send("t c 9")
        await until_state(supervisor, FeedState.LIVE)


async def test_silence_is_judged_by_the_hours_of_what_a_connection_carries(rig: Rig) -> None:
    asked: list[set[str]] = []

    def keys_open(wall_ns: int, keys: Collection[str]) -> bool:
        asked.append(set(keys))
        return "c" in keys

    async with ScriptedServer(serve) as server:
        topics = ["T.a", "T.b", "T.c"]
        supervisor = rig.spread(server.url, *topics, spec=spec_of(TICKS_EVERY_20_S), keys_open=keys_open)
        await all_open(rig, supervisor, server, *topics)
        await rig.time.advance(30.0)
        assert [one.state for one in supervisor.status().parts] == [FeedState.LIVE, FeedState.STALE]
        assert {frozenset(keys) for keys in asked} == {frozenset("ab"), frozenset("c")}


async def test_what_the_server_says_of_the_key_to_one_is_said_to_all(rig: Rig) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.reject("403 Forbidden")

    topics = ["T.a", "T.b", "T.c", "T.d", "T.e"]
    async with ScriptedServer(serve, serve, serve, refuse, serve) as server:
        supervisor = rig.spread(server.url, *topics, spec=spec_of())
        await all_open(rig, supervisor, server, *topics)
        server.peers[1].reset()
        server.peers[2].reset()
        await until(lambda: [one.state for one in supervisor.status().parts].count(FeedState.BACKING_OFF) == 2)
        await rig.time.advance(4.0)
        await until(lambda: server.count == 4)
        await until(lambda: [one.state for one in supervisor.status().parts].count(FeedState.REFUSED) == 2)
        status = supervisor.status()
        assert (status.state, status.reason) == (
            FeedState.REFUSED,
            "connections 2 and 3 of 3: the server refused the key (HTTP 403)",
        )
        assert part(supervisor, 1).state is FeedState.LIVE
        assert rig.states().count(FeedState.REFUSED) == 1
        await rig.time.advance(300.0)
        assert server.count == 4

        server.peers[0].reset()  # the last one that stood does not try either
        await until(lambda: all(one.state is FeedState.REFUSED for one in supervisor.status().parts))
        await rig.time.advance(300.0)
        assert server.count == 4
        assert supervisor.status().reason == "the server refused the key (HTTP 403)"

        rig.key = Secret("new-key")
        supervisor.credentials_changed()
        await all_open(rig, supervisor, server, *topics)
        assert server.count == 7
        assert [peer.received[0] for peer in server.peers[4:]] == ["auth new-key"] * 3


async def test_retry_now_asks_the_server_once_more_and_only_once(rig: Rig) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.reject("403 Forbidden")

    topics = ["T.a", "T.b", "T.c", "T.d", "T.e"]
    async with ScriptedServer(refuse) as server:
        supervisor = rig.spread(server.url, *topics, spec=spec_of())
        await until(lambda: all(one.state is FeedState.REFUSED for one in supervisor.status().parts))
        assert server.count == 1
        supervisor.retry_now()
        await until(lambda: server.count == 2)
        await rig.time.advance(60.0)
        assert server.count == 2
        assert supervisor.state is FeedState.REFUSED
        supervisor.reconnect()  # the clock jumped: a refusal stays
        await rig.time.advance(60.0)
        assert server.count == 2


async def test_an_impatient_user_with_a_refused_key_stops_nothing(rig: Rig) -> None:
    """Each connection may try ten times a minute; what waits for that is not woken again and again."""

    async def refuse(peer: Peer) -> None:
        await peer.reject("403 Forbidden")

    async with ScriptedServer(refuse) as server:
        supervisor = rig.spread(server.url, *[f"T.{key}" for key in "abcde"], spec=spec_of())
        for _ in range(25):
            supervisor.retry_now()
            await rig.time.advance(LATER_S)
        assert server.count <= 20
        await rig.time.advance(200.0)
        await until(lambda: all(one.state is FeedState.REFUSED for one in supervisor.status().parts))
        count = server.count
        await rig.time.advance(200.0)
        assert server.count == count


async def test_a_connection_too_many_waits_and_takes_nothing_from_the_others(rig: Rig) -> None:
    async def limit(peer: Peer) -> None:
        await peer.welcome()
        peer.send("limit 120")
        await peer.hold()

    async with ScriptedServer(serve, limit, serve) as server:
        supervisor = rig.spread(server.url, "T.a", "T.b", "T.c", spec=spec_of())
        await until_confirmed(supervisor, "T.a", "T.b")
        await rig.time.advance(LATER_S)
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert supervisor.reason == "connection 2 of 2: too many connections"
        assert part(supervisor, 1).state is FeedState.LIVE
        await rig.time.advance(119.0)
        assert server.count == 2
        await rig.time.advance(2.0)
        await until_confirmed(supervisor, "T.a", "T.b", "T.c")


async def test_giving_up_is_ones_own_affair(rig: Rig) -> None:
    async def fail(peer: Peer) -> None:
        await peer.reject("500 Oops")

    spec = tiny_spec(FeedLimits(instruments=1, connections=2, reconnect=ReconnectRules(first_s=1.0, attempts=1)))
    async with ScriptedServer(serve, fail, serve) as server:
        supervisor = rig.spread(server.url, "T.a", "T.b", spec=spec)
        await until_confirmed(supervisor, "T.a")
        await rig.time.advance(LATER_S)
        await until_state(supervisor, FeedState.REFUSED)
        assert supervisor.reason.startswith("connection 2 of 2: 1 attempts failed")
        assert part(supervisor, 1).state is FeedState.LIVE
        supervisor.retry_now()
        await rig.time.advance(LATER_S)
        await until_confirmed(supervisor, "T.a", "T.b")


async def test_p19_after_a_jump_of_the_clock_all_are_replaced_one_after_another(rig: Rig) -> None:
    topics = ["T.a", "T.b", "T.c", "T.d", "T.e"]
    async with ScriptedServer(serve) as server:
        supervisor = rig.spread(server.url, *topics, spec=spec_of())
        await all_open(rig, supervisor, server, *topics)
        await rig.time.advance(LATER_S)
        supervisor.reconnect()
        await settle()
        assert supervisor.status().connections <= 1
        assert supervisor.topic_state(topic_of("T.e")).phase is TopicPhase.WAITING
        await until(lambda: server.count == 4)
        await settle()
        assert server.count == 4
        await rig.time.advance(LATER_S)
        await until(lambda: server.count == 5)
        await settle()
        assert server.count == 5
        await rig.time.advance(LATER_S)
        await until_confirmed(supervisor, *topics)
        assert sorted(sent(peer) for peer in server.peers[3:]) == [
            ["sub T.a", "sub T.b"],
            ["sub T.c", "sub T.d"],
            ["sub T.e"],
        ]


async def test_another_address_is_called_by_all(rig: Rig) -> None:
    topics = ["T.a", "T.b", "T.c"]
    async with ScriptedServer(serve) as first, ScriptedServer(serve) as second:
        supervisor = rig.spread(first.url, *topics, spec=spec_of())
        await all_open(rig, supervisor, first, *topics)
        supervisor.replace(FeedAddress(second.url, delay_s=900.0))
        await all_open(rig, supervisor, second, *topics)
        assert (first.count, second.count, supervisor.status().delay_s) == (2, 2, 900.0)


async def test_a_connection_that_carries_nothing_is_closed_after_a_while(rig: Rig) -> None:
    topics = ["T.a", "T.b", "T.c", "T.d", "T.e"]
    async with ScriptedServer(serve) as server:
        supervisor = rig.spread(server.url, *topics, spec=spec_of())
        await all_open(rig, supervisor, server, *topics)
        server.peers[2].send("t e 5")
        await until(lambda: len(rig.events) == 1)
        told = supervisor.status().message_count
        supervisor.unwant(map(topic_of, ("T.c", "T.e")))
        await rig.time.advance(LINGER_S - 1)
        assert supervisor.status().connections == 3
        await rig.time.advance(1)
        await until(lambda: server.peers[2].close_code == 1000)
        await until(lambda: len(supervisor.status().parts) == 2)
        status = supervisor.status()
        assert (status.state, status.wanted, status.instruments) == (FeedState.LIVE, 3, 3)
        assert status.message_count >= told  # what came on it has come
        assert [sent(peer) for peer in server.peers] == [
            ["sub T.a", "sub T.b"],
            ["sub T.c", "sub T.d", "unsub T.c"],
            ["sub T.e", "unsub T.e"],
        ]

        supervisor.want([topic_of("T.f")])  # where there is room again
        await until_confirmed(supervisor, "T.f")
        supervisor.want([topic_of("T.g")])
        await rig.time.advance(LATER_S)
        await until_confirmed(supervisor, "T.g")
        assert server.count == 4
        assert sent(server.peers[3]) == ["sub T.g"]


async def test_one_that_is_needed_again_in_time_stays(rig: Rig) -> None:
    async with ScriptedServer(serve) as server:
        supervisor = rig.spread(server.url, "T.a", "T.b", "T.c", spec=spec_of())
        await all_open(rig, supervisor, server, "T.a", "T.b", "T.c")
        supervisor.unwant([topic_of("T.c")])
        await rig.time.advance(LINGER_S - 1)
        supervisor.want([topic_of("T.d")])
        await until_confirmed(supervisor, "T.d")
        await rig.time.advance(LINGER_S * 3)
        assert server.count == 2
        assert supervisor.status().connections == 2


async def test_the_last_connection_stays_whichever_it_is(rig: Rig) -> None:
    async with ScriptedServer(serve) as server:
        supervisor = rig.spread(server.url, "T.a", "T.b", "T.c", spec=spec_of())
        await all_open(rig, supervisor, server, "T.a", "T.b", "T.c")
        supervisor.unwant(map(topic_of, ("T.a", "T.b")))
        await rig.time.advance(LINGER_S)
        await until(lambda: server.peers[0].close_code == 1000)
        supervisor.unwant([topic_of("T.c")])
        await rig.time.advance(LINGER_S * 3)
        assert [one.connection for one in supervisor.status().parts] == [2]
        supervisor.want([topic_of("T.d")])
        await until_confirmed(supervisor, "T.d")
        assert (server.count, sent(server.peers[1])[-1]) == (2, "sub T.d")


async def test_one_that_is_wanted_while_it_says_goodbye_opens_anew(rig: Rig) -> None:
    async with ScriptedServer(serve) as server:
        supervisor = rig.spread(server.url, "T.a", "T.b", "T.c", spec=spec_of())
        await all_open(rig, supervisor, server, "T.a", "T.b", "T.c")
        supervisor.unwant([topic_of("T.c")])
        await rig.time.advance(LINGER_S)
        supervisor.want([topic_of("T.d")])  # the server has not answered the goodbye
        await until(lambda: server.count == 3)
        await until_confirmed(supervisor, "T.d")
        assert (sent(server.peers[2]), supervisor.status().connections) == (["sub T.d"], 2)


async def test_what_finds_no_room_is_over_the_limit_until_there_is_some(rig: Rig) -> None:
    topics = [f"T.{key}" for key in "abcdefg"]
    async with ScriptedServer(serve) as server:
        supervisor = rig.spread(server.url, *topics, "Q.g", spec=spec_of())
        await all_open(rig, supervisor, server, *topics[:6])
        status = supervisor.status()
        assert (status.wanted, status.subscriptions, status.topics_over_limit) == (8, 6, 2)
        assert (status.instruments, status.instruments_allowed) == (7, 6)
        assert supervisor.topic_state(topic_of("T.g")).phase is TopicPhase.OVER_LIMIT
        assert supervisor.topic_state(topic_of("T.z")).phase is TopicPhase.UNWANTED
        difference = supervisor.difference()
        assert [str(topic) for topic in difference.missing] == ["T.g", "Q.g"]
        assert [str(topic) for topic in difference.wanted] == [*topics, "Q.g"]

        supervisor.unwant([topic_of("T.d")])
        await until_confirmed(supervisor, "T.g", "Q.g")
        assert sorted(sent(server.peers[1])) == ["sub Q.g", "sub T.c", "sub T.d", "sub T.g", "unsub T.d"]
        assert supervisor.status().topics_over_limit == 0


async def test_stopped_and_started_it_has_all_its_connections_again(rig: Rig) -> None:
    topics = ["T.a", "T.b", "T.c"]
    async with ScriptedServer(serve) as server:
        supervisor = rig.spread(server.url, *topics, spec=spec_of())
        await all_open(rig, supervisor, server, *topics)
        assert await supervisor.stop() == []
        assert (supervisor.state, supervisor.status().running) == (FeedState.IDLE, False)
        supervisor.want([topic_of("T.d")])
        supervisor.start()
        await all_open(rig, supervisor, server, *topics, "T.d")
        assert server.count == 4

        supervisor.unwant(map(topic_of, ("T.c", "T.d")))
        assert await supervisor.stop() == []
        supervisor.want([topic_of("T.c")])
        supervisor.unwant([topic_of("T.c")])
        waiting = rig.time.waiting()
        assert waiting == 0
        await rig.time.advance(LATER_S)
        supervisor.start()  # what carried nothing is not opened again
        await until_confirmed(supervisor, "T.a", "T.b")
        await rig.time.advance(LATER_S)
        assert (server.count, [one.connection for one in supervisor.status().parts]) == (5, [1])


async def test_a_new_name_reaches_every_connection_and_none_is_touched(rig: Rig) -> None:
    async with ScriptedServer(serve) as server:
        supervisor = rig.spread(server.url, "T.a", "T.b", "T.c", spec=spec_of())
        await all_open(rig, supervisor, server, "T.a", "T.b", "T.c")
        supervisor.reform(
            FeedSettings(feed_id=FeedId("tiny"), label="Mine", spec=spec_of(), address=FeedAddress(server.url))
        )
        status = supervisor.status()
        assert (status.label, [one.label for one in status.parts]) == ("Mine", ["Mine", "Mine, connection 2"])
        assert (server.count, rig.statuses[-1].label) == (2, "Mine")


async def test_the_newest_unusable_message_is_known_whichever_brought_it(rig: Rig) -> None:
    async with ScriptedServer(serve) as server:
        topics = ["T.a", "T.b", "T.c"]
        supervisor = rig.spread(server.url, *topics, spec=spec_of())
        await all_open(rig, supervisor, server, *topics)
        server.peers[0].send("nonsense")
        await until(lambda: supervisor.status().invalid_count == 1)
        await rig.time.advance(1.0)
        server.peers[1].send("rubbish")
        await until(lambda: supervisor.status().invalid_count == 2)
        assert supervisor.last_invalid == ("unknown word", "rubbish")
        assert supervisor.status().invalid_reason == "unknown word"
