"""P14: no key reaches a log."""

from __future__ import annotations

import logging
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from marketwatch.domain.secret import Secret
from marketwatch.runtime.logs import LogSetup
from marketwatch.runtime.redaction import Redactor

CANARY = "CANARY/key+42"


@pytest.fixture
def redactor() -> Redactor:
    made = Redactor()
    made.register(Secret(CANARY))
    return made


@pytest.fixture
def setup(redactor: Redactor) -> Iterator[LogSetup]:
    made = LogSetup(redactor)
    yield made
    made.stop()


@pytest.mark.parametrize(
    "text",
    [
        f"the key is {CANARY}",
        "https://host/path?q=CANARY%2Fkey%2B42",
        'sent {"action":"auth","params":"other-secret-1"}',
        r'sent "{\"action\":\"auth\",\"params\":\"other-secret-1\"}"',
        "Authorization: Bearer other-secret-1",
        "{'Authorization': 'Bearer other-secret-1'}",
        "Headers([('authorization', 'Token other-secret-1')])",
        "bearer other-secret-1",
        "wss://host/stocks?apiKey=other-secret-1&x=1",
        "api_key=other-secret-1",
        "access_token: other-secret-1",
        "enctoken=other-secret-1;",
        '{"token": "other-secret-1"}',
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.other-secret-1",
        "proxy http://user:other-secret-1@proxy:3128",
    ],
)
def test_secrets_are_masked(redactor: Redactor, text: str) -> None:
    masked = redactor.redact(text)
    assert "***" in masked
    for part in ("CANARY", "other-secret-1"):
        assert part not in masked


@pytest.mark.parametrize("text", ["3 tokens left", "subscribed to T.AAPL", "https://host/a?b=c", "12:30:00 AAPL 190.5"])
def test_ordinary_text_stays(redactor: Redactor, text: str) -> None:
    assert redactor.redact(text) == text


def test_a_value_too_short_to_be_a_key_masks_nothing(redactor: Redactor) -> None:
    redactor.register(Secret("a"))
    assert redactor.redact("a banana") == "a banana"


def test_the_log_is_for_its_owner_and_holds_no_key(setup: LogSetup, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    path = setup.to_file(folder)
    logger = logging.getLogger("marketwatch.test")
    try:
        int(CANARY)
    except ValueError:
        logger.exception("with %s", CANARY)
    logger.debug("not written")
    setup.stop()

    text = path.read_text("utf-8")
    assert "ValueError: invalid literal for int() with base 10: '***'" in text
    assert "with ***" in text
    assert CANARY not in text
    assert "not written" not in text
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_is_logged_before_there_is_a_file_is_written_to_it(setup: LogSetup, tmp_path: Path) -> None:
    logger = logging.getLogger("marketwatch.test")
    setup.hold()
    logger.warning("early, with %s", CANARY)
    logger.debug("not written")
    assert setup.is_holding
    path = setup.to_file(tmp_path)
    logger.warning("late")
    assert not setup.is_holding
    setup.stop()
    first, second = path.read_text("utf-8").splitlines()
    assert first.endswith("early, with ***")
    assert second.endswith("late")


def test_libraries_that_know_keys_stay_quiet(setup: LogSetup, tmp_path: Path) -> None:
    setup.to_file(tmp_path)
    for name in ("websockets.client", "websockets.server", "aiohttp.access", "asyncio"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)


def test_stop_leaves_the_root_logger_as_it_was(redactor: Redactor, tmp_path: Path) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    setup = LogSetup(redactor)
    setup.to_file(tmp_path)
    setup.stop()
    assert (root.level, root.handlers) == before
