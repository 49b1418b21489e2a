"""Entry point: reads the command line and runs the program or the gateway."""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Sequence

from marketwatch.errors import MarketWatchError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run MarketWatch; return the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["gateway"]:
        from marketwatch.app.gateway_command import run_gateway

        return run_gateway(given[1:])
    from marketwatch.app.options import read_options

    options = read_options(given)
    gc.disable()  # start-up makes much and drops nothing; the program enables it after the first paint
    from marketwatch.app.window_command import run_window

    try:
        code = run_window(options)
    except MarketWatchError as error:
        sys.stderr.write(f"marketwatch: {error}\n")
        return 2
    _end_despite_threads(code)
    return code


def _end_despite_threads(code: int) -> None:
    """End at once where a thread did not in its time: while the interpreter comes apart, what it runs would abort."""
    if any(thread.daemon and thread is not threading.current_thread() for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
