"""How a feed's connection is opened: by WebSocket, else by long polling where the feed has it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from marketwatch.domain.secret import Secret
from marketwatch.feeds.connection import Connection, Transport
from marketwatch.runtime.retry import HandshakeBroken, HandshakeRejected, PeerClosed, ProxyFailed

if TYPE_CHECKING:
    from marketwatch.feeds.catalog import FeedSpec

_log = logging.getLogger(__name__)
_NOT_OF_THE_UPGRADE: Final = frozenset({401, 404, 407, 429})
"""Answers that another way to the same server would get too."""


async def open_connection(
    transport: Transport, spec: FeedSpec, url: str, key: Secret | None, client_id: str
) -> Connection:
    """Open a connection to the feed at `url`; see `Transport.connect`.

    The address really called may carry the key, so it is revealed to the transport alone.
    """
    called, headers, max_bytes = spec.connection_url(url, key, client_id), spec.headers(key), spec.limits.message_bytes
    try:
        return await transport.connect(called.reveal(), headers, max_bytes=max_bytes)
    except (HandshakeRejected, HandshakeBroken, PeerClosed, ProxyFailed) as refusal:
        if spec.polling_url is None or getattr(refusal, "status", None) in _NOT_OF_THE_UPGRADE:
            raise
        try:
            connection = await transport.connect(spec.polling_url(url), headers, max_bytes=max_bytes)
        except (OSError, PeerClosed):
            raise refusal from None  # the network says less than the server did
        except HandshakeRejected as polled:
            if isinstance(refusal, ProxyFailed) and refusal.status == polled.status:
                raise refusal from None  # by HTTP, the proxy's own answer looks like the server's
            raise
        _log.info("%s: polled, for the WebSocket was refused (%s)", spec.label, refusal)
        return connection
