"""A stream of one's own: JSON messages whose fields the user has named, or that are guessed. Client side only."""
