"""The local Polygon server (port 8200): its WebSocket stream, both sides, and its bars by REST."""
