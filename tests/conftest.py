"""House rules that every test obeys: off screen, off line, and nothing left running."""

from __future__ import annotations

import os

# Before anything imports Qt: no test may need a display, and qasync and pyqtgraph must not look for another binding.
os.environ["QT_QPA_PLATFORM"] = os.environ.get("MARKETWATCH_TEST_PLATFORM", "offscreen")
os.environ["QT_API"] = "pyside6"

import asyncio
import gc
import inspect
import ipaddress
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import hypothesis
import pytest
import pytest_asyncio

pytest_plugins = ["pytester"]

hypothesis.settings.register_profile("house", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=1_000, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))

_THREAD_GRACE_S = 2.0


class OutsideWorldReached(RuntimeError):
    """A test tried to leave this machine."""


def _is_local(host: object) -> bool:
    if host is None or host in ("", b"", "localhost", b"localhost"):
        return True
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    try:
        return ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        return text.endswith((".invalid", ".localhost"))


def _refuse_the_outside_world(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if not _is_local(host):
        raise OutsideWorldReached(f"a test must stay on this machine, but asked for {host!r}")


sys.addaudithook(_refuse_the_outside_world)


@pytest.fixture(scope="session", autouse=True)
def _own_profile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the developer's own settings, lists and keys out of reach."""
    folder = tmp_path_factory.mktemp("profile")
    patch = pytest.MonkeyPatch()
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "APPDATA", "LOCALAPPDATA"):
        patch.setenv(name, str(folder / name.lower()))
    patch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    for name in ("MASSIVE_API_KEY", "POLYGON_API_KEY", "KITE_API_KEY", "KITE_ACCESS_TOKEN"):
        patch.delenv(name, raising=False)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    """Give the application of all widget tests the style of the program."""
    from marketwatch.qt.theme import STYLE_ARGUMENTS

    return ["marketwatch", *STYLE_ARGUMENTS]


@pytest.fixture(autouse=True)
def _no_leaked_threads() -> Iterator[None]:
    """Fail a test that leaves a thread behind; a thread that is just ending is waited for."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + _THREAD_GRACE_S
    leaked = _new_threads(before)
    for thread in leaked:
        thread.join(max(0.0, deadline - time.monotonic()))
    left = [thread.name for thread in leaked if thread.is_alive()]
    if left:
        pytest.fail(f"threads left running: {', '.join(left)}")


def _new_threads(before: set[threading.Thread]) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread not in before and "pytest" not in thread.name]


@pytest_asyncio.fixture
async def _no_leaked_tasks() -> AsyncIterator[None]:
    yield
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task() and not task.done()]
    if left:
        names = ", ".join(f"{task.get_name()} {task.get_coro()!r}" for task in left)
        pytest.fail(f"asyncio tasks left running: {names}")


@pytest.fixture(autouse=True)
def _no_leaks(request: pytest.FixtureRequest, _no_leaked_threads: None) -> Iterator[None]:
    """Fail a test that leaves a task or an active QTimer behind."""
    function = getattr(request, "function", None)
    if function is not None and inspect.iscoroutinefunction(inspect.unwrap(function)):
        request.getfixturevalue("_no_leaked_tasks")
    uses_qt = bool({"qtbot", "qapp"} & set(request.fixturenames))
    yield
    if uses_qt:
        _fail_for_active_timers()
        _delete_windows()


def _delete_windows() -> None:
    """Delete the windows that a test left: every style sheet set later would dress them again."""
    from PySide6.QtCore import QCoreApplication, QEvent
    from PySide6.QtWidgets import QApplication

    for window in QApplication.topLevelWidgets():
        window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def _fail_for_active_timers() -> None:
    from PySide6.QtCore import QCoreApplication, QEvent

    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    if not _active_timers():
        return
    gc.collect()
    left = _active_timers()
    names = [timer.objectName() or f"{timer!r} of {timer.parent()!r}, every {timer.interval()} ms" for timer in left]
    for timer in left:
        timer.stop()
    if names:
        pytest.fail(f"QTimers left active: {', '.join(names)}")


def _active_timers() -> list[Any]:
    import shiboken6
    from PySide6.QtCore import QTimer

    # By type, not isinstance: that would wake lazy proxies among the interpreter's objects.
    timers = [thing for thing in gc.get_objects() if issubclass(type(thing), QTimer)]
    return [timer for timer in timers if shiboken6.isValid(timer) and timer.isActive()]
