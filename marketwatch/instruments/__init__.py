"""Instrument masters, search and calendars."""
