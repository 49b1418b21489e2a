"""Finds the word that somebody meant who mistyped it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_SHORTEST: Final = 4
_LEAST_LIKENESS: Final = 0.7


class SimilarWords:
    """A vocabulary of symbols and words of names."""

    def __init__(self, words: Iterable[str]) -> None:
        by_length: dict[int, set[str]] = {}
        for word in words:
            if len(word) >= _SHORTEST:
                by_length.setdefault(len(word), set()).add(word)
        self._by_length = {length: sorted(found) for length, found in by_length.items()}

    def correct(self, word: str) -> str:
        """Return the most similar word known, the word itself when it is known, nothing when none is like it.

        One letter too many, missing, wrong or swapped with its neighbour is one mistake.
        """
        if len(word) < _SHORTEST:
            return ""
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        mistakes = 1 if len(word) < 6 else 2
        near = [
            each
            for length in range(len(word) - mistakes, len(word) + mistakes + 1)
            for each in self._by_length.get(length, ())
        ]
        found = process.extractOne(word, near, scorer=OSA.normalized_similarity, score_cutoff=_LEAST_LIKENESS)
        return "" if found is None else found[0]
