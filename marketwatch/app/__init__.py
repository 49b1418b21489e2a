"""Composition root: builds every object once."""
