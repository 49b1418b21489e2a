"""Kite's day: which access token is good at a moment, until when, and how that is said. Pure."""

from __future__ import annotations

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from marketwatch.domain.secret import Secret
from marketwatch.errors import SignedOut
from marketwatch.feeds.complaints import SIGN_IN
from marketwatch.protocols.kite.login import expiry_ns, is_expired, load_session

_INDIA: Final = ZoneInfo("Asia/Kolkata")
_NS: Final = 1_000_000_000


class KiteDay(msgspec.Struct, frozen=True):
    """What is known of the day of one feed. `token` None: nobody is signed in; `ends_ns` is then when that ended."""

    token: Secret | None = None
    ends_ns: int | None = None
    user_id: str = ""

    def words(self, now_ns: int) -> str:
        """Say it: `Signed in until tomorrow 06:00 IST`, `Sign in for today`."""
        if self.token is None:
            since = self.since(now_ns)
            return f"{SIGN_IN}: signed out since {since}" if since else f"{SIGN_IN}: nobody has signed in yet"
        if self.ends_ns is None:
            return "Signed in"
        ends = _in_india(self.ends_ns)
        is_today = ends.date() == _in_india(now_ns).date()
        return f"Signed in until {'today' if is_today else 'tomorrow'} {ends:%H:%M} IST"

    def since(self, now_ns: int) -> str:
        """Say when the last session ended, empty when there was none."""
        if self.ends_ns is None:
            return ""
        ended = _in_india(self.ends_ns)
        if ended.date() == _in_india(now_ns).date():
            return f"{ended:%H:%M} IST"
        return f"{ended.day} {ended:%b}, {ended:%H:%M} IST"

    def signed_out(self, label: str, now_ns: int) -> SignedOut:
        """Return the state that a feed without a token is in."""
        since = self.since(now_ns)
        cause = "Kite ends every session in the morning" if since else "Kite wants a login every day"
        return SignedOut(label, cause, SIGN_IN, since=since)


def day_of(api_key: Secret | None, kept: Secret | None, given: Secret | None, *, began_ns: int, now_ns: int) -> KiteDay:
    """Return the day of an API key: by the session that was kept, else by a token that was given ready-made.

    Nobody knows when a given token was made: one found at `began_ns` is trusted until the next morning, and the server
    has the last word. A session of another API key counts for nothing.
    """
    session = load_session(kept)
    if session is not None and api_key is not None and api_key.matches(session.api_key):
        if not is_expired(session, now_ns):
            return KiteDay(session.access_token, session.expires_ns, session.user_id)
        ended_ns: int | None = session.expires_ns
    else:
        ended_ns = None
    if given is None:
        return KiteDay(None, ended_ns)
    ends_ns = expiry_ns(began_ns)
    return KiteDay(given if now_ns < ends_ns else None, ends_ns)


def _in_india(instant_ns: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(instant_ns // _NS, _INDIA)
