"""Engine.IO over HTTP long polling: how its bodies hold packets, and what its addresses are. Pure."""

from __future__ import annotations

import re
from typing import Final

from marketwatch.protocols.data_provider.messages import Opened, read
from marketwatch.protocols.data_provider.packets import EngineKind, write_frame
from marketwatch.protocols.readings import Unusable

GOODBYE: Final = write_frame(EngineKind.CLOSE)
CONTENT_TYPE: Final = "text/plain;charset=UTF-8"
_SEPARATOR: Final = b"\x1e"
_ID: Final = re.compile(r"[A-Za-z0-9._~-]{1,200}")
"""What an address holds as it is: ids are base64 for addresses."""


def packets_of(body: bytes) -> list[bytes]:
    """Return the packets of an answer to a poll, in order; none for an empty body."""
    return body.split(_SEPARATOR) if body else []


def read_opening(body: bytes) -> Opened:
    """Return the session that an answer opens. Raises Unusable when it opens none."""
    packets = packets_of(body)
    opened = read(packets[0]) if packets else None
    if not isinstance(opened, Opened) or not _ID.fullmatch(opened.session_id):
        raise Unusable("no session was opened")
    return opened


def session_url(url: str, session_id: str) -> str:
    """Return the address at which an open session is polled and written to."""
    return f"{url}&sid={session_id}"
