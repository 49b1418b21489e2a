"""Every error MarketWatch raises on purpose.

MarketWatchError
├── ConfigurationError        an option, address or setting cannot be used
├── FeedError
│   ├── ConnectionFailed      transient: network, server or proxy
│   │   └── RateLimited       transient: wait at least `retry_after_s`
│   ├── AuthenticationRefused fatal until the key changes
│   │   └── SignedOut         no fault: the user signs in again for the day
│   ├── EntitlementRefused    fatal for that data until the plan changes
│   └── ProtocolError         the far end broke its own protocol
├── StorageError
│   ├── DamagedDocument       set aside, never overwritten
│   └── NewerDocument         written by a newer version: opened read-only
├── RecordingError            a recorded session cannot be read
└── InstrumentError
    ├── UnknownInstrument
    └── DuplicateInstrument
"""

from __future__ import annotations


class MarketWatchError(Exception):
    """Something the user should know, in words: what, why, and what to do next.

    `thing` names what failed, `cause` says why, `next_step` what helps; none may hold a secret.
    """

    def __init__(self, thing: str, cause: str = "", next_step: str = "") -> None:
        self.thing = thing
        self.cause = cause
        self.next_step = next_step
        super().__init__(". ".join(part for part in (thing, cause, next_step) if part))


class ConfigurationError(MarketWatchError):
    """An option, address or setting cannot be used."""


class FeedError(MarketWatchError):
    """A feed cannot deliver."""


class ConnectionFailed(FeedError):
    """The network, the server or a proxy failed; trying again later is right."""


class RateLimited(ConnectionFailed):
    """The server asked for a pause of at least `retry_after_s` seconds."""

    def __init__(self, thing: str, cause: str = "", next_step: str = "", *, retry_after_s: float) -> None:
        super().__init__(thing, cause, next_step)
        self.retry_after_s = retry_after_s


class AuthenticationRefused(FeedError):
    """The key or token was refused; no retry until it changes."""


class KeyMissing(AuthenticationRefused):
    """There is no key yet, and nothing can be had without one: nothing is asked of the server."""


class SignedOut(AuthenticationRefused):
    """The vendor wants the user to sign in every day, and nobody is signed in now.

    `since` says when the last session ended, such as `06:00 IST`; empty when that is not known.
    """

    def __init__(self, thing: str, cause: str = "", next_step: str = "", *, since: str = "") -> None:
        super().__init__(thing, cause, next_step)
        self.since = since


class EntitlementRefused(FeedError):
    """The account may not have this data."""


class ProtocolError(FeedError):
    """The far end sent what its protocol does not allow."""


class StorageError(MarketWatchError):
    """A file or database cannot be read or written."""


class DamagedDocument(StorageError):
    """A file is damaged; it is set aside, never overwritten."""


class NewerDocument(StorageError):
    """A file was written by a newer version and is opened read-only."""


class RecordingError(MarketWatchError):
    """A recorded session cannot be read."""


class InstrumentError(MarketWatchError):
    """An instrument cannot be used as asked."""


class UnknownInstrument(InstrumentError):
    """No instrument answers to this symbol or identity."""


class DuplicateInstrument(InstrumentError):
    """The list already holds this instrument."""
