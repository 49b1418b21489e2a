from __future__ import annotations

import pytest

from marketwatch.domain.conditions import effects_of
from marketwatch.feeds.recorded.flags import conditions_of, exchange_of


@pytest.mark.parametrize(
    ("word", "ids"),
    [
        ("1", None),
        ("20", (14,)),
        ("20000020", (14, 41)),
        ("20000001", (41,)),
        ("2000", (12,)),
        ("20002020", (12, 14, 41)),
        ("40", (17,)),
        ("80", (19,)),
        ("20200040", (9, 17, 41)),
        ("20100200", (2, 10, 41)),
        ("20100000", (2, 41)),
        ("20000200", (10, 41)),
        ("20040200", (10, 35, 41)),
        ("20000002", (7, 41)),
        ("20000004", (20, 41)),
        ("20002008", (12, 29, 41)),
        ("4000000", (16,)),
        ("1000000", (15,)),
        ("2000000", (22,)),
        ("800", (30,)),
        ("4800", (32,)),
        ("106000|suspicious", (2, 13)),
        ("80000000", (37,)),
        ("0", None),
        ("zz", None),
        ("", None),
        (None, None),
    ],
)
def test_flag_words_of_2013_become_condition_ids(word: str | None, ids: tuple[int, ...] | None) -> None:
    assert conditions_of(word, flag_words=True) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [("14,37,41", (14, 37, 41)), ("12", (12,)), (None, None), ("", None), ("1,x", None), ("20000020", None)],
)
def test_massive_ids_are_read_as_they_are(text: str | None, ids: tuple[int, ...] | None) -> None:
    assert conditions_of(text, flag_words=False) == ids


def test_one_text_means_different_things_in_the_two_notations() -> None:
    assert conditions_of("20", flag_words=True) == (14,)
    assert conditions_of("20", flag_words=False) == (20,)


@pytest.mark.parametrize(
    ("word", "moves_last", "moves_range", "counts"),
    [
        ("1", True, True, True),
        ("20000020", True, True, True),
        ("40", True, True, True),
        ("2000", False, False, True),
        ("20100200", False, False, True),
        ("20000200", False, True, True),
        ("4800", False, True, True),
        ("4000000", False, False, False),
        ("1000000", False, False, False),
    ],
)
def test_update_rules_follow_from_the_flags(word: str, moves_last: bool, moves_range: bool, counts: bool) -> None:
    effects = effects_of(conditions_of(word, flag_words=True))
    assert (effects.updates_last, effects.updates_high_low, effects.updates_volume) == (moves_last, moves_range, counts)


@pytest.mark.parametrize(
    ("text", "number"), [("N", 10), ("Q", 12), ("D", 4), ("P", 11), ("11", 11), ("COMEX", None), (None, None)]
)
def test_venues_become_exchange_ids(text: str | None, number: int | None) -> None:
    assert exchange_of(text) == number
