from __future__ import annotations

import asyncio

from marketwatch.gateway.outbox import FRAME_BYTES, FRAME_EVENTS, ROOM_BYTES, Outbox


async def frames_of(outbox: Outbox) -> list[bytes]:
    taken = []
    while (frame := outbox.next_frame()) is not None:
        taken.append(frame.data)
        outbox.sent(frame)
    return taken


async def test_events_are_gathered_into_arrays_of_bounded_count_and_size() -> None:
    outbox = Outbox()
    for number in range(FRAME_EVENTS + 1):
        outbox.add(b"%d" % number)
    outbox.wake()
    full, rest = await frames_of(outbox)
    assert full.startswith(b"[0,1,")
    assert rest == b"[%d]" % FRAME_EVENTS
    for _ in range(3):
        outbox.add(b'"' + b"x" * (FRAME_BYTES // 2) + b'"')
    assert [len(frame) < 1_000_000 for frame in await frames_of(outbox)] == [True, True]
    assert outbox.sent_events == FRAME_EVENTS + 4


async def test_a_status_keeps_its_place_among_the_events() -> None:
    outbox = Outbox()
    outbox.add(b"1")
    outbox.add_frame(b"[status]")
    outbox.add(b"2")
    assert await frames_of(outbox) == [b"[1]", b"[status]", b"[2]"]


async def test_the_simple_dialect_has_one_event_per_frame() -> None:
    outbox = Outbox(single=True)
    outbox.add(b"{1}")
    outbox.add(b"{2}")
    assert await frames_of(outbox) == [b"{1}", b"{2}"]


async def test_a_source_waits_for_room_and_for_the_end() -> None:
    outbox = Outbox()
    outbox.add(b"x" * (ROOM_BYTES + 1))
    outbox.wake()
    assert not outbox.has_room
    waiting = asyncio.create_task(outbox.wait_for_room())
    draining = asyncio.create_task(outbox.wait_until_drained())
    await asyncio.sleep(0)
    assert not waiting.done()
    await frames_of(outbox)
    await asyncio.gather(waiting, draining)
    assert outbox.waiting_bytes == 0


async def test_a_closed_outbox_holds_nobody_up() -> None:
    outbox = Outbox()
    outbox.add(b"x" * (ROOM_BYTES + 1))
    outbox.wake()
    outbox.close()
    await outbox.wait_for_room()
    await outbox.wait_until_drained()
    assert not await outbox.wait_for_frame()
    assert outbox.next_frame() is None


async def test_what_is_encoded_later_keeps_its_place_and_comes_in_frames() -> None:
    outbox = Outbox()
    outbox.add(b"1")
    outbox.add_later(b"%d" % number for number in range(2, FRAME_EVENTS + 3))
    outbox.add(b"9")
    draining = asyncio.create_task(outbox.wait_until_drained())
    await asyncio.sleep(0)
    assert not draining.done()
    first, full, rest, last = await frames_of(outbox)
    assert (first, rest, last) == (b"[1]", b"[%d]" % (FRAME_EVENTS + 2), b"[9]")
    assert full.count(b",") == FRAME_EVENTS - 1
    await draining
    outbox.add_later(iter(()))
    assert await frames_of(outbox) == []
    assert outbox.waiting_bytes == 0
