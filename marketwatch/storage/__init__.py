"""What survives a restart: settings, documents, and the rules for writing files without losing them."""
