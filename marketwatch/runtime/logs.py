"""Sets up logging: one rotating file that only its owner can read, without secrets."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from types import TracebackType

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


class _EarlyRecords(logging.Handler):
    """Keeps what is logged before there is a file to write it to."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


class LogSetup:
    """Owns the handlers it installed; `stop` removes and closes them."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._handlers: list[logging.Handler] = []
        self._early: _EarlyRecords | None = None
        self._level_before = logging.getLogger().level

    @property
    def is_holding(self) -> bool:
        """Whether records are kept for a file that is yet to come."""
        return self._early is not None

    def hold(self) -> None:
        """Keep INFO and above in memory until `to_file`, whose libraries the first paint need not wait for."""
        self._early = _EarlyRecords()
        self._add(self._early)

    def to_file(self, folder: Path) -> Path:
        """Write INFO and above, also what was held, to the log in `folder`, made for the owner alone; return its path.

        Raises OSError when the folder cannot be written.
        """
        from marketwatch.runtime.log_file import OwnerOnlyFile

        early, self._early = self._early, None
        if early is not None:
            self._remove(early)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / FILE_NAME
        file = OwnerOnlyFile(path, maxBytes=_LIMIT_BYTES, backupCount=_KEPT, encoding="utf-8")
        self._add(file)
        for record in early.records if early is not None else ():
            file.handle(record)
        return path

    def stop(self) -> None:
        """Remove and close what was added."""
        for handler in tuple(self._handlers):
            self._remove(handler)
        logging.getLogger().setLevel(self._level_before)

    def _remove(self, handler: logging.Handler) -> None:
        logging.getLogger().removeHandler(handler)
        handler.close()
        self._handlers.remove(handler)

    def _add(self, handler: logging.Handler) -> None:
        handler.setFormatter(RedactingFormatter(self._redactor))
        handler.setLevel(logging.INFO)
        root = logging.getLogger()
        root.addHandler(handler)
        root.setLevel(logging.INFO)
        self._handlers.append(handler)
        quieten_libraries()


def quieten_libraries() -> None:
    """Keep the libraries that know secrets at WARNING, whatever the root logger says."""
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
