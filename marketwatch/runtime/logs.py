"""Sets up logging: one rotating file that only its owner can read, without secrets."""

from __future__ import annotations

import logging
import logging.handlers
import os
import sys
import time
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import TextIO

from marketwatch.runtime.redaction import Redactor

FILE_NAME = "marketwatch.log"
_LIMIT_BYTES = 2_000_000
_KEPT = 3
_FORMAT = "%(asctime)s.%(msecs)03dZ %(levelname)s %(threadName)s %(name)s: %(message)s"
_DATE_FORMAT = "%Y-%m-%dT%H:%M:%S"

_ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

# At DEBUG websockets writes paths, headers and message text; asyncio prints arguments.
_NOISY = ("websockets", "websockets.client", "websockets.server", "aiohttp", "asyncio", "qasync")


class RedactingFormatter(logging.Formatter):
    """Formats a record, traceback included, and takes the secrets out of the whole text."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__(_FORMAT, _DATE_FORMAT)
        self.converter = time.gmtime
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        return self._redactor.redact(super().format(record))

    def formatException(self, ei: _ExceptionInfo) -> str:
        # Never cached in the record with its secrets: other handlers would write it as it is.
        return self._redactor.redact(super().formatException(ei))


class _OwnerOnlyFile(logging.handlers.RotatingFileHandler):
    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return TextIOWrapper(os.fdopen(descriptor, "ab"), encoding="utf-8", errors="backslashreplace")


class LogSetup:
    """Owns the handlers it installed; `stop` removes and closes them."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._handlers: list[logging.Handler] = []
        self._level_before = logging.getLogger().level

    def to_file(self, folder: Path) -> Path:
        """Write INFO and above to the log in `folder`, made for the owner alone; return its path.

        Raises OSError when the folder cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / FILE_NAME
        self._add(_OwnerOnlyFile(path, maxBytes=_LIMIT_BYTES, backupCount=_KEPT, encoding="utf-8"), logging.INFO)
        return path

    def to_stream(self, stream: TextIO | None = None, level: int = logging.WARNING) -> None:
        """Write `level` and above to `stream` (standard error)."""
        self._add(logging.StreamHandler(sys.stderr if stream is None else stream), level)

    def stop(self) -> None:
        """Remove and close what was added."""
        root = logging.getLogger()
        for handler in self._handlers:
            root.removeHandler(handler)
            handler.close()
        self._handlers.clear()
        root.setLevel(self._level_before)

    def _add(self, handler: logging.Handler, level: int) -> None:
        handler.setFormatter(RedactingFormatter(self._redactor))
        handler.setLevel(level)
        root = logging.getLogger()
        root.addHandler(handler)
        root.setLevel(min(level, root.level) if self._handlers else level)
        self._handlers.append(handler)
        quieten_libraries()


def quieten_libraries() -> None:
    """Keep the libraries that know secrets at WARNING, whatever the root logger says."""
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
