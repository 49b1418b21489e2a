"""Kite's binary packets: numbers as they are on the wire, and how to cut a message into them.

Big-endian. Prices are integers in hundredths of a rupee or finer (`divisor_of`), signed because a spread may trade
below zero. What kind a packet is, only its length tells.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any, Final, TypeAlias

import msgspec

NSE, NFO, CDS, BSE, BFO, BCD, MCX, MCXSX, INDICES, NCO = 1, 2, 3, 4, 5, 6, 7, 8, 9, 12
SEGMENT_NAMES: Final = {
    NSE: "NSE",
    NFO: "NFO",
    CDS: "CDS",
    BSE: "BSE",
    BFO: "BFO",
    BCD: "BCD",
    MCX: "MCX",
    MCXSX: "MCXSX",
    INDICES: "INDICES",
    NCO: "NCO",
}
DEPTH_LEVELS: Final = 5
LARGEST_TOKEN: Final = 2**32 - 1
_DIVISORS: Final = {CDS: 10_000_000.0, BCD: 10_000.0, NCO: 10_000.0}
_LONGEST_SILENT: Final = 4  # official clients look at nothing this short


class LtpPacket(msgspec.Struct, frozen=True, gc=False):
    """8 bytes: the last price, of anything."""

    token: int
    last_price: int


class IndexPacket(msgspec.Struct, frozen=True, gc=False):
    """28 bytes, or 32 with `stamp` (seconds): an index. High and low stand before the open."""

    token: int
    last_price: int
    high: int
    low: int
    open: int
    close: int
    change: int
    stamp: int | None = None


class QuotePacket(msgspec.Struct, frozen=True, gc=False):
    """44 bytes: an instrument's day. `volume` counts from the open, `close` is of the day before."""

    token: int
    last_price: int
    last_size: int
    average_price: int
    volume: int
    total_bid_size: int
    total_ask_size: int
    open: int
    high: int
    low: int
    close: int


class FullPacket(QuotePacket, frozen=True, gc=False):
    """184 bytes: the day, times in seconds, open interest and the book.

    `book` is flat: size, price, orders of five bids and then of five asks.
    """

    traded_at: int
    open_interest: int
    open_interest_high: int
    open_interest_low: int
    stamp: int
    book: tuple[int, ...]


Packet: TypeAlias = LtpPacket | IndexPacket | QuotePacket | FullPacket

_LTP: Final = struct.Struct(">Ii")
_INDEX: Final = struct.Struct(">I6i")
_INDEX_FULL: Final = struct.Struct(">I6iI")
_QUOTE: Final = struct.Struct(">IiIiIII4i")
_FULL: Final = struct.Struct(">IiIiIII4i5I" + "IiH2x" * (2 * DEPTH_LEVELS))
_HEAD_FIELDS: Final = 16
_LENGTH: Final = struct.Struct(">H")


class Damage(msgspec.Struct, frozen=True):
    """A part of a message that is no packet."""

    reason: str
    sample: str


def segment_of(token: int) -> int:
    """Return the code of the market segment, the low byte of a token."""
    return token & 0xFF


def divisor_of(token: int) -> float:
    """Return what turns an integer price into one of currency units; 100 for segments that nobody documented."""
    return _DIVISORS.get(token & 0xFF, 100.0)


def split(data: bytes) -> tuple[list[Packet], list[Damage]]:
    """Return the packets of one binary message, and what in it was none. Bytes after the last packet are ignored."""
    packets: list[Packet] = []
    damages: list[Damage] = []
    if len(data) <= _LONGEST_SILENT:
        return packets, damages
    (count,) = _LENGTH.unpack_from(data)
    at, end = 2, len(data)
    for _ in range(count):
        if at + 2 > end:
            damages.append(Damage("the message has fewer packets than it says", f"{len(packets)} of {count}"))
            break
        (length,) = _LENGTH.unpack_from(data, at)
        at += 2
        if at + length > end:
            damages.append(Damage("a packet runs past the end of its message", f"{length} bytes, {end - at} there"))
            break
        packet = _decode(data, at, length)
        if packet is None:
            damages.append(Damage("a packet of unknown length", f"{length} bytes"))
        else:
            packets.append(packet)
        at += length
    return packets, damages


def _decode(data: bytes, at: int, length: int) -> Packet | None:
    match length:
        case 184:
            numbers = _FULL.unpack_from(data, at)
            values: list[Any] = [*numbers[:_HEAD_FIELDS], numbers[_HEAD_FIELDS:]]
            return FullPacket(*values)
        case 44:
            return QuotePacket(*_QUOTE.unpack_from(data, at))
        case 8:
            return LtpPacket(*_LTP.unpack_from(data, at))
        case 32:
            return IndexPacket(*_INDEX_FULL.unpack_from(data, at))
        case 28:
            return IndexPacket(*_INDEX.unpack_from(data, at))
        case _:
            return None


def encode(packet: Packet) -> bytes:
    """Return the bytes of one packet, without its length."""
    values = msgspec.structs.astuple(packet)
    if isinstance(packet, FullPacket):
        return _FULL.pack(*values[:_HEAD_FIELDS], *packet.book)
    if isinstance(packet, QuotePacket):
        return _QUOTE.pack(*values)
    if isinstance(packet, LtpPacket):
        return _LTP.pack(*values)
    return _INDEX.pack(*values[:-1]) if packet.stamp is None else _INDEX_FULL.pack(*values)


def frame(packets: Iterable[bytes]) -> bytes:
    """Return the message that carries these encoded packets."""
    parts = list(packets)
    return _LENGTH.pack(len(parts)) + b"".join(_LENGTH.pack(len(part)) + part for part in parts)
