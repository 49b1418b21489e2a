from __future__ import annotations

import msgspec
import pytest

from marketwatch.domain.secret import Secret
from marketwatch.protocols.base import Authenticated, Connected, Control, Invalid, Notice
from marketwatch.protocols.client_side import ClientSide
from marketwatch.protocols.readings import SAMPLE_LENGTH


class Side(ClientSide):
    def say(self, words: str) -> None:
        self._out.append(words)

    def learn(self, control: Control) -> None:
        self._control.append(control)

    def doubt(self, reason: str, sample: object = "") -> None:
        self._invalid.note(reason, sample)

    def be_ready(self) -> None:
        self._note_ready()


def test_what_was_taken_is_forgotten() -> None:
    side = Side()
    assert (side.take_control(), side.data_to_send()) == ([], [])
    side.say("subscribe")
    side.doubt("not JSON", "}")
    side.doubt("not JSON", "{")
    side.learn(Notice("late"))
    side.be_ready()
    assert side.data_to_send() == ["subscribe"]
    assert side.take_control() == [Notice("late"), Connected(), Authenticated(), Invalid("not JSON", "}", 2)]
    assert (side.take_control(), side.data_to_send()) == ([], [])


@pytest.mark.parametrize("sample", [b"key:a-token", "key:a-token", ["key", "a-token"], msgspec.Raw(b'"key a-token"')])
def test_no_sample_shows_a_part_of_the_key(sample: object) -> None:
    side = Side(Secret("key:a-token"))
    side.doubt("odd", sample)
    (invalid,) = side.take_control()
    assert isinstance(invalid, Invalid)
    assert "***" in invalid.sample
    assert "a-token" not in invalid.sample
    assert "key" in invalid.sample  # so short a part could be any word


def test_a_key_at_the_end_of_a_sample_is_masked_before_it_is_cut() -> None:
    side = Side(Secret("a-long-secret"))
    side.doubt("odd", b"." * (SAMPLE_LENGTH - 4) + b"a-long-secret")
    (invalid,) = side.take_control()
    assert invalid == Invalid("odd", "." * (SAMPLE_LENGTH - 4) + "***")
