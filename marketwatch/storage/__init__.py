"""Files and databases that must never be lost."""
