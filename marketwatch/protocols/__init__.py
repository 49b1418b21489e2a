"""Wire protocols, sans-I/O: bytes in, events and bytes out."""
