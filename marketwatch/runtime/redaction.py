"""Takes secrets out of text before anyone can read it."""

from __future__ import annotations

import functools
import re
import threading
import urllib.parse

from marketwatch.domain.secret import MASK, Secret

_SHORTEST = 4  # masking shorter values would eat ordinary text


@functools.cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return what secrets look like; the first paint need not wait for it."""
    return (
        # {"action":"auth","params":"KEY"}, also inside an escaped string
        (re.compile(r'("action\\?"\s*:\s*\\?"auth\\?"\s*,\s*\\?"params\\?"\s*:\s*\\?")[^"\\]*', re.I), rf"\1{MASK}"),
        (re.compile(r"((?:proxy-)?authorization[\"']?\s*[:=,]\s*[\"']?)(?:\w+\s+)?[^\s\"',;)}]+", re.I), rf"\1{MASK}"),
        (re.compile(r"(\bbearer\s+)[^\s\"',;)}]+", re.I), rf"\1{MASK}"),
        (
            re.compile(
                r"((?:api[_-]?key|access[_-]?token|refresh[_-]?token|enctoken|auth[_-]?token|token|secret|password|passwd)"
                r"[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,;)}]+",
                re.I,
            ),
            rf"\1{MASK}",
        ),
        (re.compile(r"\beyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*"), MASK),
        (re.compile(r"(\b\w+://)[^/\s:@]+:[^/\s@]+@"), rf"\1{MASK}@"),
    )


class Redactor:
    """Knows the secret values of this run, and what secrets usually look like."""

    def __init__(self) -> None:
        self._values: frozenset[str] = frozenset()
        self._lock = threading.Lock()

    def register(self, secret: Secret) -> None:
        """Mask `secret`, and its form inside a URL, wherever it turns up from now on."""
        value = secret.reveal()
        if len(value) < _SHORTEST:
            return
        with self._lock:
            self._values |= {value, urllib.parse.quote(value, safe="")}

    def redact(self, text: str) -> str:
        """Return `text` without secrets. Safe in any thread."""
        for value in sorted(self._values, key=len, reverse=True):
            text = text.replace(value, MASK)
        for pattern, replacement in _patterns():
            text = pattern.sub(replacement, text)
        return text
