"""Addresses of streams of one's own."""

from __future__ import annotations

from marketwatch.protocols.address import split_address


def normalise_url(url: str) -> str:
    """Return the address to connect to, as it was typed.

    Raises ConfigurationError for anything but ws and wss, and for an address that carries a user, key or query.
    """
    address = split_address(
        url,
        "Write it like ws://127.0.0.1:9000/stream",
        "Leave it out: say what you want by a subscribe message in the mapping",
    )
    return f"{address.scheme}://{address.host}{address.path}"
