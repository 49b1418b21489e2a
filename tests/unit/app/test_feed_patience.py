"""The choice of sessions and of how long a feed may be silent, kind by kind, and what becomes of it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import AsyncIterator

import msgspec
import pytest
import pytest_asyncio

from marketwatch.app.core import Core, Runtime
from marketwatch.app.feed_hours import FeedHours
from marketwatch.app.feed_kinds import kind_views, resolve
from marketwatch.domain.calendar import Phase
from marketwatch.domain.feed_config import FeedConfig
from marketwatch.domain.ids import FeedId
from marketwatch.domain.venues import UNITED_STATES
from marketwatch.feeds.catalog import CATALOG, FeedKind
from marketwatch.feeds.report_streams import stream_settings
from marketwatch.services.feed_changes import Deed, plan_changes

MASSIVE = FeedConfig(id=FeedId("massive"), kind="massive", name="Massive", variant="delayed")
ODIN = FeedConfig(id=FeedId("odin"), kind="odin", name="Odin", variant="local")
STREAM = FeedConfig(id=FeedId("stream"), kind="stream-service", name="Stream", variant="local")
KINDS = {view.kind: view for view in kind_views()}


def mute_s(config: FeedConfig) -> float:
    return resolve(config).spec.limits.silence.mute_s


@pytest.mark.parametrize(
    ("kind", "silences", "usual"),
    [
        ("massive", (30, 60, 90, 120, 300, 900, 0), 60),
        ("polygon-local", (30, 60, 90, 120, 300, 900, 0), 60),
        ("odin", (30, 60, 90, 120, 150), 150),  # beyond that its protocol gives the connection up
        ("kite", (30, 60, 90, 120, 300, 900, 0), 120),
        ("stream-service", (30, 60, 90, 120, 300, 900, 0), 0),
        ("mapping", (30, 60, 90, 120, 300, 900, 0), 0),
        ("data-provider", (), 0),  # it answers, and is silent otherwise
    ],
)
def test_the_silences_a_user_may_choose(kind: str, silences: tuple[int, ...], usual: int) -> None:
    assert (KINDS[kind].silences, KINDS[kind].usual_silence_s) == (silences, usual)


def test_each_kind_says_its_own_waits() -> None:
    assert {kind: KINDS[kind].retries for kind in ("massive", "odin", "kite")} == {
        "massive": "waits 1 s at first, then longer, up to 60 s; a refused key stops it",
        "odin": "waits 1 s at first, then longer, up to 30 s",
        "kite": "waits 2 s at first, then longer, up to 60 s; a refused key stops it",
    }


def test_the_choice_is_the_limit_and_without_one_the_kind_has_its_own() -> None:
    assert [mute_s(config) for config in (MASSIVE, ODIN, STREAM)] == [60.0, 150.0, math.inf]
    assert mute_s(msgspec.structs.replace(MASSIVE, silence_s=90)) == 90.0
    assert mute_s(msgspec.structs.replace(MASSIVE, silence_s=0)) == math.inf
    assert mute_s(msgspec.structs.replace(STREAM, silence_s=30)) == 30.0
    assert mute_s(msgspec.structs.replace(ODIN, silence_s=0)) == 150.0
    assert CATALOG[FeedKind.MASSIVE].limits.silence.mute_s == 60.0


def test_what_is_rare_by_nature_does_not_follow_the_choice_for_prices() -> None:
    settings = resolve(msgspec.structs.replace(STREAM, silence_s=30))
    reports = [stream_settings(settings, stream) for stream in settings.spec.report_streams]
    assert [one.spec.limits.silence.mute_s for one in reports] == [math.inf] * 3
    assert [one.spec.limits.silence.dead_s for one in reports] == [25.0] * 3


@pytest.mark.parametrize("change", [{"silence_s": 90}, {"sessions": ("regular",)}])
def test_a_change_keeps_the_connection(change: dict[str, object]) -> None:
    (found,) = plan_changes([MASSIVE], [msgspec.structs.replace(MASSIVE, **change)])
    assert found.deed is Deed.REFORM


def test_sessions_are_offered_where_there_are_several() -> None:
    words = (("pre", "Pre-market 04:00"), ("regular", "Regular 09:30"), ("post", "Post-market 16:00 to 20:00 ET"))
    offered = {kind: view.sessions for kind, view in KINDS.items() if view.sessions}
    assert offered == {"massive": words, "polygon-local": words}


def test_chosen_sessions_reach_the_feed_in_order() -> None:
    assert resolve(MASSIVE).sessions == ()
    chosen = msgspec.structs.replace(MASSIVE, sessions=("post", "regular", "of another version"))
    assert resolve(chosen).sessions == (Phase.REGULAR, Phase.POST)
    assert resolve(msgspec.structs.replace(ODIN, sessions=("pre",))).sessions == ()


def test_the_choices_survive_being_stored() -> None:
    chosen = msgspec.structs.replace(MASSIVE, silence_s=90, sessions=("pre", "regular"))
    assert msgspec.json.decode(msgspec.json.encode(chosen), type=FeedConfig) == chosen
    old = b'{"id":"massive","kind":"massive","name":"Massive","variant":"delayed"}'
    assert msgspec.json.decode(old, type=FeedConfig) == MASSIVE
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(msgspec.structs.replace(MASSIVE, silence_s=901)), type=FeedConfig)


@pytest_asyncio.fixture
async def core() -> AsyncIterator[Core]:
    made = Core(Runtime())
    yield made
    await made.stop()
    assert await made.runtime.stop() == []


def test_silence_counts_in_wanted_sessions_alone(core: Core) -> None:
    def ns(text: str) -> int:
        return int(dt.datetime.fromisoformat(f"2025-06-27T{text}-04:00").timestamp()) * 10**9

    times = [ns(text) for text in ("03:00", "08:00", "12:00", "17:00", "21:00")]
    hours = FeedHours(core, FeedId("massive"), UNITED_STATES)
    assert [hours.is_open(time) for time in times] == [False, True, True, True, False]
    hours.want((Phase.REGULAR,))
    assert [hours.is_open(time) for time in times] == [False, False, True, False, False]
    hours.want(())
    assert [hours.is_open(time) for time in times] == [False, True, True, True, False]
