"""Digits typed over the chart that name a bar interval: `5` Enter, `15s` Enter, `60` Enter."""

from __future__ import annotations

from marketwatch.domain.bar_interval import BarInterval

_LONGEST = 4


class TypedInterval:
    """Collects what is typed until Enter."""

    def __init__(self) -> None:
        self.text = ""

    @property
    def prompt(self) -> str:
        """What to show while typing."""
        found = self._find()
        return f"Interval {self.text}" + (f"  ({found.label}, Enter)" if found is not None else "")

    def type(self, text: str, *, is_delete: bool) -> bool:
        """Take a key; False when it is none of ours. A unit (s, m, h) is taken only after digits."""
        if is_delete and self.text:
            self.text = self.text[:-1]
            return True
        character = text.lower()
        is_digit = len(character) == 1 and character in "0123456789" and not self.text[-1:].isalpha()
        is_unit = character in ("s", "m", "h") and self.text.isdigit()
        if not (is_digit or is_unit) or len(self.text) >= _LONGEST:
            return False
        self.text += character
        return True

    def take(self) -> str | None:
        """Return the label of the interval typed, None when there is no such interval; forget the text."""
        found = self._find()
        self.text = ""
        return None if found is None else found.label

    def clear(self) -> bool:
        """Forget the text; tell whether there was any."""
        had = bool(self.text)
        self.text = ""
        return had

    def _find(self) -> BarInterval | None:
        if not self.text or not self.text[0].isdigit():
            return None
        unit = self.text[-1] if self.text[-1].isalpha() else "m"
        seconds = int(self.text.rstrip("smh")) * {"s": 1, "m": 60, "h": 3600}[unit]
        return next((interval for interval in BarInterval if interval.seconds == seconds), None)
