"""P14: a whole run with a key, with servers that repeat it in every answer, leaves the key nowhere. One list of places:

files of the profile (settings, database with its log, logs, vault, crash trace), report, output, argv, children and
texts of living objects are here; the picture, spoken text and clipboard in tests/qt/test_canary_pictures.py; keychain
and vault in tests/unit/storage/test_secrets.py and test_vault.py; redaction in tests/unit/runtime.
"""

from __future__ import annotations

import gc
import logging
import signal
import sys
from pathlib import Path

import msgspec
import pytest
from canary import ACCESS_TOKEN, API_KEY, CANARIES, files_with, found_in, texts_of_our_objects, words_of
from fake_time import until
from integration.massive_scripts import greet, status
from integration.program_feed import Feed
from integration.scripted_server import Peer, ScriptedServer
from program_rig import Program, files_below, program
from supervisor_rig import Rig, until_state

from marketwatch.domain.ids import FeedId
from marketwatch.domain.secret import Secret
from marketwatch.feeds.catalog import CATALOG, FeedAddress, FeedKind
from marketwatch.feeds.status import FeedState
from marketwatch.feeds.supervisor import FeedSupervisor
from marketwatch.feeds.surroundings import FeedSettings
from marketwatch.protocols.base import Channel, Topic
from marketwatch.runtime.redaction import Redactor

ENVIRONMENT = {"MASSIVE_API_KEY": API_KEY}
# Errors that hold a server's own words, and what holds them: these are redacted wherever they are shown or logged.
SPEAKING = frozenset(
    {"AuthenticationRefused", "EntitlementRefused", "ConfigurationError", "SignedOut", "ConnectionFailed", "Verdict"}
)
ENDED = (FeedState.REFUSED, FeedState.SIGNED_OUT, FeedState.BACKING_OFF)


async def repeat_the_key(peer: Peer) -> None:
    """Let a client in, and say its key in every way a server can."""
    await peer.accept()
    peer.send(status("connected", f"Connected with {API_KEY}"))
    await peer.receive()
    peer.send(status("auth_success", f"{API_KEY} is fine"))
    peer.send(f'[{{"ev":"{API_KEY}","sym":"{API_KEY}"}}]', f"nonsense {API_KEY}", f'{{"token":"{API_KEY}"}}')
    peer.send(status("error", f"not for {API_KEY}: T.AAPL"), status(API_KEY, API_KEY))
    await peer.hold()


async def refuse_with_the_key(peer: Peer) -> None:
    """Refuse a client in words that hold its key."""
    await greet(peer)
    peer.send(status("auth_failed", f"Unknown API key {API_KEY}"))
    await peer.close(1008, f"bad key {API_KEY}")


def assert_nothing_outside(running: Program) -> None:
    """Look at what other users of the machine can see of a process: its command line and its children's."""
    process = Path(f"/proc/{running.process.pid}")
    if not process.exists():
        pytest.skip("needs /proc to look at processes")
    assert found_in((process / "cmdline").read_bytes()) == []
    children = " ".join(path.read_text() for path in process.glob("task/*/children")).split()
    for child in children:
        for name in ("cmdline", "environ"):
            assert found_in(Path(f"/proc/{child}/{name}").read_bytes()) == []


@pytest.mark.parametrize("script", [repeat_the_key, refuse_with_the_key])
async def test_p14_a_run_with_a_key_leaves_it_nowhere(script: object, tmp_path: Path) -> None:
    async with Feed(script) as server:  # type: ignore[arg-type]  # the two scripts of above
        given = ("--feed", "massive", "--url", server.url, "--watch", "AAPL,MSFT")
        async with program(tmp_path, *given, environment=ENVIRONMENT) as running:
            await running.ready()
            await running.report_when(lambda report: report["feeds"][0]["message_count"] > 1)
            assert_nothing_outside(running)
            assert files_with(tmp_path) == []  # while it runs, with the log of the database still there
            ended = await running.quit()
    assert found_in(ended.out + ended.err) == []
    assert {"state.db", "report.json"} <= {path.name for path in files_below(tmp_path)}
    assert files_with(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGABRT")
async def test_p14_a_crash_leaves_no_key(tmp_path: Path) -> None:
    async with Feed(repeat_the_key) as server:
        given = ("--feed", "massive", "--url", server.url, "--watch", "AAPL")
        async with program(tmp_path, *given, environment=ENVIRONMENT) as running:
            await running.ready()
            await running.report_when(lambda report: report["feeds"][0]["message_count"] > 1)
            running.process.send_signal(signal.SIGABRT)
            ended = await running.ended()
    assert ended.code != 0
    traces = [path for path in files_below(tmp_path) if path.name.startswith("crash")]
    assert "Fatal Python error" in traces[0].read_text(encoding="utf-8")
    assert found_in(ended.out + ended.err) == []
    assert files_with(tmp_path) == []


def start(rig: Rig, kind: FeedKind, url: str, key: Secret) -> FeedSupervisor:
    """Start a feed of a kind with its key."""
    spec = CATALOG[kind]
    made = FeedSupervisor(
        FeedSettings(feed_id=FeedId("canary"), label="Canary", spec=spec, address=FeedAddress(url)),
        rig.surroundings,
        credentials=lambda: key,
        sink=rig.events.extend,
        on_status=rig.statuses.append,
        on_notice=rig.notices.append,
    )
    made.want([Topic(Channel.TRADES, "738561" if kind is FeedKind.KITE else "AAPL")])
    made.start()
    rig.supervisors.append(made)
    return made


@pytest.mark.parametrize("kind", [FeedKind.MASSIVE, FeedKind.KITE])
@pytest.mark.parametrize(
    "answer", ["401 Unauthorized", "403 Forbidden", "404 Not Found", "400 Bad Request", "302 Found"]
)
async def test_p14_no_object_error_or_log_tells_the_key(
    kind: FeedKind, answer: str, rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def refuse(peer: Peer) -> None:
        body = f'{{"status":"error","message":"not with {API_KEY} and {ACCESS_TOKEN}"}}'
        await peer.reject(answer, f"Location: wss://other.example/?api_key={API_KEY}\r\n", body)

    key = Secret(f"{API_KEY}:{ACCESS_TOKEN}" if kind is FeedKind.KITE else API_KEY)
    redactor = Redactor()
    for canary in CANARIES:
        redactor.register(Secret(canary))
    rig.surroundings = msgspec.structs.replace(rig.surroundings, redact=redactor.redact)
    async with ScriptedServer(refuse) as server:
        supervisor = start(rig, kind, server.url, key)
        await until(lambda: supervisor.status().state in ENDED)
        shown = [f"{status.reason} {status.next_step}" for status in rig.statuses]
        texts = [
            *texts_of_our_objects(),
            ("what is shown", "\n".join([*shown, *rig.notices, repr(rig.statuses), repr(rig.failures)])),
            ("causes", redactor.redact(words_of(supervisor.last_error))),
            ("log", redactor.redact(caplog.text)),
        ]
        assert sum(name == "FeedSupervisor" for name, _ in texts) > 0
        assert [name for name, text in texts if name not in SPEAKING and found_in(text)] == []
        assert [record for record in caplog.records if f"?api_key={API_KEY}" in record.getMessage()] == []


@pytest.mark.parametrize("kind", list(CATALOG))
async def test_p14_a_key_never_travels_in_the_clear(kind: FeedKind, rig: Rig) -> None:
    spec = CATALOG[kind]
    if not spec.credential_names:
        pytest.skip("this feed knows no key")
    supervisor = start(rig, kind, "ws://192.0.2.1:9/stream", Secret(f"{API_KEY}:{ACCESS_TOKEN}"))
    await until_state(supervisor, FeedState.REFUSED)
    error = supervisor.last_error
    assert error is not None
    assert error.cause == "a key would travel unencrypted"
    assert found_in(words_of(error) + repr(supervisor.status())) == []
    gc.collect()


def test_p14_the_program_starts_no_other_program() -> None:
    sources = Path(sys.modules["marketwatch"].__path__[0]).rglob("*.py")
    ways = ("subprocess", "os.spawn", "os.exec", "os.system", "multiprocessing", "QProcess")
    found = {path.name: way for path in sources for way in ways if way in path.read_text(encoding="utf-8")}
    assert found == {}
