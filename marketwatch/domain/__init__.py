"""Market facts and rules. Knows no Qt, I/O, clock, asyncio or pandas."""
