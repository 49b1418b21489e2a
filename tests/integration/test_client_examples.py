"""Every public name of `marketwatch.client` has an example, and every example does what it says."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import doctest
import inspect
import io
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from client_rig import serving
from data_provider_rig import bar_server
from gateway_rig import KEY

import marketwatch.client

_CHECKER = doctest.OutputChecker()


def _public_names() -> Iterator[tuple[str, Any]]:
    for name in marketwatch.client.__all__:
        thing = getattr(marketwatch.client, name)
        yield name, thing
        members = vars(thing).items() if inspect.isclass(thing) else ()
        for member, value in members:
            if not member.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
                yield f"{name}.{member}", value


NAMES = dict(_public_names())


async def _do(example: doctest.Example, names: dict[str, Any]) -> str:
    """Run one example as `python -m asyncio` does, and return what it printed."""
    code = compile(example.source, "<example>", "single", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        outcome = eval(code, names)  # noqa: S307 - our own docstrings
        if inspect.iscoroutine(outcome):
            await outcome
    return said.getvalue()


@pytest.mark.parametrize("name", NAMES)
async def test_the_example_does_what_it_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "displayhook", sys.__displayhook__)
    text = inspect.getdoc(NAMES[name]) or ""
    examples = doctest.DocTestParser().get_examples(text)
    assert examples
    async with serving() as (server, _), bar_server() as bars, asyncio.timeout(20):
        names = {**vars(marketwatch.client), "url": server.url, "key": KEY, "bars_url": bars.url}
        for example in examples:
            said = await _do(example, names)
            assert _CHECKER.check_output(example.want, said, 0), f"{example.source}said {said!r}"


def test_all_of_the_client_is_covered() -> None:
    assert {"FeedClient.connect", "FeedClient.frames", "FrameStream.dropped", "payload"} <= set(NAMES)
    assert len(NAMES) >= 16
