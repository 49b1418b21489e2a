"""One thousand random fault scripts over every kind of feed of the catalog: nothing raised, nothing lost, nothing old
shown as live, no alert told twice or never. A failing script is printed as the deeds of its machine."""

from __future__ import annotations

import math
import zlib

import hypothesis
import pytest
from fault_machine import Machine, ReportMachine, machine_of
from hypothesis.internal.constants_ast import Constants
from hypothesis.stateful import run_state_machine_as_test

from marketwatch.feeds.catalog import CATALOG, FeedKind

SCRIPTS = 1_000
REPORT_SCRIPTS = 150
DEEDS = 14
every_kind = pytest.mark.parametrize("kind", list(CATALOG), ids=lambda kind: kind.value)
kinds_with_reports = pytest.mark.parametrize(
    "kind", [kind for kind, spec in CATALOG.items() if spec.report_streams], ids=lambda kind: kind.value
)


@pytest.mark.slow
@pytest.mark.timeout(110)
@every_kind
def test_a_feed_survives_whatever_happens(kind: FeedKind) -> None:
    play(machine_of(kind), math.ceil(SCRIPTS / len(CATALOG)))


@pytest.mark.slow
@pytest.mark.timeout(110)
@kinds_with_reports
def test_what_a_server_says_beside_prices_survives_whatever_happens(kind: FeedKind) -> None:
    play(machine_of(kind, ReportMachine), REPORT_SCRIPTS)


@pytest.fixture(autouse=True)
def _same_and_easy_to_read(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Let a script that fails be printed before anybody loses patience, and without the log of a thousand others.

    The scripts are the same whatever ran before: else constants of all modules that are loaded would be played with.
    """
    monkeypatch.setattr("hypothesis.internal.conjecture.providers._get_local_constants", Constants)
    caplog.set_level("ERROR", "marketwatch")
    monkeypatch.setattr("hypothesis.internal.conjecture.engine.MAX_SHRINKING_SECONDS", 40)


def play(machine: type[Machine], least: int) -> None:
    """Play so many scripts at least, and see that each came to its end."""
    house = hypothesis.settings()
    scripts = max(house.max_examples, least)
    if house.derandomize:  # the same scripts each time, but others for each kind
        machine = hypothesis.seed(zlib.crc32(machine.__name__.encode()))(machine)
    run_state_machine_as_test(
        machine,
        settings=hypothesis.settings(
            max_examples=scripts,
            stateful_step_count=DEEDS,
            suppress_health_check=list(hypothesis.HealthCheck),
            phases=set(hypothesis.Phase) - {hypothesis.Phase.explain},
            report_multiple_bugs=False,
            database=None,
        ),
    )
    assert machine.runs >= scripts
