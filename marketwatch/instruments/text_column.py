"""Many short texts in one string, so that the interpreter's own string search goes through all of them at once."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator

_END = "\n"


class TextColumn:
    """Texts by number, in an order of the caller's. Every search yields numbers in that order, each once."""

    def __init__(self, texts: Iterable[str]) -> None:
        held = [text.replace(_END, " ") for text in texts]
        self._blob = _END + _END.join(held) + _END
        self._starts = array("L")
        position = 1
        for text in held:
            self._starts.append(position)
            position += len(text) + 1
        self._starts.append(position)

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, number: int) -> str:
        return self._blob[self._starts[number] : self._starts[number + 1] - 1]

    def equal(self, text: str) -> Iterator[int]:
        """Yield the texts that are exactly so."""
        return self._matches(_END + text + _END)

    def starting(self, text: str) -> Iterator[int]:
        """Yield the texts that begin so."""
        return self._matches(_END + text)

    def containing(self, text: str) -> Iterator[int]:
        """Yield the texts that hold this somewhere."""
        return self._matches(text)

    def count(self, text: str) -> int:
        """Return how often this stands in all the texts together."""
        return self._blob.count(text)

    def _matches(self, needle: str) -> Iterator[int]:
        find, starts = self._blob.find, self._starts
        lead = 1 if needle[:1] == _END else 0
        position = find(needle)
        while position >= 0:
            number = bisect_right(starts, position + lead) - 1
            yield number
            position = find(needle, starts[number + 1] - 1)
