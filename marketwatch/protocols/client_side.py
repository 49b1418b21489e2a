"""What the client sides of all protocols have in common: what they hold until the supervisor takes it."""

from __future__ import annotations

from marketwatch.domain.secret import Secret
from marketwatch.protocols.base import Authenticated, Connected, Control
from marketwatch.protocols.readings import InvalidParts


class ClientSide:
    """Base of a client protocol, which adds the rest of `protocols.base.ClientProtocol`.

    Append controls to `_control` and messages to `_out`, and note in `_invalid` what cannot be used: no sample of it
    shows the key.
    """

    def __init__(self, key: Secret | None = None) -> None:
        self._control: list[Control] = []
        self._out: list[str | bytes] = []
        self._invalid = InvalidParts(key)

    def take_control(self) -> list[Control]:
        """Hand over and forget what happened besides market data."""
        if not self._control and not self._invalid:
            return []
        taken = [*self._control, *self._invalid.take()]
        self._control.clear()
        return taken

    def data_to_send(self) -> list[str | bytes]:
        """Hand over and forget the messages to send."""
        if not self._out:
            return []
        taken, self._out = self._out, []
        return taken

    def _note_ready(self) -> None:
        """Tell that the server greeted and wants no key, or none any more."""
        self._control += [Connected(), Authenticated()]
