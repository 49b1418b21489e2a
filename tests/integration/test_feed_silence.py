"""P4, P18, P19: no number looks live when it is not; clocks and sleep."""

from __future__ import annotations

from fake_time import settle, until
from integration.scripted_server import Peer, ScriptedServer
from supervisor_rig import Rig, until_confirmed, until_state

from marketwatch.feeds.status import FeedState
from marketwatch.runtime.clock_jump import ClockJump, ClockJumpDetector


async def serve_mute(peer: Peer) -> None:
    await peer.serve(1)
    peer.send("t AAPL 1")
    await peer.hold(answers_pings=False)


async def serve_one(peer: Peer) -> None:
    await peer.serve(1)
    await peer.hold()


async def test_p4_a_mute_server_is_marked_within_thirty_seconds_and_then_replaced(rig: Rig) -> None:
    async with ScriptedServer(serve_mute, serve_one) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        await until(lambda: bool(rig.events))
        assert supervisor.status().state is FeedState.LIVE

        await rig.time.advance(14.0)
        assert supervisor.status().state is FeedState.LIVE
        await rig.time.advance(2.0)
        assert supervisor.status().state is FeedState.STALE
        assert supervisor.status().reason == "no sign of life"

        await rig.time.advance(9.5)
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert supervisor.status().stall_count == 1
        await rig.time.advance(1.0)
        await until_confirmed(supervisor, "T.AAPL")


async def test_p4_a_half_open_connection_out_of_session_is_found_too(rig: Rig) -> None:
    rig.session_open = False
    async with ScriptedServer(serve_mute) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        await until(lambda: bool(rig.events))
        await rig.time.advance(25.0)
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert supervisor.status().reason == "the far end gives no sign of life"


async def test_p4_data_makes_a_stale_feed_live_again(rig: Rig) -> None:
    async with ScriptedServer(serve_one) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        await until_confirmed(supervisor, "T.AAPL")
        await rig.time.advance(20.0)
        assert supervisor.status().state is FeedState.STALE

        server.peers[0].send("t AAPL 1")
        await until_state(supervisor, FeedState.LIVE)
        assert supervisor.status().reason == ""


async def test_p4_a_drop_is_told_at_once(rig: Rig) -> None:
    async with ScriptedServer(serve_one) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        await until_confirmed(supervisor, "T.AAPL")
        server.peers[0].reset()
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert rig.states()[-1] is FeedState.BACKING_OFF
        assert supervisor.status().reason == "the connection broke"


async def test_p18_setting_the_wall_clock_does_nothing_to_a_connection(rig: Rig) -> None:
    async with ScriptedServer(serve_one) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        await until_confirmed(supervisor, "T.AAPL")
        told = len(rig.statuses)
        for seconds in (3600.0, -7200.0, 315_360_000.0, -1_700_000_000.0):
            rig.time.step_wall(seconds)
            await settle()

        assert len(rig.statuses) == told
        server.peers[0].send("t AAPL 1")
        await until(lambda: bool(rig.events))
        assert server.count == 1


async def test_p19_after_a_sleep_the_connection_is_replaced_whatever_it_claims(rig: Rig) -> None:
    async with ScriptedServer(serve_one) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        await until_confirmed(supervisor, "T.AAPL")
        jumps: list[ClockJump] = []

        def on_jump(jump: ClockJump) -> None:
            jumps.append(jump)
            supervisor.reconnect()

        detector = ClockJumpDetector(rig.time, rig.time, on_jump)
        detector.start()
        rig.time.step_wall(300.0)
        await rig.time.advance(5.0)
        await until(lambda: server.count == 2)
        await until_confirmed(supervisor, "T.AAPL")
        server.peers[1].send("t AAPL 2")
        await until(lambda: rig.prices() == [2.0])
        detector.stop()

        assert [round(jump.away_s) for jump in jumps] == [300]
        assert FeedState.BACKING_OFF not in rig.states()
