"""Entry point: reads the command line and runs the program or the gateway."""

from __future__ import annotations

import gc
import sys
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
        return run_window(options)
    except MarketWatchError as error:
        sys.stderr.write(f"marketwatch: {error}\n")
        return 2
