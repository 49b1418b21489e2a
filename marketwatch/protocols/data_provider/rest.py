"""What the server tells over the web about the bars it keeps."""

from __future__ import annotations

import json
from typing import Final

from marketwatch.errors import ConnectionFailed, ProtocolError
from marketwatch.protocols.readings import text

LOCAL_INSTRUMENTS: Final = "/api/local-instruments"
LONGEST_ANSWER: Final = 4_194_304
_SERVER: Final = "The Data Provider Server"


def parse_local_instruments(http_status: int, body: bytes) -> dict[str, list[str]]:
    """Return the tickers that the server has without a download, by resolution.

    Raises ConnectionFailed for a status that is not 200, ProtocolError for an answer that is something else.
    """
    if http_status != 200:
        raise ConnectionFailed(_SERVER, f"it answers with HTTP {http_status}", "Check the address")
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        page = "a web page" if body.lstrip()[:1] == b"<" else "something that is not JSON"
        raise ProtocolError(_SERVER, f"it answers with {page}", "Check the address") from None
    found = answer.get("by_resolution") if isinstance(answer, dict) else None
    if not isinstance(found, dict):
        raise ProtocolError(_SERVER, "its answer names no resolutions")
    return {
        resolution: [ticker for each in tickers if (ticker := text(each))]
        for resolution, tickers in found.items()
        if isinstance(tickers, list)
    }
