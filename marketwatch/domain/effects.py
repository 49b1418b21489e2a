"""What a trade may move, as bits, looked up once per trade by its conditions."""

from __future__ import annotations

from collections.abc import Callable

from marketwatch.domain.conditions import FORM_T, TradeEffects, effects_of

UPDATES_LAST = 1
"""Last price, and open and close of a bar."""
UPDATES_HIGH_LOW = 2
UPDATES_VOLUME = 4
ALL_EFFECTS = UPDATES_LAST | UPDATES_HIGH_LOW | UPDATES_VOLUME
IS_REGULAR_PRINT = 8
"""Reported without Form T: soon after the close it still belongs to the regular session (closing prints)."""

_CACHE_LIMIT = 4096  # a feed of nonsense must not fill the memory


class EffectTable(dict[tuple[int, ...] | None, int]):
    """Conditions to bits; works a new combination out once."""

    def __init__(self, rule: Callable[[tuple[int, ...] | None, TradeEffects], int]) -> None:
        super().__init__()
        self._rule = rule

    def __missing__(self, conditions: tuple[int, ...] | None) -> int:
        if len(self) >= _CACHE_LIMIT:
            self.clear()
        bits = self[conditions] = self._rule(conditions, effects_of(conditions))
        return bits


def _regular(_conditions: tuple[int, ...] | None, effects: TradeEffects) -> int:
    return (
        UPDATES_LAST * effects.updates_last
        | UPDATES_HIGH_LOW * effects.updates_high_low
        | UPDATES_VOLUME * effects.updates_volume
    )


def _extended(conditions: tuple[int, ...] | None, effects: TradeEffects) -> int:
    bits = (UPDATES_LAST | UPDATES_HIGH_LOW) * effects.updates_extended | UPDATES_VOLUME * effects.updates_volume
    if conditions and FORM_T not in conditions and effects.updates_last:
        bits |= IS_REGULAR_PRINT
    return bits


REGULAR_EFFECTS = EffectTable(_regular)
EXTENDED_EFFECTS = EffectTable(_extended)
