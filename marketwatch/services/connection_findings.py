"""What a connection test found: a sentence, what helps, and the steps with what was measured. Plain values."""

from __future__ import annotations

import enum

import msgspec


class Finding(enum.Enum):
    """The one thing that is the matter."""

    WORKS = "works"
    MARKET_CLOSED = "market closed"
    WRONG_KEY = "wrong key"
    NO_KEY = "no key"
    SIGNED_OUT = "signed out"
    TOKEN_ENDED = "token of the day not taken"  # noqa: S105 - words
    NO_ENTITLEMENT = "no permission for this data"
    CONNECTION_HELD = "another session holds the connection"
    CLOCK_WRONG = "clock wrong"
    BLOCKED = "blocked by network or proxy"
    ORIGIN_REFUSED = "origin refused"
    NAME_NOT_FOUND = "name not found"
    NOT_SECURE = "no secure connection"
    UNREACHABLE = "not reachable"
    BAD_ADDRESS = "address cannot be used"
    NOT_THIS_FEED = "another kind of server"
    SYMBOL_REFUSED = "symbol refused"
    SILENT = "no price came"
    SERVER_TROUBLE = "server in trouble"


class Tone(enum.Enum):
    """How good the news is."""

    GOOD = "good"
    UNDECIDED = "undecided"
    BAD = "bad"


class Step(enum.Enum):
    """The steps of a test, in order; the value is what a step is called on screen."""

    NAME = "Name found"
    SERVER = "Server reached"
    CLOCK = "Clock right"
    KEY = "Key accepted"
    PERMISSION = "Permission"
    PRICE = "First price"


class StepState(enum.Enum):
    """How a step went. NOT_REACHED also where nothing could be measured; the detail then says so."""

    OK = "ok"
    FAILED = "failed"
    NOT_REACHED = "not reached"


class StepResult(msgspec.Struct, frozen=True):
    """One step with what the server said or what was measured."""

    step: Step
    state: StepState
    detail: str = ""


class TestReport(msgspec.Struct, frozen=True, kw_only=True):
    """Result of a test, or its steps so far while `finding` is None. `ran_ns` is the wall clock of its start."""

    __test__ = False  # pytest: not a test

    ran_ns: int
    steps: tuple[StepResult, ...]
    finding: Finding | None = None
    sentence: str = ""
    next_step: str = ""
    took_s: float = 0.0

    @property
    def tone(self) -> Tone:
        """How good the news is."""
        if self.finding is Finding.WORKS:
            return Tone.GOOD
        return Tone.UNDECIDED if self.finding in _UNDECIDED else Tone.BAD

    def step(self, step: Step) -> StepResult:
        """Return the result of one step."""
        return next(result for result in self.steps if result.step is step)


_UNDECIDED = (None, Finding.MARKET_CLOSED, Finding.SIGNED_OUT)

_SENTENCES: dict[Finding, tuple[str, str]] = {
    Finding.WORKS: ("The feed works.", ""),
    Finding.MARKET_CLOSED: (
        "Connected, and the key is good. The market is closed, so no price came.",
        "Prices come when it opens.",
    ),
    Finding.WRONG_KEY: ("The server refuses the key.", "Check it at the vendor's site and enter it again."),
    Finding.NO_KEY: ("The server asks for a key, and none is set.", "Enter the key."),
    Finding.SIGNED_OUT: ("You are not signed in for today, so nothing was tried.", "Sign in, then test again."),
    Finding.TOKEN_ENDED: (
        "The server does not take the token of the day.",
        "Sign in again: it ended, was ended by a login or logout elsewhere, or belongs to another API key.",
    ),
    Finding.NO_ENTITLEMENT: (
        "The account of this key has no permission for this data.",
        "Choose the delayed feed or fewer channels, or change the plan at the vendor.",
    ),
    Finding.CONNECTION_HELD: (
        "Another session holds the one allowed connection.",
        "Close the other program or window that uses this key, wait a minute, and test again.",
    ),
    Finding.CLOCK_WRONG: (
        "The clock of this computer is wrong.",
        "Set it, or let the system set it by the network; secure connections and ages of prices need it.",
    ),
    Finding.BLOCKED: (
        "The network or a proxy blocks the connection.",
        "Sign in to the network, check the proxy settings, or ask whoever runs the network to allow the address.",
    ),
    Finding.ORIGIN_REFUSED: (
        "The server refuses where the request comes from (its origin).",
        "Allow this program in the server's list of origins.",
    ),
    Finding.NAME_NOT_FOUND: ("The server's name is not found.", "Check the address, and that the network is up."),
    Finding.NOT_SECURE: (
        "No secure connection can be made; nothing was sent.",
        "Check the date of this computer, and whether the network inspects traffic.",
    ),
    Finding.UNREACHABLE: ("The server cannot be reached.", "Check that it runs, the address and the network."),
    Finding.BAD_ADDRESS: ("The address cannot be used.", "Correct it, or choose the default."),
    Finding.NOT_THIS_FEED: (
        "What answers at this address is not this kind of feed.",
        "Check the address and its path, or choose the default.",
    ),
    Finding.SYMBOL_REFUSED: ("Connected, but the server refuses the symbol that was tried.", "Try another symbol."),
    Finding.SILENT: (
        "Connected and subscribed, but no price came although the market is open.",
        "Test again; if it stays so, try a symbol that trades often, or ask the vendor.",
    ),
    Finding.SERVER_TROUBLE: ("The server is in trouble.", "Try again in a few minutes."),
}


def words_for(finding: Finding) -> tuple[str, str]:
    """Return the sentence and what helps."""
    return _SENTENCES[finding]
