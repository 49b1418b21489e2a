"""Finds the word that somebody meant who mistyped it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

_SHORTEST: Final = 4
_LONG: Final = 6


class SimilarWords:
    """A vocabulary of symbols and words of names."""

    def __init__(self, words: Iterable[str]) -> None:
        groups: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
        for word in words:
            if len(word) >= _SHORTEST:
                groups[len(word), word[0]].add(word)
        self._groups = {key: sorted(group) for key, group in groups.items()}
        if self._groups:
            import rapidfuzz.process  # noqa: F401 - where the catalogue is built, not with the first mistyped word

    def correct(self, word: str) -> str:
        """Return the most similar word known, the word itself when it is known, nothing when none is like it.

        One letter too many, missing, wrong or swapped with its neighbour is one mistake. The first letter is believed,
        unless it was swapped with the second.
        """
        return next(iter(self.near(word, 1)), "")

    def near(self, word: str, limit: int) -> list[str]:
        """Return the words known that are most like this one, the nearest first; what `correct` says comes first."""
        if len(word) < _SHORTEST:
            return []
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        mistakes = 1 if len(word) < _LONG else 2
        near: list[str] = []
        for length in range(len(word) - mistakes, len(word) + mistakes + 1):
            for initial in dict.fromkeys(word[:2]):
                near += self._groups.get((length, initial), ())
        found = process.extract(word, near, scorer=OSA.distance, score_cutoff=mistakes, limit=limit)
        return list(dict.fromkeys(each[0] for each in found))
