"""Dialogs: return values, save nothing."""
