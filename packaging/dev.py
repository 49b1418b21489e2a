"""The one command for a clone: `python3 packaging/dev.py run` (or test, lint, bench, lock). Needs Python and pip."""

import sys

# Before anything that an old interpreter cannot read: this line must say what is wrong.
if sys.version_info < (3, 11):  # noqa: UP036 - the interpreter here is the user's, not the one ruff is told about
    found = ".".join(str(part) for part in sys.version_info[:2])
    sys.exit("MarketWatch needs Python 3.11 or newer, this is " + found + ": try python3.12 packaging/dev.py")

import argparse
import os
import subprocess
import time
from pathlib import Path

from dev_environment import Environment, SetupError, say
from dev_system import ensure_qt_libraries, has_display

ROOT = Path(__file__).resolve().parent.parent
RESOLVER = "uv==0.13.8"  # one lock for every system and Python needs a universal resolver; only `lock` installs it
WITHOUT_WINDOW = {"gateway", "record", "--help", "-h", "--version"}

LINT_STEPS = (
    ("ruff check", ("-m", "ruff", "check", ".")),
    ("ruff format", ("-m", "ruff", "format", "--check", ".")),
    ("mypy --strict", ("-m", "mypy")),
    ("layers", ("-c", "from importlinter.cli import lint_imports_command as main; main()")),
)


def run(environment: Environment, arguments: list[str]) -> int:
    """Start the app with the given arguments, off screen where there is no display."""
    environment.ensure("requirements.lock")
    command = [str(environment.python), "-m", "marketwatch", *arguments]
    variables = dict(os.environ)
    if WITHOUT_WINDOW.isdisjoint(arguments):
        ensure_qt_libraries(environment)
        if not has_display():
            say("no display here: the same session runs off screen and prints a status line; Ctrl+C ends it")
            variables["QT_QPA_PLATFORM"] = "offscreen"
            command.append("--headless-status")
    if sys.platform == "win32":
        return subprocess.call(command, env=variables)
    sys.stdout.flush()
    os.execve(command[0], command, variables)  # noqa: S606 - the app takes this process over, and with it every signal


def lint(environment: Environment, arguments: list[str]) -> int:
    """Check style, types and layers."""
    environment.ensure("requirements-dev.lock")
    failed = _lint_failures(environment)
    say(f"failed: {', '.join(failed)}" if failed else "style, types and layers are in order")
    return 1 if failed else 0


def test(environment: Environment, arguments: list[str]) -> int:
    """Check style, types and layers, then run every test; arguments go to pytest."""
    environment.ensure("requirements-dev.lock")
    ensure_qt_libraries(environment)
    failed = _lint_failures(environment)
    variables = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONFAULTHANDLER": "1"}
    parallel = () if any(argument.startswith("-n") for argument in arguments) else ("-n", "auto")
    say("pytest")
    code = subprocess.call([environment.python, "-m", "pytest", *parallel, *arguments], cwd=ROOT, env=variables)
    if failed:
        say(f"failed before the tests: {', '.join(failed)}")
    return code or (1 if failed else 0)


def bench(environment: Environment, arguments: list[str]) -> int:
    """Measure against the named peers, print the table and write it as JSON."""
    environment.ensure("requirements-bench.lock")
    ensure_qt_libraries(environment)
    variables = {**os.environ, "QT_API": "pyside6"}
    variables.setdefault("QT_QPA_PLATFORM", "offscreen")
    return subprocess.call([environment.python, ROOT / "tests" / "bench", *arguments], cwd=ROOT, env=variables)


def lock(environment: Environment, arguments: list[str]) -> int:
    """Resolve the dependencies anew and write the lock files; `--upgrade` takes newer versions."""
    environment.ensure("requirements-dev.lock")
    environment.pip("install", RESOLVER)
    for name, extras in (
        ("requirements.lock", ()),
        ("requirements-dev.lock", ("--extra", "dev", "--constraint", "packaging/requirements.lock")),
        (
            "requirements-bench.lock",
            ("--extra", "dev", "--extra", "bench", "--constraint", "packaging/requirements-dev.lock"),
        ),
    ):
        say(f"resolving {name}")
        options = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--quiet")
        note = ("--custom-compile-command", "python3 packaging/dev.py lock")
        sources = ("pyproject.toml", "packaging/build.in", "--output-file", f"packaging/{name}")
        resolver = [str(environment.python), "-m", "uv", "pip", "compile"]
        code = subprocess.call([*resolver, *sources, *extras, *options, *note, *arguments], cwd=ROOT)
        if code:
            return code
    return 0


COMMANDS = {"run": run, "test": test, "lint": lint, "bench": bench, "lock": lock}


def _lint_failures(environment: Environment) -> list[str]:
    failed = []
    for name, command in LINT_STEPS:
        started = time.monotonic()
        outcome = subprocess.run([environment.python, *command], cwd=ROOT, capture_output=True, text=True, check=False)
        say(f"{name}: {'failed' if outcome.returncode else 'ok'} ({time.monotonic() - started:.1f} s)")
        if outcome.returncode:
            failed.append(name)
            print(outcome.stdout + outcome.stderr, flush=True)
    return failed


def main() -> int:
    """Read the command, prepare what it needs and do it. Return the exit code."""
    parser = argparse.ArgumentParser(
        prog="dev.py", description="Set MarketWatch up in .venv and start, test or measure it."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name, action in COMMANDS.items():
        commands.add_parser(name, help=(action.__doc__ or "").strip(), add_help=False)
    chosen = parser.parse_args(sys.argv[1:2])
    try:
        return COMMANDS[chosen.command](Environment(ROOT), sys.argv[2:])
    except SetupError as error:
        print(f"dev.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
