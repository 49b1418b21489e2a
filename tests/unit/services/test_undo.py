from __future__ import annotations

import pytest

from marketwatch.services.undo import UndoStack


def test_steps_go_back_and_forth_in_order() -> None:
    stack, log = UndoStack(), []
    for name in ("one", "two"):
        stack.do(name, lambda name=name: log.append(f"+{name}"), lambda name=name: log.append(f"-{name}"))  # type: ignore[misc]
    assert stack.undo() == "two"
    assert (stack.undo_text, stack.redo_text) == ("one", "two")
    assert stack.redo() == "two"
    assert log == ["+one", "+two", "-two", "+two"]


def test_depth_is_bounded() -> None:
    stack = UndoStack(depth=2)
    for name in "abc":
        stack.do(name, lambda: None, lambda: None)
    assert [stack.undo(), stack.undo(), stack.undo()] == ["c", "b", ""]


def test_a_step_that_fails_is_not_kept() -> None:
    stack = UndoStack()

    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        stack.do("bad", fail, lambda: None)
    assert stack.undo_text == ""
    assert stack.redo() == ""
