"""Percent-encoding and query strings of addresses, for vendors that want values there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_UNRESERVED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def encode(text: str) -> str:
    """Return `text` with everything but the unreserved characters percent-encoded."""
    data = text.encode("utf-8", "surrogatepass")
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in data)


def decode(text: str) -> str:
    """Return `text` with percent-encoded bytes decoded; a `%` that begins no such byte stays."""
    first, *parts = text.split("%")
    data = bytearray(first.encode("utf-8", "surrogatepass"))
    for part in parts:
        digits = part[:2]
        if len(digits) == 2 and all(digit in "0123456789abcdefABCDEF" for digit in digits):
            data.append(int(digits, 16))
            part = part[2:]
        else:
            data += b"%"
        data += part.encode("utf-8", "surrogatepass")
    return data.decode("utf-8", "replace")


def write_query(values: Mapping[str, str]) -> str:
    """Return the values as a query string or form body."""
    return "&".join(f"{encode(name)}={encode(value)}" for name, value in values.items())


def read_query(text: str) -> dict[str, str]:
    """Return the values of a query string, the first of each name; `+` means a space."""
    values: dict[str, str] = {}
    for part in text.split("&"):
        name, separator, value = part.replace("+", " ").partition("=")
        if separator:
            values.setdefault(decode(name), decode(value))
    return values
