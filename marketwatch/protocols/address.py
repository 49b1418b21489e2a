"""What the addresses of all WebSocket feeds have in common."""

from __future__ import annotations

import msgspec

from marketwatch.errors import ConfigurationError


class Address(msgspec.Struct, frozen=True):
    """A WebSocket address in parts. `path` is empty or begins with a slash."""

    scheme: str
    host: str
    path: str


def split_address(url: str, example: str, key_hint: str) -> Address:
    """Return the parts of an address the user typed.

    Raises ConfigurationError, with `example` or `key_hint` as the next step, for anything but ws and wss, and for an
    address that carries a user, a query or a fragment: keys do not belong there.
    """
    scheme, separator, rest = url.strip().partition("://")
    host, slash, path = rest.partition("/")
    if not separator or scheme.lower() not in {"ws", "wss"} or not host:
        raise ConfigurationError("The feed's address", "it does not begin with ws:// or wss:// and a host", example)
    if "@" in host or "?" in rest or "#" in rest:
        raise ConfigurationError("The feed's address", "it carries a user, a query or a fragment", key_hint)
    return Address(scheme.lower(), host, slash + path)
