"""A secret shows itself only when asked."""

from __future__ import annotations

import copy
import json
import pickle

import msgspec
import pytest

from marketwatch.domain.secret import Secret

VALUE = "pk_canary_8f21"


def test_every_view_is_masked() -> None:
    secret = Secret(VALUE)
    views = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>20}",
        f"{[secret]}",
        json.dumps({"key": secret}, default=str),
        msgspec.json.encode({"key": secret}, enc_hook=str).decode(),
        pickle.loads(pickle.dumps(secret)).reveal(),  # noqa: S301
    ]
    assert all("***" in view and VALUE not in view for view in views)
    assert VALUE.encode() not in pickle.dumps(secret)


def test_reveal_and_copies_keep_the_value() -> None:
    secret = Secret(VALUE)
    assert secret.reveal() == VALUE
    assert copy.copy(secret).reveal() == VALUE
    assert copy.deepcopy({"key": secret})["key"].reveal() == VALUE


def test_comparison() -> None:
    assert Secret(VALUE) == Secret(VALUE)
    assert Secret(VALUE) != Secret(VALUE + "x")
    assert Secret(VALUE) != VALUE
    assert Secret("ключ").matches("ключ")
    assert not Secret(VALUE).matches("")


def test_a_secret_is_no_dictionary_key_and_knows_whether_it_is_empty() -> None:
    with pytest.raises(TypeError):
        hash(Secret(VALUE))
    assert Secret(VALUE)
    assert not Secret("")
