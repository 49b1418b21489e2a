"""Pop-ups that do not take over the window."""
