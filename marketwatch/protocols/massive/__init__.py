"""Massive.com (formerly Polygon.io): WebSocket protocol of both sides, and the REST answers around it."""
