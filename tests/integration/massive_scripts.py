"""What a scripted server says in Massive's words."""

from __future__ import annotations

from integration.scripted_server import Peer, Script


def status(word: str, message: str) -> str:
    """Write a status message."""
    return f'[{{"ev":"status","status":"{word}","message":"{message}"}}]'


async def greet(peer: Peer) -> str:
    """Accept the connection and greet; return the request to log in."""
    await peer.accept()
    peer.send(status("connected", "Connected Successfully"))
    return await peer.receive()


async def let_in(peer: Peer, key: str | None = None) -> None:
    """Take the login, of this key alone if one is named."""
    login = await greet(peer)
    assert key is None or login == f'{{"action":"auth","params":"{key}"}}'
    peer.send(status("auth_success", "authenticated"))


def refusing(text: str) -> Script:
    """Make the script of a server that refuses the login in these words, and holds the line."""

    async def refuse(peer: Peer) -> None:
        await greet(peer)
        peer.send(status("auth_failed", text))
        await peer.hold()

    return refuse
