"""Names of servers to numbers, in the program's worker threads: what the loop's own executor does, nobody can end."""

from __future__ import annotations

import ipaddress
import socket
import urllib.parse
from typing import Any

from marketwatch.runtime.executors import WorkerPool
from marketwatch.runtime.retry import ProxyFailed

AddressInfo = tuple[Any, ...]
"""One line of `socket.getaddrinfo`: family, type, protocol, canonical name, address."""


def is_loopback(host: str) -> bool:
    """Tell whether `host` is this computer, by name or number."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def look_up(pool: WorkerPool, host: str, port: int, family: int = socket.AF_UNSPEC) -> list[AddressInfo]:
    """Return the addresses of a host, best first. Raises OSError."""
    found: list[AddressInfo] = await pool.run(
        "look up a server's name",
        lambda: socket.getaddrinfo(host, port, family, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP),
    )
    return found


async def numbered_proxy(pool: WorkerPool, proxy: str) -> tuple[str, str]:
    """Return a proxy's address with a number instead of its name, and the name. Raises OSError or ProxyFailed.

    Of several numbers it is one of IPv4, which a proxy that has both can always be reached by.
    """
    try:
        parts = urllib.parse.urlsplit(proxy)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ProxyFailed from None
    if not host or parts.scheme not in ("http", "https"):
        return proxy, host  # judged, or looked up, by who connects through it
    found = await look_up(pool, host, port or (443 if parts.scheme == "https" else 80))
    number = min(found, key=lambda one: one[0] is not socket.AF_INET)[4][0]
    user, at, _ = parts.netloc.rpartition("@")
    netloc = f"{user}{at}{f'[{number}]' if ':' in number else number}{'' if port is None else f':{port}'}"
    return urllib.parse.urlunsplit(parts._replace(netloc=netloc)), host


class PoolResolver:
    """Looks names up for aiohttp; satisfies its AbstractResolver, which is not imported for that."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[dict[str, Any]]:
        """Return the addresses of a host as aiohttp wants them. Raises OSError."""
        return [
            {
                "hostname": host,
                "host": address[0],
                "port": address[1],
                "family": kind,
                "proto": protocol,
                "flags": socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            }
            for kind, _, protocol, _, address in await look_up(self._pool, host, port, family)
        ]

    async def close(self) -> None:
        """Hold nothing that would have to be given back."""
