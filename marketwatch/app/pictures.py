"""Pictures of the main window, for documents and checks."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtWidgets import QWidget

from marketwatch.errors import StorageError
from marketwatch.storage.atomic import write_atomically


def save_picture(window: QWidget, path: Path) -> None:
    """Write what `window` shows as a PNG file. Raises StorageError."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not window.grab().save(buffer, "PNG"):
        raise StorageError(f"The picture {path.name}", "it could not be made")
    write_atomically(path, bytes(buffer.data().data()))
