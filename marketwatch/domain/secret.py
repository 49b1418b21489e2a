"""A value that must never be seen by accident."""

from __future__ import annotations

from typing import Final

MASK: Final = "***"
"""What every way of showing a secret gives."""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


class Secret:
    """A key, token or pass phrase. Only `reveal` gives it; repr, str, format, pickle and JSON by `str` give `***`.

    Comparison takes the same time whatever is compared. Not hashable: a secret is no dictionary key.
    """

    __slots__ = ("_value",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself, for the one place that sends it."""
        return self._value

    def matches(self, candidate: str) -> bool:
        """Tell whether `candidate` is the secret, in constant time."""
        import hmac  # slow to import; the first paint need not wait for it

        return hmac.compare_digest(_bytes(self._value), _bytes(candidate))

    def __eq__(self, other: object) -> bool:
        return self.matches(other._value) if isinstance(other, Secret) else NotImplemented

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return MASK

    def __format__(self, specification: str) -> str:
        return MASK

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memory: object) -> Secret:
        return self

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        return Secret, (MASK,)
