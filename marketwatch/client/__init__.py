"""The feeds for programs of one's own: plain asyncio, no window, one class for every kind of feed.

The examples in this package are written as one types them into `python -m asyncio`; `url` is the address of a server
of the kind `massive` and `key` its key, `bars_url` that of a server of the kind `data-provider`. Errors are those of
`marketwatch.errors`: AuthenticationRefused, EntitlementRefused, ConnectionFailed, ProtocolError, and
ConfigurationError for what cannot be asked at all.
"""

from __future__ import annotations

from marketwatch.client.feed_client import FeedClient
from marketwatch.client.options import ClientOptions
from marketwatch.client.payloads import payload
from marketwatch.client.streams import EventStream, FrameStream

__all__ = ["ClientOptions", "EventStream", "FeedClient", "FrameStream", "payload"]
