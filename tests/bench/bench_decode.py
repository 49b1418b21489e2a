"""Decoding against the limit, and what `MassiveClient.receive` adds to it: the filter of repeated events.

The limit is a simdjson parse of the same frames that touches no value. The frames are those of `bench_pipeline`.
"""

from __future__ import annotations

import gc
import importlib.util
import json
from collections.abc import Callable
from typing import Any

from bench_pipeline import EVENTS_PER_ROUND, ROUNDS, _decode, _Mix, _official, _Rounds
from harness import Row, at_least, paired

from marketwatch.protocols.massive.client import MassiveClient


def _receive(client: MassiveClient) -> Callable[[list[bytes]], None]:
    receive = client.receive

    def work(frames: list[bytes]) -> None:
        for frame in frames:
            receive(frame, 0.0)

    return work


def _loads(frames: list[bytes]) -> None:
    for frame in frames:
        json.loads(frame)


def _simdjson() -> Callable[[list[bytes]], None] | None:
    if importlib.util.find_spec("simdjson") is None:
        return None
    import simdjson

    parser: Any = simdjson.Parser()

    def work(frames: list[bytes]) -> None:
        for frame in frames:
            parser.parse(frame)

    return work


def run() -> list[Row]:
    """Measure in one process, both sides alternately, on the same frames."""
    mix = _Mix()
    client = MassiveClient()
    for frame in mix.opening():
        client.receive(frame, 0.0)
    # The filter must not meet a frame twice: a set of frames of its own for every comparison.
    first, second = ([mix.frames(EVENTS_PER_ROUND) for _ in range(ROUNDS + 1)] for _ in range(2))
    gc.freeze()
    official = paired(_Rounds(_receive(client), first), _Rounds(_official, first), ROUNDS)
    bare = paired(_Rounds(_receive(client), second), _Rounds(_decode, second), ROUNDS)
    plain = paired(_Rounds(_decode, second), _Rounds(_loads, second), ROUNDS)
    rows = [
        at_least("decode through MassiveClient.receive", official, peer="official massive parse", budget=10,
                 value=EVENTS_PER_ROUND / official.ours_s, unit="events/s"),
        Row(name="decode through MassiveClient.receive", value=EVENTS_PER_ROUND / bare.ours_s, unit="events/s",
            peer="bare msgspec decode", ratio=bare.times_faster),
        at_least("decode", plain, peer="json.loads", budget=4, value=EVENTS_PER_ROUND / plain.ours_s, unit="events/s"),
    ]  # fmt: skip
    limit = _simdjson()
    if limit is not None:
        floor = paired(_Rounds(_decode, first), _Rounds(limit, first), ROUNDS)
        rows.append(at_least("decode", floor, peer="simdjson parse, no value touched", budget=0.4,
                             value=EVENTS_PER_ROUND / floor.ours_s, unit="events/s"))  # fmt: skip
    gc.unfreeze()
    return rows
