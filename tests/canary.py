"""Promise P14: keys that no artefact may hold, and how to look for them. The tests are named `test_canary_*`.

A key may be written as it is, inside a URL, as base64, hexadecimal or 16-bit text; none of these may be found.
"""

from __future__ import annotations

import base64
import gc
import traceback
import urllib.parse
from collections.abc import Iterable, Iterator
from pathlib import Path

from program_rig import files_below

API_KEY = "canary/api+key-51d0"
ACCESS_TOKEN = "canary/token+8e7c"
CANARIES = (API_KEY, ACCESS_TOKEN)


def forms(canary: str) -> list[bytes]:
    """Return what to look for."""
    plain = canary.encode()
    return [
        plain,
        urllib.parse.quote(canary, safe="").encode(),
        base64.b64encode(plain).rstrip(b"=")[:-1],
        plain.hex().encode(),
        canary.encode("utf-16-le"),
    ]


def found_in(data: bytes | str, canaries: Iterable[str] = CANARIES) -> list[str]:
    """Return the canaries that some text or file holds, in whatever form."""
    raw = data.encode("utf-8", "replace") if isinstance(data, str) else data
    return [canary for canary in canaries if any(form in raw for form in forms(canary))]


def files_with(folder: Path, canaries: Iterable[str] = CANARIES) -> list[str]:
    """Return the names of the files below a folder that hold a canary, in their content or in their name."""
    files = files_below(folder)
    return [path.name for path in files if found_in(path.read_bytes() + str(path).encode(), canaries)]


def texts_of_our_objects() -> Iterator[tuple[str, str]]:
    """Yield type and text of every object of the program that is alive, as a log or a debugger would show it."""
    for thing in gc.get_objects():
        kind = type(thing)
        if not str(kind.__module__ or "").startswith("marketwatch."):
            continue
        yield kind.__qualname__, f"{thing!r}\n{thing!s}"
        if isinstance(thing, BaseException):
            yield kind.__qualname__, words_of(thing)


def words_of(error: BaseException | None) -> str:
    """Return all that is said of an error and of what caused it, as a crash report would."""
    words = [] if error is None else traceback.format_exception(error)
    while error is not None:
        words += [repr(error), str(error)]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(words)
