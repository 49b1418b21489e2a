"""The file of the log: it rotates, and only its owner can read it."""

from __future__ import annotations

import logging.handlers
import os
from io import TextIOWrapper


class OwnerOnlyFile(logging.handlers.RotatingFileHandler):
    """Makes its files for the owner alone; what cannot be written as UTF-8 is escaped."""

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return TextIOWrapper(os.fdopen(descriptor, "ab"), encoding="utf-8", errors="backslashreplace")
