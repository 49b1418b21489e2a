"""What the command line accepts, and the one line it answers with otherwise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from marketwatch.app.options import Options, build_parser, read_options
from marketwatch.feeds.catalog import CATALOG, FeedKind


def test_without_arguments_everything_has_its_default() -> None:
    assert read_options([]) == Options()


def test_a_replay_with_all_its_options(tmp_path: Path) -> None:
    tape, closes = tmp_path / "day.parquet", tmp_path / "closes.parquet"
    tape.touch()
    closes.touch()
    given = ["--replay", str(tape), "--speed", "max", "--from", "09:35", "--closes", str(closes)]
    options = read_options(given)
    assert (options.replay, options.speed, options.start_at, options.closes) == (tape, None, "09:35", closes)


def test_a_feed_with_symbols_named_twice() -> None:
    options = read_options(["--feed", "massive", "--url", "ws://127.0.0.1:9/stocks", "--watch", "AAPL, MSFT,,AAPL"])
    assert options.watch == ("AAPL", "MSFT")


@pytest.mark.parametrize("kind", list(FeedKind))
def test_every_kind_of_feed_is_accepted_and_told_of(kind: FeedKind) -> None:
    assert read_options(["--feed", kind.value, "--watch", "A"]).feed == kind.value
    told = build_parser().format_help()
    assert kind.value in told
    assert CATALOG[kind].label in told
    assert all(name in told for name in CATALOG[kind].credential_names)


def test_a_start_without_a_feed_does_not_wait_for_the_catalog() -> None:
    code = """if True:
        import sys
        from marketwatch.app.options import read_options
        read_options([])
        sys.exit("marketwatch.feeds.catalog" in sys.modules)"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_picture_of_a_size() -> None:
    options = read_options(["--screenshot", "out.png", "--after", "2.5", "--size", "1600x1000", "--quit"])
    assert (options.size, options.after_s, options.quit_after) == ((1600, 1000), 2.5, True)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (["--speed", "0"], "neither max nor a number"),
        (["--speed", "fast"], "neither max nor a number"),
        (["--from", "25:00"], "not a time of day"),
        (["--from", "09:35"], "--from needs --replay"),
        (["--closes", __file__], "--closes needs --replay"),
        (["--replay", "no/such.parquet"], "there is no file"),
        (["--url", "ws://127.0.0.1:1"], "--url needs --feed"),
        (["--size", "big"], "not a size"),
        (["--after", "-1"], "not a number of seconds"),
        (["--quit"], "--quit needs --screenshot"),
        (["--feed", "odin", "--mapping", __file__], "--mapping needs --feed mapping"),
        (["--mapping", __file__], "--mapping needs --feed mapping"),
        (["--feed", "mapping", "--mapping", "no/such.json"], "there is no file"),
        (["--replay", __file__, "--feed", "massive"], "do not go together"),
        (["--feed", "nonsense"], "choose one of massive, polygon-local, odin, stream-service, kite"),
        (["--key", "secret"], "unrecognized"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(
    given: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as leaving:
        read_options(given)
    said = capsys.readouterr().err
    assert leaving.value.code == 2
    assert complaint in said
    assert said.count("\n") == 1
