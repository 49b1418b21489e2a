"""Which feeds the user named for one instrument."""

from __future__ import annotations

import msgspec

from marketwatch.domain.ids import FeedId


class FeedChoice(msgspec.Struct, frozen=True):
    """`primary` None: the first feed in the order of the settings that has it; `fallback` None: the default."""

    primary: FeedId | None = None
    fallback: FeedId | None = None

    @property
    def is_default(self) -> bool:
        """Whether nothing was named."""
        return self.primary is None and self.fallback is None


NO_CHOICE = FeedChoice()
