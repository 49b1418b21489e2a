"""Two processes never hold one profile."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from marketwatch.storage.profile_lock import ProfileInUse, ProfileLock

HOLDER = """
import sys
from pathlib import Path
from marketwatch.storage.profile_lock import ProfileLock
lock = ProfileLock.acquire(Path(sys.argv[1]))
sys.stdout.write("held\\n")
sys.stdout.flush()
sys.stdin.readline()
"""


def test_another_process_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ProfileInUse):
            ProfileLock.acquire(tmp_path)
        holder.kill()
    ProfileLock.acquire(tmp_path).release()


def test_release_lets_others_in_and_a_missing_folder_locks_nothing(tmp_path: Path) -> None:
    first = ProfileLock.acquire(tmp_path)
    with pytest.raises(ProfileInUse):
        ProfileLock.acquire(tmp_path)
    first.release()
    first.release()
    ProfileLock.acquire(tmp_path).release()
    ProfileLock.acquire(tmp_path / "missing").release()
    assert not (tmp_path / "missing").exists()
