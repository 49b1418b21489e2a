"""Panels of the main window: signals out, methods in."""
