"""Undo and redo of user actions as pairs of functions."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

_DEPTH = 100


class _Step(NamedTuple):
    text: str
    forward: Callable[[], object]
    backward: Callable[[], object]


class UndoStack:
    """The newest actions, each with the way back. An action that raises is not kept."""

    def __init__(self, depth: int = _DEPTH) -> None:
        self._done: deque[_Step] = deque(maxlen=depth)
        self._undone: list[_Step] = []

    @property
    def undo_text(self) -> str:
        """The newest action in words, empty when there is none."""
        return self._done[-1].text if self._done else ""

    @property
    def redo_text(self) -> str:
        """The action undone last, empty when there is none."""
        return self._undone[-1].text if self._undone else ""

    def do(self, text: str, forward: Callable[[], object], backward: Callable[[], object]) -> None:
        """Act and remember how to go back; what was undone before cannot be redone any more."""
        forward()
        self._done.append(_Step(text, forward, backward))
        self._undone.clear()

    def undo(self) -> str:
        """Go one action back and return it in words."""
        if not self._done:
            return ""
        step = self._done.pop()
        step.backward()
        self._undone.append(step)
        return step.text

    def redo(self) -> str:
        """Act again and return the action in words."""
        if not self._undone:
            return ""
        step = self._undone.pop()
        step.forward()
        self._done.append(step)
        return step.text
