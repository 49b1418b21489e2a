"""Sale conditions: our table against the vendor's, and how several conditions combine."""

from __future__ import annotations

import json

import pytest
from shared_data import shared_data

from marketwatch.domain.conditions import SALE_CONDITIONS, TradeEffects, effects_of


def test_table_agrees_with_the_vendor() -> None:
    path = shared_data("ws_frames/polygon_rest/v3_reference_conditions_asset_class-stocks.json")
    compared = 0
    for record in json.loads(path.read_text(encoding="utf-8"))["results"]:
        rules = record["update_rules"]["consolidated"]
        ours = SALE_CONDITIONS[record["id"]]
        assert ours.name == record["name"]
        assert (ours.updates_high_low, ours.updates_last, ours.updates_volume) == (
            rules["updates_high_low"],
            rules["updates_open_close"],
            rules["updates_volume"],
        )
        compared += 1
    assert compared == 10


@pytest.mark.parametrize("conditions", [None, (), (0,), (14, 41), (9, 17, 41), (999,)])
def test_regular_trades_move_everything(conditions: tuple[int, ...] | None) -> None:
    assert effects_of(conditions) == TradeEffects()


@pytest.mark.parametrize("conditions", [(37,), (14, 37, 41), (2,), (52, 53), (20,), (29,)])
def test_volume_only(conditions: tuple[int, ...]) -> None:
    effects = effects_of(conditions)
    assert effects == TradeEffects(
        updates_last=False, updates_high_low=False, updates_volume=True, updates_extended=False
    )


def test_derivatively_priced_moves_the_range_but_not_the_last_price() -> None:
    effects = effects_of((10, 41))
    assert (effects.updates_last, effects.updates_high_low, effects.updates_volume) == (False, True, True)


def test_official_prints_move_nothing() -> None:
    for official in (15, 16):
        effects = effects_of((official,))
        assert (effects.updates_last, effects.updates_high_low, effects.updates_volume) == (False, False, False)


def test_form_t_counts_in_the_extended_session_only() -> None:
    assert effects_of((12, 14, 41)) == TradeEffects(
        updates_last=False, updates_high_low=False, updates_volume=True, updates_extended=True
    )
    assert not effects_of((12, 37)).updates_extended
    assert not effects_of((13,)).updates_extended


def test_every_condition_must_allow() -> None:
    assert effects_of((10, 38)) == TradeEffects(
        updates_last=False, updates_high_low=True, updates_volume=False, updates_extended=False
    )


def test_answers_are_cached() -> None:
    assert effects_of((14, 37, 41)) is effects_of((14, 37, 41))
